/* Quadratics are known by hand. */
#include "support/check.h"

#include "memory.h"
#include "random.h"
#include "search/gp/local_model.h"
#include "server/search/within.h"

enum { D = 4, MOST = 60 };

/* 2 + s_0 - 3 s_2 + 1.5 s_0^2 + s_1^2 - s_1 s_3 + 2 s_2^2 */
static double quadratic(const double *s)
{
    return 2 + s[0] - 3 * s[2] + 1.5 * s[0] * s[0] + s[1] * s[1] - s[1] * s[3] + 2 * s[2] * s[2];
}

static void draw(struct rng *rng, double size, double *s)
{
    for (int j = 0; j < D; j++)
        s[j] = size * (2 * rng_uniform(rng) - 1);
}

static void a_quadratic_is_found_from_as_many_points_as_it_has_coefficients(void **state)
{
    (void)state;
    double s[MOST * D], y[MOST], at[D], slope[D];
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    struct local_model model;
    const int n = 17; /* 15 coefficients */
    for (int i = 0; i < n; i++) {
        draw(&rng, 1, s + i * D);
        y[i] = quadratic(s + i * D);
    }
    assert_int_equal(local_model_fit(&model, s, y, n, D, 0.01), 0);
    for (int i = 0; i < 20; i++) {
        draw(&rng, 1, at);
        assert_within(local_model_mean(&model, at, slope), quadratic(at), 1e-3);
        assert_within(slope[0], 1 + 3 * at[0], 1e-2);
        assert_within(slope[3], -at[1], 1e-2);
    }
    local_model_release(&model);
}

static void of_few_points_it_goes_through_them(void **state)
{
    (void)state;
    double s[MOST * D], y[MOST];
    struct rng rng = rng_stream(2, RANDOM_TEST, 0);
    struct local_model model;
    for (int i = 0; i < 8; i++) {
        draw(&rng, 1, s + i * D);
        y[i] = quadratic(s + i * D);
    }
    assert_int_equal(local_model_fit(&model, s, y, 8, D, 0.01), 0);
    for (int i = 0; i < 8; i++)
        assert_within(local_model_mean(&model, s + i * D, NULL), y[i],
                      3 * sqrt(model.spread * (model.noise + 64 * model.cubic)) + 1e-6);
    local_model_release(&model);
}

/* A hundred values with noise 0.1: the mean is closer than that. */
static void noise_is_averaged(void **state)
{
    (void)state;
    double s[MOST * D], y[MOST], at[D], square = 0;
    struct rng rng = rng_stream(3, RANDOM_TEST, 0);
    struct local_model model;
    for (int i = 0; i < MOST; i++) {
        draw(&rng, 1, s + i * D);
        y[i] = quadratic(s + i * D) + 0.1 * rng_normal(&rng);
    }
    assert_int_equal(local_model_fit(&model, s, y, MOST, D, 0.01), 0);
    for (int i = 0; i < 100; i++) {
        draw(&rng, 0.5, at);
        const double off = local_model_mean(&model, at, NULL) - quadratic(at);
        square += off * off / 100;
    }
    assert_true(sqrt(square) < 0.08);
    local_model_release(&model);
}

static void doubt_grows_with_the_distance(void **state)
{
    (void)state;
    double s[MOST * D], y[MOST];
    struct rng rng = rng_stream(4, RANDOM_TEST, 0);
    struct local_model model;
    for (int i = 0; i < 30; i++) {
        draw(&rng, 1, s + i * D);
        y[i] = exp(s[i * D]) + s[i * D + 1];
    }
    assert_int_equal(local_model_fit(&model, s, y, 30, D, 0.1), 0);
    const double here = local_model_variance(&model, (const double[D]){0.1});
    const double far = local_model_variance(&model, (const double[D]){3, 3, 3, 3});
    assert_true(here >= 0 && far > 100 * here);
    local_model_release(&model);
}

static void values_that_are_all_the_same_do_no_harm(void **state)
{
    (void)state;
    double s[3 * D] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0}, y[3] = {0};
    struct local_model model;
    if (local_model_fit(&model, s, y, 3, D, 0.1) == 0) {
        assert_true(isfinite(local_model_mean(&model, s + D, NULL)));
        assert_true(isfinite(local_model_variance(&model, s + D)));
    }
    local_model_release(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quadratic_is_found_from_as_many_points_as_it_has_coefficients),
        cmocka_unit_test(of_few_points_it_goes_through_them),
        cmocka_unit_test(noise_is_averaged),
        cmocka_unit_test(doubt_grows_with_the_distance),
        cmocka_unit_test(values_that_are_all_the_same_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
