/*
 * Training through the whole service: from a POST to curves, weights and logs, as clients see it.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

#define QUADRATIC "'problem': {'type': 'quadratic', 'eigenvalues': [1, 4], 'start': [1, -2]}"

/* --- training ------------------------------------------------------------------------------- */

/* By hand: with f = (x0^2 + 4 x1^2) / 2 and rate 0.1, a step multiplies x0 by 0.9 and x1 by 0.6, so
 * behind step k the loss is (0.81^k + 16 * 0.36^k) / 2. */
static void gradient_descent_on_a_bowl_does_what_the_formula_says(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'train', 'spec': {" QUADRATIC
                                         ", 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 30,"
                                         " 'report_every_steps': 10}}");
    const int64_t run = api_run_of(port, job, 0);
    json_auto_t *ended = api_await_run(port, run, "succeeded");
    json_auto_t *curve = api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss", (long long)run);

    api_assert_equal(api_at(curve, "/series/0/step"), "[10, 20, 30]");
    for (int i = 0; i < 3; i++) {
        const double k = 10.0 * (i + 1);
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/series/0/value/%d", i);
        assert_near(api_number(curve, pointer), (pow(0.81, k) + 16 * pow(0.36, k)) / 2, 1e-4);
    }
    assert_near(api_number(ended, "/objective"), api_number(curve, "/series/0/value/2"), 0);
    assert_int_equal(api_integer(ended, "/step"), 30);
    assert_int_equal(api_integer(ended, "/attempt"), 1);
    assert_int_equal(api_integer(ended, "/resume_mismatches"), 0);
    json_auto_t *whole = api_await_job(port, job, "succeeded");
    assert_int_equal(api_integer(whole, "/runs/succeeded"), 1);
    assert_true(api_integer(whole, "/finished_ms") >= api_integer(whole, "/created_ms"));
}

static void a_run_shows_its_specification_with_every_default(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'gaussians',"
                                         " 'model': {'type': 'mlp', 'hidden': [8]},"
                                         " 'optimizer': {'type': 'adam', 'lr': 0.01},"
                                         " 'schedule': {'type': 'linear'}, 'epochs': 1}}");
    json_auto_t *ended = api_await_run(port, api_run_of(port, job, 0), "succeeded");

    api_assert_equal(
        api_at(ended, "/spec"),
        "{'dataset': 'gaussians', 'standardize': 'global',"
        " 'model': {'type': 'mlp', 'hidden': [8], 'activation': 'relu', 'dropout': 0.0,"
        "           'init': 'he'},"
        " 'loss': 'cross_entropy',"
        " 'optimizer': {'type': 'adam', 'lr': 0.01, 'beta1': 0.9, 'beta2': 0.999,"
        "               'epsilon': 1e-8, 'weight_decay': 0.0, 'amsgrad': false},"
        " 'schedule': {'type': 'linear', 'warmup': 0.0, 'warmup_mode': 'multiply', 'floor': 0.0},"
        " 'epochs': 1, 'batch_size': 128, 'clip_norm': null, 'seed': 1, 'threads': 1,"
        " 'report_every_steps': 20, 'evaluate_every_epochs': 1, 'checkpoint_every_s': 30.0,"
        " 'stop_when': null, 'patience': null, 'numeric': 'native'}");
}

/* The three clouds have unit deviation and centres 3.46 apart: no classifier passes 99 %, and half
 * a dozen epochs are enough for 95 %. */
static void a_model_learns_the_clouds_and_reports_every_metric(void **state)
{
    (void)state;
    static const char *const names[] = {"train_loss",  "valid_loss",    "valid_accuracy",
                                        "lr",          "gradient_norm", "gradient_norm_l1",
                                        "update_norm", "samples_per_s"};
    const int64_t job = api_submit(port, "{'kind': 'train', 'name': 'clouds', 'spec': {"
                                         "'dataset': 'gaussians', 'model': {'type': 'softmax'},"
                                         " 'optimizer': {'type': 'nesterov', 'lr': 0.05},"
                                         " 'epochs': 6}}");
    json_auto_t *ended = api_await_run(port, api_run_of(port, job, 0), "succeeded");

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char pointer[48];
        snprintf(pointer, sizeof pointer, "/metrics/%s", names[i]);
        assert_true(isfinite(api_number(ended, pointer)));
    }
    assert_true(api_number(ended, "/metrics/valid_accuracy") > 0.95);
    assert_int_equal(api_integer(ended, "/step"), 6 * 24); /* 3,000 / 128, rounded up, an epoch */
}

static void equal_jobs_give_equal_bits(void **state)
{
    (void)state;
    const char *body = "{'kind': 'train', 'reuse': false, 'spec': {'dataset': 'spirals', 'seed': 5,"
                       " 'model': {'type': 'mlp', 'hidden': [16], 'dropout': 0.1},"
                       " 'optimizer': {'type': 'adamw', 'lr': 0.01}, 'epochs': 3}}";
    struct http_answer weights[2];
    json_t *losses[2];
    for (int i = 0; i < 2; i++) {
        const int64_t run = api_run_of(port, api_submit(port, body), 0);
        json_decref(api_await_run(port, run, "succeeded"));
        json_auto_t *curve =
            api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss", (long long)run);
        losses[i] = json_incref((json_t *)(uintptr_t)api_at(curve, "/series/0/value"));
        weights[i] = api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)run);
        api_expect(&weights[i], 200);
    }
    assert_true(json_equal(losses[0], losses[1]));
    /* The headers differ by the run's number; the numbers behind them must not. */
    assert_int_equal(weights[0].body_bytes, weights[1].body_bytes);
    const size_t numbers = (size_t)(2 * 16 + 16 + 16 * 2 + 2) * sizeof(float);
    assert_memory_equal(weights[0].body + weights[0].body_bytes - numbers,
                        weights[1].body + weights[1].body_bytes - numbers, numbers);
    for (int i = 0; i < 2; i++) {
        json_decref(losses[i]);
        answer_release(&weights[i]);
    }
}

static void a_run_may_stop_when_a_metric_is_reached(void **state)
{
    (void)state;
    const int64_t job =
        api_submit(port, "{'kind': 'train', 'spec': {" QUADRATIC
                         ", 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 100000,"
                         " 'report_every_steps': 10,"
                         " 'stop_when': {'metric': 'train_loss', 'at_most': 0.01}}}");
    json_auto_t *ended = api_await_run(port, api_run_of(port, job, 0), "succeeded");

    /* 0.81^k / 2 <= 0.01 from k = 18.6 on, looked at every 10 steps. */
    assert_int_equal(api_integer(ended, "/step"), 20);
    assert_true(api_number(ended, "/metrics/train_loss") <= 0.01);
}

/* Each step multiplies x1 by 1 - 4 lr = -399 and the loss by 159,201: a float's largest value,
 * 3.4e38, is passed in the 8th step. */
static void a_run_that_diverges_fails_with_its_step_and_keeps_its_curve(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'train', 'spec': {" QUADRATIC
                                         ", 'optimizer': {'type': 'sgd', 'lr': 100}, 'steps': 1000,"
                                         " 'report_every_steps': 1}}");
    const int64_t run = api_run_of(port, job, 0);
    json_auto_t *ended = api_await_run(port, run, "failed");
    json_auto_t *curve = api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss", (long long)run);
    json_auto_t *whole = api_await_job(port, job, "failed");

    assert_string_equal(api_text(ended, "/reason"), "diverged");
    assert_says(api_text(ended, "/message"), "not finite");
    const int64_t step = api_integer(ended, "/step");
    assert_true(step >= 2 && step <= 20);
    assert_true(api_size(curve, "/series/0/value") >= (size_t)step - 1);
    assert_near(api_number(curve, "/series/0/value/0"), (99.0 * 99 + 16 * 399.0 * 399) / 2, 1e-4);
    assert_int_equal(api_integer(whole, "/runs/failed"), 1);
}

/* --- curves --------------------------------------------------------------------------------- */

static int64_t long_run(void)
{
    static int64_t run;
    if (run == 0) {
        run = api_run_of(port,
                         api_submit(port, "{'kind': 'train', 'spec': {" QUADRATIC
                                          ", 'optimizer': {'type': 'sgd', 'lr': 0.001},"
                                          " 'steps': 2000, 'report_every_steps': 1}}"),
                         0);
        json_decref(api_await_run(port, run, "succeeded"));
    }
    return run;
}

static void a_long_curve_comes_reduced_with_its_range(void **state)
{
    (void)state;
    json_auto_t *all =
        api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss&points=0", (long long)long_run());
    json_auto_t *few =
        api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss&points=50", (long long)long_run());

    assert_int_equal(api_size(all, "/series/0/value"), 2000);
    assert_false(json_boolean_value(api_at(all, "/series/0/reduced")));
    assert_true(json_boolean_value(api_at(few, "/series/0/reduced")));
    const size_t count = api_size(few, "/series/0/value");
    assert_true(count > 10 && count <= 50);
    assert_int_equal(api_size(few, "/series/0/low"), count);
    assert_int_equal(api_size(few, "/series/0/high"), count);
    /* The loss falls all the time: the highest value is the first one, the lowest the last. */
    assert_near(api_number(few, "/series/0/high/0"), api_number(all, "/series/0/value/0"), 0);
    char last[40];
    snprintf(last, sizeof last, "/series/0/low/%zu", count - 1);
    assert_near(api_number(few, last), api_number(all, "/series/0/value/1999"), 0);
    snprintf(last, sizeof last, "/series/0/step/%zu", count - 1);
    assert_int_equal(api_integer(few, last), 2000);
}

static void a_curve_may_be_asked_for_between_two_steps(void **state)
{
    (void)state;
    json_auto_t *part =
        api_get(port, "/api/v1/runs/%lld/metrics?name=lr&first=5&last=8", (long long)long_run());

    api_assert_equal(api_at(part, "/series/0/step"), "[5, 6, 7, 8]");
    api_assert_equal(api_at(part, "/series/0/value"), "[0.001, 0.001, 0.001, 0.001]");
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

static void curves_come_as_csv_and_ndjson_too(void **state)
{
    (void)state;
    const long long run = (long long)long_run();
    json_auto_t *all = api_get(port, "/api/v1/runs/%lld/metrics?name=train_loss&points=0", run);
    struct http_answer csv = api_ask(port, "GET", "Accept: text/csv\r\n", NULL,
                                     "/api/v1/runs/%lld/metrics?name=train_loss", run);
    struct http_answer ndjson =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/metrics?format=ndjson", run);

    api_expect(&csv, 200);
    assert_says(answer_header(&csv, "Content-Type"), "text/csv");
    assert_int_equal(count_lines(csv.body), 1 + 2000);
    long long step, wall_ms;
    double value;
    assert_int_equal(sscanf(csv.body, "name,step,value,wall_ms train_loss,%lld,%lf,%lld", &step,
                            &value, &wall_ms),
                     3);
    assert_int_equal(step, 1);
    assert_near(value, api_number(all, "/series/0/value/0"), 0);

    api_expect(&ndjson, 200);
    assert_string_equal(answer_header(&ndjson, "Content-Type"), "application/x-ndjson");
    assert_int_equal(count_lines(ndjson.body), 5 * 2000); /* a problem has five metrics */
    json_auto_t *first = json_loadb(ndjson.body, strcspn(ndjson.body, "\n"), 0, NULL);
    assert_int_equal(api_integer(first, "/step"), 1);
    assert_true(json_is_number(api_at(first, "/value")));
    answer_release(&csv);
    answer_release(&ndjson);
}

/* --- weights -------------------------------------------------------------------------------- */

static uint64_t little_endian(const char *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

/* https://huggingface.co/docs/safetensors: eight bytes with the header's length, the header (JSON),
 * then the tensors, without holes. */
static size_t check_tensor(const json_t *header, const char *name, const char *shape, size_t begin)
{
    const json_t *tensor = json_object_get(header, name);
    assert_non_null(tensor);
    assert_string_equal(api_text(tensor, "/dtype"), "F32");
    api_assert_equal(api_at(tensor, "/shape"), shape);
    size_t count = 1, i;
    json_t *extent;
    json_array_foreach(api_at(tensor, "/shape"), i, extent)
    {
        count *= (size_t)json_integer_value(extent);
    }
    assert_int_equal(api_integer(tensor, "/data_offsets/0"), begin);
    assert_int_equal(api_integer(tensor, "/data_offsets/1"), begin + 4 * count);
    return begin + 4 * count;
}

static void the_final_weights_come_as_safetensors(void **state)
{
    (void)state;
    const int64_t run = api_run_of(
        port,
        api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'gaussians', 'epochs': 1,"
                         " 'model': {'type': 'mlp', 'hidden': [5]},"
                         " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"),
        0);
    json_decref(api_await_run(port, run, "succeeded"));
    struct http_answer file =
        api_ask(port, "GET", NULL, NULL, "/api/v1/runs/%lld/model", (long long)run);
    api_expect(&file, 200);

    assert_string_equal(answer_header(&file, "Content-Type"), "application/octet-stream");
    AUTO_FREE char *named =
        xprintf("attachment; filename=\"run-%lld.safetensors\"", (long long)run);
    assert_string_equal(answer_header(&file, "Content-Disposition"), named);
    const size_t header_bytes = (size_t)little_endian(file.body);
    assert_true(header_bytes > 0 && header_bytes < file.body_bytes);
    assert_int_equal(header_bytes % 8, 0);
    json_auto_t *header = json_loadb(file.body + 8, header_bytes, 0, NULL);
    assert_non_null(header);
    size_t end = check_tensor(header, "layers.0.weight", "[5, 2]", 0);
    end = check_tensor(header, "layers.0.bias", "[5]", end);
    end = check_tensor(header, "layers.1.weight", "[3, 5]", end);
    end = check_tensor(header, "layers.1.bias", "[3]", end);
    assert_int_equal(8 + header_bytes + end, file.body_bytes);
    for (size_t at = 8 + header_bytes; at < file.body_bytes; at += sizeof(float)) {
        float value;
        memcpy(&value, file.body + at, sizeof value);
        assert_true(isfinite(value));
    }
    answer_release(&file);
}

static void weights_are_not_found_before_there_are_some(void **state)
{
    (void)state;
    json_auto_t *none = api_change(port, "GET", NULL, 404, "/api/v1/runs/999999/model");
    assert_int_equal(api_integer(none, "/status"), 404);
}

/* --- lists ---------------------------------------------------------------------------------- */

static void lists_come_page_by_page_newest_job_first(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        json_decref(api_await_job(port,
                                  api_submit(port, "{'kind': 'train', 'spec': {" QUADRATIC
                                                   ", 'optimizer': {'type': 'sgd', 'lr': 0.1},"
                                                   " 'steps': 1}}"),
                                  "succeeded"));
    json_auto_t *all = api_get(port, "/api/v1/jobs?limit=1000");
    int64_t after = 0;
    size_t seen = 0;
    do {
        json_auto_t *page = after
                                ? api_get(port, "/api/v1/jobs?limit=2&after=%lld", (long long)after)
                                : api_get(port, "/api/v1/jobs?limit=2");
        size_t i;
        json_t *job;
        assert_true(api_size(page, "/jobs") <= 2);
        json_array_foreach(json_object_get(page, "jobs"), i, job)
        {
            const json_t *same = json_array_get(json_object_get(all, "jobs"), seen++);
            assert_int_equal(api_integer(job, "/id"), api_integer(same, "/id"));
        }
        after = api_is_null(page, "/next") ? 0 : api_integer(page, "/next");
    } while (after);
    assert_int_equal(seen, api_size(all, "/jobs"));
    assert_true(api_integer(all, "/jobs/0/id") > api_integer(all, "/jobs/1/id"));

    json_auto_t *failed = api_get(port, "/api/v1/jobs?state=failed");
    size_t i;
    json_t *job;
    assert_true(api_size(failed, "/jobs") > 0);
    json_array_foreach(json_object_get(failed, "jobs"), i, job)
    {
        assert_string_equal(api_text(job, "/state"), "failed");
    }
}

static void health_and_queue_of_an_idle_server(void **state)
{
    (void)state;
    struct http_answer fast = api_ask(port, "GET", NULL, NULL, "/healthz");
    api_expect(&fast, 200);
    assert_string_equal(fast.body, "ok\n");
    answer_release(&fast);
    json_auto_t *health = api_get(port, "/api/v1/health");
    assert_string_equal(api_text(health, "/status"), "ok");
    assert_int_equal(api_integer(health, "/slots/total"), 2);
    assert_int_equal(api_integer(health, "/store/mismatches"), 0);
    json_auto_t *queue = api_get(port, "/api/v1/queue");
    assert_string_equal(api_text(queue, "/teams/0/team"), "default");
    assert_int_equal(api_size(queue, "/teams"), 1);
    json_object_del(queue, "teams"); /* what it has used is measured */
    api_assert_equal(queue,
                     "{'slots': {'total': 2, 'used': 0}, 'running': [], 'waiting': [],"
                     " 'waiting_runs': 0, 'others': {'running_runs': 0, 'waiting_runs': 0}}");
}

/* --- over a restart --------------------------------------------------------------------------- */

static void a_server_that_starts_again_finds_everything(void **state)
{
    (void)state;
    const long long run = (long long)long_run();
    json_auto_t *jobs = api_get(port, "/api/v1/jobs?limit=1000");
    json_auto_t *before = api_get(port, "/api/v1/runs/%lld", run);
    json_auto_t *curve = api_get(port, "/api/v1/runs/%lld/metrics?points=0", run);
    json_auto_t *datasets = api_get(port, "/api/v1/datasets");
    service_restart(&service);
    port = service.port;

    json_auto_t *jobs_again = api_get(port, "/api/v1/jobs?limit=1000");
    json_auto_t *after = api_get(port, "/api/v1/runs/%lld", run);
    json_auto_t *curve_again = api_get(port, "/api/v1/runs/%lld/metrics?points=0", run);
    json_auto_t *datasets_again = api_get(port, "/api/v1/datasets");
    assert_true(json_equal(jobs, jobs_again));
    assert_true(json_equal(before, after));
    assert_true(json_equal(curve, curve_again));
    assert_true(json_equal(datasets, datasets_again));
}

/* `make run` twice on the same folder: nothing is queued a second time. */
static void the_demo_is_queued_once(void **state)
{
    (void)state;
    static const char *const demo[] = {"--slots", "0", "--demo", NULL};
    struct service fresh;
    service_start(&fresh, demo);
    int64_t started_ms = 0;
    size_t count = 0;
    while (count == 0 && api_wait_on(&started_ms)) {
        json_auto_t *jobs = api_get(fresh.port, "/api/v1/jobs");
        count = api_size(jobs, "/jobs");
    }
    json_auto_t *once = api_get(fresh.port, "/api/v1/jobs");
    assert_int_equal(count, 1);
    assert_string_equal(api_text(once, "/jobs/0/kind"), "compare");
    assert_int_equal(api_integer(once, "/jobs/0/runs/total"),
                     3 * 4 * 2 + 3 * 3); /* tuning, report */

    service_restart(&fresh);
    json_auto_t *again = api_get(fresh.port, "/api/v1/jobs");
    assert_true(json_equal(once, again));
    service_end(&fresh);
}

/* -------------------------------------------------------------------------------------------- */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_descent_on_a_bowl_does_what_the_formula_says),
        cmocka_unit_test(a_run_shows_its_specification_with_every_default),
        cmocka_unit_test(a_model_learns_the_clouds_and_reports_every_metric),
        cmocka_unit_test(equal_jobs_give_equal_bits),
        cmocka_unit_test(a_run_may_stop_when_a_metric_is_reached),
        cmocka_unit_test(a_run_that_diverges_fails_with_its_step_and_keeps_its_curve),
        cmocka_unit_test(a_long_curve_comes_reduced_with_its_range),
        cmocka_unit_test(a_curve_may_be_asked_for_between_two_steps),
        cmocka_unit_test(curves_come_as_csv_and_ndjson_too),
        cmocka_unit_test(the_final_weights_come_as_safetensors),
        cmocka_unit_test(weights_are_not_found_before_there_are_some),
        cmocka_unit_test(lists_come_page_by_page_newest_job_first),
        cmocka_unit_test(health_and_queue_of_an_idle_server),
        cmocka_unit_test(a_server_that_starts_again_finds_everything),
        cmocka_unit_test(the_demo_is_queued_once),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
