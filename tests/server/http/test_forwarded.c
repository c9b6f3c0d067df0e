/* Whom a proxy speaks for, and who may say so. */
#include "support/check.h"

#include "http/forwarded.h"

#include "memory.h"

static const char *const proxies[] = {"10.0.0.1", "::1", "10.0.0.2", NULL};

static void check(const char *peer, const char *header, const char *client)
{
    char got[ADDRESS_BYTES];
    forwarded_client(peer, header, strlen(header), proxies, got);
    assert_string_equal(got, client);
}

static void a_proxy_s_word_is_taken_for_whom_it_heard(void **state)
{
    (void)state;
    check("10.0.0.1", "192.0.2.7", "192.0.2.7");
    check("::1", "2001:db8::7", "2001:db8::7");
    check("10.0.0.1", " [2001:DB8:0::7]:443 ", "2001:db8::7");
    check("10.0.0.1", "192.0.2.7:5000", "192.0.2.7");
    check("10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7");
}

static void what_stands_further_left_is_hearsay(void **state)
{
    (void)state;
    check("10.0.0.1", "127.0.0.1, 192.0.2.7", "192.0.2.7");
    check("10.0.0.1", "127.0.0.1,10.0.0.9,192.0.2.7 , 10.0.0.2", "192.0.2.7");
    check("10.0.0.1", "10.0.0.2, 10.0.0.2", "10.0.0.2");
}

static void nobody_else_is_believed(void **state)
{
    (void)state;
    check("192.0.2.1", "127.0.0.1", "192.0.2.1");
    char got[ADDRESS_BYTES];
    forwarded_client("10.0.0.1", "127.0.0.1", 9, NULL, got);
    assert_string_equal(got, "10.0.0.1");
}

static void what_is_no_address_is_not_taken(void **state)
{
    (void)state;
    check("10.0.0.1", "unknown", "10.0.0.1");
    check("10.0.0.1", "192.0.2.7, _hidden, 10.0.0.2", "10.0.0.2");
    check("10.0.0.1", "", "10.0.0.1");
    check("10.0.0.1", ",", "10.0.0.1");
    check("10.0.0.1", "127.0.0.1.evil", "10.0.0.1");
    check("10.0.0.1", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", "10.0.0.1");
}

static void loopback_is_told_from_others(void **state)
{
    static const char *const here[] = {"127.0.0.1", "127.8.9.10", "::1"};
    static const char *const elsewhere[] = {"128.0.0.1", "::2", "", "10.127.0.1"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(here); i++)
        assert_true(address_is_loopback(here[i]));
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++)
        assert_false(address_is_loopback(elsewhere[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proxy_s_word_is_taken_for_whom_it_heard),
        cmocka_unit_test(what_stands_further_left_is_hearsay),
        cmocka_unit_test(nobody_else_is_believed),
        cmocka_unit_test(what_is_no_address_is_not_taken),
        cmocka_unit_test(loopback_is_told_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
