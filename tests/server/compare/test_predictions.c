/* Predictions of arms; the losses are those of training.md AV-8 to AV-10. */
#include "support/api.h"
#include "support/check.h"

#include "compare/predictions.h"
#include "memory.h"

static json_t *prediction_of(const char *quoted)
{
    AUTO_FREE char *text = api_quoted(quoted);
    json_auto_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    return prediction_json(spec);
}

#define BOWL(more)                                                                                 \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [0.1, 0.1], " more "}"
#define NOISE "'noise': 0, 'noise_deviation': [0.1, 0.2], 'noise_nu': null"
#define REST  ", 'schedule': {'type': 'constant', 'warmup': 0.0}, 'steps': 100000, 'burn_in': 0.5"

static void assert_loss(const char *quoted, const char *law, double loss)
{
    json_auto_t *prediction = prediction_of(quoted);
    assert_string_equal(api_text(prediction, "/law"), law);
    assert_near(api_number(prediction, "/loss"), loss, 5e-4);
    assert_true(api_is_null(prediction, "/reason"));
    assert_int_equal(api_size(prediction, "/warnings"), 0);
}

static void arms_on_the_noisy_quadratic_have_the_predictions_of_av_8_and_av_9(void **state)
{
    (void)state;
    assert_loss("{" BOWL(NOISE) ", 'optimizer': {'type': 'sgd', 'lr': 0.01}" REST "}",
                "sgd discrete", 1.2614e-4);
    assert_loss("{" BOWL(NOISE) ", 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'dynamics': "
                                "'sde'" REST "}",
                "sgd continuous", 1.25e-4);
    assert_loss("{" BOWL(NOISE) ", 'optimizer': {'type': 'signsgd', 'lr': 0.001}" REST "}",
                "sign descent, leading order", 9.4e-5);
    assert_loss("{" BOWL(NOISE) ", 'optimizer': {'type': 'adamw', 'lr': 0.01, 'beta1': 0.9, "
                                "'beta2': 0.999, 'weight_decay': 1}" REST "}",
                "adamw, corrected", 6.198e-4);
}

/* Student's t with nu = 3: 1.0202e-4 in AV-8. */
static void the_noise_may_be_students_t(void **state)
{
    (void)state;
    assert_loss(
        "{" BOWL("'noise': 0, 'noise_deviation': [0.1, 0.2], 'noise_nu': 3") ", 'optimizer': "
                                                                             "{'type': 'signsgd', "
                                                                             "'lr': 0.001}" REST
                                                                             "}",
        "sign descent, leading order", 1.0202e-4);
}

/* lr s^2/4 for each axis, by the continuous form; the discrete one is 0.5 % and 1 % above. */
static void one_noise_serves_every_axis(void **state)
{
    (void)state;
    assert_loss("{" BOWL("'noise': 0.1") ", 'optimizer': {'type': 'sgd', 'lr': 0.01}, "
                                         "'dynamics': 'sde'" REST "}",
                "sgd continuous", 5e-5);
    assert_loss(
        "{" BOWL("'noise': 0, 'noise_deviation': [0.1]") ", 'optimizer': {'type': 'sgd', 'lr': "
                                                         "0.01}, 'dynamics': 'sde'" REST "}",
        "sgd continuous", 5e-5);
}

static void assert_no_law(const char *quoted, const char *reason)
{
    json_auto_t *prediction = prediction_of(quoted);
    assert_true(api_is_null(prediction, "/law"));
    assert_true(api_is_null(prediction, "/loss"));
    assert_says(api_text(prediction, "/reason"), reason);
}

static void where_no_law_holds_it_says_why(void **state)
{
    (void)state;
    assert_no_law("{" BOWL(NOISE) ", 'optimizer': {'type': 'nesterov', 'lr': 0.01}" REST "}",
                  "there are laws for sgd");
    assert_no_law("{" BOWL(NOISE) ", 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'schedule': "
                                  "{'type': 'linear'}, 'steps': 10}",
                  "constant learning rate, not for \"linear\"");
    assert_no_law("{" BOWL(NOISE) ", 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'clip_norm': 1" REST
                                  "}",
                  "not clipped");
    assert_no_law("{" BOWL(NOISE) ", 'optimizer': {'type': 'signsgd', 'lr': 1}" REST "}",
                  "lr is too large for the noise");
    assert_no_law("{'problem': {'type': 'quadratic', 'eigenvalues': [1, 0], 'start': [1, 1], "
                  "'noise': 0.1}, 'optimizer': {'type': 'sgd', 'lr': 0.01}" REST "}",
                  "axis 1 has no curvature");
}

static void what_is_no_noisy_quadratic_has_no_prediction(void **state)
{
    (void)state;
    json_auto_t *exact = prediction_of("{" BOWL("'noise': 0") ", 'optimizer': {'type': 'sgd', "
                                                              "'lr': 0.01}" REST "}");
    assert_true(json_is_null(exact));
    json_auto_t *valley = prediction_of("{'problem': {'type': 'rosenbrock', 'noise': 0.1}, "
                                        "'optimizer': {'type': 'sgd', 'lr': 0.01}" REST "}");
    assert_true(json_is_null(valley));
    json_auto_t *data = prediction_of("{'dataset': 'digits', 'optimizer': {'type': 'sgd'}}");
    assert_true(json_is_null(data));
    json_auto_t *unknown = prediction_json(NULL);
    assert_true(json_is_null(unknown));
}

/* From x = 1, 1/2 x^2 falls below 1 % of 1.25e-4 after ln(0.5/6.3e-7)/2/0.01 = 680 steps or so. */
static void a_run_too_short_to_forget_its_start_is_warned_of(void **state)
{
    (void)state;
    static const char short_run[] =
        "{'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': null, "
        "'noise_deviation': [0.1, 0.2]}, 'optimizer': {'type': 'sgd', 'lr': 0.01}, 'steps': 1200, "
        "'burn_in': 0.5}";
    json_auto_t *prediction = prediction_of(short_run);
    assert_int_equal(api_size(prediction, "/warnings"), 1);
    assert_says(api_text(prediction, "/warnings/0"), "averaged from step 600 on");
}

/* Mean 2, deviation 1 over the root of 3. */
static void measured_values_become_a_mean_with_its_error(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3};
    json_auto_t *measured = measured_json("loss_average", values, 3);
    assert_string_equal(api_text(measured, "/metric"), "loss_average");
    assert_int_equal(api_integer(measured, "/n"), 3);
    assert_near(api_number(measured, "/mean"), 2, 1e-15);
    assert_near(api_number(measured, "/standard_error"), 1 / sqrt(3.0), 1e-14);
    json_auto_t *one = measured_json("train_loss", values, 1);
    assert_true(api_is_null(one, "/standard_error"));
    json_auto_t *none = measured_json("train_loss", values, 0);
    assert_true(json_is_null(none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_on_the_noisy_quadratic_have_the_predictions_of_av_8_and_av_9),
        cmocka_unit_test(the_noise_may_be_students_t),
        cmocka_unit_test(one_noise_serves_every_axis),
        cmocka_unit_test(where_no_law_holds_it_says_why),
        cmocka_unit_test(what_is_no_noisy_quadratic_has_no_prediction),
        cmocka_unit_test(a_run_too_short_to_forget_its_start_is_warned_of),
        cmocka_unit_test(measured_values_become_a_mean_with_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
