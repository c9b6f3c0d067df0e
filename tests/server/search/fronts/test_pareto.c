#include "support/check.h"

#include "memory.h"
#include "random.h"
#include "search/fronts/pareto.h"

#include <stdlib.h>

/* By hand: (1,3) and (3,1) and (2,2) are best; (2,3) and (3,2) next; (3,3) behind them. */
static const double six[] = {3, 3, 1, 3, 2, 2, 3, 2, 2, 3, 3, 1};

static void fronts_lie_behind_each_other(void **state)
{
    (void)state;
    int fronts[6], best[6];

    assert_int_equal(pareto_fronts(six, 6, 2, fronts), 3);
    assert_memory_equal(fronts, ((int[]){2, 0, 0, 1, 1, 0}), sizeof fronts);
    assert_int_equal(pareto_best(six, 6, 2, best), 3);
    assert_memory_equal(best, ((int[]){1, 2, 5}), 3 * sizeof *best);
}

static void equal_points_share_a_front(void **state)
{
    (void)state;
    const double points[] = {1, 2, 1, 2, 1, 3, 1, 2};
    int fronts[4], best[4];

    assert_int_equal(pareto_fronts(points, 4, 2, fronts), 2);
    assert_memory_equal(fronts, ((int[]){0, 0, 1, 0}), sizeof fronts);
    assert_int_equal(pareto_best(points, 4, 2, best), 3);
    assert_false(pareto_dominates(points, points + 2, 2));
}

/* The definition: the length of the longest chain of points that dominate each other, ending
 * here. */
static void want_fronts(const double *points, int count, int objectives, int *fronts)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
                if (pareto_dominates(points + j * objectives, points + i * objectives,
                                     objectives) &&
                    fronts[i] <= fronts[j]) {
                    fronts[i] = fronts[j] + 1;
                    changed = true;
                }
    }
}

static void fronts_are_chains_of_domination(void **state)
{
    (void)state;
    enum { MOST = 60 };

    for (int number = 0; number < 80; number++) {
        struct rng rng = rng_stream(2, RANDOM_TEST, (uint64_t)number);
        const int objectives = 1 + number % 4, count = 1 + (int)rng_below(&rng, MOST);
        double points[MOST * 4];
        int fronts[MOST], want[MOST] = {0}, best[MOST], at = 0;

        for (int i = 0; i < count * objectives; i++)
            points[i] = number % 2 ? rng_below(&rng, 6) : rng_uniform(&rng);
        want_fronts(points, count, objectives, want);
        (void)pareto_fronts(points, count, objectives, fronts);
        assert_memory_equal(fronts, want, (size_t)count * sizeof *fronts);

        const int found = pareto_best(points, count, objectives, best);
        for (int i = 0; i < count; i++)
            if (want[i] == 0)
                assert_int_equal(best[at++], i);
        assert_int_equal(at, found);
    }
}

/* By hand: the middle one of (0,4) (1,2) (4,0): (4 - 0) / 4 + (4 - 0) / 4 = 2. */
static void crowding_is_the_gap_between_the_neighbours(void **state)
{
    (void)state;
    const double points[] = {0, 4, 9, 9, 1, 2, 4, 0};
    const int members[] = {3, 0, 2};
    double distance[3];

    pareto_crowding(points, members, 3, 2, distance);
    assert_true(isinf(distance[0]) && isinf(distance[1]));
    assert_near(distance[2], 2, 1e-15);

    const double huge[] = {-1e308, 1e308, 0, 0, 1e308, -1e308};
    pareto_crowding(huge, (const int[]){0, 1, 2}, 3, 2, distance);
    assert_near(distance[1], 2, 1e-15);

    const double same[] = {1, 1, 1, 1, 1, 1};
    pareto_crowding(same, (const int[]){0, 1, 2}, 3, 2, distance);
    assert_true(isinf(distance[0]) && distance[1] == 0 && isinf(distance[2]));
    pareto_crowding(same, NULL, 0, 2, distance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fronts_lie_behind_each_other),
        cmocka_unit_test(equal_points_share_a_front),
        cmocka_unit_test(fronts_are_chains_of_domination),
        cmocka_unit_test(crowding_is_the_gap_between_the_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
