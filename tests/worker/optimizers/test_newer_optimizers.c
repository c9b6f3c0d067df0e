/* The newer optimizers in float: against the reference, by hand, and against one another. */
#include "worker/newer_walk.h"

#include "math/blas.h"
#include "math/decompositions.h"
#include "math/random_bulk.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>

static void walks_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(newer_cases); i++)
        expect_walk(&newer_cases[i], 1e-5);
}

/* --- one weight, by hand -----------------------------------------------------------------------
 */

static struct two_pieces single;

static int make_pieces(void **state)
{
    (void)state;
    two_pieces_init(&single, 1);
    return 0;
}

/* One step from 1 with the gradient 2. */
static double first_step(const char *name, const char *settings, double *told)
{
    struct stepper stepper = stepper_on(name, settings, &single.pieces);
    float theta = 1.0F, gradient = 2.0F;
    for (int i = 0; i < METRICS; i++)
        told[i] = (double)NAN;
    stepper_step(&stepper, &(struct step){.theta = &theta,
                                          .gradient = &gradient,
                                          .factor = 1.0,
                                          .scale = 1.0,
                                          .t = 1,
                                          .told = told});
    stepper_release(&stepper);
    return (double)theta;
}

/* reach = 0.1 (1 + |1|) = 0.2, total = 2^2: rate 0.2 / 2 = 0.1, and 1 - 0.1*2 = 0.8. */
static void dog_goes_its_first_move(void **state)
{
    double told[METRICS];
    (void)state;
    assert_near(first_step("dog", "{\"first_move\": 0.1}", told), 0.8, 1e-6);
    assert_near(told[METRIC_DISTANCE], 0.2, 1e-6);
    assert_near(told[METRIC_LR], 0.1, 1e-6);
}

/* c = 0.5 / |2| = 0.25, s = 0.5, and the number is still 0: d stays; 1 - 0.5 = 0.5. */
static void d_adaptation_goes_its_first_distance_in_all(void **state)
{
    double told[METRICS];
    (void)state;
    const char *settings = "{\"form\": \"sgd\", \"first_distance\": 0.5}";
    assert_near(first_step("d_adaptation", settings, told), 0.5, 1e-6);
    assert_near(told[METRIC_DISTANCE], 0.5, 1e-6);
    assert_near(told[METRIC_LR], 0.25, 1e-6);
}

/* mean = 0.1*0.5*2 = 0.1, square = 0.1*0.25*4 = 0.1: 1 - 0.5 * 0.1/sqrt(0.1) = 0.841886. */
static void prodigy_steps_by_its_distance(void **state)
{
    double told[METRICS];
    (void)state;
    const char *settings = "{\"first_distance\": 0.5, \"beta2\": 0.9}";
    assert_near(first_step("prodigy", settings, told), 1.0 - 0.5 * sqrt(0.1), 1e-6);
    assert_near(told[METRIC_DISTANCE], 0.5, 1e-6);
    assert_near(told[METRIC_LR], 0.5, 1e-6);
}

/* Step 1: c = 1, so x = z = 1 - 0.1*2 = 0.8 and y the same. */
static void schedule_free_begins_as_its_method(void **state)
{
    double told[METRICS];
    (void)state;
    const char *sgd = "{\"lr\": 0.1, \"form\": \"sgd\"}";
    assert_near(first_step("schedule_free", sgd, told), 0.8, 1e-6);
    assert_near(first_step("schedule_free", "{\"lr\": 0.1}", told), 0.9, 1e-6);
}

/* At the ends of their ranges the average still moves, and so do the estimates of the distance. */
static void the_ends_of_the_ranges_still_train(void **state)
{
    static const char *const ends[][2] = {
        {"schedule_free", "{\"lr\": 1e-4, \"weight_power\": 10, \"average_power\": 10}"},
        {"schedule_free", "{\"lr\": 0.1, \"beta1\": 0.01}"},
        {"d_adaptation", "{\"first_distance\": 1e-12}"},
        {"d_adaptation", "{\"first_distance\": 1e-12, \"form\": \"sgd\"}"},
        {"prodigy", "{\"first_distance\": 1e-12}"},
        {"dog", "{\"first_move\": 1e-7}"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct stepper stepper = stepper_on(ends[i][0], ends[i][1], &single.pieces);
        float theta = 1.0F, point = 0.0F;
        for (int64_t t = 1; t <= 2000; t++) {
            float gradient = theta;
            step_once(&stepper, &theta, &gradient, 1.0, 1.0, t, NULL);
        }
        const double reached = (double)*stepper_point(&stepper, &theta, 2000, &point);
        if (!(fabs(reached) < 0.9))
            fail_msg("%s with %s stays at %g", ends[i][0], ends[i][1], reached);
        stepper_release(&stepper);
    }
}

/* 1000 + 3e-6 is 1000 in float: what has been gone is kept beside the weights. */
static void prodigy_leaves_weights_that_hide_its_first_steps(void **state)
{
    struct stepper stepper = stepper_on("prodigy", "{}", &single.pieces);
    float theta = 1000.0F;
    (void)state;

    for (int64_t t = 1; t <= 200; t++) {
        float gradient = theta - 999.0F;
        step_once(&stepper, &theta, &gradient, 1.0, 1.0, t, NULL);
    }
    assert_near((double)theta, 999.0, 0.2);
    stepper_release(&stepper);
}

/* Beyond them something is lost in float, and training would stand still without a word. */
static void settings_that_would_stand_still_are_refused(void **state)
{
    static const struct {
        const char *name, *settings, *says;
    } cases[] = {
        {"schedule_free", "{\"lr\": 1, \"beta1\": 1e-6}", "at least 0.01"},
        {"schedule_free", "{\"lr\": 1, \"weight_power\": 100}", "at most 10"},
        {"schedule_free", "{\"lr\": 1, \"average_power\": 100}", "at most 10"},
        {"d_adaptation", "{\"first_distance\": 1e-300}", "at least 1e-12"},
        {"prodigy", "{\"first_distance\": 1e-300}", "at least 1e-12"},
        {"dog", "{\"first_move\": 1e-300}", "at least 1e-07"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        json_auto_t *table = settings_describe(optimizer_find(cases[i].name)->settings);
        json_auto_t *given = json_loads(cases[i].settings, 0, NULL);
        json_decref(settings_resolve(NULL, table, given, "", &problems));
        assert_int_equal(problems.found, 1);
        assert_says(problems.list[0].detail, cases[i].says);
    }
}

/* A gradient of zero gives no scale to go by; nothing moves until there is one. */
static void nothing_moves_while_gradients_are_zero(void **state)
{
    static const char *const names[] = {"d_adaptation", "prodigy", "dog"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stepper stepper = stepper_on(names[i], "{}", &single.pieces);
        float theta = 1.0F;
        for (int64_t t = 1; t <= 3; t++) {
            float gradient = 0.0F;
            step_once(&stepper, &theta, &gradient, 1.0, 1.0, t, NULL);
        }
        assert_true(theta == 1.0F);
        for (int64_t t = 4; t <= 6; t++) {
            float gradient = 1.0F;
            step_once(&stepper, &theta, &gradient, 1.0, 1.0, t, NULL);
        }
        assert_true(theta < 1.0F);
        stepper_release(&stepper);
    }
}

static void before_the_first_step_the_point_is_the_start(void **state)
{
    static const char *const settings[][2] = {{"schedule_free", "{\"lr\": 0.1}"}, {"dog", "{}"}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        struct stepper stepper = stepper_on(settings[i][0], settings[i][1], &single.pieces);
        float theta = 3.0F, point = 0.0F;
        assert_true(*stepper_point(&stepper, &theta, 0, &point) == 3.0F);
        stepper_release(&stepper);
    }
}

static void dog_without_averaging_is_evaluated_where_it_trains(void **state)
{
    struct stepper stepper = stepper_on("dog", "{\"averaging\": null}", &newer_pieces);
    float theta[NEWER_DIMENSION], point[NEWER_DIMENSION];
    (void)state;

    newer_start(theta);
    for (int64_t t = 1; t <= 5; t++)
        newer_step(&stepper, theta, t, NULL);
    assert_memory_equal(stepper_point(&stepper, theta, 5, point), theta, sizeof theta);
    assert_int_equal(stepper.memory_count, 1);
    stepper_release(&stepper);
}

/* --- matrices ------------------------------------------------------------------------------------
 */

/* [4][4] twice, so that the first one is hidden, and no biases. */
enum { SQUARE_SIDE = 4, SQUARE = SQUARE_SIDE * SQUARE_SIDE };
static const struct tensor square_tensors[] = {
    {.name = "layers.0.weight", .rank = 2, .shape = {4, 4}, .offset = 0, .count = SQUARE},
    {.name = "layers.1.weight", .rank = 2, .shape = {4, 4}, .offset = SQUARE, .count = SQUARE},
};
static const struct pieces square_pieces = {2 * SQUARE, square_tensors, 2};

/* diagonals of both matrices of the gradient */
static void step_diagonal(struct stepper *stepper, float *theta, int64_t t, const float *diagonal)
{
    float gradient[2 * SQUARE] = {0};
    for (int i = 0; i < SQUARE_SIDE; i++)
        gradient[i * SQUARE_SIDE + i] = gradient[SQUARE + i * SQUARE_SIDE + i] = diagonal[i];
    step_once(stepper, theta, gradient, stepper_rate(stepper, 1.0), 1.0, t, NULL);
}

/*
 * With beta1 = 0, sums, and nearly no epsilon. G1 = diag(4, 1, 2, 1): both factors diag(16, 1, 4,
 * 1), their roots diag(1/2, 1, 1/sqrt 2, 1), so the direction is the identity, as long as Adam's
 * signs. G2 = diag(1, 4, 2, 1): factors diag(17, 17, 8, 2), direction diag(1, 4, 2, 1) /
 * sqrt(factor) = diag(.2425, .9701, .7071, .7071); Adam's (beta2 = 0.5, corrected): 1/sqrt(6),
 * 4/sqrt(11), 1, 1.
 */
static void shampoo_whitens_a_diagonal_case(void **state)
{
    struct stepper stepper = stepper_on("shampoo",
                                        "{\"lr\": 0.1, \"beta1\": 0, \"beta2\": 0.5, "
                                        "\"root_every\": 1, \"epsilon_root\": 1e-12}",
                                        &square_pieces);
    float theta[2 * SQUARE] = {0};
    (void)state;

    step_diagonal(&stepper, theta, 1, (const float[]){4, 1, 2, 1});
    for (int i = 0; i < SQUARE_SIDE; i++)
        assert_near((double)theta[i * SQUARE_SIDE + i], -0.1, 1e-5);
    step_diagonal(&stepper, theta, 2, (const float[]){1, 4, 2, 1});
    const double direction[] = {1 / sqrt(17), 4 / sqrt(17), 2 / sqrt(8), 1 / sqrt(2)};
    const double length = sqrt(2.0), adams = sqrt(1 / 6.0 + 16 / 11.0 + 2);
    for (int i = 0; i < SQUARE_SIDE; i++)
        assert_near((double)theta[i * SQUARE_SIDE + i], -0.1 - 0.1 * direction[i] * adams / length,
                    1e-5);
    assert_true(fabs((double)theta[1]) < 1e-6);
    stepper_release(&stepper);
}

/* With the identity on both sides SOAP is Adam that begins one step later: equal gradients, equal
 * steps, the decay behind the step. */
static void soap_without_bases_is_adam(void **state)
{
    struct stepper soap =
        stepper_on("soap", "{\"lr\": 0.05, \"max_side\": 1, \"weight_decay\": 0, \"epsilon\": 0}",
                   &square_pieces);
    struct stepper adam = stepper_on(
        "adam", "{\"lr\": 0.05, \"beta1\": 0.95, \"beta2\": 0.95, \"epsilon\": 0}", &square_pieces);
    float one[2 * SQUARE], other[2 * SQUARE], gradient[2 * SQUARE], same[2 * SQUARE];
    (void)state;

    random_normals(1, RANDOM_TEST, 0, 1, 2 * SQUARE, one);
    memcpy(other, one, sizeof other);
    assert_int_equal(soap.extra_count, 0);
    for (int64_t t = 1; t <= 30; t++) {
        random_normals(1, RANDOM_TEST, (uint64_t)t, 1, 2 * SQUARE, gradient);
        memcpy(same, gradient, sizeof same);
        step_once(&soap, one, gradient, 0.05, 1.0, t, NULL);
        if (t == 1)
            assert_memory_equal(one, other, sizeof one);
        else
            step_once(&adam, other, same, 0.05, 1.0, t - 1, NULL);
    }
    for (int i = 0; i < 2 * SQUARE; i++)
        assert_true(fabs((double)one[i] - (double)other[i]) < 1e-5);
    stepper_release(&soap);
    stepper_release(&adam);
}

/* On a loss whose curvature is turned by a rotation SOAP takes the same way, only turned: theta and
 * the gradient from both sides. Adam does not. */
static void turn_all(const float *left, const float *right, const float *in, float *out)
{
    float between[SQUARE];
    for (int i = 0; i < 2; i++) {
        multiply(4, 4, 4, left, in + (size_t)i * SQUARE, 0, between);
        multiply(4, 4, 4, between, right, 0, out + (size_t)i * SQUARE);
    }
}

static double distance_when_turned(const char *name)
{
    const char *settings = "{\"lr\": 0.05, \"weight_decay\": 0}";
    struct stepper plain = stepper_on(name, settings, &square_pieces);
    struct stepper turned = stepper_on(name, settings, &square_pieces);
    float left[SQUARE], right[SQUARE], theta[2 * SQUARE], other[2 * SQUARE], want[2 * SQUARE];
    float scratch[1024];
    double most = 0;

    assert_true(decomposition_scratch(4) <= COUNT_OF(scratch));
    random_normals(2, RANDOM_TEST, 0, 1, SQUARE, left);
    random_normals(2, RANDOM_TEST, 1, 1, SQUARE, right);
    orthonormalise(4, left, scratch);
    orthonormalise(4, right, scratch);
    random_normals(2, RANDOM_TEST, 2, 1, 2 * SQUARE, theta);
    turn_all(left, right, theta, other);
    for (int64_t t = 1; t <= 25; t++) {
        float gradient[2 * SQUARE], gradient_turned[2 * SQUARE];
        random_normals(3, RANDOM_TEST, (uint64_t)t, 1, 2 * SQUARE, gradient);
        turn_all(left, right, gradient, gradient_turned);
        step_once(&plain, theta, gradient, 0.05, 1.0, t, NULL);
        step_once(&turned, other, gradient_turned, 0.05, 1.0, t, NULL);
    }
    turn_all(left, right, theta, want);
    for (int i = 0; i < 2 * SQUARE; i++)
        most = fmax(most, fabs((double)other[i] - (double)want[i]));
    stepper_release(&plain);
    stepper_release(&turned);
    return most;
}

static void soap_does_not_see_how_its_axes_are_turned(void **state)
{
    (void)state;
    assert_true(distance_when_turned("soap") < 1e-3);
    assert_true(distance_when_turned("adam") > 0.05);
}

/* --- muon ----------------------------------------------------------------------------------------
 */

/* The singular values of matrix [rows][columns], rows <= columns, squared. */
static void squared_singular_values(size_t rows, size_t columns, const float *matrix, float *values)
{
    AUTO_FREE float *gram = xcalloc(rows * rows, sizeof *gram);
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(rows), sizeof *scratch);
    multiply_transposed(rows, rows, columns, matrix, matrix, 0, gram);
    symmetric_eigen(rows, gram, values, scratch);
}

/* A step of rate 1 without momentum from zero leaves -X, times sqrt(rows / columns) where it is
 * higher than wide. */
static void muons_step_is_nearly_orthogonal(void **state)
{
    enum { ROWS = 32, COLUMNS = 48, COUNT = ROWS * COLUMNS };
    static const struct tensor tensors[] = {
        {.name = "layers.0.weight", .rank = 2, .shape = {32, 48}, .offset = 0, .count = COUNT},
        {.name = "layers.1.weight", .rank = 2, .shape = {2, 2}, .offset = COUNT, .count = 4},
    };
    const struct pieces pieces = {COUNT + 4, tensors, 2};
    static float theta[COUNT + 4], gradient[COUNT + 4];
    float values[ROWS];
    (void)state;

    struct stepper stepper = stepper_on("muon", "{\"lr\": 1}", &pieces);
    random_normals(4, RANDOM_TEST, 0, 3, COUNT + 4, gradient);
    step_once(&stepper, theta, gradient, 1.0, 1.0, 1, NULL);
    squared_singular_values(ROWS, COLUMNS, theta, values);
    for (int i = 0; i < ROWS; i++) {
        const double singular = sqrt((double)values[i]);
        if (!(singular > 0.5 && singular < 1.5))
            fail_msg("singular value %d of the step is %g", i, singular);
    }
    stepper_release(&stepper);
}

/* Turning all matrices over turns the step over, but for the factor sqrt(rows / columns). */
static void muon_treats_high_matrices_as_wide_ones(void **state)
{
    enum { COUNT = 6 };
    static const struct tensor wide[] = {
        {.name = "layers.0.weight", .rank = 2, .shape = {2, 3}, .offset = 0, .count = COUNT},
        {.name = "layers.1.weight", .rank = 2, .shape = {1, 1}, .offset = COUNT, .count = 1}};
    static const struct tensor high[] = {
        {.name = "layers.0.weight", .rank = 2, .shape = {3, 2}, .offset = 0, .count = COUNT},
        {.name = "layers.1.weight", .rank = 2, .shape = {1, 1}, .offset = COUNT, .count = 1}};
    float one[COUNT + 1] = {0}, other[COUNT + 1] = {0};
    float gradient[] = {1, 2, 3, 4, 5, 7, 1}, turned[] = {1, 4, 2, 5, 3, 7, 1};
    (void)state;

    struct stepper first = stepper_on("muon", "{\"lr\": 1}", &(struct pieces){7, wide, 2});
    struct stepper second = stepper_on("muon", "{\"lr\": 1}", &(struct pieces){7, high, 2});
    step_once(&first, one, gradient, 1.0, 1.0, 1, NULL);
    step_once(&second, other, turned, 1.0, 1.0, 1, NULL);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            assert_near((double)other[j * 2 + i], sqrt(1.5) * (double)one[i * 3 + j], 1e-5);
    stepper_release(&first);
    stepper_release(&second);
}

/* AdamW's first step is its rate whatever the gradient; Muon's is another. */
static void muon_leaves_the_rest_to_adamw(void **state)
{
    static const struct {
        const char *settings;
        bool first_by_adam;
    } ways[] = {{"{\"lr\": 0.5, \"adam_lr\": 0.25}", false},
                {"{\"lr\": 0.5, \"adam_lr\": 0.25, \"first_layer\": \"adamw\"}", true}};
    (void)state;

    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct stepper stepper = stepper_on("muon", ways[way].settings, &newer_pieces);
        float theta[NEWER_DIMENSION] = {0}, gradient[NEWER_DIMENSION];
        for (int i = 0; i < NEWER_DIMENSION; i++)
            gradient[i] = (float)(i + 1);
        step_once(&stepper, theta, gradient, 0.5, 1.0, 1, NULL);
        for (int i = 0; i < NEWER_DIMENSION; i++) {
            const bool adam = i >= 6 || ways[way].first_by_adam;
            assert_true((fabs((double)theta[i] + 0.25) < 1e-6) == adam);
        }
        stepper_release(&stepper);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_are_those_of_the_reference),
        cmocka_unit_test(dog_goes_its_first_move),
        cmocka_unit_test(d_adaptation_goes_its_first_distance_in_all),
        cmocka_unit_test(prodigy_steps_by_its_distance),
        cmocka_unit_test(schedule_free_begins_as_its_method),
        cmocka_unit_test(the_ends_of_the_ranges_still_train),
        cmocka_unit_test(prodigy_leaves_weights_that_hide_its_first_steps),
        cmocka_unit_test(settings_that_would_stand_still_are_refused),
        cmocka_unit_test(nothing_moves_while_gradients_are_zero),
        cmocka_unit_test(before_the_first_step_the_point_is_the_start),
        cmocka_unit_test(dog_without_averaging_is_evaluated_where_it_trains),
        cmocka_unit_test(shampoo_whitens_a_diagonal_case),
        cmocka_unit_test(soap_without_bases_is_adam),
        cmocka_unit_test(soap_does_not_see_how_its_axes_are_turned),
        cmocka_unit_test(muons_step_is_nearly_orthogonal),
        cmocka_unit_test(muon_treats_high_matrices_as_wide_ones),
        cmocka_unit_test(muon_leaves_the_rest_to_adamw),
    };
    return cmocka_run_group_tests(tests, make_pieces, NULL);
}
