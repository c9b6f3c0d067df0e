#include "support/check.h"
#include "support/folder.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>

static json_t *parse(const char *text)
{
    json_t *value = NULL;
    struct error err;
    if (json_read(text, strlen(text), &value, &err) < 0)
        fail_msg("%s: %s", text, err.sentence);
    return value;
}

static void refuses(const char *text, const char *piece)
{
    json_t *value = NULL;
    struct error err;
    assert_int_equal(json_read(text, strlen(text), &value, &err), -1);
    assert_int_equal(err.kind, ERROR_MALFORMED);
    assert_says(err.sentence, piece);
    assert_null(value);
}

static void same_value(json_t *got, const char *want)
{
    json_t *wanted = parse(want);
    AUTO_FREE char *text = json_compact(got);
    if (!json_equal(got, wanted))
        fail_msg("%s is not %s", text, want);
    json_decref(wanted);
}

/* --- reading ------------------------------------------------------------------------------- */

static void reading_is_strict(void **state)
{
    (void)state;
    refuses("{\"a\": 1, \"a\": 2}", "duplicate");
    refuses("{\"a\": 1} x", "line 1");
    refuses("{\"a\": 1e400}", "line 1");
    refuses("{\"a\":\n 1,\n}", "line 3");
    refuses("", "line 1");
    refuses("\"\\ud800\"", "line 1");
    refuses("{\"a\": NaN}", "line 1");
}

static char *nested(int levels)
{
    char *text = xcalloc((size_t)(2 * levels) + 1, 1);
    memset(text, '[', (size_t)levels);
    memset(text + levels, ']', (size_t)levels);
    return text;
}

static void nesting_has_a_limit(void **state)
{
    AUTO_FREE char *most = nested(JSON_DEPTH_MAX);
    AUTO_FREE char *more = nested(JSON_DEPTH_MAX + 1);
    AUTO_FREE char *bomb = nested(100000);
    (void)state;
    json_decref(parse(most));
    refuses(more, "deeper than 32");
    refuses(bomb, "deeper than 32");
}

/* Brackets in text do not nest, whatever quotes and backslashes stand around them. */
static void brackets_in_text_do_not_count(void **state)
{
    AUTO_FREE char *open = nested(50);
    AUTO_FREE char *text = xprintf("{\"a\": \"\\\\\\\"%s\", \"b\": \"\\\\\"}", open);
    (void)state;
    json_decref(parse(text));
}

static void files_have_a_size_limit(void **state)
{
    struct folder folder = folder_make();
    json_t *value = NULL;
    struct error err;
    (void)state;

    folder_write(&folder, "a.json", "[1, 2]", 6);
    assert_int_equal(json_read_file(folder_path(&folder, "a.json"), 6, &value, &err), 0);
    same_value(value, "[1, 2]");
    json_decref(value);
    value = NULL;
    assert_int_equal(json_read_file(folder_path(&folder, "a.json"), 5, &value, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);
    assert_int_equal(json_read_file(folder_path(&folder, "none"), 5, &value, &err), -1);
    assert_says(err.sentence, "none");
    folder_remove(&folder);
}

/* --- values -------------------------------------------------------------------------------- */

static void text_that_is_not_utf8_is_mended(void **state)
{
    (void)state;
    json_t *whole = json_text("größer");
    json_t *broken = json_text("a\xff"
                               "b");
    assert_string_equal(json_string_value(whole), "größer");
    assert_string_equal(json_string_value(broken), "a\xEF\xBF\xBD"
                                                   "b");
    json_decref(whole);
    json_decref(broken);
}

static void numbers_that_json_has_not_become_null(void **state)
{
    (void)state;
    json_t *number = json_number(0.5), *infinite = json_number(HUGE_VAL),
           *none = json_number((double)NAN);
    assert_true(json_real_value(number) == 0.5);
    assert_true(json_is_null(infinite));
    assert_true(json_is_null(none));
    json_decref(number);
}

static void equal_values_give_equal_text(void **state)
{
    json_t *one = parse("{\"b\": 0.1, \"a\": [1, 2.0]}");
    json_t *other = parse("{ \"a\":[1,2.0],\"b\":1e-1 }");
    AUTO_FREE char *first = json_compact(one);
    AUTO_FREE char *second = json_compact(other);
    (void)state;
    assert_string_equal(first, second);
    assert_string_equal(first, "{\"a\":[1,2.0],\"b\":0.10000000000000001}");
    json_decref(one);
    json_decref(other);
}

static void members_of_another_type_count_as_absent(void **state)
{
    json_t *object = parse("{\"text\": \"x\", \"whole\": 3, \"real\": 1.5, \"flag\": true}");
    (void)state;
    assert_string_equal(json_text_at(object, "text", "-"), "x");
    assert_string_equal(json_text_at(object, "whole", "-"), "-");
    assert_int_equal(json_integer_at(object, "whole", -1), 3);
    assert_int_equal(json_integer_at(object, "real", -1), -1);
    assert_true(json_number_at(object, "whole", 0) == 3.0);
    assert_true(json_number_at(object, "text", 7) == 7.0);
    assert_true(json_flag_at(object, "flag", false));
    assert_true(json_flag_at(object, "none", true));
    json_decref(object);
}

/* --- pointers (the examples of RFC 6901, section 5) ------------------------------------------ */

static void pointers_find_what_the_rfc_says(void **state)
{
    static const struct {
        const char *pointer, *value;
    } cases[] = {{"/foo", "[\"bar\", \"baz\"]"},
                 {"/foo/0", "\"bar\""},
                 {"/", "0"},
                 {"/a~1b", "1"},
                 {"/c%d", "2"},
                 {"/e^f", "3"},
                 {"/g|h", "4"},
                 {"/i\\j", "5"},
                 {"/k\"l", "6"},
                 {"/ ", "7"},
                 {"/m~0n", "8"}};
    static const char *const nowhere[] = {"foo",   "/foo/2", "/foo/00", "/foo/-",  "/foo/+1",
                                          "/none", "/a~2b",  "/a~",     "/foo/bar"};
    json_t *document = parse("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, "
                             "\"e^f\": 3, \"g|h\": 4, \"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, "
                             "\"m~n\": 8}");
    (void)state;

    assert_ptr_equal(json_pointer_get(document, ""), document);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        same_value(json_pointer_get(document, cases[i].pointer), cases[i].value);
    for (size_t i = 0; i < COUNT_OF(nowhere); i++)
        assert_null(json_pointer_get(document, nowhere[i]));
    json_decref(document);
}

static void joining_escapes(void **state)
{
    AUTO_FREE char *joined = json_pointer_join("/a", "b/c~d");
    (void)state;
    assert_string_equal(joined, "/a/b~1c~0d");
}

static void setting_makes_what_is_missing(void **state)
{
    json_t *document = parse("{\"a\": {\"b\": 1}, \"list\": [1, 2]}");
    (void)state;
    assert_int_equal(json_pointer_set(document, "/a/b", json_integer(2), NULL), 0);
    assert_int_equal(json_pointer_set(document, "/x/y/z", json_integer(3), NULL), 0);
    assert_int_equal(json_pointer_set(document, "/list/0", json_integer(7), NULL), 0);
    assert_int_equal(json_pointer_set(document, "/list/-", json_integer(8), NULL), 0);
    assert_int_equal(json_pointer_set(document, "/list/3", json_integer(9), NULL), 0);
    same_value(document, "{\"a\": {\"b\": 2}, \"list\": [7, 2, 8, 9], \"x\": {\"y\": {\"z\": 3}}}");
    json_decref(document);
}

static void setting_refuses_what_leads_nowhere(void **state)
{
    static const char *const pointers[] = {"", "a", "/n/x", "/list/5", "/list/x", "/a~3"};
    json_t *document = parse("{\"n\": 1, \"list\": [1]}");
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pointers); i++) {
        struct error err;
        assert_int_equal(json_pointer_set(document, pointers[i], json_integer(1), &err), -1);
        assert_says(err.sentence, pointers[i]);
    }
    same_value(document, "{\"n\": 1, \"list\": [1]}");
    json_decref(document);
}

/* --- merge patches (the examples of RFC 7396, appendix A) ------------------------------------ */

static void patches_do_what_the_rfc_says(void **state)
{
    static const struct {
        const char *target, *patch, *result;
    } cases[] = {
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *target = parse(cases[i].target), *patch = parse(cases[i].patch);
        json_t *merged = json_merge_patch(target, patch);
        same_value(merged, cases[i].result);
        same_value(target, cases[i].target);
        json_decref(merged);
        json_decref(target);
        json_decref(patch);
    }
}

/* --- nearest names --------------------------------------------------------------------------- */

static void near_names_are_suggested_and_far_ones_not(void **state)
{
    static const char *const names[] = {"sgd", "momentum", "nesterov", "adam", "adamw"};
    (void)state;
    assert_string_equal(nearest_name("sdg", names, 5), "sgd"); /* swapped letters are one slip */
    assert_string_equal(nearest_name("adma", names, 5), "adam");
    assert_string_equal(nearest_name("nestorov", names, 5), "nesterov");
    assert_string_equal(nearest_name("adamx", names, 5), "adam");
    assert_null(nearest_name("lbfgs", names, 5));
    assert_null(nearest_name("", names, 5));
    assert_null(nearest_name("zz", names, 5));
    AUTO_FREE char *endless = xcalloc(100001, 1);
    memset(endless, 'a', 100000);
    assert_null(nearest_name(endless, names, 5));
}

static void names_in_a_sentence_are_whole(void **state)
{
    (void)state;
    static const char *const names[] = {"sgd", "adam", "nesterov"};
    char all[32], some[16], one[14], least[8];

    names_joined(names, 3, all, sizeof all);
    assert_string_equal(all, "sgd, adam, nesterov");
    names_joined(names, 3, some, sizeof some); /* 9 bytes, and 5 for what is left out */
    assert_string_equal(some, "sgd, adam, …");
    names_joined(names, 3, one, sizeof one);
    assert_string_equal(one, "sgd, …");
    names_joined(names, 3, least, sizeof least);
    assert_string_equal(least, "…");
    names_joined(names, 0, all, sizeof all);
    assert_string_equal(all, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_is_strict),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(brackets_in_text_do_not_count),
        cmocka_unit_test(files_have_a_size_limit),
        cmocka_unit_test(text_that_is_not_utf8_is_mended),
        cmocka_unit_test(numbers_that_json_has_not_become_null),
        cmocka_unit_test(equal_values_give_equal_text),
        cmocka_unit_test(members_of_another_type_count_as_absent),
        cmocka_unit_test(pointers_find_what_the_rfc_says),
        cmocka_unit_test(joining_escapes),
        cmocka_unit_test(setting_makes_what_is_missing),
        cmocka_unit_test(setting_refuses_what_leads_nowhere),
        cmocka_unit_test(patches_do_what_the_rfc_says),
        cmocka_unit_test(near_names_are_suggested_and_far_ones_not),
        cmocka_unit_test(names_in_a_sentence_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
