/* Constants; the values are of tests/reference/theory.py and training.md 10.3 (AV-12) and 10.5. */
#include "theory/special.h"

#include "support/check.h"

#include "memory.h"

static void the_secant_of_erf_has_its_published_constants(void **state)
{
    (void)state;
    const struct erf_secant secant = erf_secant();
    assert_near(secant.slope, 0.24680870705119196, 1e-14);
    assert_near(secant.low, 0.5958920858985228, 1e-14);
    assert_near(secant.high, 0.6144778732432898, 1e-14);
    assert_near(secant.touch, 1.2328519560038171, 1e-14);
}

static void the_secant_bounds_erf_between_its_ends(void **state)
{
    (void)state;
    const struct erf_secant secant = erf_secant();
    for (double y = PHASE_INNER; y <= PHASE_OUTER; y += 1.0 / 64) {
        assert_true(erf(y) >= secant.slope * y + secant.low - 1e-15);
        assert_true(erf(y) <= secant.slope * y + secant.high + 1e-15);
    }
}

/* 1/pi, 1/(2 sqrt 2), 2/(pi sqrt 3); the others by integrating the density in the reference. */
static void densities_of_students_t_at_zero(void **state)
{
    (void)state;
    const double pi = 3.14159265358979323846;
    assert_near(student_density(1), 1 / pi, 1e-14);
    assert_near(student_density(2), 1 / (2 * sqrt(2.0)), 1e-14);
    assert_near(student_density(3), 2 / (pi * sqrt(3.0)), 1e-14);
    assert_near(student_density(0.5), 0.26967630059419, 1e-13);
    assert_near(student_density(4.5), 0.377546820831856, 1e-13);
    assert_near(student_density(HUGE_VAL), 1 / sqrt(2 * pi), 1e-15);
}

/* The series takes over at 1,000. */
static void densities_at_large_nu(void **state)
{
    (void)state;
    assert_near(student_density(999), 0.398842457503474, 1e-12);
    assert_near(student_density(1001), 0.398842656924859, 1e-12);
    assert_near(student_density(1e12), student_density(HUGE_VAL), 1e-12);
}

/* nu/(nu - 2) */
static void variances_of_students_t(void **state)
{
    (void)state;
    assert_near(student_variance(3), 3.0, 0);
    assert_near(student_variance(4), 2.0, 0);
    assert_near(student_variance(HUGE_VAL), 1.0, 0);
    assert_true(isinf(student_variance(2)));
    assert_true(isinf(student_variance(1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_secant_of_erf_has_its_published_constants),
        cmocka_unit_test(the_secant_bounds_erf_between_its_ends),
        cmocka_unit_test(densities_of_students_t_at_zero),
        cmocka_unit_test(densities_at_large_nu),
        cmocka_unit_test(variances_of_students_t),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
