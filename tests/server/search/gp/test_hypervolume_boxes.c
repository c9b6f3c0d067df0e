#include "server/search/within.h"

#include "memory.h"
#include "random.h"
#include "search/fronts/hypervolume.h"
#include "search/gp/hypervolume_boxes.h"

#include <stdlib.h>

enum { MOST = 12 };

static const double ones[] = {1, 1, 1, 1, 1};

/* With next to no uncertainty, the expected improvement is the improvement. */
static void a_certain_point_adds_what_the_hypervolume_says(void **state)
{
    (void)state;
    for (int number = 0; number < 200; number++) {
        struct rng rng = rng_stream(7, RANDOM_TEST, (uint64_t)number);
        const int objectives = 1 + number % 5, count = number % MOST;
        double points[(MOST + 1) * 5], sigma[5];
        struct hypervolume_boxes boxes;

        for (int i = 0; i < (count + 1) * objectives; i++)
            points[i] = number % 3 ? 1.1 * rng_uniform(&rng) : rng_below(&rng, 11) / 10.0;
        for (int k = 0; k < objectives; k++)
            sigma[k] = 1e-9;
        hypervolume_boxes_init(&boxes, points, count, objectives, ones);
        const double gain = hypervolume(points, count + 1, objectives, ones) -
                            hypervolume(points, count, objectives, ones);
        const double got = hypervolume_log_improvement(&boxes, points + count * objectives, sigma);
        assert_within(exp(got), gain, 1e-7);
        hypervolume_boxes_release(&boxes);
    }
}

/* Against the mean over draws: 40,000 of them, within five standard errors. */
static void the_expectation_is_the_mean_over_draws(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    static const double points[] = {0.2, 0.8, 0.5, 0.5, 0.5, 0.2, 0.8, 0.3, 0.3};
    static const double mean[] = {0.45, 0.6, 0.5}, sigma[] = {0.2, 0.15, 0.3};

    for (int objectives = 2; objectives <= 3; objectives++) {
        const int count = objectives == 2 ? 2 : 3;
        double all[4 * 3], sum = 0, squares = 0;
        struct rng rng = rng_stream(8, RANDOM_TEST, (uint64_t)objectives);
        struct hypervolume_boxes boxes;

        memcpy(all, points, sizeof points);
        const double before = hypervolume(points, count, objectives, ones);
        for (int draw = 0; draw < DRAWS; draw++) {
            for (int k = 0; k < objectives; k++)
                all[count * objectives + k] = mean[k] + sigma[k] * rng_normal(&rng);
            const double gain = hypervolume(all, count + 1, objectives, ones) - before;
            sum += gain / DRAWS;
            squares += gain * gain / DRAWS;
        }
        const double error = sqrt((squares - sum * sum) / DRAWS);
        hypervolume_boxes_init(&boxes, points, count, objectives, ones);
        assert_within(exp(hypervolume_log_improvement(&boxes, mean, sigma)), sum, 5 * error);
        hypervolume_boxes_release(&boxes);
    }
}

/* By hand: of nothing before, the product of both one-dimensional improvements below the reference:
 * sigma h(0) = 1 / sqrt(2 pi) each. */
static void of_an_empty_set_it_is_a_product(void **state)
{
    (void)state;
    const double mean[] = {1, 1}, sigma[] = {1, 1};
    struct hypervolume_boxes boxes;

    hypervolume_boxes_init(&boxes, NULL, 0, 2, ones);
    assert_within(hypervolume_log_improvement(&boxes, mean, sigma), -log(2 * acos(-1.0)), 1e-14);
    assert_int_equal(boxes.count, 1);
    hypervolume_boxes_release(&boxes);
}

/* By hand: (2, 2) needs one objective below 0.5, 150 deviations off, and the other below 1, 100
 * off: -150^2 / 2 - 100^2 / 2 and the logarithms of some factors; (2.1, 2) needs 110 in place of
 * 100. */
static void the_logarithm_tells_hopeless_points_apart(void **state)
{
    (void)state;
    const double points[] = {0.5, 0.5}, sigma[] = {0.01, 0.01};
    const double far[] = {2, 2}, farther[] = {2.1, 2};
    struct hypervolume_boxes boxes;

    hypervolume_boxes_init(&boxes, points, 1, 2, ones);
    assert_within(hypervolume_log_improvement(&boxes, far, sigma), -16250, 40);
    assert_within(hypervolume_log_improvement(&boxes, farther, sigma), -17300, 40);
    hypervolume_boxes_release(&boxes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certain_point_adds_what_the_hypervolume_says),
        cmocka_unit_test(the_expectation_is_the_mean_over_draws),
        cmocka_unit_test(of_an_empty_set_it_is_a_product),
        cmocka_unit_test(the_logarithm_tells_hopeless_points_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
