/*
 * Workers that report more than the disk takes: they are slowed down, and people do not wait.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Steps of a microsecond, five rows each. */
#define FLOOD                                                                                      \
    "{'kind': 'train', 'reuse': false, 'spec': {'problem': {'type': 'quadratic', 'eigenvalues': "  \
    "[1],"                                                                                         \
    " 'start': [1]}, 'steps': 1e12, 'report_every_steps': 1,"                                      \
    " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t rows_stored(void)
{
    json_auto_t *health = api_get(port, "/api/v1/health");
    return api_integer(health, "/store/metric_rows");
}

/* Unbounded, the rows that wait would make a POST take 15 s after the first few seconds. */
static void people_are_answered_while_workers_flood_the_store(void **state)
{
    enum { ROWS = 500000, TRIES = 5, PATIENCE_MS = 2000 };
    (void)state;
    const int64_t jobs[] = {api_submit(port, FLOOD), api_submit(port, FLOOD)};
    for (int64_t started_ms = 0; rows_stored() < ROWS;)
        assert_true(api_wait_on(&started_ms));

    for (int i = 0; i < TRIES; i++) {
        const int64_t before_ms = now_ms();
        const int64_t job = api_submit(port, FLOOD);
        json_decref(
            api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
        assert_true(now_ms() - before_ms < PATIENCE_MS);
    }
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        const int64_t before_ms = now_ms();
        json_decref(
            api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)jobs[i]));
        json_decref(api_await_job(port, jobs[i], "cancelled"));
        assert_true(now_ms() - before_ms < PATIENCE_MS);
    }
}

/* What was slowed down is whole: each step has its row. */
static void no_row_is_lost_on_the_way(void **state)
{
    (void)state;
    json_auto_t *jobs = api_get(port, "/api/v1/jobs?limit=1000");
    const size_t last = api_size(jobs, "/jobs") - 1;
    const int64_t first = api_integer(json_array_get(json_object_get(jobs, "jobs"), last), "/id");
    json_auto_t *run = api_get(port, "/api/v1/runs/%lld", (long long)api_run_of(port, first, 0));
    const int64_t steps = api_integer(run, "/step");
    assert_true(steps > 10000);
    for (size_t i = 0; i < api_size(run, "/series"); i++) {
        const json_t *series = json_array_get(api_at(run, "/series"), i);
        assert_int_equal(api_integer(series, "/count"), steps);
        assert_int_equal(api_integer(series, "/last_step"), steps);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_answered_while_workers_flood_the_store),
        cmocka_unit_test(no_row_is_lost_on_the_way),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
