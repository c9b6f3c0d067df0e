/* Specifications for other batch sizes (training.md 10.6), and the arms that comparisons make of
 * them. Expected numbers by hand from the table of rules. */
#include "support/api.h"
#include "support/check.h"

#include "jobs/scale_arms.h"
#include "jobs/scale_spec.h"
#include "memory.h"
#include "sample.h"

#include <stdlib.h>

static json_t *catalog;

static json_t *json_of(const char *quoted)
{
    AUTO_FREE char *text = api_quoted(quoted);
    json_t *value = NULL;
    struct error err;
    if (json_read(text, strlen(text), &value, &err) < 0)
        fail_msg("%s in %s", err.sentence, text);
    return value;
}

/* --- one specification ------------------------------------------------------------------------ */

static const json_t *change_at(const struct scaled *scaled, const char *pointer)
{
    size_t i;
    json_t *entry;
    json_array_foreach(scaled->changes, i, entry)
    {
        if (strcmp(json_text_at(entry, "pointer", ""), pointer) == 0)
            return entry;
    }
    return NULL;
}

static void assert_change(const struct scaled *scaled, const char *pointer, const char *to)
{
    const json_t *entry = change_at(scaled, pointer);
    if (!entry)
        fail_msg("%s does not change", pointer);
    json_auto_t *wanted = json_of(to);
    const json_t *got = json_object_get(entry, "to");
    if (json_is_number(wanted))
        assert_near(json_number_value(got), json_number_value(wanted), 1e-14);
    else
        api_assert_equal(got, to);
    assert_true(strlen(json_text_at(entry, "why", "")) > 20);
}

static int says(const json_t *warnings, const char *piece)
{
    size_t i;
    json_t *warning;
    int found = 0;
    json_array_foreach(warnings, i, warning)
    {
        found += strstr(json_string_value(warning), piece) != NULL;
    }
    return found;
}

/* The caller releases it. */
static struct scaled scaled_by_rule(const char *resolved, double factor)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct scaled scaled;
    struct error err;
    json_auto_t *spec = json_of(resolved);
    scale_spec(catalog, spec, factor, SCALE_RULE, "/spec", &scaled, &problems);
    if (problems_check(&problems, &err) < 0)
        fail_msg("%s", err.sentence);
    return scaled;
}

static void refuse_scaling(const char *resolved, double factor, const char *pointer,
                           const char *piece)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct scaled scaled;
    json_auto_t *spec = json_of(resolved);
    scale_spec(catalog, spec, factor, SCALE_RULE, "/spec", &scaled, &problems);
    scaled_release(&scaled);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].pointer, pointer);
    assert_says(problems.list[0].detail, piece);
}

#define ADAMW                                                                                      \
    "'optimizer': {'type': 'adamw', 'lr': 0.001, 'weight_decay': 0.01, 'beta1': 0.9, 'beta2': "    \
    "0.999, 'epsilon': 1e-8, 'amsgrad': false}"
#define SGD "'optimizer': {'type': 'sgd', 'lr': 0.1, 'weight_decay': 0.01}"

static void adamw_goes_by_the_root_and_its_betas_by_the_factor(void **state)
{
    (void)state;
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " ADAMW ", 'epochs': 3, 'batch_size': 32}", 4);
    assert_change(&scaled, "/optimizer/lr", "0.002");
    assert_change(&scaled, "/optimizer/weight_decay", "0.02");
    assert_change(&scaled, "/optimizer/beta1", "0.6");
    assert_change(&scaled, "/optimizer/beta2", "0.996");
    assert_change(&scaled, "/optimizer/epsilon", "5e-9");
    assert_change(&scaled, "/batch_size", "128");
    assert_int_equal(json_array_size(scaled.changes), 6); /* epochs stay */
    assert_int_equal(json_array_size(scaled.warnings), 0);
    scaled_release(&scaled);
}

static void sgd_goes_by_the_factor_and_keeps_its_coupled_decay(void **state)
{
    (void)state;
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " SGD ", 'steps': 1000, 'batch_size': 32}", 0.25);
    assert_change(&scaled, "/optimizer/lr", "0.025");
    assert_change(&scaled, "/batch_size", "8");
    assert_change(&scaled, "/steps", "4000");
    assert_int_equal(json_array_size(scaled.changes), 3);
    scaled_release(&scaled);
}

static void sign_descent_goes_by_the_root(void **state)
{
    (void)state;
    struct scaled scaled = scaled_by_rule(
        "{'dataset': 'digits', 'optimizer': {'type': 'signsgd', 'lr': 0.001, 'weight_decay': 0.5}, "
        "'epochs': 3, 'batch_size': 32}",
        4);
    assert_change(&scaled, "/optimizer/lr", "0.002");
    assert_change(&scaled, "/optimizer/weight_decay", "1");
    assert_int_equal(json_array_size(scaled.changes), 3);
    scaled_release(&scaled);
}

/* 16 x 0.1 is above 1. */
static void beta1_stops_at_0_with_a_warning(void **state)
{
    (void)state;
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " ADAMW ", 'epochs': 3, 'batch_size': 32}", 16);
    assert_change(&scaled, "/optimizer/beta1", "0");
    assert_change(&scaled, "/optimizer/beta2", "0.984");
    assert_int_equal(says(scaled.warnings, "beta1 is 0; below a factor of 10 it would hold"), 1);
    scaled_release(&scaled);
}

static void beta2_below_0_is_refused_with_the_factor_that_works(void **state)
{
    (void)state;
    refuse_scaling("{'dataset': 'digits', " ADAMW ", 'epochs': 3, 'batch_size': 32}", 1000,
                   "/spec/optimizer/beta2", "a factor below 1000 works");
}

static void a_batch_that_is_not_whole_is_refused_with_the_nearest(void **state)
{
    (void)state;
    refuse_scaling("{'dataset': 'digits', " SGD ", 'epochs': 3, 'batch_size': 10}", 0.25,
                   "/spec/batch_size", "a factor of 0.3 would make it 3");
    refuse_scaling("{'dataset': 'digits', " SGD ", 'epochs': 3, 'batch_size': 10}", 0.01,
                   "/spec/batch_size", "a factor of 0.1 would make it 1");
}

static void steps_that_vanish_are_refused_and_uneven_ones_rounded(void **state)
{
    (void)state;
    refuse_scaling("{'dataset': 'digits', " SGD ", 'steps': 10, 'batch_size': 1}", 100,
                   "/spec/steps", "at least 1 step");
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " SGD ", 'steps': 10, 'batch_size': 1}", 4);
    assert_change(&scaled, "/steps", "3"); /* 2.5, away from zero */
    assert_int_equal(says(scaled.warnings, "not whole: 3 are taken"), 1);
    scaled_release(&scaled);
}

static void optimizers_without_a_rule_are_refused_with_those_that_have_one(void **state)
{
    (void)state;
    refuse_scaling("{'dataset': 'digits', 'optimizer': {'type': 'nesterov', 'lr': 0.1}, "
                   "'batch_size': 8, 'epochs': 3}",
                   2, "/spec/optimizer/type", "sgd, signsgd, lion, rmsprop, rmspropw, adam, adamw");
}

/* Noise 1/sqrt(4) of what it was; a quarter of the steps. */
static void on_a_problem_the_noise_stands_for_that_of_a_batch(void **state)
{
    (void)state;
    struct scaled scaled = scaled_by_rule(
        "{'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'noise': 0, 'noise_deviation': "
        "[0.1, 0.2], 'noise_nu': 2}, " SGD ", 'steps': 1000}",
        4);
    assert_change(&scaled, "/problem/noise_deviation", "[0.05, 0.1]");
    assert_change(&scaled, "/steps", "250");
    assert_int_equal(json_array_size(scaled.changes), 3);
    assert_int_equal(says(scaled.warnings, "nu = 2 has no variance"), 1);
    scaled_release(&scaled);
}

static void a_problem_without_noise_is_refused(void **state)
{
    (void)state;
    refuse_scaling("{'problem': {'type': 'rosenbrock', 'noise': 0}, " SGD ", 'steps': 1000}", 4,
                   "/spec/problem", "has no noise");
}

static void settings_that_count_steps_are_divided(void **state)
{
    (void)state;
    json_auto_t *own = json_of(
        "{'registries': {'schedule': [{'name': 'inverse_time', 'settings': [{'name': 'offset', "
        "'unit': 'steps'}, {'name': 'warmup', 'unit': 'of the steps'}]}]}}");
    AUTO_PROBLEMS struct problems problems = {0};
    struct scaled scaled;
    json_auto_t *spec = json_of("{'dataset': 'digits', " SGD ", 'batch_size': 8, 'epochs': 3, "
                                "'schedule': {'type': 'inverse_time', 'offset': 100.0, 'warmup': "
                                "0.1}}");
    scale_spec(own, spec, 4, SCALE_UNSCALED, "", &scaled, &problems);
    assert_int_equal(problems.found, 0);
    assert_change(&scaled, "/schedule/offset", "25");
    assert_int_equal(json_array_size(scaled.changes), 2);
    scaled_release(&scaled);
}

static void options_that_the_rule_was_not_made_for_are_named(void **state)
{
    (void)state;
    struct scaled scaled = scaled_by_rule(
        "{'dataset': 'digits', 'optimizer': {'type': 'rmsprop', 'lr': 0.001, 'weight_decay': 0.1, "
        "'rho': 0.99, 'epsilon': 1e-8, 'momentum': 0.5, 'centred': true}, 'epochs': 3, "
        "'batch_size': 32, 'clip_norm': 1}",
        4);
    assert_change(&scaled, "/optimizer/rho", "0.96");
    assert_null(change_at(&scaled, "/optimizer/weight_decay"));
    assert_int_equal(says(scaled.warnings, "without momentum"), 1);
    assert_int_equal(says(scaled.warnings, "\"centred\""), 1);
    assert_int_equal(says(scaled.warnings, "without clipping"), 1);
    scaled_release(&scaled);
}

static void a_factor_of_1_changes_nothing(void **state)
{
    (void)state;
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " ADAMW ", 'steps': 3, 'batch_size': 32}", 1);
    assert_int_equal(json_array_size(scaled.changes), 0);
    scaled_release(&scaled);
}

static void what_was_sent_stays_but_for_the_changes(void **state)
{
    (void)state;
    struct scaled scaled =
        scaled_by_rule("{'dataset': 'digits', " SGD ", 'steps': 1000, 'batch_size': 32}", 4);
    json_auto_t *sent = json_of("{'dataset': 'digits', 'optimizer': {'type': 'sgd', 'lr': 0.1}, "
                                "'seed': 7, 'schedule': 'linear'}");
    json_auto_t *spec = scaled_apply(&scaled, catalog, sent);
    api_assert_equal(spec, "{'dataset': 'digits', 'optimizer': {'type': 'sgd', 'lr': 0.4}, 'seed': "
                           "7, 'schedule': {'type': 'linear'}, 'batch_size': 128, 'steps': 250}");
    scaled_release(&scaled);
}

/* --- arms ----------------------------------------------------------------------------------------
 */

static void plan_of(const char *quoted, struct job_plan *plan, struct problems *problems)
{
    json_auto_t *body = json_of(quoted);
    job_plan_read(catalog, sample_lookup, NULL, body, plan, problems);
}

#define COMPARE_ADAMW                                                                              \
    "'kind': 'compare', 'base': {'dataset': 'digits', 'model': 'softmax', 'optimizer': {'type': "  \
    "'adamw', 'lr': 0.001}, 'batch_size': 32, 'epochs': 2}, 'seeds': [1, 2]"

static json_t *spec_of(const struct job_plan *plan, int arm)
{
    return json_loads(plan->variants[arm].spec, 0, NULL);
}

static void factors_become_arms_scaled_by_rule_linear_and_unscaled(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    plan_of("{" COMPARE_ADAMW ", 'scale_batch': [1, 4, 0.5]}", &plan, &problems);

    assert_int_equal(problems.found, 0);
    static const char *const names[] = {"base x1",   "rule x4",     "linear x4",    "unscaled x4",
                                        "rule x0.5", "linear x0.5", "unscaled x0.5"};
    static const double rates[] = {0.001,  0.002, 0.004, 0.001, 0.00070710678118654752,
                                   0.0005, 0.001};
    static const int batches[] = {32, 128, 128, 128, 16, 16, 16};
    assert_int_equal(plan.arm_count, 7);
    assert_int_equal(plan.run_count, 14);
    for (int arm = 0; arm < 7; arm++) {
        json_auto_t *spec = spec_of(&plan, arm);
        assert_string_equal(plan.arms[arm], names[arm]);
        assert_near(api_number(spec, "/optimizer/lr"), rates[arm], 1e-14);
        assert_int_equal(api_integer(spec, "/batch_size"), batches[arm]);
        assert_near(api_number(spec, "/epochs"), 2, 0);
    }
    job_plan_release(&plan);
}

/* What is kept can be sent again as it is, and gives the same arms. */
static void the_request_that_is_kept_has_the_arms_in_it(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan, again;
    plan_of("{" COMPARE_ADAMW ", 'scale_batch': [1, 16]}", &plan, &problems);

    json_auto_t *request = json_loads(plan.request, 0, NULL);
    assert_null(json_object_get(request, "scale_batch"));
    assert_string_equal(api_text(request, "/arms/1/name"), "rule x16");
    assert_says(api_text(request, "/arms/1/note"), "/optimizer/lr 0.001 -> 0.004");
    assert_says(api_text(request, "/arms/1/note"), "beta1 is 0");
    job_plan_read(catalog, sample_lookup, NULL, request, &again, &problems);
    assert_int_equal(problems.found, 0);
    assert_null(again.request);
    assert_int_equal(again.variant_count, plan.variant_count);
    for (int i = 0; i < plan.variant_count; i++)
        assert_string_equal(again.variants[i].spec, plan.variants[i].spec);
    job_plan_release(&plan);
    job_plan_release(&again);
}

static void sgds_rule_is_linear_so_there_is_no_arm_beside_it(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    plan_of("{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1], "
            "'start': [1], 'noise': 0.2}, 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'steps': 400}, "
            "'scale_batch': [4], 'seeds': [1]}",
            &plan, &problems);
    assert_int_equal(problems.found, 0);
    assert_int_equal(plan.arm_count, 2);
    assert_string_equal(plan.arms[1], "unscaled x4");
    json_auto_t *spec = spec_of(&plan, 1);
    assert_near(api_number(spec, "/problem/noise"), 0.1, 1e-15);
    assert_int_equal(api_integer(spec, "/steps"), 100);
    assert_near(api_number(spec, "/optimizer/lr"), 0.01, 0);
    job_plan_release(&plan);
}

static void refuse_arms(const char *more, const char *pointer, const char *piece)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    AUTO_FREE char *body = xprintf("{" COMPARE_ADAMW ", %s}", more);
    plan_of(body, &plan, &problems);

    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].pointer, pointer);
    assert_says(problems.list[0].detail, piece);
}

static void wrong_factors_are_refused_once(void **state)
{
    (void)state;
    refuse_arms("'scale_batch': 4", "/scale_batch", "must be a list of 1 to 21 factors");
    refuse_arms("'scale_batch': []", "/scale_batch", "must be a list of 1 to 21 factors");
    refuse_arms("'scale_batch': [4, 0]", "/scale_batch/1", "greater than 0 and at most 1000000");
    refuse_arms("'scale_batch': [4, '2']", "/scale_batch/1", "must be a number");
    refuse_arms("'scale_batch': [4, 2, 4]", "/scale_batch/2", "as entry 0");
    refuse_arms("'scale_batch': [4], 'arms': [{'name': 'a', 'patch': {}}]", "/arms",
                "one or the other");
    refuse_arms("'scale_batch': [4], 'tune': {'over': {'/optimizer/lr': [0.1, 0.2]}}", "/tune",
                "tune the base in a comparison before");
}

static void factors_that_do_not_fit_the_base_are_refused_once(void **state)
{
    (void)state;
    refuse_arms("'scale_batch': [0.3]", "/base/batch_size", "for a batch x 0.3: 32 x 0.3 is 9.6");
    refuse_arms("'scale_batch': [1e5]", "/base/optimizer/beta2", "a factor below 1000 works");
}

static void a_batch_beyond_the_range_is_refused_as_such(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    plan_of("{'kind': 'compare', 'base': {'dataset': 'digits', 'model': 'softmax', 'optimizer': "
            "{'type': 'sgd', 'lr': 0.1}, 'batch_size': 60000, 'epochs': 2}, 'seeds': [1], "
            "'scale_batch': [2]}",
            &plan, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].pointer, "/base/batch_size");
    assert_says(problems.list[0].detail, "for a batch x 2: must be a whole number");
}

static void a_wrong_base_is_reported_as_such(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct job_plan plan;
    plan_of("{'kind': 'compare', 'base': {'dataset': 'digits', 'model': 'softmax', 'optimizer': "
            "{'type': 'sgd', 'lr': -1}}, 'seeds': [1], 'scale_batch': [2]}",
            &plan, &problems);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].pointer, "/base/optimizer/lr");
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
        cmocka_unit_test(adamw_goes_by_the_root_and_its_betas_by_the_factor),
        cmocka_unit_test(sgd_goes_by_the_factor_and_keeps_its_coupled_decay),
        cmocka_unit_test(sign_descent_goes_by_the_root),
        cmocka_unit_test(beta1_stops_at_0_with_a_warning),
        cmocka_unit_test(beta2_below_0_is_refused_with_the_factor_that_works),
        cmocka_unit_test(a_batch_that_is_not_whole_is_refused_with_the_nearest),
        cmocka_unit_test(steps_that_vanish_are_refused_and_uneven_ones_rounded),
        cmocka_unit_test(optimizers_without_a_rule_are_refused_with_those_that_have_one),
        cmocka_unit_test(on_a_problem_the_noise_stands_for_that_of_a_batch),
        cmocka_unit_test(a_problem_without_noise_is_refused),
        cmocka_unit_test(settings_that_count_steps_are_divided),
        cmocka_unit_test(options_that_the_rule_was_not_made_for_are_named),
        cmocka_unit_test(a_factor_of_1_changes_nothing),
        cmocka_unit_test(what_was_sent_stays_but_for_the_changes),
        cmocka_unit_test(factors_become_arms_scaled_by_rule_linear_and_unscaled),
        cmocka_unit_test(the_request_that_is_kept_has_the_arms_in_it),
        cmocka_unit_test(sgds_rule_is_linear_so_there_is_no_arm_beside_it),
        cmocka_unit_test(wrong_factors_are_refused_once),
        cmocka_unit_test(factors_that_do_not_fit_the_base_are_refused_once),
        cmocka_unit_test(a_batch_beyond_the_range_is_refused_as_such),
        cmocka_unit_test(a_wrong_base_is_reported_as_such),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
