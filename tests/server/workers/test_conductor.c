/*
 * The conductor with a real store and worker processes that misbehave: lines of older attempts,
 * workers that die, freeze, flood or never start, a disk that is full for a while, and stopping in
 * the middle of it. Each time the run's end on disk is what counts.
 */
#include "server/workers/scene.h"

#include "support/vfs_power_loss.h"

static void ignore(void *context)
{
    (void)context;
}

static int64_t rows_stored(const struct scene *scene)
{
    json_auto_t *counters = store_counters(scene->kit->store);
    return json_integer_at(counters, "metric_rows", -1);
}

/* --- fencing ------------------------------------------------------------------------------------
 */

static void lines_of_an_older_attempt_or_another_run_change_nothing(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 2);
    const int64_t haunted = submit(scene, "haunt", 1), other = submit(scene, "wait", 1);

    json_auto_t *run = await(scene, haunted, "succeeded");
    assert_member(run, "attempt", "2");
    assert_member(run, "checkpoint_step", "null");
    const json_t *series = json_array_get(json_object_get(run, "series"), 0);
    assert_member(series, "count", "2");
    assert_member(series, "last_step", "2");
    json_auto_t *log = NULL;
    assert_int_equal(store_read_log(scene->kit->reader, haunted, &(struct page){.limit = 10}, &log,
                                    &(struct error){0}),
                     0);
    assert_int_equal(json_array_size(json_object_get(log, "lines")), 0);
    await_only(scene, other, "running"); /* not "succeeded", as the ghost said */
    scene_free(scene);
}

/* --- workers that fail --------------------------------------------------------------------------
 */

static void a_run_whose_workers_die_three_times_has_failed(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    json_auto_t *run = await(scene, submit(scene, "die", 1), "failed");
    assert_member(run, "attempt", "3");
    assert_member(run, "reason", "\"worker lost\"");
    scene_free(scene);
}

static void a_worker_that_is_silent_for_the_lease_is_replaced(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    json_auto_t *run = await(scene, submit(scene, "freeze", 1), "succeeded");
    assert_member(run, "attempt", "2");
    scene_free(scene);
}

/* However long it takes: a worker that never took the run up says nothing about the run. */
static void workers_that_cannot_start_cost_a_run_no_attempt(void **state)
{
    (void)state;
    char self[PATH_MAX];
    struct scene *scene = scene_new(NULL);
    link_program(scene, "/bin/false");
    begin(scene, 1);
    const int64_t run = submit(scene, "succeed", 2);
    look_for_some_time(scene, 900); /* 200 + 400 ms between the first three starts */

    assert_non_null(realpath("/proc/self/exe", self));
    link_program(scene, self);
    await_only(scene, run, "succeeded");
    await_only(scene, run + 1, "succeeded");
    scene_free(scene);
}

/* --- a store that is slow, or refuses -----------------------------------------------------------
 */

static void a_store_that_is_full_slows_a_worker_and_loses_nothing(void **state)
{
    (void)state;
    struct scene *scene = scene_new(&(struct store_options){.mailbox_commands = 16});
    begin(scene, 1);
    json_auto_t *run = await(scene, submit(scene, "flood", 1), "succeeded");
    assert_member(run, "attempt", "1");
    assert_int_equal(rows_stored(scene), FAKE_FLOOD_LINES);
    scene_free(scene);
}

struct full_disk {
    struct disk *disk;
    struct scene *scene;
    struct loop_timer *room; /* will be given then */
};

/* The flood takes the log beyond what start-up left in it to be used again. */
static void full_disk_begin(struct full_disk *full)
{
    *full = (struct full_disk){.disk = disk_new("full disk", 1)};
    full->scene = scene_new(&(struct store_options){.vfs = "full disk"});
    begin(full->scene, 1);
    await_only(full->scene, submit(full->scene, "flood", 1), "succeeded");
}

static void full_disk_end(struct full_disk *full)
{
    loop_cancel(full->room);
    scene_free(full->scene);
    disk_free(full->disk);
}

static void take_room(struct full_disk *full)
{
    disk_limit(full->disk, disk_used(full->disk));
}

static void give_room(void *context)
{
    struct full_disk *full = context;
    full->room = NULL;
    disk_limit(full->disk, 0);
}

/* What is waited for may be there before: a small change can fit into a log that begins anew. */
static void give_room_later(struct full_disk *full)
{
    full->room = loop_after(full->scene->kit->loop, 5L * RETRY_MS, give_room, full);
}

/* Nothing can be written: a run that waits for its worker cannot start, and one that ends cannot
 * say so. Both go on once there is room. */
static void a_run_that_could_not_be_started_on_disk_starts_later(void **state)
{
    (void)state;
    struct full_disk full;
    full_disk_begin(&full);
    const int64_t first = submit(full.scene, "wait", 1), second = submit(full.scene, "succeed", 1);
    await_only(full.scene, first, "running");

    take_room(&full);
    conductor_cancel_run(full.scene->conductor, first, NULL, kit_done,
                         &(struct answer){.loop = full.scene->kit->loop});
    look_for_some_time(full.scene, 10 * RETRY_MS);
    give_room(&full);
    await_only(full.scene, first, "cancelled");
    await_only(full.scene, second, "succeeded");
    full_disk_end(&full);
}

static void a_start_that_the_disk_refuses_is_tried_again(void **state)
{
    (void)state;
    struct full_disk full;
    full_disk_begin(&full);
    const int64_t run = submit(full.scene, "succeed", 1); /* starts with the next turn */
    take_room(&full);
    give_room_later(&full);
    await_only(full.scene, run, "succeeded");
    full_disk_end(&full);
}

static void a_run_that_is_cancelled_while_its_start_is_refused_stays_cancelled(void **state)
{
    (void)state;
    struct full_disk full;
    full_disk_begin(&full);
    const int64_t run = submit(full.scene, "succeed", 1);
    take_room(&full);
    loop_soon(full.scene->kit->loop, workers_are_gone, full.scene); /* one turn */
    loop_run(full.scene->kit->loop);
    struct answer answer = {.loop = full.scene->kit->loop};
    conductor_cancel_run(full.scene->conductor, run, NULL, kit_done, &answer);
    give_room_later(&full);
    await_only(full.scene, run, "cancelled");
    full_disk_end(&full);
}

static void a_cancel_that_the_disk_refuses_is_told_and_written_later(void **state)
{
    (void)state;
    struct full_disk full;
    full_disk_begin(&full);
    await_only(full.scene, submit(full.scene, "wait", 1), "running");
    const int64_t run = submit(full.scene, "succeed", 2);
    json_auto_t *before = kit_run(full.scene->kit, run);
    struct answer answer = {.loop = full.scene->kit->loop};

    take_room(&full);
    conductor_cancel_job(full.scene->conductor, json_integer_at(before, "job", 0), NULL, kit_done,
                         &answer);
    loop_run(full.scene->kit->loop);
    assert_true(answer.failed);
    assert_int_equal(answer.err.kind, ERROR_UNAVAILABLE);
    await_only(full.scene, run, "queued");
    give_room(&full);
    await_only(full.scene, run, "cancelled");
    await_only(full.scene, run + 1, "cancelled");
    full_disk_end(&full);
}

/* --- arms that start from other arms -----------------------------------------------------------
 */

/* Two arms of one run each: arm 1 starts from arm 0, whose run has succeeded, with 25 constant
 * norms, when the conductor looks for the first time, as after a crash in between. */
static int64_t leave_source_done(struct scene *scene, struct arm_source source)
{
    struct kit *kit = scene->kit;
    struct job_plan plan = kit_plan(2, 2);
    plan.sources = xcalloc(2, sizeof *plan.sources);
    plan.sources[1] = source;
    plan.runs[1].waiting = true;
    for (int i = 0; i < 2; i++) {
        free(plan.variants[i].dataset);
        free(plan.variants[i].spec);
        plan.variants[i].dataset = NULL;
        plan.variants[i].threads = 1;
        plan.variants[i].spec =
            xstrdup("{\"act\":\"succeed\",\"schedule\":{\"type\":\"refined\",\"from\":{\"arm\":"
                    "\"arm A\"},\"norm\":\"l2\",\"tau\":0.1,\"floor_ratio\":0.001,"
                    "\"drop_ends\":false,\"interpolate\":false,\"curve\":null,"
                    "\"fallback\":null}}");
    }
    const int64_t run = kit_add_plan(kit, &plan, NULL, NULL, 1000).added.first_run;
    free(plan.sources);
    kit_plan_release(&plan);
    kit_start_run(kit, run, 1);
    struct answer noted = {.loop = kit->loop};
    store_note_run(kit->store, run, 1, "{}", 0, 10, kit_done, &noted);
    loop_run(kit->loop);
    for (int step = 1; step <= 25; step++)
        kit_add_value(kit, run, "gradient_norm", step, 2.0);
    kit_finish_run(kit, run, RUN_SUCCEEDED);
    return run;
}

static void a_start_finds_the_branch_whose_source_is_done(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    const int64_t source =
        leave_source_done(scene, (struct arm_source){.kind = SOURCE_BRANCH, .arm = 0, .at = 0.8});
    begin(scene, 1);
    json_auto_t *run = await(scene, source + 1, "succeeded");
    json_auto_t *want = json_pack("{s:I, s:i}", "run", (json_int_t)source, "step", 8);
    assert_true(json_equal(json_object_get(json_object_get(run, "spec"), "branch"), want));
    scene_free(scene);
}

/* Constant norms: exactly linear decay. */
static void a_start_finds_the_schedule_whose_source_is_done(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    const int64_t source =
        leave_source_done(scene, (struct arm_source){.kind = SOURCE_REFINED, .arm = 0});
    begin(scene, 1);
    json_auto_t *run = await(scene, source + 1, "succeeded");
    const json_t *curve = json_pointer_get(run, "/spec/schedule/curve");
    assert_int_equal(json_array_size(curve), 25);
    for (size_t k = 0; k < 25; k++)
        assert_near(json_number_value(json_array_get(curve, k)), (double)(24 - k) / 24, 1e-15);
    scene_free(scene);
}

/* --- what watchers hear ------------------------------------------------------------------------
 */

/* 60 quick runs are 120 changes of their job; watchers hear of it ten times a second, and of its
 * end at once. */
static void a_job_of_quick_runs_is_shown_a_few_times_and_at_its_end(void **state)
{
    (void)state;
    enum { RUNS = 60 };
    struct scene *scene = scene_new(NULL);
    begin(scene, 2);
    const int64_t began_ms = clock_ms(), before = events_last_id(scene->events);
    struct subscriber *watcher = events_subscribe(scene->events, before, 0, ignore, NULL);
    const int64_t run = submit(scene, "succeed", RUNS);
    await_only(scene, run + RUNS - 1, "succeeded");
    await_only(scene, run, "succeeded");

    int shown = 0;
    AUTO_FREE char *last = xstrdup("{}");
    for (int looks = 0; looks < 250 && !strstr(last, "\"state\":\"succeeded\""); looks++) {
        look_for_some_time(scene, 20);
        for (const struct event *event; (event = events_next(watcher));) {
            if (strcmp(event->type, "job") != 0)
                continue;
            shown++;
            free(last);
            last = xstrdup(event->text);
        }
    }
    assert_says(last, "\"state\":\"succeeded\"");
    assert_in_range(shown, 2, 4 + (clock_ms() - began_ms) / 100);
    events_unsubscribe(watcher);
    scene_free(scene);
}

/* --- stopping -----------------------------------------------------------------------------------
 */

static void a_stopped_server_leaves_its_runs_queued_without_the_loss_of_an_attempt(void **state)
{
    (void)state;
    struct scene *scene = scene_new(NULL);
    begin(scene, 1);
    const int64_t run = submit(scene, "wait", 2);
    await_only(scene, run, "running");
    stop(scene);
    json_auto_t *stopped = await(scene, run, "queued");
    assert_member(stopped, "attempt", "1");
    await_only(scene, run + 1, "queued");
    scene_free(scene);
}

struct prepared {
    int calls;
    enum error_kind kind;
};

static void note_prepared(void *context, const struct prepared_data *data, const struct error *err)
{
    struct prepared *prepared = context;
    (void)data;
    prepared->calls++;
    prepared->kind = err ? err->kind : ERROR_INVALID;
}

static void a_data_set_asked_for_while_stopping_is_refused(void **state)
{
    (void)state;
    struct prepared early = {0}, late = {0};
    struct scene *scene = scene_new(NULL);
    link_program(scene, "/bin/false");
    begin(scene, 0);
    const struct prepare_request request = {
        .dataset = "one", .format = "csv", .settings = json_object(), .parts = json_object()};
    conductor_prepare(scene->conductor, &request, note_prepared, &early);
    stop(scene);
    assert_int_equal(early.calls, 1); /* whoever asked is answered while it can be */
    conductor_prepare(
        scene->conductor,
        &(struct prepare_request){
            .dataset = "two", .format = "csv", .settings = json_object(), .parts = json_object()},
        note_prepared, &late);
    assert_int_equal(late.calls, 1);
    assert_int_equal(late.kind, ERROR_UNAVAILABLE);
    scene_free(scene);
    assert_int_equal(early.calls + late.calls, 2);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_an_older_attempt_or_another_run_change_nothing),
        cmocka_unit_test(a_run_whose_workers_die_three_times_has_failed),
        cmocka_unit_test(a_worker_that_is_silent_for_the_lease_is_replaced),
        cmocka_unit_test(workers_that_cannot_start_cost_a_run_no_attempt),
        cmocka_unit_test(a_store_that_is_full_slows_a_worker_and_loses_nothing),
        cmocka_unit_test(a_run_that_could_not_be_started_on_disk_starts_later),
        cmocka_unit_test(a_start_that_the_disk_refuses_is_tried_again),
        cmocka_unit_test(a_run_that_is_cancelled_while_its_start_is_refused_stays_cancelled),
        cmocka_unit_test(a_cancel_that_the_disk_refuses_is_told_and_written_later),
        cmocka_unit_test(a_start_finds_the_branch_whose_source_is_done),
        cmocka_unit_test(a_start_finds_the_schedule_whose_source_is_done),
        cmocka_unit_test(a_job_of_quick_runs_is_shown_a_few_times_and_at_its_end),
        cmocka_unit_test(a_stopped_server_leaves_its_runs_queued_without_the_loss_of_an_attempt),
        cmocka_unit_test(a_data_set_asked_for_while_stopping_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
