/*
 * Schedules refined from other runs: the arm that waits, the curve it gets, what becomes of it when
 * its source fails, and that none of it is lost when the server is killed.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Two directions that come down at different speeds, with noise: norms that fall and then stay. */
#define NOISY_BOWL                                                                                 \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1, 4], 'start': [3, -2], 'noise': 0.5},"     \
    " 'steps': 60, 'optimizer': {'type': 'sgd', 'lr': 0.1}"
#define REFINED(arm) "{'schedule': {'type': 'refined', 'from': {'arm': '" arm "'}}}"
#define ARMS                                                                                       \
    "'arms': [{'name': 'refined', 'patch': " REFINED(                                              \
        "linear") "},"                                                                             \
                  "         {'name': 'linear', 'patch': {'schedule': 'linear'}}]"
#define TUNE "'tune': {'over': {'/optimizer/lr': [0.02, 0.1]}, 'seeds': [11, 12]}"

/* --- an independent refinement ------------------------------------------------------------------
 */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Algorithm 1 of arXiv 2310.07831 for L2 norms, word for word: median over
 * 2*floor(floor(tau*n)/2)+1 with the first value repeated on the left and a mirror on the right;
 * 1/G^2; tail sums. */
static void refine_by_hand(const double *norms, int n, double *curve)
{
    const int half = (int)(0.1 * n) / 2;
    double weights[256], window[256], largest = 0;
    for (int t = 0; t < n; t++) {
        for (int i = -half; i <= half; i++) {
            const int at = t + i;
            window[i + half] = norms[at < 0 ? 0 : at >= n ? 2 * (n - 1) - at : at];
        }
        qsort(window, (size_t)(2 * half + 1), sizeof *window, by_size);
        weights[t] = 1 / (window[half] * window[half]);
    }
    for (int t = 0; t < n; t++) {
        double behind = 0;
        for (int p = n - 1; p > t; p--)
            behind += weights[p];
        curve[t] = weights[t] * behind;
        largest = fmax(largest, curve[t]);
    }
    for (int t = 0; t < n; t++)
        curve[t] /= largest;
}

static void read_norms(int64_t run, double *norms, int n)
{
    json_auto_t *metrics = api_get(
        service.port, "/api/v1/runs/%lld/metrics?name=gradient_norm&points=0", (long long)run);
    assert_int_equal(api_size(metrics, "/series/0/value"), n);
    for (int i = 0; i < n; i++)
        norms[i] +=
            json_number_value(json_array_get(api_at(metrics, "/series/0/value"), (size_t)i));
}

static void assert_curve(const json_t *got, const double *want, int n)
{
    assert_int_equal(json_array_size(got), n);
    for (int i = 0; i < n; i++)
        assert_near(json_number_value(json_array_get(got, (size_t)i)), want[i], 1e-12);
}

/* --- helpers ------------------------------------------------------------------------------------
 */

/* The job's runs of an arm and a phase, in order. */
static json_t *runs_of(int64_t job, const char *arm, const char *phase)
{
    json_auto_t *runs = api_runs(service.port, job);
    json_t *some = json_array();
    size_t i;
    json_t *run;
    json_array_foreach(runs, i, run)
    {
        if (strcmp(api_text(run, "/arm"), arm) == 0 && strcmp(api_text(run, "/phase"), phase) == 0)
            json_array_append(some, run);
    }
    return some;
}

static json_t *run_at(const json_t *runs, int index)
{
    const json_t *run = json_array_get(runs, (size_t)index);
    return api_get(service.port, "/api/v1/runs/%lld", (long long)api_integer(run, "/id"));
}

static char *warnings_of(int64_t job)
{
    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)job);
    return json_dumps(api_at(report, "/warnings"), 0);
}

/* --- in a comparison ----------------------------------------------------------------------------
 */

static void a_refined_arm_waits_and_gets_the_curve_of_its_source(void **state)
{
    (void)state;
    json_auto_t *created = api_change(service.port, "POST",
                                      "{'kind': 'compare', 'base': {" NOISY_BOWL "}, " ARMS
                                      ", " TUNE ", 'seeds': [1, 2, 3]}",
                                      201, "/api/v1/jobs");
    const int64_t job = api_integer(created, "/id");
    assert_int_equal(api_integer(created, "/runs/waiting"), 2 * 2 + 2 * 3);
    json_decref(api_await_job(service.port, job, "succeeded"));

    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)job);
    assert_string_equal(api_text(report, "/arms/0/source/kind"), "refined");
    assert_string_equal(api_text(report, "/arms/0/source/arm"), "linear");
    assert_true(api_is_null(report, "/arms/0/source/fallback"));
    assert_true(api_is_null(report, "/arms/1/source"));
    assert_int_equal(api_size(report, "/arms/0/tuning"), 2); /* its own peak rate is tuned */

    const double rate = api_number(report, "/arms/1/chosen/~1optimizer~1lr");
    double norms[60] = {0}, curve[60];
    json_auto_t *source = runs_of(job, "linear", "tune");
    size_t i;
    json_t *run;
    json_array_foreach(source, i, run)
    {
        if (api_number(run, "/tuned/~1optimizer~1lr") == rate)
            read_norms(api_integer(run, "/id"), norms, 60);
    }
    refine_by_hand(norms, 60, curve);
    json_auto_t *tuning = runs_of(job, "refined", "tune");
    json_auto_t *reporting = runs_of(job, "refined", "report");
    json_auto_t *first = run_at(tuning, 0), *last = run_at(reporting, 2);
    assert_string_equal(api_text(first, "/spec/schedule/norm"), "l2");
    assert_curve(api_at(first, "/spec/schedule/curve"), curve, 60);
    assert_curve(api_at(last, "/spec/schedule/curve"), curve, 60);
}

/* A chain of arms, the last one first in the list. */
static void an_arm_may_refine_from_a_refined_one(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {" NOISY_BOWL "}, 'arms': ["
                      " {'name': 'c', 'patch': " REFINED("b") "}, {'name': 'b', 'patch': " REFINED(
                          "a") "}, {'name': 'a', 'patch': {}}], 'seeds': [1, 2, 3]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    AUTO_FREE char *warnings = warnings_of(job);
    assert_says(warnings,
                "is refined from the report runs of arm \\\"a\\\", so these seeds were seen "
                "twice");

    double norms[60] = {0}, curve[60];
    json_auto_t *source = runs_of(job, "b", "report"), *runs = runs_of(job, "c", "report");
    for (int i = 0; i < 3; i++)
        read_norms(api_integer(json_array_get(source, (size_t)i), "/id"), norms, 60);
    refine_by_hand(norms, 60, curve);
    json_auto_t *run = run_at(runs, 0);
    assert_curve(api_at(run, "/spec/schedule/curve"), curve, 60);
}

static void vanishing_gradients_give_linear_decay_with_a_warning(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic',"
                      "   'eigenvalues': [1], 'start': [3]}, 'steps': 120,"
                      "   'optimizer': {'type': 'sgd', 'lr': 0.5}}, " ARMS ", 'seeds': [1, 2, 3]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    AUTO_FREE char *warnings = warnings_of(job);
    assert_says(warnings, "arm \\\"refined\\\": its refined schedule is linear decay");

    json_auto_t *runs = runs_of(job, "refined", "report");
    json_auto_t *run = run_at(runs, 0);
    for (int k = 0; k < 120; k++) {
        char pointer[48];
        snprintf(pointer, sizeof pointer, "/spec/schedule/curve/%d", k);
        assert_near(api_number(run, pointer), 1 - k / 119.0, 1e-12);
    }
}

/* --- a source that fails ------------------------------------------------------------------------
 */

static void an_arm_whose_source_fails_fails_with_it(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic',"
                      "   'eigenvalues': [1, 4], 'start': [1, -2]}, 'steps': 200,"
                      "   'optimizer': {'type': 'sgd', 'lr': 1}},"
                      " 'arms': [{'name': 'steep', 'patch': {}},"
                      "   {'name': 'refined', 'patch': " REFINED(
                          "steep") "},"
                                   "   {'name': 'flat', 'patch': {'problem': {'eigenvalues': [0.1, "
                                   "0.4]}}}],"
                                   " 'tune': {'over': {'/optimizer/lr': [1, 2]}, 'seeds': [11]}, "
                                   "'seeds': [1, 2]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *tuning = runs_of(job, "refined", "tune");
    json_auto_t *reporting = runs_of(job, "refined", "report");
    for (int i = 0; i < 2; i++) {
        const json_t *run = json_array_get(tuning, (size_t)i);
        assert_string_equal(api_text(run, "/reason"), "source failed");
        assert_says(api_text(run, "/message"),
                    "from arm \"steep\", of which no tune run succeeded");
        assert_string_equal(api_text(json_array_get(reporting, (size_t)i), "/state"), "failed");
    }
    json_auto_t *refused = api_change(service.port, "POST", NULL, 409, "/api/v1/runs/%lld/retry",
                                      (long long)api_integer(json_array_get(tuning, 0), "/id"));
    assert_says(api_text(refused, "/detail"), "retry one of those first");
}

/* Spirals at one batch an epoch: ten steps, which only the data could tell. */
static void too_few_norms_fail_the_arm_with_how_to_get_more(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {'dataset': 'spirals', 'model': 'softmax',"
                      " 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'epochs': 10,"
                      " 'batch_size': 65536}, " ARMS ", 'seeds': [1, 2, 3]}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_auto_t *runs = runs_of(job, "refined", "report");
    const json_t *run = json_array_get(runs, 0);
    assert_string_equal(api_text(run, "/reason"), "source failed");
    assert_says(api_text(run, "/message"), "its schedule is refined from arm \"linear\": runs");
    assert_says(api_text(run, "/message"), "have 10 rows of gradient_norm, 20 are needed");
}

/* A paused job does not go on while it is looked at, and results of the tests before are not taken
 * over: it would be done before it can be paused. */
static void a_cancelled_run_that_is_retried_waits_again(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'priority': 9, 'reuse': false, 'base': {" NOISY_BOWL
                      "}, " ARMS ", " TUNE ", 'seeds': [1, 2, 3]}");
    json_decref(
        api_change(service.port, "POST", NULL, 200, "/api/v1/jobs/%lld/pause", (long long)job));
    json_auto_t *tuning = runs_of(job, "refined", "tune");
    const long long run = api_integer(json_array_get(tuning, 1), "/id");
    json_auto_t *before = api_get(service.port, "/api/v1/runs/%lld", run);
    if (strcmp(api_text(before, "/state"), "waiting") == 0) { /* else it was too quick for us */
        json_decref(api_change(service.port, "POST", NULL, 200, "/api/v1/runs/%lld/cancel", run));
        json_auto_t *again =
            api_change(service.port, "POST", NULL, 200, "/api/v1/runs/%lld/retry", run);
        assert_true(strcmp(api_text(again, "/state"), "waiting") == 0 ||
                    strcmp(api_text(again, "/state"), "queued") == 0);
    }
    json_decref(
        api_change(service.port, "POST", NULL, 200, "/api/v1/jobs/%lld/resume", (long long)job));
    json_decref(api_await_job(service.port, job, "succeeded"));
    json_decref(api_await_run(service.port, run, "succeeded"));
}

static void cancelling_the_job_takes_the_waiting_runs(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port, "{'kind': 'compare', 'base': {'problem': 'rosenbrock', 'steps': 200000000,"
                      " 'optimizer': {'type': 'sgd', 'lr': 0.0001}, 'norms_every_steps': 1000000,"
                      " 'report_every_steps': 1000000}, " ARMS ", 'seeds': [1, 2, 3],"
                      " 'tune': {'over': {'/optimizer/lr': [0.0001, 0.0002]}, 'seeds': [11, 12]}}");
    json_decref(
        api_change(service.port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(service.port, job, "cancelled"));
    json_auto_t *tuning = runs_of(job, "refined", "tune");
    for (int i = 0; i < 4; i++)
        assert_string_equal(api_text(json_array_get(tuning, (size_t)i), "/state"), "cancelled");
}

/* --- from a run ---------------------------------------------------------------------------------
 */

static void a_job_may_refine_from_a_finished_run(void **state)
{
    (void)state;
    const int64_t job = api_submit(service.port, "{'kind': 'train', 'spec': {" NOISY_BOWL
                                                 ", 'norms_every_steps': 1}}");
    json_decref(api_await_job(service.port, job, "succeeded"));
    const long long source = api_run_of(service.port, job, 0);
    double norms[60] = {0}, curve[60];
    read_norms(source, norms, 60);
    refine_by_hand(norms, 60, curve);

    AUTO_FREE char *body = xprintf("{'kind': 'train', 'spec': {" NOISY_BOWL ", 'schedule':"
                                   " {'type': 'refined', 'from': {'run': %lld}}}}",
                                   source);
    const int64_t refined = api_submit(service.port, body);
    json_decref(api_await_job(service.port, refined, "succeeded"));
    json_auto_t *run =
        api_get(service.port, "/api/v1/runs/%lld", (long long)api_run_of(service.port, refined, 0));
    assert_curve(api_at(run, "/spec/schedule/curve"), curve, 60);
    assert_int_equal(api_integer(run, "/spec/schedule/from/run"), source);

    /* Adam's defaults to L1 norms, as its catalogue entry says; an arm of a comparison likewise. */
    AUTO_FREE char *compare =
        xprintf("{'kind': 'compare', 'base': {" NOISY_BOWL "}, 'seeds': [1, 2, 3], 'arms': ["
                " {'name': 'adam', 'patch': {'optimizer': {'type': 'adam', 'lr': 0.1},"
                "   'schedule': {'type': 'refined', 'from': {'run': %lld}}}}]}",
                source);
    const int64_t arms = api_submit(service.port, compare);
    json_decref(api_await_job(service.port, arms, "succeeded"));
    json_auto_t *adam =
        api_get(service.port, "/api/v1/runs/%lld", (long long)api_run_of(service.port, arms, 0));
    assert_string_equal(api_text(adam, "/spec/schedule/norm"), "l1");
    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)arms);
    assert_int_equal(api_integer(report, "/arms/0/source/run"), source);
}

static void assert_refused(const char *schedule, const char *pointer, const char *words)
{
    AUTO_FREE char *body =
        xprintf("{'kind': 'train', 'spec': {" NOISY_BOWL ", 'schedule': {'type': 'refined', %s}}}",
                schedule);
    json_auto_t *refused = api_change(service.port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(refused, "/errors/0/pointer"), pointer);
    assert_says(api_text(refused, "/errors/0/detail"), words);
}

static void runs_that_cannot_be_refined_from_are_refused_with_what_works(void **state)
{
    (void)state;
    const char *place = "/spec/schedule/from/run";
    const int64_t few = api_submit(service.port, "{'kind': 'train', 'spec': {" NOISY_BOWL "}}");
    const int64_t bad =
        api_submit(service.port, "{'kind': 'train', 'spec': {'problem': {'type': 'quadratic',"
                                 " 'eigenvalues': [4]}, 'steps': 900,"
                                 " 'optimizer': {'type': 'sgd', 'lr': 9}}}");
    json_decref(api_await_job(service.port, few, "succeeded"));
    json_decref(api_await_job(service.port, bad, "failed"));

    AUTO_FREE char *of_few =
        xprintf("'from': {'run': %lld}", (long long)api_run_of(service.port, few, 0));
    AUTO_FREE char *of_bad =
        xprintf("'from': {'run': %lld}", (long long)api_run_of(service.port, bad, 0));
    assert_refused(of_few, place,
                   "has 3 rows of gradient_norm, 20 are needed; train with "
                   "\"norms_every_steps\": 1");
    assert_refused(of_bad, place, "is failed: name one that has succeeded");
    assert_refused("'from': {'run': 999999}", place, "there is no run 999999");
    assert_refused("'from': {'arm': 'linear'}", "/spec/schedule/from/arm",
                   "only a comparison has arms");
}

/* --- killed -------------------------------------------------------------------------------------
 */

#define LONGER                                                                                     \
    "{'kind': 'compare', 'reuse': false, 'base': {'dataset': 'digits', 'model': {'type': 'mlp', "  \
    "'hidden': [16]},"                                                                             \
    "   'optimizer': {'type': 'adam', 'lr': 0.01}, 'epochs': 1, 'batch_size': 32,"                 \
    "   'report_every_steps': 50, 'checkpoint_every_s': 0},"                                       \
    " 'arms': [{'name': 'linear', 'patch': {'schedule': 'linear'}},"                               \
    "          {'name': 'refined', 'patch': " REFINED(                                             \
        "linear") "},"                                                                             \
                  "          {'name': 'again', 'patch': " REFINED(                                 \
                      "refined") "},"                                                              \
                                 "          {'name': 'twin', 'patch': {'schedule': 'linear'},"     \
                                 "           'branch_from': {'arm': 'linear', 'at': 0.6}}],"       \
                                 " 'tune': {'over': {'/optimizer/lr': [0.003, 0.01]}, 'seeds': "   \
                                 "[11]}, 'seeds': [1, 2, 3]}"

/* Whatever it was doing: the same values as when nobody disturbs it. */
static void a_server_killed_at_any_moment_goes_on_to_the_same_report(void **state)
{
    (void)state;
    const int64_t calm = api_submit(service.port, LONGER);
    json_decref(api_await_job(service.port, calm, "succeeded"));
    const int64_t disturbed = api_submit(service.port, LONGER);
    for (int kill = 0; kill < 8; kill++) {
        usleep(30000 + 70000 * (useconds_t)kill);
        service_kill_and_restart(&service);
    }
    json_decref(api_await_job(service.port, disturbed, "succeeded"));

    json_auto_t *want = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)calm);
    json_auto_t *got = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)disturbed);
    for (int arm = 0; arm < 4; arm++) {
        const json_t *a = json_array_get(api_at(want, "/arms"), (size_t)arm);
        const json_t *b = json_array_get(api_at(got, "/arms"), (size_t)arm);
        assert_int_equal(api_integer(b, "/n"), 3);
        assert_true(json_equal(api_at(a, "/chosen"), api_at(b, "/chosen")));
        assert_near(api_number(a, "/mean"), api_number(b, "/mean"), 0);
    }
    assert_near(api_number(got, "/arms/3/mean"), api_number(got, "/arms/0/mean"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refined_arm_waits_and_gets_the_curve_of_its_source),
        cmocka_unit_test(an_arm_may_refine_from_a_refined_one),
        cmocka_unit_test(vanishing_gradients_give_linear_decay_with_a_warning),
        cmocka_unit_test(an_arm_whose_source_fails_fails_with_it),
        cmocka_unit_test(too_few_norms_fail_the_arm_with_how_to_get_more),
        cmocka_unit_test(a_cancelled_run_that_is_retried_waits_again),
        cmocka_unit_test(cancelling_the_job_takes_the_waiting_runs),
        cmocka_unit_test(a_job_may_refine_from_a_finished_run),
        cmocka_unit_test(runs_that_cannot_be_refined_from_are_refused_with_what_works),
        cmocka_unit_test(a_server_killed_at_any_moment_goes_on_to_the_same_report),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
