/*
 * Searches for runners outside: points are leased, told once, and never lost; whatever runners,
 * servers and disks do in between.
 */
#include "server/workers/search_scene.h"

#include "random.h"
#include "support/vfs_power_loss.h"

enum { LONG_MS = 600000, SHORT_MS = 1 };

#define SEARCH(space, more)                                                                        \
    "{'kind': 'search', 'runner': 'external', 'space': {" space "}, 'seed': 5, " more "}"
#define LINE    "'/x0': {'type': 'float', 'low': 0, 'high': 1}"
#define RUNS(n) "'budget': {'runs': " #n "}"
#define RANDOM  "'algorithm': {'type': 'random'}, "
#define FEW(n, m)                                                                                  \
    "'i': {'type': 'int', 'low': 1, 'high': " #n "}, 'c': {'type': 'int', 'low': 1, 'high': " #m "}"

static int open_scene(void **state)
{
    *state = search_scene_new(NULL);
    return 0;
}

static int close_scene(void **state)
{
    scene_free(*state);
    return 0;
}

static const json_t *run_at(const json_t *asked, size_t i)
{
    return json_array_get(json_object_get(asked, "runs"), i);
}

static size_t run_count(const json_t *asked)
{
    return json_array_size(json_object_get(asked, "runs"));
}

/* Until it is on disk and the conductor knows. */
static void await_known(struct scene *scene, int64_t run, const char *state)
{
    await_only(scene, run, state);
    settle(scene);
}

static int64_t id_of(const json_t *run)
{
    return json_integer_value(json_object_get(run, "id"));
}

static char *parameters_of(const json_t *run)
{
    return json_compact(json_object_get(run, "parameters"));
}

/* One point, and it is some. */
static json_t *ask_one(const struct scene *scene, int64_t job, int64_t lease_ms)
{
    json_auto_t *asked = ask(scene, job, 1, lease_ms);
    assert_int_equal(run_count(asked), 1);
    return json_incref((json_t *)(uintptr_t)run_at(asked, 0));
}

static void refused(struct heard heard, enum error_kind kind, const char *says)
{
    assert_null(heard.body);
    assert_int_equal(heard.err.kind, kind);
    assert_says(heard.err.sentence, says);
}

/* --- asking --------------------------------------------------------------------------------------
 */

static void who_asks_gets_points_and_a_lease(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    const int64_t before_ms = wall_ms();
    json_auto_t *asked = ask(scene, job, 2, LONG_MS);
    assert_int_equal(run_count(asked), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *run = run_at(asked, i);
        assert_int_equal(id_of(run), i + 1);
        assert_member(run, "attempt", "1");
        const double x = json_number_value(json_pointer_get(run, "/parameters/~1x0"));
        assert_true(x >= 0 && x <= 1);
        const int64_t until_ms = json_integer_at(run, "lease_until_ms", 0);
        assert_in_range(until_ms, before_ms + LONG_MS - 1, wall_ms() + LONG_MS);
    }
    assert_member(json_object_get(asked, "job"), "left", "3");
    assert_member(json_object_get(asked, "job"), "running", "2");
    json_auto_t *kept = kit_run(scene->kit, 1);
    assert_member(kept, "state", "\"running\"");
    assert_member(kept, "worker", "\"gpu-7\"");
}

static void who_asks_for_more_than_there_is_gets_what_there_is(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(3)));
    json_auto_t *asked = ask(scene, job, 10, LONG_MS), *nothing = ask(scene, job, 10, LONG_MS);
    assert_int_equal(run_count(asked), 3);
    assert_int_equal(run_count(nothing), 0);
    assert_member(json_object_get(nothing, "job"), "left", "0");
    assert_member(json_object_get(nothing, "job"), "state", "\"running\"");
}

/* 2 x 2 points and a budget of ten: the search ends with the fourth. */
static void a_grid_that_has_come_to_its_end_gives_no_more(void **state)
{
    struct scene *scene = *state;
    const int64_t job =
        submit_search(scene, SEARCH(FEW(2, 2), "'algorithm': {'type': 'grid'}, " RUNS(10)));
    json_auto_t *asked = ask(scene, job, 10, LONG_MS);
    assert_int_equal(run_count(asked), 4);
    for (int64_t run = 1; run <= 4; run++)
        json_decref(tell(scene, run, (double)run));
    json_auto_t *ended = kit_job(scene->kit, job);
    assert_member(ended, "state", "\"succeeded\"");
    assert_member(json_object_get(ended, "runs"), "total", "4");
    refused(ask_for(scene, job, 1, LONG_MS), ERROR_CONFLICT, "has ended");
}

/* Eight at once over 24 points: nobody gets what another one has. */
static void many_who_ask_at_once_get_different_points(void **state)
{
    enum { ASKERS = 8, EACH = 3 };
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(FEW(6, 4), RANDOM RUNS(30)));
    struct heard heard[ASKERS];
    json_auto_t *seen = json_object();
    for (int i = 0; i < ASKERS; i++) {
        heard[i] = (struct heard){.loop = scene->kit->loop};
        conductor_ask(scene->conductor, job, &(struct ask_options){EACH, LONG_MS, "gpu"}, hear,
                      &heard[i]);
    }
    for (int i = 0; i < ASKERS; i++) {
        json_auto_t *asked = heard_well(&heard[i]);
        assert_int_equal(run_count(asked), EACH);
        for (size_t k = 0; k < EACH; k++) {
            AUTO_FREE char *point = parameters_of(run_at(asked, k));
            json_object_set_new(seen, point, json_true());
        }
    }
    assert_int_equal(json_object_size(seen), ASKERS * EACH);
}

/* With parallel 1 the second point needs the first one's result. */
static void nobody_waits_for_what_others_may_tell(void **state)
{
    struct scene *scene = *state;
    const int64_t job =
        submit_search(scene, SEARCH(LINE, RANDOM "'in_order': true, 'parallel': 1, " RUNS(3)));
    json_auto_t *first = ask(scene, job, 2, LONG_MS), *none = ask(scene, job, 1, LONG_MS);
    assert_int_equal(run_count(first), 1);
    assert_int_equal(run_count(none), 0);
    assert_member(json_object_get(none, "job"), "left", "2");
    json_decref(tell(scene, 1, 0.5));
    json_auto_t *second = ask_one(scene, job, LONG_MS);
    assert_int_equal(id_of(second), 2);
}

static void only_external_runners_ask(void **state)
{
    struct scene *scene = *state;
    const int64_t run = submit(scene, "wait", 1);
    refused(ask_for(scene, 1, 1, LONG_MS), ERROR_CONFLICT, "is not a search");
    refused(tell_value(scene, run, 1), ERROR_CONFLICT, "not of a search");
}

/* --- leases --------------------------------------------------------------------------------------
 */

static void a_run_that_lapses_is_handed_out_again_with_the_same_parameters(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    json_auto_t *first = ask_one(scene, job, SHORT_MS);
    AUTO_FREE char *point = parameters_of(first);
    await_known(scene, 1, "queued");
    json_auto_t *back = kit_run(scene->kit, 1);
    assert_member(back, "reason", "\"lease lapsed\"");

    json_auto_t *again = ask_one(scene, job, LONG_MS);
    AUTO_FREE char *same = parameters_of(again);
    assert_int_equal(id_of(again), 1);
    assert_member(again, "attempt", "2");
    assert_string_equal(same, point);
    json_auto_t *other = ask_one(scene, job, LONG_MS);
    assert_int_equal(id_of(other), 2);
}

static void lapse(struct scene *scene, int64_t job, int times)
{
    for (int i = 1; i <= times; i++) {
        json_auto_t *run = ask_one(scene, job, SHORT_MS);
        assert_int_equal(id_of(run), 1);
        assert_int_equal(json_integer_at(run, "attempt", 0), i);
        await_known(scene, 1, i < 3 ? "queued" : "failed");
    }
}

static void a_run_that_lapses_three_times_has_failed(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct proposal_rooms rooms;
    lapse(scene, job, 3);
    settle(scene);
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).outcome, PROPOSAL_FAILED);
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).told, 0);
    json_auto_t *next = ask_one(scene, job, LONG_MS);
    assert_int_equal(id_of(next), 2);
}

static void rows_renew_a_lease(void **state)
{
    enum { LEASE = 60 };
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    json_decref(ask_one(scene, job, LEASE));
    const int64_t begun_ms = clock_ms();
    for (int step = 1; clock_ms() < begun_ms + 3 * LEASE; step++) {
        json_auto_t *heard = report(scene, 1, 1, step, 0.5);
        assert_member(heard, "stop", "false");
        look_for_some_time(scene, LEASE / 10);
    }
    json_auto_t *kept = kit_run(scene->kit, 1);
    assert_member(kept, "state", "\"running\"");
    await_known(scene, 1, "queued"); /* nothing is heard any more */
}

/* --- telling -------------------------------------------------------------------------------------
 */

static void a_result_is_kept_and_told_once(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct proposal_rooms rooms;
    json_decref(ask(scene, job, 2, LONG_MS));
    json_auto_t *told = tell(scene, 2, 0.125), *again = tell(scene, 2, 0.125);
    assert_member(told, "state", "\"succeeded\"");
    assert_member(told, "late", "false");
    assert_member(told, "repeated", "false");
    assert_member(again, "repeated", "true");
    refused(tell_value(scene, 2, 0.25), ERROR_CONFLICT, "has succeeded already");

    const struct kept_proposal kept = proposal_on_disk(scene, 2, &rooms);
    assert_int_equal(kept.told, 0);
    assert_true(kept.results[0] == 0.125);
    assert_false(kept.late);
    json_auto_t *run = kit_run(scene->kit, 2);
    assert_member(run, "objective", "0.125");
}

static void what_was_not_asked_for_cannot_be_told(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    refused(tell_value(scene, 1, 1), ERROR_CONFLICT, "was not asked for yet");
    json_decref(ask(scene, job, 1, LONG_MS));
    refused(tell_value(scene, 2, 1), ERROR_CONFLICT, "was not asked for yet");
    refused(tell_value(scene, 99, 1), ERROR_CONFLICT, "not of a search");
}

static void as_many_values_as_there_are_objectives(void **state)
{
    struct scene *scene = *state;
    const double values[] = {1, 2, 3};
    const int64_t job =
        submit_search(scene, SEARCH(LINE, "'objectives': [{'metric': 'cost'}, {'metric': 'time'}], "
                                          "'constraints': [{'metric': 'size', 'at_most': 3}], "
                                          "'algorithm': {'type': 'nsga2'}, " RUNS(5)));
    json_decref(ask(scene, job, 1, LONG_MS));
    const struct {
        struct tell_options options;
        const char *pointer, *says; /* NULL: fine */
    } cases[] = {
        {{.state = RUN_SUCCEEDED, .values = values, .value_count = 2}, NULL, NULL},
        {{.state = RUN_FAILED}, NULL, NULL},
        {{.state = RUN_SUCCEEDED}, "/values", "2 objectives"},
        {{.state = RUN_SUCCEEDED, .values = values, .value_count = 3}, "/values", "2 objectives"},
        {{.state = RUN_FAILED, .values = values, .value_count = 1}, "/values", "2 objectives"},
        {{.state = RUN_SUCCEEDED,
          .values = values,
          .value_count = 2,
          .constraints = values,
          .constraint_count = 2},
         "/constraints",
         "1 constraint"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        conductor_check_tell(scene->conductor, 1, &cases[i].options, &problems);
        assert_int_equal(problems.found, cases[i].says ? 1 : 0);
        if (cases[i].says) {
            assert_string_equal(problems.list[0].pointer, cases[i].pointer);
            assert_says(problems.list[0].detail, cases[i].says);
        }
    }
}

static void a_value_that_is_not_finite_is_a_failed_run_that_says_so(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct proposal_rooms rooms;
    json_decref(ask(scene, job, 1, LONG_MS));
    json_auto_t *told = tell(scene, 1, (double)NAN), *again = tell(scene, 1, (double)NAN);
    assert_member(told, "state", "\"failed\"");
    assert_member(again, "repeated", "true");
    json_auto_t *run = kit_run(scene->kit, 1);
    assert_member(run, "reason", "\"diverged\"");
    assert_says(json_text_at(run, "message", ""), "not finite");
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).outcome, PROPOSAL_FAILED);
}

/* --- late ----------------------------------------------------------------------------------------
 */

static void what_is_told_late_counts_and_is_marked(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct proposal_rooms rooms;
    lapse(scene, job, 1);
    json_auto_t *told = tell(scene, 1, 0.5);
    assert_member(told, "late", "true");
    assert_member(told, "state", "\"succeeded\"");
    const struct kept_proposal kept = proposal_on_disk(scene, 1, &rooms);
    assert_true(kept.late && kept.outcome == PROPOSAL_DONE && kept.results[0] == 0.5);
    json_auto_t *next = ask_one(scene, job, LONG_MS); /* it is not handed out any more */
    assert_int_equal(id_of(next), 2);
}

/* Also where all three leases lapsed, and where the server has forgotten why it has failed. */
static void a_run_that_failed_by_its_leases_can_still_be_told(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct proposal_rooms rooms;
    lapse(scene, job, 3);
    begin_again(scene, 0);
    json_auto_t *told = tell(scene, 1, 0.5);
    assert_member(told, "late", "true");
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).outcome, PROPOSAL_DONE);
    json_auto_t *kept = kit_job(scene->kit, job);
    assert_member(json_object_get(kept, "runs"), "succeeded", "1");
    assert_member(json_object_get(kept, "runs"), "failed", "0");
}

/* Its search has ended and is forgotten: it is read back. */
static void a_run_that_failed_by_its_leases_can_be_told_after_the_end(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(1)));
    const double value = 0.5;
    const struct tell_options options = {
        .state = RUN_SUCCEEDED, .values = &value, .value_count = 1};
    struct heard heard = {.loop = scene->kit->loop};
    lapse(scene, job, 3);
    settle(scene);
    assert_false(conductor_has_job(scene->conductor, job));
    conductor_tell_ended(scene->conductor, job, 1, &options, hear, &heard);
    json_auto_t *told = heard_well(&heard);
    assert_member(told, "late", "true");
    settle(scene);
    json_auto_t *kept = kit_job(scene->kit, job);
    assert_member(kept, "state", "\"succeeded\"");
    assert_false(conductor_has_job(scene->conductor, job));
}

/* Two have it; the first to tell is heard. */
static void who_tells_first_is_heard_whoever_has_the_lease(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    const double value = 0.5;
    lapse(scene, job, 1);
    json_decref(ask(scene, job, 1, LONG_MS));
    struct heard first =
        tell_as(scene, 1,
                &(struct tell_options){
                    .state = RUN_SUCCEEDED, .values = &value, .value_count = 1, .attempt = 1});
    json_auto_t *told = heard_well(&first);
    assert_member(told, "late", "true");
    refused(tell_value(scene, 1, 0.75), ERROR_CONFLICT, "already, and with other values");
    json_auto_t *stop = report(scene, 1, 2, 10, 0.7);
    assert_member(stop, "stop", "true");
    assert_member(stop, "state", "\"succeeded\"");
}

/* While nobody else has it, whoever had it may go on; then it has to stop. */
static void who_lost_a_lease_goes_on_until_somebody_else_has_it(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    lapse(scene, job, 1);
    json_auto_t *alone = report(scene, 1, 1, 10, 0.7);
    assert_member(alone, "stop", "false");
    assert_member(alone, "state", "\"queued\"");
    assert_member(alone, "lease_until_ms", "null");
    json_decref(ask(scene, job, 1, LONG_MS));
    json_auto_t *taken = report(scene, 1, 1, 20, 0.6), *owner = report(scene, 1, 2, 30, 0.5);
    assert_member(taken, "stop", "true");
    assert_member(owner, "stop", "false");
    json_auto_t *run = kit_run(scene->kit, 1);
    const json_t *series = json_array_get(json_object_get(run, "series"), 0);
    assert_member(series, "count", "2"); /* steps 10 and 30 */
}

/* --- pruning -------------------------------------------------------------------------------------
 */

static int64_t submit_pruned(const struct scene *scene)
{
    return submit_search(
        scene, SEARCH(LINE, RANDOM "'pruner': {'type': 'threshold', 'at_most': 1}, " RUNS(5)));
}

static void expect_pruned(const struct scene *scene, double value)
{
    struct proposal_rooms rooms;
    const struct kept_proposal kept = proposal_on_disk(scene, 1, &rooms);
    json_auto_t *run = kit_run(scene->kit, 1);
    assert_member(run, "state", "\"pruned\"");
    assert_int_equal(kept.outcome, PROPOSAL_PRUNED);
    assert_true(kept.results[0] == value);
}

static void who_is_told_to_stop_may_say_so(void **state)
{
    struct scene *scene = *state;
    json_decref(ask(scene, submit_pruned(scene), 1, LONG_MS));
    json_auto_t *fine = report(scene, 1, 1, 10, 0.5), *bad = report(scene, 1, 1, 20, 2);
    assert_member(fine, "stop", "false");
    assert_member(bad, "stop", "true");
    const struct tell_options pruned = {.state = RUN_PRUNED};
    struct heard heard = tell_as(scene, 1, &pruned);
    json_auto_t *told = heard_well(&heard);
    assert_member(told, "state", "\"pruned\"");
    expect_pruned(scene, 2);
    heard = tell_as(scene, 1, &pruned);
    json_auto_t *again = heard_well(&heard);
    assert_member(again, "repeated", "true");
}

/* Or says nothing more: it is not given to anybody else. */
static void who_is_told_to_stop_may_be_silent(void **state)
{
    enum { LEASE = 50 };
    struct scene *scene = *state;
    const int64_t job = submit_pruned(scene);
    json_decref(ask(scene, job, 1, LEASE));
    json_auto_t *bad = report(scene, 1, 1, 20, 2);
    assert_member(bad, "stop", "true");
    await_known(scene, 1, "pruned");
    json_auto_t *run = kit_run(scene->kit, 1);
    assert_says(json_text_at(run, "message", ""), "threshold");
    settle(scene);
    expect_pruned(scene, 2);
}

/* --- what people do ------------------------------------------------------------------------------
 */

static void set_paused(const struct scene *scene, int64_t job, bool pause)
{
    struct answer answer = {.loop = scene->kit->loop};
    conductor_pause_job(scene->conductor, job, pause, NULL, kit_done, &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
}

static void a_search_that_is_paused_hands_nothing_out_and_hears_results(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    json_decref(ask(scene, job, 1, LONG_MS));
    json_decref(ask(scene, job, 1, SHORT_MS));
    await_known(scene, 2, "queued");
    set_paused(scene, job, true);
    json_auto_t *nothing = ask(scene, job, 2, LONG_MS);
    assert_int_equal(run_count(nothing), 0);
    assert_member(json_object_get(nothing, "job"), "state", "\"paused\"");
    json_auto_t *told = tell(scene, 1, 0.5);
    assert_member(told, "state", "\"succeeded\"");
    set_paused(scene, job, false);
    json_auto_t *asked = ask(scene, job, 2, LONG_MS);
    assert_int_equal(run_count(asked), 2);
    assert_int_equal(id_of(run_at(asked, 0)), 2); /* what was put back goes first */
}

static void a_run_that_is_cancelled_stops_and_counts_for_nothing(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct answer answer = {.loop = scene->kit->loop};
    struct proposal_rooms rooms;
    json_decref(ask(scene, job, 1, LONG_MS));
    conductor_cancel_run(scene->conductor, 1, NULL, kit_done, &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).outcome, PROPOSAL_DELETED);
    json_auto_t *stop = report(scene, 1, 1, 10, 0.5);
    assert_member(stop, "stop", "true");
    refused(tell_value(scene, 1, 0.5), ERROR_CONFLICT, "has been cancelled already");
    json_auto_t *next = ask_one(scene, job, LONG_MS);
    assert_int_equal(id_of(next), 2);
}

/* Cancelled while its lapse, or its next start, is on the way to the disk. */
static void a_run_that_is_cancelled_in_between_is_nobodys(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct heard heard = {.loop = scene->kit->loop};
    struct answer answer = {.loop = scene->kit->loop};
    lapse(scene, job, 1);
    conductor_ask(scene->conductor, job, &(struct ask_options){1, LONG_MS, "gpu"}, hear, &heard);
    conductor_cancel_run(scene->conductor, 1, NULL, kit_done, &answer);
    json_auto_t *asked = heard_well(&heard);
    assert_int_equal(run_count(asked), 0);
    settle(scene);
    await_known(scene, 1, "cancelled");
    json_auto_t *kept = kit_job(scene->kit, job);
    assert_member(json_object_get(kept, "runs"), "cancelled", "1");
    assert_member(json_object_get(kept, "runs"), "running", "0");
}

static void a_search_that_is_cancelled_answers_who_waits(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct heard heard = {.loop = scene->kit->loop};
    struct answer answer = {.loop = scene->kit->loop};
    json_decref(ask(scene, job, 2, LONG_MS));
    conductor_ask(scene->conductor, job, &(struct ask_options){1, LONG_MS, "gpu"}, hear, &heard);
    conductor_cancel_job(scene->conductor, job, NULL, kit_done, &answer);
    json_auto_t *asked = heard_well(&heard);
    assert_int_equal(run_count(asked), 0);
    settle(scene);
    json_auto_t *kept = kit_job(scene->kit, job);
    assert_member(kept, "state", "\"cancelled\"");
    assert_member(json_object_get(kept, "runs"), "cancelled", "5");
    assert_false(conductor_has_job(scene->conductor, job)); /* nothing holds it */
}

static void a_failed_run_that_is_retried_is_handed_out_again(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    struct answer answer = {.loop = scene->kit->loop};
    struct proposal_rooms rooms;
    json_decref(ask(scene, job, 1, LONG_MS));
    json_decref(tell(scene, 1, (double)NAN));
    conductor_retry_run(scene->conductor, job, 1, NULL, kit_done, &answer);
    loop_run(scene->kit->loop);
    assert_false(answer.failed);
    json_auto_t *again = ask_one(scene, job, LONG_MS);
    assert_int_equal(id_of(again), 1);
    json_decref(tell(scene, 1, 0.25));
    assert_true(proposal_on_disk(scene, 1, &rooms).results[0] == 0.25);
    assert_int_equal(proposal_on_disk(scene, 1, &rooms).told, 0); /* keeps its place */
}

/* --- restarts ------------------------------------------------------------------------------------
 */

static double bowl(const json_t *run)
{
    const double x = json_number_value(json_pointer_get(run, "/parameters/~1x0"));
    return (x - 0.3) * (x - 0.3);
}

/* The points of 30 runs, asked for in twos and told in the other order; restarts after those. */
static json_t *points_with_restarts(int every)
{
    struct scene *scene = search_scene_new(NULL);
    const int64_t job =
        submit_search(scene, SEARCH(LINE, "'algorithm': {'type': 'tpe'}, " RUNS(30)));
    json_t *points = json_array();
    for (int i = 0; i < 15; i++) {
        json_auto_t *asked = ask(scene, job, 2, LONG_MS);
        for (size_t k = 0; k < 2; k++)
            json_array_append(points, json_object_get(run_at(asked, k), "parameters"));
        json_decref(tell(scene, id_of(run_at(asked, 1)), bowl(run_at(asked, 1))));
        if (every > 0 && i % every == 0)
            begin_again(scene, 0);
        json_decref(tell(scene, id_of(run_at(asked, 0)), bowl(run_at(asked, 0))));
    }
    scene_free(scene);
    return points;
}

static void restarts_change_no_point(void **state)
{
    (void)state;
    json_auto_t *alone = points_with_restarts(0), *often = points_with_restarts(2);
    assert_int_equal(json_array_size(alone), 30);
    assert_true(json_equal(alone, often));
}

static void a_lease_begins_anew_with_the_server(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    json_decref(ask(scene, job, 1, LONG_MS));
    json_decref(ask(scene, job, 1, SHORT_MS));
    await_known(scene, 2, "queued");
    begin_again(scene, 0);
    json_auto_t *heard = report(scene, 1, 1, 10, 0.5);
    assert_member(heard, "stop", "false");
    assert_true(json_integer_at(heard, "lease_until_ms", 0) > wall_ms() + LONG_MS / 2);
    json_auto_t *told = tell(scene, 1, 0.5), *next = ask_one(scene, job, LONG_MS);
    assert_member(told, "late", "false");
    assert_int_equal(id_of(next), 2);
}

/* Who asks for a run that was put back has its own lease, after a restart, too. */
static void a_second_lease_is_kept_over_a_restart(void **state)
{
    struct scene *scene = *state;
    const int64_t job = submit_search(scene, SEARCH(LINE, RANDOM RUNS(5)));
    lapse(scene, job, 1);
    json_decref(ask(scene, job, 1, LONG_MS));
    begin_again(scene, 0);
    look_for_some_time(scene, 30);
    json_auto_t *run = kit_run(scene->kit, 1);
    assert_member(run, "state", "\"running\"");
}

/* --- a full disk ---------------------------------------------------------------------------------
 */

struct full_disk {
    struct disk *disk;
    struct scene *scene;
    int64_t job;
};

/* The log is beyond what start-up left in it to be used again. */
static struct full_disk full_disk_begin(void)
{
    enum { JOBS = 40 };
    struct full_disk full = {.disk = disk_new("full disk", 1)};
    full.scene = search_scene_new(&(struct store_options){.vfs = "full disk"});
    for (int i = 0; i < JOBS; i++)
        kit_add_job(full.scene->kit, 0, 1);
    full.job = submit_search(full.scene, SEARCH(LINE, RANDOM RUNS(5)));
    return full;
}

static void full_disk_end(struct full_disk *full)
{
    scene_free(full->scene);
    disk_free(full->disk);
}

static void who_asks_hears_that_the_disk_is_full_and_no_point_is_lost(void **state)
{
    (void)state;
    struct full_disk full = full_disk_begin();
    disk_limit(full.disk, disk_used(full.disk));
    refused(ask_for(full.scene, full.job, 1, LONG_MS), ERROR_UNAVAILABLE, "disk is full");
    refused(ask_for(full.scene, full.job, 1, LONG_MS), ERROR_UNAVAILABLE, "disk is full");
    disk_limit(full.disk, 0);
    look_for_some_time(full.scene, 3 * RETRY_MS);
    json_auto_t *asked = ask(full.scene, full.job, 2, LONG_MS);
    assert_int_equal(run_count(asked), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(json_integer_at(run_at(asked, i), "attempt", 0), 1);
        assert_true(json_integer_at(run_at(asked, i), "number", -1) < 2);
    }
    full_disk_end(&full);
}

static void a_result_that_the_disk_refuses_is_written_once_there_is_room(void **state)
{
    (void)state;
    struct full_disk full = full_disk_begin();
    json_auto_t *run = ask_one(full.scene, full.job, LONG_MS);
    disk_limit(full.disk, disk_used(full.disk));
    refused(tell_value(full.scene, id_of(run), 0.5), ERROR_UNAVAILABLE, "disk is full");
    refused(tell_value(full.scene, id_of(run), 0.5), ERROR_UNAVAILABLE, "is being written");
    disk_limit(full.disk, 0);
    await_known(full.scene, id_of(run), "succeeded");
    json_auto_t *again = tell(full.scene, id_of(run), 0.5);
    assert_member(again, "repeated", "true");
    full_disk_end(&full);
}

/* The start of a run that was put back is refused: it stays there. */
static void a_run_that_cannot_be_handed_out_again_now_is_later(void **state)
{
    (void)state;
    struct full_disk full = full_disk_begin();
    json_auto_t *first = ask_one(full.scene, full.job, SHORT_MS);
    await_known(full.scene, id_of(first), "queued");
    disk_limit(full.disk, disk_used(full.disk));
    refused(ask_for(full.scene, full.job, 1, LONG_MS), ERROR_UNAVAILABLE, "disk is full");
    disk_limit(full.disk, 0);
    json_auto_t *again = ask_one(full.scene, full.job, LONG_MS);
    assert_int_equal(id_of(again), id_of(first));
    assert_member(again, "attempt", "2");
    full_disk_end(&full);
}

/* --- whatever happens ----------------------------------------------------------------------------
 */

enum { POINTS = 30, TURNS = 150 };

/* Clients that may hold runs for good, and what they know. */
struct clients {
    struct scene *scene;
    struct rng rng;
    int64_t job;
    bool asked[POINTS], told[POINTS];
    char *points[POINTS];
};

static double value_of(int number)
{
    return number * 0.5;
}

static void take_run(struct clients *clients, const json_t *run)
{
    const int number = (int)json_integer_at(run, "number", -1);
    char *point = parameters_of(run);
    assert_in_range(number, 0, POINTS - 1);
    assert_false(clients->told[number]); /* nobody gets what was told */
    if (clients->asked[number])
        assert_string_equal(point, clients->points[number]);
    free(clients->points[number]);
    clients->points[number] = point;
    clients->asked[number] = true;
}

static void ask_some(struct clients *clients, int64_t lease_ms)
{
    const int count = 1 + (int)rng_below(&clients->rng, 3);
    json_auto_t *asked = ask(clients->scene, clients->job, count, lease_ms);
    for (size_t i = 0; i < run_count(asked); i++)
        take_run(clients, run_at(asked, i));
}

/* In time, late, or once more. The first run is told last: it keeps the search alive. */
static void tell_some(struct clients *clients)
{
    const int number = 1 + (int)rng_below(&clients->rng, POINTS - 1);
    if (!clients->asked[number])
        return;
    struct heard heard = tell_value(clients->scene, number + 1, value_of(number));
    json_auto_t *told = heard_well(&heard);
    assert_int_equal(json_is_true(json_object_get(told, "repeated")), clients->told[number]);
    clients->told[number] = true;
}

static void do_something(struct clients *clients)
{
    const uint32_t what = rng_below(&clients->rng, 20);
    if (what < 5)
        ask_some(clients, LONG_MS);
    else if (what < 9)
        ask_some(clients, SHORT_MS);
    else if (what < 16)
        tell_some(clients);
    else if (what < 17)
        begin_again(clients->scene, 0);
    else
        look_for_some_time(clients->scene, 2);
}

static void finish(struct clients *clients)
{
    for (int i = 1; i < POINTS; i++) {
        while (!clients->asked[i])
            ask_some(clients, LONG_MS);
        json_decref(tell(clients->scene, i + 1, value_of(i)));
    }
    json_decref(tell(clients->scene, 1, value_of(0)));
}

static void check_on_disk(const struct clients *clients)
{
    struct scene *scene = clients->scene;
    struct proposal_rooms rooms;
    bool places[POINTS] = {0};
    json_auto_t *seen = json_object();
    json_auto_t *job = kit_job(scene->kit, clients->job);
    assert_member(job, "state", "\"succeeded\"");
    assert_int_equal(json_integer_at(json_object_get(job, "runs"), "succeeded", 0), POINTS);
    for (int i = 0; i < POINTS; i++) {
        const struct kept_proposal kept = proposal_on_disk(scene, i + 1, &rooms);
        AUTO_FREE char *point = xprintf("%g %g", kept.point[0], kept.point[1]);
        assert_int_equal(kept.outcome, PROPOSAL_DONE);
        assert_true(kept.results[0] == value_of(i));
        assert_in_range(kept.told, 0, POINTS - 1);
        assert_false(places[kept.told]);
        places[kept.told] = true;
        json_object_set_new(seen, point, json_true());
    }
    assert_int_equal(json_object_size(seen), POINTS);
}

/* As many runs as the space has points: each is proposed once, and told once. */
static void play(uint64_t seed)
{
    struct clients clients = {.scene = search_scene_new(NULL),
                              .rng = rng_stream(seed, RANDOM_SEARCH, 0)};
    clients.job = submit_search(clients.scene, SEARCH(FEW(6, 5), RANDOM RUNS(30)));
    json_auto_t *first = ask_one(clients.scene, clients.job, LONG_MS);
    take_run(&clients, first);
    for (int i = 0; i < TURNS; i++)
        do_something(&clients);
    finish(&clients);
    settle(clients.scene);
    check_on_disk(&clients);
    for (int i = 0; i < POINTS; i++)
        free(clients.points[i]);
    scene_free(clients.scene);
}

static void no_run_is_lost_or_told_twice_and_no_point_comes_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++)
        play(seed);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        WITH_SCENE(who_asks_gets_points_and_a_lease),
        WITH_SCENE(who_asks_for_more_than_there_is_gets_what_there_is),
        WITH_SCENE(a_grid_that_has_come_to_its_end_gives_no_more),
        WITH_SCENE(many_who_ask_at_once_get_different_points),
        WITH_SCENE(nobody_waits_for_what_others_may_tell),
        WITH_SCENE(only_external_runners_ask),
        WITH_SCENE(a_run_that_lapses_is_handed_out_again_with_the_same_parameters),
        WITH_SCENE(a_run_that_lapses_three_times_has_failed),
        WITH_SCENE(rows_renew_a_lease),
        WITH_SCENE(a_result_is_kept_and_told_once),
        WITH_SCENE(what_was_not_asked_for_cannot_be_told),
        WITH_SCENE(as_many_values_as_there_are_objectives),
        WITH_SCENE(a_value_that_is_not_finite_is_a_failed_run_that_says_so),
        WITH_SCENE(what_is_told_late_counts_and_is_marked),
        WITH_SCENE(a_run_that_failed_by_its_leases_can_still_be_told),
        WITH_SCENE(a_run_that_failed_by_its_leases_can_be_told_after_the_end),
        WITH_SCENE(who_tells_first_is_heard_whoever_has_the_lease),
        WITH_SCENE(who_lost_a_lease_goes_on_until_somebody_else_has_it),
        WITH_SCENE(who_is_told_to_stop_may_say_so),
        WITH_SCENE(who_is_told_to_stop_may_be_silent),
        WITH_SCENE(a_search_that_is_paused_hands_nothing_out_and_hears_results),
        WITH_SCENE(a_run_that_is_cancelled_stops_and_counts_for_nothing),
        WITH_SCENE(a_run_that_is_cancelled_in_between_is_nobodys),
        WITH_SCENE(a_search_that_is_cancelled_answers_who_waits),
        WITH_SCENE(a_failed_run_that_is_retried_is_handed_out_again),
        cmocka_unit_test(restarts_change_no_point),
        WITH_SCENE(a_lease_begins_anew_with_the_server),
        WITH_SCENE(a_second_lease_is_kept_over_a_restart),
        cmocka_unit_test(who_asks_hears_that_the_disk_is_full_and_no_point_is_lost),
        cmocka_unit_test(a_result_that_the_disk_refuses_is_written_once_there_is_room),
        cmocka_unit_test(a_run_that_cannot_be_handed_out_again_now_is_later),
        cmocka_unit_test(no_run_is_lost_or_told_twice_and_no_point_comes_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
