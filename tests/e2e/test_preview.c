/*
 * Schedules before and after they are trained: previews through the service, from the norms of a
 * run, and a run that trains by norms of its own.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>

/* A noisy bowl: its gradients fall to the noise and stay there. */
#define BOWL                                                                                       \
    "'problem': {'type': 'quadratic', 'eigenvalues': [1, 4], 'start': [1, -2], 'noise': 0.5},"     \
    " 'optimizer': {'type': 'sgd', 'lr': 0.05}"
#define PATH "/api/v1/schedules/preview"

static int64_t trained_run(const char *spec)
{
    AUTO_FREE char *body = xprintf("{'kind': 'train', 'spec': {%s}}", spec);
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return api_run_of(port, job, 0);
}

static json_t *previewed(const char *body)
{
    return api_change(port, "POST", body, 200, PATH);
}

static void refuse(const char *body, const char *pointer, const char *says)
{
    json_auto_t *answer = api_change(port, "POST", body, 422, PATH);
    assert_string_equal(api_text(answer, "/errors/0/pointer"), pointer);
    assert_says(api_text(answer, "/errors/0/detail"), says);
}

/* Ranked as in the acceptance table AV-7. */
static void schedules_are_ranked_by_their_bound(void **state)
{
    (void)state;
    json_auto_t *got = previewed("{'steps': 4000, 'points': 5, 'schedules': ['constant', 'linear',"
                                 " {'type': 'wsd', 'cooldown': 0.2}]}");
    assert_near(api_number(got, "/schedules/0/ratio_to_linear"), 3.1418 / 2.0018, 1e-4);
    assert_near(api_number(got, "/schedules/1/ratio_to_linear"), 1.0, 1e-12);
    assert_near(api_number(got, "/schedules/2/ratio_to_linear"), 2.1635 / 2.0018, 1e-4);
    assert_int_equal(api_size(got, "/schedules/0/factors"), 5);
}

/* The same curve, whether the server reads the run's norms or they are sent. */
static void a_run_s_norms_refine_a_schedule(void **state)
{
    (void)state;
    const int64_t run =
        trained_run(BOWL ", 'steps': 400, 'norms_every_steps': 1, 'schedule': 'linear'");
    json_auto_t *series =
        api_get(port, "/api/v1/runs/%lld/metrics?name=gradient_norm&points=1000", (long long)run);
    const json_t *values = api_at(series, "/series/0/value");
    assert_int_equal(json_array_size(values), 400);
    AUTO_FREE char *sent = json_dumps(values, JSON_COMPACT | JSON_REAL_PRECISION(17));
    AUTO_FREE char *by_norms =
        xprintf("{'steps': 400, 'schedules': ['refined', 'linear'], 'norms': %s}", sent);
    AUTO_FREE char *by_run = xprintf("{'steps': 400, 'schedules': ['refined', 'linear'],"
                                     " 'run': %lld}",
                                     (long long)run);
    AUTO_FREE char *from_run = xprintf("{'steps': 400, 'schedules': [{'type': 'refined',"
                                       " 'from': {'run': %lld}}]}",
                                       (long long)run);
    json_auto_t *a = previewed(by_norms), *b = previewed(by_run), *c = previewed(from_run);

    assert_true(json_equal(a, b));
    assert_true(json_equal(api_at(a, "/schedules/0/factors"), api_at(c, "/schedules/0/factors")));
    assert_true(api_number(a, "/schedules/0/ratio_to_linear") < 1.0);
    assert_true(api_number(a, "/schedules/0/factors/0") < 0.5); /* its gradients fall: a warm-up */
    assert_near(api_number(a, "/schedules/0/factors/199"), 0.0, 0.0);
}

static void runs_that_cannot_give_norms_are_refused(void **state)
{
    (void)state;
    const int64_t run = trained_run(BOWL ", 'steps': 30, 'norms_every_steps': 5");
    AUTO_FREE char *few =
        xprintf("{'steps': 30, 'schedules': ['refined'], 'run': %lld}", (long long)run);
    AUTO_FREE char *l1 = xprintf("{'steps': 30, 'schedules': [{'type': 'refined', 'norm': 'l1',"
                                 " 'from': {'run': %lld}}]}",
                                 (long long)run);
    refuse(few, "/run", "rows of gradient_norm, 20 are needed; train with \"norms_every_steps\"");
    refuse(l1, "/schedules/0/from/run", "rows of gradient_norm_l1, 20 are needed");
    refuse("{'steps': 30, 'schedules': ['linear'], 'run': 98765}", "/run", "there is no run 98765");
    refuse("{'steps': 30, 'schedules': ['lineer']}", "/schedules/0/type", "did you mean");
}

/* A job with norms trains along the curve that the preview shows: its rates are the acceptance
 * vector AV-6 times the peak. */
static void a_job_trains_along_the_curve_of_its_norms(void **state)
{
    (void)state;
    const int64_t run = trained_run(
        BOWL ", 'steps': 20, 'report_every_steps': 1, 'schedule': {'type': 'refined', 'from':"
             " {'norms': [4,3,2.5,2,1.8,1.7,1.9,1.6,1.5,1.4,1.5,1.3,1.2,1.3,1.25,1.2,1.1,1.15,"
             "1.05,1]}}");
    json_auto_t *detail = api_get(port, "/api/v1/runs/%lld", (long long)run);
    assert_true(json_is_null(api_at(detail, "/spec/schedule/from")));
    assert_string_equal(api_text(detail, "/spec/schedule/norm"), "l2");
    assert_int_equal(api_size(detail, "/spec/schedule/curve"), 20);
    json_auto_t *series = api_get(port, "/api/v1/runs/%lld/metrics?name=lr", (long long)run);
    assert_near(api_number(series, "/series/0/value/0"), 0.05 * .174104530, 1e-7);
    assert_near(api_number(series, "/series/0/value/11"), 0.05, 1e-12);
    assert_near(api_number(series, "/series/0/value/19"), 0.0, 0.0);
}

static void a_job_without_a_source_is_refused(void **state)
{
    (void)state;
    json_auto_t *none =
        api_change(port, "POST", "{'kind': 'train', 'spec': {" BOWL ", 'schedule': 'refined'}}",
                   422, "/api/v1/jobs");
    assert_string_equal(api_text(none, "/errors/0/pointer"), "/spec/schedule/from");
    json_auto_t *cooled =
        api_change(port, "POST",
                   "{'kind': 'train', 'spec': {" BOWL ", 'schedule': {'type': 'wsd', 'shape':"
                   " 'exponential'}}}",
                   422, "/api/v1/jobs");
    assert_string_equal(api_text(cooled, "/errors/0/pointer"), "/spec/schedule");
    assert_says(api_text(cooled, "/errors/0/detail"), "must be above 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_are_ranked_by_their_bound),
        cmocka_unit_test(a_run_s_norms_refine_a_schedule),
        cmocka_unit_test(runs_that_cannot_give_norms_are_refused),
        cmocka_unit_test(a_job_trains_along_the_curve_of_its_norms),
        cmocka_unit_test(a_job_without_a_source_is_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
