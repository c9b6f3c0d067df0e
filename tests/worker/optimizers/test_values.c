/* Optimizers against torch.optim and against each other. */
#include "worker/stepping.h"

#include "memory.h"
#include "stepper.h"

enum { DIMENSION = 3 };

static const double eigenvalues[DIMENSION] = {1.0, 4.0, 0.25};
static const float start[DIMENSION] = {1.0F, -2.0F, 3.0F};

/* As in tests/reference/optimizers.py. */
static void shaken_gradient(const float *theta, int64_t t, float *gradient)
{
    for (int i = 0; i < DIMENSION; i++)
        gradient[i] =
            (float)(eigenvalues[i] * (double)theta[i] + cos(0.7 * (double)t + (double)i) / 2.0);
}

static struct two_pieces several_pieces, single_piece;

static int make_pieces(void **state)
{
    (void)state;
    two_pieces_init(&several_pieces, DIMENSION);
    two_pieces_init(&single_piece, 1);
    return 0;
}

/* Takes theta from `start` through steps 1 … last. */
static void walk(const char *name, const char *settings, int64_t last, float theta[DIMENSION])
{
    struct stepper stepper = stepper_on(name, settings, &several_pieces.pieces);
    const double rate = stepper_rate(&stepper, 1.0);
    memcpy(theta, start, sizeof start);
    for (int64_t t = 1; t <= last; t++) {
        float gradient[DIMENSION];
        shaken_gradient(theta, t, gradient);
        step_once(&stepper, theta, gradient, rate, 1.0, t, NULL);
    }
    stepper_release(&stepper);
}

/* --- torch --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *settings;
    double theta[3][DIMENSION]; /* behind steps 1, 7 and 20 */
} cases[] = {
    /* printed by tests/reference/optimizers.py with torch 1.13.0 */
    {"sgd",
     "{\"lr\": 0.05}",
     {{0.930878945318, -1.59677888764, 2.98510180355},
      {0.739579274426, -0.421374306157, 2.74008372122},
      {0.328125775988, -0.0250325371313, 2.37513317975}}},
    {"sgd",
     "{\"lr\": 0.05, \"weight_decay\": 0.1}",
     {{0.925878945318, -1.58677888764, 2.97010180355},
      {0.713962400378, -0.40400783222, 2.64304198003},
      {0.291764493512, -0.0220690819427, 2.14817647923}}},
    {"momentum",
     "{\"lr\": 0.05, \"momentum\": 0.8, \"dampening\": 0.3, \"weight_decay\": 0.1}",
     {{0.925878945318, -1.58677888764, 2.97010180355},
      {0.389401847064, 0.91693181067, 2.3663880261},
      {-0.148985774928, -0.0442488898484, 0.871651937695}}},
    {"nesterov",
     "{\"lr\": 0.05, \"momentum\": 0.9, \"weight_decay\": 0.01}",
     {{0.867719996104, -1.23197988652, 2.96884342675},
      {0.160951059009, 0.579374158797, 2.12029735517},
      {-0.161885450739, 0.0257268563851, -0.0274707512396}}},
    {"adagrad",
     "{\"lr\": 0.05, \"lr_decay\": 0.02, \"initial_sum\": 0.5, \"weight_decay\": 0.1}",
     {{0.954871069261, -1.95018201556, 2.96771412839},
      {0.855720337202, -1.81290494323, 2.8096935159},
      {0.719703016728, -1.67815995687, 2.68918456754}}},
    {"rmsprop",
     "{\"lr\": 0.05, \"rho\": 0.9, \"weight_decay\": 0.1}",
     {{0.841886120364, -1.8418861176, 2.84188612535},
      {0.527500729826, -1.37476574587, 2.22589961811},
      {0.0631455227577, -0.783941466673, 1.69814376567}}},
    {"rmsprop",
     "{\"lr\": 0.05, \"rho\": 0.9, \"momentum\": 0.7, \"centred\": true}",
     {{0.833333337352, -1.83333333402, 2.83333335198},
      {0.109274594231, -0.368544472618, 0.778330457244},
      {-0.101136200736, -0.00499230032214, -0.115733579256}}},
    {"adam",
     "{\"lr\": 0.05, \"weight_decay\": 0.1}",
     {{0.950000000337, -1.95000000006, 2.95000000084},
      {0.681762270496, -1.65208490249, 2.65070017995},
      {0.160299278617, -1.04539938696, 2.04933643033}}},
    {"adam",
     "{\"lr\": 0.05, \"beta1\": 0.8, \"beta2\": 0.9, \"epsilon\": 0.001, \"amsgrad\": true}",
     {{0.950036142285, -1.9500061993, 2.95016724426},
      {0.692812449044, -1.65246922344, 2.65679317896},
      {0.224193336369, -1.05765662826, 2.13013732404}}},
    {"adamw",
     "{\"lr\": 0.05, \"weight_decay\": 0.1}",
     {{0.945000000362, -1.94000000006, 2.93500000168},
      {0.657850183899, -1.58873634006, 2.5605236799},
      {0.128986466657, -0.909112463311, 1.85441676479}}},
};

static void steps_are_those_of_torch(void **state)
{
    static const int64_t steps[3] = {1, 7, 20};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int j = 0; j < 3; j++) {
            float theta[DIMENSION];
            walk(cases[i].name, cases[i].settings, steps[j], theta);
            for (int k = 0; k < DIMENSION; k++)
                assert_near((double)theta[k], cases[i].theta[j][k], 1e-5);
        }
    }
}

/* --- by hand ------------------------------------------------------------------------------- */

/* One weight at 1 with the same gradient, 2, for two steps at rate 0.1. */
static float two_steps(const char *name, const char *settings)
{
    struct stepper stepper = stepper_on(name, settings, &single_piece.pieces);
    float theta = 1.0F;
    for (int64_t t = 1; t <= 2; t++) {
        float gradient = 2.0F;
        step_once(&stepper, &theta, &gradient, 0.1, 1.0, t, NULL);
    }
    stepper_release(&stepper);
    return theta;
}

/* v1 = 2, w1 = 1 - 0.1*2 = 0.8; v2 = 0.5*2 + 2 = 3, w2 = 0.8 - 0.1*3 = 0.5. */
static void momentum_adds_the_kept_velocity(void **state)
{
    (void)state;
    assert_near((double)two_steps("momentum", "{\"lr\": 0.1, \"momentum\": 0.5}"), 0.5, 1e-6);
}

/* v1 = 2, w1 = 0.8; v2 = 0.5*2 + 0.75*2 = 2.5, w2 = 0.8 - 0.25 = 0.55. */
static void dampening_spares_the_first_gradient(void **state)
{
    (void)state;
    assert_near(
        (double)two_steps("momentum", "{\"lr\": 0.1, \"momentum\": 0.5, \"dampening\": 0.25}"),
        0.55, 1e-6);
}

/* v1 = 0.5*4 = 2, w1 = 0.95 - 0.1*2/sqrt(2) = 0.8085786; v2 = 1 + 2 = 3,
 * w2 = 0.95*0.8085786 - 0.1*2/sqrt(3) = 0.6526797. */
static void rmspropw_decays_decoupled(void **state)
{
    (void)state;
    assert_near((double)two_steps("rmspropw", "{\"lr\": 0.1, \"rho\": 0.5, \"weight_decay\": 0.5}"),
                0.6526797, 1e-6);
}

/* m1 = 0.1*2 > 0, m2 > 0: two steps of 0.1 down, each after the weight has shrunk by 1 - 0.1*0.5:
 * w1 = 0.95 - 0.1 = 0.85; w2 = 0.8075 - 0.1 = 0.7075. */
static void signum_and_lion_decay_decoupled(void **state)
{
    (void)state;
    assert_near((double)two_steps("signum", "{\"lr\": 0.1, \"weight_decay\": 0.5}"), 0.7075, 1e-6);
    assert_near((double)two_steps("lion", "{\"lr\": 0.1, \"weight_decay\": 0.5}"), 0.7075, 1e-6);
    assert_near((double)two_steps("signsgd", "{\"lr\": 0.1, \"weight_decay\": 0.5}"), 0.7075, 1e-6);
}

/* Lion takes the sign with the old mean: gradient 1, then -1. Step 2: 0.5*0.1 + 0.5*(-1) < 0, so up
 * again; with the mean kept first, 0.9*0.1 - 0.1 < 0 too, but beta1 = 0.95 tells them apart:
 * old mean 0.1*1: 0.95*0.1 - 0.05 > 0, down. New mean 0.9*0.1 - 0.1 = -0.01 would go up. */
static void lion_looks_at_the_old_mean(void **state)
{
    struct stepper stepper =
        stepper_on("lion", "{\"lr\": 0.1, \"beta1\": 0.95, \"beta2\": 0.9}", &single_piece.pieces);
    float theta = 1.0F;
    (void)state;

    for (int64_t t = 1; t <= 2; t++) {
        float gradient = t == 1 ? 1.0F : -1.0F;
        step_once(&stepper, &theta, &gradient, 0.1, 1.0, t, NULL);
    }
    assert_near((double)theta, 0.8, 1e-6);
    stepper_release(&stepper);
}

/* sign(0) = 0. */
static void no_gradient_moves_no_sign(void **state)
{
    struct stepper stepper = stepper_on("signsgd", "{\"lr\": 0.1}", &single_piece.pieces);
    float theta = 1.0F, gradient = 0.0F;
    (void)state;
    step_once(&stepper, &theta, &gradient, 0.1, 1.0, 1, NULL);
    assert_true(theta == 1.0F);
    stepper_release(&stepper);
}

/* Adam's first step is rate * g / (|g| + epsilon) whatever the betas: 0.05 * 2 / 3. */
static void adam_begins_with_the_normalised_gradient(void **state)
{
    struct stepper stepper =
        stepper_on("adam", "{\"lr\": 0.05, \"beta1\": 0.7, \"beta2\": 0.6, \"epsilon\": 1}",
                   &single_piece.pieces);
    float theta = 1.0F, gradient = 2.0F;
    (void)state;
    step_once(&stepper, &theta, &gradient, 0.05, 1.0, 1, NULL);
    assert_near((double)theta, 1.0 - 0.05 * 2.0 / 3.0, 1e-6);
    stepper_release(&stepper);
}

/* --- identities (training.md 1.3) ---------------------------------------------------------- */

static void expect_same(const char *one, const char *one_settings, const char *other,
                        const char *other_settings)
{
    float a[DIMENSION], b[DIMENSION];
    walk(one, one_settings, 20, a);
    walk(other, other_settings, 20, b);
    for (int i = 0; i < DIMENSION; i++)
        assert_near((double)a[i], (double)b[i], 1e-6);
}

static void special_cases_are_one_another(void **state)
{
    (void)state;
    expect_same("momentum", "{\"lr\": 0.05, \"momentum\": 0}", "sgd", "{\"lr\": 0.05}");
    expect_same("adamw", "{\"lr\": 0.05, \"weight_decay\": 0}", "adam", "{\"lr\": 0.05}");
    expect_same("rmspropw", "{\"lr\": 0.05, \"weight_decay\": 0}", "rmsprop", "{\"lr\": 0.05}");
    expect_same("lion", "{\"lr\": 0.05, \"beta1\": 0, \"beta2\": 0}", "signsgd", "{\"lr\": 0.05}");
    expect_same("signum", "{\"lr\": 0.05, \"beta1\": 0}", "signsgd", "{\"lr\": 0.05}");
    expect_same("lion", "{\"lr\": 0.05, \"beta1\": 0.8, \"beta2\": 0.8}", "signum",
                "{\"lr\": 0.05, \"beta1\": 0.8}");
    expect_same("adam", "{\"lr\": 0.05, \"beta1\": 0, \"beta2\": 0, \"epsilon\": 0}", "signsgd",
                "{\"lr\": 0.05}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_torch),
        cmocka_unit_test(momentum_adds_the_kept_velocity),
        cmocka_unit_test(dampening_spares_the_first_gradient),
        cmocka_unit_test(rmspropw_decays_decoupled),
        cmocka_unit_test(signum_and_lion_decay_decoupled),
        cmocka_unit_test(lion_looks_at_the_old_mean),
        cmocka_unit_test(no_gradient_moves_no_sign),
        cmocka_unit_test(adam_begins_with_the_normalised_gradient),
        cmocka_unit_test(special_cases_are_one_another),
    };
    return cmocka_run_group_tests(tests, make_pieces, NULL);
}
