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
    for (int i = 0; i < 100; i++)
        pace_run(&pace, 30);
    assert_true(pace_hurries(&pace, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_hurried_before_a_run_has_ended),
        cmocka_unit_test(long_runs_are_worth_waiting_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
