#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "settings.h"
#include "spec.h"

#include <stdlib.h>

enum { RATE, COUNT, NESTEROV, SHAPE, POINTS, LIMIT, EPOCHS };

static const struct setting settings[] = {
    {.name = "rate",
     .type = SETTING_NUMBER,
     .required = true,
     .low = 0,
     .above_low = true,
     .high = 1,
     .unit = "1/s",
     .help = "how fast"},
    {.name = "count", .type = SETTING_INTEGER, .low = 1, .high = 9, .fallback = 3, .help = "n"},
    {.name = "nesterov", .type = SETTING_FLAG, .help = "look ahead"},
    {.name = "shape",
     .type = SETTING_CHOICE,
     .choices = "linear|1-sqrt|cosine",
     .fallback_text = "cosine",
     .help = "of the decay"},
    {.name = "points",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1,
     .least = 1,
     .most = 4,
     .rising = true,
     .fallback_text = "[0.25, 0.5]",
     .help = "where"},
    {.name = "limit",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = -HUGE_VAL,
     .high = HUGE_VAL,
     .help = "or none"},
    {.name = "epochs", .type = SETTING_INTEGER, .absent = true, .low = 1, .high = 5, .help = "?"},
    {0},
};

static struct chosen read_text(const char *text)
{
    struct chosen chosen;
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    chosen_read(settings, object, &chosen);
    json_decref(object);
    return chosen;
}

static void a_table_describes_itself(void **state)
{
    json_t *described = settings_describe(settings);
    json_t *wanted = json_loads(
        "[{\"name\": \"rate\", \"type\": \"number\", \"required\": true, \"low\": 0.0,"
        "  \"high\": 1.0, \"above_low\": true, \"unit\": \"1/s\", \"help\": \"how fast\"},"
        " {\"name\": \"count\", \"type\": \"integer\", \"low\": 1.0, \"high\": 9.0,"
        "  \"help\": \"n\", \"default\": 3},"
        " {\"name\": \"nesterov\", \"type\": \"flag\", \"help\": \"look ahead\","
        "  \"default\": false},"
        " {\"name\": \"shape\", \"type\": \"choice\","
        "  \"choices\": [\"linear\", \"1-sqrt\", \"cosine\"], \"help\": \"of the decay\","
        "  \"default\": \"cosine\"},"
        " {\"name\": \"points\", \"type\": \"numbers\", \"low\": 0.0, \"high\": 1.0, \"least\": 1,"
        "  \"most\": 4, \"rising\": true, \"help\": \"where\", \"default\": [0.25, 0.5]},"
        " {\"name\": \"limit\", \"type\": \"number\", \"nullable\": true, \"low\": null,"
        "  \"high\": null, \"help\": \"or none\", \"default\": null},"
        " {\"name\": \"epochs\", \"type\": \"integer\", \"low\": 1.0, \"high\": 5.0,"
        "  \"help\": \"?\"}]",
        0, NULL);
    (void)state;

    assert_non_null(wanted);
    assert_int_equal(json_array_size(described), json_array_size(wanted));
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        AUTO_FREE char *got = json_compact(json_array_get(described, i));
        AUTO_FREE char *want = json_compact(json_array_get(wanted, i));
        assert_string_equal(got, want);
    }
    json_decref(described);
    json_decref(wanted);
}

static void no_table_describes_an_empty_one(void **state)
{
    json_t *described = settings_describe(NULL);
    (void)state;
    assert_int_equal(json_array_size(described), 0);
    json_decref(described);
}

static void code_gets_numbers_by_place(void **state)
{
    struct chosen chosen =
        read_text("{\"rate\": 0.5, \"count\": 4, \"nesterov\": true, \"shape\": \"1-sqrt\","
                  " \"points\": [0.1, 0.2, 0.9], \"limit\": 2}");
    (void)state;
    assert_true(chosen.number[RATE] == 0.5);
    assert_true(chosen.number[COUNT] == 4.0);
    assert_true(chosen.number[NESTEROV] == 1.0);
    assert_true(chosen.number[SHAPE] == 1.0);
    assert_int_equal(chosen.count[POINTS], 3);
    assert_true(chosen.list[POINTS][2] == 0.9);
    assert_true(chosen.number[LIMIT] == 2.0);
    chosen_release(&chosen);
    assert_int_equal(chosen.settings, 0);
}

static void null_and_absent_are_no_numbers(void **state)
{
    struct chosen chosen = read_text("{\"rate\": 0.5, \"limit\": null}");
    (void)state;
    assert_true(isnan(chosen.number[LIMIT]));
    assert_true(isnan(chosen.number[EPOCHS]));
    assert_int_equal(chosen.count[POINTS], 0);
    chosen_release(&chosen);
}

static void code_gets_the_members_of_an_object(void **state)
{
    enum { FIRST, SECOND, PLACES };
    static const struct setting members[] = {
        {.name = "x", .type = SETTING_NUMBER, .low = 0, .high = 9, .fallback = 1, .help = "x"},
        {.name = "y", .type = SETTING_NUMBERS, .low = 0, .high = 9, .most = 2, .help = "y"},
        {0},
    };
    static const struct setting table[] = {
        [FIRST] = {.name = "first", .type = SETTING_OBJECT, .members = members, .nullable = true},
        [SECOND] = {.name = "second", .type = SETTING_OBJECT, .members = members, .nullable = true},
        [PLACES] = {0},
    };
    json_t *object =
        json_loads("{\"first\": {\"x\": 3, \"y\": [5, 7]}, \"second\": null}", 0, NULL);
    struct chosen chosen;
    (void)state;

    chosen_read(table, object, &chosen);
    assert_true(chosen.number[FIRST] == 1.0);
    assert_int_equal(chosen.object[FIRST].settings, 2);
    assert_true(chosen.object[FIRST].number[0] == 3.0);
    assert_true(chosen.object[FIRST].list[1][1] == 7.0);
    assert_true(isnan(chosen.number[SECOND]));
    assert_int_equal(chosen.object[SECOND].settings, 0);
    chosen_release(&chosen);
    json_decref(object);
}

static void the_help_table_says_range_default_and_unit(void **state)
{
    json_t *described = settings_describe(settings);
    AUTO_FREE char *table = settings_table(described, "> ");
    (void)state;
    assert_says(table, "> rate ");
    assert_says(table, ">0 … 1");
    assert_says(table, "required");
    assert_says(table, "[1/s]");
    assert_says(table, "linear|1-sqrt|cosine");
    assert_says(table, "[0.25,0.5]");
    assert_says(table, "null");
    json_decref(described);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_describes_itself),
        cmocka_unit_test(no_table_describes_an_empty_one),
        cmocka_unit_test(code_gets_numbers_by_place),
        cmocka_unit_test(null_and_absent_are_no_numbers),
        cmocka_unit_test(code_gets_the_members_of_an_object),
        cmocka_unit_test(the_help_table_says_range_default_and_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
