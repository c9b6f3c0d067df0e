/* What the theory refuses and warns of; limits by hand from training.md 10.5. */
#include "processes.h"

#include "theory/scaling.h"

static void refuse_reading(const char *optimizer, const char *key, const char *says)
{
    AUTO_FREE char *text = api_quoted(optimizer);
    json_auto_t *json = json_loads(text, 0, NULL);
    struct process process;
    const char *blamed = NULL;
    struct error err;

    assert_int_equal(process_read(json, &process, &blamed, &err), -1);
    assert_string_equal(blamed, key);
    assert_says(err.sentence, says);
}

static void optimizers_and_options_without_a_law_are_refused(void **state)
{
    (void)state;
    refuse_reading("{'type': 'nesterov', 'lr': 0.1}", "type",
                   "there are laws for sgd, signsgd, lion, rmsprop, rmspropw, adam, adamw");
    refuse_reading("{'type': 'rmsprop', 'lr': 0.1, 'momentum': 0.9}", "momentum", "take 0");
    refuse_reading("{'type': 'rmsprop', 'lr': 0.1, 'centred': true}", "centred", "take false");
    refuse_reading("{'type': 'adamw', 'lr': 0.1, 'amsgrad': true}", "amsgrad", "take false");
}

static void refuse(const struct process *process, const char *what, const char *says)
{
    const char *blamed = NULL;
    struct error err;
    assert_int_equal(process_check(process, &blamed, &err), -1);
    assert_string_equal(blamed, what);
    assert_says(err.sentence, says);
}

static void accept(const struct process *process)
{
    const char *blamed = NULL;
    struct error err;
    if (process_check(process, &blamed, &err) < 0)
        fail_msg("%s", err.sentence);
}

/* 2/curvature on the steepest axis: 1. */
static void sgd_needs_a_rate_below_two_over_the_curvature(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'sgd', 'lr': 1}");
    refuse(&process, "lr", "take less than 1");
    process.lr = 0.999;
    accept(&process);
}

/* 2 s/(sqrt(2/pi) c) = 0.2507 on both axes: below that, steps do not jump over the minimum. */
static void sign_descent_needs_a_rate_that_the_noise_covers(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'signsgd', 'lr': 0.26}");
    refuse(&process, "lr", "too large for the noise");
    refuse(&process, "lr", "take less than 0.250663");
    process.lr = 0.25;
    accept(&process);
}

/* 2 s/c = 0.2 on both axes. */
static void adam_needs_a_rate_that_the_noise_covers(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'adam', 'lr': 0.2, 'beta2': 0.999}");
    refuse(&process, "lr", "take less than 0.2,");
    process.lr = 0.199;
    accept(&process);
}

static void the_tightest_axis_is_named(void **state)
{
    (void)state;
    const double deviation[2] = {0.1, 0.001};
    const struct process process =
        process_on("{'type': 'signsgd', 'lr': 0.2}", deviation, HUGE_VAL);
    refuse(&process, "lr", "axis 1 (curvature 2, deviation 0.001)");
}

static void noise_without_variance_leaves_sign_descent_alone(void **state)
{
    (void)state;
    struct process process = process_on("{'type': 'sgd', 'lr': 0.01}", av8_deviation, 2);
    refuse(&process, "nu", "take nu above 2, or signsgd");
    process = process_on("{'type': 'adam', 'lr': 0.01}", av8_deviation, 1);
    refuse(&process, "nu", "no finite variance");
    process = process_on("{'type': 'signsgd', 'lr': 0.01}", av8_deviation, 1);
    accept(&process);
}

static void without_noise_only_sgd_has_a_law(void **state)
{
    (void)state;
    const double none[2] = {0.1, 0};
    struct process process = process_on("{'type': 'signsgd', 'lr': 0.01}", none, HUGE_VAL);
    refuse(&process, "deviation", "or sgd");
    process = process_on("{'type': 'sgd', 'lr': 0.01}", none, HUGE_VAL);
    accept(&process);
}

static int warnings_of(const struct process *process, const char *piece)
{
    json_auto_t *warnings = json_array();
    size_t i;
    json_t *warning;
    int found = 0;
    process_warn(process, warnings);
    json_array_foreach(warnings, i, warning)
    {
        found += !piece || strstr(json_string_value(warning), piece) != NULL;
    }
    return found;
}

static void near_the_edge_there_are_warnings(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'sgd', 'lr': 0.001}");
    assert_int_equal(warnings_of(&process, NULL), 0);
    process.lr = 0.5;
    assert_int_equal(warnings_of(&process, "loses 1 of itself"), 1);
    process = process_of("{'type': 'signsgd', 'lr': 0.001}");
    assert_int_equal(warnings_of(&process, NULL), 0);
    process.lr = 0.1;
    assert_int_equal(warnings_of(&process, "large for the noise"), 1);
    process = process_of("{'type': 'adam', 'lr': 0.001, 'beta2': 0.5, 'epsilon': 0.01}");
    assert_int_equal(warnings_of(&process, "fluctuates"), 1);
    assert_int_equal(warnings_of(&process, "epsilon"), 1);
    process = process_on("{'type': 'rmsprop', 'lr': 0.001, 'rho': 0.999}", av8_deviation, 3);
    assert_int_equal(warnings_of(&process, "nu = 3"), 1);
    process = process_of("{'type': 'lion', 'lr': 0.001}");
    assert_int_equal(warnings_of(&process, "lion"), 1);
}

/* AV-8: 9.690e-4 simulated for 9.400e-4 of leading order, 3.1 % more; 7.680e-4 for 7.500e-4. */
static void the_coarseness_is_what_simulations_find(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_near(process_coarseness(&process, 0), 9.690 / 9.400 - 1, 0.1);
    process = process_of("{'type': 'rmsprop', 'lr': 0.01, 'rho': 0.999}");
    assert_near(process_coarseness(&process, 0), 7.680 / 7.500 - 1, 0.1);
}

/* --- batch scaling: training.md 10.6 -----------------------------------------------------------
 */

static void rules_are_those_of_the_table(void **state)
{
    (void)state;
    const struct scaling sgd = scaling_of(scaling_find("sgd"), 16);
    assert_near(sgd.lr, 16, 0);
    assert_near(sgd.decay, 1, 0);
    const struct scaling sign = scaling_of(scaling_find("signsgd"), 16);
    assert_near(sign.lr, 4, 0);
    assert_near(sign.decay, 4, 0);
    assert_near(sign.epsilon, 1, 0);
    const struct scaling adamw = scaling_of(scaling_find("adamw"), 16);
    assert_near(adamw.lr, 4, 0);
    assert_near(adamw.first_rest, 16, 0);
    assert_near(adamw.second_rest, 16, 0);
    assert_near(adamw.decay, 4, 0);
    assert_near(adamw.epsilon, 0.25, 0);
    const struct scaling adam = scaling_of(scaling_find("adam"), 16);
    assert_near(adam.decay, 1, 0); /* coupled: it belongs to the objective */
    assert_null(scaling_find("nesterov"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(optimizers_and_options_without_a_law_are_refused),
        cmocka_unit_test(sgd_needs_a_rate_below_two_over_the_curvature),
        cmocka_unit_test(sign_descent_needs_a_rate_that_the_noise_covers),
        cmocka_unit_test(adam_needs_a_rate_that_the_noise_covers),
        cmocka_unit_test(the_tightest_axis_is_named),
        cmocka_unit_test(noise_without_variance_leaves_sign_descent_alone),
        cmocka_unit_test(without_noise_only_sgd_has_a_law),
        cmocka_unit_test(near_the_edge_there_are_warnings),
        cmocka_unit_test(the_coarseness_is_what_simulations_find),
        cmocka_unit_test(rules_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, release_processes);
}
