/*
 * Every body in tests/data/jobs/valid is accepted and expands as its .expected.json says; every one
 * in invalid is refused with exactly the problems that its .expected.json lists.
 */
#include "support/check.h"

#include "jobs/search_plan.h"
#include "memory.h"
#include "sample.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define FOLDER "tests/data/jobs"

static json_t *catalog;
static int failures; /* all are shown before the test fails */

static int is_body(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0 &&
           !strstr(entry->d_name, ".expected.json");
}

static char *expected_path(const char *folder, const char *name)
{
    return xprintf("%s/%.*s.expected.json", folder, (int)strlen(name) - 5, name);
}

static json_t *read_or_fail(const char *path)
{
    json_t *value = NULL;
    struct error err;
    if (json_read_file(path, 1 << 20, &value, &err) < 0)
        fail_msg("%s: %s", path, err.sentence);
    return value;
}

static void assert_same(const char *name, json_t *got, const json_t *wanted)
{
    AUTO_FREE char *got_text = json_dumps(got, JSON_INDENT(2) | JSON_ENCODE_ANY);
    AUTO_FREE char *got_key = json_compact(got);
    AUTO_FREE char *wanted_key = json_compact(wanted);
    if (strcmp(got_key, wanted_key) != 0) {
        fprintf(stderr, "%s gave\n%s\nnot as expected:\n%s\n", name, got_text, wanted_key);
        failures++;
    }
    json_decref(got);
}

static json_t *names_of(const struct job_plan *plan)
{
    json_t *names = json_array();
    for (int i = 0; i < plan->arm_count; i++)
        json_array_append_new(names, json_string(plan->arms[i]));
    return names;
}

static json_t *summary_of(const struct job_plan *plan)
{
    return json_pack("{s:s, s:s, s:i, s:o, s:i, s:i, s:i, s:i, s:i, s:{s:s, s:b, s:b}}", "kind",
                     job_kind_names[plan->kind], "name", plan->name, "priority", plan->priority,
                     "arms", names_of(plan), "points", plan->point_count, "variants",
                     plan->variant_count, "runs", plan->run_count, "tuning_runs",
                     plan->tuning_run_count, "baseline", plan->baseline, "metric", "name",
                     plan->metric.name, "maximize", plan->metric.maximize, "best",
                     plan->metric.best);
}

/* {"/batch_size": 32} of a document. */
static void check_members(const char *name, const json_t *document, json_t *wanted)
{
    const char *pointer;
    json_t *value;
    json_object_foreach(wanted, pointer, value)
    {
        json_t *got = json_pointer_get(document, pointer);
        assert_same(name, got ? json_incref(got) : json_string("(absent)"), value);
    }
}

/* Variants that the expectation spells out: {"2": {"/optimizer/lr": 0.1}} */
static void check_variants(const char *name, const struct job_plan *plan, json_t *wanted)
{
    const char *index;
    json_t *values;
    json_object_foreach(wanted, index, values)
    {
        json_auto_t *spec = json_loads(plan->variants[atoi(index)].spec, 0, NULL);
        check_members(name, spec, values);
    }
}

/* A point of the space, settled, and what its specification holds. */
static void check_point(const char *name, const struct search_plan *search, const json_t *point)
{
    double values[PARAMETERS_MAX];
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *spec = NULL;

    assert_true(space_values_read(&search->space, json_object_get(point, "at"), "", true, values,
                                  &problems));
    space_settle(&search->space, values);
    assert_int_equal(search_spec(catalog, search, values, &spec, &problems), 0);
    check_members(name, spec, json_object_get(point, "spec"));
    json_decref(spec);
}

/* What the expectation spells out of a search: the order of its parameters, what is kept of the
 * body, and specifications of points. */
static void check_search(const char *name, const struct job_plan *plan, const json_t *wanted)
{
    json_auto_t *kept = json_loads(plan->request ? plan->request : "{}", 0, NULL);
    const json_t *order = json_object_get(wanted, "order");
    size_t i;
    json_t *point;

    for (int at = 0; order && at < plan->search->space.count; at++)
        assert_string_equal(plan->search->space.parameters[at].name,
                            json_string_value(json_array_get(order, (size_t)at)));
    check_members(name, kept, json_object_get(wanted, "kept"));
    json_array_foreach(json_object_get(wanted, "points"), i, point)
    {
        check_point(name, plan->search, point);
    }
}

static void check_accepted(const char *name)
{
    AUTO_FREE char *path = xprintf(FOLDER "/valid/%s", name);
    AUTO_FREE char *beside = expected_path(FOLDER "/valid", name);
    json_auto_t *body = read_or_fail(path);
    json_auto_t *wanted = read_or_fail(beside);
    struct job_plan plan;
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;

    job_plan_read(catalog, sample_lookup, NULL, body, &plan, &problems);
    if (problems_check(&problems, &err) < 0) {
        print_error("%s: %s\n", name, err.sentence);
        failures++;
        return;
    }
    check_variants(name, &plan, json_object_get(wanted, "specs"));
    if (plan.search)
        check_search(name, &plan, json_object_get(wanted, "search"));
    json_object_del(wanted, "specs");
    json_object_del(wanted, "search");
    assert_same(name, summary_of(&plan), wanted);
    job_plan_release(&plan);
}

/* The problems of a body; the sentence where it is not even JSON. */
static json_t *refusal_of(const char *path)
{
    json_t *body = NULL;
    struct job_plan plan;
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;

    if (json_read_file(path, 1 << 20, &body, &err) < 0)
        return json_string(err.sentence);
    job_plan_read(catalog, sample_lookup, NULL, body, &plan, &problems);
    json_decref(body);
    assert_int_equal(plan.run_count, 0);
    assert_null(plan.variants);
    return problems_json(&problems);
}

static void check_refused(const char *name)
{
    AUTO_FREE char *path = xprintf(FOLDER "/invalid/%s", name);
    AUTO_FREE char *beside = expected_path(FOLDER "/invalid", name);
    json_auto_t *wanted = read_or_fail(beside);
    assert_same(name, refusal_of(path), wanted);
}

static void walk(const char *folder, int least, void (*check)(const char *name))
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_body, alphasort);
    assert_true(count >= least);
    failures = 0;
    for (int i = 0; i < count; i++) {
        check(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(failures, 0);
}

static void valid_jobs_are_accepted_as_expected(void **state)
{
    (void)state;
    walk(FOLDER "/valid", 10, check_accepted);
}

static void invalid_jobs_are_refused_with_every_problem(void **state)
{
    (void)state;
    walk(FOLDER "/invalid", 30, check_refused);
}

static int set_up(void **state)
{
    (void)state;
    catalog = sample_catalog();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(catalog);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_jobs_are_accepted_as_expected),
        cmocka_unit_test(invalid_jobs_are_refused_with_every_problem),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
