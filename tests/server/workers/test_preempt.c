/*
 * Runs that give way to another team's: stopped, put back, and gone on with.
 */
#include "server/workers/scene.h"

enum { AFTER_MS = 200 };

static struct scene *scene_of_two(int64_t preempt_after_ms)
{
    struct scene *scene = scene_new(NULL);
    scene->teams[0] = (struct team){.id = 1, .share = 1};
    scene->teams[1] = (struct team){.id = 2, .share = 1};
    scene->preempt_after_ms = preempt_after_ms;
    return scene;
}

static void a_run_gives_way_to_a_team_that_has_waited_for_long_enough(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two(AFTER_MS);
    begin(scene, 1);
    const int64_t first = submit_of(scene, 1, "wait", 1);
    await_only(scene, first, "running");
    const int64_t began_ms = clock_ms(), other = submit_of(scene, 2, "succeed", 1);
    await_only(scene, other, "succeeded");
    assert_true(clock_ms() - began_ms >= AFTER_MS);
    json_auto_t *again = await(scene, first, "running");
    assert_member(again, "attempt", "2"); /* none of them lost */
    scene_free(scene);
}

static void one_team_alone_gives_way_to_nobody(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two(AFTER_MS);
    begin(scene, 1);
    const int64_t first = submit_of(scene, 1, "wait", 1);
    await_only(scene, first, "running");
    const int64_t second = submit_of(scene, 1, "succeed", 1);
    look_for_some_time(scene, 2L * AFTER_MS);
    await_only(scene, second, "queued");
    json_auto_t *run = await(scene, first, "running");
    assert_member(run, "attempt", "1");
    scene_free(scene);
}

static void nobody_gives_way_unless_the_server_is_told_so(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two(0);
    begin(scene, 1);
    await_only(scene, submit_of(scene, 1, "wait", 1), "running");
    const int64_t other = submit_of(scene, 2, "succeed", 1);
    look_for_some_time(scene, 2L * AFTER_MS);
    await_only(scene, other, "queued");
    scene_free(scene);
}

/* It has been asked to give way and takes its time: whoever cancels it meanwhile means it. */
static void a_run_that_is_cancelled_while_it_gives_way_stays_cancelled(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two(AFTER_MS);
    begin(scene, 1);
    const int64_t first = submit_of(scene, 1, "dawdle", 1);
    await_only(scene, first, "running");
    const int64_t other = submit_of(scene, 2, "succeed", 1);
    look_for_some_time(scene, AFTER_MS + FAKE_DAWDLE_MS / 3);
    await_only(scene, first, "running"); /* still */
    struct answer answer = {.loop = scene->kit->loop};
    conductor_cancel_run(scene->conductor, first, NULL, kit_done, &answer);
    await_only(scene, other, "succeeded");
    await_only(scene, first, "cancelled");
    scene_free(scene);
}

/* And the other way round: it is not asked to go on. */
static void a_run_that_is_being_cancelled_is_not_put_back(void **state)
{
    (void)state;
    struct scene *scene = scene_of_two(20);
    begin(scene, 1);
    const int64_t first = submit_of(scene, 1, "dawdle", 1);
    await_only(scene, first, "running");
    struct answer answer = {.loop = scene->kit->loop};
    conductor_cancel_run(scene->conductor, first, NULL, kit_done, &answer);
    await_only(scene, submit_of(scene, 2, "succeed", 1), "succeeded");
    await_only(scene, first, "cancelled");
    scene_free(scene);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_gives_way_to_a_team_that_has_waited_for_long_enough),
        cmocka_unit_test(one_team_alone_gives_way_to_nobody),
        cmocka_unit_test(nobody_gives_way_unless_the_server_is_told_so),
        cmocka_unit_test(a_run_that_is_cancelled_while_it_gives_way_stays_cancelled),
        cmocka_unit_test(a_run_that_is_being_cancelled_is_not_put_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
