/* Which seeds of a sequential comparison come in when, and which of its runs wait. By hand. */
#include "support/check.h"

#include "jobs/looks.h"
#include "memory.h"
#include "sample.h"

#include <stdlib.h>

static void assert_rounds(int seeds, int looks, const int *in_all)
{
    for (int look = 0; look <= looks; look++)
        assert_int_equal(looks_seeds(seeds, looks, look), in_all[look]);
}

static void rounds_are_as_equal_as_can_be_and_larger_ones_first(void **state)
{
    (void)state;
    assert_rounds(20, 5, (const int[]){0, 4, 8, 12, 16, 20});
    assert_rounds(8, 3, (const int[]){0, 3, 6, 8});
    assert_rounds(6, 5, (const int[]){0, 2, 3, 4, 5, 6});
    assert_rounds(11, 10, (const int[]){0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    assert_rounds(7, 2, (const int[]){0, 4, 7});
}

static void without_looks_all_seeds_come_in_at_once(void **state)
{
    (void)state;
    assert_int_equal(looks_seeds(7, 0, 1), 7);
    assert_int_equal(looks_of_seed(7, 0, 6), 1);
}

static void a_seed_comes_in_with_the_first_look_that_counts_it(void **state)
{
    (void)state;
    static const int looks[] = {1, 1, 1, 2, 2, 2, 3, 3};
    for (int place = 0; place < 8; place++)
        assert_int_equal(looks_of_seed(8, 3, place), looks[place]);
}

static void the_fewest_seeds_give_the_first_round_two_and_the_others_one(void **state)
{
    (void)state;
    for (int looks = 2; looks <= LOOKS_MAX; looks++) {
        const int least = looks_seeds_least(looks);
        assert_int_equal(looks_seeds(least, looks, 1), 2);
        assert_int_equal(looks_seeds(least - 1, looks, 1), 1);
        for (int look = 1; look <= looks; look++)
            assert_int_equal(looks_seeds(least, looks, look), look + 1);
    }
}

static void the_first_decision_about_an_arm_stands(void **state)
{
    (void)state;
    static const struct look_entry entries[] = {
        {.look = 1, .arm = 1, .verdict = VERDICT_UNDECIDED},
        {.look = 1, .arm = 2, .verdict = VERDICT_WORSE},
        {.look = 2, .arm = 1, .verdict = VERDICT_EQUIVALENT},
        {.look = 3, .arm = 1, .verdict = VERDICT_BETTER},
        {.look = 3, .arm = 7, .verdict = VERDICT_BETTER},
    };
    struct arm_decision decisions[3];
    assert_int_equal(looks_decisions(entries, 5, 3, decisions), 3);
    assert_int_equal(decisions[0].look, 0);
    assert_int_equal(decisions[1].look, 2);
    assert_int_equal(decisions[1].verdict, VERDICT_EQUIVALENT);
    assert_int_equal(decisions[2].look, 1);
    assert_int_equal(decisions[2].verdict, VERDICT_WORSE);
    assert_int_equal(looks_decisions(NULL, 0, 3, decisions), 0);
    assert_int_equal(decisions[2].look, 0);
}

/* --- in a plan --------------------------------------------------------------------------------
 */

static void plan_text(const char *more, struct job_plan *plan)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *text =
        xprintf("{\"kind\": \"compare\", \"base\": {\"dataset\": \"digits\", \"model\": "
                "\"softmax\", \"optimizer\": {\"type\": \"sgd\", \"lr\": 1}}, \"arms\": "
                "[{\"name\": \"a\", \"patch\": {}}, {\"name\": \"b\", \"patch\": {}}],"
                " \"seeds\": [7, 5, 6, 4, 3], \"sequential\": {\"looks\": 3}%s}",
                more);
    json_auto_t *catalog = sample_catalog(), *body = json_loads(text, 0, NULL);
    struct error err;

    job_plan_read(catalog, sample_lookup, NULL, body, plan, &problems);
    if (problems_check(&problems, &err) < 0)
        fail_msg("%s", err.sentence);
}

/* Rounds of 2, 2 and 1 seeds, of two arms. */
static void runs_of_the_first_round_alone_may_begin(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("", &plan);
    assert_int_equal(plan.judging.looks, 3);
    assert_int_equal(plan.run_count, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(plan.runs[i].waiting, i >= 4);
        assert_int_equal(plan.runs[i].variant, i % 2);
    }
    assert_int_equal(plan.runs[4].seed, 6);
    job_plan_release(&plan);
}

static void with_tuning_all_report_runs_wait(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(", \"tune\": {\"over\": {\"/optimizer/lr\": [0.1, 0.2]}, \"seeds\": [1]}", &plan);
    assert_int_equal(plan.tuning_run_count, 4);
    for (int i = 0; i < 14; i++)
        assert_int_equal(plan.runs[i].waiting, i >= 4);
    job_plan_release(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_are_as_equal_as_can_be_and_larger_ones_first),
        cmocka_unit_test(without_looks_all_seeds_come_in_at_once),
        cmocka_unit_test(a_seed_comes_in_with_the_first_look_that_counts_it),
        cmocka_unit_test(the_fewest_seeds_give_the_first_round_two_and_the_others_one),
        cmocka_unit_test(the_first_decision_about_an_arm_stands),
        cmocka_unit_test(runs_of_the_first_round_alone_may_begin),
        cmocka_unit_test(with_tuning_all_report_runs_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
