/* Hypergradient descent in double, against the digits of training.md AV-1 and AV-16. */
#include "worker/stepping.h"

#include "objectives/objectives.h"

/* f(x) = 1/2 (x1^2 + 4 x2^2) from (1, -2) */
static struct objective *open_bowl(void)
{
    struct objective *objective = NULL;
    json_t *spec =
        json_pack("{s:{s:s, s:f, s:[f, f], s:[f, f]}, s:i}", "problem", "type", "quadratic",
                  "noise", 0.0, "eigenvalues", 1.0, 4.0, "start", 1.0, -2.0, "seed", 1);
    assert_int_equal(problem_open(spec, &objective, NULL), 0);
    json_decref(spec);
    return objective;
}

struct course {
    double rate[11]; /* behind step t = 1 … 10 */
    double theta[2]; /* behind step 10 */
};

static struct course walk(const char *name, const char *settings)
{
    struct objective *bowl = open_bowl();
    const struct pieces pieces = {bowl->dimension, bowl->tensors, bowl->tensor_count};
    struct stepper stepper = stepper_on(name, settings, &pieces);
    struct course course = {0};
    uint32_t samples;

    bowl->methods->init(bowl, course.theta);
    for (int64_t t = 1; t <= 10; t++) {
        double gradient[2], told[METRICS];
        bowl->methods->loss_gradient(bowl, course.theta, (uint64_t)t - 1, gradient, &samples);
        const struct step step = {.theta = course.theta,
                                  .gradient = gradient,
                                  .factor = 1.0,
                                  .scale = 1.0,
                                  .t = t,
                                  .told = told};
        stepper_step(&stepper, &step);
        course.rate[t] = told[METRIC_LR];
    }
    stepper_release(&stepper);
    bowl->methods->free(bowl);
    return course;
}

static void expect(const struct course *got, const double rates[3], const double theta[2])
{
    assert_near(got->rate[2], rates[0], 1e-12);
    assert_near(got->rate[3], rates[1], 1e-12);
    assert_near(got->rate[10], rates[2], 1e-12);
    assert_near(got->theta[0], theta[0], 1e-12);
    assert_near(got->theta[1], theta[1], 1e-12);
}

static void ten_steps_on_the_bowl_have_the_published_digits(void **state)
{
    (void)state;
    struct course course = walk("sgd_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.001}");
    expect(&course, (const double[]){0.07243, 0.115233130429, 0.13906065502198364},
           (const double[]){0.2886868189352677, -0.002758226299928448});
    course = walk("sgd_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.1, \"rule\": \"multiplicative\"}");
    expect(&course,
           (const double[]){0.010999992610739045, 0.012099981347080091, 0.023578913602753743},
           (const double[]){0.8515022277816882, -1.033253426890392});
    course = walk("sgdn_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.0001}");
    expect(&course, (const double[]){0.02142223, 0.03323136042733896, 0.033340533582825266},
           (const double[]){-0.03318446985693713, 0.5597215791651652});
    course = walk("adam_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.0001}");
    expect(&course, (const double[]){0.01089499999803, 0.011784420574919015, 0.017807655182844672},
           (const double[]){0.861244198013247, -1.8608587102321181});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_on_the_bowl_have_the_published_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
