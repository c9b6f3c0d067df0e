/* The report of a comparison whose seeds come in rounds: 2 arms, 9 seeds in rounds of 3, looked at
 * 3 times. By hand: 3, 6, 9 seeds one way have p = 0.25, 0.03125, 0.0039; Pocock's nominal level of
 * 3 looks is 0.0221. */
#include "support/check.h"

#include "compare/report.h"
#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <stdlib.h>

enum { SEEDS = 9, RUNS = 2 * SEEDS };

static struct report_run runs[RUNS];
static json_t *request;

/* Seeds in another order than by size, as they may be given: the first round has 9, 8 and 7. */
static const char *const request_text =
    "{\"kind\": \"compare\", \"arms\": [{\"name\": \"constant\", \"patch\": {}}, {\"name\": "
    "\"linear\", \"patch\": {}}], \"seeds\": [9, 8, 7, 6, 5, 4, 3, 2, 1], \"sequential\": "
    "{\"looks\": 3}}";

/* All have succeeded; linear is better by more with each. */
static int set_up(void **state)
{
    (void)state;
    struct error err;
    for (int i = 0; i < RUNS; i++) {
        const int seed = i / 2, arm = i % 2;
        runs[i] = (struct report_run){.id = 1 + i,
                                      .arm = arm,
                                      .phase = PHASE_REPORT,
                                      .seed = (uint64_t)(SEEDS - seed),
                                      .state = RUN_SUCCEEDED,
                                      .objective = arm ? 0.9 - 0.01 * seed : 1,
                                      .step = 100,
                                      .steps = 100};
    }
    assert_int_equal(json_read(request_text, strlen(request_text), &request, &err), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(request);
    return 0;
}

static void set_from(int first, enum run_state state)
{
    for (int i = first; i < RUNS; i++) {
        runs[i].state = state;
        runs[i].objective = NO_VALUE;
        runs[i].step = runs[i].steps = 0;
    }
}

static json_t *report_with(const struct look_entry *looks, int count)
{
    return report_json(&(struct report_input){.job = 7,
                                              .state = JOB_RUNNING,
                                              .metric = {.name = "valid_loss"},
                                              .request = request,
                                              .runs = runs,
                                              .run_count = RUNS,
                                              .looks = looks,
                                              .look_count = count});
}

static void assert_json(const json_t *document, const char *pointer, const char *wanted)
{
    AUTO_FREE char *got = json_compact(json_pointer_get(document, pointer));
    assert_string_equal(got, wanted);
}

static bool warns(const json_t *report, const char *piece)
{
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(report, "warnings"), i, warning)
    {
        if (strstr(json_string_value(warning), piece))
            return true;
    }
    return false;
}

static const struct look_entry undecided = {
    .look = 1, .arm = 1, .seeds = 3, .p = 0.25, .verdict = VERDICT_UNDECIDED};
static const struct look_entry better = {
    .look = 1, .arm = 1, .seeds = 3, .p = 0.25, .verdict = VERDICT_BETTER};

static void nothing_is_judged_before_the_first_look(void **state)
{
    (void)state;
    set_from(10, RUN_WAITING);
    json_auto_t *report = report_with(NULL, 0);
    assert_json(report, "/sequential/done", "0");
    assert_json(report, "/arms/1/n", "5");
    assert_json(report, "/pairs/0/seeds", "0");
    assert_json(report, "/pairs/0/baseline/verdict", "\"undecided\"");
    assert_json(report, "/sequential/history", "[]");
    assert_json(report, "/sequential/seeds", "[3,6,9]");
    assert_says(json_text_at(json_object_get(report, "sequential"), "sentence", ""),
                "looked at 0 of 3 times, each at the level 0.0221 (Pocock), which p values and "
                "intervals are adjusted for; the first look comes with 3 seeds");
    assert_true(warns(report, "the looks with fewer than 7 seeds (2 of 3) are too early to call"));
}

/* Five seeds are in; the median is of all of them, the pair of the three that were looked at. */
static void seeds_of_the_round_that_runs_are_not_judged(void **state)
{
    (void)state;
    set_from(10, RUN_WAITING);
    json_auto_t *report = report_with(&undecided, 1);
    assert_json(report, "/pairs/0/seeds", "3");
    assert_json(report, "/pairs/0/signed_rank/p", "0.25");
    assert_json(report, "/arms/1/n", "5");
    assert_near(json_number_at(json_array_get(json_object_get(report, "arms"), 1), "median", 0),
                0.88, 1e-12);
    assert_json(report, "/sequential/history/0/arms/0/p", "0.25");
}

/* A decision stands, though at these three seeds the rule alone would not make it. */
static void a_decision_stands_and_is_judged_by_its_own_seeds(void **state)
{
    (void)state;
    json_auto_t *report = report_with(&better, 1);
    assert_json(report, "/pairs/0/baseline/verdict", "\"better\"");
    assert_json(report, "/pairs/0/seeds", "3");
    assert_json(report, "/sequential/done", "1");
    assert_json(report, "/sequential/arms/1/look", "1");
    assert_json(report, "/sequential/arms/1/seeds", "3");
    assert_json(report, "/sequential/arms/0/look", "null");
    assert_true(warns(report, "stopped early"));
}

static void runs_that_were_not_needed_are_no_failures(void **state)
{
    (void)state;
    set_from(6, RUN_PRUNED);
    json_auto_t *report = report_with(&better, 1);
    assert_json(report, "/arms/1/failed", "0");
    assert_json(report, "/arms/1/n", "3");
    assert_int_equal(json_array_size(json_object_get(
                         json_array_get(json_object_get(report, "arms"), 1), "values")),
                     3);
    assert_json(report, "/saved/decided_runs", "12");
    assert_json(report, "/saved/decided_steps", "1200");
    assert_json(report, "/saved/dropped_runs", "0");
    assert_json(report, "/sequential/arms/1/stopped_runs", "6");
    assert_says(json_text_at(json_object_get(report, "sequential"), "sentence", ""),
                "; decided: linear at look 1 (3 of 9 seeds); 12 runs were not needed");
}

/* The server died when all was written but the last looks. */
static void looks_that_were_due_are_taken_by_the_report(void **state)
{
    (void)state;
    json_auto_t *report = report_with(&undecided, 1);
    assert_json(report, "/sequential/done", "3");
    assert_json(report, "/sequential/arms/1/look", "3");
    assert_json(report, "/sequential/history/1/arms/0/p", "0.03125");
    assert_json(report, "/sequential/history/2/arms/0/verdict", "\"better\"");
    assert_json(report, "/pairs/0/baseline/verdict", "\"better\"");
    assert_json(report, "/pairs/0/seeds", "9");
    assert_false(warns(report, "stopped early"));
}

static void a_round_that_was_cancelled_is_not_looked_at(void **state)
{
    (void)state;
    set_from(6, RUN_CANCELLED);
    json_auto_t *report = report_with(&undecided, 1);
    assert_json(report, "/sequential/done", "1");
    assert_true(warns(report, "ended before look 2 of 3"));
}

static void intervals_and_p_are_adjusted_for_all_looks(void **state)
{
    (void)state;
    json_auto_t *report = report_with(&undecided, 1);
    json_object_del(request, "sequential");
    json_auto_t *plain = report_with(NULL, 0);
    const json_t *with = json_pointer_get(report, "/pairs/0/gain/interval/1");
    const json_t *without = json_pointer_get(plain, "/pairs/0/gain/interval/1");
    assert_true(json_number_value(with) > json_number_value(without));
    assert_json(plain, "/pairs/0/baseline/p", "0.00390625");
    assert_true(json_number_value(json_pointer_get(report, "/pairs/0/baseline/p")) > 0.0039);
    assert_json(plain, "/sequential", "null");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_judged_before_the_first_look),
        TEST(seeds_of_the_round_that_runs_are_not_judged),
        TEST(a_decision_stands_and_is_judged_by_its_own_seeds),
        TEST(runs_that_were_not_needed_are_no_failures),
        TEST(looks_that_were_due_are_taken_by_the_report),
        TEST(a_round_that_was_cancelled_is_not_looked_at),
        TEST(intervals_and_p_are_adjusted_for_all_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
