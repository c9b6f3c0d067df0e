#include "support/choose.h"

#include "memory.h"
#include "schedule_bound.h"
#include "schedules.h"

#include <stdlib.h>

static struct schedule_bound bound_of(const char *name, const char *settings, size_t steps)
{
    const struct schedule *schedule = schedule_find(name);
    AUTO_FREE double *factors = xcalloc(steps, sizeof *factors);
    struct chosen chosen = choose(schedule->settings, settings);
    struct schedule_bound bound;

    for (size_t k = 0; k < steps; k++)
        factors[k] = schedule_factor(schedule, &chosen, (int64_t)k, (int64_t)steps);
    assert_true(schedule_bound(factors, NULL, steps, 1.0, &bound));
    chosen_release(&chosen);
    return bound;
}

/* Acceptance table AV-7; its own tolerance is 1e-3, ours is half of its last digit. */
static void bounds_are_those_of_the_acceptance_table(void **state)
{
    static const struct {
        const char *name, *settings;
        double rate_400, bound_400, rate_4000, bound_4000;
    } table[] = {
        {"constant", "{}", .3635, 2.7509, .3183, 3.1418},
        {"linear", "{}", .9913, 2.0126, .9988, 2.0018},
        {"wsd", "{\"cooldown\": 0.2}", .5087, 2.1842, .5136, 2.1635},
        {"polynomial", "{\"power\": 0.5}", .7064, 2.1195, .7069, 2.1214},
        {"inverse_sqrt", "{\"offset\": 1}", 4.2417, 2.4453, 11.6162, 2.7539},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct schedule_bound a = bound_of(table[i].name, table[i].settings, 400);
        const struct schedule_bound b = bound_of(table[i].name, table[i].settings, 4000);
        assert_true(fabs(a.base_rate * 20.0 - table[i].rate_400) <= 5.1e-5);
        assert_true(fabs(a.bound * 20.0 - table[i].bound_400) <= 5.1e-5);
        assert_true(fabs(b.base_rate * sqrt(4000.0) - table[i].rate_4000) <= 5.1e-5);
        assert_true(fabs(b.bound * sqrt(4000.0) - table[i].bound_4000) <= 5.1e-5);
    }
}

/* Omega sqrt(T) = sqrt(1 + H(T-1)). */
static void a_constant_rate_has_its_closed_form(void **state)
{
    (void)state;
    for (size_t steps = 1; steps <= 100000; steps *= 10) {
        double harmonic = 0.0;
        for (size_t k = steps - 1; k >= 1; k--)
            harmonic += 1.0 / (double)k;
        const struct schedule_bound bound = bound_of("constant", "{}", steps);
        assert_near(bound.bound * sqrt((double)steps), sqrt(1.0 + harmonic), 1e-12);
    }
}

/* Printed by tests/reference/refinement.py: the sums as written, in exact fractions. */
static const double factors[] = {0.25, 1, 0.75, 0, 0.5, 0.5, 0.125};
static const double norms[] = {4, 2, 3, 1, 0.5, 1, 2};

static void norms_and_distance_have_their_place(void **state)
{
    struct schedule_bound bound;
    (void)state;
    assert_true(schedule_bound(factors, norms, 7, 3.0, &bound));
    assert_near(bound.distance_term, 1.44, 1e-14);
    assert_near(bound.gradient_term, 1.67, 1e-14);
    assert_near(bound.last_term, 3.1205797101449275, 1e-14);
    assert_near(bound.base_rate, 0.5482608192102617, 1e-14);
    assert_near(bound.bound, 5.252974312752232, 1e-14);
    assert_near(schedule_bound_at(&bound, bound.base_rate), bound.bound, 1e-14);
    assert_near(schedule_bound_at(&bound, 0.5), 5.275289855072463, 1e-14);
}

static void every_prefix_has_a_bound(void **state)
{
    static const double want[] = {37.0,
                                  8.45,
                                  7.663690476190476,
                                  7.663690476190476, /* a step of nothing changes nothing */
                                  7.073611111111111,
                                  5.084212662337662,
                                  5.275289855072463};
    const size_t ends[] = {1, 2, 3, 4, 5, 6, 7};
    double got[7];
    (void)state;
    schedule_bound_prefixes(factors, norms, 3.0, 0.5, ends, 7, got);
    for (int i = 0; i < 7; i++)
        assert_near(got[i], want[i], 1e-14);
}

/* A cooldown to zero makes the bound fall fast, as losses do (Schaipp et al., 2025). */
static void a_cooldown_makes_the_bound_drop(void **state)
{
    double wsd[1000], out[3];
    const size_t ends[] = {799, 900, 1000};
    struct schedule_bound bound;
    (void)state;
    for (int k = 0; k < 1000; k++)
        wsd[k] = k < 800 ? 1.0 : (1000.0 - k) / 201.0;
    assert_true(schedule_bound(wsd, NULL, 1000, 1.0, &bound));
    schedule_bound_prefixes(wsd, NULL, 1.0, bound.base_rate, ends, 3, out);
    assert_true(out[0] > out[1] && out[1] > out[2]);
    assert_true((out[0] - out[2]) / out[0] > 0.1);
    assert_near(out[2], bound.bound, 1e-12);
}

static void zeros_at_the_end_are_left_out(void **state)
{
    const double with[] = {0.25, 1, 0.5, 0, 0};
    struct schedule_bound longer, shorter;
    (void)state;
    assert_true(schedule_bound(with, norms, 5, 1.0, &longer));
    assert_true(schedule_bound(with, norms, 3, 1.0, &shorter));
    assert_int_equal(longer.steps, 3);
    assert_memory_equal(&longer, &shorter, sizeof longer);
}

static void nothing_has_no_bound(void **state)
{
    const double none[] = {0, 0, 0}, flat[] = {1, 1, 1};
    const size_t ends[] = {1, 3};
    struct schedule_bound bound;
    double out[2];
    (void)state;
    assert_false(schedule_bound(none, NULL, 3, 1.0, &bound));
    assert_false(schedule_bound(NULL, NULL, 0, 1.0, &bound));
    assert_false(schedule_bound(flat, none, 3, 1.0, &bound));
    schedule_bound_prefixes(none, NULL, 1.0, 1.0, ends, 2, out);
    assert_true(isnan(out[0]) && isnan(out[1]));
}

/* f(x) = |x|, G = 1, from x = D: the last iterate under linear decay at D/(G sqrt(T)) is within
 * D G/sqrt(T), whatever T: half of this bound (Defazio et al., 2023). */
static void linear_decay_keeps_its_promise_on_the_absolute_value(void **state)
{
    (void)state;
    for (int total = 10; total <= 1000; total++) {
        double x = 1.0;
        for (int t = 1; t <= total; t++) {
            const double rate = (1.0 - (double)t / total) / sqrt(total);
            x -= rate * (x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0);
        }
        assert_true(fabs(x) <= 1.0 / sqrt(total));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_those_of_the_acceptance_table),
        cmocka_unit_test(a_constant_rate_has_its_closed_form),
        cmocka_unit_test(norms_and_distance_have_their_place),
        cmocka_unit_test(every_prefix_has_a_bound),
        cmocka_unit_test(a_cooldown_makes_the_bound_drop),
        cmocka_unit_test(zeros_at_the_end_are_left_out),
        cmocka_unit_test(nothing_has_no_bound),
        cmocka_unit_test(linear_decay_keeps_its_promise_on_the_absolute_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
