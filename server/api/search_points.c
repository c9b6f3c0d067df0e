#include "api/search_points.h"

#include "memory.h"
#include "search/repeated.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The runs of one point, in order. */
struct point {
    struct gathered_search *gathered;
    int first, count;
};

static struct try try_of(const struct search_plan *plan, const struct trial *trial)
{
    struct try try = {.state = trial->state, .error = trial->error, .step = trial->step};
    memcpy(try.objective, trial->objective, (size_t)plan->objective_count * sizeof(double));
    memcpy(try.constraint, trial->constraint, (size_t)plan->constraint_count * sizeof(double));
    return try;
}

static bool all_have_ended(const struct point *point)
{
    const struct trial *trials = point->gathered->trials + point->first;
    for (int i = 0; i < point->count; i++)
        if (trials[i].state == TRIAL_PENDING)
            return false;
    return point->count == point->gathered->plan->seeds;
}

/* In the metrics' own units, over the runs that the mean is over; the standard error last. */
static void join_results(const struct point *point, const struct told *told, double *out)
{
    const struct search_plan *plan = point->gathered->plan;
    const struct trial *trials = point->gathered->trials + point->first;
    const struct finding *findings = point->gathered->findings + point->first;
    const int limits = plan->objective_count + plan->constraint_count;
    double sums[OBJECTIVES_MAX + CONSTRAINTS_MAX] = {0};
    int count = 0;

    for (int i = 0; i < point->count; i++) {
        if (trials[i].state != TRIAL_DONE || !findings[i].results)
            continue;
        for (int k = 0; k < limits; k++)
            sums[k] += findings[i].results[k];
        count++;
    }
    for (int k = 0; k < limits; k++)
        out[k] = count > 0 ? sums[k] / count : (double)NAN;
    out[limits] = told->error;
}

/* Into the first run's block of numbers. */
static void write_mean(const struct point *point, const struct mean_of_tries *mean)
{
    struct gathered_search *gathered = point->gathered;
    const struct search_plan *plan = gathered->plan;
    const int limits = plan->objective_count + plan->constraint_count;
    double *numbers = gathered->numbers[point->first] + plan->space.count;
    double results[OBJECTIVES_MAX + CONSTRAINTS_MAX + 1];

    join_results(point, &mean->told, results);
    memcpy(numbers, results, ((size_t)limits + 1) * sizeof *numbers);
    memcpy(numbers + limits + 1, mean->objective, (size_t)plan->objective_count * sizeof *numbers);
    memcpy(numbers + limits + 1 + plan->objective_count, mean->constraint,
           (size_t)plan->constraint_count * sizeof *numbers);
}

static void join_told(const struct point *point, struct trial *trial)
{
    const struct search_plan *plan = point->gathered->plan;
    AUTO_FREE struct try *tries = xcalloc((size_t)point->count, sizeof *tries);
    struct mean_of_tries mean;

    for (int i = 0; i < point->count; i++)
        tries[i] = try_of(plan, &point->gathered->trials[point->first + i]);
    if (!tries_mean(tries, point->count, plan->objective_count, plan->constraint_count, &mean)) {
        trial->state = TRIAL_GONE;
        return;
    }
    write_mean(point, &mean);
    trial->state = mean.told.state;
    trial->error = isfinite(mean.told.error) ? mean.told.error : 0;
}

/* What its runs planned and made together, and when the last of them was told. */
static void join_runs(const struct point *point, struct trial *trial, struct finding *finding)
{
    const struct trial *trials = point->gathered->trials + point->first;
    const struct finding *findings = point->gathered->findings + point->first;
    trial->step = finding->steps = 0;
    for (int i = 0; i < point->count; i++) {
        const int64_t made = trials[i].step > 0 ? trials[i].step : 0;
        trial->step += made;
        finding->steps += trials[i].state == TRIAL_PRUNED ? findings[i].steps : made;
        if (findings[i].place > finding->place)
            finding->place = findings[i].place;
        finding->late |= findings[i].late;
    }
}

static void join(struct gathered_search *gathered, int at, int first, int count)
{
    const struct point point = {gathered, first, count};
    struct trial trial = gathered->trials[first];
    struct finding finding = gathered->findings[first];

    finding.results = gathered->numbers[first] + gathered->plan->space.count;
    if (all_have_ended(&point)) {
        join_runs(&point, &trial, &finding);
        join_told(&point, &trial);
    } else {
        trial.state = TRIAL_PENDING;
        finding.results = NULL;
        finding.place = -1;
    }
    for (int i = 1; i < count; i++) {
        free(gathered->numbers[first + i]);
        gathered->numbers[first + i] = NULL;
    }
    gathered->numbers[at] = gathered->numbers[first];
    if (at != first)
        gathered->numbers[first] = NULL;
    gathered->trials[at] = trial;
    gathered->findings[at] = finding;
}

struct told_point {
    int place, number;
};

static int by_place(const void *left, const void *right)
{
    return ((const struct told_point *)left)->place - ((const struct told_point *)right)->place;
}

/* Places count points from now on. */
static void put_in_order(struct gathered_search *gathered)
{
    struct history *history = &gathered->history;
    AUTO_FREE struct told_point *told = xcalloc((size_t)history->count + 1, sizeof *told);
    int count = 0;

    history->told_count = 0;
    for (int i = 0; i < history->count; i++)
        if (gathered->findings[i].place >= 0)
            told[count++] = (struct told_point){gathered->findings[i].place, i};
    qsort(told, (size_t)count, sizeof *told, by_place);
    for (int i = 0; i < count; i++) {
        gathered->findings[told[i].number].place = i;
        if (gathered->trials[told[i].number].state != TRIAL_GONE)
            gathered->told[history->told_count++] = told[i].number;
    }
}

void search_points_join(struct gathered_search *gathered)
{
    struct history *history = &gathered->history;
    const int seeds = gathered->plan->seeds, runs = history->count;
    if (seeds <= 1)
        return;
    history->count = 0;
    for (int first = 0; first < runs; first += seeds)
        join(gathered, history->count++, first, runs - first < seeds ? runs - first : seeds);
    history->budget = (history->budget + seeds - 1) / seeds;
    put_in_order(gathered);
}
