/* The SDEs step by step: by hand where nothing is random, against the discrete update where it is
 * (the comparisons of AV-8 in training.md), and what is refused. */
#include "worker/dynamics/simulation.h"

/* --- without noise, by hand ---------------------------------------------------------------- */

static const double silence[1] = {0.0};

/* One number at `value` with gradient `gradient` at step t of the SDE of an optimizer. */
struct still {
    struct tensor tensor;
    struct pieces pieces;
    struct noise noise;
    struct stepper stepper;
    struct dynamics dynamics;
};

static void still_init(struct still *still, const char *optimizer, const char *settings,
                       const char *integrator)
{
    *still = (struct still){.tensor = {.name = "x", .rank = 1, .shape = {1}, .count = 1}};
    still->pieces = (struct pieces){1, &still->tensor, 1};
    still->stepper = stepper_on(optimizer, settings, &still->pieces);
    assert_true(noise_init(&still->noise, 1, HUGE_VAL, 1, silence, 1));
    assert_int_equal(dynamics_open(&still->dynamics, still->stepper.optimizer,
                                   &still->stepper.chosen, &still->noise, integrator, NULL),
                     0);
    still->stepper.dynamics = &still->dynamics;
}

static void still_release(struct still *still)
{
    stepper_release(&still->stepper);
    dynamics_close(&still->dynamics);
    noise_release(&still->noise);
}

static float still_step(struct still *still, float value, float gradient, int64_t t)
{
    const struct step step = {
        .theta = &value, .gradient = &gradient, .factor = 1.0, .scale = 1.0, .t = t};
    stepper_step(&still->stepper, &step);
    return value;
}

static void without_noise_sgd_descends_the_gradient(void **state)
{
    struct still still;
    (void)state;
    still_init(&still, "sgd", "{\"lr\": 0.1}", NULL);
    assert_near((double)still_step(&still, 1.0F, 2.0F, 1), 0.8, 1e-6);
    still_release(&still);
}

/* The mean of a certain sign is the sign, and nothing is left to diffuse. */
static void without_noise_signsgd_goes_by_the_sign(void **state)
{
    struct still still;
    (void)state;
    still_init(&still, "signsgd", "{\"lr\": 0.1}", NULL);
    assert_near((double)still_step(&still, 1.0F, 0.003F, 1), 0.9, 1e-6);
    assert_near((double)still_step(&still, 1.0F, -7.0F, 2), 1.1, 1e-6);
    assert_near((double)still_step(&still, 1.0F, 0.0F, 3), 1.0, 1e-6);
    still_release(&still);
}

/* V begins at 2^2 = 4: x = 1 - 0.1*2/2 = 0.9. Then V is 4 still, the gradient is 1:
 * x = 0.9 - 0.1/2 = 0.85, V = 4 + 0.5*(1 - 4) = 2.5; then x = 0.85 - 0.1*1/sqrt(2.5). Decay 2 first
 * takes a share 0.1*2 off. */
static void rmsprop_divides_by_the_root_of_v_before_the_step(void **state)
{
    struct still still;
    (void)state;
    still_init(&still, "rmspropw",
               "{\"lr\": 0.1, \"rho\": 0.5, \"epsilon\": 0, \"weight_decay\": 0}", NULL);
    assert_near((double)still_step(&still, 1.0F, 2.0F, 1), 0.9, 1e-6);
    assert_near((double)still_step(&still, 0.9F, 1.0F, 2), 0.85, 1e-6);
    assert_near((double)still_step(&still, 0.85F, 1.0F, 3), 0.85 - 0.1 / sqrt(2.5), 1e-6);
    still_release(&still);
    still_init(&still, "rmspropw",
               "{\"lr\": 0.1, \"rho\": 0.5, \"epsilon\": 0, \"weight_decay\": 2}", NULL);
    assert_near((double)still_step(&still, 1.0F, 2.0F, 1), 0.8 - 0.1, 1e-6);
    still_release(&still);
}

/* At t = 0 the limit: M / i1 = 2, V / i2 = 4, so x = 1 - 0.1. Behind it M = 0.5*2 = 1 and
 * V = 0.25*4 = 1, and at t = lr i1 = 1 - exp(-0.5), i2 = 1 - exp(-0.25). Gradient 4 gives
 * M + 0.5*(4 - 1) = 2.5: x = 0.9 - 0.1*sqrt(i2)/i1 * 2.5 / 1. */
static void explicit_adam_takes_the_mean_from_before_the_step(void **state)
{
    const double i1 = 1.0 - exp(-0.5), i2 = 1.0 - exp(-0.25);
    struct still still;
    (void)state;
    still_init(&still, "adam", "{\"lr\": 0.1, \"beta1\": 0.5, \"beta2\": 0.75, \"epsilon\": 0}",
               "explicit");
    assert_near((double)still_step(&still, 1.0F, 2.0F, 1), 0.9, 1e-6);
    assert_near((double)still_step(&still, 0.9F, 4.0F, 2), 0.9 - 0.1 * sqrt(i2) / i1 * 2.5, 1e-5);
    still_release(&still);
}

/* The same with M taken, and i1 reckoned, behind the step: first M = 1 over i1 = 1 - exp(-0.5) and
 * V / i2 = 4, then M = 2.5 over 1 - exp(-1) and V = 1 over i2 = 1 - exp(-0.25). */
static void semi_implicit_adam_takes_the_mean_it_arrives_at(void **state)
{
    const double first = 1.0 / (1.0 - exp(-0.5)) / 2.0;
    const double second = sqrt(1.0 - exp(-0.25)) / (1.0 - exp(-1.0)) * 2.5;
    struct still still;
    (void)state;
    still_init(&still, "adam", "{\"lr\": 0.1, \"beta1\": 0.5, \"beta2\": 0.75, \"epsilon\": 0}",
               NULL);
    assert_near((double)still_step(&still, 1.0F, 2.0F, 1), 1.0 - 0.1 * first, 1e-6);
    assert_near((double)still_step(&still, 0.9F, 4.0F, 2), 0.9 - 0.1 * second, 1e-5);
    still_release(&still);
}

/* --- beside the discrete update ------------------------------------------------------------ */

/* With the learning rate for a time step and the same draws, the SDE of sgd is sgd. */
static void the_sde_of_sgd_is_sgd(void **state)
{
    struct simulation discrete, sde;
    (void)state;
    simulation_init(&discrete, "sgd", "{\"lr\": 0.05}", NULL, 600, 0.5);
    simulation_init(&sde, "sgd", "{\"lr\": 0.05}", "", 600, 0.5);
    for (int64_t t = 1; t <= 100; t++) {
        simulation_step(&discrete, t, 1.0 / (double)t);
        simulation_step(&sde, t, 1.0 / (double)t);
    }
    for (size_t i = 0; i < discrete.count; i++)
        assert_true(fabs((double)discrete.theta[i] - (double)sde.theta[i]) < 1e-6);
    simulation_release(&discrete);
    simulation_release(&sde);
}

/* A pair of simulations of 4,000 replicas from (0.5, 0.5), whose loss is 0.375. first: the number
 * of the step before the first; settled: the places of mean and square in memory, -1: none. */
struct pairing {
    const char *optimizer, *settings, *integrator;
    int64_t first, steps;
    int mean, square;
};

/* The largest difference of the mean losses. */
static double largest_difference(const struct pairing *pairing)
{
    struct simulation discrete, sde;
    double most = 0.0;

    simulation_init(&discrete, pairing->optimizer, pairing->settings, NULL, 4000, 0.5);
    simulation_init(&sde, pairing->optimizer, pairing->settings, pairing->integrator, 4000, 0.5);
    simulation_settle(&discrete, pairing->mean, pairing->square);
    simulation_settle(&sde, pairing->mean, pairing->square);
    assert_near(simulation_loss(&discrete), 0.375, 1e-12);
    for (int64_t k = 1; k <= pairing->steps; k++) {
        simulation_step(&discrete, pairing->first + k, 1.0);
        simulation_step(&sde, pairing->first + k, 1.0);
        if (k % 5 == 0)
            most = fmax(most, fabs(simulation_loss(&discrete) - simulation_loss(&sde)));
    }
    simulation_release(&discrete);
    simulation_release(&sde);
    return most;
}

/* AV-8: 1.1e-4 at rate 0.01, 2.3e-5 at 0.001; twice that leaves room for other draws. */
static void signsgd_and_its_sde_keep_together(void **state)
{
    const struct pairing coarse = {"signsgd", "{\"lr\": 0.01}", "", 0, 300, -1, -1};
    const struct pairing fine = {"signsgd", "{\"lr\": 0.001}", "", 0, 3000, -1, -1};
    (void)state;
    const double at_coarse = largest_difference(&coarse), at_fine = largest_difference(&fine);
    print_message("signsgd: %.2e at 0.01 (1.1e-4), %.2e at 0.001 (2.3e-5)\n", at_coarse, at_fine);
    assert_true(at_coarse < 2.2e-4);
    assert_true(at_fine < 4.6e-5);
}

/* AV-8, beyond the bias correction: 1.5e-4 and 0.7 … 1.5e-4. The explicit scheme of Adam loses most
 * of the noise, but this comparison is about the drift. */
static void rmspropw_and_adamw_keep_together_with_their_sdes(void **state)
{
    const int64_t late = 1000000;
    const struct pairing cases[] = {
        {"rmspropw", "{\"lr\": 0.001, \"rho\": 0.999, \"weight_decay\": 0.5}", "", late, 4000, -1,
         0},
        {"adamw", "{\"lr\": 0.001, \"weight_decay\": 0.5}", "semi_implicit", late, 4000, 0, 1},
        {"adamw", "{\"lr\": 0.001, \"weight_decay\": 0.5}", "explicit", late, 4000, 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const double most = largest_difference(&cases[i]);
        print_message("%s %s: %.2e\n", cases[i].optimizer, cases[i].integrator, most);
        assert_true(most < 3e-4);
    }
}

/* --- what is refused ----------------------------------------------------------------------- */

static void expect_refusal(const char *optimizer, const char *settings, double nu,
                           const char *piece)
{
    const double one = 1.0;
    struct two_pieces two;
    struct noise noise;
    struct dynamics dynamics = {0};
    struct error err;

    two_pieces_init(&two, 4);
    struct stepper stepper = stepper_on(optimizer, settings, &two.pieces);
    assert_true(noise_init(&noise, 1, nu, 4, &one, 1));
    assert_int_equal(
        dynamics_open(&dynamics, stepper.optimizer, &stepper.chosen, &noise, NULL, &err), -1);
    assert_says(err.sentence, piece);
    noise_release(&noise);
    stepper_release(&stepper);
}

static void an_optimizer_without_sde_is_refused_with_those_that_have_one(void **state)
{
    (void)state;
    expect_refusal("lion", "{\"lr\": 1}", HUGE_VAL,
                   "no SDE of lion; take one of sgd, signsgd, rmsprop, rmspropw, adam, adamw");
}

static void settings_outside_the_sde_are_refused(void **state)
{
    (void)state;
    expect_refusal("rmsprop", "{\"lr\": 1, \"momentum\": 0.5}", HUGE_VAL, "\"momentum\": 0");
    expect_refusal("rmsprop", "{\"lr\": 1, \"centred\": true}", HUGE_VAL, "\"centred\": false");
    expect_refusal("adam", "{\"lr\": 1, \"amsgrad\": true}", HUGE_VAL, "\"amsgrad\": false");
}

static void noise_without_variance_is_refused_where_one_is_needed(void **state)
{
    (void)state;
    expect_refusal("sgd", "{\"lr\": 1}", 2.0, "noise_nu above 2");
    expect_refusal("adamw", "{\"lr\": 1}", 1.0, "signsgd");
}

static void a_data_set_is_refused(void **state)
{
    struct two_pieces two;
    struct dynamics dynamics = {0};
    struct error err;
    (void)state;
    two_pieces_init(&two, 4);
    struct stepper stepper = stepper_on("sgd", "{\"lr\": 1}", &two.pieces);
    assert_int_equal(dynamics_open(&dynamics, stepper.optimizer, &stepper.chosen, NULL, NULL, &err),
                     -1);
    assert_says(err.sentence, "needs a problem");
    stepper_release(&stepper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_noise_sgd_descends_the_gradient),
        cmocka_unit_test(without_noise_signsgd_goes_by_the_sign),
        cmocka_unit_test(rmsprop_divides_by_the_root_of_v_before_the_step),
        cmocka_unit_test(explicit_adam_takes_the_mean_from_before_the_step),
        cmocka_unit_test(semi_implicit_adam_takes_the_mean_it_arrives_at),
        cmocka_unit_test(the_sde_of_sgd_is_sgd),
        cmocka_unit_test(signsgd_and_its_sde_keep_together),
        cmocka_unit_test(rmspropw_and_adamw_keep_together_with_their_sdes),
        cmocka_unit_test(an_optimizer_without_sde_is_refused_with_those_that_have_one),
        cmocka_unit_test(settings_outside_the_sde_are_refused),
        cmocka_unit_test(noise_without_variance_is_refused_where_one_is_needed),
        cmocka_unit_test(a_data_set_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
