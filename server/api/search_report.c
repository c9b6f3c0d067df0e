#include "api/search_report.h"

#include "api/confirmations.h"
#include "api/search_gathered.h"

#include "insight/insight.h"
#include "json.h"
#include "memory.h"
#include "prune/pruner.h"
#include "search/telling.h"

#include <stdio.h>
#include <string.h>

enum { TOP = 10, TOP_MOST = 1000 };

/* --- the query -----------------------------------------------------------------------------------
 */

static int read_importance(const struct request *req, bool *out_fanova, struct error *err)
{
    const char *asked = request_query(req, "importance");
    *out_fanova = asked && strcmp(asked, "fanova") == 0;
    if (!asked || *out_fanova || strcmp(asked, "ped_anova") == 0)
        return 0;
    return error_set(err, "the query's \"importance\" must be one of ped_anova, fanova");
}

int search_report_query(const struct request *req, struct api_read *read, struct error *err)
{
    struct search_wishes *wishes = &read->search;
    const char *contour = request_query(req, "contour");
    int64_t top, objective;
    int used;

    wishes->slots = conductor_slots(world_of(req)->conductor, &used);
    if (request_query_integer(req, "top", 1, TOP_MOST, TOP, &top, err) < 0 ||
        request_query_integer(req, "objective", 0, OBJECTIVES_MAX - 1, 0, &objective, err) < 0 ||
        read_importance(req, &wishes->fanova, err) < 0)
        return -1;
    if (contour && strlen(contour) >= sizeof wishes->contour)
        return error_set(err, "the query's \"contour\" must be two parameters, such as "
                              "/optimizer/lr,/batch_size");
    wishes->top = (int)top;
    wishes->objective = (int)objective;
    snprintf(wishes->contour, sizeof wishes->contour, "%s", contour ? contour : "");
    return 0;
}

/* A parameter of an external runner may have a comma in its name: each one is tried. */
static int find_pair(const struct space *space, const char *text, int *pair, struct error *err)
{
    char first[2 * PARAMETER_NAME_BYTES + 2];
    pair[0] = pair[1] = -1;
    if (!*text)
        return 0;
    for (const char *comma = strchr(text, ','); comma; comma = strchr(comma + 1, ',')) {
        snprintf(first, sizeof first, "%.*s", (int)(comma - text), text);
        pair[0] = space_find(space, first);
        pair[1] = space_find(space, comma + 1);
        if (pair[0] >= 0 && pair[1] >= 0 && pair[0] != pair[1])
            return 0;
    }
    return error_set(err,
                     "the query's \"contour\" must be two parameters of the search, such as "
                     "%.100s,%.100s",
                     space->parameters[0].name,
                     space->count > 1 ? space->parameters[1].name : "another one");
}

/* As the search itself has it (workers/searching.h). */
static int parallel_of(const struct search_plan *plan, int slots)
{
    return plan->parallel ? plan->parallel : slots > 0 ? slots : 1;
}

static int gather(struct reader *reader, const struct api_read *read, const json_t *job,
                  struct gathered_search *gathered, struct error *err)
{
    const int outcome = search_gather(reader, world_of(read->req)->catalog, job, gathered, err);
    gathered->history.parallel = parallel_of(gathered->plan, read->search.slots);
    return outcome;
}

/* --- the report ----------------------------------------------------------------------------------
 */

static char *explain(const struct search_algorithm *algorithm,
                     const struct gathered_search *gathered)
{
    const struct search_plan *plan = gathered->plan;
    struct chosen chosen;
    if (!algorithm || !algorithm->explain)
        return NULL;
    chosen_read(algorithm->settings, plan->algorithm, &chosen);
    AUTO_FREE struct trial *earlier = telling_earlier(plan);
    struct history history = gathered->history;
    history.earlier = earlier;
    history.earlier_count = plan->warm_count;
    void *state = algorithm->open ? algorithm->open(&history, &chosen, plan->seed) : NULL;
    char *sentence = algorithm->explain(state, &history);
    if (algorithm->close && state)
        algorithm->close(state);
    chosen_release(&chosen);
    return sentence;
}

static json_t *report_of(const json_t *job, const struct gathered_search *gathered,
                         const struct findings *findings, const struct insight_wishes *wishes)
{
    const struct search_plan *plan = gathered->plan;
    const struct search_algorithm *algorithm =
        search_find(json_text_at(plan->algorithm, "type", ""));
    AUTO_FREE char *explained = explain(algorithm, gathered);
    const struct insight_input input = {
        .job = json_integer_at(job, "id", 0),
        .state = json_text_at(job, "state", ""),
        .is_final = !json_is_null(json_object_get(job, "finished_ms")),
        .space = json_object_get(json_object_get(job, "request"), "space"),
        .explained = explained,
        .is_known = algorithm != NULL,
        .stopped = gathered->kept.stopped[0] ? gathered->kept.stopped : NULL,
        .budget = plan->budget.runs / plan->seeds,
        .edits = gathered->kept.edits,
        .findings = findings,
        .wishes = *wishes,
    };
    return insight_json(&input);
}

static int look(const json_t *job, const struct search_wishes *asked,
                const struct gathered_search *gathered, json_t **out, struct error *err)
{
    const struct search_plan *plan = gathered->plan;
    struct insight_wishes wishes = {.top = asked->top, .fanova = asked->fanova};
    struct findings findings = {.plan = plan,
                                .history = &gathered->history,
                                .list = gathered->findings,
                                .objective = asked->objective};

    if (asked->objective >= plan->objective_count)
        return error_set(err, "the query's \"objective\" must be 0%s: the search has %d",
                         plan->objective_count > 1 ? " or one of the next" : "",
                         plan->objective_count);
    if (find_pair(&plan->space, asked->contour, wishes.contour, err) < 0)
        return -1;
    findings_init(&findings);
    *out = report_of(job, gathered, &findings, &wishes);
    findings_release(&findings);
    return 0;
}

/* Of its first run, which is like the others in what matters here. */
static void add_pruner_warnings(struct reader *reader, const struct gathered_search *gathered,
                                json_t *report)
{
    struct error err;
    json_t *run;
    if (gathered->history.count == 0 ||
        store_read_run(reader, gathered->findings[0].run, &run, &err) < 0)
        return;
    json_auto_t *words = pruner_warnings(gathered->plan, json_object_get(run, "spec"),
                                         json_integer_at(run, "steps", 0));
    json_array_extend(json_object_get(report, "warnings"), words);
    json_decref(run);
}

int search_report_json(struct reader *reader, const struct api_read *read, const json_t *job,
                       json_t **out, struct error *err)
{
    struct gathered_search gathered;
    int outcome = gather(reader, read, job, &gathered, err);
    if (outcome == 0)
        outcome = look(job, &read->search, &gathered, out, err);
    if (outcome == 0) {
        add_pruner_warnings(reader, &gathered, *out);
        json_object_set_new(*out, "confirmations",
                            confirmations_json(reader, read->team, &gathered));
    }
    search_gathered_release(&gathered);
    return outcome;
}

int search_report_csv(struct reader *reader, const struct api_read *read, const json_t *job,
                      char **out, struct error *err)
{
    struct gathered_search gathered;
    const int outcome = gather(reader, read, job, &gathered, err);
    const struct findings findings = {
        .plan = gathered.plan, .history = &gathered.history, .list = gathered.findings};
    if (outcome == 0)
        *out = insight_csv(&findings);
    search_gathered_release(&gathered);
    return outcome;
}
