/* Whether a search would propose the same points again: checked bit for bit against what is kept.
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

enum { CHECKED = 1000, CHECKED_MOST = 100000 };

/* What a check needs of a proposal. */
struct past {
    int number, seen, edits, told;
    bool by_hand;
    enum proposal_outcome outcome;
    int64_t step;
    double results[RESULTS_MAX];
};

struct replay {
    struct search_plan *plan;
    struct repeated *study;
    struct past *list; /* [count] by number */
    int count, room;
    struct kept_search kept;
    int checked, same, skipped;
    json_t *different;
};

static void replay_release(struct replay *replay)
{
    repeated_free(replay->study);
    search_plan_free(replay->plan);
    free(replay->list);
    json_decref(replay->different);
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

static void check(struct replay *replay, int last)
{
    for (int i = 0; i < replay->count; i++) {
        const struct past *past = &replay->list[i];
        if (i < replay->count - last || past->by_hand || past->edits != replay->kept.edits) {
            replay->skipped++;
            continue;
        }
        replay->checked++;
        if (repeated_check(replay->study, past->number, past->seen))
            replay->same++;
        else
            json_array_append_new(replay->different, json_integer(past->number));
    }
}

static int read_request(struct reader *reader, const struct api_read *read, struct replay *replay,
                        struct error *err)
{
    const struct world *world = world_of(read->req);
    json_t *job = NULL;
    if (store_read_job(reader, read->id, &job, err) < 0)
        return -1;
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    const bool is_search = strcmp(json_text_at(job, "kind", ""), "search") == 0;
    json_decref(job);
    if (!is_search)
        return error_of(err, ERROR_CONFLICT, "job %" PRId64 " is not a search: it proposed nothing",
                        read->id);
    replay->plan = search_plan_of(world->catalog, request);
    replay->study =
        repeated_of_plan(replay->plan, replay->plan->budget.runs, replay->plan->parallel);
    if (!replay->study)
        return error_of(err, ERROR_CONFLICT,
                        "this program does not know the algorithm of job "
                        "%" PRId64,
                        read->id);
    return 0;
}

static int replay_search(struct reader *reader, struct api_read *read, json_t **out,
                         struct error *err)
{
    struct replay replay = {.different = json_array()};
    if (read_request(reader, read, &replay, err) < 0 ||
        store_read_search(reader, read->id, &replay.kept, take_proposal, &replay, err) < 0) {
        replay_release(&replay);
        return -1;
    }
    tell_all(&replay);
    check(&replay, read->points);
    *out = json_pack("{s:i, s:i, s:i, s:O}", "checked", replay.checked, "same", replay.same,
                     "skipped", replay.skipped, "different", replay.different);
    replay_release(&replay);
    return 0;
}

static struct reply replay(struct request *req)
{
    struct api_read read = {.work = replay_search};
    struct error err;
    int64_t last;
    if (request_id(req, 0, &read.id, &err) < 0 ||
        request_query_integer(req, "last", 1, CHECKED_MOST, CHECKED, &last, &err) < 0)
        return reply_error(&err);
    read.points = (int)last;
    return api_read(req, &read);
}

const struct route replay_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/replay", replay, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
