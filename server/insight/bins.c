#include "insight/bins.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* --- which runs ----------------------------------------------------------------------------------
 */

static int choose_runs(const struct evidence *evidence, const struct evidence_point **chosen)
{
    AUTO_FREE const struct evidence_point **done =
        xcalloc((size_t)evidence->count + 1, sizeof *done);
    int count = 0;
    for (int i = 0; i < evidence->count; i++)
        if (evidence->list[i].trial->state == TRIAL_DONE)
            done[count++] = &evidence->list[i];
    const int kept = count < BINS_RUNS_MAX ? count : BINS_RUNS_MAX;
    for (int i = 0; i < kept; i++)
        chosen[i] = done[(int64_t)i * count / kept];
    return kept;
}

/* --- coordinates ---------------------------------------------------------------------------------
 */

struct coordinate {
    double u; /* a choice's: its place among those by mean value */
    int run;
};

static int by_u(const void *left, const void *right)
{
    const struct coordinate *a = left, *b = right;
    if (a->u != b->u)
        return a->u < b->u ? -1 : 1;
    return a->run - b->run;
}

struct level {
    double sum, mean;
    int runs, choice;
};

static int by_mean(const void *left, const void *right)
{
    const struct level *a = left, *b = right;
    if (a->mean != b->mean)
        return a->mean < b->mean ? -1 : 1;
    return a->choice - b->choice;
}

/* Choices that nobody tried stand at the end. */
static void order_choices(const struct bins *bins, const struct coordinate *at, int choices,
                          int *rank)
{
    AUTO_FREE struct level *levels = xcalloc((size_t)choices, sizeof *levels);
    for (int i = 0; i < choices; i++)
        levels[i].choice = i;
    for (int i = 0; i < bins->runs; i++) {
        struct level *level = &levels[(int)at[i].u];
        level->sum += bins->value[at[i].run];
        level->runs++;
    }
    for (int i = 0; i < choices; i++)
        levels[i].mean = levels[i].runs ? levels[i].sum / levels[i].runs : HUGE_VAL;
    qsort(levels, (size_t)choices, sizeof *levels, by_mean);
    for (int i = 0; i < choices; i++)
        rank[levels[i].choice] = i;
}

static void rank_choices(const struct bins *bins, const struct parameter *parameter,
                         struct coordinate *at)
{
    AUTO_FREE int *rank = xcalloc((size_t)parameter->choices, sizeof *rank);
    for (int i = 0; i < bins->runs; i++)
        at[i].u = fmin(floor(at[i].u * parameter->choices), parameter->choices - 1);
    order_choices(bins, at, parameter->choices, rank);
    for (int i = 0; i < bins->runs; i++) {
        const int choice = (int)at[i].u;
        at[i].u = ((parameter->ordered ? choice : rank[choice]) + 0.5) / parameter->choices;
    }
}

/* --- bins ----------------------------------------------------------------------------------------
 */

/* An edge lies in the middle between two runs; of stepped values halfway between both. The last bin
 * that may be made takes all that is left. */
static void cut(struct bins *bins, int parameter, const struct coordinate *at)
{
    double *width = bins->width + (size_t)parameter * BINS_MAX, edge = 0;
    uint8_t *place = bins->place + (size_t)parameter * (size_t)bins->runs;
    int bin = 0;

    for (int i = 0; i < bins->runs; i++) {
        const bool is_new = i > 0 && at[i].u > at[i - 1].u;
        const bool is_full = (int64_t)i * BINS_MAX >= (int64_t)(bin + 1) * bins->runs;
        if (is_new && bin < BINS_MAX - 1 && (is_full || bins->count[parameter] <= BINS_MAX)) {
            const double next = 0.5 * (at[i].u + at[i - 1].u);
            width[bin++] = next - edge;
            edge = next;
        }
        place[at[i].run] = (uint8_t)bin;
    }
    width[bin] = 1 - edge;
    bins->count[parameter] = bin + 1;
}

static int different(const struct coordinate *at, int count)
{
    int found = 1;
    for (int i = 1; i < count; i++)
        found += at[i].u > at[i - 1].u;
    return found;
}

static void fill_parameter(struct bins *bins, const struct findings *findings,
                           const struct evidence_point *const *runs, int i, struct coordinate *at)
{
    const struct parameter *parameter = findings_parameter(findings, i);
    for (int run = 0; run < bins->runs; run++) {
        const double value = runs[run]->trial->values[i];
        at[run] =
            (struct coordinate){isnan(value) ? 0.5 : parameter_to_unit(parameter, value), run};
    }
    if (parameter->type == PARAMETER_CHOICE)
        rank_choices(bins, parameter, at);
    qsort(at, (size_t)bins->runs, sizeof *at, by_u);
    bins->count[i] = different(at, bins->runs);
    cut(bins, i, at);
}

void bins_init(struct bins *bins, const struct findings *findings)
{
    AUTO_FREE const struct evidence_point **runs = xcalloc(BINS_RUNS_MAX, sizeof *runs);
    const size_t parameters = (size_t)findings->plan->space.count;
    const size_t count = (size_t)choose_runs(&findings->evidence, runs);
    AUTO_FREE struct coordinate *at = xcalloc(count + 1, sizeof *at);

    *bins = (struct bins){
        .parameters = (int)parameters,
        .runs = (int)count,
        .count = xcalloc(parameters, sizeof *bins->count),
        .width = xcalloc(parameters * BINS_MAX, sizeof *bins->width),
        .place = xcalloc(parameters * count + 1, sizeof *bins->place),
        .value = xcalloc(count + 1, sizeof *bins->value),
    };
    for (size_t i = 0; i < count; i++)
        bins->value[i] = runs[i]->key;
    for (int i = 0; i < (int)parameters && count > 0; i++)
        fill_parameter(bins, findings, runs, i, at);
}

void bins_release(struct bins *bins)
{
    free(bins->count);
    free(bins->width);
    free(bins->place);
    free(bins->value);
    *bins = (struct bins){0};
}
