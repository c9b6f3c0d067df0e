#include "optimizers/sampling.h"

#include "math/vectors.h"

#include <math.h>

/* Rounds up, but 6000.000000001, which is 0.1 * 60000 in doubles of bad luck, to 6000. */
static uint32_t whole_above(double count, uint32_t most)
{
    const double whole = ceil(count * (1.0 - 1e-12));
    if (!(whole < (double)most))
        return most;
    return whole < 1.0 ? 1 : (uint32_t)whole;
}

uint32_t sample_part(double fraction, uint32_t examples)
{
    return whole_above(fraction * (double)examples, examples);
}

uint32_t sample_grown(uint32_t start, double growth, int64_t k, uint32_t most)
{
    return whole_above((double)start * pow(growth, (double)k), most);
}

double sample_variance(uint32_t count, size_t dimension, const real *squares, const real *gradient)
{
    if (count < 2)
        return 0.0;
    const double n = (double)count;
    const double rest =
        vector_sum(dimension, squares) - n * vector_sum_squares(dimension, gradient);
    return rest > 0.0 ? rest / (n - 1.0) : 0.0;
}

bool variance_test_passes(const struct variance_test *test)
{
    const double n = (double)test->count, all = (double)test->examples;
    const double without_return = all > 1.0 ? (all - n) / (all - 1.0) : 0.0;
    return test->variance / n * without_return <= test->ratio * test->ratio * test->squared_norm;
}

uint32_t variance_test_wants(const struct variance_test *test)
{
    if (variance_test_passes(test))
        return test->count;
    const double wanted = test->variance / (test->ratio * test->ratio * test->squared_norm);
    const uint32_t more = whole_above(wanted, test->examples);
    return more > test->count ? more : test->count;
}
