/* The mean of a sign under noise against closed forms (training.md 10.2), the C library's error
 * function, and tests/reference/sign_means.py. */
#include "support/check.h"

#include "dynamics/sign_mean.h"
#include "memory.h"

#include <stdlib.h>

static const double pi = 3.14159265358979323846;

static double of_cauchy(double x)
{
    return 2.0 / pi * atan(x);
}

static double of_two(double x)
{
    return x / sqrt(2.0 + x * x);
}

static double of_three(double x)
{
    const double y = x / sqrt(3.0);
    return 2.0 / pi * (atan(y) + y / (1.0 + y * y));
}

static double of_normal(double x)
{
    return erf(x / sqrt(2.0));
}

/* The largest error over x from -1000 to 1000. */
static double worst(double nu, double (*exact)(double x))
{
    double *table = sign_mean_table(nu);
    double most = 0.0;
    assert_non_null(table);
    for (double x = 1e-4; x < 1000.0; x *= 1.003) {
        most = fmax(most, fabs(sign_mean(table, 0.3 * x, 0.3) - exact(x)));
        most = fmax(most, fabs(sign_mean(table, -0.3 * x, 0.3) + exact(x)));
    }
    free(table);
    return most;
}

static void the_closed_forms_are_met(void **state)
{
    static const struct {
        const char *name;
        double nu;
        double (*exact)(double x);
    } cases[] = {{"nu = 1", 1, of_cauchy},
                 {"nu = 2", 2, of_two},
                 {"nu = 3", 3, of_three},
                 {"normal", HUGE_VAL, of_normal}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const double most = worst(cases[i].nu, cases[i].exact);
        print_message("%s: off by at most %.2e\n", cases[i].name, most);
        assert_true(most < 1e-10);
    }
}

static void other_degrees_of_freedom_are_met(void **state)
{
    static const double places[] = {0.1, 1.0, 3.0, 10.0};
    static const struct {
        double nu, values[4];
    } cases[] = {
        {1.5, {0.067958546513038, 0.548864632723290, 0.866452245745087, 0.976340644886379}},
        {4.0, {0.074844159060546, 0.626099033699941, 0.960058031928281, 0.999437996377284}},
        {7.5, {0.077034667932209, 0.651523974369248, 0.981609061391795, 0.999986634021851}},
        {30.0, {0.078990388209729, 0.674691384573966, 0.994610035934348, 0.999999999954247}},
        {1000.0, {0.079635630976189, 0.682447581915405, 0.997233290955762, 1.000000000000000}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double *table = sign_mean_table(cases[i].nu);
        for (int j = 0; j < 4; j++)
            assert_near(sign_mean(table, places[j], 1.0), cases[i].values[j], 1e-8);
        free(table);
    }
}

/* The slope at 0 is 2 c_nu of training.md 10.5: 2/pi, 1/sqrt(2), 4/(pi sqrt(3)), sqrt(2/pi). */
static void small_gradients_are_divided_by_the_deviation(void **state)
{
    static const double nus[] = {1, 2, 3, HUGE_VAL};
    const double slopes[] = {2.0 / pi, 1.0 / sqrt(2.0), 4.0 / (pi * sqrt(3.0)), sqrt(2.0 / pi)};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(nus); i++) {
        double *table = sign_mean_table(nus[i]);
        assert_near(sign_mean(table, 1e-6, 0.5), slopes[i] * 2e-6, 1e-5);
        free(table);
    }
}

static void without_noise_it_is_the_sign(void **state)
{
    double *table = sign_mean_table(HUGE_VAL);
    (void)state;
    assert_true(sign_mean(table, 1e-30, 0.0) == 1.0);
    assert_true(sign_mean(table, -2.0, 0.0) == -1.0);
    assert_true(sign_mean(table, 0.0, 0.0) == 0.0);
    assert_true(sign_mean(table, 0.0, 1.0) == 0.0);
    assert_true(sign_mean(table, HUGE_VAL, 1.0) == 1.0);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closed_forms_are_met),
        cmocka_unit_test(other_degrees_of_freedom_are_met),
        cmocka_unit_test(small_gradients_are_divided_by_the_deviation),
        cmocka_unit_test(without_noise_it_is_the_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
