#include "server/search/within.h"

#include "memory.h"
#include "search/cma/cma.h"
#include "search/cma/margin.h"

#include <stdlib.h>

/* --- constants: tests/reference/search_cma.py --- */

static void populations_grow_with_the_logarithm(void **state)
{
    (void)state;
    assert_int_equal(cma_population(0), 4);
    assert_int_equal(cma_population(1), 4);
    assert_int_equal(cma_population(2), 6);
    assert_int_equal(cma_population(10), 10);
    assert_int_equal(cma_population(128), 18);
}

/* AV-5 */
static void weights_sum_to_what_the_formulas_say(void **state)
{
    (void)state;
    static const struct {
        int dimension, population;
        double effective, rank_one, rank_many, negative, first, last;
    } cases[] = {
        {10, 10, 3.167299281410704, 0.015283824524751714, 0.020154282761208394, 1.7583412769304294,
         0.45627264690340585, -0.5862218287788351},
        {3, 7, 2.2548150822016053, 0.09640963257927214, 0.051243087013586194, 2.258447524533352,
         0.585645106509765, -1.0636566969842556},
        {40, 15, 4.540915209075956, 0.0011694327252618397, 0.003122500710997406, 1.3745180012747837,
         0.34479619859202054, -0.3155046217960349},
    };
    const double mean[40] = {0};

    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct cma cma;
        double positive = 0, negative = 0;
        cma_init(&cma, cases[c].dimension, cases[c].population, mean, 1, NULL);
        for (int i = 0; i < cma.population; i++)
            *(cma.weights[i] > 0 ? &positive : &negative) += cma.weights[i];
        assert_near(positive, 1, 1e-15);
        assert_near(-negative, cases[c].negative, 1e-14);
        assert_near(cma.weights[0], cases[c].first, 1e-14);
        assert_near(cma.weights[cma.population - 1], cases[c].last, 1e-14);
        assert_near(cma.rates.effective, cases[c].effective, 1e-14);
        assert_near(cma.rates.rank_one, cases[c].rank_one, 1e-14);
        assert_near(cma.rates.rank_many, cases[c].rank_many, 1e-14);
        cma_release(&cma);
    }
}

static void three_generations_are_those_of_numpy(void **state)
{
    (void)state;
    static const double means[3][3] = {
        {0.0937802659019778, 0.1305262021450927, 0.21892338298823233},
        {0.16712902130195298, 0.2555262021450927, 0.21947379785490734},
        {1.6767943616862793, 2.560766170117676, 3.4447379785490733}};
    static const double sigmas[3] = {0.3712325326952146, 0.36317696583167264, 3.9700204815840214};
    static const double covariances[3][9] = {
        {0.9466473199079701, 0.09884111272792524, 0.01313472679568814, 0.09884111272792524,
         1.0136105880283284, 0.0786561625962385, 0.01313472679568814, 0.0786561625962385,
         1.1116901476063294},
        {0.8296795823161183, 0.027777301773487043, -0.04814661864558643, 0.027777301773487043,
         0.8382541767889182, -0.03135158720912176, -0.04814661864558643, -0.03135158720912176,
         0.9658080815422607},
        {2.2063656907788833, 1.7698609852589546, 2.1950708679381137, 1.7698609852589546,
         3.23313837651843, 3.1006998553067167, 2.1950708679381137, 3.1006998553067167,
         5.212109582412593}};
    static const bool foreign[7] = {false};
    struct cma cma;

    cma_init(&cma, 3, 7, (const double[]){0.5, 0.25, 0.75}, 0.3, NULL);
    for (int g = 0; g < 3; g++) {
        double points[7][3];
        const double *rows[7];
        for (int k = 0; k < 7; k++) {
            for (int i = 0; i < 3; i++)
                points[k][i] = ((7 * k + 3 * i + 5 * g) % 17 + k * i) / (g < 2 ? 40.0 : 4.0);
            rows[k] = points[k];
        }
        cma_tell(&cma, rows, foreign);
        assert_near(cma.sigma, sigmas[g], 1e-12);
        for (int i = 0; i < 3; i++)
            assert_near(cma.mean[i], means[g][i], 1e-12);
        for (int i = 0; i < 9; i++)
            assert_near(cma.covariance[i], covariances[g][i], 1e-12);
    }
    cma_release(&cma);
}

/* --- progress --- */

typedef double problem(const double *x, int d);

static double sphere(const double *x, int d)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        sum += x[i] * x[i];
    return sum;
}

static double ellipsoid(const double *x, int d)
{
    double sum = 0;
    for (int i = 0; i < d; i++)
        sum += pow(1e6, i / (d - 1.0)) * x[i] * x[i];
    return sum;
}

enum { D = 10, MOST = 10 };

struct drawn {
    double value, x[D];
};

static int by_drawn(const void *left, const void *right)
{
    const struct drawn *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

/* How many evaluations until 1e-8. C must stay symmetric to the bit. */
static int evaluations_to_target(problem *f, uint64_t seed)
{
    static const bool foreign[MOST] = {false};
    const double start[D] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct cma cma;
    int evaluations = 0;

    cma_init(&cma, D, MOST, start, 0.3, NULL);
    for (double best = 1; best > 1e-8 && evaluations < 20000;) {
        struct drawn drawn[MOST];
        const double *rows[MOST];
        for (int k = 0; k < MOST; k++) {
            struct rng rng = rng_stream(seed, RANDOM_TEST, (uint64_t)evaluations++);
            cma_draw(&cma, &rng, drawn[k].x);
            drawn[k].value = f(drawn[k].x, D);
        }
        qsort(drawn, MOST, sizeof *drawn, by_drawn);
        for (int k = 0; k < MOST; k++)
            rows[k] = drawn[k].x;
        best = drawn[0].value;
        cma_tell(&cma, rows, foreign);
        for (int i = 0; i < D * D; i++)
            assert_true(cma.covariance[i] == cma.covariance[i % D * D + i / D]);
    }
    cma_release(&cma);
    return evaluations;
}

/* Textbook numbers for ten dimensions and the default population: about 1,500 to 2,000 on the
 * sphere; 4,500 to 6,000 on the ellipsoid (Hansen and Ostermeier, 2001, figures 4 and 5; the
 * active update of Jastrebski and Arnold, 2006, saves some of that). */
static void bowls_are_solved_within_textbook_evaluations(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_in_range(evaluations_to_target(sphere, seed), 1000, 2000);
        assert_in_range(evaluations_to_target(ellipsoid, seed), 2500, 6000);
    }
}

/* A foreign point a thousand deviations away moves the mean by its weight times the length to which
 * it is pulled: sqrt(2) + 2 * 2 / (2 + 2) (Hansen, 2011). */
static void a_foreign_point_is_pulled_near(void **state)
{
    (void)state;
    const double far[] = {100, 0}, here[] = {0, 0};
    const double *rows[] = {far, here, here, here};
    const bool foreign[] = {true, false, false, false};
    struct cma cma;

    cma_init(&cma, 2, 4, here, 0.1, NULL);
    cma_tell(&cma, rows, foreign);
    assert_near(cma.mean[0], cma.weights[0] * 0.1 * (sqrt(2) + 1), 1e-14);
    assert_true(cma.mean[1] == 0);
    cma_release(&cma);
}

static void nothing_to_search_is_no_trouble(void **state)
{
    (void)state;
    const double *rows[4] = {NULL};
    const bool foreign[4] = {false};
    struct cma cma;
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);

    cma_init(&cma, 0, 4, NULL, 0.1, NULL);
    cma_draw(&cma, &rng, NULL);
    cma_tell(&cma, rows, foreign);
    assert_int_equal(cma.generation, 1);
    assert_true(cma_condition(&cma) == 1);
    cma_release(&cma);
}

/* --- margins --- */

static double below(double threshold, double mean, double deviation)
{
    return 0.5 * erfc((mean - threshold) / deviation / sqrt(2));
}

/* Hamano et al. 2022: after the correction each neighbour has at least about half the margin: the
 * least is given exactly where only one was short. */
static void both_neighbours_keep_half_the_margin(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct rng rng = rng_stream(9, RANDOM_TEST, (uint64_t)i);
        const double low = rng_uniform(&rng), high = low + 0.01 + 0.3 * rng_uniform(&rng);
        const double margin = pow(10, -1 - 2 * rng_uniform(&rng)), half = margin / 2;
        const double deviation = pow(10, -8 * rng_uniform(&rng));
        double mean = low + (high - low) * rng_uniform(&rng), stretch = 1;
        const double before[] = {below(low, mean, deviation), 1 - below(high, mean, deviation)};

        cma_margin(low, high, margin, deviation, &mean, &stretch);
        const double wide = deviation * stretch;
        assert_true(below(low, mean, wide) >= half * (1 - 1e-6));
        assert_true(below(-high, -mean, wide) >= half * (1 - 1e-6));
        assert_true(mean >= low && mean <= high);
        if (before[0] >= half && before[1] >= half)
            assert_true(stretch == 1);
    }
}

static void a_mean_at_the_end_keeps_the_margin(void **state)
{
    (void)state;
    double mean = 0.01, stretch = 1;

    cma_margin(-(double)INFINITY, 0.25, 0.02, 1e-3, &mean, &stretch);
    assert_near(below(-0.25, -mean, 1e-3), 0.02, 1e-6);
    assert_true(mean < 0.25 && stretch == 1);

    mean = 0.99;
    cma_margin(0.75, (double)INFINITY, 0.02, 1e-3, &mean, &stretch);
    assert_near(below(0.75, mean, 1e-3), 0.02, 1e-6);
    assert_true(mean > 0.75);

    mean = 0.2; /* a tenth of the mass and more is on the other side already */
    cma_margin(-(double)INFINITY, 0.25, 0.02, 0.05, &mean, &stretch);
    assert_true(mean == 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(populations_grow_with_the_logarithm),
        cmocka_unit_test(weights_sum_to_what_the_formulas_say),
        cmocka_unit_test(three_generations_are_those_of_numpy),
        cmocka_unit_test(bowls_are_solved_within_textbook_evaluations),
        cmocka_unit_test(a_foreign_point_is_pulled_near),
        cmocka_unit_test(nothing_to_search_is_no_trouble),
        cmocka_unit_test(both_neighbours_keep_half_the_margin),
        cmocka_unit_test(a_mean_at_the_end_keeps_the_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
