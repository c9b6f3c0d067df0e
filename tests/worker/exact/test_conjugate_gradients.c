/* Conjugate gradients, their preconditioner and the sample sizes against published digits
 * (training.md 13, AV-3 to AV-5) and identities. */
#include "support/check.h"

#include "math/vectors.h"
#include "memory.h"
#include "optimizers/conjugate_gradients.h"
#include "optimizers/lbfgs_pairs.h"
#include "optimizers/sampling.h"
#include "random.h"

#include <stdlib.h>

/* --- AV-3: tridiag(-1; 2, 2.5, 3, 3.5, 4, 4.5; -1)
 * -----------------------------------------------*/

enum { SIX = 6 };

static void tridiagonal(void *context, const double *v, double *out)
{
    (void)context;
    for (int i = 0; i < SIX; i++)
        out[i] = (2.0 + 0.5 * i) * v[i] - (i > 0 ? v[i - 1] : 0) - (i + 1 < SIX ? v[i + 1] : 0);
}

static struct cg_solution solve_six(const double *b, int most, double *x)
{
    double gradient[SIX], iterates[4 * SIX], scratch[4 * SIX];
    struct cg_solution solution;
    for (int i = 0; i < SIX; i++) {
        gradient[i] = -b[i];
        x[i] = 0.0;
    }
    const struct linear_system system = {
        .dimension = SIX, .gradient = gradient, .apply = tridiagonal};
    assert_int_equal(cg_scratch(SIX), COUNT_OF(scratch));
    cg_solve(&system, 1, most, x, iterates, scratch, &solution);
    return solution;
}

static void the_values_on_the_way_are_the_published_ones(void **state)
{
    static const double value[] = {-19.080645161290324, -22.76241134751773, -23.99309807077915,
                                   -24.29154230292436,  -24.32777842093156, -24.329356846473033};
    static const double end[] = {1.81016598, 2.62033195, 2.7406639,
                                 2.60165975, 2.36514523, 1.85892116};
    const double b[] = {1, 2, 3, 4, 5, 6};
    double x[SIX];
    (void)state;

    const struct cg_solution solution = solve_six(b, SIX, x);
    assert_int_equal(solution.iterations, SIX);
    assert_true(solution.value[0] == 0.0);
    for (int i = 0; i < SIX; i++) {
        assert_near(solution.value[i + 1], value[i], 1e-10);
        assert_near(x[i], end[i], 5e-9);
    }
    assert_int_equal(solution.kept, 2); /* the fifth and the last */
    assert_int_equal(solution.at[0], 5);
    assert_int_equal(solution.at[1], 6);
}

static void the_residuals_on_the_way_are_the_published_ones(void **state)
{
    static const double norm[] = {3.8052739, 0.7866693, 0.2332770, 0.0416494, 0.0075017, 0};
    const double b[] = {6, 5, 4, 3, 2, 1};
    double x[SIX], product[SIX];
    (void)state;

    for (int most = 1; most <= SIX; most++) {
        solve_six(b, most, x);
        tridiagonal(NULL, x, product);
        const double got = sqrt(vector_squared_distance(SIX, product, b));
        assert_true(fabs(got - norm[most - 1]) <= 5.1e-8); /* seven decimals are given */
    }
}

/* --- AV-4 --------------------------------------------------------------------------------------*/

static void the_iterates_kept_are_the_published_ones(void **state)
{
    static const int published[] = {5,  7,  9,  11, 15,  19,  25,  32,
                                    41, 54, 69, 90, 117, 152, 197, 256};
    struct cg_keeping keeping = cg_keeping_begin();
    int found = 0;
    (void)state;

    for (int i = 1; i <= 256; i++) {
        if (cg_keeps(&keeping, i))
            assert_int_equal(i, published[found++]);
    }
    assert_int_equal(found, COUNT_OF(published));
    assert_int_equal(cg_kept_most(256), 17);
    assert_int_equal(cg_kept_most(4), 1);
    assert_true(cg_kept_most(CG_ITERATIONS_MAX) <= CG_KEPT_MAX);
}

/* --- AV-5 --------------------------------------------------------------------------------------*/

/* (1,2), (3,0), (2,1), (0,1): mean (1.5, 1), squares (14, 6), variances 5/3 + 2/3. */
static void the_variance_test_has_its_published_numbers(void **state)
{
    const double squares[] = {14, 6}, mean[] = {1.5, 1};
    struct variance_test test = {.ratio = 0.5, .count = 4, .examples = 100};
    (void)state;

    test.variance = sample_variance(4, 2, squares, mean);
    test.squared_norm = vector_sum_squares(2, mean);
    assert_near(test.variance / 4, 0.58333333333333333, 1e-12);
    assert_near(test.squared_norm, 3.25, 1e-12);
    assert_true(variance_test_passes(&test)); /* .5657 <= .8125 */
    assert_int_equal(variance_test_wants(&test), 4);

    /* c_v = 0.4: .5657 > .52; 2.3333 / .52 = 4.487 */
    test.ratio = 0.4;
    assert_false(variance_test_passes(&test));
    assert_int_equal(variance_test_wants(&test), 5);
    /* c_v = 0.05: 2.3333 / .008125 = 287, of which there are 100 */
    test.ratio = 0.05;
    assert_int_equal(variance_test_wants(&test), 100);
    test.count = 100; /* all of them: nothing is left to chance */
    assert_true(variance_test_passes(&test));
}

static void samples_are_rounded_up_within_their_limits(void **state)
{
    (void)state;
    assert_int_equal(sample_part(0.1, 60000), 6000);
    assert_int_equal(sample_part(0.1, 101), 11);
    assert_int_equal(sample_part(1e-9, 60000), 1);
    assert_int_equal(sample_part(1, 60000), 60000);
    assert_int_equal(sample_part(1, 1), 1);
    /* 6000 * 1.3^2 = 10140; 1.3^9 = 10.6 */
    assert_int_equal(sample_grown(6000, 1.3, 0, 60000), 6000);
    assert_int_equal(sample_grown(6000, 1.3, 2, 60000), 10140);
    assert_int_equal(sample_grown(6000, 1.3, 9, 60000), 60000);
    assert_int_equal(sample_grown(6000, 1.3, 100000, 60000), 60000);
}

/* --- larger systems ----------------------------------------------------------------------------*/

enum { SIDE = 300, PAIRS = 16 };

/* Eigenvalues from 1 to 10,000, most of them below 10: outliers, as networks have. */
struct outliers {
    struct lbfgs_pairs pairs;
    bool live;
};

static double eigenvalue(int i)
{
    return i < 8 ? 10000.0 / (i + 1) : 1.0 + 9.0 * i / SIDE;
}

/* Q D Q' with a Householder reflection Q = 1 - 2 u u'. */
static void outlying(void *context, const double *v, double *out)
{
    (void)context;
    double along = 0.0, back = 0.0;
    const double u = 1.0 / sqrt(SIDE);
    for (int i = 0; i < SIDE; i++)
        along += u * v[i];
    for (int i = 0; i < SIDE; i++) {
        out[i] = eigenvalue(i) * (v[i] - 2.0 * u * along);
        back += u * out[i];
    }
    for (int i = 0; i < SIDE; i++)
        out[i] -= 2.0 * u * back;
}

static void by_pairs(void *context, const double *residual, double *out)
{
    const struct outliers *outliers = context;
    lbfgs_pairs_apply(&outliers->pairs, residual, out);
}

static void take_pair(void *context, double step, const double *direction, const double *product)
{
    struct outliers *outliers = context;
    if (outliers->live)
        assert_true(lbfgs_pairs_add(&outliers->pairs, step, direction, product));
}

struct workplace {
    double gradient[SIDE], x[SIDE], scratch[4 * SIDE], iterates[CG_KEPT_MAX * SIDE];
    double room[2 * PAIRS * SIDE];
    struct outliers outliers;
};

static struct workplace *open_workplace(void)
{
    struct workplace *place = xcalloc(1, sizeof *place);
    struct rng rng = rng_stream(5, RANDOM_TEST, 0);
    for (int i = 0; i < SIDE; i++)
        place->gradient[i] = rng_normal(&rng);
    assert_int_equal(lbfgs_pairs_room(SIDE, PAIRS), COUNT_OF(place->room));
    place->outliers.pairs = lbfgs_pairs_over(place->room, SIDE, PAIRS, 0, 0);
    return place;
}

/* Iterations until the residual is a millionth of what it was. */
static int iterations_needed(struct workplace *place, bool preconditioned)
{
    double product[SIDE];
    struct cg_solution solution;
    const struct linear_system system = {
        .dimension = SIDE,
        .gradient = place->gradient,
        .apply = outlying,
        .precondition = preconditioned ? by_pairs : NULL,
        .moved = take_pair,
        .context = &place->outliers,
    };
    const double size = vector_sum_squares(SIDE, place->gradient);
    for (int most = 1; most <= SIDE; most++) {
        memset(place->x, 0, sizeof place->x);
        const struct lbfgs_pairs before = place->outliers.pairs;
        if (place->outliers.live)
            place->outliers.pairs = lbfgs_pairs_over(place->room, SIDE, PAIRS, 0, 0);
        cg_solve(&system, CG_ITERATIONS_MAX, most, place->x, place->iterates, place->scratch,
                 &solution);
        if (!place->outliers.live)
            place->outliers.pairs = before;
        outlying(NULL, place->x, product);
        vector_add_scaled(SIDE, 1.0, place->gradient, product);
        if (vector_sum_squares(SIDE, product) < 1e-12 * size)
            return most;
    }
    return SIDE + 1;
}

static void collect_pairs(struct workplace *place)
{
    struct cg_solution solution;
    const struct linear_system system = {.dimension = SIDE,
                                         .gradient = place->gradient,
                                         .apply = outlying,
                                         .moved = take_pair,
                                         .context = &place->outliers};
    place->outliers.live = true;
    memset(place->x, 0, sizeof place->x);
    cg_solve(&system, CG_ITERATIONS_MAX, 40, place->x, place->iterates, place->scratch, &solution);
    place->outliers.live = false;
    assert_int_equal(place->outliers.pairs.count, PAIRS);
}

/* H y = s for the newest pair, and for no other reason than the two loops. */
static void the_newest_change_is_turned_back_into_its_step(void **state)
{
    struct workplace *place = open_workplace();
    double turned[SIDE];
    (void)state;

    collect_pairs(place);
    const struct lbfgs_pairs *pairs = &place->outliers.pairs;
    const size_t newest = (size_t)((pairs->next + PAIRS - 1) % PAIRS) * SIDE;
    lbfgs_pairs_apply(pairs, pairs->changes + newest, turned);
    const double distance = vector_squared_distance(SIDE, turned, pairs->steps + newest);
    assert_true(distance < 1e-20 * vector_sum_squares(SIDE, pairs->steps + newest));
    free(place);
}

/* u . H v = v . H u, and v . H v > 0. */
static void the_preconditioner_is_symmetric_and_positive(void **state)
{
    struct workplace *place = open_workplace();
    double u[SIDE], v[SIDE], hu[SIDE], hv[SIDE];
    struct rng rng = rng_stream(5, RANDOM_TEST, 1);
    (void)state;

    collect_pairs(place);
    for (int i = 0; i < SIDE; i++) {
        u[i] = rng_normal(&rng);
        v[i] = rng_normal(&rng);
    }
    lbfgs_pairs_apply(&place->outliers.pairs, u, hu);
    lbfgs_pairs_apply(&place->outliers.pairs, v, hv);
    const double one = vector_dot(SIDE, u, hv), other = vector_dot(SIDE, v, hu);
    assert_near(one, other, 1e-10 * vector_dot(SIDE, v, hv));
    assert_true(vector_dot(SIDE, u, hu) > 0.0);
    free(place);
}

static void pairs_read_back_give_the_same_bits(void **state)
{
    struct workplace *place = open_workplace();
    double one[SIDE], other[SIDE];
    (void)state;

    collect_pairs(place);
    const struct lbfgs_pairs *pairs = &place->outliers.pairs;
    const struct lbfgs_pairs again =
        lbfgs_pairs_over(place->room, SIDE, PAIRS, pairs->count, pairs->next);
    lbfgs_pairs_apply(pairs, place->gradient, one);
    lbfgs_pairs_apply(&again, place->gradient, other);
    assert_memory_equal(one, other, sizeof one);
    free(place);
}

/* In one dimension H is s/y of the newest pair, whatever the others are. Of pairs 1 … 5, of which 3
 * … 5 are left in a ring of three, 3 and 5 stay. */
static void every_second_pair_stays_from_the_oldest_on(void **state)
{
    double room[6], out[1];
    struct lbfgs_pairs pairs = lbfgs_pairs_over(room, 1, 3, 0, 0);
    (void)state;

    for (int i = 1; i <= 5; i++)
        assert_true(lbfgs_pairs_add(&pairs, 1.0, (const double[]){i}, (const double[]){1}));
    lbfgs_pairs_thin(&pairs);
    assert_int_equal(pairs.count, 2);
    lbfgs_pairs_apply(&pairs, (const double[]){1}, out);
    assert_near(out[0], 5.0, 1e-15);
    const int newest = (pairs.next + 2) % 3, oldest = (pairs.next + 1) % 3;
    assert_true(pairs.steps[newest] == 5.0 && pairs.inner[newest] == 5.0);
    assert_true(pairs.steps[oldest] == 3.0 && pairs.inner[oldest] == 3.0);
}

static void a_pair_without_curvature_is_left_out(void **state)
{
    double room[4], out[1];
    struct lbfgs_pairs pairs = lbfgs_pairs_over(room, 1, 2, 0, 0);
    (void)state;

    assert_false(lbfgs_pairs_add(&pairs, 1.0, (const double[]){1}, (const double[]){-1}));
    assert_false(lbfgs_pairs_add(&pairs, 1.0, (const double[]){1}, (const double[]){0}));
    assert_false(lbfgs_pairs_add(&pairs, 1.0, (const double[]){1}, (const double[]){NAN}));
    assert_int_equal(pairs.count, 0);
    lbfgs_pairs_apply(&pairs, (const double[]){3}, out);
    assert_true(out[0] == 3.0);
    assert_true(lbfgs_pairs_add(&pairs, 2.0, (const double[]){1}, (const double[]){4}));
    lbfgs_pairs_apply(&pairs, (const double[]){3}, out);
    assert_near(out[0], 0.75, 1e-15);
}

/* Eight outliers cost plain conjugate gradients about eight iterations that 16 pairs save. */
static void kept_pairs_save_iterations(void **state)
{
    struct workplace *place = open_workplace();
    (void)state;

    const int plain = iterations_needed(place, false);
    collect_pairs(place);
    const int preconditioned = iterations_needed(place, true);
    print_message("plain %d, 16 frozen pairs %d\n", plain, preconditioned);
    assert_true(plain <= SIDE && preconditioned < plain);
    free(place);
}

/* AV-15: the operator changes in every iteration, and the flexible beta still gets there. */
static void the_flexible_beta_converges_while_the_pairs_change(void **state)
{
    struct workplace *place = open_workplace();
    (void)state;

    place->outliers.live = true;
    const int live = iterations_needed(place, true);
    print_message("live pairs %d\n", live);
    assert_true(live <= SIDE);
    free(place);
}

/* --- where it stops ----------------------------------------------------------------------------*/

static void downhill_forever(void *context, const double *v, double *out)
{
    (void)context;
    out[0] = v[0];
    out[1] = -v[1];
}

static void negative_curvature_ends_it_with_what_there_is(void **state)
{
    double x[2] = {0}, iterates[4], scratch[8];
    const double gradient[] = {1, 2};
    struct cg_solution solution;
    const struct linear_system system = {
        .dimension = 2, .gradient = gradient, .apply = downhill_forever};
    (void)state;

    cg_solve(&system, 1, 50, x, iterates, scratch, &solution);
    assert_true(solution.fell);
    assert_int_equal(solution.iterations, 0);
    assert_int_equal(solution.kept, 1);
    assert_true(x[0] == 0.0 && x[1] == 0.0);
}

/* From x_0 it goes on where another solve ended: together they are exact in a plane. */
static void it_begins_where_it_is_told(void **state)
{
    const double b[] = {1, 2, 3, 4, 5, 6}, gradient[] = {-1, -2, -3, -4, -5, -6};
    double x[SIX], end[SIX], iterates[4 * SIX], scratch[4 * SIX];
    struct cg_solution solution;
    const struct linear_system system = {
        .dimension = SIX, .gradient = gradient, .apply = tridiagonal};
    (void)state;

    const struct cg_solution whole = solve_six(b, SIX, end);
    const struct cg_solution part = solve_six(b, 3, x);
    cg_solve(&system, 1, SIX, x, iterates, scratch, &solution);
    assert_near(solution.value[0], part.value[3], 1e-12);
    assert_near(solution.value[solution.iterations], whole.value[SIX], 1e-12);
    assert_true(vector_squared_distance(SIX, x, end) < 1e-20);
}

/* Slow progress: with eigenvalues spread over ten thousand the rule stops well before the end, and
 * `least` holds it back. */
static void the_rule_stops_it_and_least_holds_the_rule_back(void **state)
{
    struct workplace *place = open_workplace();
    struct cg_solution solution;
    const struct linear_system system = {
        .dimension = SIDE, .gradient = place->gradient, .apply = outlying};
    (void)state;

    cg_solve(&system, 1, 250, place->x, place->iterates, place->scratch, &solution);
    const int i = solution.iterations;
    assert_in_range(i, 11, 60);
    assert_true((solution.value[i] - solution.value[i - 10]) / solution.value[i] < 10 * 5e-4);
    assert_true((solution.value[i - 1] - solution.value[i - 11]) / solution.value[i - 1] >=
                10 * 5e-4);
    memset(place->x, 0, sizeof place->x);
    cg_solve(&system, 100, 250, place->x, place->iterates, place->scratch, &solution);
    assert_int_equal(solution.iterations, 100);
    free(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_values_on_the_way_are_the_published_ones),
        cmocka_unit_test(the_residuals_on_the_way_are_the_published_ones),
        cmocka_unit_test(the_iterates_kept_are_the_published_ones),
        cmocka_unit_test(the_variance_test_has_its_published_numbers),
        cmocka_unit_test(samples_are_rounded_up_within_their_limits),
        cmocka_unit_test(the_newest_change_is_turned_back_into_its_step),
        cmocka_unit_test(the_preconditioner_is_symmetric_and_positive),
        cmocka_unit_test(pairs_read_back_give_the_same_bits),
        cmocka_unit_test(every_second_pair_stays_from_the_oldest_on),
        cmocka_unit_test(a_pair_without_curvature_is_left_out),
        cmocka_unit_test(kept_pairs_save_iterations),
        cmocka_unit_test(the_flexible_beta_converges_while_the_pairs_change),
        cmocka_unit_test(negative_curvature_ends_it_with_what_there_is),
        cmocka_unit_test(it_begins_where_it_is_told),
        cmocka_unit_test(the_rule_stops_it_and_least_holds_the_rule_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
