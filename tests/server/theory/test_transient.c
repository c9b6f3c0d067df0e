/* Transients, phases and bounds; values of tests/reference/theory.py: recursions and Runge-Kutta.
 */
#include "processes.h"

#include "theory/bounds.h"
#include "theory/phases.h"
#include "theory/special.h"
#include "theory/stationary.h"
#include "theory/transient.h"

#include <stdlib.h>

/* The first law that applies, counted from 0. */
static double loss_after(const struct process *process, int place, const double *start,
                         double steps)
{
    for (const struct transient_law *law = transient_laws; law->name; law++) {
        if (law->applies(process, start) && place-- == 0)
            return transient_loss(process, law, start, steps);
    }
    fail_msg("%s", transient_refusal(process, start));
    return 0;
}

static const double half[2] = {0.5, 0.5}, near[2] = {0.1, -0.1};

static void sgd_step_by_step_is_the_recursion_of_the_moments(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'sgd', 'lr': 0.01}");
    assert_near(loss_after(&process, 0, half, 0), 0.375, 1e-15);
    assert_near(loss_after(&process, 0, half, 1), 0.362617, 1e-12);
    assert_near(loss_after(&process, 0, half, 100), 0.0212654388540743, 1e-12);
    assert_near(loss_after(&process, 0, half, 20000), 0.000126135729150805, 1e-12);
}

static void sgd_in_continuous_time_is_its_equation(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'sgd', 'lr': 0.01}");
    assert_near(loss_after(&process, 1, half, 10), 0.269958855370224, 1e-12);
    assert_near(loss_after(&process, 1, half, 100), 0.0216156051807903, 1e-12);
}

/* lr x curvature = 1 on the first axis: one step forgets where it began. */
static void a_step_of_full_length_forgets_the_start(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'sgd', 'lr': 1}");
    process.count = 1;
    assert_near(loss_after(&process, 0, half, 0), 0.125, 1e-15);
    assert_near(loss_after(&process, 0, half, 1), 0.005, 1e-13); /* 1/2 lr^2 s^2 */
}

static void sign_descent_in_phase_3_is_its_equation(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_near(loss_after(&process, 0, near, 1), 0.0128446314187218, 1e-10);
    assert_near(loss_after(&process, 0, near, 10), 0.00358566292130186, 1e-10);
    assert_near(loss_after(&process, 0, near, 1000), 0.000903924243101337, 1e-10);
    process.decay = 0.5;
    assert_near(loss_after(&process, 0, near, 1000), 0.000852548304384781, 1e-10);
}

static void transients_end_in_the_stationary_law(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_near(loss_after(&process, 0, near, 1e9),
                stationary_loss(&process, stationary_best(&process, true)), 1e-14);
}

static void where_there_is_no_closed_form_it_says_why(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'adam', 'lr': 0.001}");
    assert_says(transient_refusal(&process, near), "sgd and for sign descent only");
    process = process_of("{'type': 'signsgd', 'lr': 0.001}");
    assert_null(transient_refusal(&process, near));
    assert_says(transient_refusal(&process, half), "phase 3");
    process = process_on("{'type': 'signsgd', 'lr': 0.001}", av8_deviation, 3);
    assert_says(transient_refusal(&process, near), "normal noise only");
}

/* --- phases ---------------------------------------------------------------------------------- */

/* By hand: Y = x/(sqrt(2) 0.1), so |Y| = 1 at |x| = 0.141421…, 3/2 at 0.212132…. */
static void phases_by_hand(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_near(phase_threshold(&process, 0, PHASE_INNER), 0.14142135623730951, 1e-14);
    assert_near(phase_threshold(&process, 0, PHASE_OUTER), 0.21213203435596426, 1e-14);
    assert_int_equal(phase_of(&process, 0, 0.22), 1);
    assert_int_equal(phase_of(&process, 0, -0.22), 1);
    assert_int_equal(phase_of(&process, 0, -0.2), 2);
    assert_int_equal(phase_of(&process, 0, 0.14), 3);
    assert_near(phase_measure(&process, 1, -0.1), -0.1 * 2 / (sqrt(2.0) * 0.2), 1e-15);
    assert_near(phase_steps_left(&process, 0, -0.312), 10, 0); /* 0.0998…/0.01, up */
    assert_near(phase_steps_left(&process, 0, 0.2), 0, 0);
}

/* The drift of sign descent is -erf(Y); phase 2 has bounds for it, the others approximations. */
static void the_drift_in_phase_2_is_bounded_on_both_sides(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    for (double y = 1.01; y < 1.5; y += 0.07) {
        for (int sign = -1; sign <= 1; sign += 2) {
            const double x = sign * phase_threshold(&process, 0, y), drift = -erf(sign * y);
            const struct drift bounds_there = phase_drift(&process, 0, x);
            assert_true(bounds_there.low <= drift && drift <= bounds_there.high);
            assert_true(bounds_there.high - bounds_there.low < 0.02);
        }
    }
    assert_near(phase_drift(&process, 0, 1).low, -1, 0);
    assert_near(phase_drift(&process, 0, -1).high, 1, 0);
    /* sqrt(2/pi)/0.1 x 0.05 */
    assert_near(phase_drift(&process, 0, 0.05).low, -0.3989422804014327, 1e-14);
}

static void only_sign_descent_under_normal_noise_has_phases(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'sgd', 'lr': 0.01}");
    assert_false(phases_exist(&process));
    process = process_on("{'type': 'signsgd', 'lr': 0.01}", av8_deviation, 3);
    assert_false(phases_exist(&process));
}

/* --- bounds ---------------------------------------------------------------------------------- */

static const struct bound *find_bound(const char *name)
{
    for (const struct bound *bound = bounds; bound->name; bound++) {
        if (strcmp(bound->name, name) == 0)
            return bound;
    }
    fail_msg("there is no bound \"%s\"", name);
    abort();
}

/* By hand: (0.01/2) (3 x 0.04/(2 x 1)) = 3e-4 for sgd, above its 1.25e-4. */
static void bounds_lie_above_the_laws(void **state)
{
    (void)state;
    struct process process = process_of("{'type': 'sgd', 'lr': 0.01}");
    assert_near(find_bound("sgd")->loss(&process, 0.375, HUGE_VAL), 3e-4, 1e-13);
    for (double steps = 0; steps < 1000; steps += 50)
        assert_true(find_bound("sgd")->loss(&process, 0.375, 0.01 * steps) >=
                    loss_after(&process, 1, half, steps));
    process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_true(find_bound("sign descent, phase 3")->loss(&process, 0, HUGE_VAL) >=
                stationary_loss(&process, stationary_best(&process, true)));
    process = process_of("{'type': 'adamw', 'lr': 0.001, 'weight_decay': 1, 'beta1': 0.9}");
    assert_true(find_bound("adamw")->loss(&process, 0, HUGE_VAL) >=
                stationary_loss(&process, stationary_best(&process, true)));
}

/* Equal axes: the bounds of sgd and of phase 3 are the laws themselves. */
static void bounds_are_attained_on_equal_axes(void **state)
{
    (void)state;
    const double curvature[2] = {2, 2}, deviation[2] = {0.2, 0.2};
    struct process process = process_on("{'type': 'signsgd', 'lr': 0.01}", deviation, HUGE_VAL);
    process.curvature = curvature;
    assert_near(find_bound("sign descent, phase 3")->loss(&process, 0.02, 0.1),
                loss_after(&process, 0, near, 10), 1e-13);
    process = process_on("{'type': 'sgd', 'lr': 0.01}", deviation, HUGE_VAL);
    process.curvature = curvature;
    assert_near(find_bound("sgd")->loss(&process, 0.5, 0.1), loss_after(&process, 1, half, 10),
                1e-13);
}

/* By hand: mu = 1, S0 = 1: (t - 2)^2/4, over at t = 2. */
static void phase_1_is_over_in_time(void **state)
{
    (void)state;
    const struct process process = process_of("{'type': 'signsgd', 'lr': 0.01}");
    assert_near(bound_phase_1_time(&process, 1), 2, 1e-15);
    assert_near(find_bound("sign descent, phase 1")->loss(&process, 1, 1), 0.25, 1e-15);
    assert_near(find_bound("sign descent, phase 1")->loss(&process, 1, 3), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_step_by_step_is_the_recursion_of_the_moments),
        cmocka_unit_test(sgd_in_continuous_time_is_its_equation),
        cmocka_unit_test(a_step_of_full_length_forgets_the_start),
        cmocka_unit_test(sign_descent_in_phase_3_is_its_equation),
        cmocka_unit_test(transients_end_in_the_stationary_law),
        cmocka_unit_test(where_there_is_no_closed_form_it_says_why),
        cmocka_unit_test(phases_by_hand),
        cmocka_unit_test(the_drift_in_phase_2_is_bounded_on_both_sides),
        cmocka_unit_test(only_sign_descent_under_normal_noise_has_phases),
        cmocka_unit_test(bounds_lie_above_the_laws),
        cmocka_unit_test(bounds_are_attained_on_equal_axes),
        cmocka_unit_test(phase_1_is_over_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, release_processes);
}
