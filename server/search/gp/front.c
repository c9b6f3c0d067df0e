#include "search/gp/front.h"

#include "memory.h"
#include "search/fronts/hypervolume.h"
#include "search/fronts/pareto.h"
#include "search/gp/acquisition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_variance = 1e-12;

/* --- what is best ------------------------------------------------------------------------------*/

static const struct trial *trial_at(const struct history *history, int i)
{
    return i < history->earlier_count ? &history->earlier[i]
                                      : &history->trials[i - history->earlier_count];
}

static bool is_good(const struct history *history, const struct trial *trial)
{
    if (!trial_is_feasible(history, trial))
        return false;
    for (int k = 0; k < history->objectives; k++)
        if (!isfinite(trial->objective[k]))
            return false;
    return true;
}

/* Values of the trials that no other is better than, as they were told. */
static void find_incumbents(struct gp_front *front, const struct history *history)
{
    const int all = history->earlier_count + history->count;
    const size_t size = (size_t)history->objectives;
    AUTO_FREE double *points = xcalloc((size_t)all * size + 1, sizeof *points);
    AUTO_FREE int *chosen = xcalloc((size_t)all + 1, sizeof *chosen);
    AUTO_FREE const struct trial **good = xcalloc((size_t)all + 1, sizeof *good);
    int count = 0;

    for (int i = 0; i < all; i++) {
        const struct trial *trial = trial_at(history, i);
        if (!is_good(history, trial))
            continue;
        memcpy(points + count * size, trial->objective, size * sizeof *points);
        good[count++] = trial;
    }
    front->feasible = count > 0;
    front->incumbent_count = pareto_best(points, count, history->objectives, chosen);
    front->incumbents = xcalloc((size_t)front->incumbent_count + 1, sizeof *front->incumbents);
    for (int i = 0; i < front->incumbent_count; i++)
        front->incumbents[i] = good[chosen[i]]->values;
}

/* --- as the processes see it -------------------------------------------------------------------*/

/* Points whose means are wanted: rows [columns][GP_BATCH], a batch at a time. */
struct batch {
    const struct gp_several *several;
    double *x;
    int count;
    double *means; /* [rows so far][objectives] */
    int rows;
};

static void flush(struct batch *batch)
{
    const int objectives = batch->several->objectives;
    double mean[GP_BATCH];

    for (int k = 0; k < objectives && batch->count > 0; k++) {
        gp_predict_mean(&batch->several->standing[k].gp, batch->x, batch->count, mean);
        for (int i = 0; i < batch->count; i++)
            batch->means[(size_t)(batch->rows + i) * objectives + k] = mean[i];
    }
    batch->rows += batch->count;
    batch->count = 0;
}

static void add_row(struct batch *batch, const struct space *space, const double *values)
{
    const struct gp_code *code = gp_several_code(batch->several);
    double row[GP_COLUMNS_MAX];

    gp_code_point(code, space, values, row);
    for (int j = 0; j < code->count; j++)
        batch->x[(size_t)j * GP_BATCH + batch->count] = row[j];
    if (++batch->count == GP_BATCH)
        flush(batch);
}

/* Means of the best trials and, since their results are on the way, of the pending ones. Returns
 * how many; means [that many][objectives] is the caller's. */
static int believed_points(const struct gp_front *front, const struct history *history,
                           double **out_means)
{
    const struct gp_several *several = front->several;
    const struct gp_table *table = &several->tables[0];
    const size_t most = (size_t)front->incumbent_count + (table->n - table->known);
    AUTO_FREE double *x = xcalloc((size_t)table->code.count * GP_BATCH + 1, sizeof *x);
    struct batch batch = {.several = several, .x = x};

    batch.means = xcalloc(most * several->objectives + 1, sizeof *batch.means);
    for (int i = 0; i < front->incumbent_count; i++)
        add_row(&batch, history->space, front->incumbents[i]);
    for (int i = table->known; i < table->n; i++)
        add_row(&batch, history->space, table->trials[i]->values);
    flush(&batch);
    *out_means = batch.means;
    return batch.rows;
}

static void widen(double value, double *low, double *high)
{
    *low = fmin(*low, value);
    *high = fmax(*high, value);
}

/* A quarter of the way from the worst of the front to the worst of all, and a tenth of the range
 * beyond. Just beyond the front, a front that is one point only would never be left sideways (on
 * ZDT2 it was not, in 60 runs); beyond the worst of all, the ends count too much (DTLZ2). */
static void set_reference(const struct gp_several *several, const double *points, int count,
                          double *reference)
{
    const int objectives = several->objectives;

    for (int k = 0; k < objectives; k++) {
        const struct gp_data *data = &several->standing[k].data;
        double front = -HUGE_VAL, low = HUGE_VAL, high = -HUGE_VAL;
        for (int i = 0; i < count; i++)
            front = fmax(front, points[(size_t)i * objectives + k]);
        for (int i = 0; i < data->known; i++)
            widen(data->y[i], &low, &high);
        if (count == 0 || front > high)
            front = high;
        const double range = high - low > 0 ? high - low : 1;
        reference[k] = front + 0.25 * (high - front) + 0.1 * range;
    }
}

static void cut_boxes(struct gp_front *front, const double *points, int count)
{
    const int objectives = front->several->objectives;
    const size_t size = (size_t)objectives;
    AUTO_FREE int *chosen = xcalloc((size_t)count + 1, sizeof *chosen);
    AUTO_FREE int *kept = xcalloc((size_t)count + 1, sizeof *kept);
    AUTO_FREE double *best = xcalloc((size_t)count * size + 1, sizeof *best);
    double reference[OBJECTIVES_MAX];

    int found = pareto_best(points, count, objectives, chosen);
    for (int i = 0; i < found; i++)
        memcpy(best + i * size, points + chosen[i] * size, size * sizeof *best);
    set_reference(front->several, best, found, reference);

    const int most = hypervolume_boxes_points(objectives);
    AUTO_FREE double *fewer = xcalloc((size_t)most * size, sizeof *fewer);
    const double *set = best;
    if (found > most) {
        hypervolume_subset(best, found, objectives, reference, most, kept);
        for (int i = 0; i < most; i++)
            memcpy(fewer + i * size, best + kept[i] * size, size * sizeof *fewer);
        set = fewer;
        found = most;
    }
    hypervolume_boxes_init(&front->boxes, set, found, objectives, reference);
}

void gp_front_init(struct gp_front *front, const struct gp_several *several,
                   const struct history *history)
{
    double *means;

    *front = (struct gp_front){.several = several};
    find_incumbents(front, history);
    const int count = believed_points(front, history, &means);
    cut_boxes(front, means, count);
    free(means);
}

void gp_front_release(struct gp_front *front)
{
    hypervolume_boxes_release(&front->boxes);
    free(front->incumbents);
    *front = (struct gp_front){0};
}

/* --- what is promised --------------------------------------------------------------------------*/

static void add_improvement(const struct gp_front *front, const double *x, int m, double *promise)
{
    const int objectives = front->several->objectives;
    double mean[OBJECTIVES_MAX][GP_BATCH], variance[OBJECTIVES_MAX][GP_BATCH];

    for (int k = 0; k < objectives; k++)
        gp_predict(&front->several->standing[k].gp, x, m, mean[k], variance[k]);
    for (int i = 0; i < m; i++) {
        double at[OBJECTIVES_MAX], sigma[OBJECTIVES_MAX];
        for (int k = 0; k < objectives; k++) {
            at[k] = mean[k][i];
            sigma[k] = sqrt(variance[k][i] + least_variance);
        }
        promise[i] += hypervolume_log_improvement(&front->boxes, at, sigma);
    }
}

void gp_front_promise(const struct gp_front *front, const double *x, int m, double *promise)
{
    const struct gp_several *several = front->several;
    struct acquisition chances = {.constraints = several->limits};

    for (int c = 0; c < several->limits; c++) {
        const struct gp_standing *standing = &several->standing[several->objectives + c];
        chances.constraint[c] = &standing->gp;
        chances.limit[c] = standing->zero;
    }
    acquisition_batch(&chances, x, m, promise); /* 0 where there are no limits */
    if (front->feasible || several->tables[0].constraints == 0)
        add_improvement(front, x, m, promise);
}
