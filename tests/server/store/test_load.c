#include "server/store/kit.h"

static int open_kit(void **state)
{
    *state = kit_new(NULL);
    return 0;
}

static int close_kit(void **state)
{
    kit_free(*state);
    return 0;
}

/* What came, as text; of the last of each all members but pointers that are gone by now. */
struct seen {
    char text[1024];
    struct live_job job;
    struct live_run run;
    char job_name[64], request[64];
};

static void see_job(void *context, const struct live_job *job)
{
    struct seen *seen = context;
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "job %d:", (int)job->id);
    seen->job = *job;
    kit_copy(seen->job_name, sizeof seen->job_name, job->name);
    kit_copy(seen->request, sizeof seen->request, job->request_text);
}

static void see_run(void *context, const struct live_run *run)
{
    struct seen *seen = context;
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, " %d %s;", (int)run->id,
             run_state_names[run->position.state]);
    seen->run = *run;
}

static struct seen load(struct kit *kit)
{
    struct seen seen = {.text = ""};
    struct error err;
    if (store_load(kit->store, see_job, see_run, &seen, &err) < 0)
        fail_msg("%s", err.sentence);
    return seen;
}

static void an_empty_store_has_nothing_alive(void **state)
{
    const struct seen seen = load(*state);
    assert_string_equal(seen.text, "");
}

static void jobs_that_are_not_final_come_with_all_their_runs(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_add_job(kit, 0, 3);
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    kit_finish_run(kit, 1, RUN_SUCCEEDED);
    kit_start_run(kit, 2, 1);
    kit_finish_run(kit, 2, RUN_FAILED);
    kit_start_run(kit, 3, 1);
    kit_restart(kit);
    const struct seen seen = load(kit);
    assert_string_equal(seen.text, "job 2: 2 failed; 3 running; 4 queued;job 3: 5 queued;");
}

static void a_job_comes_as_it_was_added(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    struct job_plan plan = kit_plan(3, 9);
    plan.priority = 5;
    plan.point_count = 4;
    plan.metric = (struct metric_choice){"valid_accuracy", true, true};
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);
    const struct seen seen = load(kit);
    assert_int_equal(seen.job.id, 2);
    assert_int_equal(seen.job.kind, JOB_COMPARE);
    assert_string_equal(seen.job_name, "first try");
    assert_string_equal(seen.request, "{\"kind\":\"train\"}");
    assert_int_equal(seen.job.priority, 5);
    assert_false(seen.job.paused);
    assert_int_equal(seen.job.run_count, 9);
    assert_int_equal(seen.job.arm_count, 3);
    assert_int_equal(seen.job.point_count, 4);
    assert_string_equal(seen.job.metric.name, "valid_accuracy");
    assert_true(seen.job.metric.maximize && seen.job.metric.best);
    assert_int_equal(seen.job.first_variant, 2);
    assert_int_equal(seen.job.started_ms, 0);
}

static void a_run_comes_as_it_was_left(void **state)
{
    struct kit *kit = *state;
    const struct metric_choice metric = {.name = "valid_loss"};
    struct job_plan plan = kit_plan(2, 4);
    plan.runs[3].seed = UINT64_C(0xfedcba9876543210);
    plan.variants[plan.runs[3].variant].point = 2;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);
    kit_start_run(kit, 4, 1);
    kit_change_run(kit, &(struct run_change){.run = 4, .position = {RUN_QUEUED, 1, 1}, .step = -1});
    kit_start_run(kit, 4, 2);
    kit_add_rows(kit, 4, 2, &(struct metric_row){1, 0.25, kit_name(kit, "valid_loss")}, 1);
    kit_change_run(kit, &(struct run_change){.run = 4,
                                             .position = {RUN_SUCCEEDED, 2, 1},
                                             .step = 1,
                                             .now_ms = 1,
                                             .metric = &metric});
    const struct seen seen = load(kit);
    assert_int_equal(seen.run.id, 4);
    assert_int_equal(seen.run.job, 1);
    assert_int_equal(seen.run.number, 3);
    assert_int_equal(seen.run.arm, 1);
    assert_int_equal(seen.run.point, 2);
    assert_int_equal(seen.run.phase, PHASE_REPORT);
    assert_true(seen.run.seed == UINT64_C(0xfedcba9876543210));
    assert_int_equal(seen.run.position.state, RUN_SUCCEEDED);
    assert_int_equal(seen.run.position.attempt, 2);
    assert_int_equal(seen.run.position.attempts_lost, 1);
    assert_int_equal(seen.run.threads, 2); /* of arm 1 in the plan */
    assert_true(seen.run.objective == 0.25);
}

static void a_run_comes_with_what_it_has_used_of_its_time(void **state)
{
    struct kit *kit = *state;
    const struct run_timing used = {.ran_ms = 1234, .allowed_from_ms = 1000, .not_before_ms = 99};
    kit_add_job(kit, 0, 1);
    assert_int_equal(load(kit).run.timing.ran_ms, -1); /* not known: that is for old stores */
    kit_start_run(kit, 1, 1);
    kit_change_run(kit, &(struct run_change){
                            .run = 1, .position = {RUN_QUEUED, 1, 1}, .step = -1, .timing = &used});
    const struct seen seen = load(kit);
    assert_int_equal(seen.run.timing.ran_ms, 1234);
    assert_int_equal(seen.run.timing.allowed_from_ms, 1000);
    assert_int_equal(seen.run.timing.not_before_ms, 99);
}

/* Its server may be gone without a word. kit_add_value() writes rows at 7 ms. */
static void a_run_that_runs_has_used_as_much_as_its_metrics_say(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    assert_int_equal(load(kit).run.timing.ran_ms, 0);
    kit_add_value(kit, 1, "loss", 10, 0.5);
    kit_add_value(kit, 1, "rate", 20, 0.5);
    assert_int_equal(load(kit).run.timing.ran_ms, 7);
    kit_change_run(kit, &(struct run_change){.run = 1,
                                             .position = {RUN_QUEUED, 1, 1},
                                             .step = -1,
                                             .timing = &(struct run_timing){.ran_ms = 50}});
    kit_start_run(kit, 1, 2);
    assert_int_equal(load(kit).run.timing.ran_ms, 50);
}

/* Started at 2,000; ended at 3,000 and 6,000 ms: 2,500 on average. One that failed says nothing. */
static void a_job_comes_with_how_long_its_runs_took(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 4);
    assert_int_equal(load(kit).job.usual_ms, 0);
    for (int run = 1; run <= 3; run++)
        kit_start_run(kit, run, 1);
    kit_finish_run(kit, 1, RUN_SUCCEEDED);
    kit_change_run(kit,
                   &(struct run_change){
                       .run = 2, .position = {RUN_SUCCEEDED, 1, 0}, .step = 10, .now_ms = 6000});
    kit_change_run(kit, &(struct run_change){
                            .run = 3, .position = {RUN_FAILED, 1, 0}, .step = 10, .now_ms = 99000});
    assert_int_equal(load(kit).job.usual_ms, 2500);
}

static void a_waiting_run_takes_the_threads_of_its_arm(void **state)
{
    struct kit *kit = *state;
    struct job_plan plan = kit_plan(3, 3);
    plan.runs[2].waiting = true;
    plan.runs[2].variant = -1;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);
    const struct seen seen = load(kit);
    assert_int_equal(seen.run.position.state, RUN_WAITING);
    assert_int_equal(seen.run.threads, 3);
    assert_true(isnan(seen.run.objective));
}

static void a_final_job_is_loaded_by_its_id(void **state)
{
    struct kit *kit = *state;
    struct seen seen = {.text = ""};
    struct error err;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    kit_finish_run(kit, 1, RUN_FAILED);
    assert_string_equal(load(kit).text, "");
    assert_int_equal(store_load_job(kit->reader, 1, see_job, see_run, &seen, &err), 0);
    assert_string_equal(seen.text, "job 1: 1 failed;");
    assert_int_equal(store_load_job(kit->reader, 2, see_job, see_run, &seen, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_store_has_nothing_alive),
        TEST(jobs_that_are_not_final_come_with_all_their_runs),
        TEST(a_job_comes_as_it_was_added),
        TEST(a_run_comes_as_it_was_left),
        TEST(a_run_comes_with_what_it_has_used_of_its_time),
        TEST(a_run_that_runs_has_used_as_much_as_its_metrics_say),
        TEST(a_job_comes_with_how_long_its_runs_took),
        TEST(a_waiting_run_takes_the_threads_of_its_arm),
        TEST(a_final_job_is_loaded_by_its_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
