/* Expected values: by hand, numpy.quantile(), and the definition with all values in order. */
#include "support/check.h"

#include "compare/quantiles.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>

enum { MANY = 10000 };

static double quantile(const double *values, int count, double share)
{
    double out;
    quantiles_of(values, count, &share, 1, &out);
    return out;
}

static int by_size(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Hyndman and Fan (1996), definition 7, from the values in order. */
static double by_definition(const double *sorted, int count, double share)
{
    const double place = (count - 1) * share;
    const int below = (int)place;
    const double low = sorted[below], high = sorted[below + 1 < count ? below + 1 : below];
    return high > low ? low + (place - below) * (high - low) : low;
}

static void assert_as_defined(const double *values, int count)
{
    static const double shares[] = {0, 1e-9, 0.00037, 0.025, 0.25, 0.5, 0.61803, 0.975, 0.99999, 1};
    enum { SHARES = sizeof shares / sizeof *shares };
    AUTO_FREE double *sorted = xcalloc((size_t)count, sizeof *sorted);
    double out[SHARES];

    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_size);
    quantiles_of(values, count, shares, SHARES, out);
    for (int i = 0; i < SHARES; i++)
        assert_near(out[i], by_definition(sorted, count, shares[i]), 0);
}

/* numpy.quantile([7, 1, 3, 10], [0, .25, .5, .9, 1]): 1, 2.5, 5, 9.1, 10. */
static void quantiles_lie_between_their_neighbours(void **state)
{
    (void)state;
    const double values[] = {7, 1, 3, 10}, shares[] = {0, 0.25, 0.5, 0.9, 1};
    double out[5];
    quantiles_of(values, 4, shares, 5, out);
    assert_true(out[0] == 1 && out[1] == 2.5 && out[2] == 5 && out[4] == 10);
    assert_near(out[3], 9.1, 1e-15);
    assert_true(values[0] == 7 && values[3] == 10); /* they stay where they are */
}

static void one_value_is_every_quantile(void **state)
{
    (void)state;
    const double value = -3.5;
    assert_true(quantile(&value, 1, 0) == -3.5 && quantile(&value, 1, 0.7) == -3.5);
    assert_true(quantile(&value, 1, 1) == -3.5);
}

static void many_values_of_any_shape_have_those_of_the_definition(void **state)
{
    (void)state;
    static double values[MANY];
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    for (int count = 1; count <= MANY; count = 3 * count + 1) {
        for (int shape = 0; shape < 4; shape++) {
            for (int i = 0; i < count; i++) {
                const double normal = rng_normal(&rng);
                values[i] = shape == 0   ? 1e-3 * normal
                            : shape == 1 ? exp(20 * normal)    /* nearly all in the first cell */
                            : shape == 2 ? floor(2 * normal)   /* a handful of values */
                                         : 1 + 1e-16 * normal; /* one or two apart by a last bit */
            }
            assert_as_defined(values, count);
        }
    }
}

static void values_at_the_ends_of_the_numbers_are_in_order_too(void **state)
{
    (void)state;
    const double wide[] = {1e308, -1e308, 0, 5}, narrow[] = {5e-324, 0, 1e-323, 0};
    const double infinite = (double)INFINITY, mixed[] = {infinite, 2, -infinite, 1, infinite};
    assert_as_defined(wide, 4);
    assert_as_defined(narrow, 4);
    assert_true(quantile(mixed, 5, 0.5) == 2 && quantile(mixed, 5, 0.25) == 1);
    assert_true(quantile(mixed, 5, 1) == infinite && quantile(mixed, 5, 0) == -infinite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_lie_between_their_neighbours),
        cmocka_unit_test(one_value_is_every_quantile),
        cmocka_unit_test(many_values_of_any_shape_have_those_of_the_definition),
        cmocka_unit_test(values_at_the_ends_of_the_numbers_are_in_order_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
