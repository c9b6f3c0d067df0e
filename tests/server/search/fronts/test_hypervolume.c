#include "server/search/within.h"

#include "memory.h"
#include "random.h"
#include "search/fronts/hypervolume.h"

#include <stdbool.h>
#include <stdlib.h>

/* Points on a grid of tenths where `coarse`, so that equal coordinates and points happen. */
static double *some_points(int number, int count, int objectives, bool coarse)
{
    struct rng rng = rng_stream(11, RANDOM_TEST, (uint64_t)number);
    double *points = xcalloc((size_t)count * objectives + 1, sizeof *points);

    for (int i = 0; i < count * objectives; i++)
        points[i] = coarse ? rng_below(&rng, 12) / 10.0 : 1.2 * rng_uniform(&rng);
    return points;
}

/* Another formula: inclusion and exclusion over all subsets of at most 16 points. */
static double by_subsets(const double *points, int count, int objectives, const double *reference)
{
    double sum = 0;

    for (int set = 1; set < 1 << count; set++) {
        double volume = -1;
        for (int i = 0; i < count; i++)
            if (set >> i & 1)
                volume = -volume;
        for (int k = 0; k < objectives; k++) {
            double corner = -1e300;
            for (int i = 0; i < count; i++)
                if (set >> i & 1)
                    corner = fmax(corner, points[i * objectives + k]);
            volume *= fmax(0, reference[k] - corner);
        }
        sum += volume;
    }
    return sum;
}

static const double ones[] = {1, 1, 1, 1, 1, 1};

/* By hand: 0.8 * 0.2 + 0.5 * 0.3 + 0.3 * 0.2 = 0.16 + 0.15 + 0.06; the fourth point is dominated,
 * the fifth is not below the reference. */
static void the_staircase_of_two_objectives_has_its_area(void **state)
{
    (void)state;
    const double points[] = {0.2, 0.8, 0.5, 0.5, 0.7, 0.3, 0.6, 0.6, 0.1, 1.0};
    double parts[5];

    assert_near(hypervolume(points, 5, 2, ones), 0.37, 1e-15);
    hypervolume_contributions(points, 5, 2, ones, parts);
    assert_near(parts[0], 0.3 * 0.2, 1e-14);
    assert_near(parts[1], 0.2 * 0.3 - 0.1 * 0.2, 1e-14); /* the fourth is behind it */
    assert_near(parts[2], 0.3 * 0.2, 1e-14);
    assert_true(parts[3] == 0 && parts[4] == 0);
}

static void nothing_has_no_volume(void **state)
{
    (void)state;
    const double outside[] = {2, 2, 2, 2};

    for (int objectives = 1; objectives <= 4; objectives++) {
        assert_true(hypervolume(NULL, 0, objectives, ones) == 0);
        assert_true(hypervolume(outside, 1, objectives, ones) == 0);
    }
    assert_near(hypervolume((const double[]){0.7, 0.4, 0.9}, 3, 1, ones), 0.6, 1e-15);
}

static void volumes_agree_with_inclusion_and_exclusion(void **state)
{
    (void)state;
    for (int number = 0; number < 120; number++) {
        const int objectives = 1 + number % 6, count = 1 + number % 10;
        AUTO_FREE double *points = some_points(number, count, objectives, number % 3 == 0);
        const double want = by_subsets(points, count, objectives, ones);

        assert_within(hypervolume(points, count, objectives, ones), want, 1e-13);
        assert_within(hypervolume_wfg(points, count, objectives, ones), want, 1e-13);
    }
}

/* AV-6 */
static void wfg_agrees_with_the_sweeps(void **state)
{
    (void)state;
    for (int number = 0; number < 40; number++) {
        const int objectives = 2 + number % 2, count = 40 + number;
        AUTO_FREE double *points = some_points(number, count, objectives, number % 5 == 0);

        assert_near(hypervolume_wfg(points, count, objectives, ones),
                    hypervolume(points, count, objectives, ones), 1e-13);
    }
}

/* Monte Carlo, 200,000 draws: the standard error is at most sqrt(1/4 / 200,000) = 0.0011. */
static void four_objectives_agree_with_counting(void **state)
{
    (void)state;
    enum { COUNT = 30, DRAWS = 200000 };
    AUTO_FREE double *points = some_points(3, COUNT, 4, false);
    struct rng rng = rng_stream(5, RANDOM_TEST, 0);
    int inside = 0;

    for (int draw = 0; draw < DRAWS; draw++) {
        double x[4];
        bool covered = false;
        for (int k = 0; k < 4; k++)
            x[k] = rng_uniform(&rng);
        for (int i = 0; i < COUNT && !covered; i++) {
            const double *p = points + 4 * i;
            covered = p[0] <= x[0] && p[1] <= x[1] && p[2] <= x[2] && p[3] <= x[3];
        }
        inside += covered;
    }
    assert_within(hypervolume(points, COUNT, 4, ones), inside / (double)DRAWS, 0.0045);
}

static void a_contribution_is_what_is_lost_without_the_point(void **state)
{
    (void)state;
    for (int number = 0; number < 60; number++) {
        const int objectives = 2 + number % 4, count = 2 + number % 12;
        const size_t bytes = (size_t)objectives * sizeof(double);
        AUTO_FREE double *points = some_points(number, count, objectives, number % 3 == 0);
        AUTO_FREE double *rest = xcalloc((size_t)count, bytes);
        double parts[16];

        hypervolume_contributions(points, count, objectives, ones, parts);
        for (int i = 0; i < count; i++) {
            memcpy(rest, points, (size_t)count * bytes);
            memcpy(rest + (size_t)i * objectives, points + (size_t)(count - 1) * objectives, bytes);
            assert_within(parts[i],
                          hypervolume(points, count, objectives, ones) -
                              hypervolume(rest, count - 1, objectives, ones),
                          1e-13);
        }
    }
}

/* The same choice as the plain greedy one, which computes every gain in every round. */
static void the_lazy_choice_is_the_greedy_one(void **state)
{
    (void)state;
    enum { COUNT = 25, CHOOSE = 8 };

    for (int number = 0; number < 12; number++) {
        const int objectives = 2 + number % 3;
        AUTO_FREE double *points = some_points(number, COUNT, objectives, false);
        double taken[CHOOSE * 4], volume = 0;
        int chosen[CHOOSE];

        hypervolume_subset(points, COUNT, objectives, ones, CHOOSE, chosen);
        for (int n = 0; n < CHOOSE; n++) {
            double best = 0;
            for (int i = 0; i < COUNT; i++) {
                memcpy(taken + n * objectives, points + i * objectives,
                       (size_t)objectives * sizeof *taken);
                best = fmax(best, hypervolume(taken, n + 1, objectives, ones));
            }
            memcpy(taken + n * objectives, points + chosen[n] * objectives,
                   (size_t)objectives * sizeof *taken);
            volume = hypervolume(taken, n + 1, objectives, ones);
            assert_within(volume, best, 1e-12);
        }
    }
}

static void a_subset_may_be_larger_than_what_counts(void **state)
{
    (void)state;
    const double points[] = {2, 2, 0.5, 0.5, 3, 3};
    int chosen[3];

    hypervolume_subset(points, 3, 2, ones, 3, chosen);
    assert_int_equal(chosen[0], 1);
    assert_int_equal(chosen[1], 0);
    assert_int_equal(chosen[2], 2);
}

static void a_volume_that_takes_too_long_is_given_up(void **state)
{
    (void)state;
    const int count = 60, objectives = 6;
    AUTO_FREE double *points = some_points(5, count, objectives, false);
    const double want = hypervolume(points, count, objectives, ones);
    int64_t effort = 1000000000, taken;
    double volume = -1;

    assert_int_equal(hypervolume_within(points, count, objectives, ones, &effort, &volume), 0);
    assert_true(volume == want);
    taken = 1000000000 - effort;
    assert_true(taken > count);
    assert_int_equal(hypervolume_within(points, count, objectives, ones, &taken, &volume), 0);
    assert_true(taken == 0);
    taken = 1000000000 - effort - 1;
    volume = -1;
    assert_int_equal(hypervolume_within(points, count, objectives, ones, &taken, &volume), -1);
    assert_true(taken < 0);
    assert_true(volume == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_volume_that_takes_too_long_is_given_up),
        cmocka_unit_test(the_staircase_of_two_objectives_has_its_area),
        cmocka_unit_test(nothing_has_no_volume),
        cmocka_unit_test(volumes_agree_with_inclusion_and_exclusion),
        cmocka_unit_test(wfg_agrees_with_the_sweeps),
        cmocka_unit_test(four_objectives_agree_with_counting),
        cmocka_unit_test(a_contribution_is_what_is_lost_without_the_point),
        cmocka_unit_test(the_lazy_choice_is_the_greedy_one),
        cmocka_unit_test(a_subset_may_be_larger_than_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
