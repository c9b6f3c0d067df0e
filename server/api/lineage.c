/* Of a search that trained a population: how its best run, or another one, came to be. */
#include "api/api.h"

#include "insight/lineage.h"
#include "json.h"
#include "memory.h"
#include "search/population.h"
#include "search/telling.h"
#include "store/searches.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct member {
    int64_t run, step;
    int number, parent, told;
    enum proposal_outcome outcome;
    char how[32];
    double *numbers; /* point, results */
};

struct ancestry {
    struct search_plan *plan;
    struct kept_search kept;
    struct member *members; /* [count] by number */
    int count, room;
};

static void ancestry_release(struct ancestry *ancestry)
{
    for (int i = 0; i < ancestry->count; i++)
        free(ancestry->members[i].numbers);
    free(ancestry->members);
    search_plan_free(ancestry->plan);
}

static void take_proposal(void *context, const struct kept_proposal *kept)
{
    struct ancestry *ancestry = context;
    const size_t points = (size_t)kept->point_count, results = (size_t)kept->result_count;
    if (ancestry->count == ancestry->room) {
        ancestry->room = ancestry->room ? 2 * ancestry->room : 256;
        ancestry->members =
            xrealloc(ancestry->members, (size_t)ancestry->room, sizeof *ancestry->members);
    }
    struct member *member = &ancestry->members[ancestry->count++];
    *member = (struct member){
        .run = kept->run,
        .step = kept->step,
        .number = kept->number,
        .parent = kept->parent,
        .told = kept->told,
        .outcome = kept->outcome,
        .numbers = xcalloc(points + results, sizeof(double)),
    };
    snprintf(member->how, sizeof member->how, "%s", kept->how);
    memcpy(member->numbers, kept->point, points * sizeof(double));
    memcpy(member->numbers + points, kept->results, results * sizeof(double));
}

static int read_plan(struct reader *reader, const struct api_read *read,
                     struct search_plan **out_plan, struct error *err)
{
    struct population population;
    json_auto_t *job = NULL;
    if (store_read_job(reader, read->id, &job, err) < 0)
        return -1;
    if (strcmp(json_text_at(job, "kind", ""), "search") == 0) {
        AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
        *out_plan = search_plan_of(world_of(read->req)->catalog, request);
        if (population_of(*out_plan, &population))
            return 0;
    }
    return error_of(err, ERROR_CONFLICT,
                    "job %" PRId64 " is no search by \"pbt\": its runs do not go on from others",
                    read->id);
}

/* --- which run ----------------------------------------------------------------------------------
 */

static const double *results_of(const struct ancestry *ancestry, const struct member *member)
{
    return member->numbers + ancestry->plan->space.count;
}

static bool is_done(const struct ancestry *ancestry, const struct member *member)
{
    return member->told >= 0 && member->outcome == PROPOSAL_DONE &&
           isfinite(results_of(ancestry, member)[0]);
}

/* Of those that keep the constraints, what the first objective says. */
static double score(const struct ancestry *ancestry, const struct member *member)
{
    struct telling telling;
    if (!is_done(ancestry, member))
        return HUGE_VAL;
    telling_of(ancestry->plan, TRIAL_DONE, results_of(ancestry, member), member->step, &telling);
    for (int i = 0; i < ancestry->plan->constraint_count; i++)
        if (!(telling.constraint[i] <= 0))
            return HUGE_VAL;
    return telling.objective[0];
}

static int find_best(const struct ancestry *ancestry)
{
    int best = -1;
    double least = HUGE_VAL;
    for (int i = 0; i < ancestry->count; i++) {
        const double value = score(ancestry, &ancestry->members[i]);
        if (value < least) {
            least = value;
            best = i;
        }
    }
    return best;
}

static int find_run(const struct ancestry *ancestry, int64_t run)
{
    for (int i = 0; i < ancestry->count; i++)
        if (ancestry->members[i].run == run && ancestry->members[i].told >= 0)
            return i;
    return -1;
}

/* -1: there is none (yet). */
static int find_end(const struct ancestry *ancestry, const struct api_read *read, struct error *err)
{
    const int end = read->first > 0 ? find_run(ancestry, read->first) : find_best(ancestry);
    if (end >= 0)
        return end;
    return read->first > 0 ? error_of(err, ERROR_NOT_FOUND,
                                      "run %" PRId64 " is not of job %" PRId64 ", or has not ended",
                                      read->first, read->id)
                           : error_of(err, ERROR_CONFLICT,
                                      "no run of job %" PRId64 " has succeeded yet", read->id);
}

/* --- its chain ----------------------------------------------------------------------------------
 */

static struct lineage_part part_of(const struct ancestry *ancestry, const struct member *member)
{
    const struct member *parent = member->parent >= 0 ? &ancestry->members[member->parent] : NULL;
    return (struct lineage_part){
        .number = member->number,
        .run = member->run,
        .from = parent ? parent->step : 0,
        .to = member->step,
        .how = member->how,
        .values = member->numbers,
        .objective = is_done(ancestry, member) ? results_of(ancestry, member)[0] : (double)NAN,
    };
}

/* Oldest first; parents have lower numbers. The caller frees it. */
static struct lineage_part *chain_of(const struct ancestry *ancestry, int end, int *out_count)
{
    int count = 0;
    for (int i = end; i >= 0; i = ancestry->members[i].parent)
        count++;
    struct lineage_part *parts = xcalloc((size_t)count, sizeof *parts);
    for (int i = end, place = count; i >= 0; i = ancestry->members[i].parent)
        parts[--place] = part_of(ancestry, &ancestry->members[i]);
    *out_count = count;
    return parts;
}

static json_t *describe(const struct api_read *read, const struct ancestry *ancestry, int end,
                        int64_t steps)
{
    int count;
    AUTO_FREE char *why = NULL;
    AUTO_FREE struct lineage_part *parts = chain_of(ancestry, end, &count);
    const struct lineage_part *last = &parts[count - 1];
    json_t *spec = lineage_spec(world_of(read->req)->catalog, ancestry->plan, parts, count,
                                steps > 0 ? steps : 1, &why);
    return json_pack("{s:I, s:I, s:i, s:o, s:I, s:o, s:o, s:s?}", "job", read->id, "run", last->run,
                     "number", last->number, "value", json_number(last->objective), "steps", steps,
                     "chain", lineage_chain(ancestry->plan, parts, count), "spec",
                     spec ? spec : json_null(), "why_no_spec", why);
}

static int read_lineage(struct reader *reader, struct api_read *read, json_t **out,
                        struct error *err)
{
    struct ancestry ancestry = {0};
    json_auto_t *run = NULL;
    int outcome = -1, end;
    if (read_plan(reader, read, &ancestry.plan, err) == 0 &&
        store_read_search(reader, read->id, &ancestry.kept, take_proposal, &ancestry, err) == 0 &&
        (end = find_end(&ancestry, read, err)) >= 0 &&
        store_read_run(reader, ancestry.members[end].run, &run, err) == 0) {
        *out = describe(read, &ancestry, end, json_integer_at(run, "steps", 0));
        outcome = 0;
    }
    ancestry_release(&ancestry);
    return outcome;
}

static struct reply show_lineage(struct request *req)
{
    struct api_read read = {.work = read_lineage};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0 ||
        request_query_integer(req, "run", 1, INT64_C(9007199254740992), 0, &read.first, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

const struct route lineage_routes[] = {
    {METHOD_GET, "/api/v1/jobs/{id}/lineage", show_lineage, BODY_NONE, 0, FOR_VIEWERS | OF_JOB},
    {0},
};
