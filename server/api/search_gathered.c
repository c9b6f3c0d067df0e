#include "api/search_gathered.h"

#include "api/search_points.h"

#include "json.h"
#include "memory.h"
#include "search/telling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void search_gathered_release(struct gathered_search *gathered)
{
    for (int i = 0; i < gathered->history.count; i++)
        free(gathered->numbers[i]);
    free(gathered->numbers);
    free(gathered->trials);
    free(gathered->findings);
    free(gathered->told);
    search_plan_free(gathered->plan);
}

static void grow(struct gathered_search *gathered)
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
    const size_t results = (size_t)plan->objective_count + (size_t)plan->constraint_count;
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
    struct gathered_search *gathered = context;
    const struct search_plan *plan = gathered->plan;
    const int number = gathered->history.count;
    if (kept->number != number || kept->point_count != plan->space.count)
        return; /* the store's own rules keep this from happening */
    if (number == gathered->room)
        grow(gathered);
    double *numbers = gathered->numbers[number] = copy_numbers(plan, kept);
    gathered->history.hurry = study_was_hurried(kept->memo, kept->memo_count);
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
static void put_in_order(struct gathered_search *gathered)
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
    struct gathered_search *gathered = context;
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

int search_gather(struct reader *reader, const json_t *catalog, const json_t *job,
                  struct gathered_search *gathered, struct error *err)
{
    const int64_t id = json_integer_at(job, "id", 0);
    AUTO_FREE char *request = json_ordered(json_object_get(job, "request"));
    *gathered = (struct gathered_search){.job = id, .plan = search_plan_of(catalog, request)};
    const struct search_plan *plan = gathered->plan;

    gathered->history = (struct history){
        .space = &plan->space,
        .objectives = plan->objective_count,
        .constraints = plan->constraint_count,
        .budget = plan->budget.runs,
        .parallel = plan->parallel ? plan->parallel : 1,
    };
    if (store_read_search(reader, id, &gathered->kept, take_proposal, gathered, err) < 0 ||
        store_read_pruned(reader, id, plan->seeds, take_steps, gathered, err) < 0)
        return -1;
    put_in_order(gathered);
    gathered->history.trials = gathered->trials;
    gathered->history.told = gathered->told;
    search_points_join(gathered);
    return 0;
}
