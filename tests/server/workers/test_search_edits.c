/*
 * Searches that people change: budgets that grow and shrink, also of one that has ended; points and
 * results by hand; results corrected and deleted. What is proposed afterwards is the same after a
 * restart.
 */
#include "server/workers/search_scene.h"

#include "auth/owners.h"
#include "workers/search_edits.h"

#include <math.h>

#define SPACE "'space': {'x': {'type': 'float', 'low': 0, 'high': 1}}"
#define RANDOM                                                                                     \
    "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': 'random'}, " SPACE             \
    ", 'budget': {'runs': 3}}"

/* --- what is asked for --------------------------------------------------------------------------
 */

static json_t *edited(const struct scene *scene, int64_t job, struct search_wish *wish)
{
    struct heard heard = {.loop = scene->kit->loop};
    conductor_edit_search(scene->conductor, job, wish, NULL, hear, &heard);
    return heard_well(&heard);
}

static struct error edit_refused(const struct scene *scene, int64_t job, struct search_wish *wish)
{
    struct heard heard = {.loop = scene->kit->loop};
    conductor_edit_search(scene->conductor, job, wish, NULL, hear, &heard);
    await_answer(&heard);
    assert_null(heard.body);
    return heard.err;
}

static struct search_wish runs_wish(int runs)
{
    struct search_plan *plan = xcalloc(1, sizeof *plan);
    plan->budget.runs = runs;
    return (struct search_wish){.sections = SECTION_RUNS, .plan = plan};
}

static void set_runs(const struct scene *scene, int64_t job, int runs)
{
    struct search_wish wish = runs_wish(runs);
    json_decref(edited(scene, job, &wish));
}

static struct search_wish point_wish(double x)
{
    struct search_wish wish = {.points = xcalloc(1, sizeof *wish.points), .point_count = 1};
    wish.points[0].values = xcalloc(1, sizeof(double));
    wish.points[0].values[0] = x;
    wish.points[0].step = -1;
    wish.points[0].variant.spec = xstrdup("{}");
    wish.points[0].variant.tuned = xprintf("{\"x\":%.17g}", x);
    return wish;
}

static void enqueue(const struct scene *scene, int64_t job, double x)
{
    struct search_wish wish = point_wish(x);
    json_decref(edited(scene, job, &wish));
}

/* Answers the run that has the result. */
static int64_t add_result(const struct scene *scene, int64_t job, double x, double value)
{
    struct search_wish wish = point_wish(x);
    wish.points[0].has_results = true;
    wish.points[0].results[0] = value;
    json_auto_t *answer = edited(scene, job, &wish);
    assert_int_equal(json_integer_at(answer, "added", 0), 1);
    return json_integer_at(answer, "first_run", 0);
}

struct done {
    struct loop *loop;
    bool over;
    struct error err;
};

static void note_done(void *context, const struct error *err)
{
    struct done *done = context;
    done->over = true;
    if (err)
        done->err = *err;
    loop_stop(done->loop);
}

static struct error correct_as(const struct scene *scene, const struct run_correction *correction)
{
    struct done done = {.loop = scene->kit->loop};
    conductor_correct_run(scene->conductor, correction, NULL, note_done, &done);
    while (!done.over)
        loop_run(scene->kit->loop);
    return done.err;
}

static void correct(const struct scene *scene, int64_t job, int64_t run, double value)
{
    const struct run_correction correction = {.job = job, .run = run, .results = {value}};
    assert_string_equal(correct_as(scene, &correction).sentence, "");
}

static void delete_run(const struct scene *scene, int64_t job, int64_t run)
{
    const struct run_correction correction = {
        .job = job, .run = run, .outcome = PROPOSAL_DELETED, .results = {(double)NAN}};
    assert_string_equal(correct_as(scene, &correction).sentence, "");
}

/* --- asking and telling -------------------------------------------------------------------------
 */

static double ask_one(const struct scene *scene, int64_t job, int64_t *out_run)
{
    json_auto_t *answer = ask(scene, job, 1, 60000);
    const json_t *run = json_array_get(json_object_get(answer, "runs"), 0);
    *out_run = json_integer_at(run, "id", 0);
    return run ? json_number_at(json_object_get(run, "parameters"), "x", -1) : (double)NAN;
}

/* A value that depends on the point. */
static double value_at(double x)
{
    return (x - 0.3) * (x - 0.3);
}

static double play_one(const struct scene *scene, int64_t job)
{
    int64_t run;
    const double x = ask_one(scene, job, &run);
    json_decref(tell(scene, run, value_at(x)));
    return x;
}

static json_t *job_on_disk(const struct scene *scene, int64_t job)
{
    json_t *found = NULL;
    struct error err;
    if (store_read_job(scene->kit->reader, job, &found, &err) < 0)
        fail_msg("%s", err.sentence);
    return found;
}

static void assert_job(const struct scene *scene, int64_t job, const char *state, int runs)
{
    json_auto_t *found = job_on_disk(scene, job);
    assert_string_equal(json_text_at(found, "state", ""), state);
    assert_int_equal(json_integer_at(json_object_get(found, "runs"), "total", -1), runs);
}

/* --- budgets ------------------------------------------------------------------------------------
 */

static void a_larger_budget_brings_more_runs(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    submit(scene, "never", 2); /* ids go on behind it */
    play_one(scene, job);
    set_runs(scene, job, 5);
    struct owners *owners;
    struct error err;
    assert_int_equal(owners_load(scene->kit->store, &owners, &err), 0);
    for (int64_t run = 1; run <= 7; run++) /* 1 to 3, and behind the two of the other job */
        assert_int_equal(owners_run(owners, run)->id, run <= 3 || run >= 6 ? job : job + 1);
    owners_free(owners);
    for (int i = 0; i < 4; i++)
        play_one(scene, job);
    assert_job(scene, job, "succeeded", 5);
    scene_free(scene);
}

static void an_ended_search_goes_on_with_the_points_of_a_larger_one(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t small = submit_search(scene, RANDOM);
    double points[6];
    for (int i = 0; i < 3; i++)
        points[i] = play_one(scene, small);
    assert_job(scene, small, "succeeded", 3);
    set_runs(scene, small, 6);
    assert_job(scene, small, "running", 6);
    for (int i = 3; i < 6; i++)
        points[i] = play_one(scene, small);
    assert_job(scene, small, "succeeded", 6);

    const int64_t large = submit_search(
        scene, "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': 'random'}, " SPACE
               ", 'budget': {'runs': 6}}");
    for (int i = 0; i < 6; i++) {
        const double x = play_one(scene, large);
        assert_memory_equal(&x, &points[i], sizeof x);
    }
    scene_free(scene);
}

static void a_smaller_budget_ends_the_search_where_it_stands(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    play_one(scene, job);
    set_runs(scene, job, 1);
    assert_job(scene, job, "succeeded", 1);
    scene_free(scene);
}

/* --- points by hand -----------------------------------------------------------------------------
 */

static void a_point_by_hand_comes_next_also_after_a_restart(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    int64_t run;
    play_one(scene, job);
    enqueue(scene, job, 0.25);
    enqueue(scene, job, 0.75);
    assert_float_equal(ask_one(scene, job, &run), 0.25, 0);
    begin_again(scene, 0);
    assert_float_equal(ask_one(scene, job, &run), 0.75, 0);
    assert_true(isnan(ask_one(scene, job, &run)));
    assert_job(scene, job, "running", 3);
    scene_free(scene);
}

static void a_point_by_hand_wakes_a_search_that_has_ended(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    for (int i = 0; i < 3; i++)
        play_one(scene, job);
    enqueue(scene, job, 0.5);
    assert_float_equal(play_one(scene, job), 0.5, 0);
    assert_job(scene, job, "succeeded", 4);
    scene_free(scene);
}

static void a_result_by_hand_comes_on_top_of_the_budget(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    play_one(scene, job);
    const int64_t run = add_result(scene, job, 0.5, 42);
    const struct kept_proposal kept = proposal_on_disk(scene, run, rooms);
    assert_int_equal(kept.number, 1);
    assert_int_equal(kept.outcome, PROPOSAL_DONE);
    assert_float_equal(kept.results[0], 42, 0);
    assert_float_equal(kept.point[0], 0.5, 0);
    json_auto_t *shown = kit_run(scene->kit, run);
    assert_string_equal(json_text_at(shown, "state", ""), "succeeded");
    assert_float_equal(json_number_at(shown, "objective", 0), 42, 0);

    play_one(scene, job);
    play_one(scene, job);
    assert_job(scene, job, "succeeded", 4);
    add_result(scene, job, 0.625, 41); /* it stays ended */
    assert_job(scene, job, "succeeded", 5);
    scene_free(scene);
}

/* --- results ------------------------------------------------------------------------------------
 */

static void a_result_is_corrected_and_deleted(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    int64_t run, other;
    const double x = ask_one(scene, job, &run);
    const struct run_correction early = {.job = job, .run = run, .results = {1}};
    assert_int_equal(correct_as(scene, &early).kind, ERROR_CONFLICT); /* nothing to correct yet */
    json_decref(tell(scene, run, value_at(x)));
    correct(scene, job, run, 7);
    assert_float_equal(proposal_on_disk(scene, run, rooms).results[0], 7, 0);
    delete_run(scene, job, run);
    assert_int_equal(proposal_on_disk(scene, run, rooms).outcome, PROPOSAL_DELETED);
    json_auto_t *shown = kit_run(scene->kit, run);
    assert_true(json_is_null(json_object_get(shown, "objective")));
    assert_string_equal(json_text_at(shown, "reason", ""), "deleted");

    ask_one(scene, job, &other);
    const struct tell_options failed = {.state = RUN_FAILED};
    struct heard heard = tell_as(scene, other, &failed);
    json_decref(heard_well(&heard));
    correct(scene, job, other, 3);
    json_auto_t *mended = kit_run(scene->kit, other);
    assert_string_equal(json_text_at(mended, "state", ""), "succeeded");
    assert_float_equal(json_number_at(mended, "objective", 0), 3, 0);
    scene_free(scene);
}

static void refusals_say_why(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    submit(scene, "never", 1);
    struct search_wish none = runs_wish(5), elsewhere = runs_wish(5), most = point_wish(0.5);
    assert_int_equal(edit_refused(scene, 99, &none).kind, ERROR_NOT_FOUND);
    assert_int_equal(edit_refused(scene, job + 1, &elsewhere).kind, ERROR_CONFLICT);
    set_runs(scene, job, RUNS_MAX);
    most.points[0].has_results = true;
    assert_non_null(strstr(edit_refused(scene, job, &most).sentence, "at most 100000 runs"));
    struct run_correction correction = {.job = job, .run = 999999};
    assert_int_equal(correct_as(scene, &correction).kind, ERROR_NOT_FOUND);
    scene_free(scene);
}

/* --- the same points after a restart ------------------------------------------------------------
 */

static void edit_now_and_then(struct scene *scene, int64_t job, int64_t first_run, int i)
{
    if (i == 4)
        correct(scene, job, first_run + 1, 0.5);
    else if (i == 6)
        delete_run(scene, job, first_run + 2);
    else if (i == 7)
        add_result(scene, job, 0.9, 0.36);
    else if (i == 9)
        correct(scene, job, first_run + 2, 0.25); /* it counts again, at its old place */
    else if (i == 10)
        set_runs(scene, job, 30);
}

static void play_edited(const char *body, bool restarts, double points[20])
{
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, body);
    int64_t first_run = 0, run;
    for (int i = 0; i < 20; i++) {
        edit_now_and_then(scene, job, first_run, i);
        if (restarts && i >= 3)
            begin_again(scene, 0);
        points[i] = ask_one(scene, job, &run);
        if (run == 0)
            fail_msg("nothing is proposed after %d runs of %s", i, body);
        first_run = first_run ? first_run : run;
        json_decref(tell(scene, run, value_at(points[i])));
    }
    scene_free(scene);
}

static void changes_leave_what_a_restart_finds(void **state)
{
    (void)state;
    double one_go[20], restarted[20];
    for (int i = 0; search_algorithms[i]; i++) {
        const struct search_algorithm *algorithm = search_algorithms[i];
        if ((algorithm->can & CAN_CHANGE_WEIGHTS) || strcmp(algorithm->name, "grid") == 0)
            continue; /* a grid of one number has five points */
        AUTO_FREE char *body =
            xprintf("{'kind': 'search', 'runner': 'external', 'algorithm': {'type': '%s'}, " SPACE
                    ", 'parallel': 1, 'budget': {'runs': 25}}",
                    algorithm->name);
        play_edited(body, false, one_go);
        play_edited(body, true, restarted);
        if (memcmp(one_go, restarted, sizeof one_go) != 0)
            fail_msg("%s proposes other points after a restart", algorithm->name);
    }
}

/* --- a pruner that comes later ------------------------------------------------------------------
 */

static void report_one(const struct scene *scene, int64_t run, double value)
{
    json_decref(report(scene, run, 0, 1, value));
}

/* The median of what finished runs had at step 1 is 2, though nobody looked at them then. */
static void a_pruner_that_comes_later_knows_what_was_reported_before(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(
        scene, "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': 'random'}, " SPACE
               ", 'budget': {'runs': 6}}");
    int64_t run, good, bad;
    for (int i = 1; i <= 3; i++) {
        ask_one(scene, job, &run);
        report_one(scene, run, i);
        json_decref(tell(scene, run, i));
    }
    struct search_plan *plan = xcalloc(1, sizeof *plan);
    plan->pruner = json_pack("{s:s, s:i, s:i}", "type", "median", "min_runs", 3, "min_steps", 0);
    struct search_wish wish = {.sections = SECTION_PRUNER, .plan = plan};
    json_decref(edited(scene, job, &wish));
    ask_one(scene, job, &good); /* by the one helper there is, which reads the curves before */
    ask_one(scene, job, &bad);
    json_auto_t *goes_on = report(scene, good, 0, 1, 1.5);
    json_auto_t *stops = report(scene, bad, 0, 1, 9);
    assert_false(json_is_true(json_object_get(goes_on, "stop")));
    assert_true(json_is_true(json_object_get(stops, "stop")));
    scene_free(scene);
}

/* --- a search that ended with its server --------------------------------------------------------
 */

/* The end of a run is written before its result is told; here nobody was left to tell. */
static void the_last_result_is_told_after_a_restart(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(
        scene, "{'kind': 'search', 'runner': 'external', 'algorithm': {'type': 'random'}, " SPACE
               ", 'budget': {'runs': 1}}");
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    int64_t run;
    ask_one(scene, job, &run);
    report_one(scene, run, 0.125);
    const struct answer ended = kit_change_run(
        scene->kit,
        &(struct run_change){.run = run, .position = {RUN_SUCCEEDED, 1, 0}, .now_ms = 5000});
    assert_false(ended.failed);
    assert_job(scene, job, "running", 1); /* until all results count */
    begin_again(scene, 0);
    settle(scene);
    assert_job(scene, job, "succeeded", 1);
    const struct kept_proposal kept = proposal_on_disk(scene, run, rooms);
    assert_int_equal(kept.told, 0);
    assert_float_equal(kept.results[0], 0.125, 0);
    assert_false(conductor_has_job(scene->conductor, job));
    scene_free(scene);
}

/* --- a run of a finished search -----------------------------------------------------------------
 */

static void a_retried_run_of_an_ended_search_tells_its_new_result(void **state)
{
    (void)state;
    struct scene *scene = search_scene_new(NULL);
    const int64_t job = submit_search(scene, RANDOM);
    AUTO_FREE struct proposal_rooms *rooms = xcalloc(1, sizeof *rooms);
    int64_t run, again;
    const double x = ask_one(scene, job, &run);
    const struct tell_options failed = {.state = RUN_FAILED};
    struct heard heard = tell_as(scene, run, &failed);
    json_decref(heard_well(&heard));
    play_one(scene, job);
    play_one(scene, job);
    assert_job(scene, job, "succeeded", 3);

    struct done done = {.loop = scene->kit->loop};
    conductor_retry_run(scene->conductor, job, run, NULL, note_done, &done);
    while (!done.over)
        loop_run(scene->kit->loop);
    assert_string_equal(done.err.sentence, "");
    assert_float_equal(ask_one(scene, job, &again), x, 0);
    assert_int_equal(again, run);
    json_decref(tell(scene, run, 0.125));
    assert_job(scene, job, "succeeded", 3);
    const struct kept_proposal kept = proposal_on_disk(scene, run, rooms);
    assert_int_equal(kept.outcome, PROPOSAL_DONE);
    assert_int_equal(kept.told, 0);
    assert_float_equal(kept.results[0], 0.125, 0);
    scene_free(scene);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_larger_budget_brings_more_runs),
        cmocka_unit_test(an_ended_search_goes_on_with_the_points_of_a_larger_one),
        cmocka_unit_test(a_smaller_budget_ends_the_search_where_it_stands),
        cmocka_unit_test(a_point_by_hand_comes_next_also_after_a_restart),
        cmocka_unit_test(a_point_by_hand_wakes_a_search_that_has_ended),
        cmocka_unit_test(a_result_by_hand_comes_on_top_of_the_budget),
        cmocka_unit_test(a_result_is_corrected_and_deleted),
        cmocka_unit_test(refusals_say_why),
        cmocka_unit_test(changes_leave_what_a_restart_finds),
        cmocka_unit_test(a_pruner_that_comes_later_knows_what_was_reported_before),
        cmocka_unit_test(the_last_result_is_told_after_a_restart),
        cmocka_unit_test(a_retried_run_of_an_ended_search_tells_its_new_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
