/* POST /api/v1/theory and /api/v1/scale, scale_batch in a comparison, and predictions in its
 * report, against a real server and worker. Numbers are those of training.md AV-8 to AV-10. */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>

static json_t *ask(const char *body)
{
    return api_change(port, "POST", body, 200, "/api/v1/theory");
}

/* One problem, at that place, that says so. */
static void refuse(const char *target, const char *body, const char *pointer, const char *piece)
{
    json_auto_t *problem = api_change(port, "POST", body, 422, "%s", target);
    if (api_size(problem, "/errors") != 1)
        fail_msg("%zu problems with %s", api_size(problem, "/errors"), body);
    assert_string_equal(api_text(problem, "/errors/0/pointer"), pointer);
    assert_says(api_text(problem, "/errors/0/detail"), piece);
}

static const double four_digits = 5e-4;
#define AXES "'noise': {'deviation': [0.1, 0.2]}, 'curvatures': [1, 2]"

/* --- theory ------------------------------------------------------------------------------------
 */

static void adamw_is_told_as_published_and_as_corrected(void **state)
{
    (void)state;
    json_auto_t *answer =
        ask("{'optimizer': {'type': 'adamw', 'lr': 0.01, 'weight_decay': 4}, " AXES "}");
    assert_string_equal(api_text(answer, "/law"), "adamw, corrected");
    assert_int_equal(api_size(answer, "/stationary"), 2);
    assert_string_equal(api_text(answer, "/stationary/0/name"), "adamw, corrected");
    assert_near(api_number(answer, "/stationary/0/loss"), 3.827e-4, four_digits);
    assert_near(api_number(answer, "/stationary/1/loss"), 5.357e-4, four_digits);
    assert_near(api_number(answer, "/optimizer/beta1"), 0.9, 0); /* defaults are laid in */
    assert_int_equal(api_size(answer, "/transient/forms"), 0);
    assert_says(api_text(answer, "/transient/reason"), "closed form for sgd");
    assert_true(api_is_null(answer, "/phases"));
    assert_string_equal(api_text(answer, "/bounds/list/0/name"), "adamw");
    assert_true(api_is_null(answer, "/bounds/list/0/loss")); /* only in the end */
    assert_says(api_text(answer, "/bounds/note"), "upper bounds");
    assert_true(strlen(api_text(answer, "/stationary/0/formula")) > 10);
    assert_true(strlen(api_text(answer, "/stationary/0/valid")) > 10);
}

/* The recursion of the moments from (.5, .5): tests/reference/theory.py. */
static void sgd_is_told_step_by_step(void **state)
{
    (void)state;
    json_auto_t *answer = ask("{'optimizer': {'type': 'sgd', 'lr': 0.01}, " AXES
                              ", 'start': [0.5, 0.5], 'steps': [0, 1, 100]}");
    assert_near(api_number(answer, "/stationary/0/loss"), 0.000126135729150805, 1e-12);
    assert_near(api_number(answer, "/stationary/0/variance/0"), 1e-4 / 1.99, 1e-12);
    assert_string_equal(api_text(answer, "/transient/forms/0/name"), "sgd discrete");
    assert_near(api_number(answer, "/transient/forms/0/loss/0"), 0.375, 1e-15);
    assert_near(api_number(answer, "/transient/forms/0/loss/1"), 0.362617, 1e-12);
    assert_near(api_number(answer, "/transient/forms/0/loss/2"), 0.0212654388540743, 1e-12);
    assert_near(api_number(answer, "/transient/time/2"), 1, 1e-15);
    assert_true(api_is_null(answer, "/transient/reason"));
}

static void times_stand_for_steps(void **state)
{
    (void)state;
    json_auto_t *answer = ask("{'optimizer': {'type': 'sgd', 'lr': 0.01}, " AXES
                              ", 'start': [0.5, 0.5], 'times': [0.1, 1]}");
    assert_near(api_number(answer, "/transient/step/1"), 100, 1e-14);
    assert_near(api_number(answer, "/transient/forms/1/loss/0"), 0.269958855370224, 1e-12);
}

static void without_steps_the_grid_ends_where_the_start_is_forgotten(void **state)
{
    (void)state;
    json_auto_t *answer = ask("{'optimizer': {'type': 'sgd', 'lr': 0.01}, " AXES "}");
    const size_t last = api_size(answer, "/transient/step") - 1;
    AUTO_FREE char *pointer = xprintf("/transient/forms/0/loss/%zu", last);
    assert_int_equal(last, 50);
    assert_near(api_number(answer, pointer), api_number(answer, "/stationary/0/loss"), 0.05);
    assert_near(api_number(answer, "/transient/forms/0/loss/0"), 1.5, 1e-15); /* from (1, 1) */
}

static void sign_descent_is_told_its_phases(void **state)
{
    (void)state;
    json_auto_t *answer =
        ask("{'optimizer': {'type': 'signsgd', 'lr': 0.01}, " AXES ", 'start': [-0.312, 0.1]}");
    assert_near(api_number(answer, "/stationary/0/loss"), 9.039e-4, four_digits);
    assert_near(api_number(answer, "/stationary/1/loss"), 9.4e-4, four_digits);
    assert_int_equal(api_integer(answer, "/phases/axes/0/phase"), 1);
    assert_near(api_number(answer, "/phases/axes/0/phase_1_steps"), 10, 0);
    assert_int_equal(api_integer(answer, "/phases/axes/1/phase"), 3);
    assert_near(api_number(answer, "/phases/secant/slope"), 0.24680870705119196, 1e-14);
    assert_says(api_text(answer, "/transient/reason"), "phase 3");
    assert_int_equal(api_size(answer, "/bounds/list"), 3);
}

static void students_t_has_no_phases_but_a_law(void **state)
{
    (void)state;
    json_auto_t *answer = ask("{'optimizer': {'type': 'signsgd', 'lr': 0.001}, 'noise': "
                              "{'deviation': [0.1, 0.2], 'nu': 1}, 'curvatures': [1, 2]}");
    assert_near(api_number(answer, "/stationary/0/loss"), 1.178e-4, four_digits);
    assert_true(api_is_null(answer, "/phases"));
}

static void one_deviation_serves_every_axis(void **state)
{
    (void)state;
    json_auto_t *answer = ask("{'optimizer': {'type': 'sgd', 'lr': 0.5}, 'noise': {'deviation': "
                              "0.1}, 'curvatures': [1, 2, 3]}");
    assert_int_equal(api_size(answer, "/noise/deviation"), 3);
    assert_int_equal(api_size(answer, "/warnings"), 1);
    assert_says(api_text(answer, "/warnings/0"), "axis 2 loses 1.5 of itself");
}

static void refuse_question(const char *body, const char *pointer, const char *piece)
{
    refuse("/api/v1/theory", body, pointer, piece);
}

#define SGD "'optimizer': {'type': 'sgd', 'lr': 0.01}"

static void questions_out_of_range_are_refused_with_what_works(void **state)
{
    (void)state;
    refuse_question("{'optimizer': {'type': 'sgd', 'lr': 1}, " AXES "}", "/optimizer/lr",
                    "take less than 1");
    refuse_question("{'optimizer': {'type': 'signsgd', 'lr': 0.3}, " AXES "}", "/optimizer/lr",
                    "too large for the noise");
    refuse_question("{'optimizer': {'type': 'adam', 'lr': 0.3}, " AXES "}", "/optimizer/lr",
                    "take less than 0.2");
    refuse_question("{'optimizer': {'type': 'muon', 'lr': 0.01}, " AXES "}", "/optimizer/type",
                    "there are laws for sgd");
    refuse_question("{'optimizer': {'type': 'adamw', 'lr': 0.01, 'amsgrad': true}, " AXES "}",
                    "/optimizer/amsgrad", "take false");
    refuse_question("{'optimizer': {'type': 'adam', 'lr': 0.01, 'beta1': -0.1}, " AXES "}",
                    "/optimizer/beta1", "at least 0 and less than 1");
    refuse_question("{" SGD ", 'noise': {'deviation': 0.1, 'nu': 2}, 'curvatures': [1]}",
                    "/noise/nu", "take nu above 2, or signsgd");
    refuse_question("{'optimizer': {'type': 'signsgd', 'lr': 0.01}, 'noise': {'deviation': 0}, "
                    "'curvatures': [1]}",
                    "/noise/deviation", "or sgd");
}

static void questions_of_a_wrong_form_are_refused(void **state)
{
    (void)state;
    refuse_question("[]", "", "must be an object");
    refuse_question("{" AXES "}", "/optimizer", "is missing");
    refuse_question("{" SGD ", 'curvatures': [1]}", "/noise", "is missing");
    refuse_question("{" SGD ", 'noise': {'deviation': 0.1}}", "/curvatures", "is missing");
    refuse_question("{" SGD ", 'noise': {'deviation': 0.1}, 'curvatures': [0]}", "/curvatures/0",
                    "greater than 0");
    refuse_question("{" SGD ", 'noise': {'deviation': -0.1}, 'curvatures': [1]}",
                    "/noise/deviation", "at least 0");
    refuse_question("{" SGD ", 'noise': {'deviation': [0.1, 'x']}, 'curvatures': [1, 2]}",
                    "/noise/deviation/1", "must be a number");
    refuse_question("{" SGD ", 'noise': {'deviation': [0.1]}, 'curvatures': [1, 2]}",
                    "/noise/deviation", "as many as \"curvatures\": 2, not 1");
    refuse_question("{" SGD ", 'noise': {'deviation': 0.1, 'nu': 0}, 'curvatures': [1]}",
                    "/noise/nu", "greater than 0");
    refuse_question("{" SGD ", " AXES ", 'start': [1]}", "/start", "as many entries");
    refuse_question("{" SGD ", " AXES ", 'steps': [3, 2]}", "/steps/1", "greater than the entry");
    refuse_question("{" SGD ", " AXES ", 'steps': [1], 'times': [1]}", "/times", "not beside");
    refuse_question("{" SGD ", " AXES ", 'step': [1]}", "/step", "did you mean \"steps\"");
}

/* 10,000 axes and 101 steps: more than 1,000,000. */
static void questions_that_are_too_large_are_refused(void **state)
{
    (void)state;
    json_auto_t *body = json_pack("{s:{s:s, s:f}, s:{s:f}}", "optimizer", "type", "sgd", "lr", 0.01,
                                  "noise", "deviation", 0.1);
    json_t *axes = json_array(), *steps = json_array();
    for (int i = 0; i < 10000; i++)
        json_array_append_new(axes, json_real(1));
    for (int i = 0; i < 101; i++)
        json_array_append_new(steps, json_integer(i));
    json_object_set_new(body, "curvatures", axes);
    json_object_set_new(body, "steps", steps);
    AUTO_FREE char *text = json_dumps(body, JSON_COMPACT);
    refuse("/api/v1/theory", text, "/steps", "101 steps x 10000 axes are too many");
}

/* --- scaling -------------------------------------------------------------------------------------
 */

#define DIGITS "'dataset': 'digits', 'model': {'type': 'softmax'}, 'batch_size': 64, 'epochs': 1, "
#define SPEC   "{" DIGITS "'optimizer': {'type': 'adamw', 'lr': 0.001}}"

static void a_specification_is_scaled_with_a_sentence_for_each_change(void **state)
{
    (void)state;
    json_auto_t *answer =
        api_change(port, "POST", "{'spec': " SPEC ", 'factor': 16}", 200, "/api/v1/scale");
    assert_near(api_number(answer, "/spec/optimizer/lr"), 0.004, 1e-15);
    assert_near(api_number(answer, "/spec/optimizer/beta1"), 0, 0);
    assert_near(api_number(answer, "/spec/optimizer/beta2"), 0.984, 1e-15);
    assert_near(api_number(answer, "/spec/optimizer/weight_decay"), 0.04, 1e-15);
    assert_near(api_number(answer, "/spec/optimizer/epsilon"), 2.5e-9, 1e-15);
    assert_int_equal(api_integer(answer, "/spec/batch_size"), 1024);
    assert_int_equal(api_size(answer, "/changes"), 6);
    for (int i = 0; i < 6; i++) {
        AUTO_FREE char *pointer = xprintf("/changes/%d/why", i);
        assert_true(strlen(api_text(answer, pointer)) > 20);
    }
    assert_int_equal(api_size(answer, "/warnings"), 1);
    assert_says(api_text(answer, "/warnings/0"), "the rule leaves its range");
}

static void what_is_scaled_can_be_queued(void **state)
{
    (void)state;
    json_auto_t *answer =
        api_change(port, "POST", "{'spec': " SPEC ", 'factor': 2}", 200, "/api/v1/scale");
    json_auto_t *job =
        json_pack("{s:s, s:O}", "kind", "train", "spec", json_object_get(answer, "spec"));
    AUTO_FREE char *text = json_dumps(job, JSON_COMPACT);
    json_decref(api_await_job(port, api_submit(port, text), "succeeded"));
}

static void refuse_scale(const char *body, const char *pointer, const char *piece)
{
    refuse("/api/v1/scale", body, pointer, piece);
}

static void what_cannot_be_scaled_is_refused_with_what_works(void **state)
{
    (void)state;
    refuse_scale("[]", "", "must be an object");
    refuse_scale("{'factor': 2}", "/spec", "is missing");
    refuse_scale("{'spec': " SPEC "}", "/factor", "is missing: a number");
    refuse_scale("{'spec': " SPEC ", 'factor': 0}", "/factor",
                 "greater than 0 and at most 1000000");
    refuse_scale("{'spec': " SPEC ", 'factor': 1e7}", "/factor", "at most 1000000");
    refuse_scale("{'spec': " SPEC ", 'factor': 2, 'fator': 2}", "/fator", "did you mean");
    refuse_scale("{'spec': " SPEC ", 'factor': 0.3}", "/spec/batch_size", "not a whole number");
    refuse_scale("{'spec': " SPEC ", 'factor': 1000}", "/spec/optimizer/beta2",
                 "a factor below 1000 works");
    refuse_scale("{'spec': {" DIGITS "'optimizer': {'type': 'soap', 'lr': 0.001}}, 'factor': 2}",
                 "/spec/optimizer/type", "there is one for sgd");
    refuse_scale("{'spec': {" DIGITS "'optimizer': {'type': 'sgd', 'lr': 0.1}}, 'factor': 2000}",
                 "/spec/batch_size", "at most 65536");
    refuse_scale("{'spec': {" DIGITS "'optimizer': {'type': 'sgd'}}, 'factor': 2}",
                 "/spec/optimizer/lr", "is missing");
}

/* --- comparisons
 * ----------------------------------------------------------------------------------- */

static json_t *report_of(const char *body)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
}

#define BOWL                                                                                       \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [0.01, 0.01], "              \
    "'noise_deviation': [0.1, 0.2]}, 'replicas': 400, 'steps': 20000, 'report_every_steps': 20000"

/* Within the band of AV-8 at this rate, 8 %; the seeds make it the same at every run. */
static void predictions_stand_beside_what_was_measured(void **state)
{
    (void)state;
    json_auto_t *report = report_of(
        "{'kind': 'compare', 'base': {" BOWL
        ", 'optimizer': {'type': 'sgd', 'lr': 0.01}}, 'seeds': [1], 'arms': [{'name': "
        "'sgd', 'patch': {}, 'note': 'as it is'}, {'name': 'sign', 'patch': {'optimizer': "
        "{'type': 'signsgd'}}}, {'name': 'linear', 'patch': {'schedule': 'linear'}}]}");
    assert_string_equal(api_text(report, "/arms/0/note"), "as it is");
    assert_near(api_number(report, "/arms/0/prediction/loss"), 1.2614e-4, four_digits);
    assert_string_equal(api_text(report, "/arms/0/measured/metric"), "loss_average");
    assert_near(api_number(report, "/arms/0/measured/mean"),
                api_number(report, "/arms/0/prediction/loss"), 0.08);
    assert_near(api_number(report, "/arms/1/measured/mean"),
                api_number(report, "/arms/1/prediction/loss"), 0.08);
    assert_int_equal(api_size(report, "/arms/0/prediction/warnings"), 0);
    assert_true(api_is_null(report, "/arms/1/note"));
    assert_says(api_text(report, "/arms/2/prediction/reason"), "constant learning rate");
}

static void a_comparison_on_a_data_set_has_no_predictions(void **state)
{
    (void)state;
    json_auto_t *report = report_of("{'kind': 'compare', 'base': " SPEC
                                    ", 'seeds': [1], 'arms': [{'name': 'a', 'patch': {}}]}");
    assert_true(api_is_null(report, "/arms/0/prediction"));
    assert_true(api_is_null(report, "/arms/0/measured"));
}

/* AV-10: the rule keeps the loss, the linear rate doubles it, nothing scaled halves it. */
static void scale_batch_makes_arms_that_the_report_tells_apart(void **state)
{
    (void)state;
    json_auto_t *report = report_of(
        "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], "
        "'start': [0.01, 0.01], 'noise_deviation': [0.1, 0.2]}, 'replicas': 100, 'steps': 40000, "
        "'report_every_steps': 40000, 'optimizer': {'type': 'adamw', 'lr': 0.001, 'weight_decay': "
        "1}}, 'seeds': [1], 'scale_batch': [1, 4], 'metric': {'name': 'loss_average'}}");
    assert_int_equal(api_size(report, "/arms"), 4);
    assert_string_equal(api_text(report, "/arms/1/name"), "rule x4");
    assert_says(api_text(report, "/arms/1/note"), "/optimizer/beta1 0.9 -> 0.6");
    assert_near(api_number(report, "/arms/0/prediction/loss"), 6.75067506750675e-05, 1e-12);
    assert_near(api_number(report, "/arms/1/prediction/loss"), 6.75067506750675e-05, 1e-12);
    assert_near(api_number(report, "/arms/2/prediction/loss"), 0.000137362637362637, 1e-12);
    assert_near(api_number(report, "/arms/3/prediction/loss"), 3.53606789250354e-05, 1e-12);
    for (int arm = 0; arm < 4; arm++) {
        AUTO_FREE char *mean = xprintf("/arms/%d/measured/mean", arm);
        AUTO_FREE char *loss = xprintf("/arms/%d/prediction/loss", arm);
        assert_near(api_number(report, mean), api_number(report, loss), 0.08);
    }
}

static void the_arms_that_were_made_survive_a_restart(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'compare', 'base': " SPEC
                                         ", 'seeds': [1], 'scale_batch': [0.5]}");
    json_decref(api_await_job(port, job, "succeeded"));
    service_restart(&service);
    port = service.port;
    json_auto_t *detail = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_string_equal(api_text(detail, "/arms/1"), "linear x0.5");
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    assert_string_equal(api_text(report, "/arms/2/name"), "unscaled x0.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adamw_is_told_as_published_and_as_corrected),
        cmocka_unit_test(sgd_is_told_step_by_step),
        cmocka_unit_test(times_stand_for_steps),
        cmocka_unit_test(without_steps_the_grid_ends_where_the_start_is_forgotten),
        cmocka_unit_test(sign_descent_is_told_its_phases),
        cmocka_unit_test(students_t_has_no_phases_but_a_law),
        cmocka_unit_test(one_deviation_serves_every_axis),
        cmocka_unit_test(questions_out_of_range_are_refused_with_what_works),
        cmocka_unit_test(questions_of_a_wrong_form_are_refused),
        cmocka_unit_test(questions_that_are_too_large_are_refused),
        cmocka_unit_test(a_specification_is_scaled_with_a_sentence_for_each_change),
        cmocka_unit_test(what_is_scaled_can_be_queued),
        cmocka_unit_test(what_cannot_be_scaled_is_refused_with_what_works),
        cmocka_unit_test(predictions_stand_beside_what_was_measured),
        cmocka_unit_test(a_comparison_on_a_data_set_has_no_predictions),
        cmocka_unit_test(scale_batch_makes_arms_that_the_report_tells_apart),
        cmocka_unit_test(the_arms_that_were_made_survive_a_restart),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
