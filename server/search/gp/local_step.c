#include "search/gp/local_step.h"

#include "memory.h"
#include "search/gp/local_model.h"
#include "search/numbers/lbfgs_box.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEMO_VERSION = 0x6c01, POINTS_MOST = 300, PENDING_MOST = 32, LOOKS = 64 };

static const double most_radius = 0.3, least_radius = 1e-9;

int local_memo_write(const struct local_memo *memo, double *out)
{
    const double numbers[LOCAL_MEMO] = {memo->radius, memo->expected, memo->base, memo->length, 0,
                                        MEMO_VERSION};
    memcpy(out, numbers, sizeof numbers);
    return LOCAL_MEMO;
}

int local_memo_find(const struct history *history, bool finished, struct local_memo *memo)
{
    for (int i = history->count - 1; i >= 0; i--) {
        const struct trial *trial = &history->trials[i];
        if (finished && trial->state == TRIAL_PENDING)
            continue;
        if (trial->memo_count < LOCAL_MEMO || trial->memo[trial->memo_count - 1] != MEMO_VERSION)
            continue;
        const double *numbers = trial->memo + trial->memo_count - LOCAL_MEMO;
        *memo = (struct local_memo){numbers[0], numbers[1], numbers[2], numbers[3]};
        return i;
    }
    return -1;
}

/* What may move, and the trials nearby in coordinates where the trust region is -1 … 1. */
struct region {
    int column[GP_COLUMNS_MAX];
    double centre[GP_COLUMNS_MAX], low[GP_COLUMNS_MAX], high[GP_COLUMNS_MAX];
    int d;
    double radius, base;
    double *s, *y; /* [n + pending][d], [n] and room */
    int n, pending;
};

static void find_free(struct region *region, const struct gp_table *table,
                      const struct space *space, int centre)
{
    const struct gp_code *code = &table->code;
    for (int j = 0; j < code->dimensions; j++) {
        const int i = code->parameter[j];
        if (!gp_is_continuous(&space->parameters[i]) || isnan(table->trials[centre]->values[i]))
            continue;
        region->column[region->d] = j;
        region->centre[region->d++] = table->x[j * table->stride + centre];
    }
}

/* The same in everything that does not move. */
static bool is_alike(const struct gp_table *table, const struct region *region, int row, int centre)
{
    for (int j = 0, next = 0; j < table->code.count; j++) {
        const double *x = table->x + j * table->stride;
        if (next < region->d && region->column[next] == j)
            next++;
        else if (x[row] != x[centre])
            return false;
    }
    return true;
}

struct near_row {
    double distance;
    int row;
};

static int by_distance(const void *left, const void *right)
{
    const struct near_row *a = left, *b = right;
    if (a->distance != b->distance)
        return a->distance < b->distance ? -1 : 1;
    return a->row - b->row;
}

static double distance(const struct gp_table *table, const struct region *region, int row)
{
    double sum = 0;
    for (int j = 0; j < region->d; j++) {
        const double x = table->x[region->column[j] * table->stride + row];
        sum += (x - region->centre[j]) * (x - region->centre[j]);
    }
    return sqrt(sum);
}

/* The nearest rows, those with values that the objective gave; more than a quadratic has
 * coefficients are of little use. */
static struct near_row *find_near(const struct gp_table *table, const struct region *region,
                                  int centre, int *out_count)
{
    struct near_row *rows = xcalloc(table->known + 1, sizeof *rows);
    int count = 0;
    for (int i = 0; i < table->known; i++)
        if (is_alike(table, region, i, centre) && table->trials[i]->state == TRIAL_DONE)
            rows[count++] = (struct near_row){distance(table, region, i), i};
    qsort(rows, count, sizeof *rows, by_distance);
    const int wanted = (region->d + 1) * (region->d + 2) / 2 + 2 * region->d + 2;
    const int most = wanted < POINTS_MOST ? wanted : POINTS_MOST;
    *out_count = count < most ? count : most;
    return rows;
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* The first radius: how far the points of a slope are. */
static double first_radius(const struct region *region, const struct near_row *rows, int count)
{
    const int place = count - 1 < region->d + 1 ? count - 1 : region->d + 1;
    return clip(rows[place].distance / sqrt(region->d), 0.003, 0.1);
}

/* The radius that the last step leaves behind: it grows where the model was right and the step was
 * held by it, and shrinks where the model was wrong, or right about a short step. 0: none yet. */
static double next_radius(const struct history *history)
{
    struct local_memo last;
    const int number = local_memo_find(history, true, &last);
    if (number < 0)
        return local_memo_find(history, false, &last) < 0 ? 0 : last.radius;
    const struct trial *trial = &history->trials[number];
    if (last.expected <= 0)
        return last.radius;
    const double gain =
        trial_is_feasible(history, trial) ? last.base - trial->objective[0] : -HUGE_VAL;
    const double ratio = gain / last.expected;
    if (ratio > 0.5 && last.length > 0.9)
        return fmin(2 * last.radius, most_radius);
    if (ratio < 0.1)
        return clip(last.length, 0.1, 0.5) * last.radius;
    return last.length < 0.2 ? fmax(5 * last.length, 0.1) * last.radius : last.radius;
}

static void place(struct region *region, const struct gp_table *table, int row, int to)
{
    for (int j = 0; j < region->d; j++) {
        const double x = table->x[region->column[j] * table->stride + row];
        region->s[(size_t)to * region->d + j] = (x - region->centre[j]) / region->radius;
    }
}

static double largest(const double *s, int d)
{
    double most = 0;
    for (int j = 0; j < d; j++)
        most = fmax(most, fabs(s[j]));
    return most;
}

/* Those within twice the region follow the ones with values. */
static void place_pending(struct region *region, const struct gp_table *table, int centre)
{
    for (int i = table->known; i < table->n && region->pending < PENDING_MOST; i++) {
        const int to = region->n + region->pending;
        place(region, table, i, to);
        region->pending += is_alike(table, region, i, centre) &&
                           largest(region->s + (size_t)to * region->d, region->d) <= 2;
    }
}

static void lay_out(struct region *region, const struct gp_table *table, int centre)
{
    AUTO_FREE struct near_row *rows = find_near(table, region, centre, &region->n);
    if (region->radius <= 0)
        region->radius = first_radius(region, rows, region->n);
    const int room = region->n + PENDING_MOST + 1;
    region->s = xcalloc((size_t)room * region->d, sizeof(double));
    region->y = xcalloc(room, sizeof(double));
    region->base = table->y[centre];
    for (int i = 0; i < region->n; i++) {
        place(region, table, rows[i].row, i);
        region->y[i] = table->y[rows[i].row] - region->base;
    }
    place_pending(region, table, centre);
    for (int j = 0; j < region->d; j++) {
        region->low[j] = clip(-region->centre[j] / region->radius, -1, 0);
        region->high[j] = clip((1 - region->centre[j]) / region->radius, 0, 1);
    }
}

/* What is pending counts with the value that the model without it expects. */
static int fit_model(struct region *region, struct local_model *model)
{
    const int d = region->d, n = region->n;
    if (n < 2 || local_model_fit(model, region->s, region->y, n, d, region->radius) < 0)
        return -1;
    if (region->pending == 0)
        return 0;
    for (int i = n; i < n + region->pending; i++)
        region->y[i] = local_model_mean(model, region->s + (size_t)i * d, NULL);
    local_model_release(model);
    return local_model_fit(model, region->s, region->y, n + region->pending, d, region->radius);
}

/* Less than a tenth of the region from a point that is pending. */
static bool is_pending(const struct region *region, const double *s)
{
    double apart[GP_COLUMNS_MAX];
    for (int i = region->n; i < region->n + region->pending; i++) {
        for (int j = 0; j < region->d; j++)
            apart[j] = s[j] - region->s[(size_t)i * region->d + j];
        if (largest(apart, region->d) < 0.1)
            return true;
    }
    return false;
}

static double mean_at(void *context, const double *s, double *slope)
{
    return local_model_mean(context, s, slope);
}

/* Least mean of the model in the region: s [d]. Returns how much below the centre it is. */
static double minimise_model(const struct region *region, struct local_model *model, double *s)
{
    const struct box box = {region->low, region->high, region->d, 300, 0, 0};
    memset(s, 0, region->d * sizeof *s);
    const double least = minimise_in_box(&box, mean_at, model, s);
    return model->constant - least;
}

/* Of points drawn in the region, the one that the model knows least about. */
static void look_around(const struct region *region, const struct local_model *model,
                        struct rng *rng, double *s)
{
    double look[GP_COLUMNS_MAX], most = -1;
    for (int i = 0; i < LOOKS; i++) {
        for (int j = 0; j < region->d; j++)
            look[j] = clip(rng_normal(rng) / sqrt(region->d), region->low[j], region->high[j]);
        const double variance = local_model_variance(model, look);
        if (variance > most) {
            most = variance;
            memcpy(s, look, region->d * sizeof *s);
        }
    }
}

/* s [d] and what is to be remembered; false: the floor of what can be told apart is reached. */
static bool choose_step(const struct region *region, struct local_model *model, struct rng *rng,
                        double *s, struct local_memo *memo)
{
    const double floor = 4e-16 * fabs(region->base) + 1e-300;
    double expected = minimise_model(region, model, s);
    const double doubt = sqrt(local_model_variance(model, s));

    if (expected + doubt < floor)
        return false;
    if (!(expected >= 0.1 * doubt) || is_pending(region, s)) {
        look_around(region, model, rng, s);
        expected = 0;
    }
    *memo = (struct local_memo){region->radius, expected, region->base, largest(s, region->d)};
    return true;
}

bool local_step(const struct gp_table *table, const struct history *history, int centre,
                struct rng *rng, double *values, struct local_memo *memo)
{
    struct region region = {.radius = next_radius(history)};
    const bool at_end = region.radius > 0 && region.radius < least_radius;
    struct local_model model;
    double s[GP_COLUMNS_MAX];
    bool found = false;

    find_free(&region, table, history->space, centre);
    if (region.d == 0 || at_end)
        return false;
    lay_out(&region, table, centre);
    if (fit_model(&region, &model) == 0) {
        found = choose_step(&region, &model, rng, s, memo);
        local_model_release(&model);
    }
    memcpy(values, table->trials[centre]->values, history->space->count * sizeof *values);
    for (int j = 0; j < region.d && found; j++) {
        const int parameter = table->code.parameter[region.column[j]];
        const double u = clip(region.centre[j] + region.radius * s[j], 0, 1);
        values[parameter] = parameter_from_unit(&history->space->parameters[parameter], u);
    }
    if (found)
        space_settle(history->space, values);
    free(region.s);
    free(region.y);
    return found;
}
