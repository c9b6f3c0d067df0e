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

static struct answer note_started(struct kit *kit, int64_t run, int attempt)
{
    struct answer answer = {.loop = kit->loop};
    store_note_run(kit->store, run, attempt, "{\"core\":\"SkylakeX\"}", 40, 500, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static struct answer note_checkpoint(struct kit *kit, int64_t run, int attempt, int64_t step)
{
    struct answer answer = {.loop = kit->loop};
    store_note_checkpoint(kit->store, run, attempt, step, 0, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

/* --- start ------------------------------------------------------------------------------------ */

static void a_started_run_gets_its_specification_with_its_seed(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 3);
    const struct answer answer = kit_start_run(kit, 2, 1);
    assert_false(answer.failed);
    json_auto_t *got = json_loads(answer.spec, 0, NULL);
    json_auto_t *want = json_loads("{\"dataset\":\"digits\",\"seed\":2,"
                                   "\"optimizer\":{\"type\":\"sgd\",\"lr\":0.1}}",
                                   0, NULL);
    assert_true(json_equal(got, want));
    assert_int_equal(answer.checkpoint, -1);
    assert_int_equal(answer.steps_seen, -1);
    assert_string_equal(answer.data, "");

    json_auto_t *run = kit_run(kit, 2);
    assert_member(run, "state", "\"running\"");
    assert_member(run, "attempt", "1");
    assert_member(run, "worker", "\"worker 1\"");
    assert_member(run, "started_ms", "2000");
    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "state", "\"running\"");
    assert_member(job, "started_ms", "2000");
}

static void only_a_queued_run_starts_and_only_as_its_next_attempt(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    const struct answer skipped = kit_start_run(kit, 1, 2);
    assert_true(skipped.failed);
    assert_int_equal(skipped.err.kind, ERROR_CONFLICT);
    assert_string_equal(skipped.err.sentence, "run 1 is not queued for attempt 2");
    assert_false(kit_start_run(kit, 1, 1).failed);
    assert_true(kit_start_run(kit, 1, 2).failed); /* it runs */

    const struct answer missing = kit_start_run(kit, 9, 1);
    assert_int_equal(missing.err.kind, ERROR_NOT_FOUND);
}

static void a_waiting_run_has_no_specification_to_start_with(void **state)
{
    struct kit *kit = *state;
    struct job_plan plan = kit_plan(1, 1);
    plan.runs[0].waiting = true;
    plan.runs[0].variant = -1;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);

    assert_true(kit_start_run(kit, 1, 1).failed);
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "state", "\"waiting\"");
    assert_member(run, "spec", "null");
    assert_member(run, "tuned", "null");
    assert_member(run, "queued_ms", "null");
}

static void a_run_started_again_learns_where_it_was(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    assert_false(note_started(kit, 1, 1).failed);
    kit_add_value(kit, 1, "train_loss", 60, 0.5);
    assert_false(note_checkpoint(kit, 1, 1, 50).failed);
    kit_change_run(kit, &(struct run_change){.run = 1,
                                             .position = {RUN_QUEUED, 1, 1},
                                             .reason = "worker lost",
                                             .step = -1,
                                             .now_ms = 2500});

    const struct answer again = kit_start_run(kit, 1, 2);
    assert_int_equal(again.checkpoint, 50);
    assert_int_equal(again.steps_seen, 60);
    assert_string_equal(again.fingerprint, "{\"core\":\"SkylakeX\"}");
}

static void notes_of_an_older_attempt_are_refused(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    kit_change_run(kit, &(struct run_change){.run = 1, .position = {RUN_QUEUED, 1, 1}, .step = -1});
    kit_start_run(kit, 1, 2);
    const struct answer started = note_started(kit, 1, 1);
    assert_int_equal(started.err.kind, ERROR_CONFLICT);
    assert_string_equal(started.err.sentence, "run 1 is not at attempt 1");
    assert_true(note_checkpoint(kit, 1, 1, 50).failed);
    const struct answer change = kit_finish_run(kit, 1, RUN_SUCCEEDED);
    assert_int_equal(change.err.kind, ERROR_CONFLICT);
    assert_string_equal(change.err.sentence, "run 1 is at attempt 2, not 1");

    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "state", "\"running\"");
    assert_member(run, "checkpoint_step", "null");
}

/* --- change ----------------------------------------------------------------------------------- */

static void a_failed_run_keeps_its_reason_and_step(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    kit_change_run(kit, &(struct run_change){.run = 1,
                                             .position = {RUN_FAILED, 1, 0},
                                             .reason = "diverged",
                                             .message = "the loss is not finite",
                                             .step = 17,
                                             .now_ms = 3000,
                                             .job = {.job = 1, .finished_ms = 3000}});
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "state", "\"failed\"");
    assert_member(run, "reason", "\"diverged\"");
    assert_member(run, "message", "\"the loss is not finite\"");
    assert_member(run, "step", "17");
    assert_member(run, "finished_ms", "3000");
    assert_member(run, "objective", "null");
    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "state", "\"failed\"");
    assert_member(job, "finished_ms", "3000");
    assert_member(job, "started_ms", "2000");
}

static void a_retried_run_is_queued_as_new(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    kit_change_run(kit, &(struct run_change){.run = 1,
                                             .position = {RUN_FAILED, 1, 3},
                                             .reason = "worker lost",
                                             .step = 17,
                                             .now_ms = 3000,
                                             .job = {.job = 1, .finished_ms = 3000}});
    kit_change_run(kit, &(struct run_change){.run = 1,
                                             .position = {RUN_QUEUED, 1, 0},
                                             .step = -1,
                                             .now_ms = 4000,
                                             .job = {.job = 1}});
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "state", "\"queued\"");
    assert_member(run, "reason", "null");
    assert_member(run, "queued_ms", "4000");
    assert_member(run, "finished_ms", "null");
    assert_member(run, "step", "17");
    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "state", "\"queued\"");
    assert_member(job, "finished_ms", "null");
}

static void a_change_for_the_wrong_job_changes_nothing(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_add_job(kit, 0, 1);
    const struct answer answer =
        kit_change_run(kit, &(struct run_change){.run = 1,
                                                 .position = {RUN_CANCELLED, 0, 0},
                                                 .step = -1,
                                                 .now_ms = 3000,
                                                 .job = {.job = 2}});
    assert_int_equal(answer.err.kind, ERROR_CONFLICT);
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "state", "\"queued\"");
}

static double objective_of(struct kit *kit, int64_t run, bool maximize, bool best)
{
    const struct metric_choice metric = {"valid_loss", maximize, best};
    kit_start_run(kit, run, 1);
    kit_add_value(kit, run, "other", 1, 99);
    kit_add_value(kit, run, "valid_loss", 1, 0.5);
    kit_add_value(kit, run, "valid_loss", 2, 0.25);
    kit_add_value(kit, run, "valid_loss", 3, (double)NAN);
    kit_add_value(kit, run, "valid_loss", 4, 0.375);
    const struct answer answer =
        kit_change_run(kit, &(struct run_change){.run = run,
                                                 .position = {RUN_SUCCEEDED, 1, 0},
                                                 .step = 4,
                                                 .now_ms = 3000,
                                                 .metric = &metric});
    json_auto_t *object = kit_run(kit, run);
    assert_true(json_number_at(object, "objective", -1) == answer.objective);
    return answer.objective;
}

static void the_objective_is_the_last_or_the_best_value(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 3);
    assert_true(objective_of(kit, 1, false, false) == 0.375);
    assert_true(objective_of(kit, 2, false, true) == 0.25);
    assert_true(objective_of(kit, 3, true, true) == 0.5);
}

static void a_run_without_that_metric_has_no_objective(void **state)
{
    struct kit *kit = *state;
    const struct metric_choice metric = {.name = "valid_loss"};
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    const struct answer answer =
        kit_change_run(kit, &(struct run_change){.run = 1,
                                                 .position = {RUN_SUCCEEDED, 1, 0},
                                                 .step = 4,
                                                 .now_ms = 3000,
                                                 .metric = &metric});
    assert_false(answer.failed);
    assert_true(isnan(answer.objective));
}

/* --- many runs -------------------------------------------------------------------------------- */

static struct answer change_runs(struct kit *kit, int arm, enum run_state from, enum run_state to,
                                 int64_t variant)
{
    struct answer answer = {.loop = kit->loop};
    store_change_runs(kit->store,
                      &(struct runs_change){.job = 1,
                                            .arm = arm,
                                            .phase = -1,
                                            .from = from,
                                            .to = to,
                                            .variant = variant,
                                            .reason = to == RUN_CANCELLED ? "cancelled" : NULL,
                                            .now_ms = 5000},
                      kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static void cancelling_takes_all_that_wait(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 5);
    kit_start_run(kit, 3, 1);
    assert_false(change_runs(kit, -1, RUN_QUEUED, RUN_CANCELLED, 0).failed);

    json_auto_t *job = kit_job(kit, 1);
    const json_t *runs = json_object_get(job, "runs");
    assert_member(runs, "cancelled", "4");
    assert_member(runs, "running", "1");
    assert_member(runs, "queued", "0");
    json_auto_t *run = kit_run(kit, 5);
    assert_member(run, "reason", "\"cancelled\"");
    assert_member(run, "finished_ms", "5000");
}

static void an_arm_is_released_with_its_variant(void **state)
{
    struct kit *kit = *state;
    struct job_plan plan = kit_plan(2, 4);
    for (int i = 0; i < 4; i++) {
        plan.runs[i].waiting = true;
        plan.runs[i].variant = -1;
    }
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);
    assert_false(change_runs(kit, 1, RUN_WAITING, RUN_QUEUED, 2).failed);

    json_auto_t *other = kit_run(kit, 1);
    assert_member(other, "state", "\"waiting\"");
    json_auto_t *run = kit_run(kit, 2);
    assert_member(run, "state", "\"queued\"");
    assert_member(run, "queued_ms", "5000");
    assert_member(run, "tuned", "{\"/optimizer/lr\":0.2}");
    assert_false(kit_start_run(kit, 2, 1).failed);
}

static void new_specifications_come_with_the_release_of_one_phase(void **state)
{
    struct kit *kit = *state;
    struct job_plan plan = kit_plan(2, 4);
    for (int i = 0; i < 4; i++)
        plan.runs[i].waiting = true;
    plan.runs[1].phase = PHASE_TUNE;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);

    char text[] = "{\"new\":1}";
    char *specs[] = {text};
    struct answer answer = {.loop = kit->loop};
    store_change_runs(kit->store,
                      &(struct runs_change){.job = 1,
                                            .arm = 1,
                                            .phase = PHASE_TUNE,
                                            .from = RUN_WAITING,
                                            .to = RUN_QUEUED,
                                            .now_ms = 5000,
                                            .specs = specs,
                                            .spec_count = 1,
                                            .first_variant = 2},
                      kit_done, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    json_auto_t *tuning = kit_run(kit, 2), *reporting = kit_run(kit, 4), *other = kit_run(kit, 1);
    assert_member(tuning, "state", "\"queued\"");
    assert_member(tuning, "spec", "{\"new\":1,\"seed\":2}");
    assert_member(reporting, "state", "\"waiting\"");
    assert_member(reporting, "spec", "{\"new\":1,\"seed\":4}"); /* of the same variant */
    assert_member(other, "state", "\"waiting\"");
}

static void an_overlay_is_laid_over_the_specification_of_its_run_alone(void **state)
{
    struct kit *kit = *state;
    char keep[] = "[0.5]";
    struct arm_source sources[2] = {{.keep_at = keep}, {.kind = SOURCE_BRANCH, .at = 0.5}};
    struct job_plan plan = kit_plan(2, 4);
    plan.sources = sources;
    plan.runs[1].waiting = plan.runs[3].waiting = true;
    kit_add_plan(kit, &plan, NULL, NULL, 1000);
    kit_plan_release(&plan);

    assert_false(
        kit_change_run(kit, &(struct run_change){.run = 2,
                                                 .position = {RUN_QUEUED, 0, 0},
                                                 .step = -1,
                                                 .now_ms = 5000,
                                                 .overlay = "{\"branch\":{\"run\":1,\"step\":7}}"})
            .failed);
    json_auto_t *source = kit_run(kit, 1), *branch = kit_run(kit, 2), *waits = kit_run(kit, 4);
    assert_non_null(json_pointer_get(source, "/spec/keep_at"));
    assert_null(json_pointer_get(source, "/spec/branch"));
    assert_int_equal(json_integer_value(json_pointer_get(branch, "/spec/branch/step")), 7);
    assert_null(json_pointer_get(waits, "/spec/branch"));
    const struct answer started = kit_start_run(kit, 2, 1);
    assert_says(started.spec, "\"branch\":{\"run\":1,\"step\":7}");
}

/* By hand: run 1 has 4, -, 6 (and one that is not finite); run 2 has 2, 8, none. */
static void means_are_over_the_runs_that_have_a_value_at_a_step(void **state)
{
    struct kit *kit = *state;
    static const int64_t runs[] = {1, 2};
    double *means = NULL;
    size_t count = 9;
    struct error err;
    kit_add_job(kit, 0, 2);
    kit_start_run(kit, 1, 1);
    kit_start_run(kit, 2, 1);
    kit_add_value(kit, 1, "gradient_norm", 1, 4);
    kit_add_value(kit, 1, "gradient_norm", 3, 6);
    kit_add_value(kit, 1, "gradient_norm", 4, (double)NAN);
    kit_add_value(kit, 2, "gradient_norm", 1, 2);
    kit_add_value(kit, 2, "gradient_norm", 2, 8);

    assert_int_equal(store_read_means(kit->reader, runs, 2, "gradient_norm", &means, &count, &err),
                     0);
    assert_int_equal(count, 3);
    assert_true(means[0] == 3 && means[1] == 8 && means[2] == 6);
    free(means);
    assert_int_equal(store_read_means(kit->reader, runs, 2, "no_such", &means, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_null(means);
}

static void runs_of_no_job_do_not_change(void **state)
{
    struct kit *kit = *state;
    const struct answer answer = change_runs(kit, -1, RUN_QUEUED, RUN_CANCELLED, 0);
    assert_int_equal(answer.err.kind, ERROR_NOT_FOUND);
}

/* --- lists ------------------------------------------------------------------------------------ */

static json_t *list_runs(struct kit *kit, int64_t after, int limit, const char *run_state)
{
    json_t *page;
    struct error err;
    if (store_read_runs(kit->reader, 1, &(struct page){after, limit, run_state, 0}, &page, &err) <
        0)
        fail_msg("%s", err.sentence);
    return page;
}

static const json_t *run_at(const json_t *page, size_t place)
{
    return json_array_get(json_object_get(page, "runs"), place);
}

static void runs_come_in_order_with_their_last_values(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 2, 5);
    kit_start_run(kit, 2, 1);
    kit_add_value(kit, 2, "train_loss", 1, 2);
    kit_add_value(kit, 2, "train_loss", 20, 1.5);
    kit_add_value(kit, 2, "lr", 20, (double)NAN);
    kit_start_run(kit, 4, 1);
    kit_add_value(kit, 4, "lr", 3, 0.125);

    json_auto_t *first = list_runs(kit, 0, 3, NULL);
    assert_int_equal(json_array_size(json_object_get(first, "runs")), 3);
    assert_member(first, "next", "3");
    assert_member(run_at(first, 0), "metrics", "{}");
    assert_member(run_at(first, 0), "step", "null");
    assert_member(run_at(first, 1), "id", "2");
    assert_member(run_at(first, 1), "arm", "\"arm B\"");
    assert_member(run_at(first, 1), "phase", "\"report\"");
    assert_member(run_at(first, 1), "tuned", "{\"/optimizer/lr\":0.2}");
    assert_member(run_at(first, 1), "metrics", "{\"train_loss\":1.5,\"lr\":null}");
    assert_member(run_at(first, 1), "step", "20");
    json_auto_t *rest = list_runs(kit, 3, 3, NULL);
    assert_member(rest, "next", "null");
    assert_member(run_at(rest, 0), "metrics", "{\"lr\":0.125}");
}

static void runs_are_listed_by_state(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 5);
    kit_start_run(kit, 2, 1);
    kit_start_run(kit, 4, 1);
    json_auto_t *running = list_runs(kit, 0, 1, "running");
    assert_member(run_at(running, 0), "id", "2");
    assert_member(running, "next", "2");
    json_auto_t *next = list_runs(kit, 2, 1, "running");
    assert_member(run_at(next, 0), "id", "4");
    assert_member(next, "next", "null");
}

static void a_run_of_no_arm_says_null(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "arm", "null");
    assert_member(run, "phase", "\"train\"");
    assert_member(run, "tuned", "{}");
}

static void a_run_alone_shows_its_series(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    note_started(kit, 1, 1);
    kit_add_value(kit, 1, "train_loss", 1, 2);
    kit_add_value(kit, 1, "train_loss", 2, 0.5);
    kit_add_value(kit, 1, "train_loss", 3, 1);
    json_auto_t *run = kit_run(kit, 1);
    assert_member(run, "series",
                  "[{\"name\":\"train_loss\",\"count\":3,\"first\":2.0,\"last\":1.0,"
                  "\"best_low\":0.5,\"best_high\":2.0,\"last_step\":3}]");
    assert_member(run, "fingerprint", "{\"core\":\"SkylakeX\"}");
    assert_member(run, "resumed_step", "40");
    assert_member(run, "steps", "500");
    assert_member(run, "resume_mismatches", "0");
}

static void runs_of_no_job_cannot_be_listed(void **state)
{
    struct kit *kit = *state;
    struct error err;
    json_t *out = NULL;
    assert_int_equal(store_read_runs(kit->reader, 4, &(struct page){0, 10, NULL, 0}, &out, &err),
                     -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_int_equal(store_read_run(kit->reader, 4, &out, &err), -1);
    assert_string_equal(err.sentence, "there is no run 4");
}

/* --- the log ---------------------------------------------------------------------------------- */

static struct answer add_line(struct kit *kit, int64_t run, int attempt, const char *text)
{
    struct answer answer = {.loop = kit->loop};
    store_add_log(kit->store, run, attempt, text, 6000, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static void the_log_is_read_a_page_at_a_time(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 2);
    kit_start_run(kit, 1, 1);
    kit_start_run(kit, 2, 1);
    add_line(kit, 1, 1, "one");
    add_line(kit, 2, 1, "of another run");
    add_line(kit, 1, 1, "two");
    add_line(kit, 1, 1, "not UTF-8: \xff");

    json_t *out;
    struct error err;
    assert_int_equal(store_read_log(kit->reader, 1, &(struct page){0, 2, NULL, 0}, &out, &err), 0);
    assert_member(out, "lines",
                  "[{\"id\":1,\"attempt\":1,\"wall_ms\":6000,\"text\":\"one\"},"
                  "{\"id\":3,\"attempt\":1,\"wall_ms\":6000,\"text\":\"two\"}]");
    assert_member(out, "next", "3");
    json_decref(out);
    assert_int_equal(store_read_log(kit->reader, 1, &(struct page){3, 2, NULL, 0}, &out, &err), 0);
    assert_member(
        out, "lines",
        "[{\"id\":4,\"attempt\":1,\"wall_ms\":6000,\"text\":\"not UTF-8: \xef\xbf\xbd\"}]");
    assert_member(out, "next", "null");
    json_decref(out);
}

static void a_line_of_an_older_attempt_is_dropped(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 0, 1);
    kit_start_run(kit, 1, 1);
    assert_false(add_line(kit, 1, 0, "late").failed);
    json_t *out;
    struct error err;
    assert_int_equal(store_read_log(kit->reader, 1, &(struct page){0, 2, NULL, 0}, &out, &err), 0);
    assert_member(out, "lines", "[]");
    json_decref(out);
    assert_int_equal(add_line(kit, 5, 1, "nobody's").err.kind, ERROR_NOT_FOUND);
    assert_int_equal(store_read_log(kit->reader, 5, &(struct page){0, 2, NULL, 0}, &out, &err), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_started_run_gets_its_specification_with_its_seed),
        TEST(only_a_queued_run_starts_and_only_as_its_next_attempt),
        TEST(a_waiting_run_has_no_specification_to_start_with),
        TEST(a_run_started_again_learns_where_it_was),
        TEST(notes_of_an_older_attempt_are_refused),
        TEST(a_failed_run_keeps_its_reason_and_step),
        TEST(a_retried_run_is_queued_as_new),
        TEST(a_change_for_the_wrong_job_changes_nothing),
        TEST(the_objective_is_the_last_or_the_best_value),
        TEST(a_run_without_that_metric_has_no_objective),
        TEST(cancelling_takes_all_that_wait),
        TEST(an_arm_is_released_with_its_variant),
        TEST(new_specifications_come_with_the_release_of_one_phase),
        TEST(an_overlay_is_laid_over_the_specification_of_its_run_alone),
        TEST(means_are_over_the_runs_that_have_a_value_at_a_step),
        TEST(runs_of_no_job_do_not_change),
        TEST(runs_come_in_order_with_their_last_values),
        TEST(runs_are_listed_by_state),
        TEST(a_run_of_no_arm_says_null),
        TEST(a_run_alone_shows_its_series),
        TEST(runs_of_no_job_cannot_be_listed),
        TEST(the_log_is_read_a_page_at_a_time),
        TEST(a_line_of_an_older_attempt_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
