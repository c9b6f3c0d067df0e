#include "search/regret_bound.h"

#include "memory.h"
#include "search/gp/code.h"
#include "search/numbers/sobol_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIT_EVALUATIONS = 60 };

double regret_beta(int dimensions, int runs)
{
    const double pi = 3.14159265358979323846, level = 0.1;
    return 0.4 * log(dimensions * ((double)runs * runs) * pi * pi / (6 * level));
}

/* --- the runs it learns from --------------------------------------------------------------------
 */

struct entry {
    double value;
    int number;
};

static int by_value(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->number - b->number;
}

/* entries [history->count] out, the best first. Returns how many it learns from; 0: too few. */
static int find_better_half(const struct history *history, struct entry *entries)
{
    int count = 0;
    for (int i = 0; i < history->count; i++) {
        const struct trial *trial = &history->trials[i];
        if (trial_is_feasible(history, trial) && fabs(trial->objective[0]) < 1e100)
            entries[count++] = (struct entry){trial->objective[0], i};
    }
    if (count < REGRET_RUNS_LEAST)
        return 0;
    qsort(entries, (size_t)count, sizeof *entries, by_value);
    const int half = count / 2 > REGRET_RUNS_LEAST ? count / 2 : REGRET_RUNS_LEAST;
    return half < REGRET_RUNS_MOST ? half : REGRET_RUNS_MOST;
}

/* --- the process --------------------------------------------------------------------------------
 */

struct bounding {
    const struct history *history;
    struct gp_code code;
    int n;
    double x[GP_COLUMNS_MAX][REGRET_RUNS_MOST];
    double y[REGRET_RUNS_MOST], own_noise[REGRET_RUNS_MOST];
    double deviation; /* of the values: y is in parts of it */
    struct gp_data data;
    struct gp gp;
};

/* false: all the same. */
static bool standardise(struct bounding *bounding, const struct entry *entries)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < bounding->n; i++)
        mean += entries[i].value / bounding->n;
    for (int i = 0; i < bounding->n; i++)
        squares += (entries[i].value - mean) * (entries[i].value - mean);
    bounding->deviation = sqrt(squares / bounding->n);
    if (entries[0].value == entries[bounding->n - 1].value)
        return false;
    for (int i = 0; i < bounding->n; i++) {
        const double error = bounding->history->trials[entries[i].number].error;
        bounding->y[i] = (entries[i].value - mean) / bounding->deviation;
        bounding->own_noise[i] = error > 0 ? pow(error / bounding->deviation, 2) : 0;
    }
    return true;
}

static void put_row(const struct bounding *bounding, const double *values, double *x, size_t stride)
{
    double row[GP_COLUMNS_MAX];
    gp_code_point(&bounding->code, bounding->history->space, values, row);
    for (int j = 0; j < bounding->code.count; j++)
        x[(size_t)j * stride] = row[j];
}

static int fit(struct bounding *bounding, const struct entry *entries)
{
    struct gp_fit fit;
    for (int i = 0; i < bounding->n; i++)
        put_row(bounding, bounding->history->trials[entries[i].number].values, &bounding->x[0][i],
                REGRET_RUNS_MOST);
    bounding->data = (struct gp_data){
        .columns = {bounding->x[0], REGRET_RUNS_MOST, bounding->code.choice, bounding->code.count},
        .dimensions = bounding->code.dimensions,
        .n = bounding->n,
        .known = bounding->n,
        .y = bounding->y,
        .own_noise = bounding->own_noise,
    };
    gp_fit_prior(&bounding->data, &fit);
    gp_fit_improve(&bounding->data, &fit, true, FIT_EVALUATIONS);
    return gp_condition(&bounding->data, &fit, &bounding->gp);
}

/* --- the bound ----------------------------------------------------------------------------------
 */

/* Least mean + weight * deviation over m points x [columns][GP_BATCH]. */
static double least_of(const struct bounding *bounding, const double *x, int m, double weight)
{
    double mean[GP_BATCH], variance[GP_BATCH], least = HUGE_VAL;
    gp_predict(&bounding->gp, x, m, mean, variance);
    for (int i = 0; i < m; i++)
        least = fmin(least, mean[i] + weight * sqrt(fmax(variance[i], 0)));
    return least;
}

static double least_of_runs(const struct bounding *bounding, double weight)
{
    double x[GP_COLUMNS_MAX * GP_BATCH], least = HUGE_VAL;
    for (int from = 0; from < bounding->n; from += GP_BATCH) {
        const int m = bounding->n - from < GP_BATCH ? bounding->n - from : GP_BATCH;
        for (int j = 0; j < bounding->code.count; j++)
            memcpy(x + (size_t)j * GP_BATCH, bounding->x[j] + from, (size_t)m * sizeof *x);
        least = fmin(least, least_of(bounding, x, m, weight));
    }
    return least;
}

static double least_of_space(const struct bounding *bounding, uint64_t seed, double weight)
{
    const struct space *space = bounding->history->space;
    double x[GP_COLUMNS_MAX * GP_BATCH], u[PARAMETERS_MAX], values[PARAMETERS_MAX];
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, 0);
    struct sobol *sobol = xcalloc(1, sizeof *sobol);
    double least = HUGE_VAL;

    sobol_scrambled(sobol, space->count, &rng);
    for (uint32_t i = 0; i < REGRET_POINTS; i++) {
        sobol_point(sobol, i, u);
        space_from_unit(space, u, values);
        put_row(bounding, values, x + i % GP_BATCH, GP_BATCH);
        if (i % GP_BATCH == GP_BATCH - 1)
            least = fmin(least, least_of(bounding, x, GP_BATCH, weight));
    }
    free(sobol);
    return least;
}

static void find_bound(const struct bounding *bounding, uint64_t seed, struct regret *out)
{
    const double weight = sqrt(regret_beta(bounding->code.dimensions, bounding->n));
    const double least =
        fmin(least_of_space(bounding, seed, -weight), least_of_runs(bounding, -weight));
    *out = (struct regret){
        .bound = bounding->deviation * fmax(least_of_runs(bounding, weight) - least, 0),
        .noise = bounding->deviation * sqrt(bounding->gp.kernel.noise),
        .runs = bounding->n,
    };
}

bool regret_bound(const struct history *history, uint64_t seed, struct regret *out)
{
    AUTO_FREE struct entry *entries = xcalloc((size_t)history->count + 1, sizeof *entries);
    AUTO_FREE struct bounding *bounding = xcalloc(1, sizeof *bounding);

    bounding->history = history;
    bounding->n = find_better_half(history, entries);
    gp_code_init(&bounding->code, history->space);
    if (bounding->n == 0 || bounding->code.dimensions == 0 || !standardise(bounding, entries) ||
        fit(bounding, entries) < 0)
        return false;
    find_bound(bounding, seed, out);
    gp_release(&bounding->gp);
    return true;
}
