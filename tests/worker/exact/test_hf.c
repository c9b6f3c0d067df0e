/* Hessian-free and L-BFGS by hand and on problems whose end is known, in double. */
#include "worker/stepping.h"

#include "json.h"
#include "memory.h"
#include "objectives/objectives.h"
#include "random.h"

#include <stdlib.h>

/* --- a line with one parameter -----------------------------------------------------------------*/

/* f = 1/2 curvature x^2, of which the optimizer is told what the test wants. */
struct line {
    struct landscape landscape; /* first */
    double curvature, claimed_curvature, gradient_sign, variance;
    struct sample gradient_sample, curvature_sample;
};

static struct line *line_of(struct landscape *landscape)
{
    return (struct line *)landscape;
}

static double line_loss(struct landscape *landscape, const double *theta, struct sample sample)
{
    (void)sample;
    landscape->passes += sample.count;
    return 0.5 * line_of(landscape)->curvature * theta[0] * theta[0];
}

static double line_gradient(struct landscape *landscape, const double *theta, struct sample sample,
                            double *gradient, double *squares)
{
    struct line *line = line_of(landscape);
    line->gradient_sample = sample;
    gradient[0] = line->gradient_sign * line->curvature * theta[0];
    if (squares)
        squares[0] = sample.count * (gradient[0] * gradient[0]) +
                     (sample.count - 1) * line->variance * gradient[0] * gradient[0];
    landscape->passes += 3.0 * sample.count;
    return 0.5 * line->curvature * theta[0] * theta[0];
}

static void line_curve_at(struct landscape *landscape, const double *theta, struct sample sample)
{
    (void)theta;
    line_of(landscape)->curvature_sample = sample;
}

static void line_product(struct landscape *landscape, const double *direction, double *product)
{
    product[0] = line_of(landscape)->claimed_curvature * direction[0];
    landscape->passes += 4.0 * line_of(landscape)->curvature_sample.count;
}

static const struct landscape_methods line_methods = {
    .loss = line_loss,
    .gradient = line_gradient,
    .curve_at = line_curve_at,
    .product = line_product,
};

static struct line line_with(double curvature, double claimed, uint32_t examples)
{
    return (struct line){
        .landscape = {.methods = &line_methods,
                      .dimension = 1,
                      .examples = examples,
                      .has_curvature = true,
                      .has_squares = true},
        .curvature = curvature,
        .claimed_curvature = claimed,
        .gradient_sign = 1.0,
    };
}

/* One outer iteration; told [METRICS] out. */
static void drive(struct stepper *stepper, struct landscape *landscape, double *theta, int64_t t,
                  double *told)
{
    AUTO_FREE double *gradient = xcalloc(stepper->pieces.dimension, sizeof *gradient);
    const struct step step = {
        .theta = theta, .gradient = gradient, .factor = 1.0, .t = t, .told = told};
    struct error err;
    for (int i = 0; i < METRICS; i++)
        told[i] = NAN;
    if (stepper_drive(stepper, &step, landscape, &err) < 0)
        fail_msg("%s", err.sentence);
}

static struct two_pieces single;

static int make_pieces(void **state)
{
    (void)state;
    two_pieces_init(&single, 1);
    return 0;
}

/* --- one iteration by hand ---------------------------------------------------------------------*/

/* f = 2 x^2 at x = 1: g = 4, delta = -4 / (4 + 45); the undamped model is the function, so rho = 1
 * and lambda goes to 30. */
static void a_damped_newton_step_by_hand(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"preconditioner\": \"none\"}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_near(theta, 45.0 / 49.0, 1e-14);
    assert_near(told[METRIC_RHO], 1.0, 1e-12);
    assert_near(told[METRIC_LAMBDA], 30.0, 1e-14);
    assert_near(told[METRIC_TRAIN_LOSS], 2.0 * (45.0 / 49.0) * (45.0 / 49.0), 1e-14);
    assert_true(told[METRIC_STEP_LENGTH] == 1.0 && told[METRIC_CG_ITERATIONS] >= 1.0);
    assert_true(told[METRIC_GRADIENT_NORM] == 4.0);
    assert_true(told[METRIC_GRADIENT_SAMPLE] == 1.0 && told[METRIC_CURVATURE_SAMPLE] == 1.0);
    stepper_release(&stepper);
}

/* The next solve begins at 0.95 of that end: -3.8/49 is not yet -g/(4+30) with g = 180/49. */
static void the_next_solve_ends_where_it_must_from_wherever_it_begins(void **state)
{
    (void)state;
    for (int warm = 0; warm < 2; warm++) {
        AUTO_FREE char *settings = xprintf("{\"warm_start\": %d}", warm);
        struct stepper stepper = stepper_on("hf", settings, &single.pieces);
        struct line line = line_with(4, 4, 1);
        double theta = 1.0, told[METRICS];
        drive(&stepper, &line.landscape, &theta, 1, told);
        drive(&stepper, &line.landscape, &theta, 2, told);
        assert_near(theta, 45.0 / 49.0 * 30.0 / 34.0, 1e-13);
        assert_near(told[METRIC_LAMBDA], 20.0, 1e-14);
        stepper_release(&stepper);
    }
}

/* With decay 1: f = 2 x^2 + x^2 / 2, g = 5, delta = -5 / (4 + 45 + 1); what is told is 2 x^2. */
static void weight_decay_is_a_part_of_the_function(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"weight_decay\": 1}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_near(theta, 0.9, 1e-14);
    assert_near(told[METRIC_RHO], 1.0, 1e-12);
    assert_near(told[METRIC_TRAIN_LOSS], 1.62, 1e-13);
    stepper_release(&stepper);
}

/* f = 50 x^2, said to be x^2 / 2, lambda 1: g = 100, delta = -50, where the loss is 120050. The
 * model foresaw -5000 + 1250 = -3750: rho = -32, lambda 1.5. The line search needs (1 - 50 r)^2 <=
 * 1 - r, r <= 0.0396; 0.8^14 = 0.044 is too far, 0.8^15 = 0.0352 is not. */
static void a_model_that_is_wrong_is_damped_and_searched_along(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"lambda\": 1}", &single.pieces);
    struct line line = line_with(100, 1, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_near(told[METRIC_RHO], -32.0, 1e-12);
    assert_near(told[METRIC_LAMBDA], 1.5, 1e-14);
    assert_near(told[METRIC_STEP_LENGTH], pow(0.8, 15), 1e-12);
    assert_near(theta, 1.0 - 50.0 * pow(0.8, 15), 1e-12);
    stepper_release(&stepper);
}

/* rho between a quarter and three quarters leaves lambda: f = 1.5 x^2 said to be x^2, lambda 1:
 * g = 3, delta = -1; the loss falls by 1.5, foreseen were 3 - 1 = 2. */
static void a_fair_model_keeps_its_damping(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"lambda\": 1}", &single.pieces);
    struct line line = line_with(3, 2, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_near(told[METRIC_RHO], 0.75, 1e-12);
    assert_near(told[METRIC_LAMBDA], 1.0, 1e-14);
    stepper_release(&stepper);
}

static void where_nothing_leads_down_it_stands_still(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"lambda\": 1}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    line.gradient_sign = -1.0;
    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_true(theta == 1.0 && told[METRIC_STEP_LENGTH] == 0.0);
    assert_near(told[METRIC_LAMBDA], 1.5, 1e-14);
    assert_near(told[METRIC_TRAIN_LOSS], 2.0, 1e-14);
    stepper_release(&stepper);
}

static void a_loss_that_is_not_finite_is_told_as_such(void **state)
{
    static const char *const names[] = {"hf", "lbfgs"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct stepper stepper = stepper_on(names[i], "{}", &single.pieces);
        struct line line = line_with(NAN, 1, 1);
        double theta = 1.0, told[METRICS];
        drive(&stepper, &line.landscape, &theta, 1, told);
        assert_true(isinf(told[METRIC_TRAIN_LOSS]));
        assert_true(theta == 1.0);
        stepper_release(&stepper);
    }
}

/* lr is the step that is tried first. */
static void the_rate_scales_the_step(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"lr\": 0.5}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_true(told[METRIC_STEP_LENGTH] == 0.5);
    assert_near(theta, 47.0 / 49.0, 1e-14);
    stepper_release(&stepper);
}

/* --- samples and work --------------------------------------------------------------------------*/

static void expect_samples(const char *settings, const double *gradients, const double *curvatures,
                           int count, double variance)
{
    struct stepper stepper = stepper_on("hf", settings, &single.pieces);
    struct line line = line_with(4, 4, 1000);
    double theta = 1.0, told[METRICS];

    line.variance = variance;
    for (int i = 0; i < count; i++) {
        drive(&stepper, &line.landscape, &theta, i + 1, told);
        assert_true(told[METRIC_GRADIENT_SAMPLE] == gradients[i]);
        assert_true(told[METRIC_CURVATURE_SAMPLE] == curvatures[i]);
        assert_int_equal(line.gradient_sample.draw, i + 1);
        assert_int_equal(line.curvature_sample.draw, i + 1);
        assert_int_equal(line.gradient_sample.count, (uint32_t)gradients[i]);
        assert_int_equal(line.curvature_sample.count, (uint32_t)curvatures[i]);
    }
    stepper_release(&stepper);
}

static void samples_are_all_and_512_where_nobody_says(void **state)
{
    (void)state;
    expect_samples("{}", (const double[]){1000, 1000}, (const double[]){512, 512}, 2, 0);
}

/* 100 * 1.3^k and 10 * 1.2^k rounded up, the latter at most 15. */
static void samples_grow_by_their_factor(void **state)
{
    (void)state;
    expect_samples("{\"gradient_sampling\": \"geometric\", \"curvature_sampling\": \"geometric\","
                   " \"curvature_start\": 0.01, \"curvature_most\": 0.015}",
                   (const double[]){100, 130, 169, 220, 286}, (const double[]){10, 12, 15, 15, 15},
                   5, 0);
}

/* One coordinate with variance v g^2: the test passes while v/n (N-n)/(N-1) <= c^2, and asks for
 * v/c^2 examples. v = 50, c = 0.5: 200, of which 0.2 is 40; there 50/200 * 800/999 < 0.25. */
static void samples_follow_the_variance(void **state)
{
    (void)state;
    expect_samples("{\"gradient_sampling\": \"variance\", \"curvature_sampling\": \"variance\","
                   " \"curvature_start\": 0.01, \"curvature_most\": 0.9}",
                   (const double[]){100, 200, 200}, (const double[]){20, 40, 40}, 3, 50);
}

/* A growth that nobody knows: 100 to 200 within three iterations is a factor 2^(1/3). */
static void growth_is_learnt_from_the_variance(void **state)
{
    (void)state;
    expect_samples("{\"gradient_sampling\": \"geometric\", \"gradient_growth\": null}",
                   (const double[]){100, 200, 200, 200, 252, 318, 400},
                   (const double[]){512, 512, 512, 512, 512, 512, 512}, 7, 50);
}

/* Gradient 3 N, one product on 512 (4 + 4 is a power of two: nothing is left of the residual), the
 * loss at the end, two losses on the curvature's sample. */
static void work_is_counted_in_passes_over_all_examples(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("hf", "{\"lambda\": 4}", &single.pieces);
    struct line line = line_with(4, 4, 1000);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_true(told[METRIC_CG_ITERATIONS] == 1.0);
    assert_near(told[METRIC_WORK], 3 + 4 * 0.512 + 1 + 2 * 0.512, 1e-12);
    drive(&stepper, &line.landscape, &theta, 2, told);
    assert_true(told[METRIC_WORK] > 2 * (3 + 1));
    stepper_release(&stepper);
}

/* --- more dimensions ---------------------------------------------------------------------------*/

enum { SIZE = 120 };
static struct two_pieces many;

/* Eigenvalues from 0.001 to 1000, so that damping and truncation matter. */
static struct objective *open_quadratic(void)
{
    json_t *eigenvalues = json_array(), *start = json_array();
    for (int i = 0; i < SIZE; i++) {
        json_array_append_new(eigenvalues, json_real(pow(10.0, 6.0 * i / (SIZE - 1) - 3.0)));
        json_array_append_new(start, json_real(1.0 + i % 3));
    }
    json_auto_t *spec =
        json_pack("{s:{s:s, s:f, s:n, s:n, s:o, s:o}}", "problem", "type", "quadratic", "noise",
                  0.0, "noise_deviation", "noise_nu", "eigenvalues", eigenvalues, "start", start);
    struct objective *objective;
    struct error err;
    if (problem_open(spec, &objective, &err) < 0)
        fail_msg("%s", err.sentence);
    assert_non_null(objective->landscape);
    two_pieces_init(&many, SIZE);
    return objective;
}

/* The sum of all iterations of conjugate gradients until the loss is a billionth of what it was. */
static int iterations_to_the_end(const char *settings)
{
    struct objective *objective = open_quadratic();
    struct stepper stepper = stepper_on("hf", settings, &many.pieces);
    double theta[SIZE], told[METRICS] = {0};
    int sum = 0;

    objective->methods->init(objective, theta);
    const double first =
        objective->landscape->methods->loss(objective->landscape, theta, (struct sample){0, 1});
    for (int t = 1; t <= 200; t++) {
        drive(&stepper, objective->landscape, theta, t, told);
        sum += (int)told[METRIC_CG_ITERATIONS];
        if (told[METRIC_TRAIN_LOSS] < 1e-9 * first)
            break;
    }
    print_message("%s: %d\n", settings, sum);
    assert_true(told[METRIC_TRAIN_LOSS] < 1e-9 * first);
    stepper_release(&stepper);
    objective->methods->free(objective);
    return sum;
}

/* The Hessian's eigenvalues span six powers of ten. The pairs of a solve know more of it than the
 * single example's squared gradients do. */
static void preconditioners_reach_the_minimum_in_fewer_iterations(void **state)
{
    (void)state;
    const int none = iterations_to_the_end("{\"preconditioner\": \"none\"}");
    iterations_to_the_end("{\"preconditioner\": \"diagonal\"}");
    const int kept = iterations_to_the_end("{\"preconditioner\": \"lbfgs\"}");
    iterations_to_the_end("{\"preconditioner\": \"lbfgs_live\"}");
    assert_true(kept < none);
}

/* Memory, scalars and extra are all there is, whatever it keeps. */
static void every_form_goes_on_from_what_a_checkpoint_holds(void **state)
{
    static const char *const forms[] = {
        "{\"preconditioner\": \"none\"}",
        "{\"preconditioner\": \"diagonal\", \"weight_decay\": 0.01}",
        "{\"preconditioner\": \"lbfgs\", \"pairs\": 5}",
        "{\"preconditioner\": \"lbfgs_live\", \"pairs\": 5, \"cg_most\": 12}",
        "{\"pairs\": 4, \"pair_choice\": \"spread\"}",
        "{\"gradient_sampling\": \"variance\", \"curvature_sampling\": \"variance\"}",
        "{\"gradient_sampling\": \"geometric\", \"gradient_growth\": null}",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(forms) + 1; i++) {
        const bool hf = i < COUNT_OF(forms);
        struct objective *objective = open_quadratic();
        struct stepper one = stepper_on(hf ? "hf" : "lbfgs", hf ? forms[i] : "{}", &many.pieces);
        struct stepper other = stepper_on(hf ? "hf" : "lbfgs", hf ? forms[i] : "{}", &many.pieces);
        double theta[SIZE], copy[SIZE], told[METRICS], told_again[METRICS];
        objective->methods->init(objective, theta);
        for (int t = 1; t <= 6; t++)
            drive(&one, objective->landscape, theta, t, told);
        memcpy(copy, theta, sizeof copy);
        memcpy(other.extra, one.extra, one.extra_count * sizeof *one.extra);
        memcpy(other.scalars, one.scalars,
               (size_t)one.optimizer->scalar_count * sizeof *one.scalars);
        for (int t = 7; t <= 12; t++) {
            drive(&one, objective->landscape, theta, t, told);
            drive(&other, objective->landscape, copy, t, told_again);
            assert_memory_equal(told, told_again, sizeof told);
        }
        assert_memory_equal(theta, copy, sizeof theta);
        stepper_release(&one);
        stepper_release(&other);
        objective->methods->free(objective);
    }
}

/* --- refusals ----------------------------------------------------------------------------------*/

static void expect_refusal(const char *settings, struct landscape landscape, const char *piece)
{
    struct stepper stepper = stepper_on("hf", settings, &single.pieces);
    struct error err;
    assert_int_equal(stepper.optimizer->accepts(&stepper.chosen, &landscape, &err), -1);
    assert_says(err.sentence, piece);
    stepper_release(&stepper);
}

static void what_the_objective_cannot_give_is_refused(void **state)
{
    const struct landscape flat = {.has_squares = true}, curved = {.has_curvature = true};
    (void)state;
    expect_refusal("{}", flat, "take lbfgs, or adam");
    expect_refusal("{\"preconditioner\": \"diagonal\"}", curved, "take lbfgs, or none");
    expect_refusal("{\"gradient_sampling\": \"variance\"}", curved, "geometric");

    struct stepper stepper = stepper_on("hf", "{}", &single.pieces);
    assert_int_equal(stepper.optimizer->accepts(&stepper.chosen, &curved, NULL), 0);
    stepper_release(&stepper);
}

static void expect_bad_setting(const char *settings, const char *pointer)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *described = settings_describe(optimizer_find("hf")->settings);
    json_auto_t *given = json_loads(settings, 0, NULL);
    json_decref(settings_resolve(NULL, described, given, "", &problems));
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, pointer);
}

static void sampling_fractions_are_above_0_and_at_most_1(void **state)
{
    (void)state;
    expect_bad_setting("{\"gradient_start\": 0}", "/gradient_start");
    expect_bad_setting("{\"gradient_start\": 1.1}", "/gradient_start");
    expect_bad_setting("{\"gradient_most\": -1}", "/gradient_most");
    expect_bad_setting("{\"curvature_start\": 0}", "/curvature_start");
    expect_bad_setting("{\"curvature_most\": 2}", "/curvature_most");
    expect_bad_setting("{\"curvature_ratio\": 0}", "/curvature_ratio");
    expect_bad_setting("{\"gradient_growth\": 1}", "/gradient_growth");
    expect_bad_setting("{\"variance_ratio\": 1}", "/variance_ratio");
    expect_bad_setting("{\"preconditioner\": \"jacobi\"}", "/preconditioner");
}

/* --- L-BFGS ------------------------------------------------------------------------------------*/

/* f = 2 x^2 at x = 1: g = 4, so the first step tried is 1/4, along -4: x = 0, the minimum. */
static void lbfgs_begins_along_the_gradient(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("lbfgs", "{}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    drive(&stepper, &line.landscape, &theta, 1, told);
    assert_true(theta == 0.0 && told[METRIC_TRAIN_LOSS] == 0.0);
    assert_true(told[METRIC_STEP_LENGTH] == 0.25 && told[METRIC_GRADIENT_NORM] == 4.0);
    assert_true(told[METRIC_WORK] == 6.0); /* the first gradient, and that at the end */
    drive(&stepper, &line.landscape, &theta, 2, told);
    assert_true(theta == 0.0 && told[METRIC_STEP_LENGTH] == 0.0);
    stepper_release(&stepper);
}

static void lbfgs_with_decay_finds_the_minimum_of_both(void **state)
{
    (void)state;
    struct stepper stepper = stepper_on("lbfgs", "{\"weight_decay\": 2}", &single.pieces);
    struct line line = line_with(4, 4, 1);
    double theta = 1.0, told[METRICS];

    for (int t = 1; t <= 8; t++)
        drive(&stepper, &line.landscape, &theta, t, told);
    assert_true(fabs(theta) < 1e-12);
    stepper_release(&stepper);
}

/* Its valley is curved; the minimum is at 1 in every coordinate. */
static void lbfgs_and_hf_go_down_the_valley(void **state)
{
    static const struct {
        const char *name, *settings;
        int most;
    } all[] = {{"lbfgs", "{}", 100}, {"hf", "{\"lambda\": 1}", 100}};
    enum { AXES = 10 };
    struct two_pieces ten;
    (void)state;

    two_pieces_init(&ten, AXES);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        json_auto_t *spec = json_pack("{s:{s:s, s:f, s:n, s:n, s:i, s:[f, f]}}", "problem", "type",
                                      "rosenbrock", "noise", 0.0, "noise_deviation", "noise_nu",
                                      "dimension", (int)AXES, "start", -1.2, 1.0);
        struct objective *objective;
        struct stepper stepper = stepper_on(all[i].name, all[i].settings, &ten.pieces);
        double theta[AXES], told[METRICS];
        int t = 0;
        assert_int_equal(problem_open(spec, &objective, NULL), 0);
        objective->methods->init(objective, theta);
        do
            drive(&stepper, objective->landscape, theta, ++t, told);
        while (told[METRIC_TRAIN_LOSS] > 1e-16 && t < all[i].most);
        print_message("%s: %d iterations, work %g\n", all[i].name, t, told[METRIC_WORK]);
        for (int j = 0; j < AXES; j++)
            assert_near(theta[j], 1.0, 1e-6);
        stepper_release(&stepper);
        objective->methods->free(objective);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damped_newton_step_by_hand),
        cmocka_unit_test(the_next_solve_ends_where_it_must_from_wherever_it_begins),
        cmocka_unit_test(weight_decay_is_a_part_of_the_function),
        cmocka_unit_test(a_model_that_is_wrong_is_damped_and_searched_along),
        cmocka_unit_test(a_fair_model_keeps_its_damping),
        cmocka_unit_test(where_nothing_leads_down_it_stands_still),
        cmocka_unit_test(a_loss_that_is_not_finite_is_told_as_such),
        cmocka_unit_test(the_rate_scales_the_step),
        cmocka_unit_test(samples_are_all_and_512_where_nobody_says),
        cmocka_unit_test(samples_grow_by_their_factor),
        cmocka_unit_test(samples_follow_the_variance),
        cmocka_unit_test(growth_is_learnt_from_the_variance),
        cmocka_unit_test(work_is_counted_in_passes_over_all_examples),
        cmocka_unit_test(preconditioners_reach_the_minimum_in_fewer_iterations),
        cmocka_unit_test(every_form_goes_on_from_what_a_checkpoint_holds),
        cmocka_unit_test(what_the_objective_cannot_give_is_refused),
        cmocka_unit_test(sampling_fractions_are_above_0_and_at_most_1),
        cmocka_unit_test(lbfgs_begins_along_the_gradient),
        cmocka_unit_test(lbfgs_with_decay_finds_the_minimum_of_both),
        cmocka_unit_test(lbfgs_and_hf_go_down_the_valley),
    };
    return cmocka_run_group_tests(tests, make_pieces, NULL);
}
