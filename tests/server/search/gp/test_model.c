/* Expected values: tests/reference/gp.py, numpy on full matrices. AV-3. */
#include "support/check.h"

#include "memory.h"
#include "random.h"
#include "search/gp/acquisition.h"
#include "search/gp/model.h"
#include "server/search/within.h"

enum { POINTS = 6, COLUMNS = 3, STRIDE = 16 };

static const bool choice[COLUMNS] = {false, false, true};
static const double x[COLUMNS * STRIDE] = {
    [0] = 0.1,        0.4, 0.8, 0.3, 0.95, 0.6, /* */
    [STRIDE] = 0.9,   0.2, 0.6, 0.5, 0.05, 0.7, /* */
    [2 * STRIDE] = 0, 1,   2,   0,   1,    1,
};
static const double y[POINTS] = {0.5, -1.2, 0.3, 1.1, -0.4, 0.2};
static const double own_noise[POINTS] = {0, 0.01, 0, 0.02, 0, 0};
static const struct gp_data six = {
    {x, STRIDE, choice, COLUMNS}, COLUMNS, POINTS, POINTS, y, own_noise};

static struct gp_fit fit_of_six(void)
{
    /* lengths, lengths of the sum, noise, scale, additive, pairs */
    const double parameters[] = {0.5, 0.8, 1.5, 0.6, 0.3, 1, 0.03, 0.7, 0.4, 0.2};
    struct gp_fit fit;
    for (size_t i = 0; i < COUNT_OF(parameters); i++)
        fit.log[i] = log(parameters[i]);
    return fit;
}

static void predictions_are_those_of_numpy(void **state)
{
    (void)state;
    static const double points[][COLUMNS] = {{0.5, 0.5, 1}, {0.1, 0.9, 0}, {0.9, 0.1, 2}};
    static const double means[] = {-0.17750134867927927, 0.5316905814228244, -0.2861652471413759};
    static const double variances[] = {0.0910794386123106, 0.02879687469709502, 0.3049139548396149};
    const struct gp_fit fit = fit_of_six();
    double batch[COLUMNS * GP_BATCH] = {0}, mean[GP_BATCH], variance[GP_BATCH];
    double slope[COLUMNS], unused[COLUMNS], one_mean, one_variance;
    struct gp gp;

    assert_int_equal(gp_condition(&six, &fit, &gp), 0);
    assert_near(gp.mean, -0.06680184913037648, 1e-12);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < COLUMNS; j++)
            batch[j * GP_BATCH + i] = points[i][j];
    gp_predict(&gp, batch, 3, mean, variance);
    for (int i = 0; i < 3; i++) {
        assert_near(mean[i], means[i], 1e-11);
        assert_near(variance[i], variances[i], 1e-11);
        gp_predict_slope(&gp, points[i], &one_mean, &one_variance, slope, unused);
        assert_near(one_mean, means[i], 1e-11);
        assert_near(one_variance, variances[i], 1e-11);
        assert_true(slope[2] == 0 && unused[2] == 0); /* of a choice */
    }
    gp_release(&gp);
}

static void leaving_one_out_is_that_of_numpy(void **state)
{
    (void)state;
    const struct gp_fit fit = fit_of_six();
    double mean[POINTS], variance[POINTS];
    struct gp gp;
    assert_int_equal(gp_condition(&six, &fit, &gp), 0);
    gp_leave_one_out(&gp, mean, variance);
    assert_near(mean[0], 1.290206506662315, 1e-11);
    assert_near(variance[0], 0.7480517597192453, 1e-11);
    assert_near(mean[1], 0.4024838087184254, 1e-11);
    assert_near(variance[1], 0.4783336093765814, 1e-11);
    gp_release(&gp);
}

/* The likelihood of numpy, and the priors as gp_model.h states them, by gp.py. */
static void the_posterior_density_is_that_of_numpy(void **state)
{
    (void)state;
    const double likelihood = -3.127534757328804, prior = -1.2173701783234512;
    const struct gp_fit fit = fit_of_six();
    double gradient[GP_FIT_MAX];
    assert_near(gp_log_posterior(&six, &fit, gradient), likelihood + prior, 1e-12);
}

/* Random data of 40 points: AV-3. */
struct scene {
    struct gp_data data;
    double x[4 * 48], y[40];
};

static const bool no_choice[4] = {false, true, false, false};

static void scene_init(struct scene *scene, uint64_t seed)
{
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 4; j++)
            scene->x[j * 48 + i] = no_choice[j] ? rng_below(&rng, 3) : rng_uniform(&rng);
        scene->y[i] = sin(5 * scene->x[i]) + scene->x[96 + i] * scene->x[144 + i] +
                      0.3 * (scene->x[48 + i] > 1) + 0.1 * rng_normal(&rng);
    }
    scene->data = (struct gp_data){{scene->x, 48, no_choice, 4}, 4, 40, 40, scene->y, NULL};
}

static void gradients_are_those_of_central_differences(void **state)
{
    (void)state;
    struct scene scene;
    struct gp_fit fit;
    double gradient[GP_FIT_MAX], unused[GP_FIT_MAX];

    scene_init(&scene, 1);
    gp_fit_prior(&scene.data, &fit);
    for (int i = 0; i < gp_fit_count(4); i++)
        fit.log[i] += 0.3 * sin(i + 1);
    gp_log_posterior(&scene.data, &fit, gradient);
    for (int i = 0; i < gp_fit_count(4); i++) {
        struct gp_fit above = fit, below = fit;
        above.log[i] += 1e-5;
        below.log[i] -= 1e-5;
        const double rise = gp_log_posterior(&scene.data, &above, unused) -
                            gp_log_posterior(&scene.data, &below, unused);
        if (fabs(gradient[i]) > 1e-3)
            assert_near(gradient[i], rise / 2e-5, 1e-6);
        else
            assert_within(gradient[i], rise / 2e-5, 1e-8);
    }
}

static void fitting_finds_the_noise_and_what_matters(void **state)
{
    (void)state;
    struct scene scene;
    struct gp_fit fit;
    double gradient[GP_FIT_MAX];

    scene_init(&scene, 2);
    gp_fit_prior(&scene.data, &fit);
    const double before = gp_log_posterior(&scene.data, &fit, gradient);
    const double after = gp_fit_improve(&scene.data, &fit, true, 100);
    assert_true(after > before + 3);
    assert_near(gp_log_posterior(&scene.data, &fit, gradient), after, 1e-12);
    for (int i = 0; i < gp_fit_count(4); i++)
        assert_within(gradient[i], 0, 0.2); /* a maximum, inside the ranges */
    const double noise = exp(fit.log[8]);
    assert_true(noise > 0.002 && noise < 0.05); /* 0.01 went in */
}

static void slopes_of_predictions_are_those_of_differences(void **state)
{
    (void)state;
    struct scene scene;
    struct gp_fit fit;
    struct gp gp;
    double mean, variance, mean_slope[4], variance_slope[4], unused[2][4];

    scene_init(&scene, 3);
    scene.data.known = 33; /* seven are pending */
    gp_fit_prior(&scene.data, &fit);
    assert_int_equal(gp_condition(&scene.data, &fit, &gp), 0);
    const double point[4] = {0.3, 1, 0.6, 0.2};
    gp_predict_slope(&gp, point, &mean, &variance, mean_slope, variance_slope);
    for (int j = 0; j < 4; j++) {
        double above[4], below[4], rise[2], fall[2];
        memcpy(above, point, sizeof above);
        memcpy(below, point, sizeof below);
        above[j] += 1e-6;
        below[j] -= 1e-6;
        if (no_choice[j])
            continue;
        gp_predict_slope(&gp, above, &rise[0], &rise[1], unused[0], unused[1]);
        gp_predict_slope(&gp, below, &fall[0], &fall[1], unused[0], unused[1]);
        assert_near(mean_slope[j], (rise[0] - fall[0]) / 2e-6, 1e-6);
        assert_near(variance_slope[j], (rise[1] - fall[1]) / 2e-6, 1e-6);
    }
    gp_release(&gp);
}

/* A pending point takes doubt away and leaves the mean as it was (kriging believer). */
static void a_pending_point_changes_variances_alone(void **state)
{
    (void)state;
    struct gp_data data = six;
    const struct gp_fit fit = fit_of_six();
    struct gp without, with;
    double at[COLUMNS * GP_BATCH] = {0}, mean[2], variance[2];

    data.n = data.known = POINTS - 1;
    assert_int_equal(gp_condition(&data, &fit, &without), 0);
    for (int j = 0; j < COLUMNS; j++)
        at[j * GP_BATCH] = x[j * STRIDE + POINTS - 1];
    gp_predict(&without, at, 1, &mean[0], &variance[0]);
    gp_release(&without);

    data.n = POINTS; /* the last one is pending */
    assert_int_equal(gp_condition(&data, &fit, &with), 0);
    gp_predict(&with, at, 1, &mean[1], &variance[1]);
    gp_release(&with);
    assert_near(mean[1], mean[0], 1e-12);
    assert_true(variance[1] < 0.03 && variance[0] > 0.1); /* at most the noise is left */
}

static void the_same_point_twice_is_legal(void **state)
{
    (void)state;
    double twice[COLUMNS * STRIDE], values[] = {1, 2, 1, 2};
    for (int i = 0; i < COLUMNS * STRIDE; i++)
        twice[i] = 0.5;
    const bool numbers[COLUMNS] = {false};
    const struct gp_data data = {{twice, STRIDE, numbers, COLUMNS}, COLUMNS, 4, 4, values, NULL};
    struct gp_fit fit;
    struct gp gp;
    double at[COLUMNS * GP_BATCH], mean, variance;

    gp_fit_prior(&data, &fit);
    fit.log[2 * COLUMNS] = log(1e-8);
    assert_int_equal(gp_condition(&data, &fit, &gp), 0);
    for (int i = 0; i < COLUMNS * GP_BATCH; i++)
        at[i] = 0.5;
    gp_predict(&gp, at, 1, &mean, &variance);
    assert_near(mean, 1.5, 1e-6);
    gp_release(&gp);
}

static void promises_have_the_slopes_of_differences(void **state)
{
    (void)state;
    struct scene scene;
    struct gp_fit fit;
    struct gp gp;
    double slope[4], unused[4], batch[4 * GP_BATCH] = {0}, value;

    scene_init(&scene, 5);
    gp_fit_prior(&scene.data, &fit);
    assert_int_equal(gp_condition(&scene.data, &fit, &gp), 0);
    const struct acquisition both = {&gp, -1, {&gp}, {0.5}, 1};
    const struct acquisition chance = {NULL, 0, {&gp}, {0.5}, 1};
    const struct acquisition *acquisitions[] = {&both, &chance};
    const double point[4] = {0.31, 2, 0.62, 0.27};
    for (int a = 0; a < 2; a++) {
        const double at = acquisition_slope(acquisitions[a], point, slope);
        for (int j = 0; j < 4; j++) {
            double above[4], below[4];
            memcpy(above, point, sizeof above);
            memcpy(below, point, sizeof below);
            above[j] += 1e-6;
            below[j] -= 1e-6;
            if (!no_choice[j])
                assert_near(slope[j],
                            (acquisition_slope(acquisitions[a], above, unused) -
                             acquisition_slope(acquisitions[a], below, unused)) /
                                2e-6,
                            1e-5);
            batch[j * GP_BATCH] = point[j];
        }
        acquisition_batch(acquisitions[a], batch, 1, &value);
        assert_near(value, at, 1e-9);
    }
    gp_release(&gp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions_are_those_of_numpy),
        cmocka_unit_test(leaving_one_out_is_that_of_numpy),
        cmocka_unit_test(the_posterior_density_is_that_of_numpy),
        cmocka_unit_test(gradients_are_those_of_central_differences),
        cmocka_unit_test(fitting_finds_the_noise_and_what_matters),
        cmocka_unit_test(slopes_of_predictions_are_those_of_differences),
        cmocka_unit_test(a_pending_point_changes_variances_alone),
        cmocka_unit_test(the_same_point_twice_is_legal),
        cmocka_unit_test(promises_have_the_slopes_of_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
