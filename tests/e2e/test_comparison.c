/*
 * A comparison from its POST to its report: tuning first, each arm alone, then the report's seeds.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

/* On a bowl without noise every seed gives the same: with rate r, behind 20 steps, the loss is
 * ((1 - r)^40 + 16 (1 - 4 r)^40) / 2, the least at r = 0.4 of the three tried. */
#define BOWL                                                                                       \
    "{'problem': {'type': 'quadratic', 'eigenvalues': [1, 4], 'start': [1, -2]},"                  \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 20}"
#define OVER_RATES "'tune': {'over': {'/optimizer/lr': [0.01, 0.4, 0.1]}, 'seeds': [11, 12]}"

static double bowl_loss(double rate, int steps)
{
    return (pow(1 - rate, 2.0 * steps) + 16 * pow(1 - 4 * rate, 2.0 * steps)) / 2;
}

static void the_answer_says_how_many_runs_there_will_be(void **state)
{
    (void)state;
    json_auto_t *job = api_change(
        port, "POST",
        "{'kind': 'compare', 'base': " BOWL ", 'arms': [{'name': 'a', 'patch': {}},"
        " {'name': 'b', 'patch': {'schedule': 'linear'}}], " OVER_RATES ", 'seeds': [1, 2, 3]}",
        201, "/api/v1/jobs");
    assert_int_equal(api_integer(job, "/runs/total"), 2 * 3 * 2 + 2 * 3);
    assert_int_equal(api_integer(job, "/runs/waiting"), 2 * 3);
    json_decref(api_await_job(port, api_integer(job, "/id"), "succeeded"));
}

static void each_arm_is_tuned_alone_and_reported_on_other_seeds(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'base': " BOWL ","
                         " 'arms': [{'name': 'plain', 'patch': {}},"
                         "          {'name': 'short', 'patch': {'steps': 10}}], " OVER_RATES
                         ", 'seeds': [1, 2, 3],"
                         " 'metric': {'name': 'train_loss', 'goal': 'minimize', 'at': 'last'}}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);

    assert_true(json_is_true(api_at(report, "/finished")));
    for (int arm = 0; arm < 2; arm++) {
        const json_t *entry = json_array_get(api_at(report, "/arms"), (size_t)arm);
        const double want = bowl_loss(0.4, arm == 0 ? 20 : 10);
        assert_string_equal(api_text(entry, "/name"), arm == 0 ? "plain" : "short");
        api_assert_equal(api_at(entry, "/chosen"), "{'/optimizer/lr': 0.4}");
        assert_int_equal(api_integer(entry, "/n"), 3);
        assert_near(api_number(entry, "/mean"), want, 1e-3);
        assert_true(api_number(entry, "/standard_error") <= 1e-9);
        for (int i = 0; i < 3; i++) {
            const json_t *value = json_array_get(api_at(entry, "/values"), (size_t)i);
            assert_int_equal(api_integer(value, "/seed"), i + 1);
            assert_near(api_number(value, "/value"), want, 1e-3);
        }
        assert_int_equal(api_size(entry, "/tuning"), 3);
        assert_near(api_number(entry, "/tuning/0/mean"), bowl_loss(0.01, arm == 0 ? 20 : 10), 1e-3);
        assert_int_equal(api_integer(entry, "/tuning/0/values/0/seed"), 11);
        assert_int_equal(api_integer(entry, "/tuning/0/values/1/seed"), 12);
    }
    assert_true(json_is_true(api_at(report, "/arms/0/best")));
    assert_true(json_is_false(api_at(report, "/arms/1/best")));
}

static void tuning_seeds_and_report_seeds_never_meet(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': " BOWL ", 'arms': [{'name': 'a', 'patch': {}},"
              " {'name': 'b', 'patch': {'schedule': 'cosine'}}], " OVER_RATES ", 'seeds': [1, 2]}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        const bool tunes = strcmp(api_text(run, "/phase"), "tune") == 0;
        assert_true(tunes == (api_integer(run, "/seed") >= 11));
        if (!tunes) /* with what its arm's tuning chose */
            assert_true(api_number(run, "/tuned/~1optimizer~1lr") > 0);
    }
}

/* The same first weights and the same first batch: the first reported loss, before which no rate
 * has had a part, is the same bits in every arm. */
static void all_arms_start_from_the_same_weights_and_batches(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': {'dataset': 'spirals', 'epochs': 1,"
              "   'model': {'type': 'mlp', 'hidden': [8]}, 'report_every_steps': 1,"
              "   'optimizer': {'type': 'sgd', 'lr': 0.1}},"
              " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'twin', 'patch': {'epochs': 1}},"
              "          {'name': 'fast', 'patch': {'optimizer': {'lr': 0.5}}},"
              "          {'name': 'adam', 'patch': {'optimizer': {'type': 'adam', 'lr': 0.1}}}],"
              " 'seeds': [1, 2]}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *curves = api_get(
        port, "/api/v1/jobs/%lld/metrics?name=train_loss&phase=report&points=0", (long long)job);

    double first[2][4];
    for (int i = 0; i < 8; i++) {
        const json_t *series = json_array_get(api_at(curves, "/series"), (size_t)i);
        assert_int_equal(api_integer(series, "/step/0"), 1);
        first[i / 4][i % 4] = api_number(series, "/value/0");
    }
    for (int seed = 0; seed < 2; seed++)
        for (int arm = 1; arm < 4; arm++)
            assert_near(first[seed][arm], first[seed][0], 0);
    assert_true(first[0][0] != first[1][0]);
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    assert_near(api_number(report, "/arms/0/mean"), api_number(report, "/arms/1/mean"), 0);
    assert_true(api_is_null(report, "/arms/0/chosen") ||
                json_object_size(api_at(report, "/arms/0/chosen")) == 0);
}

/* By hand from the values it lists: mean, and deviation (n - 1) over sqrt(n). */
static void the_mean_and_its_error_follow_from_the_values(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'compare', 'base': {'dataset': 'gaussians', 'epochs': 2,"
                         "   'model': {'type': 'mlp', 'hidden': [4]}, 'report_every_steps': 5,"
                         "   'optimizer': {'type': 'sgd', 'lr': 0.1}},"
                         " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'b, \\\\ c', 'patch':"
                         "   {'schedule': 'linear'}}], 'seeds': [4, 5, 6]}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);

    double value[3], mean = 0, squares = 0;
    for (int i = 0; i < 3; i++) {
        char pointer[40];
        snprintf(pointer, sizeof pointer, "/arms/0/values/%d/value", i);
        value[i] = api_number(report, pointer);
        mean += value[i] / 3;
    }
    for (int i = 0; i < 3; i++)
        squares += (value[i] - mean) * (value[i] - mean);
    assert_near(api_number(report, "/arms/0/mean"), mean, 1e-12);
    assert_near(api_number(report, "/arms/0/standard_error"), sqrt(squares / 2 / 3), 1e-9);
    /* The curve's last point is the last value; its band is mean -+ one standard error. */
    const size_t last = api_size(report, "/arms/0/curve/step") - 1;
    char pointer[40];
    snprintf(pointer, sizeof pointer, "/arms/0/curve/mean/%zu", last);
    assert_near(api_number(report, pointer), mean, 1e-12);
    snprintf(pointer, sizeof pointer, "/arms/0/curve/high/%zu", last);
    assert_near(api_number(report, pointer), mean + sqrt(squares / 2 / 3), 1e-9);
}

static void a_report_comes_as_csv_by_accept_or_query(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'compare', 'base': " BOWL
                                         ", 'arms': [{'name': 'plain', 'patch': {}},"
                                         " {'name': 'with, comma', 'patch': {'steps': 5}}],"
                                         " 'seeds': [1, 2]}");
    json_decref(api_await_job(port, job, "succeeded"));
    struct http_answer asked =
        api_ask(port, "GET", NULL, NULL, "/api/v1/jobs/%lld/report?format=csv", (long long)job);
    struct http_answer accepted = api_ask(port, "GET", "Accept: text/csv\r\n", NULL,
                                          "/api/v1/jobs/%lld/report", (long long)job);

    api_expect(&asked, 200);
    assert_says(answer_header(&asked, "Content-Type"), "text/csv");
    assert_string_equal(asked.body, accepted.body);
    assert_true(strncmp(asked.body, "arm,seed,run,value\n", 19) == 0 ||
                strncmp(asked.body, "arm,seed,run,value\r\n", 20) == 0);
    assert_says(asked.body, "plain,1,");
    assert_says(asked.body, "\"with, comma\",2,");
    answer_release(&asked);
    answer_release(&accepted);
}

static void a_train_job_has_no_report(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'train', 'spec': " BOWL "}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *none =
        api_change(port, "GET", NULL, 404, "/api/v1/jobs/%lld/report", (long long)job);
    assert_says(api_text(none, "/detail"), "neither a comparison nor a search");
}

/* With rate 1 a step multiplies x1 by -3: the loss ends as infinite. Such a point loses, and the
 * arm still gets its report. */
static void a_grid_point_that_diverges_loses(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic',"
              "   'eigenvalues': [1, 4], 'start': [1, -2]}, 'steps': 200,"
              "   'optimizer': {'type': 'sgd', 'lr': 0.1}},"
              " 'arms': [{'name': 'a', 'patch': {}}, {'name': 'b', 'patch': {'clip_norm': 1e6}}],"
              " 'tune': {'over': {'/optimizer/lr': [1, 0.1]}, 'seeds': [11]}, 'seeds': [1]}");
    json_decref(api_await_job(port, job, "succeeded")); /* one run of many diverged */
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);

    assert_true(json_is_true(api_at(report, "/finished")));
    api_assert_equal(api_at(report, "/arms/0/chosen"), "{'/optimizer/lr': 0.1}");
    assert_int_equal(api_integer(report, "/arms/0/tuning/0/failed"), 1);
    assert_true(api_is_null(report, "/arms/0/tuning/0/mean"));
    assert_int_equal(api_integer(report, "/arms/0/n"), 1);
    AUTO_FREE char *warnings = json_dumps(api_at(report, "/warnings"), 0);
    assert_says(warnings, "1 of 2 tuning runs failed or diverged");
}

/* An arm whose every tuning run fails has nothing to report on; the other one has. */
static void an_arm_without_a_working_point_fails_alone(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic',"
              "   'eigenvalues': [1, 4], 'start': [1, -2]}, 'steps': 200,"
              "   'optimizer': {'type': 'sgd', 'lr': 1}},"
              " 'arms': [{'name': 'steep', 'patch': {}},"
              "          {'name': 'flat', 'patch': {'problem': {'eigenvalues': [0.1, 0.4]}}}],"
              " 'tune': {'over': {'/optimizer/lr': [1, 2]}, 'seeds': [11]}, 'seeds': [1, 2]}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
    json_auto_t *runs = api_runs(port, job);

    assert_true(api_is_null(report, "/arms/0/chosen"));
    assert_int_equal(api_integer(report, "/arms/0/n"), 0);
    assert_int_equal(api_integer(report, "/arms/1/n"), 2);
    const json_t *given_up = json_array_get(runs, 4); /* behind 2 points x 2 arms */
    assert_string_equal(api_text(given_up, "/arm"), "steep");
    assert_string_equal(api_text(given_up, "/reason"), "source failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_says_how_many_runs_there_will_be),
        cmocka_unit_test(each_arm_is_tuned_alone_and_reported_on_other_seeds),
        cmocka_unit_test(tuning_seeds_and_report_seeds_never_meet),
        cmocka_unit_test(all_arms_start_from_the_same_weights_and_batches),
        cmocka_unit_test(the_mean_and_its_error_follow_from_the_values),
        cmocka_unit_test(a_report_comes_as_csv_by_accept_or_query),
        cmocka_unit_test(a_train_job_has_no_report),
        cmocka_unit_test(a_grid_point_that_diverges_loses),
        cmocka_unit_test(an_arm_without_a_working_point_fails_alone),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
