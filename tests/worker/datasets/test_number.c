#include "support/check.h"

#include "datasets/number.h"

#include <stdlib.h>

static void numbers_are_the_nearest_doubles(void **state)
{
    /* strtod() is the other formula; the last ones are hard cases for short cuts: halfway between
     * doubles, beyond 2^53, and an exponent that only the digits behind the point make small. */
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1",
                                        "-1.5",
                                        ".5",
                                        "5.",
                                        "1e3",
                                        "1E-3",
                                        "0.1",
                                        "3.14159",
                                        "1e22",
                                        "1e23",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "0.1e-300",
                                        "1.7976931348623157e308",
                                        "4.9e-324",
                                        "2.2250738585072011e-308",
                                        "8.41",
                                        "1000000000000000000000e-20"};
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double number = -77;
        assert_true(number_read(texts[i], strlen(texts[i]), &number));
        assert_true(number == strtod(texts[i], NULL));
    }
}

static void what_is_not_one_number_is_refused(void **state)
{
    static const char *const texts[] = {"",      " ",   "-",  "+",    ".",     "e5",    "1e",
                                        "1e+",   "1 2", "1x", "0x10", "inf",   "nan",   "--1",
                                        "1.2.3", "1,5", " 1", "1 ",   "1e999", "-1e400"};
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double number = -77;
        assert_false(number_read(texts[i], strlen(texts[i]), &number));
        assert_true(number == -77);
    }
}

static void only_the_bytes_given_are_read(void **state)
{
    double number;
    (void)state;
    assert_true(number_read("123,456", 3, &number));
    assert_true(number == 123);
}

static void numbers_are_written_short(void **state)
{
    char text[NUMBER_BYTES_MAX];
    (void)state;
    number_write(-1, text);
    assert_string_equal(text, "-1");
    number_write(0.1, text);
    assert_string_equal(text, "0.1");
    number_write(0.1 + 0.2, text); /* known not to be 0.3 */
    assert_string_equal(text, "0.30000000000000004");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_nearest_doubles),
        cmocka_unit_test(what_is_not_one_number_is_refused),
        cmocka_unit_test(only_the_bytes_given_are_read),
        cmocka_unit_test(numbers_are_written_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
