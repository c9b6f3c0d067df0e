/*
 * A comparison on several tasks, from the POST to the ranks: each arm is tuned on each task, judged
 * there, and ranked over all of them; and a server that is killed meanwhile makes no difference.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <stdlib.h>

/* Three rates of which the first is right everywhere and the last hardly moves. */
#define THREE_RATES                                                                                \
    "'arms': [{'name': 'right', 'patch': {'optimizer': {'lr': 0.1}}},"                             \
    "         {'name': 'slow', 'patch': {'optimizer': {'lr': 0.005}}},"                            \
    "         {'name': 'still', 'patch': {'optimizer': {'lr': 0.00001}}}]"

static void arms_are_ranked_over_tasks(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port,
        "{'kind': 'compare', 'base': {'dataset': 'digits', 'model': 'softmax',"
        "   'optimizer': {'type': 'sgd'}, 'steps': 40}, " THREE_RATES ", 'baseline': 'slow',"
        " 'tasks': [{'name': 'digits', 'spec': {}},"
        "           {'name': 'gaussians', 'spec': {'dataset': 'gaussians'}},"
        "           {'name': 'deep', 'spec': {'model': {'type': 'mlp', 'hidden': [16]}}}],"
        " 'seeds': [1, 2, 3, 4, 5, 6, 7]}");
    json_auto_t *done = api_await_job(service.port, job, "succeeded");
    json_auto_t *report =
        api_get(service.port, "/api/v1/jobs/%lld/report?pairs=baseline", (long long)job);

    assert_int_equal(api_size(done, "/arms"), 9);
    assert_string_equal(api_text(done, "/arms/3"), "right on gaussians");
    for (int arm = 0; arm < 3; arm++) {
        const json_t *ranked = json_array_get(api_at(report, "/over_tasks/arms"), (size_t)arm);
        assert_near(api_number(ranked, "/mean_rank"), 1 + arm, 0);
    }
    /* 3 tasks, 3 arms: the same order by chance in 1 of 36; the critical difference is 1.914. */
    assert_near(api_number(report, "/over_tasks/f_p"), 1.0 / 36, 1e-9);
    assert_near(api_number(report, "/over_tasks/critical_difference"), 1.9136, 1e-4);
    api_assert_equal(api_at(report, "/over_tasks/groups"),
                     "[['right', 'slow'], ['slow', 'still']]");
    assert_says(api_text(report, "/sentence"), "over 3 tasks the arms differ");
    for (int task = 0; task < 3; task++) {
        const json_t *part = json_array_get(api_at(report, "/tasks"), (size_t)task);
        assert_string_equal(api_text(part, "/baseline"), "slow");
        assert_string_equal(api_text(part, "/pairs/0/baseline/verdict"), "better");
        assert_string_equal(api_text(part, "/pairs/1/baseline/verdict"), "worse");
        assert_int_equal(api_size(part, "/arms/0/curve/mean"),
                         api_size(part, "/arms/2/curve/mean"));
    }
    print_message("%s\n", api_text(report, "/sentence"));
}

/* The refined curve of an arm's first run. */
static json_t *curve_of(const json_t *runs, const char *arm)
{
    size_t i;
    json_t *run;
    json_array_foreach(api_at(runs, "/runs"), i, run)
    {
        if (strcmp(api_text(run, "/arm"), arm) != 0)
            continue;
        json_auto_t *whole =
            api_get(service.port, "/api/v1/runs/%lld", (long long)api_integer(run, "/id"));
        return json_deep_copy(api_at(whole, "/spec/schedule/curve"));
    }
    fail_msg("no run of \"%s\"", arm);
    return NULL;
}

static void a_killed_server_goes_on_with_each_task(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        service.port,
        "{'kind': 'compare', 'reuse': false, 'base': {'dataset': 'digits', 'model': 'softmax',"
        "   'optimizer': {'type': 'sgd', 'lr': 0.1}, 'epochs': 2},"
        " 'arms': [{'name': 'linear', 'patch': {'schedule': 'linear'}},"
        "          {'name': 'wsd', 'patch': {'schedule': 'wsd'}},"
        "          {'name': 'early', 'patch': {'schedule': {'type': 'wsd', 'cooldown': 0.4}},"
        "           'branch_from': {'arm': 'wsd', 'at': 0.5}},"
        "          {'name': 'refined', 'patch': {'schedule': {'type': 'refined',"
        "           'from': {'arm': 'linear'}}}}],"
        " 'tasks': [{'name': 'digits', 'spec': {}},"
        "           {'name': 'gaussians', 'spec': {'dataset': 'gaussians'}}],"
        " 'tune': {'over': {'/optimizer/lr': [0.03, 0.1]}, 'seeds': [8]}, 'seeds': [1, 2, 3]}");
    json_decref(api_await_run(service.port, api_run_of(service.port, job, 0), "succeeded"));
    service_kill_and_restart(&service);
    json_decref(api_await_job(service.port, job, "succeeded"));

    json_auto_t *report = api_get(service.port, "/api/v1/jobs/%lld/report", (long long)job);
    json_auto_t *runs = api_get(service.port, "/api/v1/jobs/%lld/runs?limit=1000", (long long)job);
    static const char *const tasks[] = {"digits", "gaussians"};
    assert_int_equal(api_size(report, "/tasks"), 2);
    for (int task = 0; task < 2; task++) {
        const json_t *part = json_array_get(api_at(report, "/tasks"), (size_t)task);
        assert_string_equal(api_text(part, "/name"), tasks[task]);
        assert_int_equal(api_size(part, "/arms"), 4);
        for (int arm = 0; arm < 4; arm++) {
            AUTO_FREE char *n = xprintf("/arms/%d/n", arm);
            assert_int_equal(api_integer(part, n), 3);
        }
        assert_string_equal(api_text(part, "/arms/2/source/arm"), "wsd");
        assert_true(api_integer(part, "/arms/2/source/steps_saved") > 0);
        assert_string_equal(api_text(part, "/arms/3/source/arm"), "linear");
        AUTO_FREE char *tuned = json_dumps(api_at(part, "/arms/1/chosen"), 0);
        AUTO_FREE char *branched = json_dumps(api_at(part, "/arms/2/chosen"), 0);
        assert_string_equal(tuned, branched);
    }
    json_auto_t *first = curve_of(runs, "refined on digits");
    json_auto_t *second = curve_of(runs, "refined on gaussians");
    assert_true(json_array_size(first) > 0);
    assert_false(json_equal(first, second)); /* each from the norms of its own task */
    assert_int_equal(api_integer(report, "/over_tasks/tasks"), 2);
    assert_says(api_text(report, "/sentence"), "over 2 tasks the arms ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_are_ranked_over_tasks),
        cmocka_unit_test(a_killed_server_goes_on_with_each_task),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
