#include "support/check.h"

#include "memory.h"
#include "metrics.h"
#include "objectives/noise_probe.h"
#include "random.h"

enum { DIMENSION = 3, EXAMPLES_MAX = 300 };

/* Each example's gradient as it stands; a part's is their mean. */
struct given {
    float gradient[EXAMPLES_MAX][DIMENSION];
    int alive;
};

static void mean_of(void *context, uint32_t first, uint32_t count, float *gradient)
{
    const struct given *given = context;
    for (int i = 0; i < DIMENSION; i++) {
        double sum = 0;
        for (uint32_t j = first; j < first + count; j++)
            sum += (double)given->gradient[j][i];
        gradient[i] = (float)(sum / count);
    }
}

static void on_alive(void *context)
{
    ((struct given *)context)->alive++;
}

static void probe(struct given *given, uint32_t examples, double metrics[METRICS])
{
    float mean[DIMENSION], part[DIMENSION];
    const struct probed probed = {DIMENSION, examples, mean_of, given, on_alive, given};
    for (int i = 0; i < METRICS; i++)
        metrics[i] = (double)NAN;
    noise_probe(&probed, mean, part, metrics);
}

/* Four examples (the regression of test_supervised): gradients (0, 0, -2), (-6, 0, -6), 0 and
 * (-4, -4, -4). Mean (-2.5, -1, -3); squared distances 8.25, 22.25, 16.25, 12.25, in all 59.
 * tr(S) = 59/3; |G|^2 = 16.25 - 59/12 = 34/3; their ratio 59/34. */
static void a_few_examples_are_as_by_hand(void **state)
{
    struct given given = {.gradient = {{0, 0, -2}, {-6, 0, -6}, {0, 0, 0}, {-4, -4, -4}}};
    double metrics[METRICS];
    (void)state;

    probe(&given, 4, metrics);
    assert_near(metrics[METRIC_NOISE_TRACE], 59.0 / 3, 1e-6);
    assert_near(metrics[METRIC_NOISE_SCALE], 59.0 / 34, 1e-6);
    assert_true(isnan(metrics[METRIC_NOISE_TAIL]));
}

/* 256 examples go in 128 pairs. Example j is (j even ? 3 : 1) + (j / 2 even ? 4 : 0) along the
 * first axis: pairs have the means 6 and 2, 64 each. tr(S) = 2/127 * 128 * 4 = 8.063, from pairs
 * alone; mean 4: |G|^2 = 16 - tr(S)/256. */
static void large_batches_go_in_parts(void **state)
{
    static struct given given;
    double metrics[METRICS];
    (void)state;

    given = (struct given){.alive = 0};
    for (int j = 0; j < 256; j++)
        given.gradient[j][0] = (j % 2 == 0 ? 3.0F : 1.0F) + (j / 2 % 2 == 0 ? 4.0F : 0.0F);
    probe(&given, 256, metrics);
    const double trace = 2.0 / 127 * 128 * 4;
    assert_near(metrics[METRIC_NOISE_TRACE], trace, 1e-6);
    assert_near(metrics[METRIC_NOISE_SCALE], trace / (16 - trace / 256), 1e-6);
    assert_int_equal(given.alive, 8);
}

/* Normal noise with deviations 1, 2 and 0.5 around (1, -1, 2): tr(S) = 5.25, |G|^2 = 6. The means
 * of 200 probes of 300 examples have errors of about 0.7 %. */
static void estimates_are_right_on_average(void **state)
{
    static const double deviation[DIMENSION] = {1, 2, 0.5}, truth[DIMENSION] = {1, -1, 2};
    static struct given given;
    double trace = 0, signal = 0;
    (void)state;

    for (uint64_t k = 0; k < 200; k++) {
        double metrics[METRICS];
        struct rng rng = rng_stream(1, RANDOM_TEST, k);
        for (int j = 0; j < EXAMPLES_MAX; j++)
            for (int i = 0; i < DIMENSION; i++)
                given.gradient[j][i] = (float)(truth[i] + deviation[i] * rng_normal(&rng));
        probe(&given, EXAMPLES_MAX, metrics);
        trace += metrics[METRIC_NOISE_TRACE] / 200;
        signal += metrics[METRIC_NOISE_TRACE] / metrics[METRIC_NOISE_SCALE] / 200;
    }
    assert_near(trace, 5.25, 0.03);
    assert_near(signal, 6.0, 0.03);
}

static void one_example_says_nothing(void **state)
{
    struct given given = {.gradient = {{1, 2, 3}}};
    double metrics[METRICS];
    (void)state;
    for (uint32_t examples = 0; examples < 2; examples++) {
        probe(&given, examples, metrics);
        for (int i = 0; i < METRICS; i++)
            assert_true(isnan(metrics[i]));
    }
}

/* 1, -1: the mean is 0, so nothing is left of |G|^2. */
static void noise_without_a_signal_has_no_scale(void **state)
{
    struct given given = {.gradient = {{1, 0, 0}, {-1, 0, 0}}};
    double metrics[METRICS];
    (void)state;
    probe(&given, 2, metrics);
    assert_near(metrics[METRIC_NOISE_TRACE], 2, 1e-6);
    assert_true(isnan(metrics[METRIC_NOISE_SCALE]));
}

/* --- the tail ------------------------------------------------------------------------------------
 */

/* 2 / (log(e^2 / 1) + log(e / 1)) = 2/3, whatever is smaller. */
static void hill_is_as_by_hand(void **state)
{
    double numbers[] = {0.5, exp(1), 1, exp(2), 0.25};
    (void)state;
    assert_near(hill_index(5, 2, numbers), 2.0 / 3, 1e-12);
}

/* Of u^(-1/a) with u uniform the index is a; from 1,000 numbers with an error of 3 %. */
static void hill_finds_the_index_of_a_pareto_law(void **state)
{
    enum { COUNT = 20000, LARGEST = 1000 };
    static const double indices[] = {0.8, 1.5, 3};
    AUTO_FREE double *numbers = xcalloc(COUNT, sizeof *numbers);
    (void)state;

    for (size_t i = 0; i < COUNT_OF(indices); i++) {
        struct rng rng = rng_stream(2, RANDOM_TEST, i);
        for (int j = 0; j < COUNT; j++)
            numbers[j] = pow(1 - rng_uniform(&rng), -1 / indices[i]);
        assert_near(hill_index(COUNT, LARGEST, numbers), indices[i], 0.1);
    }
}

static void equal_numbers_have_no_tail(void **state)
{
    double equal[] = {2, 2, 2}, zero[] = {0, 0, 1};
    (void)state;
    assert_true(isnan(hill_index(3, 1, equal)));
    assert_true(isnan(hill_index(3, 1, zero)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_examples_are_as_by_hand),
        cmocka_unit_test(large_batches_go_in_parts),
        cmocka_unit_test(estimates_are_right_on_average),
        cmocka_unit_test(one_example_says_nothing),
        cmocka_unit_test(noise_without_a_signal_has_no_scale),
        cmocka_unit_test(hill_is_as_by_hand),
        cmocka_unit_test(hill_finds_the_index_of_a_pareto_law),
        cmocka_unit_test(equal_numbers_have_no_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
