/*
 * What runs may cost: time that is limited, workers that die one after the other, cores.
 */
#include "server/workers/scene.h"

#include <sched.h>

/* --- time ---------------------------------------------------------------------------------------
 */

static int64_t submit_with(const struct scene *scene, const char *act, struct job_options options,
                           const char *request)
{
    struct job_plan plan = kit_plan(0, 1);
    free(plan.variants[0].dataset);
    free(plan.variants[0].spec);
    plan.variants[0].dataset = NULL;
    plan.variants[0].spec = xprintf("{\"act\":\"%s\"}", act);
    plan.variants[0].threads = 1;
    plan.options = options;
    const struct answer answer = kit_add_job_of(
        scene->kit, &(struct new_job){.plan = &plan, .request_text = request, .now_ms = 1000});
    assert_false(answer.failed);
    json_decref(conductor_adopt(scene->conductor, &plan, &answer.added, 1000));
    kit_plan_release(&plan);
    return answer.added.first_run;
}

static void assert_timed_out(const json_t *run, const char *attempt)
{
    assert_member(run, "reason", "\"timeout\"");
    assert_member(run, "message", "\"it ran for longer than its 0.05 s\"");
    assert_member(run, "attempt", attempt);
}

static void retry(struct scene *scene, int64_t run)
{
    struct answer answer = {.loop = scene->kit->loop};
    json_auto_t *row = kit_run(scene->kit, run);
    conductor_retry_run(scene->conductor, json_integer_at(row, "job", 0), run, NULL, kit_done,
                        &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
}

/* One that is tried again is read back from the request, and has all its time again. */
static void a_run_that_takes_too_long_is_stopped_and_has_failed(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    const int64_t run = submit_with(scene, "wait", (struct job_options){.timeout_ms = 50},
                                    "{\"kind\":\"train\",\"timeout_s\":0.05}");
    json_auto_t *first = await(scene, run, "failed");
    assert_timed_out(first, "1");
    retry(scene, run);
    await_only(scene, run, "running");
    json_auto_t *second = await(scene, run, "failed");
    assert_timed_out(second, "2");
    scene_free(scene);
}

static void a_run_that_ends_in_time_is_left_alone(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    const int64_t run = submit_with(scene, "succeed", (struct job_options){.timeout_ms = 60000},
                                    "{\"kind\":\"train\",\"timeout_s\":60}");
    await_only(scene, run, "succeeded");
    scene_free(scene);
}

/* Of the time that it may have, most is gone when the server stops. */
static void what_a_run_has_used_of_its_time_outlives_the_server(void **state)
{
    (void)state;
    enum { BEFORE_MS = 1200, ALL_MS = 1500 };
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    const int64_t run = submit_with(scene, "wait", (struct job_options){.timeout_ms = ALL_MS},
                                    "{\"kind\":\"train\",\"timeout_s\":1.5}");
    await_only(scene, run, "running");
    look_for_some_time(scene, BEFORE_MS);
    begin_again(scene, 1);
    await_only(scene, run, "running");
    const int64_t again_ms = clock_ms();
    json_auto_t *failed = await(scene, run, "failed");
    assert_member(failed, "reason", "\"timeout\"");
    assert_member(failed, "attempt", "2");
    assert_true(clock_ms() - again_ms < BEFORE_MS);
    scene_free(scene);
}

/* --- workers that die ---------------------------------------------------------------------------
 */

/* At least 20 ms behind the first loss, and 80 behind the second. */
static void a_run_that_lost_its_worker_waits_longer_each_time(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    const int64_t began_ms = clock_ms();
    json_auto_t *run = await(scene, submit(scene, "die", 1), "failed");
    assert_member(run, "attempt", "3");
    assert_true(clock_ms() - began_ms >= RETRY_MS + 4 * RETRY_MS);
    scene_free(scene);
}

/* Turns the loop until the run has begun with that attempt, however soon that has ended. */
static json_t *await_attempt(struct scene *scene, int64_t run, int64_t attempt)
{
    for (const int64_t until_ms = clock_ms() + PATIENCE_MS;;) {
        json_t *found = kit_run(scene->kit, run);
        if (json_integer_at(found, "attempt", 0) >= attempt)
            return found;
        json_decref(found);
        if (clock_ms() > until_ms)
            fail_msg("the run did not begin attempt %d", (int)attempt);
        look_for_some_time(scene, LOOK_MS);
    }
}

/* The rows' times are rounded down to milliseconds, each for itself. */
static void a_run_that_lost_its_worker_is_held_back_by_the_next_server_too(void **state)
{
    (void)state;
    enum { ROUNDED_MS = 5 };
    struct scene *scene = scene_new(NULL);
    scene->retry_ms = 700;
    begin(scene, 1);
    const int64_t run = submit(scene, "die", 1);
    json_decref(await_attempt(scene, run, 1));
    json_auto_t *lost = await(scene, run, "queued");
    begin_again(scene, 1);
    json_auto_t *again = await_attempt(scene, run, 2);
    assert_member(again, "attempt", "2");
    assert_true(json_integer_at(again, "started_ms", 0) - json_integer_at(lost, "queued_ms", 0) >=
                scene->retry_ms - ROUNDED_MS);
    scene_free(scene);
}

static int attempts_of(const struct scene *scene, int64_t first, int count)
{
    int attempts = 0;
    for (int i = 0; i < count; i++) {
        json_auto_t *run = kit_run(scene->kit, first + i);
        attempts += (int)json_integer_at(run, "attempt", 0);
    }
    return attempts;
}

/* 200, 400, 800 ms between workers that die with their first run; each has one slot. */
static void runs_that_all_kill_their_workers_do_not_keep_the_machine_busy(void **state)
{
    (void)state;
    enum { RUNS = 50, SLOTS = 2 };
    struct scene *scene = scene_new(NULL);
    begin(scene, SLOTS);
    const int64_t first = submit(scene, "die", RUNS);
    look_for_some_time(scene, 1000);
    const int attempts = attempts_of(scene, first, RUNS);
    assert_true(attempts >= 1);
    assert_true(attempts <= 4 * SLOTS);
    scene_free(scene);
}

/* --- cores --------------------------------------------------------------------------------------
 */

static json_t *cores_of(const struct scene *scene, int64_t run)
{
    json_t *log = NULL;
    assert_int_equal(store_read_log(scene->kit->reader, run, &(struct page){.limit = 10}, &log,
                                    &(struct error){0}),
                     0);
    const json_t *line = json_array_get(json_object_get(log, "lines"), 0);
    json_t *cores = json_loads(json_text_at(line, "text", "null"), JSON_DECODE_ANY, NULL);
    json_decref(log);
    return cores;
}

static int allowed_cores(void)
{
    cpu_set_t allowed;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    return CPU_COUNT(&allowed);
}

static void runs_at_the_same_time_have_different_cores(void **state)
{
    (void)state;
    const int count = allowed_cores();
    struct scene *scene = scene_new(NULL);
    cpu_set_t seen;
    CPU_ZERO(&seen);
    begin(scene, count);
    const int64_t first = submit(scene, "pinned", count);
    for (int i = 0; i < count; i++)
        await_only(scene, first + i, "running");
    look_for_some_time(scene, 200);
    for (int i = 0; i < count; i++) {
        json_auto_t *cores = cores_of(scene, first + i);
        assert_int_equal(json_array_size(cores), 1);
        const json_int_t core = json_integer_value(json_array_get(cores, 0));
        assert_false(CPU_ISSET((size_t)core, &seen));
        CPU_SET((size_t)core, &seen);
    }
    scene_free(scene);
}

static void a_server_that_shares_the_machine_pins_nobody(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, allowed_cores() + 1);
    const int64_t run = submit(scene, "pinned", 1);
    await_only(scene, run, "running");
    look_for_some_time(scene, 100);
    json_auto_t *cores = cores_of(scene, run);
    assert_true(json_is_null(cores));
    scene_free(scene);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_takes_too_long_is_stopped_and_has_failed),
        cmocka_unit_test(a_run_that_ends_in_time_is_left_alone),
        cmocka_unit_test(what_a_run_has_used_of_its_time_outlives_the_server),
        cmocka_unit_test(a_run_that_lost_its_worker_waits_longer_each_time),
        cmocka_unit_test(a_run_that_lost_its_worker_is_held_back_by_the_next_server_too),
        cmocka_unit_test(runs_that_all_kill_their_workers_do_not_keep_the_machine_busy),
        cmocka_unit_test(runs_at_the_same_time_have_different_cores),
        cmocka_unit_test(a_server_that_shares_the_machine_pins_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
