/* How often; all by hand, with a clock that is passed in. */
#include "support/check.h"

#include "auth/limits.h"

#include <stdio.h>

static void a_second_s_worth_may_come_at_once_and_then_as_time_goes(void **state)
{
    struct allowance allowance = {0};
    int64_t wait_ms;
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_true(allowance_take(&allowance, 20, 5000, &wait_ms));
    assert_false(allowance_take(&allowance, 20, 5000, &wait_ms));
    assert_int_equal(wait_ms, 50);
    assert_false(allowance_take(&allowance, 20, 5049, &wait_ms));
    assert_int_equal(wait_ms, 1);
    assert_true(allowance_take(&allowance, 20, 5050, &wait_ms));
    assert_false(allowance_take(&allowance, 20, 5050, &wait_ms));
}

static void an_idle_hour_saves_up_one_second(void **state)
{
    struct allowance allowance = {0};
    int64_t wait_ms;
    int taken = 0;
    (void)state;
    assert_true(allowance_take(&allowance, 20, 1, &wait_ms));
    while (allowance_take(&allowance, 20, 3600000, &wait_ms))
        taken++;
    assert_int_equal(taken, 20);
}

static void without_a_rate_there_is_no_limit(void **state)
{
    struct allowance allowance = {0};
    int64_t wait_ms;
    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_true(allowance_take(&allowance, 0, 1, &wait_ms));
}

/* 1,000 in a minute, evenly: 20 free ones and 20 that come back in that minute; the others wait. */
static void a_thousand_wrong_tokens_a_minute_are_slowed_down(void **state)
{
    struct suspects *suspects = suspects_new();
    int free = 0;
    (void)state;
    for (int i = 0; i < 1000; i++)
        free += suspects_note(suspects, "192.0.2.7", 1000 + 60 * i) == 0;
    assert_in_range(free, 39, 40);
    suspects_note(suspects, "192.0.2.7", 61000);
    assert_int_equal(suspects_note(suspects, "192.0.2.7", 61000), WRONG_HOLD_MS);
    assert_int_equal(suspects_note(suspects, "192.0.2.8", 61000), 0); /* somebody else */
    assert_int_equal(suspects_note(suspects, "192.0.2.7", 200000), 0);
    suspects_free(suspects);
}

static void a_network_of_ipv6_is_one_address(void **state)
{
    struct suspects *suspects = suspects_new();
    char address[64];
    int held = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(address, sizeof address, "2001:db8:1:2::%x", i);
        held += suspects_note(suspects, address, 1000) > 0;
    }
    assert_int_equal(held, 100 - WRONG_FREE);
    assert_int_equal(suspects_note(suspects, "2001:db8:1:3::1", 1000), 0);
    suspects_free(suspects);
}

static void very_many_addresses_take_no_more_room(void **state)
{
    struct suspects *suspects = suspects_new();
    char address[64];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(address, sizeof address, "10.%d.%d.%d", i >> 16, (i >> 8) & 255, i & 255);
        assert_int_equal(suspects_note(suspects, address, 1000 + i), 0);
    }
    suspects_free(suspects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_may_come_at_once_and_then_as_time_goes),
        cmocka_unit_test(an_idle_hour_saves_up_one_second),
        cmocka_unit_test(without_a_rate_there_is_no_limit),
        cmocka_unit_test(a_thousand_wrong_tokens_a_minute_are_slowed_down),
        cmocka_unit_test(a_network_of_ipv6_is_one_address),
        cmocka_unit_test(very_many_addresses_take_no_more_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
