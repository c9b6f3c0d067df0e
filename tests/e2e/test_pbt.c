/*
 * Populations: members hand on their weights and change their parameters, and what that was can be
 * read, and trained again.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMBERS = 6, GENERATIONS = 4, RUNS = MEMBERS * GENERATIONS };

#define BASE                                                                                       \
    "'dataset': 'digits', 'model': {'type': 'mlp', 'hidden': [16]}, 'epochs': 8,"                  \
    " 'schedule': 'constant', 'optimizer': {'type': 'nesterov', 'lr': "
#define RATE "'/optimizer/lr': {'type': 'float', 'low': 0.001, 'high': 0.1}"
#define DIVERGING                                                                                  \
    "{'kind': 'search', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2],"          \
    " 'start': [1, -2]}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 40,"                    \
    " 'report_every_steps': 10, 'schedule': 'constant'}, 'space': {'/optimizer/lr':"               \
    " {'type': 'choice', 'values': [0.1, 0.2, 1e6]}}, 'enqueue':"                                  \
    " [{'/optimizer/lr': 0.1}, {'/optimizer/lr': 0.2}], 'budget': {'runs': 4},"                    \
    " 'algorithm': {'type': 'pbt', 'population': 2, 'interval': 0.5, 'resample': 1}, 'seed': 3}"
#define DIGITS(more)                                                                               \
    "{'kind': 'search', 'base': {" BASE "0.1}},"                                                   \
    " 'space': {'/optimizer/lr': {'type': 'float', 'low': 1e-4, 'high': 3, 'scale': 'log'}},"      \
    " 'algorithm': {'type': 'pbt', 'population': 6, 'interval': 0.25}, 'budget': {'runs': 24},"    \
    " 'enqueue': [{'/optimizer/lr': 0.05}], 'seed': 2" more "}"

static int64_t search(const char *body)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return job;
}

static double objective_at(const json_t *runs, size_t number)
{
    return json_number_value(api_at(json_array_get(runs, number), "/objective"));
}

static double objective_of_training(const char *body)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    return objective_at(runs, 0);
}

static int by_size(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* --- training -----------------------------------------------------------------------------------
 */

/* Runs end where their generation does, at a fourth of the way more each time. */
static void assert_generations(const json_t *runs)
{
    assert_int_equal(json_array_size(runs), RUNS);
    for (size_t i = 0; i < RUNS; i++) {
        const json_t *run = json_array_get(runs, i);
        const int64_t steps = api_integer(run, "/steps");
        assert_string_equal(api_text(run, "/state"), "succeeded");
        assert_int_equal(api_integer(run, "/step"), steps * (int64_t)(i / MEMBERS + 1) / 4);
    }
}

/* What the first member did at a rate of its own it does to the end: it is the bits of a run that
 * nobody interrupted. */
static void a_member_that_is_kept_has_the_bits_that_it_has_alone(void **state)
{
    (void)state;
    const int64_t job = search(DIGITS(", 'parallel': 2"));
    json_auto_t *runs = api_runs(port, job);
    assert_generations(runs);
    const int last = RUNS - MEMBERS;
    json_auto_t *lineage =
        api_get(port, "/api/v1/jobs/%lld/lineage?run=%lld", (long long)job,
                (long long)api_integer(json_array_get(runs, (size_t)last), "/id"));
    assert_int_equal(api_size(lineage, "/chain"), GENERATIONS);
    assert_string_equal(api_text(lineage, "/chain/0/how"), "enqueued");
    for (int i = 1; i < GENERATIONS; i++) {
        AUTO_FREE char *how = xprintf("/chain/%d/how", i);
        assert_string_equal(api_text(lineage, how), "kept");
    }
    assert_true(api_number(lineage, "/value") ==
                objective_of_training("{'kind': 'train', 'spec': {" BASE "0.05}}}"));
}

/* Of the members that began, trained to their ends alone, half are better than the median. */
static void the_best_beats_the_median_member(void **state)
{
    (void)state;
    double alone[MEMBERS];
    const int64_t job = search(DIGITS(", 'parallel': 2"));
    json_auto_t *runs = api_runs(port, job);
    json_auto_t *lineage = api_get(port, "/api/v1/jobs/%lld/lineage", (long long)job);
    for (size_t i = 0; i < MEMBERS; i++) {
        AUTO_FREE char *body =
            xprintf("{'kind': 'train', 'spec': {" BASE "%.17g}}}",
                    json_number_value(json_object_get(api_at(json_array_get(runs, i), "/tuned"),
                                                      "/optimizer/lr")));
        alone[i] = objective_of_training(body);
    }
    qsort(alone, MEMBERS, sizeof *alone, by_size);
    assert_true(api_number(lineage, "/value") < alone[MEMBERS / 2 - 1]);
}

/* Steps are made with rates that are the same up to the rounding of a factor. */
static void the_lineage_of_the_best_trains_again_as_a_schedule(void **state)
{
    (void)state;
    const int64_t job = search(DIGITS(", 'parallel': 2"));
    json_auto_t *runs = api_runs(port, job);
    int perturbed = 0;
    for (size_t i = RUNS - MEMBERS; i < RUNS; i++) {
        json_auto_t *lineage = api_get(port, "/api/v1/jobs/%lld/lineage?run=%lld", (long long)job,
                                       (long long)api_integer(json_array_get(runs, i), "/id"));
        AUTO_FREE char *spec = json_dumps(api_at(lineage, "/spec"), JSON_REAL_PRECISION(17));
        if (!strstr(spec, "piecewise"))
            continue;
        AUTO_FREE char *body = xprintf("{\"kind\": \"train\", \"spec\": %s}", spec);
        const double again = objective_of_training(body);
        assert_true(fabs(again - api_number(lineage, "/value")) < 1e-6);
        perturbed++;
    }
    assert_true(perturbed >= 1);
}

/* --- what does not matter ------------------------------------------------------------------------
 */

static void assert_same(const json_t *runs, const json_t *others)
{
    assert_int_equal(json_array_size(runs), json_array_size(others));
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *a = json_array_get(runs, i), *b = json_array_get(others, i);
        assert_true(json_equal(api_at(a, "/tuned"), api_at(b, "/tuned")));
        assert_true(json_equal(api_at(a, "/objective"), api_at(b, "/objective")));
    }
}

static void kill_and_restart(int times)
{
    for (int kill = 0; kill < times; kill++) {
        usleep(250000 + 90000 * (unsigned)kill);
        service_kill_and_restart(&service);
        port = service.port;
    }
}

static void how_many_run_at_once_and_kills_change_nothing(void **state)
{
    (void)state;
    const int64_t alone = search(DIGITS(", 'parallel': 1"));
    json_auto_t *runs = api_runs(port, alone);
    const int64_t job = api_submit(port, DIGITS(", 'parallel': 3"));
    kill_and_restart(5);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *others = api_runs(port, job);
    assert_same(runs, others);
    json_auto_t *replay =
        api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/replay", (long long)job);
    assert_int_equal(api_integer(replay, "/same"), RUNS - 1); /* one was given */
    assert_int_equal(api_size(replay, "/different"), 0);
}

/* A run at a rate of 1e6 diverges: it gives way, and nobody goes on from it. */
static void members_that_diverge_give_way(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'search', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1, 2],"
              " 'start': [1, -2]}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 40,"
              " 'report_every_steps': 10, 'schedule': 'constant'}, 'space': {'/optimizer/lr':"
              " {'type': 'float', 'low': 0.001, 'high': 1e6, 'scale': 'log'}}, 'enqueue':"
              " [{'/optimizer/lr': 0.1}, {'/optimizer/lr': 1e6}], 'budget': {'runs': 4},"
              " 'algorithm': {'type': 'pbt', 'population': 2, 'interval': 0.5, 'resample': 0}}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    assert_string_equal(api_text(runs, "/1/state"), "failed");
    assert_string_equal(api_text(runs, "/1/reason"), "diverged");
    assert_string_equal(api_text(runs, "/2/state"), "succeeded");
    assert_string_equal(api_text(runs, "/3/state"), "succeeded");
    json_auto_t *lineage = api_get(port, "/api/v1/jobs/%lld/lineage?run=%lld", (long long)job,
                                   (long long)api_integer(runs, "/3/id"));
    assert_int_equal(api_integer(lineage, "/chain/0/number"), 0);
}

/* --- files ---------------------------------------------------------------------------------------
 */

/* How many files of a run's folder have a name that begins so. */
static int count_files(int64_t run, const char *prefix)
{
    AUTO_FREE char *path = xprintf("%s/data/runs/%lld", service.folder.path, (long long)run);
    int count = 0;
    DIR *listing = opendir(path);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing));)
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(listing);
    return count;
}

static int count_all(const json_t *runs, const char *prefix)
{
    int count = 0;
    for (size_t i = 0; i < json_array_size(runs); i++)
        count += count_files(api_integer(json_array_get(runs, i), "/id"), prefix);
    return count;
}

/* They are removed beside whatever else the server does. */
static void await_files(const json_t *runs, const char *prefix, int want)
{
    for (int i = 0; i < 200 && count_all(runs, prefix) != want; i++)
        usleep(10000);
    assert_int_equal(count_all(runs, prefix), want);
}

static void nothing_is_left_that_no_run_can_go_on_from(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, DIGITS(", 'parallel': 2"));
    kill_and_restart(3);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    await_files(runs, "checkpoint-", 0);
    await_files(runs, "kept-", 0);
    assert_int_equal(count_all(runs, "model.safetensors"), MEMBERS);
}

/* Both members of the second generation go on from the second run; the one that takes over a rate
 * of 1e6 diverges, and may be tried again: what it would begin with stays, and nothing else. */
static void what_a_failed_member_may_be_tried_again_from_stays(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, DIVERGING);
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *runs = api_runs(port, job);
    assert_string_equal(api_text(runs, "/2/state"), "failed");
    assert_string_equal(api_text(runs, "/3/state"), "succeeded");
    await_files(runs, "kept-", 1);
    assert_int_equal(count_files(api_integer(runs, "/1/id"), "kept-"), 1);
    await_files(runs, "checkpoint-", 0);
}

/* --- beginnings ----------------------------------------------------------------------------------
 */

/* Results are told once runs have ended. */
static json_t *await_report(int64_t job, int told)
{
    json_t *report = NULL;
    for (int i = 0; i < 200; i++) {
        json_decref(report);
        report = api_get(port, "/api/v1/jobs/%lld/report", (long long)job);
        if (api_integer(report, "/counts/told") == told)
            return report;
        usleep(10000);
    }
    fail_msg("%d results are never told", told);
    return report;
}

/* Of 20 members in 5 generations 12 runs are too few; 2 generations of 6 are not. */
static void a_small_budget_gets_a_population_that_fits(void **state)
{
    (void)state;
    const int64_t job = search("{'kind': 'search', 'base': {" BASE "0.1}}, 'space': {" RATE "},"
                               " 'algorithm': 'pbt', 'budget': {'runs': 12}}");
    json_auto_t *shown = api_get(port, "/api/v1/jobs/%lld", (long long)job);
    assert_int_equal(api_integer(shown, "/request/algorithm/population"), 6);
    assert_true(api_number(shown, "/request/algorithm/interval") == 0.5);
    json_auto_t *runs = api_runs(port, job);
    assert_int_equal(json_array_size(runs), 12);
    assert_int_equal(api_integer(runs, "/5/step") * 2, api_integer(runs, "/11/step"));
    json_auto_t *report = await_report(job, 12);
    assert_string_equal(api_text(report, "/explained"),
                        "a population of 6 in generation 2 of 2, as many as its budget of 12 runs "
                        "has room for");
    assert_non_null(strstr(api_text(report, "/importance/note"), "generation"));
}

static void a_population_begins_where_an_earlier_search_was_best(void **state)
{
    (void)state;
    const int64_t earlier = search("{'kind': 'search', 'base': {" BASE "0.1}}, 'space': {" RATE "},"
                                   " 'algorithm': 'random', 'budget': {'runs': 4}}");
    json_auto_t *report = await_report(earlier, 4);
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'base': {" BASE "0.1}}, 'space': {" RATE "}, 'algorithm':"
                " {'type': 'pbt', 'population': 3, 'interval': 0.5}, 'budget': {'runs': 6},"
                " 'warm_start': {'jobs': [%lld]}}",
                (long long)earlier);
    const int64_t job = search(body);
    json_auto_t *runs = api_runs(port, job);
    assert_true(json_equal(api_at(runs, "/0/tuned"), api_at(report, "/best/0/parameters")));
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void assert_refused(const char *space, const char *more, const char *pointer,
                           const char *detail)
{
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'base': {" BASE "0.1}}, 'space': {%s}, 'algorithm': {'type':"
                " 'pbt', 'population': 5, 'interval': 0.25} %s}",
                space, more);
    json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/pointer"), pointer);
    assert_string_equal(api_text(answer, "/errors/0/detail"), detail);
}

static void a_population_that_cannot_be_trained_is_refused(void **state)
{
    (void)state;
    assert_refused("'/batch_size': {'type': 'int', 'low': 8, 'high': 64}", "",
                   "/space/~1batch_size",
                   "cannot change while a run trains; \"pbt\" can change the schedule, "
                   "\"/clip_norm\" and numbers of the optimizer that need not be whole, such as "
                   "\"/optimizer/lr\"");
    assert_refused(RATE, ", 'budget': {'runs': 19}", "/budget/runs",
                   "must be at least 20: a population of 5 in 4 generations");
    assert_refused(RATE, ", 'in_order': true", "/in_order",
                   "\"pbt\" proposes a generation at a time, the same whatever time runs take; "
                   "leave this out");
    assert_refused(RATE, ", 'pruner': 'median'", "/pruner/type",
                   "\"pbt\" replaces the worst of its members itself; take \"none\"");
}

static void assert_base_is_refused(const char *base, const char *pointer, const char *detail)
{
    AUTO_FREE char *body =
        xprintf("{'kind': 'search', 'base': {'dataset': 'digits', 'model': 'softmax', 'optimizer':"
                " {'type': 'sgd', 'lr': 0.1}, %s}, 'space': {" RATE "}, 'algorithm': {'type':"
                " 'pbt', 'population': 5, 'interval': 0.2}}",
                base);
    json_auto_t *answer = api_change(port, "POST", body, 422, "/api/v1/jobs");
    assert_string_equal(api_text(answer, "/errors/0/pointer"), pointer);
    assert_string_equal(api_text(answer, "/errors/0/detail"), detail);
}

static void a_base_whose_runs_cannot_be_compared_on_the_way_is_refused(void **state)
{
    (void)state;
    assert_base_is_refused("'epochs': 4", "/algorithm/interval",
                           "asks for 5 generations, and a run of the base reports valid_loss only "
                           "4 times; take a longer interval, or more epochs or steps");
    assert_base_is_refused("'epochs': 1", "/base/epochs",
                           "must be at least 2 for \"pbt\": its members are compared at ends of "
                           "epochs");
    assert_base_is_refused("'epochs': 10, 'patience': 3", "/base/patience",
                           "does not go with \"pbt\", whose runs end where their generation does");
}

static void what_did_not_train_a_population_has_no_lineage(void **state)
{
    (void)state;
    const int64_t job = api_submit(port, "{'kind': 'train', 'spec': {" BASE "0.1}}}");
    json_auto_t *answer =
        api_change(port, "GET", NULL, 409, "/api/v1/jobs/%lld/lineage", (long long)job);
    assert_non_null(strstr(api_text(answer, "/detail"), "is no search by \"pbt\""));
    json_decref(api_await_job(port, job, "succeeded"));
}

static void a_result_from_elsewhere_is_refused(void **state)
{
    (void)state;
    const int64_t job = search(DIGITS(", 'parallel': 2"));
    json_auto_t *answer =
        api_change(port, "POST", "{'parameters': {'/optimizer/lr': 0.01}, 'values': [0.1]}", 422,
                   "/api/v1/jobs/%lld/runs", (long long)job);
    assert_non_null(strstr(api_text(answer, "/errors/0/detail"), "add points without results"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_is_kept_has_the_bits_that_it_has_alone),
        cmocka_unit_test(the_best_beats_the_median_member),
        cmocka_unit_test(the_lineage_of_the_best_trains_again_as_a_schedule),
        cmocka_unit_test(how_many_run_at_once_and_kills_change_nothing),
        cmocka_unit_test(members_that_diverge_give_way),
        cmocka_unit_test(nothing_is_left_that_no_run_can_go_on_from),
        cmocka_unit_test(what_a_failed_member_may_be_tried_again_from_stays),
        cmocka_unit_test(a_small_budget_gets_a_population_that_fits),
        cmocka_unit_test(a_population_begins_where_an_earlier_search_was_best),
        cmocka_unit_test(a_population_that_cannot_be_trained_is_refused),
        cmocka_unit_test(a_base_whose_runs_cannot_be_compared_on_the_way_is_refused),
        cmocka_unit_test(what_did_not_train_a_population_has_no_lineage),
        cmocka_unit_test(a_result_from_elsewhere_is_refused),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
