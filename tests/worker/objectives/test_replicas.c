/* Many copies of theta at once: the same numbers as one by one, and what is said of their losses.
 */
#include "worker/resolved.h"

#include "memory.h"
#include "objectives/objectives.h"
#include "stepper.h"

#include <stdlib.h>

static struct objective *open_spec(const char *members)
{
    AUTO_FREE char *text =
        xprintf("{\"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"seed\": 7, %s}", members);
    struct objective *objective = NULL;
    json_t *spec = resolved(text);
    assert_int_equal(objective_open(spec, NULL, ".", &objective, NULL), 0);
    json_decref(spec);
    return objective;
}

/* Theta [objective->dimension] after 40 steps; the caller frees it. */
static real *trained(struct objective *objective, const char *optimizer)
{
    const struct pieces pieces = {objective->dimension, objective->tensors,
                                  objective->tensor_count};
    real *theta = xcalloc(objective->dimension, sizeof *theta);
    real *gradient = xcalloc(objective->dimension, sizeof *gradient);
    struct stepper stepper;
    json_t *choice = NULL;
    AUTO_FREE char *text = xprintf("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1]},"
                                   " \"optimizer\": {\"type\": \"%s\", \"lr\": 0.05}}",
                                   optimizer);
    json_t *spec = resolved(text);
    choice = json_object_get(spec, "optimizer");
    assert_int_equal(stepper_init(&stepper, choice, &pieces, NULL), 0);
    objective->methods->init(objective, theta);
    for (int64_t t = 1; t <= 40; t++) {
        uint32_t samples;
        objective->methods->loss_gradient(objective, theta, (uint64_t)t - 1, gradient, &samples);
        const struct step step = {
            .theta = theta, .gradient = gradient, .factor = 1.0, .scale = 1.0, .t = t};
        stepper_step(&stepper, &step);
    }
    stepper_release(&stepper);
    json_decref(spec);
    free(gradient);
    return theta;
}

#define TWO                                                                                        \
    "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2], \"start\": [0.5, 0.25],"      \
    " \"noise_deviation\": [0.1, 0.2]"

/* One replica alone, the first of three, and three written out as one problem of six axes: with
 * the same seed they are the same numbers, for every optimizer that replicas are allowed with. */
static void replicas_are_single_runs_bit_for_bit(void **state)
{
    static const char *const six =
        "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2, 1, 2, 1, 2], \"start\":"
        " [0.5, 0.25, 0.5, 0.25, 0.5, 0.25], \"noise_deviation\": [0.1, 0.2, 0.1, 0.2, 0.1, 0.2]}";
    int tried = 0, differing = 0;
    (void)state;
    for (int i = 0; optimizers[i]; i++) {
        if (optimizers[i]->whole)
            continue;
        struct objective *one = open_spec(TWO "}"), *wide = open_spec(six);
        struct objective *three = open_spec(TWO "}, \"replicas\": 3");
        AUTO_FREE real *alone = trained(one, optimizers[i]->name);
        AUTO_FREE real *written_out = trained(wide, optimizers[i]->name);
        AUTO_FREE real *together = trained(three, optimizers[i]->name);
        assert_memory_equal(together, alone, 2 * sizeof *alone);
        assert_memory_equal(together, written_out, 6 * sizeof *together);
        differing += memcmp(together, together + 2, 2 * sizeof *together) != 0;
        one->methods->free(one);
        wide->methods->free(wide);
        three->methods->free(three);
        tried++;
    }
    assert_true(tried >= 10);
    assert_true(differing > tried / 2); /* each has its own noise; steps of signs may meet again */
}

static void noise_may_have_heavy_tails_in_replicas_too(void **state)
{
    struct objective *one = open_spec(TWO ", \"noise_nu\": 1.5}");
    struct objective *many = open_spec(TWO ", \"noise_nu\": 1.5}, \"replicas\": 700");
    (void)state;
    AUTO_FREE real *alone = trained(one, "signsgd");
    AUTO_FREE real *together = trained(many, "signsgd");
    assert_memory_equal(together, alone, 2 * sizeof *alone);
    one->methods->free(one);
    many->methods->free(many);
}

static void theta_is_a_row_for_each_replica(void **state)
{
    struct objective *many = open_spec(TWO "}, \"replicas\": 3");
    struct objective *one = open_spec(TWO "}");
    float theta[6];
    (void)state;

    assert_int_equal(many->dimension, 6);
    assert_int_equal(many->replicas, 3);
    assert_int_equal(many->tensors[0].rank, 2);
    assert_int_equal(many->tensors[0].shape[0], 3);
    assert_int_equal(many->tensors[0].shape[1], 2);
    assert_int_equal(many->tensors[0].count, 6);
    assert_int_equal(one->tensors[0].rank, 1);
    many->methods->init(many, theta);
    for (int i = 0; i < 6; i++)
        assert_true(theta[i] == (i % 2 ? 0.25F : 0.5F));
    many->methods->free(many);
    one->methods->free(one);
}

/* Five replicas of x^2 / 2 at 0, 2, 4, 6, 8: losses 0, 2, 8, 18, 32 in any order have mean 12 and
 * deviation sqrt((144 + 100 + 16 + 36 + 400) / 4). Of five, 5 % is met by the first, 25 % by the
 * second, half by the third, 75 % by the fourth, 95 % by the fifth. */
static void losses_are_measured_over_the_replicas(void **state)
{
    const float theta[5] = {6.0F, 0.0F, 8.0F, -2.0F, -4.0F};
    struct evaluation evaluation;
    double metrics[METRICS];
    float gradient[5];
    uint32_t samples;
    (void)state;
    struct objective *five = open_spec("\"problem\": {\"type\": \"quadratic\", \"eigenvalues\":"
                                       " [1]}, \"replicas\": 5");

    assert_true(five->methods->evaluate(five, theta, PART_TRAIN, NULL, NULL, &evaluation));
    assert_near(evaluation.loss, 12.0, 1e-15);
    assert_near(five->methods->loss_gradient(five, theta, 0, gradient, &samples), 12.0, 1e-15);
    assert_true(gradient[0] == 6.0F && gradient[4] == -4.0F);
    for (int i = 0; i < METRICS; i++)
        metrics[i] = (double)NAN;
    five->methods->measure(five, theta, 0, metrics);
    assert_near(metrics[METRIC_LOSS_DEVIATION], sqrt(174.0), 1e-15);
    assert_near(metrics[METRIC_LOSS_Q05], 0.0, 0);
    assert_near(metrics[METRIC_LOSS_Q25], 2.0, 0);
    assert_near(metrics[METRIC_LOSS_MEDIAN], 8.0, 0);
    assert_near(metrics[METRIC_LOSS_Q75], 18.0, 0);
    assert_near(metrics[METRIC_LOSS_Q95], 32.0, 0);
    five->methods->free(five);
}

static void one_replica_has_no_spread(void **state)
{
    struct objective *one = open_spec(TWO "}");
    const float theta[2] = {1.0F, 1.0F};
    double metrics[METRICS];
    (void)state;
    for (int i = 0; i < METRICS; i++)
        metrics[i] = (double)NAN;
    one->methods->measure(one, theta, 0, metrics);
    for (int i = 0; i < METRICS; i++)
        assert_true(isnan(metrics[i]));
    one->methods->free(one);
}

/* Under "sde" the gradient is exact: the noise is the integrator's. */
static void an_sde_gets_the_exact_gradient(void **state)
{
    struct objective *sde = open_spec(TWO "}, \"dynamics\": \"sde\"");
    const float theta[2] = {1.0F, 1.0F};
    float gradient[2];
    uint32_t samples;
    (void)state;
    sde->methods->loss_gradient(sde, theta, 0, gradient, &samples);
    assert_true(gradient[0] == 1.0F && gradient[1] == 2.0F);
    assert_non_null(sde->noise);
    sde->methods->free(sde);
}

/* --- what a specification may not say ------------------------------------------------------ */

static void expect_refused(const char *members, const char *pointer, const char *piece)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *text = xprintf("{%s}", members);
    json_auto_t *catalog = describe();
    json_auto_t *given = json_loads(text, 0, NULL);
    assert_non_null(given);
    json_decref(spec_resolve(catalog, given, "", &problems));
    if (problems.found != 1)
        fail_msg("%s: %d problems", members, problems.found);
    assert_string_equal(problems.list[0].pointer, pointer);
    assert_says(problems.list[0].detail, piece);
}

#define SGD             "\"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}"
#define WITH(optimizer) "\"optimizer\": {\"type\": \"" optimizer "\", \"lr\": 0.1}"

static void replicas_need_an_optimizer_that_works_element_by_element(void **state)
{
    (void)state;
    expect_refused(TWO "}, \"replicas\": 2, " WITH("sgd_hd"), "/replicas",
                   "sgd_hd looks at all parameters at once");
    expect_refused(TWO "}, \"replicas\": 2, " WITH("sgd_hd"), "/replicas",
                   "take one of sgd, momentum");
    expect_refused(TWO "}, \"replicas\": 2, \"clip_norm\": 1, " SGD, "/clip_norm", "replicas");
    expect_refused(TWO "}, \"replicas\": 100001, " SGD, "/replicas", "at most 100000");
    expect_refused("\"problem\": {\"type\": \"rosenbrock\", \"dimension\": 1000},"
                   " \"replicas\": 10001, " SGD,
                   "/replicas", "at most 10000 of this problem's 1000 axes");
}

static void a_deviation_is_for_each_axis_or_for_all(void **state)
{
    (void)state;
    expect_refused("\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2, 3],"
                   " \"noise_deviation\": [0.1, 0.2]}, " SGD,
                   "/problem/noise_deviation", "1 or 3, not 2");
    expect_refused("\"problem\": {\"type\": \"rosenbrock\", \"noise_deviation\": [1, 2, 3]}, " SGD,
                   "/problem/noise_deviation", "1 or 2, not 3");
    expect_refused(TWO ", \"noise\": 1}, " SGD, "/problem/noise", "not both");
    expect_refused(TWO ", \"noise_nu\": 0.5}, " SGD, "/problem/noise_nu", "at least 1");
}

static void sdes_are_of_some_optimizers_with_some_settings(void **state)
{
    (void)state;
    expect_refused(TWO "}, \"dynamics\": \"sde\", " WITH("lion"), "/dynamics",
                   "take one of sgd, rmsprop, rmspropw, adam, adamw, signsgd");
    expect_refused(TWO "}, \"dynamics\": \"sde\", \"optimizer\": {\"type\": \"rmsprop\","
                       " \"lr\": 0.1, \"momentum\": 0.9}",
                   "/optimizer/momentum", "that of 0 here");
    expect_refused(TWO "}, \"dynamics\": \"sde\", \"optimizer\": {\"type\": \"adam\","
                       " \"lr\": 0.1, \"amsgrad\": true}",
                   "/optimizer/amsgrad", "that of false here");
    expect_refused(TWO ", \"noise_nu\": 2}, \"dynamics\": \"sde\", " SGD, "/problem/noise_nu",
                   "that of signsgd needs none");
    expect_refused(TWO "}, \"dynamics\": \"sde\", \"clip_norm\": 1, " SGD, "/clip_norm",
                   "no clipped gradients");
}

static void integrators_are_adams(void **state)
{
    (void)state;
    expect_refused(TWO "}, \"integrator\": \"explicit\", " WITH("adam"), "/integrator",
                   "belongs only beside \"dynamics\": \"sde\"");
    expect_refused(TWO "}, \"dynamics\": \"sde\", \"integrator\": \"explicit\", " SGD,
                   "/integrator", "is a choice for the SDE of adam, adamw");
}

static void they_belong_to_problems(void **state)
{
    (void)state;
    expect_refused(
        "\"dataset\": \"digits\", \"model\": {\"type\": \"softmax\"}, \"replicas\": 2, " SGD,
        "/replicas", "belongs only beside \"problem\"");
    expect_refused("\"dataset\": \"digits\", \"model\": {\"type\": \"softmax\"}, \"dynamics\":"
                   " \"sde\", " SGD,
                   "/dynamics", "belongs only beside \"problem\"");
}

/* The worker does not rely on the check above. */
static void the_problem_itself_refuses_sizes_that_do_not_fit(void **state)
{
    struct objective *objective = NULL;
    struct error err;
    (void)state;
    json_t *spec = resolved("{" TWO "}, " SGD "}");
    json_object_set_new(spec, "replicas", json_integer(5000001));
    assert_int_equal(objective_open(spec, NULL, ".", &objective, &err), -1);
    assert_says(err.sentence, "more than 10000000 numbers");
    json_object_set_new(spec, "replicas", json_integer(1));
    json_object_set_new(json_object_get(spec, "problem"), "noise_deviation",
                        json_pack("[f, f, f]", 1.0, 2.0, 3.0));
    assert_int_equal(objective_open(spec, NULL, ".", &objective, &err), -1);
    assert_says(err.sentence, "give 1 or 2");
    json_decref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replicas_are_single_runs_bit_for_bit),
        cmocka_unit_test(noise_may_have_heavy_tails_in_replicas_too),
        cmocka_unit_test(theta_is_a_row_for_each_replica),
        cmocka_unit_test(losses_are_measured_over_the_replicas),
        cmocka_unit_test(one_replica_has_no_spread),
        cmocka_unit_test(an_sde_gets_the_exact_gradient),
        cmocka_unit_test(replicas_need_an_optimizer_that_works_element_by_element),
        cmocka_unit_test(a_deviation_is_for_each_axis_or_for_all),
        cmocka_unit_test(sdes_are_of_some_optimizers_with_some_settings),
        cmocka_unit_test(integrators_are_adams),
        cmocka_unit_test(they_belong_to_problems),
        cmocka_unit_test(the_problem_itself_refuses_sizes_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
