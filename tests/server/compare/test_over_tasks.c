/* The report of a comparison with tasks. Expected values: tests/reference/over_tasks.py (scipy). */
#include "server/compare/json_check.h"

#include "compare/report.h"
#include "compare/statistics.h"
#include "compare/task_reports.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

enum { TASKS = 5, ARMS = 4, SEEDS = 3, CELLS = TASKS * ARMS, RUNS = CELLS * SEEDS };

/* As there: by task, arm, seed; to be minimized. */
static const double values[TASKS][ARMS][SEEDS] = {
    {{0.30, 0.32, 0.31}, {0.25, 0.27, 0.24}, {0.29, 0.28, 0.33}, {0.24, 0.22, 0.23}},
    {{12.0, 13.0, 11.5}, {11.0, 11.5, 12.0}, {12.5, 12.0, 13.0}, {10.0, 10.5, 11.0}},
    {{0.051, 0.050, 0.055}, {0.041, 0.040, 0.043}, {0.051, 0.050, 0.055}, {0.046, 0.044, 0.045}},
    {{3.10, 3.20, 3.05}, {2.90, 2.95, 3.00}, {3.00, 3.02, 3.04}, {2.80, 2.85, 2.70}},
    {{0.71, 0.70, 0.72}, {0.69, 0.68, 0.70}, {0.66, 0.67, 0.65}, {0.64, 0.66, 0.63}},
};

#define FOUR_ARMS                                                                                  \
    "\"arms\": [{\"name\": \"a\", \"patch\": {}}, {\"name\": \"b\", \"patch\": {}, \"note\": "     \
    "\"two\"}, {\"name\": \"c\", \"patch\": {}}, {\"name\": \"d\", \"patch\": {}}], "              \
    "\"seeds\": [1, 2, 3], \"baseline\": \"b\""
static const char *const with_tasks =
    "{\"kind\": \"compare\", " FOUR_ARMS
    ", \"tasks\": [{\"name\": \"t0\", \"spec\": {}}, {\"name\": \"t, one\", \"spec\": {}}, "
    "{\"name\": \"t2\", \"spec\": {}}, {\"name\": \"t3\", \"spec\": {}}, {\"name\": \"t4\", "
    "\"spec\": {}}]}";
static const char *const without_tasks = "{\"kind\": \"compare\", " FOUR_ARMS "}";

static struct report_run runs[RUNS];
static json_t *request;

static json_t *read_json(const char *text)
{
    json_t *value = NULL;
    struct error err;
    if (json_read(text, strlen(text), &value, &err) < 0)
        fail_msg("%s", err.sentence);
    return value;
}

static struct report_run *run_of(int task, int arm, int seed)
{
    return &runs[seed * CELLS + task * ARMS + arm];
}

/* In the order of a plan: seed, task, arm. */
static int set_up(void **state)
{
    (void)state;
    request = read_json(with_tasks);
    for (int i = 0; i < RUNS; i++) {
        const int seed = i / CELLS, task = i % CELLS / ARMS, arm = i % ARMS;
        runs[i] = (struct report_run){.id = 100 + i,
                                      .arm = task * ARMS + arm,
                                      .phase = PHASE_REPORT,
                                      .seed = 1 + (uint64_t)seed,
                                      .state = RUN_SUCCEEDED,
                                      .step = 10,
                                      .steps = 10,
                                      .objective = values[task][arm][seed]};
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(request);
    return 0;
}

static struct report_input input_of(void)
{
    return (struct report_input){
        .job = 7,
        .state = JOB_SUCCEEDED,
        .metric = {.name = "valid_loss"},
        .request = request,
        .runs = runs,
        .run_count = RUNS,
    };
}

static json_t *report_of(void)
{
    const struct report_input input = input_of();
    return report_json(&input);
}

static void assert_ranks(const json_t *report, const double *wanted)
{
    for (int arm = 0; arm < ARMS; arm++) {
        AUTO_FREE char *pointer = xprintf("/over_tasks/arms/%d/mean_rank", arm);
        assert_near(number(report, pointer), wanted[arm], 1e-14);
    }
}

static void the_means_of_seeds_are_ranked_over_tasks(void **state)
{
    (void)state;
    json_auto_t *report = report_of();
    assert_ranks(report, (const double[]){3.7, 2.0, 3.1, 1.2});
    assert_json(report, "/over_tasks/tasks", "5");
    assert_json(report, "/over_tasks/left_out", "[]");
    assert_near(number(report, "/over_tasks/chi_square"), 11.448979591836734, 1e-13);
    assert_near(number(report, "/over_tasks/chi_square_p"), 0.009530064890297474, 1e-11);
    assert_near(number(report, "/over_tasks/f"), 12.896551724137927, 1e-12);
    assert_near(number(report, "/over_tasks/f_p"), 0.0004607945346077173, 1e-9);
    assert_near(number(report, "/over_tasks/critical_difference"), 2.0976056585788982, 1e-6);
    assert_json(report, "/over_tasks/differ", "true");
    assert_json(report, "/over_tasks/arms/0/ranks", "[4.0,3.0,3.5,4.0,4.0]");
    /* Mean ranks 1.2, 2.0, 3.1, 3.7: d to c spans 1.9, b to a 1.7, d to a 2.5. */
    assert_json(report, "/over_tasks/groups", "[[\"d\",\"b\",\"c\"],[\"b\",\"c\",\"a\"]]");
}

static void one_sentence_tells_it(void **state)
{
    (void)state;
    json_auto_t *report = report_of();
    assert_json(report, "/sentence",
                "\"over 5 tasks the arms differ (Friedman, p < 0.001): d ranks best (1.2); within "
                "the critical difference of it: b, c, that is 2.1\"");
    assert_true(
        json_equal(json_there(report, "/sentence"), json_there(report, "/over_tasks/sentence")));
}

/* Runs of one task, its arms numbered from 0. */
static int runs_of_task(int task, struct report_run *out)
{
    int count = 0;
    for (int i = 0; i < RUNS; i++) {
        if (runs[i].arm / ARMS != task)
            continue;
        out[count] = runs[i];
        out[count++].arm %= ARMS;
    }
    return count;
}

static void each_task_has_the_report_of_a_comparison_by_itself(void **state)
{
    (void)state;
    run_of(1, 2, 0)->state = RUN_FAILED;
    json_auto_t *report = report_of();
    json_auto_t *alone_request = read_json(without_tasks);
    struct report_run own[ARMS * SEEDS];

    for (int task = 0; task < TASKS; task++) {
        struct report_input input = input_of();
        input.request = alone_request;
        input.runs = own;
        input.run_count = runs_of_task(task, own);
        json_auto_t *alone = report_json(&input);
        const json_t *part = json_array_get(json_there(report, "/tasks"), (size_t)task);
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)part, key, value)
        {
            if (strcmp(key, "name") != 0 && !json_equal(value, json_object_get(alone, key)))
                fail_msg("\"%s\" of task %d is another one than alone", key, task);
        }
        assert_int_equal(json_array_size(json_object_get(part, "pairs")), 6);
        assert_int_equal(json_array_size(json_object_get(part, "arms")), 4);
    }
    assert_json(report, "/tasks/1/name", "\"t, one\"");
    assert_json(report, "/tasks/1/baseline", "\"b\"");
    assert_json(report, "/tasks/1/arms/1/note", "\"two\"");
}

static void what_is_of_the_whole_job_stands_once(void **state)
{
    (void)state;
    run_of(1, 2, 0)->state = RUN_FAILED;
    run_of(3, 0, 1)->reused_from = 5;
    run_of(4, 1, 1)->reused_from = 6;
    json_auto_t *report = report_of();
    assert_json(report, "/job", "7");
    assert_json(report, "/arms", "[]");
    assert_json(report, "/pairs", "[]");
    assert_json(report, "/judging", "null");
    assert_json(report, "/finished", "true");
    assert_json(report, "/baseline", "\"b\"");
    assert_json(report, "/saved",
                "{\"decided_runs\":0,\"decided_steps\":0,\"dropped_runs\":0,\"dropped_steps\":0,"
                "\"reused_runs\":2,\"reused_steps\":20}");
    assert_json(report, "/warnings",
                "[\"on t, one: arm \\\"c\\\": 1 of 3 report runs failed or diverged; they rank as "
                "worst, and the mean is over the others\"]");
}

static void a_warning_of_all_tasks_is_given_once(void **state)
{
    (void)state;
    struct report_input input = input_of();
    input.run_count = CELLS; /* the first seed */
    json_auto_t *report = report_json(&input);
    assert_json(report, "/warnings",
                "[\"only 1 report seed: arms can hardly be told apart with fewer than 3\"]");
}

static void without_tasks_there_is_nothing_over_them(void **state)
{
    (void)state;
    json_auto_t *alone = read_json(without_tasks);
    struct report_input input = input_of();
    input.request = alone;
    input.run_count = 4;
    assert_false(report_has_tasks(&input));
    json_auto_t *report = report_json(&input);
    assert_json(report, "/tasks", "null");
    assert_json(report, "/over_tasks", "null");
}

/* --- what is not as it should be ----------------------------------------------------------- */

/* Arm d fails once on the first task and ranks last there; one of the last task has not run. */
static void a_failed_run_ranks_its_arm_last_and_an_open_task_is_left_out(void **state)
{
    (void)state;
    run_of(0, 3, 1)->state = RUN_FAILED;
    for (int seed = 0; seed < SEEDS; seed++)
        run_of(4, 2, seed)->state = RUN_QUEUED;
    json_auto_t *report = report_of();
    assert_ranks(report, (const double[]){3.375, 1.5, 3.125, 2.0});
    assert_json(report, "/over_tasks/tasks", "4");
    assert_json(report, "/over_tasks/left_out", "[\"t4\"]");
    assert_json(report, "/over_tasks/arms/3/ranks", "[4.0,1.0,2.0,1.0,null]");
    assert_near(number(report, "/over_tasks/chi_square"), 5.9230769230769145, 1e-13);
    assert_near(number(report, "/over_tasks/f_p"), 0.09246711800969912, 1e-10);
    assert_near(number(report, "/over_tasks/critical_difference"), 2.3451944212853157, 1e-6);
    assert_json(report, "/over_tasks/differ", "false");
    assert_json(report, "/over_tasks/groups", "[[\"b\",\"d\",\"c\",\"a\"]]");
    assert_json(report, "/finished", "false");
    assert_says(json_string_value(json_there(report, "/sentence")),
                "over 4 tasks the arms are not shown");
}

/* One arm of a task has two seeds so far: the others are ranked there by these two, too. */
static void arms_are_ranked_over_the_seeds_that_all_of_a_task_have(void **state)
{
    (void)state;
    run_of(1, 1, 2)->state = RUN_RUNNING;
    json_auto_t *report = report_of();
    assert_ranks(report, (const double[]){3.9, 2.0, 2.9, 1.2});
    assert_near(number(report, "/over_tasks/chi_square"), 12.428571428571422, 1e-13);
    assert_near(number(report, "/over_tasks/f_p"), 6.874033786066278e-05, 1e-9);
}

static void a_larger_value_ranks_first_where_that_is_the_goal(void **state)
{
    (void)state;
    struct report_input input = input_of();
    input.metric.maximize = true;
    json_auto_t *report = report_json(&input);
    assert_ranks(report, (const double[]){5 - 3.7, 5 - 2.0, 5 - 3.1, 5 - 1.2});
}

/* 0.1 + 0.2 is not 0.3: the sum of the one is (0.1 + 0.2) + 0.3, of the other 0.1 + (0.2 + 0.3). */
static void means_that_rounding_made_differ_share_a_rank(void **state)
{
    (void)state;
    const double a[] = {0.1, 0.2, 0.3}, b[] = {0.3, 0.2, 0.1};
    for (int seed = 0; seed < SEEDS; seed++) {
        run_of(0, 0, seed)->objective = a[seed];
        run_of(0, 1, seed)->objective = b[seed];
    }
    json_auto_t *report = report_of();
    assert_near(number(report, "/over_tasks/arms/0/ranks/0"),
                number(report, "/over_tasks/arms/1/ranks/0"), 0);
}

/* --- too few -------------------------------------------------------------------------------- */

static void one_task_that_counts_tells_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        if (runs[i].arm >= ARMS)
            runs[i].state = RUN_QUEUED;
    }
    json_auto_t *report = report_of();
    assert_json(report, "/over_tasks/tasks", "1");
    assert_json(report, "/over_tasks/f_p", "null");
    assert_json(report, "/over_tasks/critical_difference", "null");
    assert_json(report, "/sentence",
                "\"1 task cannot tell whether the arms differ over tasks; it takes 2\"");
}

static void nothing_has_run_yet(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++)
        runs[i].state = RUN_QUEUED;
    json_auto_t *report = report_of();
    assert_json(report, "/over_tasks/tasks", "0");
    assert_json(report, "/over_tasks/arms/0/mean_rank", "null");
    assert_json(report, "/over_tasks/groups", "[]");
    assert_says(json_string_value(json_there(report, "/sentence")), "0 tasks cannot tell");
}

static const char *const two_arms =
    "{\"kind\": \"compare\", \"arms\": [{\"name\": \"a\", \"patch\": {}}, {\"name\": \"b\", "
    "\"patch\": {}}], \"seeds\": [1, 2, 3], \"tasks\": [{\"name\": \"t0\", \"spec\": {}}, "
    "{\"name\": \"t1\", \"spec\": {}}]}";

static void two_arms_have_ranks_and_no_test(void **state)
{
    (void)state;
    json_auto_t *two = read_json(two_arms);
    struct report_input input = input_of();
    input.request = two;
    input.runs = run_of(0, 0, 0); /* one seed: arms a, b on both */
    input.run_count = 4;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/over_tasks/tasks", "2");
    assert_json(report, "/over_tasks/arms/0/mean_rank", "2.0");
    assert_json(report, "/over_tasks/chi_square", "null");
    assert_json(report, "/over_tasks/tasks_for_level", "null");
    assert_json(report, "/sentence",
                "\"2 arms are too few to be ranked over tasks, it takes 3: see the verdict on each "
                "task\"");
}

/* Three arms in the same order on two tasks: 1 in 6 by chance; on three 1 in 36. */
static void too_few_tasks_for_the_level_are_told(void **state)
{
    (void)state;
    for (int i = 0; i < RUNS; i++) {
        if (runs[i].arm >= 2 * ARMS)
            runs[i].state = RUN_QUEUED;
    }
    json_object_set_new(request, "level", json_real(0.01));
    json_auto_t *report = report_of();
    assert_json(report, "/over_tasks/tasks_for_level", "3"); /* 24^-1 = 0.04, 24^-2 = 0.002 */
    assert_says(json_string_value(json_there(report, "/sentence")),
                "; 2 tasks cannot reach p < 0.01 with 4 arms, it takes 3");
}

/* --- tables --------------------------------------------------------------------------------- */

static void tables_name_the_task_of_each_line(void **state)
{
    (void)state;
    const struct report_input input = input_of();
    AUTO_FREE char *table = report_csv(&input);
    assert_says(table, "task,arm,seed,run,value\nt0,a,1,100,0.3\nt0,a,2,120,0.32\n");
    assert_says(table, "\n\"t, one\",a,1,104,12\n");
    AUTO_FREE char *pairs = report_pairs_csv(&input);
    assert_says(pairs, "task,first,second,");
    assert_says(pairs, "\n\"t, one\",a,b,3,");
    assert_null(strstr(pairs, "\nfirst,"));
}

static void the_table_of_tasks_has_means_and_ranks(void **state)
{
    (void)state;
    run_of(0, 3, 1)->state = RUN_FAILED;
    run_of(4, 0, 0)->state = run_of(4, 0, 1)->state = run_of(4, 0, 2)->state = RUN_CANCELLED;
    const struct report_input input = input_of();
    AUTO_FREE char *table = task_ranks_csv(&input);
    assert_says(table, "task,arm,seeds,failed,mean,rank\nt0,a,3,0,0.31,3\n");
    assert_says(table, "\nt0,d,3,1,0.235,4\n");
    assert_says(table, "\n\"t, one\",b,3,0,11.5,2\n");
    assert_says(table, "\nt4,b,0,0,,\n");
}

/* --- arms that start from others ------------------------------------------------------------ */

static void sources_are_told_within_their_task(void **state)
{
    (void)state;
    json_auto_t *sources = read_json(
        "[null,{\"kind\":\"branch\",\"arm\":0,\"at\":0.5},null,null,"
        "null,{\"kind\":\"branch\",\"arm\":4,\"at\":0.5},{\"kind\":\"refined\",\"arm\":7},null]");
    json_auto_t *refined = read_json("{\"6\": {\"type\": \"refined\", \"curve\": [1, 0.5], "
                                     "\"from\": {\"arm\": \"d\"}}}");
    struct report_input input = input_of();
    input.sources = sources;
    input.refined = refined;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/tasks/0/arms/1/source/arm", "\"a\"");
    assert_json(report, "/tasks/1/arms/1/source/arm", "\"a\"");
    assert_json(report, "/tasks/1/arms/2/source/kind", "\"refined\"");
    assert_json(report, "/tasks/1/arms/2/source/arm", "\"d\"");
    assert_json(report, "/tasks/0/arms/2/source", "null");
}

static void curves_and_budgets_are_those_of_the_task(void **state)
{
    (void)state;
    static const double x[] = {1, 2}, low[] = {3, 2}, high[] = {9, 8};
    const struct curve_input curves[] = {{.arm = 1, .count = 2, .x = x, .value = low},
                                         {.arm = ARMS + 1, .count = 2, .x = x, .value = high}};
    struct arm_budget budgets[CELLS] = {{0}};
    for (int i = 0; i < CELLS; i++)
        budgets[i].steps = 10 + i / ARMS;
    budgets[2 * ARMS].steps = 99;
    struct report_input input = input_of();
    input.curve = (struct curve_style){.metric = "valid_loss", .points = 10};
    input.curves = curves;
    input.curve_count = 2;
    input.budgets = budgets;
    json_auto_t *report = report_json(&input);
    assert_json(report, "/tasks/0/arms/1/curve/mean", "[3.0,2.0]");
    assert_json(report, "/tasks/1/arms/1/curve/mean", "[9.0,8.0]");
    assert_json(report, "/tasks/1/arms/0/curve/mean", "[]");
    assert_json(report, "/warnings",
                "[\"on t2: unequal budgets: arm \\\"a\\\" trains 99 steps, the baseline \\\"b\\\" "
                "12\"]");
}

#define each(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        each(the_means_of_seeds_are_ranked_over_tasks),
        each(one_sentence_tells_it),
        each(each_task_has_the_report_of_a_comparison_by_itself),
        each(what_is_of_the_whole_job_stands_once),
        each(a_warning_of_all_tasks_is_given_once),
        each(without_tasks_there_is_nothing_over_them),
        each(a_failed_run_ranks_its_arm_last_and_an_open_task_is_left_out),
        each(arms_are_ranked_over_the_seeds_that_all_of_a_task_have),
        each(a_larger_value_ranks_first_where_that_is_the_goal),
        each(means_that_rounding_made_differ_share_a_rank),
        each(one_task_that_counts_tells_nothing),
        each(nothing_has_run_yet),
        each(two_arms_have_ranks_and_no_test),
        each(too_few_tasks_for_the_level_are_told),
        each(tables_name_the_task_of_each_line),
        each(the_table_of_tasks_has_means_and_ranks),
        each(sources_are_told_within_their_task),
        each(curves_and_budgets_are_those_of_the_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
