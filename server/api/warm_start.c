#include "api/warm_start.h"

#include "jobs/warm_start.h"
#include "json.h"
#include "memory.h"
#include "store/searches.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A result of an earlier search: its point, then how it ended. */
struct past {
    double *numbers;
};

struct warming {
    const json_t *catalog;
    const struct search_plan *later;
    struct search_plan *earlier; /* the one that is being read */
    struct past *list;           /* [count] of that, in the order of their numbers */
    size_t count, room;
    json_t *results; /* newest first */
};

static void take_result(void *context, const struct kept_proposal *kept)
{
    struct warming *warming = context;
    const struct search_plan *earlier = warming->earlier;
    const size_t points = (size_t)kept->point_count, results = (size_t)kept->result_count;
    if (kept->told < 0 || kept->outcome != PROPOSAL_DONE ||
        kept->point_count != earlier->space.count ||
        kept->result_count != earlier->objective_count + earlier->constraint_count + 1)
        return;
    if (warming->count == warming->room) {
        warming->room = warming->room ? 2 * warming->room : 256;
        warming->list = xrealloc(warming->list, warming->room, sizeof *warming->list);
    }
    struct past *past = &warming->list[warming->count++];
    past->numbers = xcalloc(points + results, sizeof(double));
    memcpy(past->numbers, kept->point, points * sizeof(double));
    memcpy(past->numbers + points, kept->results, results * sizeof(double));
}

static void forget_earlier(struct warming *warming)
{
    for (size_t i = 0; i < warming->count; i++)
        free(warming->list[i].numbers);
    free(warming->list);
    warming->list = NULL;
    warming->count = warming->room = 0;
    search_plan_free(warming->earlier);
    warming->earlier = NULL;
}

static int read_earlier(struct reader *reader, struct warming *warming, int64_t id,
                        struct error *err)
{
    json_auto_t *job = NULL;
    if (store_read_job(reader, id, &job, err) < 0)
        return -1;
    if (strcmp(json_text_at(job, "kind", ""), "search") != 0)
        return error_set(err, "job %" PRId64 " is not a search", id);
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    warming->earlier = search_plan_of(warming->catalog, request);
    return 0;
}

static int read_results(struct reader *reader, struct warming *warming, int64_t id,
                        struct warm_match *match, struct error *err)
{
    struct kept_search kept;
    const char *missing;
    if (!warm_match_init(match, warming->catalog, warming->earlier, warming->later, &missing))
        return error_set(err, "job %" PRId64 " has not measured %s as this one does", id, missing);
    return store_read_search(reader, id, &kept, take_result, warming, err);
}

/* Only as many are looked at as are kept. */
static void match_results(struct warming *warming, const struct warm_match *match)
{
    for (size_t i = warming->count; i > 0 && json_array_size(warming->results) < WARM_RESULTS_MAX;
         i--) {
        const double *numbers = warming->list[i - 1].numbers;
        json_t *result = warm_result(match, numbers, numbers + warming->earlier->space.count);
        if (result)
            json_array_append_new(warming->results, result);
    }
}

static void take_job(struct reader *reader, struct warming *warming, int i,
                     struct problems *problems)
{
    const int64_t id = warming->later->warm_jobs[i];
    struct warm_match match;
    struct error err;
    char index[16];
    snprintf(index, sizeof index, "%d", i);
    if (read_earlier(reader, warming, id, &err) < 0 ||
        read_results(reader, warming, id, &match, &err) < 0)
        problems_add(problems, "/warm_start/jobs", index, "%s", err.sentence);
    else
        match_results(warming, &match);
    forget_earlier(warming);
}

static json_t *reversed(const json_t *list)
{
    json_t *other = json_array();
    for (size_t i = json_array_size(list); i > 0; i--)
        json_array_append(other, json_array_get(list, i - 1));
    return other;
}

/* Kept beside the jobs that they come from. */
static void keep_results(struct job_plan *plan, const json_t *results)
{
    json_auto_t *request = json_loads(plan->request, 0, NULL);
    json_t *warm = json_object_get(request, "warm_start");
    json_object_set_new(warm, "results", reversed(results));
    free(plan->request);
    plan->request = json_ordered(request);
}

void warm_start_fill(struct reader *reader, const json_t *catalog, struct job_plan *plan,
                     struct problems *problems)
{
    const struct search_plan *search = plan->search;
    if (!search || search->warm_job_count == 0 || !plan->request || problems->found > 0)
        return;
    struct warming warming = {.catalog = catalog, .later = search, .results = json_array()};
    for (int i = search->warm_job_count - 1; i >= 0; i--) /* the last one named is the newest */
        take_job(reader, &warming, i, problems);
    if (problems->found == 0)
        keep_results(plan, warming.results);
    json_decref(warming.results);
}
