#include "search/gp/fitted.h"

#include "memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIT_MOST = 400,        /* points that lengths are fitted on */
    CHOICE_MOST = 200,     /* the same while a bend is chosen, with many starts */
    FIT_EVALUATIONS = 40,  /* of each start */
    MEMO_VERSION = 0x6701, /* "g", 1 */
    MEMO_HEAD = 6,
    MEMO_ROOM = 16, /* left for what comes behind */
};

/* --- memo ---------------------------------------------------------------------------------------
 */

int gp_fitted_write(const struct gp_fitted *fitted, int columns, double *memo)
{
    const double head[MEMO_HEAD] = {MEMO_VERSION,     columns,           fitted->limits,
                                    fitted->finished, fitted->chosen_at, fitted->warp};
    int count = MEMO_HEAD;
    if (MEMO_HEAD + (1 + fitted->limits) * gp_fit_count(columns) > MEMO_MAX - MEMO_ROOM)
        return 0;
    memcpy(memo, head, sizeof head);
    for (int process = 0; process <= fitted->limits; process++) {
        memcpy(memo + count, fitted->fit[process].log, gp_fit_count(columns) * sizeof *memo);
        count += gp_fit_count(columns);
    }
    return count;
}

bool gp_fitted_read(struct gp_fitted *fitted, int columns, const double *memo, int count)
{
    if (count < MEMO_HEAD || memo[0] != MEMO_VERSION || memo[1] != columns ||
        !(memo[2] >= 0 && memo[2] <= GP_LIMITS_MAX))
        return false;
    fitted->limits = (int)memo[2];
    if (count < MEMO_HEAD + (1 + fitted->limits) * gp_fit_count(columns))
        return false;
    if (!(memo[3] >= 0 && memo[4] >= 0 && memo[5] >= 0 && memo[5] < WARP_KINDS))
        return false;
    fitted->finished = (int)fmin(memo[3], 1e9);
    fitted->chosen_at = (int)fmin(memo[4], 1e9);
    fitted->warp = (enum warp_kind)memo[5];
    for (int process = 0; process <= fitted->limits; process++)
        memcpy(fitted->fit[process].log, memo + MEMO_HEAD + process * gp_fit_count(columns),
               gp_fit_count(columns) * sizeof *memo);
    return true;
}

bool gp_fitted_newest(struct gp_fitted *fitted, int columns, const struct history *history)
{
    for (int i = history->count - 1; i >= 0; i--)
        if (gp_fitted_read(fitted, columns, history->trials[i].memo, history->trials[i].memo_count))
            return true;
    return false;
}

/* --- values of a process ------------------------------------------------------------------------
 */

/* Mean 0 and deviation 1; where 0 goes. */
static double standardise(const double *values, int n, double *y, double *slope)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++)
        mean += values[i] / n;
    for (int i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    const double deviation = squares > 0 ? sqrt(squares / n) : 1;
    for (int i = 0; i < n; i++) {
        y[i] = (values[i] - mean) / deviation;
        slope[i] = 1 / deviation;
    }
    return -mean / deviation;
}

/* The variance of what a failed trial says of anything but that it failed. */
static const double nothing_known = 1e6;

/* Values and noise of a process; -1: the bend is none for these values. */
static int lay_out(struct gp_standing *standing, const struct gp_table *table, int process,
                   enum warp_kind warp, double *slope)
{
    const int known = table->known;
    *standing = (struct gp_standing){.y = xcalloc(known + 1, sizeof(double)),
                                     .own_noise = xcalloc(table->n + 1, sizeof(double))};
    standing->data = (struct gp_data){.columns = gp_table_columns(table),
                                      .dimensions = table->code.dimensions,
                                      .n = table->n,
                                      .known = known,
                                      .y = standing->y,
                                      .own_noise = standing->own_noise};
    if (process > 0)
        standing->zero = standardise(table->limited[process - 1], known, standing->y, slope);
    else if (warp_values(warp, table->y, known, standing->y, slope) < 0)
        return -1;
    for (int i = 0; i < known; i++) {
        if (process == 0)
            standing->own_noise[i] = table->error[i] * table->error[i] * slope[i] * slope[i];
        if (table->failed[i] && process <= table->constraints)
            standing->own_noise[i] = nothing_known;
    }
    return 0;
}

static int lay_out_fitted(struct gp_standing *standing, const struct gp_fitted *fitted,
                          const struct gp_table *table, int process, double *slope)
{
    if (lay_out(standing, table, process, fitted->warp, slope) == 0)
        return 0;
    gp_standing_release(standing); /* a log was chosen before there was a value below zero */
    return lay_out(standing, table, process, WARP_IDENTITY, slope);
}

int gp_stand(struct gp_standing *standing, const struct gp_fitted *fitted,
             const struct gp_table *table, int process)
{
    AUTO_FREE double *slope = xcalloc(table->known + 1, sizeof *slope);
    lay_out_fitted(standing, fitted, table, process, slope);
    if (gp_condition(&standing->data, &fitted->fit[process], &standing->gp) == 0)
        return 0;
    gp_standing_release(standing);
    return -1;
}

void gp_standing_release(struct gp_standing *standing)
{
    gp_release(&standing->gp);
    free(standing->y);
    free(standing->own_noise);
    standing->y = standing->own_noise = NULL;
}

/* --- fitting ------------------------------------------------------------------------------------
 */

/* The data without its pending points; of many points evenly spread ones. */
static struct gp_data thin(const struct gp_standing *standing, int most, double **pool)
{
    struct gp_data data = standing->data;
    const int n = data.known < most ? data.known : most;
    const int columns = data.columns.count;
    double *x = *pool = xcalloc((size_t)n * (columns + 2) + 1, sizeof *x);
    double *y = x + (size_t)n * columns, *noise = y + n;

    for (int i = 0; i < n; i++) {
        const int from = (int)((int64_t)i * data.known / n);
        for (int j = 0; j < columns; j++)
            x[j * n + i] = data.columns.x[j * data.columns.stride + from];
        y[i] = data.y[from];
        noise[i] = data.own_noise[from];
    }
    data.columns.x = x;
    data.columns.stride = n;
    data.y = y;
    data.own_noise = noise;
    data.n = data.known = n;
    return data;
}

static double improve(const struct gp_standing *standing, struct gp_fit *fit, bool fresh)
{
    double *pool;
    const struct gp_data data = thin(standing, fresh ? CHOICE_MOST : FIT_MOST, &pool);
    const double value = gp_fit_improve(&data, fit, fresh, FIT_EVALUATIONS);
    free(pool);
    return value;
}

/* Leave-one-out log density, in the user's unit, of the values up to the median. */
static double better_half_density(const struct gp_standing *standing, const struct gp_fit *fit,
                                  const struct gp_table *table, const double *slope)
{
    const double *y = table->y;
    struct gp_data data = standing->data;
    const int n = data.n = data.known;
    AUTO_FREE double *mean = xcalloc(n, sizeof *mean), *variance = xcalloc(n, sizeof *variance);
    AUTO_FREE int *order = xcalloc(n, sizeof *order);
    const double median = warp_median(y, n, order);
    struct gp gp;
    double sum = 0;

    if (gp_condition(&data, fit, &gp) < 0)
        return -HUGE_VAL;
    gp_leave_one_out(&gp, mean, variance);
    gp_release(&gp);
    for (int i = 0; i < n; i++) {
        const double off = data.y[i] - mean[i];
        if (y[i] <= median && !table->failed[i])
            sum += -0.5 * log(variance[i]) - 0.5 * off * off / variance[i] + log(slope[i]);
    }
    return isnan(sum) ? -HUGE_VAL : sum;
}

/* Each bend gets its own fit; the best one stays. */
static void choose_warp(struct gp_fitted *fitted, const struct gp_table *table, int only_warp)
{
    const struct gp_fit start = fitted->fit[0];
    AUTO_FREE double *slope = xcalloc(table->known + 1, sizeof *slope);
    double best = -HUGE_VAL;

    fitted->warp = WARP_IDENTITY;
    for (int warp = 0; warp < WARP_KINDS; warp++) {
        struct gp_standing standing;
        struct gp_fit fit = start;
        if (only_warp >= 0 && warp != only_warp)
            continue;
        if (lay_out(&standing, table, 0, warp, slope) == 0) {
            improve(&standing, &fit, true);
            const double density = better_half_density(&standing, &fit, table, slope);
            if (density > best || warp == only_warp) {
                best = density;
                fitted->warp = warp;
                fitted->fit[0] = fit;
            }
        }
        gp_standing_release(&standing);
    }
}

static void refit(struct gp_fitted *fitted, const struct gp_table *table, int process, bool fresh)
{
    AUTO_FREE double *slope = xcalloc(table->known + 1, sizeof *slope);
    struct gp_standing standing;
    lay_out_fitted(&standing, fitted, table, process, slope);
    improve(&standing, &fitted->fit[process], fresh);
    gp_standing_release(&standing);
}

/* Of processes from this one on. */
static void start_at_prior(struct gp_fitted *fitted, const struct gp_table *table, int process)
{
    const struct gp_data data = {.columns = gp_table_columns(table),
                                 .dimensions = table->code.dimensions};
    for (; process <= table->limits; process++)
        gp_fit_prior(&data, &fitted->fit[process]);
}

void gp_fitted_init(struct gp_fitted *fitted, const struct gp_table *table,
                    const struct history *history, int only_warp)
{
    const int finished = table->finished;
    if (!gp_fitted_newest(fitted, table->code.count, history))
        *fitted = (struct gp_fitted){.limits = -1}; /* not even of the objective */
    start_at_prior(fitted, table, 1 + fitted->limits);
    fitted->limits = table->limits;
    const bool anew = finished >= 1.3 * fitted->chosen_at || finished < fitted->finished;
    const bool due = finished != fitted->finished &&
                     (finished <= 100 || finished >= 1.05 * fitted->finished || anew);
    if (!due)
        return;
    if (anew) {
        choose_warp(fitted, table, only_warp);
        fitted->chosen_at = finished;
    } else {
        refit(fitted, table, 0, false);
    }
    for (int i = 0; i < table->limits; i++)
        refit(fitted, table, 1 + i, anew);
    fitted->finished = finished;
}
