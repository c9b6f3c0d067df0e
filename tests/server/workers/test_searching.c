/*
 * Searches whose runs this server's workers train (workers that act, fake_worker.h): how many are
 * under way, what becomes of results, when a search ends, and what a restart makes of it: nothing.
 */
#include "server/workers/search_scene.h"

#include "support/vfs_power_loss.h"

#include <math.h>

/* The worker's acts are no settings of the catalogue, so the body is not checked: as it would be
 * kept, ' standing for ". */
#define LINE "'/x': {'type': 'float', 'low': 0, 'high': 1}"
#define SEARCH(act, space, more)                                                                   \
    "{'kind': 'search', 'base': {'act': " act "}, 'space': {" space "}, 'objectives': "            \
    "[{'metric': 'valid_loss', 'goal': 'minimize'}], " more "}"
#define BOWL(more) SEARCH("'bowl'", LINE, "'algorithm': 'random', " more)

static int open_scene(void **state)
{
    static const struct store_options fast = {.synchronous = "OFF"};
    struct scene *scene = *state = scene_new(&fast);
    scene->catalog = search_catalog();
    begin(scene, 2);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

static struct job_plan plan_of(char *request, int runs)
{
    static char name[] = "search";
    struct job_plan plan = {.kind = JOB_SEARCH,
                            .name = name,
                            .request = request,
                            .point_count = 1,
                            .baseline = -1,
                            .metric = {.name = "valid_loss"},
                            .runs = xcalloc((size_t)runs, sizeof *plan.runs),
                            .run_count = runs};
    for (int i = 0; i < runs; i++)
        plan.runs[i] = (struct run_plan){.variant = -1,
                                         .arm = -1,
                                         .point = -1,
                                         .phase = PHASE_SEARCH,
                                         .seed = 1,
                                         .waiting = true};
    return plan;
}

/* A search of that many runs, behind job `after` (0: none); its runs follow each other. */
static struct added_job submit_behind(const struct scene *scene, const char *body, int runs,
                                      int64_t after)
{
    AUTO_FREE char *request = api_quoted(body);
    struct job_plan plan = plan_of(request, runs);
    if (after)
        plan.options = (struct job_options){.after = {after}, .after_count = 1};
    const struct answer answer = kit_add_job_of(
        scene->kit,
        &(struct new_job){
            .plan = &plan, .request_text = request, .now_ms = 1000, .team = TEAM_DEFAULT});
    assert_false(answer.failed);
    json_decref(conductor_adopt(scene->conductor, &plan, &answer.added, 1000));
    free(plan.runs);
    return answer.added;
}

static struct added_job submit_own(const struct scene *scene, const char *body, int runs)
{
    return submit_behind(scene, body, runs, 0);
}

/* --- waiting for a job --------------------------------------------------------------------------
 */

struct waiting {
    struct scene *scene;
    int64_t job, until_ms;
    const char *pointer, *wanted; /* a member of the job, as JSON text */
};

static bool is_reached(const struct waiting *waiting)
{
    json_auto_t *job = kit_job(waiting->scene->kit, waiting->job);
    json_auto_t *wanted = json_loads(waiting->wanted, JSON_DECODE_ANY, NULL);
    const json_t *got = json_pointer_get(job, waiting->pointer);
    return got && json_equal(got, wanted);
}

static void look_at_job(void *context)
{
    struct waiting *waiting = context;
    if (is_reached(waiting) || clock_ms() > waiting->until_ms)
        loop_stop(waiting->scene->kit->loop);
    else
        loop_after(waiting->scene->kit->loop, LOOK_MS, look_at_job, waiting);
}

/* Turns the loop until the job on disk has that there. */
static void await_job(struct scene *scene, int64_t job, const char *pointer, const char *wanted)
{
    struct waiting waiting = {scene, job, clock_ms() + PATIENCE_MS, pointer, wanted};
    loop_soon(scene->kit->loop, look_at_job, &waiting);
    loop_run(scene->kit->loop);
    if (is_reached(&waiting))
        return;
    json_auto_t *found = kit_job(scene->kit, job);
    AUTO_FREE char *text = json_compact(found);
    fail_msg("%s is not %s in %s", pointer, wanted, text);
}

static void await_end(struct scene *scene, int64_t job)
{
    await_job(scene, job, "/state", "\"succeeded\"");
    settle(scene);
}

static void assert_job(const struct scene *scene, int64_t id, const char *pointer,
                       const char *wanted)
{
    json_auto_t *job = kit_job(scene->kit, id);
    json_auto_t *value = json_loads(wanted, JSON_DECODE_ANY, NULL);
    const json_t *got = json_pointer_get(job, pointer);
    AUTO_FREE char *text = got ? json_compact(got) : xstrdup("absent");
    if (!got || !json_equal(got, value))
        fail_msg("%s is %s, not %s", pointer, text, wanted);
}

static struct kept_proposal proposal(const struct scene *scene, const struct added_job *added,
                                     int number)
{
    static struct proposal_rooms rooms;
    return proposal_on_disk(scene, added->first_run + number, &rooms);
}

/* --- how many are under way ---------------------------------------------------------------------
 */

static void as_many_runs_are_under_way_as_it_asks_for(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'wait'", LINE, "'algorithm': 'random', 'parallel': 1"), 5);
    await_job(scene, search.job, "/runs/running", "1");
    look_for_some_time(scene, 5 * LOOK_MS);
    assert_job(scene, search.job, "/search/proposed", "1");
    assert_job(scene, search.job, "/runs/waiting", "4");
}

static void without_a_number_it_takes_the_slots_that_there_are(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'wait'", LINE, "'algorithm': 'random'"), 5);
    await_job(scene, search.job, "/runs/running", "2");
    assert_job(scene, search.job, "/search/proposed", "2");
}

/* --- results ------------------------------------------------------------------------------------
 */

static void every_result_is_told_and_the_best_is_known(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, BOWL("'enqueue': [{'/x': 0.9}, {'/x': 0.25}, {'/x': 0}]"), 3);
    await_end(scene, search.job);

    assert_job(scene, search.job, "/runs/succeeded", "3");
    assert_job(scene, search.job, "/search/told", "3");
    assert_job(scene, search.job, "/search/best/number", "1");
    const struct kept_proposal kept = proposal(scene, &search, 1);
    assert_int_equal(kept.outcome, PROPOSAL_DONE);
    assert_float_equal(kept.results[0], 0.0025, 1e-15);
    assert_int_equal(kept.step, 2);
}

/* One at a time, each knows all before it. */
static void a_proposal_knows_what_was_told_before_it(void **state)
{
    struct scene *scene = *state;
    const struct added_job search = submit_own(scene, BOWL("'parallel': 1"), 5);
    await_end(scene, search.job);
    for (int i = 0; i < 5; i++) {
        const struct kept_proposal kept = proposal(scene, &search, i);
        assert_int_equal(kept.seen, i);
        assert_int_equal(kept.told, i);
    }
}

static void runs_that_fail_are_told_as_failed(void **state)
{
    struct scene *scene = *state;
    const struct added_job search = submit_own(
        scene,
        SEARCH("'bowl'", LINE ", '/act': {'type': 'choice', 'values': ['fail', 'diverge', 'bowl']}",
               "'algorithm': 'grid', 'enqueue': [{'/act': 'fail'}, {'/act': 'diverge'}, "
               "{'/x': 0.3, '/act': 'bowl'}]"),
        3);
    await_end(scene, search.job);

    assert_job(scene, search.job, "/runs/failed", "2");
    for (int i = 0; i < 3; i++) {
        const struct kept_proposal kept = proposal(scene, &search, i);
        assert_int_equal(kept.outcome, i < 2 ? PROPOSAL_FAILED : PROPOSAL_DONE);
        assert_true(i < 2 ? isnan(kept.results[0]) : kept.results[0] == 0);
    }
    assert_job(scene, search.job, "/search/best/number", "2");
}

/* A model that has learned that "die" fails asks for it no more often than a blind one. */
static void a_search_stays_away_from_what_fails(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   SEARCH("'bowl'", LINE ", '/act': {'type': 'choice', 'values': ['fail', 'bowl']}",
                          "'algorithm': 'tpe', 'parallel': 1"),
                   40);
    await_end(scene, search.job);
    int failed = 0;
    for (int i = 20; i < 40; i++)
        failed += proposal(scene, &search, i).outcome == PROPOSAL_FAILED;
    assert_true(failed <= 5); /* of ten */
}

static void a_run_whose_workers_die_has_failed_at_last(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'die'", LINE, "'algorithm': 'random'"), 1);
    await_job(scene, search.job, "/search/told", "1");
    assert_int_equal(proposal(scene, &search, 0).outcome, PROPOSAL_FAILED);
}

/* --- the end ------------------------------------------------------------------------------------
 */

static void a_space_that_has_been_tried_ends_the_search(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   SEARCH("'bowl'", "'/x': {'type': 'float', 'low': 0, 'high': 1, 'step': 0.5}",
                          "'algorithm': 'random'"),
                   50);
    await_end(scene, search.job);
    assert_job(scene, search.job, "/runs/total", "3");
    assert_job(scene, search.job, "/search/stopped", "\"every point of the space has been tried\"");
    assert_job(scene, search.job, "/search/best/values/0", "0.040000000000000008");
}

static void its_time_is_up_after_a_while(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   SEARCH("'bowl', 'ms': 5", LINE,
                          "'algorithm': 'random', 'budget': {'runs': 1000, 'time_s': 0.05}"),
                   1000);
    await_end(scene, search.job);
    json_auto_t *job = kit_job(scene->kit, search.job);
    const json_int_t runs = json_integer_value(json_pointer_get(job, "/runs/total"));
    assert_true(runs >= 1 && runs <= 30); /* two at a time, 5 ms and more each */
    assert_job(scene, search.job, "/search/stopped", "\"its time is up\"");
    AUTO_FREE char *all = xprintf("%lld", (long long)runs);
    assert_job(scene, search.job, "/search/told", all);
}

/* A run is two steps: with the third there are six. */
static void steps_of_all_runs_together_are_counted(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, BOWL("'parallel': 1, 'budget': {'runs': 50, 'steps': 5}"), 50);
    await_end(scene, search.job);
    assert_job(scene, search.job, "/runs/total", "3");
    assert_job(scene, search.job, "/search/stopped",
               "\"its runs have trained for as many steps as its budget has\"");
}

static void a_value_that_is_good_enough_ends_it(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   BOWL("'parallel': 1, 'enqueue': [{'/x': 0}, {'/x': 0.25}], "
                        "'stop': {'type': 'target', 'value': 0.01}"),
                   50);
    await_end(scene, search.job);
    assert_job(scene, search.job, "/runs/total", "2");
    assert_job(scene, search.job, "/search/stopped",
               "\"run 1 reached 0.0025, and the target is 0.01\"");
}

static void runs_that_bring_nothing_better_end_it(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   BOWL("'parallel': 1, 'enqueue': [{'/x': 0.3}], 'stop': {'type': 'stagnation', "
                        "'runs': 4}"),
                   50);
    await_end(scene, search.job);
    assert_job(scene, search.job, "/runs/total", "5");
    assert_job(scene, search.job, "/search/stopped", "\"the last 4 runs brought nothing better\"");
}

/* --- what people do -----------------------------------------------------------------------------
 */

static void cancelled(const struct scene *scene, int64_t job)
{
    struct answer answer = {.loop = scene->kit->loop};
    conductor_cancel_job(scene->conductor, job, NULL, kit_done, &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
}

/* One that runs: it is answered at once. */
static void cancel_run(const struct scene *scene, int64_t run)
{
    struct answer answer = {.loop = scene->kit->loop};
    conductor_cancel_run(scene->conductor, run, NULL, kit_done, &answer);
    assert_false(answer.failed);
}

static void a_cancelled_search_proposes_no_more(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'wait'", LINE, "'algorithm': 'random'"), 6);
    await_job(scene, search.job, "/runs/running", "2");
    cancelled(scene, search.job);
    await_job(scene, search.job, "/state", "\"cancelled\"");
    assert_job(scene, search.job, "/runs/cancelled", "6");
    look_for_some_time(scene, 5 * LOOK_MS);
    assert_job(scene, search.job, "/search/proposed", "2");
}

/* It counts for nothing, and nobody waits for it. */
static void another_run_follows_one_that_is_cancelled(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'wait'", LINE, "'algorithm': 'random', 'parallel': 1"), 3);
    await_job(scene, search.job, "/runs/running", "1");
    cancel_run(scene, search.first_run);
    await_only(scene, search.first_run, "cancelled");
    await_only(scene, search.first_run + 1, "running");
    await_job(scene, search.job, "/search/told", "1");
    assert_int_equal(proposal(scene, &search, 0).outcome, PROPOSAL_DELETED);
}

static void pause_job(const struct scene *scene, int64_t job, bool pause)
{
    struct answer answer = {.loop = scene->kit->loop};
    conductor_pause_job(scene->conductor, job, pause, NULL, kit_done, &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
}

static void a_paused_search_waits_until_it_is_resumed(void **state)
{
    struct scene *scene = *state;
    const struct added_job search = submit_own(
        scene, SEARCH("'bowl', 'ms': 1", LINE, "'algorithm': 'random', 'parallel': 1"), 200);
    await_only(scene, search.first_run, "succeeded");
    pause_job(scene, search.job, true);
    await_job(scene, search.job, "/runs/running", "0");
    settle(scene);
    settle(scene); /* the tell behind its end */
    json_auto_t *before = kit_job(scene->kit, search.job);
    look_for_some_time(scene, 20 * LOOK_MS);
    json_auto_t *after = kit_job(scene->kit, search.job);
    assert_true(json_equal(json_object_get(before, "search"), json_object_get(after, "search")));

    pause_job(scene, search.job, false);
    await_end(scene, search.job);
    assert_job(scene, search.job, "/search/told", "200");
}

static void a_search_begins_when_what_comes_before_it_has_ended(void **state)
{
    struct scene *scene = *state;
    const int64_t first = submit(scene, "wait", 1);
    json_auto_t *before = await(scene, first, "running");
    const int64_t job = json_integer_at(before, "job", 0);
    const struct added_job search =
        submit_behind(scene, BOWL("'after': [1], 'after_state': 'any'"), 3, job);
    look_for_some_time(scene, 10 * LOOK_MS);
    assert_job(scene, search.job, "/search/proposed", "0");
    cancelled(scene, job);
    await_job(scene, search.job, "/state", "\"failed\"");
}

/* --- restarts -----------------------------------------------------------------------------------
 */

static json_t *points_of(const struct scene *scene, const struct added_job *added, int count)
{
    json_t *points = json_array();
    for (int i = 0; i < count; i++) {
        json_auto_t *run = kit_run(scene->kit, added->first_run + i);
        json_array_append(points, json_object_get(run, "tuned"));
    }
    return points;
}

#define MIXED                                                                                      \
    "'/x': {'type': 'float', 'low': 0, 'high': 1}, '/n': {'type': 'int', 'low': 1, 'high': 64, "   \
    "'scale': 'log'}, '/kind': {'type': 'choice', 'values': ['a', 'b', 'c']}"

static char *body_of(const char *algorithm, const char *base, const char *more)
{
    const bool several = strcmp(algorithm, "ehvi") == 0 || strcmp(algorithm, "nsga2") == 0;
    return xprintf("{'kind': 'search', 'base': {'act': 'bowl'%s}, 'space': {" MIXED "}, "
                   "'objectives': [{'metric': 'valid_loss'}%s], 'algorithm': '%s', 'seed': 3%s}",
                   base, several ? ", {'metric': 'train_loss'}" : "", algorithm, more);
}

/* The server goes twice in between, with runs under way, which are trained again. */
static void a_restart_changes_no_point(struct scene *scene, const char *algorithm)
{
    enum { COUNT = 16 };
    AUTO_FREE char *body = body_of(algorithm, "", ", 'parallel': 1");
    const struct added_job whole = submit_own(scene, body, COUNT);
    await_end(scene, whole.job);
    const struct added_job broken = submit_own(scene, body, COUNT);
    await_only(scene, broken.first_run + 4, "succeeded");
    begin_again(scene, 2);
    await_only(scene, broken.first_run + 10, "succeeded");
    begin_again(scene, 2);
    await_end(scene, broken.job);

    json_auto_t *points = points_of(scene, &whole, COUNT);
    json_auto_t *again = points_of(scene, &broken, COUNT);
    if (!json_equal(points, again))
        fail_msg("%s proposes other points after a restart", algorithm);
}

static void no_algorithm_is_put_out_by_a_restart(void **state)
{
    struct scene *scene = *state;
    for (int i = 0; search_algorithms[i]; i++)
        if (!(search_algorithms[i]->can & CAN_CHANGE_WEIGHTS))
            a_restart_changes_no_point(scene, search_algorithms[i]->name);
}

/* However long runs take: some of one search are slow, others of the other. */
static void in_order_it_finds_the_same_whatever_time_runs_take(void **state)
{
    struct scene *scene = *state;
    AUTO_FREE char *quick = body_of("tpe", "", ", 'parallel': 3, 'in_order': true");
    AUTO_FREE char *slow = body_of("tpe", ", 'ms': 3", ", 'parallel': 3, 'in_order': true");
    const struct added_job first = submit_own(scene, quick, 24);
    const struct added_job second = submit_own(scene, slow, 24);
    await_end(scene, first.job);
    await_only(scene, second.first_run + 9, "succeeded");
    begin_again(scene, 1); /* one worker, where there were two */
    await_end(scene, second.job);

    json_auto_t *points = points_of(scene, &first, 24);
    json_auto_t *again = points_of(scene, &second, 24);
    assert_true(json_equal(points, again));
    for (int i = 0; i < 24; i++)
        assert_int_equal(proposal(scene, &second, i).seen, i < 3 ? 0 : i - 2);
}

/* The server went between a run's end and its tell. */
static void a_result_that_was_not_told_is_told_after_a_restart(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'wait'", LINE, "'algorithm': 'random', 'parallel': 1"), 2);
    await_job(scene, search.job, "/runs/running", "1");
    stop(scene);
    kit_finish_run(scene->kit, search.first_run, RUN_FAILED);
    assert_int_equal(proposal(scene, &search, 0).told, -1);

    begin_again(scene, 2);
    await_job(scene, search.job, "/search/told", "1");
    await_only(scene, search.first_run + 1, "running");
}

static void a_search_that_has_ended_stays_so_after_a_restart(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene,
                   SEARCH("'wait'", LINE,
                          "'algorithm': 'random', 'parallel': 2, 'enqueue': [{'/x': 0.1}], "
                          "'budget': {'runs': 9, 'time_s': 0.001}"),
                   9);
    await_job(scene, search.job, "/runs/running", "2");
    cancel_run(scene, search.first_run);
    await_job(scene, search.job, "/search/stopped", "\"its time is up\"");
    begin_again(scene, 2);
    await_job(scene, search.job, "/runs/running", "1");
    look_for_some_time(scene, 5 * LOOK_MS);
    assert_job(scene, search.job, "/runs/total", "2");
}

/* Kept by another program, say. */
static void an_algorithm_that_nobody_knows_proposes_nothing(void **state)
{
    struct scene *scene = *state;
    const struct added_job search =
        submit_own(scene, SEARCH("'bowl'", LINE, "'algorithm': {'type': 'oracle'}"), 2);
    look_for_some_time(scene, 5 * LOOK_MS);
    assert_job(scene, search.job, "/search/proposed", "0");
    begin_again(scene, 2);
    assert_job(scene, search.job, "/runs/waiting", "2");
    cancelled(scene, search.job);
    await_job(scene, search.job, "/state", "\"cancelled\"");
}

/* --- a full disk --------------------------------------------------------------------------------
 */

struct full_disk {
    struct disk *disk;
    struct scene *scene;
};

static void give_room(void *context)
{
    const struct full_disk *full = context;
    disk_limit(full->disk, 0);
}

/* Nothing is lost, and nothing is proposed twice. */
static void what_the_disk_refuses_is_written_once_it_can_be(void **state)
{
    (void)state;
    struct full_disk full = {.disk = disk_new("full search", 1)};
    full.scene = scene_new(&(struct store_options){.vfs = "full search"});
    full.scene->catalog = search_catalog();
    begin(full.scene, 2);
    const struct added_job search =
        submit_own(full.scene, SEARCH("'bowl', 'ms': 2", LINE, "'algorithm': 'random'"), 30);
    for (int times = 0; times < 3; times++) {
        await_only(full.scene, search.first_run + 4 + 8L * times, "succeeded");
        disk_limit(full.disk, disk_used(full.disk));
        loop_after(full.scene->kit->loop, 4L * RETRY_MS, give_room, &full);
        look_for_some_time(full.scene, 5 * RETRY_MS);
    }
    await_end(full.scene, search.job);
    assert_job(full.scene, search.job, "/search/told", "30");
    assert_job(full.scene, search.job, "/runs/succeeded", "30");
    scene_free(full.scene);
    disk_free(full.disk);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        WITH_SCENE(as_many_runs_are_under_way_as_it_asks_for),
        WITH_SCENE(without_a_number_it_takes_the_slots_that_there_are),
        WITH_SCENE(every_result_is_told_and_the_best_is_known),
        WITH_SCENE(a_proposal_knows_what_was_told_before_it),
        WITH_SCENE(runs_that_fail_are_told_as_failed),
        WITH_SCENE(a_search_stays_away_from_what_fails),
        WITH_SCENE(a_run_whose_workers_die_has_failed_at_last),
        WITH_SCENE(a_space_that_has_been_tried_ends_the_search),
        WITH_SCENE(its_time_is_up_after_a_while),
        WITH_SCENE(steps_of_all_runs_together_are_counted),
        WITH_SCENE(a_value_that_is_good_enough_ends_it),
        WITH_SCENE(runs_that_bring_nothing_better_end_it),
        WITH_SCENE(a_cancelled_search_proposes_no_more),
        WITH_SCENE(another_run_follows_one_that_is_cancelled),
        WITH_SCENE(a_paused_search_waits_until_it_is_resumed),
        WITH_SCENE(a_search_begins_when_what_comes_before_it_has_ended),
        WITH_SCENE(no_algorithm_is_put_out_by_a_restart),
        WITH_SCENE(in_order_it_finds_the_same_whatever_time_runs_take),
        WITH_SCENE(a_result_that_was_not_told_is_told_after_a_restart),
        WITH_SCENE(a_search_that_has_ended_stays_so_after_a_restart),
        WITH_SCENE(an_algorithm_that_nobody_knows_proposes_nothing),
        cmocka_unit_test(what_the_disk_refuses_is_written_once_it_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
