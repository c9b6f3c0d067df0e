#include "insight/model.h"

#include "compare/distributions.h"
#include "memory.h"
#include "search/gp_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIT_EVALUATIONS = 30, INCUMBENTS = 5, SEED = 1 };

struct model_value {
    double bent, value;
};

/* --- which runs ----------------------------------------------------------------------------------
 */

static void choose_runs(struct model *model)
{
    const struct findings *findings = model->findings;
    const int count = findings->ended < MODEL_RUNS ? findings->ended : MODEL_RUNS;
    const int best = count / 2, rest = findings->ended - best;

    model->trials = xcalloc((size_t)count + 1, sizeof *model->trials);
    model->told = xcalloc((size_t)count + 1, sizeof *model->told);
    for (int i = 0; i < count; i++) {
        const int at = i < best ? i : best + (int)((int64_t)(i - best) * rest / (count - best));
        model->trials[i] = findings->view.trials[findings->order[at]];
        model->trials[i].memo_count = 0; /* they belong to all of them */
        model->told[i] = i;
    }
    model->history = findings->view;
    model->history.trials = model->trials;
    model->history.count = model->history.told_count = count;
    model->history.told = model->told;
}

/* --- the fit -------------------------------------------------------------------------------------
 */

static int stand(struct model *model, struct gp_fitted *fitted, int process)
{
    struct gp_standing *standing = &model->standing[process];
    const struct gp_data data = {.columns = gp_table_columns(&model->table),
                                 .dimensions = model->table.code.dimensions};
    gp_fit_prior(&data, &fitted->fit[process]);
    if (gp_stand(standing, fitted, &model->table, process) < 0)
        return -1;
    gp_fit_improve(&standing->data, &fitted->fit[process], false, FIT_EVALUATIONS);
    gp_standing_release(standing);
    if (gp_stand(standing, fitted, &model->table, process) < 0)
        return -1;
    model->standing_count++;
    return 0;
}

static int fit(struct model *model)
{
    AUTO_FREE struct gp_fitted *fitted = xcalloc(1, sizeof *fitted);
    fitted->warp = WARP_HALF_RANK;
    for (int process = 0; process <= model->history.constraints; process++)
        if (stand(model, fitted, process) < 0)
            return -1;
    return 0;
}

static int by_bent(const void *left, const void *right)
{
    const struct model_value *a = left, *b = right;
    return (a->bent > b->bent) - (a->bent < b->bent);
}

static void find_scale(struct model *model)
{
    const struct gp_table *table = &model->table;
    const size_t known = (size_t)table->known;
    AUTO_FREE double *bent = xcalloc(known, sizeof *bent), *slope = xcalloc(known, sizeof *slope);
    double least = HUGE_VAL;

    warp_values(WARP_HALF_RANK, table->y, table->known, bent, slope);
    model->scale = xcalloc(known, sizeof *model->scale);
    for (size_t i = 0; i < known; i++) {
        model->scale[i] = (struct model_value){bent[i], table->y[i]};
        if (table->y[i] < least) {
            least = table->y[i];
            model->slope = slope[i];
        }
    }
    qsort(model->scale, known, sizeof *model->scale, by_bent);
}

static int try_init(struct model *model, const char **why)
{
    *why = "not known: it takes 8 runs that have ended, 2 of them with a value";
    if (model->findings->ended < MODEL_RUNS_LEAST)
        return -1;
    choose_runs(model);
    gp_table_init(&model->table, &model->history);
    if (model->table.known < MODEL_RUNS_LEAST)
        return -1;
    *why = "not known: there is nothing to search";
    if (model->table.code.count == 0)
        return -1;
    *why = "not known: all runs are equally good";
    find_scale(model);
    if (model->scale[0].value == model->scale[model->table.known - 1].value)
        return -1;
    *why = "not known: no Gaussian process fits these values";
    return fit(model);
}

int model_init(struct model *model, const struct findings *findings, const char **why)
{
    *model = (struct model){.findings = findings};
    if (try_init(model, why) == 0)
        return 0;
    model_release(model);
    return -1;
}

void model_release(struct model *model)
{
    while (model->standing_count > 0)
        gp_standing_release(&model->standing[--model->standing_count]);
    if (model->table.trials)
        gp_table_release(&model->table);
    free(model->trials);
    free(model->told);
    free(model->scale);
    *model = (struct model){0};
}

/* --- reading it ----------------------------------------------------------------------------------
 */

/* Rows of a batch as columns. */
static void put_row(const struct model *model, const double *values, int at, double *x)
{
    double row[GP_COLUMNS_MAX];
    gp_code_point(&model->table.code, model->history.space, values, row);
    for (int j = 0; j < model->table.code.count; j++)
        x[j * GP_BATCH + at] = row[j];
}

void model_mean(const struct model *model, const double *values, int m, double *mean)
{
    const size_t width = (size_t)model->history.space->count;
    AUTO_FREE double *x = xcalloc((size_t)model->table.code.count * GP_BATCH, sizeof *x);
    for (int i = 0; i < m; i++)
        put_row(model, values + (size_t)i * width, i, x);
    gp_predict_mean(&model->standing[0].gp, x, m, mean);
}

/* Between the values that were seen by straight lines, beyond them as below the median. */
double model_shown(const struct model *model, double bent)
{
    const struct model_value *scale = model->scale;
    const int last = model->table.known - 1;
    int low = 0, high = last;
    double value;

    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (scale[middle].bent <= bent)
            low = middle;
        else
            high = middle;
    }
    const double gap = scale[high].bent - scale[low].bent;
    if (bent < scale[0].bent)
        value = scale[0].value + (bent - scale[0].bent) / model->slope;
    else if (bent >= scale[last].bent)
        value = scale[last].value;
    else
        value = scale[low].value + (gap > 0 ? (bent - scale[low].bent) / gap : 0) *
                                       (scale[high].value - scale[low].value);
    return findings_shown(model->findings, value);
}

/* --- improvement ---------------------------------------------------------------------------------
 */

static bool any_feasible(const struct gp_table *table)
{
    for (int i = 0; i < table->known; i++)
        if (table->feasible[i])
            return true;
    return false;
}

/* Least mean at what was tried with all constraints kept. */
static double best_mean(const struct model *model)
{
    const struct gp_table *table = &model->table;
    double best = HUGE_VAL, mean;
    for (int i = 0; i < table->known; i++) {
        if (!table->feasible[i])
            continue;
        model_mean(model, table->trials[i]->values, 1, &mean);
        best = fmin(best, mean);
    }
    return best;
}

static struct acquisition acquisition_of(const struct model *model)
{
    struct acquisition acquisition = {.constraints = model->standing_count - 1};
    if (any_feasible(&model->table) || acquisition.constraints == 0) {
        acquisition.objective = &model->standing[0].gp;
        acquisition.best = best_mean(model);
    }
    for (int i = 0; i < acquisition.constraints; i++) {
        acquisition.constraint[i] = &model->standing[1 + i].gp;
        acquisition.limit[i] = model->standing[1 + i].zero;
    }
    return acquisition;
}

/* P(below `limit`) by one process. */
static double chance_below(const struct gp *gp, const double *x, double limit)
{
    double mean, variance;
    gp_predict(gp, x, 1, &mean, &variance);
    return normal_cdf((limit - mean) / sqrt(fmax(variance, 1e-12)));
}

static double chance_of(const struct model *model, const struct acquisition *acquisition,
                        const double *values)
{
    AUTO_FREE double *x = xcalloc((size_t)model->table.code.count * GP_BATCH, sizeof *x);
    double chance = 1;
    put_row(model, values, 0, x);
    if (acquisition->objective)
        chance *= chance_below(acquisition->objective, x, acquisition->best);
    for (int i = 0; i < acquisition->constraints; i++)
        chance *= chance_below(acquisition->constraint[i], x, acquisition->limit[i]);
    return chance;
}

struct improvement model_improvement(const struct model *model, double *values)
{
    const struct acquisition acquisition = acquisition_of(model);
    const double *best[INCUMBENTS];
    int count = 0;
    while (count < INCUMBENTS && count < model->findings->good && count < model->history.count) {
        best[count] = model->trials[count].values;
        count++;
    }
    const struct gp_search search = {&acquisition,
                                     &model->table.code,
                                     model->history.space,
                                     best,
                                     count,
                                     space_size(model->history.space) < UINT64_MAX};
    struct rng rng = rng_stream(SEED, RANDOM_SAMPLE, 0);
    const double promise = gp_search_best(&search, &rng, values);
    return (struct improvement){
        .expected = acquisition.objective ? exp(promise) / model->slope : (double)NAN,
        .chance = chance_of(model, &acquisition, values),
    };
}
