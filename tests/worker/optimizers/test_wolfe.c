#include "support/check.h"

#include "optimizers/wolfe.h"

#include "memory.h"

#include <math.h>

enum { MOST = 40 };

struct function {
    double (*value)(double x), (*slope)(double x);
    int evaluations;
};

static struct line_point evaluate(void *context, double step)
{
    struct function *function = context;
    function->evaluations++;
    return (struct line_point){step, function->value(step), function->slope(step)};
}

static bool search(struct function *function, double c1, double c2, double first,
                   struct line_point *found)
{
    const struct line_search search = {c1, c2, MOST, evaluate, function};
    const struct line_point start = {0, function->value(0), function->slope(0)};
    return wolfe_search(&search, &start, first, found);
}

/* The test functions of Moré and Thuente (1994, ACM TOMS 20, 286): (5.1), a long way to a minimum
 * at 1.41; (5.2), a plateau with a minimum at 1.596; (5.3), small waves around a minimum at 1. */
static double first_value(double x)
{
    return -x / (x * x + 2);
}
static double first_slope(double x)
{
    return (x * x - 2) / ((x * x + 2) * (x * x + 2));
}
static double second_value(double x)
{
    return pow(x + 0.004, 5) - 2 * pow(x + 0.004, 4);
}
static double second_slope(double x)
{
    return 5 * pow(x + 0.004, 4) - 8 * pow(x + 0.004, 3);
}
static double waves(double x)
{
    return 2 * (1 - 0.01) / (39 * acos(-1)) * sin(39 * acos(-1) / 2 * x);
}
static double third_value(double x)
{
    const double around = fabs(x - 1) <= 0.01 ? (x - 1) * (x - 1) / 0.02 + 0.005 : fabs(x - 1);
    return around + waves(x);
}
static double third_slope(double x)
{
    const double around = fabs(x - 1) <= 0.01 ? (x - 1) / 0.01 : (x > 1 ? 1 : -1);
    return around + (1 - 0.01) * cos(39 * acos(-1) / 2 * x);
}

/* Both conditions, from first steps that are far too short and far too long. */
static void the_step_found_satisfies_both_conditions(void **state)
{
    static const struct function functions[] = {{first_value, first_slope, 0},
                                                {second_value, second_slope, 0},
                                                {third_value, third_slope, 0}};
    static const double firsts[] = {1e-3, 1e-1, 1e1, 1e3};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        for (size_t j = 0; j < COUNT_OF(firsts); j++) {
            struct function function = functions[i];
            struct line_point found;
            const double c1 = 1e-4, c2 = 0.5;
            const double at_start = function.slope(0);
            assert_true(at_start < 0);
            assert_true(search(&function, c1, c2, firsts[j], &found));
            assert_true(found.value == function.value(found.step));
            assert_true(found.value <= function.value(0) + c1 * found.step * at_start);
            assert_true(fabs(function.slope(found.step)) <= c2 * fabs(at_start));
            assert_true(function.evaluations <= MOST);
        }
    }
}

static double parabola(double x)
{
    return (x - 3) * (x - 3);
}
static double parabola_slope(double x)
{
    return 2 * (x - 3);
}

/* The cubic through the ends of a parabola has its minimum: 1, 2, 4 go too far, 3 is found. */
static void a_parabola_is_found_at_once(void **state)
{
    struct function function = {parabola, parabola_slope, 0};
    struct line_point found;
    (void)state;
    assert_true(search(&function, 1e-4, 0.1, 1, &found));
    assert_near(found.step, 3, 1e-12);
    assert_int_equal(function.evaluations, 4);
}

/* Infinite beyond 1, as a loss that overflows. */
static double walled(double x)
{
    return x < 1 ? -log(1 - x) - 2 * x : (double)NAN;
}
static double walled_slope(double x)
{
    return x < 1 ? 1 / (1 - x) - 2 : (double)NAN;
}

static void a_value_that_is_no_number_turns_it_back(void **state)
{
    struct function function = {walled, walled_slope, 0};
    struct line_point found;
    (void)state;
    assert_true(search(&function, 1e-4, 0.5, 100, &found));
    assert_true(found.step > 0 && found.step < 1);
    assert_true(found.value < 0);
}

static double downhill(double x)
{
    return -x;
}
static double downhill_slope(double x)
{
    (void)x;
    return -1;
}
static double uphill(double x)
{
    return x;
}

static void without_end_it_gives_the_best_there_was(void **state)
{
    struct function forever = {downhill, downhill_slope, 0}, lie = {uphill, downhill_slope, 0};
    struct line_point found;
    (void)state;
    assert_false(search(&forever, 1e-4, 0.9, 1, &found));
    assert_true(found.step == pow(2, MOST - 1) && found.value == -found.step);
    assert_false(search(&lie, 1e-4, 0.9, 1, &found));
    assert_true(found.step == 0 && found.value == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_found_satisfies_both_conditions),
        cmocka_unit_test(a_parabola_is_found_at_once),
        cmocka_unit_test(a_value_that_is_no_number_turns_it_back),
        cmocka_unit_test(without_end_it_gives_the_best_there_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
