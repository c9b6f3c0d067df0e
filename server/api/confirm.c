/* A search's best runs against its base, over fresh seeds: a comparison made from the search. */
#include "api/create_job.h"
#include "api/search_gathered.h"

#include "jobs/confirm.h"
#include "json.h"
#include "memory.h"
#include "search/population.h"
#include "workers/refining.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The search as it is kept; the caller releases the job and, where this succeeds, the rest. */
static int read_search(struct reader *reader, const struct making *making, int64_t id,
                       json_t **out_job, struct gathered_search *gathered, struct error *err)
{
    const json_t *catalog = world_of(making->req)->catalog;
    if (store_read_job(reader, id, out_job, err) < 0)
        return -1;
    if (strcmp(json_text_at(*out_job, "kind", ""), job_kind_names[JOB_SEARCH]) != 0)
        return error_of(
            err, ERROR_CONFLICT,
            "job %" PRId64 " is not a search: only what a search has found is confirmed", id);
    if (search_gather(reader, catalog, *out_job, gathered, err) == 0)
        return 0;
    search_gathered_release(gathered);
    return -1;
}

static int check_kind(const struct gathered_search *gathered, struct error *err)
{
    struct population population;
    const int64_t id = gathered->job;
    if (gathered->plan->external)
        return error_of(err, ERROR_CONFLICT,
                        "the runs of search %" PRId64 " are trained by an external runner, so this "
                        "server cannot train them again",
                        id);
    if (population_of(gathered->plan, &population))
        return error_of(err, ERROR_CONFLICT,
                        "the runs of search %" PRId64
                        " go on from each other's weights, so none is "
                        "one specification: GET /api/v1/jobs/%" PRId64 "/lineage gives the best "
                        "one's as a schedule, for a comparison with the base",
                        id, id);
    return 0;
}

/* --- which runs ----------------------------------------------------------------------------------
 */

/* The caller frees it. */
static struct confirm_run *runs_of(const struct findings *findings, int *out_count, int *out_good)
{
    struct confirm_run *runs = xcalloc((size_t)findings->ended + 1, sizeof *runs);
    int count = 0, good = 0;
    for (int i = 0; i < findings->ended; i++) {
        const int number = findings->order[i];
        const struct trial *trial = &findings->view.trials[number];
        const struct finding *finding = &findings->list[number];
        if (trial->state != TRIAL_DONE || !finding->results)
            continue;
        good += i < findings->good;
        runs[count++] = (struct confirm_run){finding->run, trial->values, finding->results};
    }
    *out_count = count;
    *out_good = good;
    return runs;
}

/* --- seeds that had a say ------------------------------------------------------------------------
 */

enum { TRAINED_MAX = (1 + SEARCH_WARM_JOBS_MAX) * SEARCH_SEEDS_MAX };

/* Behind the `count` there are; returns how many there are then. */
static int add_seeds(const json_t *base, int seeds, uint64_t *trained, int count)
{
    const uint64_t first = (uint64_t)json_integer_at(base, "seed", 1);
    for (int i = 0; i < seeds; i++)
        trained[count++] = first + (uint64_t)i;
    return count;
}

/* The search's own, and those of the searches whose results it began with. */
static int read_trained(struct reader *reader, const struct search_plan *plan,
                        uint64_t trained[TRAINED_MAX])
{
    int count = add_seeds(plan->base, plan->seeds, trained, 0);
    for (int i = 0; i < plan->warm_job_count; i++) {
        struct error err;
        json_auto_t *job = NULL;
        if (store_read_asked(reader, plan->warm_jobs[i], &job, &err) == 0)
            count = add_seeds(json_object_get(json_object_get(job, "request"), "base"),
                              (int)json_integer_at(json_object_get(job, "request"), "seeds", 1),
                              trained, count);
    }
    return count;
}

/* --- the comparison ------------------------------------------------------------------------------
 */

static void plan_confirmation(struct reader *reader, const struct making *making, const json_t *job,
                              const struct gathered_search *gathered, struct job_plan *plan,
                              struct problems *problems)
{
    const struct planner planner = {world_of(making->req)->catalog, api_data_facts, making->view,
                                    problems};
    struct findings findings = {
        .plan = gathered->plan, .history = &gathered->history, .list = gathered->findings};
    uint64_t trained[TRAINED_MAX];
    struct confirm_search search = {
        .job = gathered->job,
        .name = json_text_at(job, "name", ""),
        .for_everyone = strcmp(json_text_at(job, "visibility", ""), visibility_names[true]) == 0,
        .plan = gathered->plan,
        .trained = trained,
        .trained_count = read_trained(reader, gathered->plan, trained),
    };

    findings_init(&findings);
    AUTO_FREE struct confirm_run *runs = runs_of(&findings, &search.run_count, &search.good);
    search.runs = runs;
    confirm_plan(&planner, &search, making->req->json, plan);
    findings_release(&findings);
}

static int plan_from_search(struct reader *reader, const struct making *making,
                            struct job_plan *plan, struct problems *problems, struct error *err)
{
    struct gathered_search gathered;
    json_auto_t *job = NULL;
    int64_t id;

    if (request_id(making->req, 0, &id, err) < 0 ||
        read_search(reader, making, id, &job, &gathered, err) < 0)
        return -1;
    const int outcome = check_kind(&gathered, err);
    if (outcome == 0)
        plan_confirmation(reader, making, job, &gathered, plan, problems);
    search_gathered_release(&gathered);
    if (plan->request) { /* a schedule may be refined from a run */
        json_auto_t *body = json_loads(plan->request, 0, NULL);
        refine_plan(reader, body, plan, problems);
    }
    return outcome;
}

static struct reply confirm_search(struct request *req)
{
    return create_job_by(req, plan_from_search, false);
}

const struct route confirm_routes[] = {
    {METHOD_POST, "/api/v1/jobs/{id}/confirm", confirm_search, BODY_JSON, 0, FOR_MEMBERS | OF_JOB},
    {0},
};
