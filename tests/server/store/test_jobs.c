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

static void a_job_of_one_run_is_queued(void **state)
{
    struct kit *kit = *state;
    const struct answer answer = kit_add_job(kit, 0, 1);
    assert_int_equal(answer.added.job, 1);
    assert_int_equal(answer.added.first_run, 1);
    assert_int_equal(answer.added.run_count, 1);
    assert_false(answer.added.repeated);

    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "kind", "\"train\"");
    assert_member(job, "name", "\"first try\"");
    assert_member(job, "state", "\"queued\"");
    assert_member(job, "paused", "false");
    assert_member(job, "created_ms", "1000");
    assert_member(job, "started_ms", "null");
    assert_member(job, "runs",
                  "{\"total\":1,\"waiting\":0,\"queued\":1,\"running\":0,\"succeeded\":0,"
                  "\"pruned\":0,\"cancelled\":0,\"failed\":0}");
    assert_member(job, "request", "{\"kind\":\"train\"}");
    assert_member(job, "arms", "[]");
    assert_member(job, "baseline", "null");
    assert_member(job, "metric", "{\"name\":\"valid_loss\",\"goal\":\"minimize\",\"at\":\"last\"}");
}

static void runs_and_variants_get_consecutive_ids(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 2, 3);
    const struct answer second = kit_add_job(kit, 2, 5);
    assert_int_equal(second.added.job, 2);
    assert_int_equal(second.added.first_run, 4);
    assert_int_equal(second.added.first_variant, 3);

    json_auto_t *last = kit_run(kit, 8);
    assert_member(last, "job", "2");
    assert_member(last, "number", "4");
    assert_member(last, "arm", "\"arm A\"");
    assert_member(last, "seed", "5");
}

static json_t *list_jobs(struct kit *kit, int64_t after, int limit, const char *job_state)
{
    json_t *page;
    struct error err;
    const struct page wanted = {after, limit, job_state, 0};
    if (store_read_jobs(kit->reader, &wanted, &page, &err) < 0)
        fail_msg("%s", err.sentence);
    return page;
}

/* "3,2,1" */
static void assert_ids(const json_t *page, const char *plural, const char *ids)
{
    char got[256] = "";
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(page, plural), i, item)
    {
        const size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%d", i ? "," : "",
                 (int)json_integer_at(item, "id", 0));
    }
    assert_string_equal(got, ids);
}

static void jobs_come_newest_first_a_page_at_a_time(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 5; i++)
        kit_add_job(kit, 0, 1);

    json_auto_t *first = list_jobs(kit, 0, 2, NULL);
    assert_ids(first, "jobs", "5,4");
    assert_member(first, "next", "4");
    json_auto_t *second = list_jobs(kit, 4, 2, NULL);
    assert_ids(second, "jobs", "3,2");
    json_auto_t *last = list_jobs(kit, 2, 2, NULL);
    assert_ids(last, "jobs", "1");
    assert_member(last, "next", "null");
}

static void a_full_last_page_says_that_it_is_the_last(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_add_job(kit, 0, 1);
    json_auto_t *page = list_jobs(kit, 0, 2, NULL);
    assert_ids(page, "jobs", "2,1");
    assert_member(page, "next", "null");
}

static void jobs_are_listed_by_state(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 4; i++)
        kit_add_job(kit, 0, 1);
    kit_start_run(kit, 2, 1);
    kit_start_run(kit, 3, 1);
    kit_finish_run(kit, 3, RUN_SUCCEEDED);

    json_auto_t *queued = list_jobs(kit, 0, 10, "queued");
    assert_ids(queued, "jobs", "4,1");
    json_auto_t *running = list_jobs(kit, 0, 10, "running");
    assert_ids(running, "jobs", "2");
    json_auto_t *succeeded = list_jobs(kit, 0, 10, "succeeded");
    assert_ids(succeeded, "jobs", "3");
    json_auto_t *later = list_jobs(kit, 4, 10, "queued");
    assert_ids(later, "jobs", "1");
}

static void no_job_is_no_job(void **state)
{
    struct kit *kit = *state;
    struct error err;
    json_t *out = NULL;
    assert_int_equal(store_read_job(kit->reader, 7, &out, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_string_equal(err.sentence, "there is no job 7");
    json_auto_t *page = list_jobs(kit, 0, 10, NULL);
    assert_ids(page, "jobs", "");
    assert_member(page, "next", "null");
}

static void a_comparison_shows_its_arms_and_baseline(void **state)
{
    struct kit *kit = *state;
    struct job_plan plan = kit_plan(3, 3);
    plan.baseline = 1;
    plan.metric = (struct metric_choice){.name = "valid_accuracy", .maximize = true, .best = true};
    plan.priority = -5;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);

    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "kind", "\"compare\"");
    assert_member(job, "arms", "[\"arm A\",\"arm B\",\"arm C\"]");
    assert_member(job, "baseline", "\"arm B\"");
    assert_member(job, "priority", "-5");
    assert_member(job, "metric",
                  "{\"name\":\"valid_accuracy\",\"goal\":\"maximize\",\"at\":\"best\"}");
}

/* --- changes ---------------------------------------------------------------------------------- */

static struct answer change_job(struct kit *kit, const struct job_change *change)
{
    struct answer answer = {.loop = kit->loop};
    store_change_job(kit->store, change, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static void a_paused_job_says_so(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    const struct answer answer =
        change_job(kit, &(struct job_change){.job = 1, .paused = true, .priority = 7});
    assert_false(answer.failed);

    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "state", "\"paused\"");
    assert_member(job, "paused", "true");
    assert_member(job, "priority", "7");
}

static void a_job_that_is_not_there_cannot_change(void **state)
{
    struct kit *kit = *state;
    const struct answer answer = change_job(kit, &(struct job_change){.job = 3});
    assert_true(answer.failed);
    assert_int_equal(answer.err.kind, ERROR_NOT_FOUND);
    assert_string_equal(answer.err.sentence, "there is no job 3");
}

/* The database computes the state by SQL, the program by C: they are two texts of one rule. Jobs of
 * three runs, moved into every mixture of states. */
static void move_run(struct kit *kit, int64_t run, enum run_state to)
{
    if (to == RUN_QUEUED)
        return;
    if (to == RUN_WAITING || to == RUN_CANCELLED) {
        kit_change_run(kit, &(struct run_change){.run = run, .position = {to, 0, 0}, .step = -1});
        return;
    }
    kit_start_run(kit, run, 1);
    if (to != RUN_RUNNING)
        kit_finish_run(kit, run, to);
}

static void check_mixture(struct kit *kit, const enum run_state states[3])
{
    const struct answer answer = kit_add_job(kit, 0, 3);
    int counts[RUN_STATES] = {0};
    for (int i = 0; i < 3; i++) {
        move_run(kit, answer.added.first_run + i, states[i]);
        counts[states[i]]++;
    }
    json_auto_t *job = kit_job(kit, answer.added.job);
    assert_string_equal(json_text_at(job, "state", ""),
                        job_state_names[job_state_of(counts, false)]);
    const json_t *runs = json_object_get(job, "runs");
    for (int state = 0; state < RUN_STATES; state++)
        assert_int_equal(json_integer_at(runs, run_state_names[state], -1), counts[state]);

    change_job(kit, &(struct job_change){.job = answer.added.job, .paused = true});
    json_auto_t *paused = kit_job(kit, answer.added.job);
    assert_string_equal(json_text_at(paused, "state", ""),
                        job_state_names[job_state_of(counts, true)]);
}

static void the_state_of_a_job_follows_from_its_runs(void **state)
{
    struct kit *kit = *state;
    for (int a = 0; a < RUN_STATES; a++)
        for (int b = a; b < RUN_STATES; b++)
            for (int c = b; c < RUN_STATES; c++)
                check_mixture(kit, (const enum run_state[3]){(enum run_state)a, (enum run_state)b,
                                                             (enum run_state)c});
}

/* --- the idempotency key ---------------------------------------------------------------------- */

#define DAY_MS INT64_C(86400000)

static struct answer add_with_key(struct kit *kit, const char *key, const char *digest, int runs,
                                  int64_t now_ms)
{
    struct job_plan plan = kit_plan(0, runs);
    const struct answer answer = kit_add_plan(kit, &plan, key, digest, now_ms);
    kit_plan_release(&plan);
    return answer;
}

static void the_same_key_and_body_answer_the_same_job(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    add_with_key(kit, "key", "body", 3, DAY_MS);
    const struct answer again = add_with_key(kit, "key", "body", 3, 7 * DAY_MS);
    assert_false(again.failed);
    assert_true(again.added.repeated);
    assert_int_equal(again.added.job, 2);
    assert_int_equal(again.added.first_run, 2);
    assert_int_equal(again.added.first_variant, 2);
    assert_int_equal(again.added.run_count, 3);
    const struct answer next = kit_add_job(kit, 0, 1);
    assert_int_equal(next.added.job, 3);
}

static void the_same_key_with_another_body_is_refused(void **state)
{
    struct kit *kit = *state;
    add_with_key(kit, "key", "body", 1, DAY_MS);
    const struct answer other = add_with_key(kit, "key", "other body", 1, DAY_MS);
    assert_true(other.failed);
    assert_int_equal(other.err.kind, ERROR_CONFLICT);
    assert_says(other.err.sentence, "used before with another body, for job 1");
    const struct answer next = kit_add_job(kit, 0, 1);
    assert_int_equal(next.added.job, 2);
}

static void a_key_is_forgotten_after_seven_days(void **state)
{
    struct kit *kit = *state;
    add_with_key(kit, "key", "body", 1, DAY_MS);
    const struct answer kept = add_with_key(kit, "key", "other body", 1, 8 * DAY_MS);
    assert_true(kept.failed);
    const struct answer later = add_with_key(kit, "key", "other body", 1, 8 * DAY_MS + 1);
    assert_false(later.failed);
    assert_false(later.added.repeated);
    assert_int_equal(later.added.job, 2);
}

/* --- large ------------------------------------------------------------------------------------ */

static void a_job_of_100000_runs_is_added_at_once(void **state)
{
    struct kit *kit = *state;
    const struct answer answer = kit_add_job(kit, 4, RUNS_MAX);
    assert_int_equal(answer.added.run_count, RUNS_MAX);

    json_auto_t *job = kit_job(kit, 1);
    assert_int_equal(json_integer_at(json_object_get(job, "runs"), "queued", 0), RUNS_MAX);
    json_auto_t *last = kit_run(kit, RUNS_MAX);
    assert_member(last, "number", "99999");
    assert_member(last, "arm", "\"arm D\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_of_one_run_is_queued),
        TEST(runs_and_variants_get_consecutive_ids),
        TEST(jobs_come_newest_first_a_page_at_a_time),
        TEST(a_full_last_page_says_that_it_is_the_last),
        TEST(jobs_are_listed_by_state),
        TEST(no_job_is_no_job),
        TEST(a_comparison_shows_its_arms_and_baseline),
        TEST(a_paused_job_says_so),
        TEST(a_job_that_is_not_there_cannot_change),
        TEST(the_state_of_a_job_follows_from_its_runs),
        TEST(the_same_key_and_body_answer_the_same_job),
        TEST(the_same_key_with_another_body_is_refused),
        TEST(a_key_is_forgotten_after_seven_days),
        TEST(a_job_of_100000_runs_is_added_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
