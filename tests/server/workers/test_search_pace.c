/* When proposals have to be quick. */
#include "support/check.h"

#include "workers/search_pace.h"

static void nothing_is_hurried_before_a_run_has_ended(void **state)
{
    (void)state;
    struct search_pace pace = {.run_ms = 0};
    pace_proposals(&pace, 1000, 1);
    assert_false(pace_hurries(&pace, 16));
    pace_run(&pace, 1);
    assert_true(pace_hurries(&pace, 16));
}

/* 40 ms a proposal: one for each of sixteen takes 640 ms. */
static void long_runs_are_worth_waiting_for(void **state)
{
    (void)state;
    struct search_pace pace = {.run_ms = 0};
    for (int i = 0; i < 100; i++)
        pace_proposals(&pace, 160, 4);
    pace_run(&pace, 650);
    assert_false(pace_hurries(&pace, 16));
    assert_true(pace_hurries(&pace, 17));
}

static void a_few_are_never_in_a_hurry(void **state)
{
    (void)state;
    struct search_pace pace = {.run_ms = 0};
    pace_run(&pace, 1);
    pace_proposals(&pace, 1000, 1);
    for (int i = 0; i < 100; i++)
        assert_false(pace_hurries(&pace, PACE_ASKERS - 1));
    assert_true(pace_hurries(&pace, PACE_ASKERS));
}

/* 16 x 0.98^34 is 8.05. */
static void those_who_are_telling_still_count_as_askers(void **state)
{
    (void)state;
    struct search_pace pace = {.run_ms = 0};
    pace_run(&pace, 1);
    pace_proposals(&pace, 1000, 1);
    assert_true(pace_hurries(&pace, 16));
    for (int i = 0; i < 34; i++)
        assert_true(pace_hurries(&pace, 1));
    assert_false(pace_hurries(&pace, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_hurried_before_a_run_has_ended),
        cmocka_unit_test(long_runs_are_worth_waiting_for),
        cmocka_unit_test(a_few_are_never_in_a_hurry),
        cmocka_unit_test(those_who_are_telling_still_count_as_askers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
