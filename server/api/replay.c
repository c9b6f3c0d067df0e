/*
 * Whether a search would propose the same points again: checked bit for bit against what is kept.
 * That can take minutes, so it is done in slices, between which reads and proposals have their turn
 * on the helper threads.
 */
#include "api/api.h"

#include "jobs/search_plan.h"
#include "json.h"
#include "memory.h"
#include "search/telling.h"
#include "store/searches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKED = 1000, CHECKED_MOST = 100000, SLICE_MS = 20 };

/* What a check needs of a proposal. */
struct past {
    int number, seen, edits, told;
    bool by_hand;
    enum proposal_outcome outcome;
    int64_t step;
    double results[RESULTS_MAX];
};

struct replay {
    struct request *req;
    int64_t job;
    int last; /* so many are checked */
    struct search_plan *plan;
    struct repeated *study;
    struct past *list; /* [count] by number */
    int count, room;
    struct kept_search kept;
    bool is_read;
    int next; /* of the list, to be checked; all before it are */
    int checked, same, skipped;
    json_t *different;
    int outcome;
    struct error err;
};

static void replay_free(struct replay *replay)
{
    repeated_free(replay->study);
    search_plan_free(replay->plan);
    free(replay->list);
    json_decref(replay->different);
    free(replay);
}

/* --- what is kept --------------------------------------------------------------------------------
 */

static void take_proposal(void *context, const struct kept_proposal *kept)
{
    struct replay *replay = context;
    if (replay->count == replay->room) {
        replay->room = replay->room ? 2 * replay->room : 256;
        replay->list = xrealloc(replay->list, (size_t)replay->room, sizeof *replay->list);
    }
    struct past *past = &replay->list[replay->count++];
    *past = (struct past){.number = kept->number,
                          .seen = kept->seen,
                          .edits = kept->edits,
                          .told = kept->told,
                          .by_hand = strcmp(kept->how, "enqueued") == 0 ||
                                     strcmp(kept->how, "by hand") == 0,
                          .outcome = kept->outcome,
                          .step = kept->step};
    memcpy(past->results, kept->results, (size_t)kept->result_count * sizeof(double));
    if (replay->study)
        repeated_restore(replay->study, kept->point, kept->memo, kept->memo_count);
}

static int by_order(const void *a, const void *b)
{
    const struct past *const *x = a, *const *y = b;
    return ((*x)->told > (*y)->told) - ((*x)->told < (*y)->told);
}

/* In the order in which the study heard of them. */
static void tell_all(struct replay *replay)
{
    AUTO_FREE const struct past **order = xcalloc((size_t)replay->count, sizeof *order);
    int told = 0;
    for (int i = 0; i < replay->count; i++)
        if (replay->list[i].told >= 0)
            order[told++] = &replay->list[i];
    if (!replay->plan->in_order)
        qsort(order, (size_t)told, sizeof(struct past *), by_order);
    for (int i = 0; i < told; i++) {
        const struct past *past = order[i];
        struct telling telling;
        telling_of(replay->plan,
                   past->outcome == PROPOSAL_DONE     ? TRIAL_DONE
                   : past->outcome == PROPOSAL_PRUNED ? TRIAL_PRUNED
                                                      : TRIAL_FAILED,
                   past->results, past->step, &telling);
        repeated_tell(replay->study, past->number, &telling.told);
    }
    for (int i = 0; i < told; i++)
        if (order[i]->outcome == PROPOSAL_DELETED)
            repeated_forget(replay->study, order[i]->number);
}

/* --- the check -----------------------------------------------------------------------------------
 */

static bool is_skipped(const struct replay *replay, const struct past *past)
{
    return past - replay->list < replay->count - replay->last || past->by_hand ||
           past->edits != replay->kept.edits;
}

static void check(struct replay *replay, const struct past *past)
{
    if (is_skipped(replay, past)) {
        replay->skipped++;
        return;
    }
    replay->checked++;
    if (repeated_check(replay->study, past->number, past->seen))
        replay->same++;
    else
        json_array_append_new(replay->different, json_integer(past->number));
}

static void check_some(struct replay *replay)
{
    const int64_t until_ms = clock_ms() + SLICE_MS;
    while (replay->next < replay->count && clock_ms() < until_ms)
        check(replay, &replay->list[replay->next++]);
}

/* --- what is read --------------------------------------------------------------------------------
 */

static int read_request(struct reader *reader, struct replay *replay, struct error *err)
{
    const struct world *world = world_of(replay->req);
    json_t *job = NULL;
    if (store_read_job(reader, replay->job, &job, err) < 0)
        return -1;
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    const bool is_search = strcmp(json_text_at(job, "kind", ""), "search") == 0;
    json_decref(job);
    if (!is_search)
        return error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search: it proposed nothing",
                        replay->job);
    replay->plan = search_plan_of(world->catalog, request);
    replay->study =
        repeated_of_plan(replay->plan, replay->plan->budget.runs, replay->plan->parallel);
    if (!replay->study)
        return error_of(err, ERROR_CONFLICT,
                        "this program does not know the algorithm of job "
                        "%" PRId64,
                        replay->job);
    return 0;
}

static int read_search(struct reader *reader, struct replay *replay, struct error *err)
{
    if (read_request(reader, replay, err) < 0 ||
        store_read_search(reader, replay->job, &replay->kept, take_proposal, replay, err) < 0)
        return -1;
    tell_all(replay);
    replay->is_read = true;
    return 0;
}

/* --- slices -------------------------------------------------------------------------------------
 */

static void replay_on_helper(void *reader, void *context)
{
    struct replay *replay = context;
    if (replay->is_read)
        check_some(replay);
    else
        replay->outcome = read_search(reader, replay, &replay->err);
}

static struct reply reply_replay(const struct replay *replay)
{
    if (replay->outcome < 0)
        return reply_error(&replay->err);
    return reply_json(200, json_pack("{s:i, s:i, s:i, s:O}", "checked", replay->checked, "same",
                                     replay->same, "skipped", replay->skipped, "different",
                                     replay->different));
}

static struct reply busy(void)
{
    struct reply reply = reply_problem(503, "too many reads are waiting; try again");
    reply.retry_after_s = 1;
    return reply;
}

/* Behind whoever waits for a helper. */
static bool go_on(struct replay *replay);

static void slice_done(void *context)
{
    struct replay *replay = context;
    const bool is_done = replay->outcome < 0 || replay->next == replay->count;
    if (!is_done && go_on(replay))
        return;
    request_answer(replay->req, is_done ? reply_replay(replay) : busy());
    replay_free(replay);
}

static bool go_on(struct replay *replay)
{
    return helpers_run(world_of(replay->req)->helpers, replay_on_helper, slice_done, replay);
}

static struct reply replay(struct request *req)
{
    struct error err;
    int64_t job, last;
    if (request_id(req, 0, &job, &err) < 0 ||
        request_query_integer(req, "last", 1, CHECKED_MOST, CHECKED, &last, &err) < 0)
        return reply_error(&err);
    struct replay *begun = xcalloc(1, sizeof *begun);
    *begun = (struct replay){.req = req, .job = job, .last = (int)last, .different = json_array()};
    if (go_on(begun))
        return reply_later();
    replay_free(begun);
    return busy();
}

const struct route replay_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/replay", replay, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
