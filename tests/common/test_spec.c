/* Specifications against a small catalogue of the test's own. */
#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "settings.h"
#include "spec.h"

#include <stdlib.h>

static const struct setting optimizer_settings[] = {
    {.name = "lr",
     .type = SETTING_NUMBER,
     .required = true,
     .low = 0,
     .above_low = true,
     .high = 10,
     .help = "learning rate"},
    {.name = "beta",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .below_high = true,
     .fallback = 0.9,
     .help = "b"},
    {0},
};

static const struct setting problem_settings[] = {
    {.name = "eigenvalues",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 100,
     .least = 1,
     .most = 3,
     .required = true,
     .help = "curvatures"},
    {.name = "start",
     .type = SETTING_NUMBERS,
     .low = -9,
     .high = 9,
     .least = 1,
     .most = 3,
     .nullable = true,
     .as_many_as = "eigenvalues",
     .help = "where it begins"},
    {0},
};

static const struct setting stop_settings[] = {
    {.name = "metric",
     .type = SETTING_CHOICE,
     .required = true,
     .choices = "loss|accuracy",
     .help = "which"},
    {.name = "at_most",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = -9,
     .high = 9,
     .help = "l"},
    {.name = "at_least",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = -9,
     .high = 9,
     .help = "h"},
    {0},
};

static const struct setting spec_settings[] = {
    {.name = "dataset", .type = SETTING_TEXT, .absent = true, .high = 8, .help = "data"},
    {.name = "problem",
     .type = SETTING_PLUGIN,
     .absent = true,
     .registry = "problem",
     .help = "problem"},
    {.name = "loss",
     .type = SETTING_NAME,
     .nullable = true,
     .registry = "loss",
     .with = "dataset",
     .help = "loss"},
    {.name = "batch_size",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 64,
     .fallback = 32,
     .with = "dataset",
     .help = "examples"},
    {.name = "optimizer",
     .type = SETTING_PLUGIN,
     .required = true,
     .registry = "optimizer",
     .help = "how"},
    {.name = "epochs", .type = SETTING_INTEGER, .absent = true, .low = 1, .high = 100, .help = "e"},
    {.name = "steps", .type = SETTING_INTEGER, .absent = true, .low = 1, .high = 1e6, .help = "s"},
    {.name = "shape",
     .type = SETTING_CHOICE,
     .choices = "linear|cosine",
     .fallback_text = "linear",
     .help = "shape"},
    {.name = "hidden",
     .type = SETTING_INTEGERS,
     .low = 1,
     .high = 1000,
     .least = 0,
     .most = 3,
     .fallback_text = "[]",
     .help = "widths"},
    {.name = "rising",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1,
     .least = 1,
     .most = 3,
     .rising = true,
     .fallback_text = "[0.5]",
     .help = "points"},
    {.name = "clip",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 0,
     .above_low = true,
     .high = 9,
     .help = "limit"},
    {.name = "exact", .type = SETTING_FLAG, .help = "flag"},
    {.name = "stop_when",
     .type = SETTING_OBJECT,
     .nullable = true,
     .members = stop_settings,
     .help = "stop"},
    {0},
};

static json_t *make_catalog(void)
{
    return json_pack("{s:o, s:{s:[{s:s, s:o}, {s:s, s:[]}], s:[{s:s, s:o}], s:[{s:s, s:[]}]}}",
                     "spec", settings_describe(spec_settings), "registries", "optimizer", "name",
                     "adam", "settings", settings_describe(optimizer_settings), "name", "sgd",
                     "settings", "problem", "name", "quadratic", "settings",
                     settings_describe(problem_settings), "loss", "name", "cross_entropy",
                     "settings");
}

static json_t *resolve(const char *text, struct problems *problems)
{
    json_t *catalog = make_catalog();
    json_t *spec = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(catalog);
    assert_non_null(spec);
    json_t *resolved = spec_resolve(catalog, spec, "/spec", problems);
    json_decref(spec);
    json_decref(catalog);
    return resolved;
}

static void gives(const char *text, const char *want)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *resolved = resolve(text, &problems);
    if (problems.found)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    json_t *wanted = json_loads(want, 0, NULL);
    assert_non_null(wanted);
    AUTO_FREE char *got = json_compact(resolved);
    AUTO_FREE char *expected = json_compact(wanted);
    assert_string_equal(got, expected);
    json_decref(wanted);
    json_decref(resolved);
}

/* One problem alone, at this pointer, saying this. */
static void refuses(const char *text, const char *pointer, const char *piece)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_decref(resolve(text, &problems));
    if (problems.found != 1 || strcmp(problems.list[0].pointer, pointer) != 0) {
        for (int i = 0; i < problems.count; i++)
            print_error("%s: %s\n", problems.list[i].pointer, problems.list[i].detail);
        fail_msg("%s: %d problems, expected one at %s", text, problems.found, pointer);
    }
    assert_says(problems.list[0].detail, piece);
}

/* --- what is laid in ----------------------------------------------------------------------- */

static void every_default_is_laid_in(void **state)
{
    (void)state;
    gives("{\"dataset\": \"digits\", \"optimizer\": {\"type\": \"adam\", \"lr\": 1}}",
          "{\"dataset\": \"digits\", \"loss\": null, \"batch_size\": 32,"
          " \"optimizer\": {\"type\": \"adam\", \"lr\": 1.0, \"beta\": 0.9},"
          " \"shape\": \"linear\", \"hidden\": [], \"rising\": [0.5], \"clip\": null,"
          " \"exact\": false, \"stop_when\": null, \"epochs\": 10}");
}

static void a_problem_has_steps_and_nothing_of_data_sets(void **state)
{
    (void)state;
    gives("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4]},"
          " \"optimizer\": \"sgd\"}",
          "{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1.0, 4.0], \"start\": null},"
          " \"optimizer\": {\"type\": \"sgd\"}, \"shape\": \"linear\", \"hidden\": [],"
          " \"rising\": [0.5], \"clip\": null, \"exact\": false, \"stop_when\": null,"
          " \"steps\": 1000}");
}

static void what_is_given_stays(void **state)
{
    (void)state;
    gives("{\"dataset\": \"d\", \"optimizer\": \"sgd\", \"steps\": 5.0, \"loss\":"
          " \"cross_entropy\", \"batch_size\": 64, \"shape\": \"cosine\", \"hidden\": [10, 20],"
          " \"rising\": [0, 1], \"clip\": 0.5, \"exact\": true,"
          " \"stop_when\": {\"metric\": \"loss\", \"at_most\": 0.1}}",
          "{\"dataset\": \"d\", \"optimizer\": {\"type\": \"sgd\"}, \"steps\": 5, \"loss\":"
          " \"cross_entropy\", \"batch_size\": 64, \"shape\": \"cosine\", \"hidden\": [10, 20],"
          " \"rising\": [0.0, 1.0], \"clip\": 0.5, \"exact\": true,"
          " \"stop_when\": {\"metric\": \"loss\", \"at_most\": 0.1, \"at_least\": null}}");
}

/* What was resolved once resolves to itself: the server's answer may be sent again. */
static void resolving_twice_changes_nothing(void **state)
{
    AUTO_PROBLEMS struct problems problems = {0};
    (void)state;
    json_t *once =
        resolve("{\"dataset\": \"d\", \"optimizer\": {\"type\": \"adam\", \"lr\": 1}}", &problems);
    AUTO_FREE char *text = json_compact(once);
    json_t *twice = resolve(text, &problems);
    AUTO_FREE char *again = json_compact(twice);
    assert_int_equal(problems.found, 0);
    assert_string_equal(text, again);
    json_decref(once);
    json_decref(twice);
}

/* --- what is refused ----------------------------------------------------------------------- */

#define WITH(member) "{\"dataset\": \"d\", \"optimizer\": \"sgd\", " member "}"

static void wrong_values_are_named_with_what_is_accepted(void **state)
{
    (void)state;
    refuses(WITH("\"batch_size\": 0"), "/spec/batch_size", "at least 1 and at most 64");
    refuses(WITH("\"batch_size\": 1.5"), "/spec/batch_size", "whole number");
    refuses(WITH("\"batch_size\": \"8\""), "/spec/batch_size", "whole number");
    refuses(WITH("\"batch_size\": null"), "/spec/batch_size", "whole number");
    refuses(WITH("\"clip\": 0"), "/spec/clip", "greater than 0 and at most 9, or null");
    refuses(WITH("\"exact\": 1"), "/spec/exact", "true or false");
    refuses(WITH("\"shape\": \"liner\""), "/spec/shape", "did you mean \"linear\"");
    refuses(WITH("\"shape\": 3"), "/spec/shape", "linear, cosine");
    refuses(WITH("\"loss\": \"entropy\""), "/spec/loss", "accepted: cross_entropy");
    refuses(WITH("\"loss\": 3"), "/spec/loss", "name of a loss");
    refuses("{\"dataset\": \"d\", \"optimizer\": {\"type\": 3}}", "/spec/optimizer/type",
            "must be the name of an optimizer");
    refuses(WITH("\"hidden\": 3"), "/spec/hidden", "a list of 0 to 3 whole numbers");
    refuses(WITH("\"hidden\": [1, 2, 3, 4]"), "/spec/hidden", "a list of 0 to 3");
    refuses(WITH("\"hidden\": [1, 2.5]"), "/spec/hidden/1", "whole number");
    refuses(WITH("\"hidden\": [1, 2000]"), "/spec/hidden/1", "at most 1000");
    refuses(WITH("\"rising\": [0.5, 0.5]"), "/spec/rising/1", "greater than the entry before");
    refuses(WITH("\"stop_when\": 3"), "/spec/stop_when", "an object, or null");
    refuses(WITH("\"stop_when\": {\"metric\": \"loss\", \"at_most\": 99}"),
            "/spec/stop_when/at_most", "at most 9");
    refuses(WITH("\"stop_when\": {\"metric\": \"loss\"}"), "/spec/stop_when", "\"at_most\" or");
    refuses(WITH("\"bach_size\": 3"), "/spec/bach_size", "did you mean \"batch_size\"");
    refuses(WITH("\"a/b~c\": 3"), "/spec/a~1b~0c", "unknown field");
}

/* A maximum that is lower already stays too. */
static void a_maximum_can_be_lowered_to_what_the_machine_has(void **state)
{
    (void)state;
    json_t *catalog = json_pack("{s:[{s:s, s:s, s:i, s:i, s:i}]}", "spec", "name", "threads",
                                "type", "integer", "low", 1, "high", 64, "default", 1);
    catalog_lower_high(catalog, "threads", 2, "there are 2 slots");
    catalog_lower_high(catalog, "threads", 5, "there are 5 slots");
    catalog_lower_high(catalog, "another", 1, "nothing has that name");
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *spec = json_pack("{s:i}", "threads", 3);
    json_decref(
        settings_resolve(catalog, json_object_get(catalog, "spec"), spec, "/spec", &problems));
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, "/spec/threads");
    assert_string_equal(problems.list[0].detail,
                        "must be a whole number, at least 1 and at most 2: there are 2 slots");
    json_decref(catalog);
}

static void texts_have_a_length(void **state)
{
    (void)state;
    refuses("{\"dataset\": \"123456789\", \"optimizer\": \"sgd\"}", "/spec/dataset",
            "1 to 8 bytes");
    refuses("{\"dataset\": \"\", \"optimizer\": \"sgd\"}", "/spec/dataset", "1 to 8 bytes");
    refuses("{\"dataset\": 3, \"optimizer\": \"sgd\"}", "/spec/dataset", "text");
}

static void plug_ins_are_looked_up_and_their_settings_checked(void **state)
{
    (void)state;
    refuses("{\"dataset\": \"d\"}", "/spec/optimizer", "is missing");
    refuses("{\"dataset\": \"d\", \"optimizer\": 3}", "/spec/optimizer", "\"type\"");
    refuses("{\"dataset\": \"d\", \"optimizer\": {}}", "/spec/optimizer/type", "such as \"adam\"");
    refuses("{\"dataset\": \"d\", \"optimizer\": \"sdg\"}", "/spec/optimizer/type",
            "did you mean \"sgd\"");
    refuses("{\"dataset\": \"d\", \"optimizer\": \"adam\"}", "/spec/optimizer/lr", "is missing");
    refuses("{\"dataset\": \"d\", \"optimizer\": {\"type\": \"adam\", \"lr\": 1, \"beta\": 1}}",
            "/spec/optimizer/beta", "less than 1");
    refuses("{\"dataset\": \"d\", \"optimizer\": {\"type\": \"adam\", \"lr\": 1, \"bta\": 0}}",
            "/spec/optimizer/bta", "did you mean \"beta\"");
}

static void members_that_do_not_go_together_are_refused(void **state)
{
    static const char *const quadratic =
        "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2]}";
    AUTO_FREE char *batch = xprintf("{%s, \"optimizer\": \"sgd\", \"batch_size\": 3}", quadratic);
    AUTO_FREE char *epochs = xprintf("{%s, \"optimizer\": \"sgd\", \"epochs\": 3}", quadratic);
    AUTO_FREE char *both = xprintf("{%s, \"dataset\": \"d\", \"optimizer\": \"sgd\"}", quadratic);
    (void)state;

    refuses(batch, "/spec/batch_size", "only beside \"dataset\"");
    refuses(epochs, "/spec/epochs", "\"steps\"");
    refuses(both, "/spec/problem", "not both");
    refuses("{\"optimizer\": \"sgd\"}", "/spec/dataset", "is missing");
    refuses(WITH("\"epochs\": 3, \"steps\": 4"), "/spec/steps", "not both");
    refuses("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2], \"start\": [1]},"
            " \"optimizer\": \"sgd\"}",
            "/spec/problem/start", "as many entries as \"eigenvalues\": 2, not 1");
    refuses("3", "/spec", "must be an object");
    refuses("null", "/spec", "must be an object");
}

static void all_problems_come_at_once(void **state)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    (void)state;
    json_decref(resolve("{\"dataset\": \"d\", \"optimizer\": {\"type\": \"adam\", \"lr\": 0},"
                        " \"shape\": 1, \"clip\": -1, \"x\": 1}",
                        &problems));
    assert_int_equal(problems.found, 4);
    assert_int_equal(problems_check(&problems, &err), -1);
    assert_says(err.sentence, "(and 3 more)");
    json_t *list = problems_json(&problems);
    assert_int_equal(json_array_size(list), 4);
    assert_non_null(json_object_get(json_array_get(list, 0), "pointer"));
    json_decref(list);
}

static void many_problems_are_counted_and_the_first_kept(void **state)
{
    AUTO_PROBLEMS struct problems problems = {0};
    (void)state;
    json_t *spec = json_object();
    for (int i = 0; i < 1000; i++) {
        AUTO_FREE char *name = xprintf("field%d", i);
        json_object_set_new(spec, name, json_true());
    }
    json_t *catalog = make_catalog();
    json_decref(spec_resolve(catalog, spec, "", &problems));
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_true(problems.found >= 1000);
    json_decref(catalog);
    json_decref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_is_laid_in),
        cmocka_unit_test(a_problem_has_steps_and_nothing_of_data_sets),
        cmocka_unit_test(what_is_given_stays),
        cmocka_unit_test(resolving_twice_changes_nothing),
        cmocka_unit_test(wrong_values_are_named_with_what_is_accepted),
        cmocka_unit_test(a_maximum_can_be_lowered_to_what_the_machine_has),
        cmocka_unit_test(texts_have_a_length),
        cmocka_unit_test(plug_ins_are_looked_up_and_their_settings_checked),
        cmocka_unit_test(members_that_do_not_go_together_are_refused),
        cmocka_unit_test(all_problems_come_at_once),
        cmocka_unit_test(many_problems_are_counted_and_the_first_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
