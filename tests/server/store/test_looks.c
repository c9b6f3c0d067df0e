/* What a look at a comparison writes, in one transaction. The plan: 3 arms, 3 seeds; runs 1 … 9 are
 * arm A, B, C with the first seed, then with the second … */
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

enum { ARM_A = 1, ARM_B = 2, ARM_C = 4 };

/* The first round has succeeded, the others wait; with `tuned` these have no variant yet. */
static void add_comparison(struct kit *kit, bool tuned)
{
    struct job_plan plan = kit_plan(3, 9);
    for (int i = 3; i < 9; i++) {
        plan.runs[i].waiting = true;
        if (tuned)
            plan.runs[i].variant = plan.runs[i].point = -1;
    }
    assert_false(kit_add_plan(kit, &plan, NULL, NULL, 1000).failed);
    kit_plan_release(&plan);
    for (int64_t run = 1; run <= 3; run++) {
        kit_start_run(kit, run, 1);
        kit_finish_run(kit, run, RUN_SUCCEEDED);
    }
}

static struct answer settle(struct kit *kit, const struct look *look)
{
    struct answer answer = {.loop = kit->loop};
    store_settle_look(kit->store, look, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static const struct look_entry entries[] = {
    {.look = 1, .arm = 1, .seeds = 1, .p = 0.25, .verdict = VERDICT_WORSE},
    {.look = 1, .arm = 2, .seeds = 0, .p = (double)NAN, .verdict = VERDICT_UNDECIDED},
};

static struct look first_look(void)
{
    return (struct look){.job = 1,
                         .entries = entries,
                         .entry_count = 2,
                         .stops = ~UINT64_C(0) & ~(uint64_t)(ARM_A | ARM_C),
                         .releases = ARM_A | ARM_C,
                         .first_report = 1,
                         .before = 7,
                         .arm_count = 3,
                         .message = "decided at look 1 of 3",
                         .now_ms = 5000};
}

static void assert_states(struct kit *kit, const char *const *states)
{
    for (int64_t run = 1; run <= 9; run++) {
        json_auto_t *object = kit_run(kit, run);
        assert_string_equal(json_text_at(object, "state", ""), states[run - 1]);
    }
}

static void a_decided_arm_is_pruned_and_the_others_begin_their_next_round(void **state)
{
    struct kit *kit = *state;
    const struct look look = first_look();
    add_comparison(kit, false);
    assert_false(settle(kit, &look).failed);
    assert_states(kit, (const char *const[]){"succeeded", "succeeded", "succeeded", "queued",
                                             "pruned", "queued", "waiting", "pruned", "waiting"});
    json_auto_t *pruned = kit_run(kit, 8), *queued = kit_run(kit, 6), *job = kit_job(kit, 1);
    assert_member(pruned, "reason", "\"decided\"");
    assert_member(pruned, "message", "\"decided at look 1 of 3\"");
    assert_member(pruned, "finished_ms", "5000");
    assert_member(queued, "queued_ms", "5000");
    assert_member(queued, "message", "null");
    assert_member(job, "state", "\"running\"");
    assert_member(json_object_get(job, "runs"), "pruned", "2");
    assert_member(json_object_get(job, "runs"), "queued", "2");
    assert_member(json_object_get(job, "runs"), "waiting", "2");
    assert_member(job, "finished_ms", "null");
}

static void runs_without_a_variant_get_the_one_that_their_arm_chose(void **state)
{
    struct kit *kit = *state;
    struct look look = first_look();
    look.variants[0] = 1;
    look.variants[2] = 3;
    add_comparison(kit, true);
    assert_false(settle(kit, &look).failed);
    assert_says(kit_start_run(kit, 6, 1).spec, "\"lr\":0.3");
    assert_says(kit_start_run(kit, 4, 1).spec, "\"lr\":0.1");
}

static void where_all_stop_the_job_ends_with_the_look(void **state)
{
    struct kit *kit = *state;
    struct look look = first_look();
    look.stops = ~UINT64_C(0);
    look.releases = 0;
    add_comparison(kit, false);
    assert_false(settle(kit, &look).failed);
    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "state", "\"succeeded\"");
    assert_member(job, "finished_ms", "5000");
}

static void a_look_that_was_taken_before_changes_nothing(void **state)
{
    struct kit *kit = *state;
    struct look look = first_look();
    add_comparison(kit, false);
    assert_false(settle(kit, &look).failed);
    look.stops = ~UINT64_C(0);
    assert_true(settle(kit, &look).failed);
    json_auto_t *job = kit_job(kit, 1);
    assert_member(json_object_get(job, "runs"), "waiting", "2");
}

struct seen {
    int count;
    struct look_entry entries[4];
};

static void see_job(void *context, const struct live_job *job)
{
    struct seen *seen = context;
    seen->count = job->look_count;
    assert_true(job->look_count <= 4);
    for (int i = 0; i < job->look_count; i++)
        seen->entries[i] = job->looks[i];
}

static void see_run(void *context, const struct live_run *run)
{
    (void)context;
    (void)run;
}

static void looks_come_back_with_their_job(void **state)
{
    struct kit *kit = *state;
    const struct look look = first_look();
    struct seen seen = {.count = -1};
    struct error err;
    add_comparison(kit, false);
    assert_false(settle(kit, &look).failed);
    kit_restart(kit);
    assert_int_equal(store_load(kit->store, see_job, see_run, &seen, &err), 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.entries[0].look, 1);
    assert_int_equal(seen.entries[0].arm, 1);
    assert_int_equal(seen.entries[0].seeds, 1);
    assert_int_equal(seen.entries[0].verdict, VERDICT_WORSE);
    assert_near(seen.entries[0].p, 0.25, 0);
    assert_int_equal(seen.entries[1].verdict, VERDICT_UNDECIDED);
    assert_true(isnan(seen.entries[1].p));
}

static void other_jobs_have_no_looks(void **state)
{
    struct kit *kit = *state;
    struct seen seen = {.count = -1};
    struct error err;
    kit_add_job(kit, 3, 9);
    assert_int_equal(store_load(kit->store, see_job, see_run, &seen, &err), 0);
    assert_int_equal(seen.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_decided_arm_is_pruned_and_the_others_begin_their_next_round),
        TEST(runs_without_a_variant_get_the_one_that_their_arm_chose),
        TEST(where_all_stop_the_job_ends_with_the_look),
        TEST(a_look_that_was_taken_before_changes_nothing),
        TEST(looks_come_back_with_their_job),
        TEST(other_jobs_have_no_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
