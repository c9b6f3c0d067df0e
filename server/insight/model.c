#include "insight/model.h"

#include "compare/distributions.h"
#include "memory.h"
#include "search/gp/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIT_EVALUATIONS = 30, INCUMBENTS = 5, QUANTILES = 32, SEED = 1 };

struct model_value {
    double bent;
    double value; /* minimised; its logarithm where that is modelled */
};

/* --- which runs ----------------------------------------------------------------------------------
 */

/* Points that it may see, best first: [evidence->count]. */
static int find_points(const struct evidence *evidence, const struct evidence_point **points)
{
    int count = 0;
    for (int i = 0; i < evidence->count; i++)
        if (evidence_models(evidence, &evidence->list[i]))
            points[count++] = &evidence->list[i];
    return count;
}

static void choose_runs(struct model *model)
{
    const struct evidence *evidence = &model->findings->evidence;
    AUTO_FREE const struct evidence_point **points =
        xcalloc((size_t)evidence->count + 1, sizeof *points);
    const int found = find_points(evidence, points);
    const int count = found < MODEL_RUNS ? found : MODEL_RUNS;
    const int best = count / 2, rest = found - best;

    model->trials = xcalloc((size_t)count + 1, sizeof *model->trials);
    model->told = xcalloc((size_t)count + 1, sizeof *model->told);
    for (int i = 0; i < count; i++) {
        const int at = i < best ? i : best + (int)((int64_t)(i - best) * rest / (count - best));
        model->trials[i] = *points[at]->trial;
        model->good += points[at]->good;
        model->trials[i].memo_count = 0; /* they belong to all of them */
        model->told[i] = i;
    }
    model->history = model->findings->view;
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
    fitted->warp = model->warp;
    for (int process = 0; process <= model->table.limits; process++)
        if (stand(model, fitted, process) < 0)
            return -1;
    return 0;
}

static int by_bent(const void *left, const void *right)
{
    const struct model_value *a = left, *b = right;
    return (a->bent > b->bent) - (a->bent < b->bent);
}

/* Standard errors are parts of their value then. False: there are values that have none. */
static bool take_logarithms(struct gp_table *table)
{
    for (int i = 0; i < table->known; i++)
        if (table->y[i] <= 0)
            return false;
    for (int i = 0; i < table->known; i++) {
        table->error[i] /= table->y[i];
        table->y[i] = log(table->y[i]);
    }
    return true;
}

/* The worst value is so much farther from the median than the best one is. */
static bool has_far_values(const struct gp_table *table)
{
    enum { FAR = 4 };
    AUTO_FREE int *order = xcalloc((size_t)table->known, sizeof *order);
    const double median = warp_median(table->y, table->known, order);
    const double best = table->y[order[0]], worst = table->y[order[table->known - 1]];
    return worst - median > FAR * (median - best);
}

static void find_scale(struct model *model)
{
    const struct gp_table *table = &model->table;
    const size_t known = (size_t)table->known;
    AUTO_FREE double *bent = xcalloc(known, sizeof *bent), *slope = xcalloc(known, sizeof *slope);

    model->logarithms = take_logarithms(&model->table);
    model->warp = model->logarithms && !has_far_values(table) ? WARP_IDENTITY : WARP_HALF_RANK;
    warp_values(model->warp, table->y, table->known, bent, slope);
    model->scale = xcalloc(known, sizeof *model->scale);
    for (size_t i = 0; i < known; i++)
        model->scale[i] = (struct model_value){bent[i], table->y[i]};
    qsort(model->scale, known, sizeof *model->scale, by_bent);
}

static int try_init(struct model *model, const char **why)
{
    *why = "not known: it takes 8 runs that have ended, 2 of them with a value";
    choose_runs(model);
    if (model->history.count < MODEL_RUNS_LEAST)
        return -1;
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

/* The last place whose bent value is not above it; 0 … known - 2. */
static int place_of(const struct model *model, double bent)
{
    int low = 0, high = model->table.known - 1;
    while (high - low > 1) {
        const int middle = low + (high - low) / 2;
        if (model->scale[middle].bent <= bent)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* By straight lines: between what was seen, below it as from the best to the median, above it as
 * from the median to the worst. */
static double unbent(const struct model *model, double bent)
{
    const int last = model->table.known - 1;
    const struct model_value *scale = model->scale, *middle = &scale[last / 2];
    const struct model_value *low = &scale[place_of(model, bent)], *high = low + 1;
    if (bent < scale->bent) {
        low = scale;
        high = middle->bent > scale->bent ? middle : &scale[last];
    } else if (bent > scale[last].bent) {
        low = middle->bent < scale[last].bent ? middle : scale;
        high = &scale[last];
    }
    const double gap = high->bent - low->bent;
    return low->value + (gap > 0 ? (bent - low->bent) / gap : 0) * (high->value - low->value);
}

/* Minimised. */
static double value_of(const struct model *model, double bent)
{
    const double value = unbent(model, bent);
    return model->logarithms ? exp(value) : value;
}

double model_shown(const struct model *model, double bent)
{
    return findings_shown(model->findings, value_of(model, bent));
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
    if (any_feasible(&model->table) || model->table.constraints == 0) {
        acquisition.objective = &model->standing[0].gp;
        acquisition.best = best_mean(model);
    }
    for (int i = 0; i < acquisition.constraints; i++) {
        acquisition.constraint[i] = &model->standing[1 + i].gp;
        acquisition.limit[i] = model->standing[1 + i].zero;
    }
    return acquisition;
}

struct prediction {
    double mean, deviation;
};

static struct prediction predict(const struct gp *gp, const double *x)
{
    struct prediction prediction;
    double variance;
    gp_predict(gp, x, 1, &prediction.mean, &variance);
    prediction.deviation = sqrt(fmax(variance, 1e-12));
    return prediction;
}

static double chance_below(const struct prediction *prediction, double limit)
{
    return normal_cdf((limit - prediction->mean) / prediction->deviation);
}

/* E max(best - value, 0) on the user's scale: the mean over quantiles of the part below. */
static double expected_below(const struct model *model, const struct prediction *prediction,
                             double best)
{
    const double chance = chance_below(prediction, best), from = value_of(model, best);
    double sum = 0;
    for (int i = 0; i < QUANTILES && chance > 0; i++) {
        const double z = normal_quantile(chance * (i + 0.5) / QUANTILES);
        sum += fmax(from - value_of(model, prediction->mean + z * prediction->deviation), 0);
    }
    return chance * sum / QUANTILES;
}

/* With the chances that all constraints are kept, and that it does not fail. */
static struct improvement promise_of(const struct model *model,
                                     const struct acquisition *acquisition, const double *values)
{
    AUTO_FREE double *x = xcalloc((size_t)model->table.code.count * GP_BATCH, sizeof *x);
    struct improvement found = {(double)NAN, 1};
    put_row(model, values, 0, x);
    for (int i = 0; i < acquisition->constraints; i++) {
        const struct prediction prediction = predict(acquisition->constraint[i], x);
        found.chance *= chance_below(&prediction, acquisition->limit[i]);
    }
    if (acquisition->objective) {
        const struct prediction prediction = predict(acquisition->objective, x);
        found.expected = found.chance * expected_below(model, &prediction, acquisition->best);
        found.chance *= chance_below(&prediction, acquisition->best);
    }
    return found;
}

struct improvement model_improvement(const struct model *model, double *values)
{
    const struct acquisition acquisition = acquisition_of(model);
    const double *best[INCUMBENTS];
    int count = 0;
    while (count < INCUMBENTS && count < model->good) {
        best[count] = model->trials[count].values;
        count++;
    }
    const struct gp_search search = {
        .acquisition = &acquisition,
        .code = &model->table.code,
        .space = model->history.space,
        .incumbents = best,
        .incumbent_count = count,
    };
    struct rng rng = rng_stream(SEED, RANDOM_SAMPLE, 0);
    gp_search_best(&search, &rng, values);
    return promise_of(model, &acquisition, values);
}
