#include "search/numbers/sobol_points.h"

#include "support/check.h"

/* scipy.stats.qmc.Sobol 1.10, unscrambled, in 64ths (tests/reference/sobol.py points). */
static const struct {
    int dimension;
    int points[64];
} scipy[] = {
    {1, {0,  32, 48, 16, 24, 56, 40, 8,  12, 44, 60, 28, 20, 52, 36, 4,  6,  38, 54, 22, 30, 62,
         46, 14, 10, 42, 58, 26, 18, 50, 34, 2,  3,  35, 51, 19, 27, 59, 43, 11, 15, 47, 63, 31,
         23, 55, 39, 7,  5,  37, 53, 21, 29, 61, 45, 13, 9,  41, 57, 25, 17, 49, 33, 1}},
    {2, {0,  32, 16, 48, 24, 56, 8,  40, 20, 52, 4,  36, 12, 44, 28, 60, 30, 62, 14, 46, 6,  38,
         22, 54, 10, 42, 26, 58, 18, 50, 2,  34, 17, 49, 1,  33, 9,  41, 25, 57, 5,  37, 21, 53,
         29, 61, 13, 45, 15, 47, 31, 63, 23, 55, 7,  39, 27, 59, 11, 43, 3,  35, 19, 51}},
    {3, {0,  32, 16, 48, 40, 8,  56, 24, 60, 28, 44, 12, 20, 52, 4,  36, 30, 62, 14, 46, 54, 22,
         38, 6,  34, 2,  50, 18, 10, 42, 26, 58, 45, 13, 61, 29, 5,  37, 21, 53, 17, 49, 1,  33,
         57, 25, 41, 9,  51, 19, 35, 3,  27, 59, 11, 43, 15, 47, 31, 63, 39, 7,  55, 23}},
    {7, {0,  32, 16, 48, 24, 56, 8,  40, 28, 60, 12, 44, 4,  36, 20, 52, 34, 2,  50, 18, 58, 26,
         42, 10, 62, 30, 46, 14, 38, 6,  54, 22, 51, 19, 35, 3,  43, 11, 59, 27, 47, 15, 63, 31,
         55, 23, 39, 7,  17, 49, 1,  33, 9,  41, 25, 57, 13, 45, 29, 61, 21, 53, 5,  37}},
    {19, {0,  32, 48, 16, 56, 24, 8,  40, 60, 28, 12, 44, 4,  36, 52, 20, 50, 18, 2,  34, 10, 42,
          58, 26, 14, 46, 62, 30, 54, 22, 6,  38, 27, 59, 43, 11, 35, 3,  19, 51, 39, 7,  23, 55,
          31, 63, 47, 15, 41, 9,  25, 57, 17, 49, 33, 1,  21, 53, 37, 5,  45, 13, 29, 61}},
    {40, {0,  32, 16, 48, 56, 24, 40, 8,  36, 4,  52, 20, 28, 60, 12, 44, 58, 26, 42, 10, 2,  34,
          18, 50, 30, 62, 14, 46, 38, 6,  54, 22, 29, 61, 13, 45, 37, 5,  53, 21, 57, 25, 41, 9,
          1,  33, 17, 49, 39, 7,  55, 23, 31, 63, 15, 47, 3,  35, 19, 51, 59, 27, 43, 11}},
};

static void the_first_points_are_those_of_the_specification(void **state)
{
    (void)state;
    const double want[8][2] = {{0, 0},       {.5, .5},     {.75, .25},   {.25, .75},
                               {.375, .375}, {.875, .875}, {.625, .125}, {.125, .625}};
    struct sobol sobol;
    double u[2];

    sobol_plain(&sobol, 2);
    for (uint32_t i = 0; i < 8; i++) {
        sobol_point(&sobol, i, u);
        assert_near(u[0], want[i][0], 0);
        assert_near(u[1], want[i][1], 0);
    }
}

static void plain_points_are_those_of_scipy(void **state)
{
    (void)state;
    struct sobol sobol;
    double u[40];

    sobol_plain(&sobol, 40);
    for (uint32_t i = 0; i < 64; i++) {
        sobol_point(&sobol, i, u);
        for (size_t j = 0; j < sizeof scipy / sizeof *scipy; j++)
            assert_near(64 * u[scipy[j].dimension - 1], scipy[j].points[i], 0);
    }
}

/* This point takes part of nearly all 20 first direction numbers. */
static void point_one_million_is_that_of_scipy_in_forty_dimensions(void **state)
{
    (void)state;
    const double want[40] = {
        113709056,  1339682816, 3556216832, 2870095872, 2700070912, 3414765568, 4169322496,
        72126464,   1290276864, 1092644864, 2741612544, 3999371264, 1173458944, 2290692096,
        2787889152, 3075608576, 1902718976, 1105891328, 2546462720, 1641934848, 172355584,
        1951215616, 704679936,  4250087424, 2779631616, 160731136,  575852544,  3463655424,
        825126912,  144019456,  1728663552, 2325311488, 1630965760, 2508476416, 358158336,
        1310363648, 4017827840, 1373892608, 1916268544, 2196484096,
    };
    struct sobol sobol;
    double u[40];

    sobol_plain(&sobol, 40);
    sobol_point(&sobol, 1000000, u);
    for (int i = 0; i < 40; i++)
        assert_near(0x1p32 * u[i], want[i], 0);
}

/* Of 2^k first points each of 2^k equal parts of the axis has one, in every dimension; that holds
 * for any odd initial numbers and any primitive polynomial, and for no other. */
static void every_axis_is_covered(const struct sobol *sobol)
{
    enum { POINTS = 4096 };
    static uint8_t hit[SOBOL_DIMENSIONS][POINTS];
    double u[SOBOL_DIMENSIONS];

    memset(hit, 0, sizeof hit);
    for (uint32_t i = 0; i < POINTS; i++) {
        sobol_point(sobol, i, u);
        for (int j = 0; j < SOBOL_DIMENSIONS; j++) {
            assert_true(u[j] >= 0 && u[j] < 1);
            hit[j][(int)(POINTS * u[j])]++;
        }
    }
    for (int j = 0; j < SOBOL_DIMENSIONS; j++)
        for (int i = 0; i < POINTS; i++)
            assert_int_equal(hit[j][i], 1);
}

static void each_axis_is_covered_evenly_in_128_dimensions(void **state)
{
    (void)state;
    struct sobol sobol;
    sobol_plain(&sobol, SOBOL_DIMENSIONS);
    every_axis_is_covered(&sobol);
}

static void scrambling_keeps_the_cover_and_leaves_the_ends_out(void **state)
{
    (void)state;
    double least = 1, most = 0, u[SOBOL_DIMENSIONS];

    for (uint64_t seed = 0; seed < 5; seed++) {
        struct sobol sobol;
        struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
        sobol_scrambled(&sobol, SOBOL_DIMENSIONS, &rng);
        every_axis_is_covered(&sobol);
        sobol_point(&sobol, 0, u);
        for (int j = 0; j < SOBOL_DIMENSIONS; j++) {
            least = fmin(least, u[j]);
            most = fmax(most, u[j]);
        }
    }
    assert_true(least > 0 && most < 1);
    assert_true(most - least > 0.9); /* the first point is anywhere, not at 0 */
}

/* Of a 16 by 16 board, how many squares 1,024 points leave empty in two dimensions. */
static int squares_left_empty(const struct sobol *sobol, int one, int other)
{
    uint8_t hit[256] = {0};
    int empty = 256;

    for (uint32_t i = 0; i < 1024; i++) {
        double u[SOBOL_DIMENSIONS];
        sobol_point(sobol, i, u);
        hit[16 * (int)(16 * u[one]) + (int)(16 * u[other])] = 1;
    }
    for (int i = 0; i < 256; i++)
        empty -= hit[i];
    return empty;
}

/* A dimension that repeats its neighbour leaves 240 empty: all but the diagonal. */
static void no_dimension_follows_its_neighbour(void **state)
{
    (void)state;
    struct sobol sobol;

    sobol_plain(&sobol, SOBOL_DIMENSIONS);
    for (int j = 0; j + 1 < SOBOL_DIMENSIONS; j++)
        assert_in_range(squares_left_empty(&sobol, j, j + 1), 0, 192);
}

/* The mean of a product over 8 dimensions is 1. With 4,096 random points the error has a deviation
 * of sqrt((4/3)^8 - 1) / 64 = 0.047; scipy's scrambled points have 0.008 over 20 seeds. */
static void an_integral_is_four_times_closer_than_by_random_points(void **state)
{
    (void)state;
    double squares = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        struct sobol sobol;
        struct rng rng = rng_stream(seed, RANDOM_TEST, 1);
        double sum = 0;
        sobol_scrambled(&sobol, 8, &rng);
        for (uint32_t i = 0; i < 4096; i++) {
            double u[8], product = 1;
            sobol_point(&sobol, i, u);
            for (int j = 0; j < 8; j++)
                product *= 2 * u[j];
            sum += product;
        }
        squares += (sum / 4096 - 1) * (sum / 4096 - 1) / 20;
    }
    assert_true(sqrt(squares) < 0.047 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_points_are_those_of_the_specification),
        cmocka_unit_test(plain_points_are_those_of_scipy),
        cmocka_unit_test(point_one_million_is_that_of_scipy_in_forty_dimensions),
        cmocka_unit_test(each_axis_is_covered_evenly_in_128_dimensions),
        cmocka_unit_test(scrambling_keeps_the_cover_and_leaves_the_ends_out),
        cmocka_unit_test(no_dimension_follows_its_neighbour),
        cmocka_unit_test(an_integral_is_four_times_closer_than_by_random_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
