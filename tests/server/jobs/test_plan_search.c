/* What a search's body becomes: runs that wait, a request that reads as it was, specifications of
 * points. Which bodies are accepted is in test_golden.c. */
#include "support/check.h"

#include "jobs/search_plan.h"
#include "memory.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>

static json_t *catalog;

static json_t *body_of(const char *text)
{
    struct error err;
    json_t *body = NULL;
    if (json_read(text, strlen(text), &body, &err) < 0)
        fail_msg("%s", err.sentence);
    return body;
}

static void plan_text(const char *text, struct job_plan *plan)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    json_auto_t *body = body_of(text);

    job_plan_read(catalog, sample_lookup, NULL, body, plan, &problems);
    if (problems_check(&problems, &err) < 0)
        fail_msg("%s", err.sentence);
}

static const char *const whole_body =
    "{\"kind\": \"search\", \"name\": \"all of it\", \"priority\": 3, \"timeout_s\": 60, "
    "\"base\": {\"dataset\": \"mnist\", \"model\": {\"type\": \"mlp\", \"hidden\": [8]}, "
    "\"optimizer\": {\"type\": \"adamw\", \"lr\": 0.1, \"beta1\": 0.8}, \"epochs\": 1, "
    "\"seed\": 7}, "
    "\"space\": {\"/optimizer/lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 1, "
    "\"scale\": \"log\"}, \"/optimizer/type\": {\"type\": \"choice\", \"values\": [\"adamw\", "
    "\"nesterov\"]}, \"/optimizer/momentum\": {\"type\": \"float\", \"low\": 0.5, "
    "\"high\": 0.9, \"step\": 0.1, \"when\": {\"/optimizer/type\": [\"nesterov\"]}}}, "
    "\"objectives\": [{\"metric\": \"valid_accuracy\"}, {\"metric\": \"valid_loss\", "
    "\"at\": \"best\"}], \"constraints\": [{\"metric\": \"samples_per_s\", \"at_least\": 50}], "
    "\"algorithm\": \"grid\", \"pruner\": \"none\", \"stop\": {\"type\": \"target\", "
    "\"value\": 0.9}, \"budget\": {\"runs\": 5, \"time_s\": 1.5, \"steps\": 1000}, "
    "\"parallel\": 3, \"seed\": 12, \"in_order\": true, \"warm_start\": {\"jobs\": [4, 2]}, "
    "\"enqueue\": [{\"/optimizer/lr\": 0.5}, {\"/optimizer/type\": \"nesterov\"}]}";

static void every_run_of_the_budget_waits_for_its_point(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(whole_body, &plan);

    assert_int_equal(plan.kind, JOB_SEARCH);
    assert_int_equal(plan.run_count, 5);
    assert_int_equal(plan.variant_count, 0);
    for (int i = 0; i < plan.run_count; i++) {
        assert_int_equal(plan.runs[i].phase, PHASE_SEARCH);
        assert_int_equal(plan.runs[i].variant, -1);
        assert_int_equal(plan.runs[i].arm, -1);
        assert_true(plan.runs[i].waiting);
        assert_int_equal(plan.runs[i].seed, 7); /* the base's: runs are told apart by points */
    }
    job_plan_release(&plan);
}

static void assert_whole(const struct search_plan *search)
{
    assert_int_equal(search->space.count, 3);
    assert_false(search->external);
    assert_true(search->in_order);
    assert_int_equal(search->objective_count, 2);
    assert_string_equal(search->objectives[0].name, "valid_accuracy");
    assert_true(search->objectives[0].maximize); /* as its catalogue says */
    assert_false(search->objectives[0].best);
    assert_false(search->objectives[1].maximize);
    assert_true(search->objectives[1].best);
    assert_int_equal(search->constraint_count, 1);
    assert_true(search->constraints[0].at_least);
    assert_true(search->constraints[0].limit == 50);
    assert_int_equal(search->budget.runs, 5);
    assert_int_equal(search->budget.time_ms, 1500);
    assert_int_equal(search->budget.steps, 1000);
    assert_int_equal(search->parallel, 3);
    assert_int_equal(search->seed, 12);
    assert_int_equal(search->warm_job_count, 2);
    assert_int_equal(search->warm_jobs[0], 4);
    assert_string_equal(json_text_at(search->algorithm, "type", ""), "grid");
    assert_int_equal(json_integer_at(search->algorithm, "points", 0), 5);
}

static void assert_enqueued(const struct search_plan *search)
{
    const double *second = search->enqueued + 3;
    assert_int_equal(search->enqueued_count, 2);
    assert_true(search->enqueued[0] == 0.5);
    assert_true(search->enqueued[1] == 0);   /* adamw, as in the base */
    assert_true(isnan(search->enqueued[2])); /* which has no momentum */
    assert_true(second[0] == 0.1);           /* the base's */
    assert_true(second[1] == 1);
    assert_float_equal(second[2], 0.7, 1e-12); /* which it lacks: the middle */
}

static void a_body_is_read_as_it_says(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(whole_body, &plan);
    assert_whole(plan.search);
    assert_enqueued(plan.search);
    job_plan_release(&plan);
}

static void what_is_kept_reads_as_what_was_sent(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(whole_body, &plan);
    struct search_plan *again = search_plan_of(catalog, plan.request);
    assert_whole(again);
    assert_enqueued(again);

    json_auto_t *kept = body_of(plan.request);
    AUTO_FREE char *twice = search_request(kept, again);
    assert_string_equal(twice, plan.request);
    assert_string_equal(json_text_at(kept, "name", ""), "all of it");
    search_plan_free(again);
    job_plan_release(&plan);
}

/* The specification of the point that the JSON text gives. */
static json_t *spec_at(const struct search_plan *search, const char *point)
{
    AUTO_PROBLEMS struct problems problems = {0};
    double values[PARAMETERS_MAX];
    json_auto_t *object = body_of(point);
    json_t *spec = NULL;

    assert_true(space_values_read(&search->space, object, "", false, values, &problems));
    assert_int_equal(search_spec(catalog, search, values, &spec, &problems), 0);
    return spec;
}

static void another_type_drops_settings_that_it_does_not_know(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text(whole_body, &plan);

    json_auto_t *same = spec_at(plan.search, "{\"/optimizer/lr\": 0.5, "
                                             "\"/optimizer/type\": \"adamw\"}");
    json_auto_t *same_optimizer = body_of("{\"type\": \"adamw\", \"lr\": 0.5, \"beta1\": 0.8}");
    assert_true(json_equal(json_object_get(same, "optimizer"), same_optimizer));

    json_auto_t *other =
        spec_at(plan.search, "{\"/optimizer/lr\": 0.25, \"/optimizer/type\": \"nesterov\", "
                             "\"/optimizer/momentum\": 0.9}");
    json_auto_t *other_optimizer =
        body_of("{\"type\": \"nesterov\", \"lr\": 0.25, \"momentum\": 0.9}");
    assert_true(json_equal(json_object_get(other, "optimizer"), other_optimizer));
    assert_int_equal(json_integer_at(other, "seed", 0), 7);
    job_plan_release(&plan);
}

static void a_whole_object_replaces_the_one_of_the_base(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("{\"kind\": \"search\", \"base\": {\"dataset\": \"mnist\", \"model\": \"softmax\", "
              "\"optimizer\": {\"type\": \"adamw\", \"lr\": 0.1}, \"epochs\": 1, "
              "\"schedule\": {\"type\": \"linear\", \"warmup\": 0.1}}, "
              "\"space\": {\"/schedule\": {\"type\": \"choice\", \"values\": "
              "[{\"type\": \"cosine\"}, {\"type\": \"linear\", \"floor\": 0.5}]}}}",
              &plan);

    json_auto_t *spec = spec_at(plan.search, "{\"/schedule\": {\"type\": \"linear\", "
                                             "\"floor\": 0.5}}");
    json_auto_t *schedule = body_of("{\"type\": \"linear\", \"floor\": 0.5}");
    assert_true(json_equal(json_object_get(spec, "schedule"), schedule));
    job_plan_release(&plan);
}

/* The base may lack what every point gives. */
static void the_base_needs_not_have_what_is_searched(void **state)
{
    (void)state;
    struct job_plan plan;
    plan_text("{\"kind\": \"search\", \"base\": {\"dataset\": \"mnist\", \"model\": \"softmax\", "
              "\"optimizer\": {\"type\": \"adamw\"}}, \"space\": {"
              "\"/optimizer/lr\": {\"type\": \"float\", \"low\": 0.1, \"high\": 1}, "
              "\"/epochs\": {\"type\": \"int\", \"low\": 1, \"high\": 3}}}",
              &plan);

    json_auto_t *spec = spec_at(plan.search, "{\"/optimizer/lr\": 0.5, \"/epochs\": 2}");
    assert_int_equal(json_integer_at(spec, "epochs", 0), 2);
    job_plan_release(&plan);
}

static void every_choice_is_tried_however_deep_its_conditions(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    json_auto_t *body = body_of(
        "{\"kind\": \"search\", \"base\": {\"dataset\": \"mnist\", \"model\": \"softmax\", "
        "\"optimizer\": {\"type\": \"adamw\", \"lr\": 0.1}, \"epochs\": 1}, \"space\": {"
        "\"/optimizer/type\": {\"type\": \"choice\", \"values\": [\"adamw\", \"nesterov\"]}, "
        "\"/optimizer/momentum\": {\"type\": \"float\", \"low\": 0.5, \"high\": 0.9, "
        "\"when\": {\"/optimizer/type\": [\"nesterov\"]}}, "
        "\"/schedule/type\": {\"type\": \"choice\", \"values\": [\"linear\", \"cosinus\"], "
        "\"when\": {\"/optimizer/momentum\": {\"at_least\": 0.8}}}}}");

    job_plan_read(catalog, sample_lookup, NULL, body, &plan, &problems);
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, "/space/~1schedule~1type/values/1");
    job_plan_release(&plan);
}

static int open_catalog(void **state)
{
    (void)state;
    catalog = sample_catalog();
    return 0;
}

static int close_catalog(void **state)
{
    (void)state;
    json_decref(catalog);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_of_the_budget_waits_for_its_point),
        cmocka_unit_test(a_body_is_read_as_it_says),
        cmocka_unit_test(what_is_kept_reads_as_what_was_sent),
        cmocka_unit_test(another_type_drops_settings_that_it_does_not_know),
        cmocka_unit_test(a_whole_object_replaces_the_one_of_the_base),
        cmocka_unit_test(the_base_needs_not_have_what_is_searched),
        cmocka_unit_test(every_choice_is_tried_however_deep_its_conditions),
    };
    return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
