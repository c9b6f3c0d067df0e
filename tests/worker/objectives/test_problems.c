/* Analytic problems: values by hand, gradients against differences, noise. */
#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "objectives/objectives.h"
#include "random.h"
#include "spec.h"

/* A problem of this name with these settings, defaults laid in. */
static struct objective *open_problem(const char *name, const char *settings)
{
    const struct problem_kind *kind = problem_kinds[0];
    for (int i = 1; problem_kinds[i]; i++)
        kind = strcmp(problem_kinds[i]->name, name) == 0 ? problem_kinds[i] : kind;
    assert_string_equal(kind->name, name);

    struct problems problems = {0};
    json_t *described = settings_describe(kind->settings);
    json_t *given = json_loads(settings, 0, NULL);
    json_t *choice = settings_resolve(NULL, described, given, "", &problems);
    assert_int_equal(problems.found, 0);
    json_object_set_new(choice, "type", json_string(name));
    json_t *spec = json_pack("{s:o, s:i}", "problem", choice, "seed", 7);

    struct objective *objective = NULL;
    assert_int_equal(objective_open(spec, NULL, ".", &objective, NULL), 0);
    json_decref(spec);
    json_decref(given);
    json_decref(described);
    return objective;
}

static void close_problem(struct objective *objective)
{
    objective->methods->free(objective);
}

static double value_at(struct objective *objective, const float *theta)
{
    struct evaluation evaluation;
    assert_true(
        objective->methods->evaluate(objective, theta, PART_TRAIN, NULL, NULL, &evaluation));
    assert_false(evaluation.has_accuracy);
    return evaluation.loss;
}

static double gradient_at(struct objective *objective, const float *theta, uint64_t k,
                          float *gradient)
{
    uint32_t samples = 9;
    const double loss = objective->methods->loss_gradient(objective, theta, k, gradient, &samples);
    assert_int_equal(samples, 0);
    return loss;
}

/* f = (1*1 + 4*4)/2 = 8.5 at (1, -2), gradient (1, -8). */
static void the_quadratic_is_half_the_weighted_squares(void **state)
{
    struct objective *quadratic =
        open_problem("quadratic", "{\"eigenvalues\": [1, 4], \"start\": [1, -2]}");
    float theta[2], gradient[2];
    (void)state;

    assert_int_equal(quadratic->dimension, 2);
    assert_int_equal(quadratic->steps_per_epoch, 0);
    quadratic->methods->init(quadratic, theta);
    assert_true(theta[0] == 1.0F && theta[1] == -2.0F);
    assert_near(gradient_at(quadratic, theta, 0, gradient), 8.5, 1e-15);
    assert_near(value_at(quadratic, theta), 8.5, 1e-15);
    assert_true(gradient[0] == 1.0F && gradient[1] == -8.0F);
    close_problem(quadratic);
}

static void a_quadratic_without_start_begins_at_one(void **state)
{
    struct objective *quadratic = open_problem("quadratic", "{\"eigenvalues\": [1, 2, 3]}");
    float theta[3];
    (void)state;
    quadratic->methods->init(quadratic, theta);
    assert_near(value_at(quadratic, theta), 3.0, 1e-15);
    close_problem(quadratic);
}

/* At (-1.2, 1): 100 (1 - 1.44)^2 + 2.2^2 = 19.36 + 4.84 = 24.2; gradient (-215.6, -88). The floats
 * nearest to -1.2 and 1 move that by their rounding. */
static void rosenbrock_has_its_known_start_and_minimum(void **state)
{
    struct objective *rosenbrock = open_problem("rosenbrock", "{}");
    float theta[2], gradient[2];
    (void)state;

    rosenbrock->methods->init(rosenbrock, theta);
    assert_near(gradient_at(rosenbrock, theta, 0, gradient), 24.2, 1e-6);
    assert_near((double)gradient[0], -215.6, 1e-6);
    assert_near((double)gradient[1], -88.0, 1e-6);
    theta[0] = theta[1] = 1.0F;
    assert_true(gradient_at(rosenbrock, theta, 0, gradient) == 0.0);
    assert_true(gradient[0] == 0.0F && gradient[1] == 0.0F);
    close_problem(rosenbrock);
}

static void rosenbrock_repeats_its_start_in_any_dimension(void **state)
{
    struct objective *rosenbrock =
        open_problem("rosenbrock", "{\"dimension\": 5, \"start\": [2, 3]}");
    float theta[5];
    (void)state;
    rosenbrock->methods->init(rosenbrock, theta);
    for (int i = 0; i < 5; i++)
        assert_true(theta[i] == (i % 2 ? 3.0F : 2.0F));
    close_problem(rosenbrock);
}

/* At (-1, 2) with curvatures -1 and 2: -1/2 + 0.1/3 + 1/4 and 4 - 0.8/3 + 4; gradients
 * -1 (-1 + 0.1 + 1) = -0.1 and 2 (2 - 0.2 + 4) = 11.6. It begins at 0.1, near the saddle. */
static void the_saddle_is_held_by_fourth_powers(void **state)
{
    struct objective *saddle = open_problem("saddle", "{}");
    const float at[2] = {-1.0F, 2.0F};
    float theta[2], gradient[2];
    (void)state;

    saddle->methods->init(saddle, theta);
    assert_true(theta[0] == 0.1F && theta[1] == 0.1F);
    assert_near(gradient_at(saddle, at, 0, gradient), -0.25 + 0.1 / 3.0 + 8.0 - 0.8 / 3.0, 1e-14);
    assert_near((double)gradient[0], -0.1, 1e-6);
    assert_near((double)gradient[1], 11.6, 1e-6);
    close_problem(saddle);
}

static void the_absolute_value_has_slopes_and_none_at_its_minimum(void **state)
{
    struct objective *absolute =
        open_problem("absolute", "{\"weights\": [2, 3, 5], \"start\": [-1, 0, 4]}");
    float theta[3], gradient[3];
    (void)state;

    absolute->methods->init(absolute, theta);
    assert_near(gradient_at(absolute, theta, 0, gradient), 2.0 + 0.0 + 20.0, 1e-15);
    assert_true(gradient[0] == -2.0F && gradient[1] == 0.0F && gradient[2] == 5.0F);
    close_problem(absolute);
}

static void validation_parts_are_not_theirs(void **state)
{
    struct objective *rosenbrock = open_problem("rosenbrock", "{}");
    struct evaluation evaluation;
    float theta[2] = {0};
    (void)state;
    assert_false(
        rosenbrock->methods->evaluate(rosenbrock, theta, PART_VALID, NULL, NULL, &evaluation));
    close_problem(rosenbrock);
}

/* Central differences of the value, at points that floats hold, for every problem of the list. */
static void gradients_agree_with_differences(void **state)
{
    static const struct {
        const char *name, *settings;
    } cases[] = {{"quadratic", "{\"eigenvalues\": [0.5, 3, 7, 1]}"},
                 {"rosenbrock", "{\"dimension\": 4}"},
                 {"saddle", "{\"eigenvalues\": [-1, 2, -3, 0], \"cubic\": 0.5}"},
                 {"absolute", "{\"weights\": [1, 2, 0.5, 3]}"}};
    const float step = 1.0F / 1024.0F;
    int kinds = 0;
    (void)state;

    while (problem_kinds[kinds])
        kinds++;
    assert_int_equal(kinds, COUNT_OF(cases)); /* a new problem needs its line above */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct objective *objective = open_problem(cases[i].name, cases[i].settings);
        float theta[4] = {0.5F, -1.25F, 0.75F, 2.0F}, gradient[4];
        gradient_at(objective, theta, 0, gradient);
        for (int j = 0; j < 4; j++) {
            const float here = theta[j];
            theta[j] = here + step;
            const double above = value_at(objective, theta);
            theta[j] = here - step;
            const double below = value_at(objective, theta);
            theta[j] = here;
            /* The third derivative of Rosenbrock's fourth powers is left: 400 x step^2. */
            assert_near((above - below) / (2.0 * (double)step), (double)gradient[j], 1e-4);
        }
        close_problem(objective);
    }
}

/* 20,000 draws of deviation 2: the mean is within 4 standard errors of 0, the variance of 4. */
static void noise_has_its_deviation_and_leaves_the_value_alone(void **state)
{
    enum { DRAWS = 20000 };
    struct objective *quadratic =
        open_problem("quadratic", "{\"eigenvalues\": [1], \"start\": [0], \"noise\": 2}");
    const float theta[1] = {0.0F};
    double sum = 0.0, squares = 0.0;
    (void)state;

    for (uint64_t k = 0; k < DRAWS; k++) {
        float gradient[1];
        assert_true(gradient_at(quadratic, theta, k, gradient) == 0.0);
        sum += (double)gradient[0];
        squares += (double)gradient[0] * (double)gradient[0];
    }
    assert_true(fabs(sum / DRAWS) < 4.0 * 2.0 / sqrt(DRAWS));
    assert_true(fabs(squares / DRAWS - 4.0) < 4.0 * 4.0 * sqrt(2.0 / DRAWS));
    close_problem(quadratic);
}

static void noise_is_a_function_of_the_step_alone(void **state)
{
    struct objective *quadratic = open_problem("quadratic", "{\"eigenvalues\": [1], \"noise\": 1}");
    const float theta[1] = {1.0F};
    float first[1], again[1], other[1];
    (void)state;

    gradient_at(quadratic, theta, 5, first);
    gradient_at(quadratic, theta, 6, other);
    gradient_at(quadratic, theta, 5, again);
    assert_true(first[0] == again[0]);
    assert_true(first[0] != other[0]);
    close_problem(quadratic);
}

static void an_unknown_problem_is_refused(void **state)
{
    struct objective *objective = NULL;
    struct error err;
    json_t *spec = json_pack("{s:{s:s}}", "problem", "type", "cubic");
    (void)state;
    assert_int_equal(objective_open(spec, NULL, ".", &objective, &err), -1);
    assert_says(err.sentence, "\"cubic\"");
    json_decref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_quadratic_is_half_the_weighted_squares),
        cmocka_unit_test(a_quadratic_without_start_begins_at_one),
        cmocka_unit_test(rosenbrock_has_its_known_start_and_minimum),
        cmocka_unit_test(rosenbrock_repeats_its_start_in_any_dimension),
        cmocka_unit_test(the_saddle_is_held_by_fourth_powers),
        cmocka_unit_test(the_absolute_value_has_slopes_and_none_at_its_minimum),
        cmocka_unit_test(validation_parts_are_not_theirs),
        cmocka_unit_test(gradients_agree_with_differences),
        cmocka_unit_test(noise_has_its_deviation_and_leaves_the_value_alone),
        cmocka_unit_test(noise_is_a_function_of_the_step_alone),
        cmocka_unit_test(an_unknown_problem_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
