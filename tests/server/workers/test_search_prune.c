/*
 * Runs of a search that are told to stop, by the example of runners outside, who hear of it with
 * the answer to what they report; and what a restart makes of that: nothing. Rules are held to
 * their numbers in tests/server/prune; runs on workers are in tests/e2e/test_search_prune.c.
 */
#include "server/workers/search_scene.h"

#include "workers/search_prune.h"

#define SEARCH(pruner, more)                                                                       \
    "{'kind': 'search', 'runner': 'external', 'algorithm': 'random', 'budget': {'runs': 20},"      \
    " 'space': {'/x': {'type': 'float', 'low': 0, 'high': 1}}, 'pruner': " pruner more "}"
#define HALVING "{'type': 'asha', 'min_steps': 1, 'reduction': 2}"

enum { LEASE_FOR_LONG_MS = 600000 };

static int open_scene(void **state)
{
    *state = search_scene_new(NULL);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

/* So many of its runs; answers the first one's id, the others' follow. */
static int64_t begin_runs(struct scene *scene, const char *body, int count)
{
    const int64_t job = submit_search(scene, body);
    json_auto_t *asked = ask(scene, job, count, LEASE_FOR_LONG_MS);
    const json_t *runs = json_object_get(asked, "runs");
    assert_int_equal(json_array_size(runs), count);
    return json_integer_at(json_array_get(runs, 0), "id", 0);
}

static bool stops(struct scene *scene, int64_t run, int64_t step, double value)
{
    json_auto_t *answer = report(scene, run, 0, step, value);
    return json_flag_at(answer, "stop", false);
}

/* --- verdicts -----------------------------------------------------------------------------------
 */

static void a_run_behind_at_its_rung_is_told_to_stop(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(scene, SEARCH(HALVING, ""), 3);
    assert_false(stops(scene, run, 1, 3));
    assert_true(stops(scene, run + 1, 1, 4));
    assert_false(stops(scene, run + 2, 1, 2));
    assert_true(stops(scene, run + 1, 2, 0)); /* once is for good */
    assert_false(stops(scene, run, 2, 3));
    assert_true(stops(scene, run + 2, 2, 4)); /* the second rung */
}

static void what_is_maximized_is_compared_the_other_way(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(
        scene, SEARCH(HALVING, ", 'objectives': [{'metric': 'value', 'goal': 'maximize'}]"), 3);
    assert_false(stops(scene, run, 1, 3));
    assert_false(stops(scene, run + 1, 1, 4));
    assert_true(stops(scene, run + 2, 1, 2));
}

static void without_a_pruner_nobody_is_told_to_stop(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(scene, SEARCH("'none'", ""), 2);
    assert_false(stops(scene, run, 1, 0));
    assert_false(stops(scene, run + 1, 1, 1e9));
}

/* Proposals 0 and 1 were made without knowing each other; 2 knew run 0. */
static void in_order_a_run_is_compared_with_those_that_its_proposal_knew(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(HALVING, ", 'in_order': true, 'parallel': 2"));
    json_auto_t *first = ask(scene, job, 1, LEASE_FOR_LONG_MS);
    json_auto_t *second = ask(scene, job, 1, LEASE_FOR_LONG_MS);
    const int64_t run = json_integer_at(json_array_get(json_object_get(first, "runs"), 0), "id", 0);
    assert_int_equal(json_array_size(json_object_get(second, "runs")), 1);
    assert_false(stops(scene, run, 1, 1));
    assert_false(stops(scene, run + 1, 1, 9));
    json_decref(tell(scene, run, 1)); /* which is no measure of how long runs are */
    json_auto_t *third = ask(scene, job, 1, LEASE_FOR_LONG_MS);
    assert_int_equal(json_array_size(json_object_get(third, "runs")), 1);
    assert_true(stops(scene, run + 2, 1, 9));
}

/* One seed after the other, in any order: worse on four of four, p = 1/16. */
static void parts_of_an_average_are_compared_in_pairs(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(scene, SEARCH("'wilcoxon'", ""), 2);
    for (int part = 0; part < 4; part++)
        assert_false(stops(scene, run, part, part));
    json_decref(tell(scene, run, 1.5));
    assert_false(stops(scene, run + 1, 3, 3.4));
    assert_false(stops(scene, run + 1, 0, 0.1));
    assert_false(stops(scene, run + 1, 2, 2.3));
    assert_true(stops(scene, run + 1, 1, 1.2));
}

/* --- restarts -----------------------------------------------------------------------------------
 */

/* The first passed alone; with all that came since it would not pass any more. */
static void a_restart_changes_no_verdict(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(scene, SEARCH(HALVING, ""), 3);
    assert_false(stops(scene, run, 1, 3));
    assert_false(stops(scene, run + 1, 1, 1));
    assert_true(stops(scene, run + 2, 1, 2));
    for (int again = 0; again < 2; again++) {
        begin_again(scene, 0);
        assert_false(stops(scene, run, 1, 3)); /* sent again */
        assert_false(stops(scene, run + 1, 1, 1));
        assert_true(stops(scene, run + 2, 1, 2));
    }
    assert_false(stops(scene, run, 2, 9)); /* alone at the second rung */
    assert_false(stops(scene, run + 1, 2, 5));
    assert_true(stops(scene, run + 2, 2, 0));
}

/* The server went between a row and its verdict. */
static void what_was_not_looked_at_is_after_a_restart(void **state)
{
    struct scene *scene = *state;
    const int64_t run = begin_runs(scene, SEARCH(HALVING, ""), 3);
    assert_false(stops(scene, run, 1, 1));
    assert_false(kit_add_value(scene->kit, run + 1, "value", 1, 5).failed);
    begin_again(scene, 0);
    assert_true(stops(scene, run + 1, 2, 0));
    begin_again(scene, 0);
    assert_true(stops(scene, run + 1, 3, 0));
    assert_false(stops(scene, run + 2, 1, 0.5));
}

/* --- curves -------------------------------------------------------------------------------------
 */

struct alone {
    struct job job;
    struct run run;
    struct search_outcome outcome;
    struct search_plan plan;
    struct search search;
};

static struct alone *alone_new(const char *rule)
{
    struct alone *alone = xcalloc(1, sizeof *alone);
    AUTO_FREE char *text = api_quoted(rule);
    alone->job = (struct job){.run_count = 1, .runs = &alone->run};
    alone->plan = (struct search_plan){.pruner = json_loads(text, 0, NULL), .external = true};
    alone->run = (struct run){.job = &alone->job, .position = {RUN_RUNNING, 1, 0}};
    alone->search = (struct search){
        .job = &alone->job, .plan = &alone->plan, .proposed = 1, .outcomes = &alone->outcome};
    search_prune_open(&alone->search);
    return alone;
}

static void alone_free(struct alone *alone)
{
    search_prune_free(&alone->search);
    json_decref(alone->plan.pruner);
    free(alone);
}

static void a_long_curve_keeps_its_shape_and_its_end(void **state)
{
    (void)state;
    struct alone *alone = alone_new("{'type': 'median', 'min_runs': 5, 'min_steps': 0}");
    for (int step = 1; step <= 10000; step++)
        assert_true(search_curve_add(&alone->search, 0, step, step));
    int at;
    struct prune_table table = search_prune_table(&alone->search, -1, &at);
    const struct run_curve *curve = &table.runs[0];
    assert_in_range(curve->count, CURVE_POINTS_MAX / 2, CURVE_POINTS_MAX);
    assert_true(curve->points[0].progress == 1);
    assert_true(curve->points[curve->count - 1].progress == 10000);
    assert_true(curve->points[curve->count - 2].progress == 9999);
    for (int i = 1; i < curve->count; i++)
        assert_true(curve->points[i].progress > curve->points[i - 1].progress);
    free((void *)(uintptr_t)table.runs);
    alone_free(alone);
}

static void rows_sent_again_are_no_news(void **state)
{
    (void)state;
    struct alone *alone = alone_new("{'type': 'median', 'min_runs': 5, 'min_steps': 0}");
    assert_true(search_curve_add(&alone->search, 0, 10, 1));
    assert_true(search_curve_add(&alone->search, 0, 20, 2));
    assert_false(search_curve_add(&alone->search, 0, 10, 1));
    assert_false(search_curve_add(&alone->search, 0, 15, 1));
    assert_true(search_curve_add(&alone->search, 0, 30, 2));
    alone_free(alone);
}

/* Twice as long as run 0: half as much progress a step. */
static void runs_of_other_lengths_are_stretched(void **state)
{
    (void)state;
    struct alone *alone = alone_new("{'type': 'median', 'min_runs': 5, 'min_steps': 0}");
    struct run runs[2] = {{.job = &alone->job, .steps = 100}, {.number = 1, .steps = 200}};
    struct search_outcome outcomes[2] = {{0}, {0}};
    int at;
    alone->plan.external = false;
    alone->job.runs = runs;
    alone->job.run_count = alone->search.proposed = 2;
    alone->search.outcomes = outcomes;
    runs[0].steps = 0; /* not known yet */
    search_curve_add(&alone->search, 1, 100, 1);
    runs[0].steps = 100;
    search_curve_add(&alone->search, 0, 50, 1);
    struct prune_table table = search_prune_table(&alone->search, -1, &at);
    assert_true(table.most == 100);
    assert_true(table.runs[0].points[0].progress == 50);
    assert_true(table.runs[1].points[0].progress == 50);
    free((void *)(uintptr_t)table.runs);
    alone_free(alone);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_run_behind_at_its_rung_is_told_to_stop),
        IN_SCENE(what_is_maximized_is_compared_the_other_way),
        IN_SCENE(without_a_pruner_nobody_is_told_to_stop),
        IN_SCENE(in_order_a_run_is_compared_with_those_that_its_proposal_knew),
        IN_SCENE(parts_of_an_average_are_compared_in_pairs),
        IN_SCENE(a_restart_changes_no_verdict),
        IN_SCENE(what_was_not_looked_at_is_after_a_restart),
        cmocka_unit_test(a_long_curve_keeps_its_shape_and_its_end),
        cmocka_unit_test(rows_sent_again_are_no_news),
        cmocka_unit_test(runs_of_other_lengths_are_stretched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
