/* The conductor takes a look that was due when the server before it died. */
#include "server/workers/scene.h"

/* 2 arms, 4 seeds in 2 rounds: runs 1 … 4 have ended, 5 … 8 wait, and no look is on disk. */
static const char *const request =
    "{\"kind\":\"compare\",\"arms\":[{\"name\":\"arm A\"},{\"name\":\"arm B\"}],"
    "\"sequential\":{\"looks\":2}}";

static void add_comparison(const struct scene *scene)
{
    struct job_plan plan = kit_plan(2, 8);
    for (int i = 4; i < 8; i++)
        plan.runs[i].waiting = true;
    assert_false(
        kit_add_job_of(scene->kit,
                       &(struct new_job){.plan = &plan, .request_text = request, .now_ms = 1})
            .failed);
    kit_plan_release(&plan);
    for (int64_t run = 1; run <= 4; run++) {
        kit_start_run(scene->kit, run, 1);
        kit_finish_run(scene->kit, run, RUN_SUCCEEDED);
    }
}

static int open_scene(void **state)
{
    *state = scene_new(NULL);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

/* Nothing starts, so what is queued stays so. */
static void a_restart_takes_the_look_that_was_due(void **state)
{
    struct scene *scene = *state;
    add_comparison(scene);
    begin(scene, 0);
    settle(scene);
    json_auto_t *next = kit_run(scene->kit, 5), *last = kit_run(scene->kit, 8);
    assert_string_equal(json_text_at(next, "state", ""), "queued");
    assert_string_equal(json_text_at(last, "state", ""), "queued");
}

/* No value was stored for any run, so all failed alike: the look has decided nothing. Once more is
 * not once again. */
static void a_second_restart_takes_no_other(void **state)
{
    struct scene *scene = *state;
    add_comparison(scene);
    begin(scene, 0);
    settle(scene);
    begin_again(scene, 0);
    settle(scene);
    json_auto_t *job = kit_job(scene->kit, 1);
    assert_member(json_object_get(job, "runs"), "queued", "4");
    assert_member(json_object_get(job, "runs"), "pruned", "0");
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_restart_takes_the_look_that_was_due, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_second_restart_takes_no_other, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
