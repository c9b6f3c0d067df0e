/* Searches in the store: what was proposed, what came of it in which order, and its end. */
#include "kit.h"

#include "store/search_edits.h"

#include <math.h>

enum { RUNS = 4 };

/* Two objectives and a limit, as plan.h and search_plan.h have them. */
static const struct search_plan goals = {
    .objectives = {{.name = "valid_loss"},
                   {.name = "valid_accuracy", .maximize = true, .best = true}},
    .objective_count = 2,
    .constraints = {{.metric = {.name = "samples_per_s", .maximize = true},
                     .limit = 100,
                     .at_least = true}},
    .constraint_count = 1,
};

static const char *const request_of_two =
    "{\"objectives\":[{\"metric\":\"valid_loss\",\"goal\":\"minimize\"},"
    "{\"metric\":\"valid_accuracy\",\"goal\":\"maximize\"}],"
    "\"constraints\":[{\"metric\":\"samples_per_s\",\"at_least\":100}]}";

static const char *const request_of_one =
    "{\"objectives\":[{\"metric\":\"valid_loss\",\"goal\":\"minimize\"}],"
    "\"constraints\":[{\"metric\":\"samples_per_s\",\"at_least\":100}]}";

static struct added_job add_search(struct kit *kit, const char *request)
{
    struct run_plan runs[RUNS];
    for (int i = 0; i < RUNS; i++)
        runs[i] = (struct run_plan){.variant = -1,
                                    .arm = -1,
                                    .point = -1,
                                    .phase = PHASE_SEARCH,
                                    .seed = 5,
                                    .waiting = true};
    char name[] = "a search";
    const struct job_plan plan = {.kind = JOB_SEARCH,
                                  .name = name,
                                  .point_count = 1,
                                  .baseline = -1,
                                  .metric = {.name = "valid_loss"},
                                  .runs = runs,
                                  .run_count = RUNS};
    const struct answer answer = kit_add_job_of(
        kit, &(struct new_job){.plan = &plan, .request_text = request, .now_ms = 1000});
    assert_false(answer.failed);
    return answer.added;
}

/* --- commands ----------------------------------------------------------------------------------
 */

static char data_name[] = "digits", spec_text[] = "{\"optimizer\":{\"lr\":0.5}}",
            tuned_text[] = "{\"/optimizer/lr\":0.5}";
/* 0.1 and the least number there is: bits that text might lose. */
static const double point[2] = {0.1, 0x1p-1074}, memo[3] = {1.0 / 3, -0.0, 1e300};

static struct new_proposal proposal_of(const struct added_job *added, int number)
{
    return (struct new_proposal){
        .run = added->first_run + number,
        .number = number,
        .seen = number / 2,
        .edits = number,
        .how = number ? "model" : "start",
        .parent = number ? 0 : -1,
        .point = point,
        .memo = number ? memo : NULL,
        .point_count = 2,
        .memo_count = number ? 3 : 0,
        .variant =
            {.arm = -1, .dataset = data_name, .spec = spec_text, .tuned = tuned_text, .threads = 2},
    };
}

static struct answer propose(struct kit *kit, const struct added_job *added,
                             const struct new_proposal *proposals, int count)
{
    struct answer answer = {.loop = kit->loop};
    store_add_proposals(kit->store, added->job, proposals, count, 2000, kit_done, &answer);
    loop_run(kit->loop);
    return answer;
}

static void propose_first(struct kit *kit, const struct added_job *added, int count)
{
    struct new_proposal proposals[RUNS];
    for (int i = 0; i < count; i++)
        proposals[i] = proposal_of(added, i);
    assert_false(propose(kit, added, proposals, count).failed);
}

struct tell_answer {
    struct answer answer;
    struct added_tell told;
};

static void told(void *context, const struct added_tell *added, const struct error *err)
{
    struct tell_answer *answer = context;
    if (added)
        answer->told = *added;
    kit_note(&answer->answer, err);
}

static struct tell_answer tell(struct kit *kit, const struct new_tell *new_tell)
{
    struct tell_answer answer = {.answer = {.loop = kit->loop}};
    store_tell(kit->store, new_tell, told, &answer);
    loop_run(kit->loop);
    return answer;
}

/* A run of this server's own, whose results are in its series. */
static struct new_tell ended(const struct added_job *added, int number,
                             enum proposal_outcome outcome)
{
    return (struct new_tell){.job = added->job,
                             .run = added->first_run + number,
                             .outcome = outcome,
                             .plan = &goals,
                             .step = 10};
}

/* --- reads -------------------------------------------------------------------------------------
 */

struct seen {
    int count;
    struct kept_proposal proposals[RUNS]; /* without what they point to */
    char how[RUNS][16], verdict[RUNS][32];
    double points[RUNS][2], memos[RUNS][3], results[RUNS][RESULTS_MAX];
};

static void see(void *context, const struct kept_proposal *kept)
{
    struct seen *seen = context;
    const int i = seen->count++;
    assert_true(i < RUNS);
    seen->proposals[i] = *kept;
    kit_copy(seen->how[i], sizeof seen->how[i], kept->how);
    kit_copy(seen->verdict[i], sizeof seen->verdict[i], kept->verdict);
    memcpy(seen->points[i], kept->point, (size_t)kept->point_count * sizeof(double));
    memcpy(seen->memos[i], kept->memo, (size_t)kept->memo_count * sizeof(double));
    memcpy(seen->results[i], kept->results, (size_t)kept->result_count * sizeof(double));
}

static struct kept_search read_search(struct kit *kit, int64_t job, struct seen *seen)
{
    struct kept_search search;
    struct error err;
    *seen = (struct seen){0};
    if (store_read_search(kit->reader, job, &search, see, seen, &err) < 0)
        fail_msg("%s", err.sentence);
    return search;
}

static void assert_same_bits(const double *got, const double *wanted, size_t count)
{
    assert_memory_equal(got, wanted, count * sizeof(double));
}

/* --- proposals ---------------------------------------------------------------------------------
 */

static void a_proposal_gives_a_waiting_run_its_specification(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    json_auto_t *before = kit_run(kit, added.first_run);
    assert_member(before, "state", "\"waiting\"");
    assert_member(before, "proposal", "null");

    propose_first(kit, &added, 1);
    json_auto_t *run = kit_run(kit, added.first_run);
    assert_member(run, "state", "\"queued\"");
    assert_member(run, "queued_ms", "2000");
    assert_member(run, "attempt", "0");
    assert_member(run, "tuned", tuned_text);
    assert_member(run, "spec", "{\"optimizer\":{\"lr\":0.5},\"seed\":5}");
    assert_member(run, "proposal",
                  "{\"number\":0,\"how\":\"start\",\"seen\":0,\"told\":null,\"outcome\":null,"
                  "\"values\":null,\"constraints\":null,\"parent\":null,\"late\":false,"
                  "\"verdict\":null}");
    json_auto_t *job = kit_job(kit, added.job);
    assert_member(job, "runs",
                  "{\"total\":4,\"waiting\":3,\"queued\":1,\"running\":0,\"succeeded\":0,"
                  "\"pruned\":0,\"cancelled\":0,\"failed\":0}");
    assert_member(job, "search",
                  "{\"proposed\":1,\"told\":0,\"best\":null,\"stopped\":null,\"edits\":0}");
    kit_free(kit);
}

static void proposals_come_back_bit_for_bit(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 3);
    kit_restart(kit);

    const struct kept_search search = read_search(kit, added.job, &seen);
    assert_int_equal(search.edits, 0);
    assert_string_equal(search.stopped, "");
    assert_int_equal(seen.count, 3);
    for (int i = 0; i < 3; i++) {
        const struct kept_proposal *kept = &seen.proposals[i];
        assert_int_equal(kept->run, added.first_run + i);
        assert_int_equal(kept->number, i);
        assert_int_equal(kept->seen, i / 2);
        assert_int_equal(kept->edits, i);
        assert_int_equal(kept->parent, i ? 0 : -1);
        assert_string_equal(seen.how[i], i ? "model" : "start");
        assert_int_equal(kept->point_count, 2);
        assert_same_bits(seen.points[i], point, 2);
        assert_int_equal(kept->memo_count, i ? 3 : 0);
        assert_same_bits(seen.memos[i], memo, (size_t)kept->memo_count);
        assert_int_equal(kept->told, -1);
        assert_int_equal(kept->judged, -1);
        assert_int_equal(kept->lease_ms, 0);
    }
    kit_free(kit);
}

static void a_batch_is_written_as_a_whole_or_not_at_all(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 1);

    const struct new_proposal proposals[2] = {proposal_of(&added, 1), proposal_of(&added, 0)};
    const struct answer answer = propose(kit, &added, proposals, 2);
    assert_true(answer.failed);
    assert_int_equal(answer.err.kind, ERROR_CONFLICT);
    read_search(kit, added.job, &seen);
    assert_int_equal(seen.count, 1);
    json_auto_t *run = kit_run(kit, added.first_run + 1);
    assert_member(run, "state", "\"waiting\"");
    assert_member(run, "spec", "null");
    kit_free(kit);
}

static void a_cancelled_run_takes_no_proposal(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    kit_change_run(kit, &(struct run_change){.run = added.first_run,
                                             .position = {RUN_CANCELLED, 0, 0},
                                             .step = -1,
                                             .now_ms = 1500});

    const struct new_proposal proposal = proposal_of(&added, 0);
    const struct answer answer = propose(kit, &added, &proposal, 1);
    assert_int_equal(answer.err.kind, ERROR_CONFLICT);
    kit_free(kit);
}

static void whoever_asked_has_begun_and_holds_a_lease(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    struct new_proposal proposal = proposal_of(&added, 0);
    proposal.worker = "gpu-7";
    proposal.lease_ms = 600000;
    assert_false(propose(kit, &added, &proposal, 1).failed);

    json_auto_t *run = kit_run(kit, added.first_run);
    assert_member(run, "state", "\"running\"");
    assert_member(run, "attempt", "1");
    assert_member(run, "started_ms", "2000");
    assert_member(run, "worker", "\"gpu-7\"");
    json_auto_t *job = kit_job(kit, added.job);
    assert_member(job, "started_ms", "2000");
    read_search(kit, added.job, &seen);
    assert_int_equal(seen.proposals[0].lease_ms, 600000);
    kit_free(kit);
}

/* --- tells -------------------------------------------------------------------------------------
 */

/* Three steps: the loss falls and rises again, the accuracy is best in the middle. */
static void add_curve(struct kit *kit, int64_t run)
{
    const double loss[3] = {0.9, 0.3, 0.5}, accuracy[3] = {0.5, 0.8, 0.7};
    for (int i = 0; i < 3; i++) {
        kit_add_value(kit, run, "valid_loss", 5 * (i + 1), loss[i]);
        kit_add_value(kit, run, "valid_accuracy", 5 * (i + 1), accuracy[i]);
    }
    kit_add_value(kit, run, "samples_per_s", 15, 120);
}

static void results_are_read_from_the_series(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 1);
    kit_start_run(kit, added.first_run, 1);
    add_curve(kit, added.first_run);

    const struct new_tell done = ended(&added, 0, PROPOSAL_DONE);
    const struct tell_answer answer = tell(kit, &done);
    assert_false(answer.answer.failed);
    assert_int_equal(answer.told.order, 0);
    assert_false(answer.told.again);
    const double wanted[4] = {0.5, 0.8, 120, 0}; /* last, best, last, and no error is known */
    assert_same_bits(answer.told.results, wanted, 4);
    kit_free(kit);
}

static void a_pruned_run_counts_as_it_was_where_it_was_pruned(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 1);
    kit_start_run(kit, added.first_run, 1);
    add_curve(kit, added.first_run); /* its worker went on to step 15 before it heard */

    const struct new_tell pruned = ended(&added, 0, PROPOSAL_PRUNED);
    const struct tell_answer answer = tell(kit, &pruned);
    assert_true(answer.told.results[0] == 0.3);
    assert_true(answer.told.results[1] == 0.8);
    assert_true(isnan(answer.told.results[2])); /* its speed was not known at step 10 */
    kit_free(kit);
}

static void what_a_run_never_reported_is_not_known(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 1);
    const struct new_tell failed = ended(&added, 0, PROPOSAL_FAILED);
    const struct tell_answer answer = tell(kit, &failed);

    assert_true(isnan(answer.told.results[0]));
    read_search(kit, added.job, &seen);
    assert_int_equal(seen.proposals[0].outcome, PROPOSAL_FAILED);
    assert_int_equal(seen.proposals[0].result_count, 4);
    assert_true(isnan(seen.results[0][2]));
    json_auto_t *run = kit_run(kit, added.first_run);
    json_auto_t *proposal = json_incref(json_object_get(run, "proposal"));
    assert_member(proposal, "outcome", "\"failed\"");
    assert_member(proposal, "values", "[null,null]");
    assert_member(proposal, "constraints", "[null]");
    kit_free(kit);
}

static void tells_have_the_order_in_which_they_came(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 3);
    static const int order[3] = {2, 0, 1};
    for (int i = 0; i < 3; i++) {
        const struct new_tell done = ended(&added, order[i], PROPOSAL_DONE);
        assert_int_equal(tell(kit, &done).told.order, i);
    }
    kit_restart(kit);

    read_search(kit, added.job, &seen);
    for (int i = 0; i < 3; i++)
        assert_int_equal(seen.proposals[order[i]].told, i);
    kit_free(kit);
}

static void another_tell_keeps_its_place_and_counts_as_an_edit(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 2);
    struct new_tell failed = ended(&added, 0, PROPOSAL_FAILED),
                    done = ended(&added, 1, PROPOSAL_DONE);
    tell(kit, &failed);
    tell(kit, &done);
    kit_start_run(kit, added.first_run, 1);
    kit_add_value(kit, added.first_run, "valid_loss", 10, 0.25);

    const struct new_tell again = ended(&added, 0, PROPOSAL_DONE);
    const struct tell_answer answer = tell(kit, &again);
    assert_true(answer.told.again);
    assert_int_equal(answer.told.order, 0);
    assert_true(answer.told.results[0] == 0.25);
    const struct kept_search search = read_search(kit, added.job, &seen);
    assert_int_equal(search.edits, 1);
    assert_int_equal(seen.proposals[0].outcome, PROPOSAL_DONE);
    kit_free(kit);
}

static void results_that_come_with_a_tell_are_kept_as_they_are(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 2);
    const double results[4] = {0.1, 1.0 / 3, 7, 0.01};
    struct new_tell given = ended(&added, 0, PROPOSAL_DONE);
    given.results = results;
    given.late = true;
    given.step = -1;
    assert_false(tell(kit, &given).answer.failed);

    read_search(kit, added.job, &seen);
    assert_same_bits(seen.results[0], results, 4);
    assert_true(seen.proposals[0].late);
    assert_int_equal(seen.proposals[0].step, -1);
    json_auto_t *run = kit_run(kit, added.first_run);
    assert_member(run, "objective", "0.1");
    kit_free(kit);
}

static void a_run_that_was_never_proposed_cannot_be_told(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    const struct new_tell done = ended(&added, 3, PROPOSAL_DONE);
    const struct tell_answer answer = tell(kit, &done);
    assert_true(answer.answer.failed);
    assert_int_equal(answer.answer.err.kind, ERROR_NOT_FOUND);
    kit_free(kit);
}

static void what_the_pruner_has_looked_at_is_kept(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 2);
    for (int i = 0; i < 2; i++) {
        struct answer answer = {.loop = kit->loop};
        store_judge(kit->store,
                    &(struct new_judgement){.run = added.first_run + i,
                                            .step = 20 + i,
                                            .verdict = i ? "is above 0.3" : NULL},
                    kit_done, &answer);
        loop_run(kit->loop);
        assert_false(answer.failed);
    }
    kit_restart(kit);

    read_search(kit, added.job, &seen);
    assert_int_equal(seen.proposals[0].judged, 20);
    assert_null(seen.proposals[0].verdict);
    assert_int_equal(seen.proposals[1].judged, 21);
    assert_string_equal(seen.verdict[1], "is above 0.3");
    kit_free(kit);
}

/* --- how far it is -----------------------------------------------------------------------------
 */

static void tell_values(struct kit *kit, const struct added_job *added, int number, double loss,
                        double speed)
{
    const struct search_plan one = {
        .objectives = {{.name = "valid_loss"}}, .objective_count = 1, .constraint_count = 1};
    const double results[3] = {loss, speed, 0};
    const struct new_tell given = {.job = added->job,
                                   .run = added->first_run + number,
                                   .outcome = PROPOSAL_DONE,
                                   .plan = &one,
                                   .results = results,
                                   .step = -1};
    assert_false(tell(kit, &given).answer.failed);
}

static void the_best_run_keeps_the_constraints(void **state)
{
    struct kit *kit = kit_new(NULL);
    (void)state;
    const struct added_job added = add_search(kit, request_of_one);
    propose_first(kit, &added, 4);
    tell_values(kit, &added, 0, 0.5, 200);
    tell_values(kit, &added, 1, 0.1, 99); /* too slow */
    tell_values(kit, &added, 2, (double)NAN, 200);
    tell_values(kit, &added, 3, 0.25, 100);

    AUTO_FREE char *wanted =
        xprintf("{\"proposed\":4,\"told\":4,\"best\":{\"run\":%lld,\"number\":3,"
                "\"values\":[0.25]},\"stopped\":null,\"edits\":0}",
                (long long)added.first_run + 3);
    json_auto_t *job = kit_job(kit, added.job);
    assert_member(job, "search", wanted);
    kit_free(kit);
}

static void jobs_of_other_kinds_have_no_search(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct kept_search search;
    struct error err;
    (void)state;
    struct job_plan plan = kit_plan(0, 1);
    const struct added_job added = kit_add_plan(kit, &plan, NULL, NULL, 1000).added;
    kit_plan_release(&plan);

    json_auto_t *job = kit_job(kit, added.job);
    json_auto_t *run = kit_run(kit, added.first_run);
    assert_null(json_object_get(job, "search"));
    assert_null(json_object_get(run, "proposal"));
    assert_int_equal(store_read_search(kit->reader, added.job, &search, see, NULL, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    kit_free(kit);
}

/* --- the end, and changes ----------------------------------------------------------------------
 */

static void search_ended(void *context, int removed, const struct error *err)
{
    ((struct answer *)context)->mismatches = removed;
    kit_note(context, err);
}

static int end_search(struct kit *kit, const struct added_job *added, const char *why)
{
    struct answer answer = {.loop = kit->loop};
    const struct job_change change = {.job = added->job, .finished_ms = 0};
    store_end_search(kit->store, &change, why, search_ended, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);
    return answer.mismatches;
}

static void runs_that_were_never_proposed_go_with_the_end(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 1);
    /* One that stands at a rung waits, too. */
    kit_start_run(kit, added.first_run, 1);
    kit_change_run(kit, &(struct run_change){.run = added.first_run,
                                             .position = {RUN_WAITING, 1, 0},
                                             .step = 5,
                                             .now_ms = 3000});

    assert_int_equal(end_search(kit, &added, "its time is up"), 3);
    json_auto_t *run = kit_run(kit, added.first_run);
    assert_member(run, "state", "\"waiting\"");
    json_t *gone = NULL;
    struct error err;
    assert_int_equal(store_read_run(kit->reader, added.first_run + 1, &gone, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    json_auto_t *job = kit_job(kit, added.job);
    const json_t *counts = json_object_get(job, "runs");
    assert_member(counts, "total", "1");
    assert_string_equal(read_search(kit, added.job, &seen).stopped, "its time is up");
    kit_free(kit);
}

static void a_spent_budget_needs_no_reason(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 4);
    assert_int_equal(end_search(kit, &added, NULL), 0);
    assert_string_equal(read_search(kit, added.job, &seen).stopped, "");
    kit_free(kit);
}

static void search_changed(void *context, int64_t first_run, const struct error *err)
{
    ((struct answer *)context)->id = first_run;
    kit_note(context, err);
}

static void more_runs_go_on_with_the_numbers(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct seen seen;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    add_search(kit, request_of_two); /* takes the ids behind it */
    struct answer answer = {.loop = kit->loop};
    store_edit_search(kit->store,
                      &(struct search_edit){.request = "{\"budget\":{\"runs\":6}}",
                                            .cut_from = -1,
                                            .more_runs = 2,
                                            .seeds = 1,
                                            .seed = 5,
                                            .job = {.job = added.job},
                                            .now_ms = 4000},
                      search_changed, &answer);
    loop_run(kit->loop);
    assert_false(answer.failed);

    assert_int_equal(answer.id, added.first_run + 2 * RUNS);
    json_auto_t *run = kit_run(kit, answer.id + 1);
    assert_member(run, "number", "5");
    assert_member(run, "state", "\"waiting\"");
    assert_member(run, "phase", "\"search\"");
    json_auto_t *job = kit_job(kit, added.job);
    assert_member(job, "request", "{\"budget\":{\"runs\":6}}");
    const json_t *counts = json_object_get(job, "runs");
    assert_member(counts, "waiting", "6");
    assert_int_equal(read_search(kit, added.job, &seen).edits, 1);
    kit_free(kit);
}

/* --- curves ------------------------------------------------------------------------------------
 */

struct curve_seen {
    int count;
    int64_t runs[8], steps[8];
    double values[8];
};

static void see_point(void *context, int64_t run, int64_t step, double value)
{
    struct curve_seen *seen = context;
    assert_true(seen->count < 8);
    seen->runs[seen->count] = run;
    seen->steps[seen->count] = step;
    seen->values[seen->count++] = value;
}

static void curves_come_run_by_run_in_the_order_of_steps(void **state)
{
    struct kit *kit = kit_new(NULL);
    struct curve_seen seen = {0};
    struct error err;
    (void)state;
    const struct added_job added = add_search(kit, request_of_two);
    propose_first(kit, &added, 2);
    for (int i = 1; i >= 0; i--) {
        kit_start_run(kit, added.first_run + i, 1);
        kit_add_value(kit, added.first_run + i, "valid_loss", 20, 0.2 + i);
        kit_add_value(kit, added.first_run + i, "valid_loss", 10, 0.1 + i);
        kit_add_value(kit, added.first_run + i, "train_loss", 10, 7);
    }
    assert_int_equal(store_load_curves(kit->store, added.job, "valid_loss", see_point, &seen, &err),
                     0);
    assert_int_equal(seen.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(seen.runs[i], added.first_run + i / 2);
        assert_int_equal(seen.steps[i], i % 2 ? 20 : 10);
        assert_true(seen.values[i] == (i % 2 ? 0.2 : 0.1) + i / 2);
    }
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proposal_gives_a_waiting_run_its_specification),
        cmocka_unit_test(proposals_come_back_bit_for_bit),
        cmocka_unit_test(a_batch_is_written_as_a_whole_or_not_at_all),
        cmocka_unit_test(a_cancelled_run_takes_no_proposal),
        cmocka_unit_test(whoever_asked_has_begun_and_holds_a_lease),
        cmocka_unit_test(results_are_read_from_the_series),
        cmocka_unit_test(a_pruned_run_counts_as_it_was_where_it_was_pruned),
        cmocka_unit_test(what_a_run_never_reported_is_not_known),
        cmocka_unit_test(tells_have_the_order_in_which_they_came),
        cmocka_unit_test(another_tell_keeps_its_place_and_counts_as_an_edit),
        cmocka_unit_test(results_that_come_with_a_tell_are_kept_as_they_are),
        cmocka_unit_test(a_run_that_was_never_proposed_cannot_be_told),
        cmocka_unit_test(what_the_pruner_has_looked_at_is_kept),
        cmocka_unit_test(the_best_run_keeps_the_constraints),
        cmocka_unit_test(jobs_of_other_kinds_have_no_search),
        cmocka_unit_test(runs_that_were_never_proposed_go_with_the_end),
        cmocka_unit_test(a_spent_budget_needs_no_reason),
        cmocka_unit_test(more_runs_go_on_with_the_numbers),
        cmocka_unit_test(curves_come_run_by_run_in_the_order_of_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
