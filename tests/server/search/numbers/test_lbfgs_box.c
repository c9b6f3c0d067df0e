/* Minima known by hand. */
#include "support/check.h"

#include "memory.h"
#include "search/numbers/lbfgs_box.h"
#include "server/search/within.h"

enum { N = 6 };

struct counted {
    int calls;
    double low, high; /* it must not be asked outside */
};

static double rosenbrock(void *context, const double *x, double *gradient)
{
    struct counted *counted = context;
    double sum = 0;
    counted->calls++;
    memset(gradient, 0, N * sizeof *gradient);
    for (int i = 0; i < N; i++)
        assert_true(x[i] >= counted->low && x[i] <= counted->high);
    for (int i = 0; i + 1 < N; i++) {
        const double bend = x[i + 1] - x[i] * x[i], left = 1 - x[i];
        sum += 100 * bend * bend + left * left;
        gradient[i] -= 400 * bend * x[i] + 2 * left;
        gradient[i + 1] += 200 * bend;
    }
    return sum;
}

static double minimise(struct counted *counted, int evaluations, double *x)
{
    double low[N], high[N];
    for (int i = 0; i < N; i++) {
        low[i] = counted->low;
        high[i] = counted->high;
    }
    const struct box box = {low, high, N, evaluations, 1e-9, 0};
    return minimise_in_box(&box, rosenbrock, counted, x);
}

static void the_valley_is_followed_to_its_end(void **state)
{
    (void)state;
    struct counted counted = {0, -5, 5};
    double x[N] = {-1.2, 1, -1.2, 1, -1.2, 1};
    assert_true(minimise(&counted, 500, x) < 1e-12);
    for (int i = 0; i < N; i++)
        assert_within(x[i], 1, 1e-5);
    assert_true(counted.calls < 200);
}

static void it_asks_no_more_than_it_may(void **state)
{
    (void)state;
    struct counted counted = {0, -5, 5};
    double x[N] = {-1.2, 1, -1.2, 1, -1.2, 1};
    minimise(&counted, 20, x);
    assert_in_range(counted.calls, 15, 20);
}

/* sum (x - 2)^2 + x_0 x_1 within [0, 1]: at 1 all of them. */
static double outside(void *context, const double *x, double *gradient)
{
    (void)context;
    double sum = x[0] * x[1];
    for (int i = 0; i < N; i++) {
        sum += (x[i] - 2) * (x[i] - 2);
        gradient[i] = 2 * (x[i] - 2);
    }
    gradient[0] += x[1];
    gradient[1] += x[0];
    return sum;
}

static void a_minimum_outside_is_met_at_the_ends(void **state)
{
    (void)state;
    double low[N] = {0}, high[N] = {1, 1, 1, 1, 1, 1}, x[N] = {7, -3, 0.5, 0, 1, 0.2};
    const struct box box = {low, high, N, 100, 1e-9, 0};
    assert_near(minimise_in_box(&box, outside, NULL, x), 7, 1e-15);
    for (int i = 0; i < N; i++)
        assert_true(x[i] == 1);
}

/* ln x beyond its domain is not finite: the steps stay where it is. */
static double cliff(void *context, const double *x, double *gradient)
{
    (void)context;
    gradient[0] = 1 - 1 / x[0];
    return x[0] <= 0 ? (double)NAN : x[0] - log(x[0]);
}

static void values_that_are_not_finite_are_stepped_back_from(void **state)
{
    (void)state;
    double low[1] = {-10}, high[1] = {10}, x[1] = {9};
    const struct box box = {low, high, 1, 100, 1e-9, 0};
    assert_near(minimise_in_box(&box, cliff, NULL, x), 1, 1e-14);
    assert_near(x[0], 1, 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_valley_is_followed_to_its_end),
        cmocka_unit_test(it_asks_no_more_than_it_may),
        cmocka_unit_test(a_minimum_outside_is_met_at_the_ends),
        cmocka_unit_test(values_that_are_not_finite_are_stepped_back_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
