/* What a team keeps, counted as it comes, and how much it may keep. */
#include "server/store/kit.h"

#include "store/teams.h"

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

static int64_t add_team(struct kit *kit)
{
    struct answer answer = {.loop = kit->loop};
    const struct team team = {.name = "red", .share = 1, .created_ms = 1};
    store_add_team(kit->store, &team, NULL, kit_id_done, &answer);
    loop_run(kit->loop);
    return answer.id;
}

static struct answer add_job(struct kit *kit, int64_t team, int64_t max_bytes)
{
    struct job_plan plan = kit_plan(0, 2);
    const struct answer answer = kit_add_job_of(
        kit, &(struct new_job){
                 .plan = &plan, .request_text = "{}", .team = team, .max_bytes = max_bytes});
    kit_plan_release(&plan);
    return answer;
}

static void assert_stored(struct kit *kit, int64_t team, int64_t datasets, int64_t runs,
                          int64_t metrics)
{
    struct team_stored stored;
    struct error err;
    if (store_read_stored(kit->reader, team, &stored, &err) < 0)
        fail_msg("%s", err.sentence);
    assert_int_equal(stored.datasets, datasets);
    assert_int_equal(stored.runs, runs);
    assert_int_equal(stored.metrics, metrics);
}

static void note_checkpoint(struct kit *kit, int64_t run, int attempt, int64_t bytes)
{
    struct answer answer = {.loop = kit->loop};
    store_note_checkpoint(kit->store, run, attempt, 10, bytes, kit_done, &answer);
    loop_run(kit->loop);
}

static void finish(struct kit *kit, int64_t run, int64_t bytes)
{
    const struct run_change change = {
        .run = run, .position = {RUN_SUCCEEDED, 1, 0}, .step = 10, .bytes = bytes, .now_ms = 3000};
    assert_false(kit_change_run(kit, &change).failed);
}

static struct answer change_limit(struct kit *kit, int64_t team, int64_t max_bytes)
{
    struct answer answer = {.loop = kit->loop};
    const struct team_change change = {
        .team = team, .fields = TEAM_MAX_BYTES, .to.max_bytes = max_bytes};
    store_change_team(kit->store, &change, NULL, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

/* --- counting --------------------------------------------------------------------------------- */

static void rows_are_counted_once_for_the_team_whose_run_it_is(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit);
    const int64_t run = add_job(kit, red, 0).added.first_run;
    kit_start_run(kit, run, 1);
    kit_add_value(kit, run, "loss", 1, 0.5);
    kit_add_value(kit, run, "loss", 3, 0.4);
    kit_add_value(kit, run, "loss", 2, 0.4); /* late */
    kit_add_value(kit, run, "lr", 1, 0.1);
    kit_add_value(kit, run, "loss", 1, 0.5); /* again */
    assert_stored(kit, red, 0, 0, 4 * METRIC_ROW_BYTES);
    assert_stored(kit, TEAM_DEFAULT, 0, 0, 0);
    kit_restart(kit);
    assert_stored(kit, red, 0, 0, 4 * METRIC_ROW_BYTES);
}

static void rows_of_an_older_attempt_do_not_count(void **state)
{
    struct kit *kit = *state;
    const int64_t run = add_job(kit, TEAM_DEFAULT, 0).added.first_run;
    kit_start_run(kit, run, 1);
    kit_add_rows(kit, run, 7, &(struct metric_row){1, 0.5, kit_name(kit, "loss")}, 1);
    assert_stored(kit, TEAM_DEFAULT, 0, 0, 0);
}

static void files_of_a_run_are_what_its_worker_said_last(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit);
    const int64_t run = add_job(kit, red, 0).added.first_run;
    kit_start_run(kit, run, 1);
    kit_start_run(kit, run + 1, 1);
    note_checkpoint(kit, run, 1, 5000);
    note_checkpoint(kit, run + 1, 1, 700);
    assert_stored(kit, red, 0, 5700, 0);
    note_checkpoint(kit, run, 1, 6000);
    note_checkpoint(kit, run, 2, 99); /* of another attempt: refused */
    note_checkpoint(kit, run + 1, 1, 0);
    assert_stored(kit, red, 0, 6700, 0);
    finish(kit, run, 300); /* its checkpoints go */
    finish(kit, run + 1, 0);
    assert_stored(kit, red, 0, 1000, 0);
    assert_stored(kit, TEAM_DEFAULT, 0, 0, 0);
}

static void a_team_that_is_not_there_keeps_nothing(void **state)
{
    assert_stored(*state, 77, 0, 0, 0);
}

/* --- the limit -------------------------------------------------------------------------------- */

static void who_keeps_what_he_may_queues_nothing_more(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit);
    const int64_t run = add_job(kit, red, 1000).added.first_run;
    kit_start_run(kit, run, 1);
    kit_add_value(kit, run, "loss", 1, 0.5);
    note_checkpoint(kit, run, 1, 1000 - METRIC_ROW_BYTES - 1);
    assert_false(add_job(kit, red, 1000).failed);
    note_checkpoint(kit, run, 1, 1000 - METRIC_ROW_BYTES);
    const struct answer refused = add_job(kit, red, 1000);
    assert_int_equal(refused.err.kind, ERROR_FORBIDDEN);
    assert_string_equal(refused.err.sentence,
                        "the team may keep 1000 bytes: its data sets have 0, the files of its runs "
                        "968, their metrics about 32, and this would be more");
    assert_false(add_job(kit, TEAM_DEFAULT, 1000).failed);
}

static void a_run_that_comes_back_counts_as_a_new_one(void **state)
{
    struct kit *kit = *state;
    const int64_t red = add_team(kit);
    const int64_t run = add_job(kit, red, 0).added.first_run;
    const struct run_change retry = {
        .run = run, .position = {RUN_QUEUED, 1, 0}, .step = -1, .now_ms = 4000};
    kit_start_run(kit, run, 1);
    finish(kit, run, 800);
    assert_false(change_limit(kit, red, 800).failed);
    const struct answer refused = kit_change_run(kit, &retry);
    assert_int_equal(refused.err.kind, ERROR_FORBIDDEN);
    assert_false(change_limit(kit, red, 801).failed);
    assert_false(kit_change_run(kit, &retry).failed);
}

static void a_limit_below_what_is_kept_is_refused(void **state)
{
    struct kit *kit = *state;
    const int64_t run = add_job(kit, TEAM_DEFAULT, 0).added.first_run;
    kit_start_run(kit, run, 1);
    kit_add_value(kit, run, "loss", 1, 0.5);
    note_checkpoint(kit, run, 1, 100);
    const struct answer refused = change_limit(kit, TEAM_DEFAULT, 131);
    assert_int_equal(refused.err.kind, ERROR_INVALID);
    assert_says(refused.err.sentence, "max_bytes 131 is below what the team has at present, 132");
    assert_false(change_limit(kit, TEAM_DEFAULT, 132).failed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_are_counted_once_for_the_team_whose_run_it_is),
        TEST(rows_of_an_older_attempt_do_not_count),
        TEST(files_of_a_run_are_what_its_worker_said_last),
        TEST(a_team_that_is_not_there_keeps_nothing),
        TEST(who_keeps_what_he_may_queues_nothing_more),
        TEST(a_run_that_comes_back_counts_as_a_new_one),
        TEST(a_limit_below_what_is_kept_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
