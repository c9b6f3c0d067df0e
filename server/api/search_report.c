#include "api/search_report.h"

#include "insight/insight.h"
#include "json.h"
#include "memory.h"
#include "prune/pruner.h"
#include "search/telling.h"
#include "store/searches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* --- what the store has --------------------------------------------------------------------------
 */

struct gathered {
    struct search_plan *plan;
    struct kept_search kept;
    struct history history;
    struct trial *trials;     /* [room] */
    struct finding *findings; /* [room] */
    double **numbers; /* [room] a block each: point, results, objectives, constraints, memo */
    int *told;        /* [room] numbers by place, then the history's */
    int room;
};

static void gathered_release(struct gathered *gathered)
{
    for (int i = 0; i < gathered->history.count; i++)
        free(gathered->numbers[i]);
    free(gathered->numbers);
    free(gathered->trials);
    free(gathered->findings);
    free(gathered->told);
    search_plan_free(gathered->plan);
}

static void grow(struct gathered *gathered)
{
    const size_t room = gathered->room ? 2 * (size_t)gathered->room : 256;
    gathered->trials = xrealloc(gathered->trials, room, sizeof *gathered->trials);
    gathered->findings = xrealloc(gathered->findings, room, sizeof *gathered->findings);
    gathered->numbers = xrealloc(gathered->numbers, room, sizeof *gathered->numbers);
    gathered->told = xrealloc(gathered->told, room, sizeof *gathered->told);
    for (size_t i = (size_t)gathered->room; i < room; i++)
        gathered->told[i] = -1;
    gathered->room = (int)room;
}

static enum trial_state state_of(const struct kept_proposal *kept)
{
    static const enum trial_state states[PROPOSAL_OUTCOMES] = {
        [PROPOSAL_DONE] = TRIAL_DONE,
        [PROPOSAL_PRUNED] = TRIAL_PRUNED,
        [PROPOSAL_FAILED] = TRIAL_FAILED,
        [PROPOSAL_DELETED] = TRIAL_GONE,
    };
    return kept->told < 0 ? TRIAL_PENDING : states[kept->outcome];
}

/* As the study heard of it. */
static void judge(const struct search_plan *plan, const double *results, struct trial *trial,
                  double *objective, double *constraint)
{
    struct telling telling;
    telling_of(plan, trial->state, results, trial->step, &telling);
    trial->state = telling.told.state;
    trial->error = isfinite(telling.told.error) ? telling.told.error : 0;
    for (int i = 0; i < plan->objective_count; i++)
        objective[i] = trial->state == TRIAL_FAILED ? (double)NAN : telling.objective[i];
    for (int i = 0; i < plan->constraint_count; i++)
        constraint[i] = isfinite(telling.constraint[i]) ? telling.constraint[i] : (double)NAN;
}

static double *copy_numbers(const struct search_plan *plan, const struct kept_proposal *kept)
{
    const size_t point = (size_t)plan->space.count;
    const size_t results = (size_t)(plan->objective_count + plan->constraint_count);
    double *numbers = xcalloc(point + 2 * results + 1 + (size_t)kept->memo_count, sizeof *numbers);

    memcpy(numbers, kept->point, point * sizeof *numbers);
    for (size_t i = 0; i < 2 * results + 1; i++)
        numbers[point + i] = (double)NAN;
    if (kept->result_count == (int)results + 1)
        memcpy(numbers + point, kept->results, (results + 1) * sizeof *numbers);
    if (kept->memo_count > 0)
        memcpy(numbers + point + 2 * results + 1, kept->memo,
               (size_t)kept->memo_count * sizeof *numbers);
    return numbers;
}

static struct trial trial_of(const struct search_plan *plan, const struct kept_proposal *kept,
                             double *numbers)
{
    const int results = plan->objective_count + plan->constraint_count;
    double *own = numbers + plan->space.count, *objective = own + results + 1;
    struct trial trial = {
        .state = state_of(kept),
        .values = numbers,
        .objective = objective,
        .constraint = objective + plan->objective_count,
        .step = kept->told < 0 ? -1 : kept->step,
        .memo = objective + results,
        .memo_count = kept->memo_count,
    };
    if (trial.state != TRIAL_PENDING && trial.state != TRIAL_GONE)
        judge(plan, own, &trial, objective, objective + plan->objective_count);
    return trial;
}

static void take_proposal(void *context, const struct kept_proposal *kept)
{
    struct gathered *gathered = context;
    const struct search_plan *plan = gathered->plan;
    const int number = gathered->history.count;
    if (kept->number != number || kept->point_count != plan->space.count)
        return; /* the store's own rules keep this from happening */
    if (number == gathered->room)
        grow(gathered);
    double *numbers = gathered->numbers[number] = copy_numbers(plan, kept);
    gathered->trials[number] = trial_of(plan, kept, numbers);
    gathered->findings[number] = (struct finding){
        .run = kept->run,
        .place = kept->told,
        .late = kept->late,
        .results = kept->told < 0 ? NULL : numbers + plan->space.count,
    };
    snprintf(gathered->findings[number].how, FINDING_HOW_BYTES, "%s", kept->how ? kept->how : "");
    gathered->history.count++;
}

/* Those that were deleted are not among the told. */
static void put_in_order(struct gathered *gathered)
{
    struct history *history = &gathered->history;
    for (int i = 0; i < history->count; i++) {
        const int place = gathered->findings[i].place;
        if (place >= 0 && place < gathered->room && gathered->trials[i].state != TRIAL_GONE)
            gathered->told[place] = i;
    }
    for (int place = 0; place < gathered->room; place++)
        if (gathered->told[place] >= 0)
            gathered->told[history->told_count++] = gathered->told[place];
}

static void take_steps(void *context, int64_t run, int64_t steps)
{
    struct gathered *gathered = context;
    const struct finding *list = gathered->findings;
    int low = 0, high = gathered->history.count;
    while (low < high) { /* numbers and ids rise together */
        const int middle = low + (high - low) / 2;
        if (list[middle].run < run)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < gathered->history.count && list[low].run == run)
        gathered->findings[low].steps = steps;
}

/* As the search itself has it (workers/searching.h). */
static int parallel_of(const struct search_plan *plan, int slots)
{
    return plan->parallel ? plan->parallel : slots > 0 ? slots : 1;
}

static int gather(struct reader *reader, const struct api_read *read, const json_t *job,
                  struct gathered *gathered, struct error *err)
{
    const json_t *catalog = world_of(read->req)->catalog;
    const int64_t id = json_integer_at(job, "id", 0);
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    *gathered = (struct gathered){.plan = search_plan_of(catalog, request)};
    const struct search_plan *plan = gathered->plan;

    gathered->history = (struct history){
        .space = &plan->space,
        .objectives = plan->objective_count,
        .constraints = plan->constraint_count,
        .budget = plan->budget.runs,
        .parallel = parallel_of(plan, read->search.slots),
    };
    if (store_read_search(reader, id, &gathered->kept, take_proposal, gathered, err) < 0 ||
        store_read_pruned(reader, id, take_steps, gathered, err) < 0)
        return -1;
    put_in_order(gathered);
    gathered->history.trials = gathered->trials;
    gathered->history.told = gathered->told;
    return 0;
}

/* --- the report ----------------------------------------------------------------------------------
 */

static char *explain(const struct search_algorithm *algorithm, const struct gathered *gathered)
{
    const struct search_plan *plan = gathered->plan;
    struct chosen chosen;
    if (!algorithm || !algorithm->explain)
        return NULL;
    chosen_read(algorithm->settings, plan->algorithm, &chosen);
    void *state = algorithm->open ? algorithm->open(&gathered->history, &chosen, plan->seed) : NULL;
    char *sentence = algorithm->explain(state, &gathered->history);
    if (algorithm->close && state)
        algorithm->close(state);
    chosen_release(&chosen);
    return sentence;
}

static json_t *report_of(const json_t *job, const struct gathered *gathered,
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
        .budget = plan->budget.runs,
        .edits = gathered->kept.edits,
        .findings = findings,
        .wishes = *wishes,
    };
    return insight_json(&input);
}

static int look(const json_t *job, const struct search_wishes *asked,
                const struct gathered *gathered, json_t **out, struct error *err)
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
static void add_pruner_warnings(struct reader *reader, const struct gathered *gathered,
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
    struct gathered gathered;
    int outcome = gather(reader, read, job, &gathered, err);
    if (outcome == 0)
        outcome = look(job, &read->search, &gathered, out, err);
    if (outcome == 0)
        add_pruner_warnings(reader, &gathered, *out);
    gathered_release(&gathered);
    return outcome;
}

int search_report_csv(struct reader *reader, const struct api_read *read, const json_t *job,
                      char **out, struct error *err)
{
    struct gathered gathered;
    const int outcome = gather(reader, read, job, &gathered, err);
    const struct findings findings = {
        .plan = gathered.plan, .history = &gathered.history, .list = gathered.findings};
    if (outcome == 0)
        *out = insight_csv(&findings);
    gathered_release(&gathered);
    return outcome;
}
