#include "search/gp/search.h"

#include "memory.h"
#include "search/numbers/lbfgs_box.h"
#include "search/numbers/sobol_points.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPREAD_MAX = 1024, /* Sobol' points */
    NEAR_MAX = 2000,   /* normal ones around incumbents */
    SCREEN_LEAST = 512,
    STARTS = 10,
    TRY_ALL = 16, /* of a discrete coordinate: every value; of more values some */
    ROUNDS = 8,
};

/* Screening is given about this many multiplications: 3,000 points up to 600 trials, 1,400 at
 * 1,000. */
static const double screening = 1.5e9;

struct candidate {
    double *values, *row;
    double promise;
};

static struct candidate candidate_new(const struct gp_search *search)
{
    return (struct candidate){xcalloc(search->space->count, sizeof(double)),
                              xcalloc(search->code->count + 1, sizeof(double)), -(double)INFINITY};
}

static void candidate_free(struct candidate *candidate)
{
    free(candidate->values);
    free(candidate->row);
}

static void copy(const struct gp_search *search, struct candidate *to, const struct candidate *from)
{
    memcpy(to->values, from->values, search->space->count * sizeof(double));
    memcpy(to->row, from->row, search->code->count * sizeof(double));
    to->promise = from->promise;
}

static const struct gp_data *data_of(const struct gp_search *search)
{
    const struct acquisition *acquisition = search->acquisition;
    return (acquisition->objective ? acquisition->objective : acquisition->constraint[0])->data;
}

/* A row of the data, known or pending, or as good as one. */
static bool is_known(const struct gp_search *search, const double *row)
{
    const struct gp_data *data = data_of(search);
    for (int i = 0; i < data->n; i++) {
        int same = 0;
        while (same < data->columns.count &&
               fabs(data->columns.x[same * data->columns.stride + i] - row[same]) < 1e-9)
            same++;
        if (same == data->columns.count)
            return true;
    }
    return false;
}

/* The value that one parameter shall not have. */
static bool is_same_again(const struct gp_search *search, const double *values)
{
    return search->differs && values[search->other] == search->unlike;
}

/* Where coordinate i may lie. */
static void reach_of(const struct gp_search *search, int i, double *low, double *high)
{
    *low = 0;
    *high = 1;
    if (!search->around || !gp_is_continuous(&search->space->parameters[i]))
        return;
    const double u = parameter_to_unit(&search->space->parameters[i], search->around[i]);
    *low = fmax(u - search->reach, 0);
    *high = fmin(u + search->reach, 1);
}

/* Rows and promises of candidates whose values are set. */
static void judge(const struct gp_search *search, struct candidate *candidates, int count)
{
    const int columns = search->code->count;
    AUTO_FREE double *x = xcalloc((size_t)columns * GP_BATCH + 1, sizeof *x);
    double promise[GP_BATCH];

    for (int start = 0; start < count; start += GP_BATCH) {
        const int m = count - start < GP_BATCH ? count - start : GP_BATCH;
        for (int i = 0; i < m; i++) {
            struct candidate *candidate = &candidates[start + i];
            gp_code_point(search->code, search->space, candidate->values, candidate->row);
            for (int j = 0; j < columns; j++)
                x[j * GP_BATCH + i] = candidate->row[j];
        }
        acquisition_batch(search->acquisition, x, m, promise);
        for (int i = 0; i < m; i++) {
            struct candidate *candidate = &candidates[start + i];
            const bool unwanted =
                is_known(search, candidate->row) || is_same_again(search, candidate->values);
            candidate->promise = unwanted || isnan(promise[i]) ? -(double)INFINITY : promise[i];
        }
    }
}

static double within(const struct gp_search *search, int i, double u)
{
    double low, high;
    reach_of(search, i, &low, &high);
    return fmin(fmax(u, low), high);
}

/* Over all that may be. */
static void draw_anywhere(const struct gp_search *search, const struct sobol *sobol, int number,
                          double *u, double *values)
{
    sobol_point(sobol, number, u);
    for (int i = 0; search->around && i < search->space->count; i++) {
        double low, high;
        reach_of(search, i, &low, &high);
        u[i] = low + (high - low) * u[i];
    }
    space_from_unit(search->space, u, values);
}

/* Some coordinates of an incumbent moved: numbers by a normal step of 0.05 or 0.01 of the range,
 * choices drawn anew. About 20 of them at most. */
static void draw_near(const struct gp_search *search, int number, struct rng *rng, double *u,
                      double *values)
{
    const struct space *space = search->space;
    const double *from = search->incumbents[number % search->incumbent_count];
    const double spread = number / search->incumbent_count % 2 ? 0.01 : 0.05;
    const double often = number % 3 == 0 ? 1 : 0.5;
    const double chance = fmin(often, 20.0 / search->code->dimensions);
    const int drawn = search->code->parameter[rng_below(rng, search->code->dimensions)];
    const int forced = search->differs ? search->other : drawn;

    space_to_unit(space, from, u);
    for (int i = 0; i < space->count; i++) {
        const double draw = rng_uniform(rng), normal = rng_normal(rng), fresh = rng_uniform(rng);
        if (i != forced && draw >= chance)
            continue;
        const struct parameter *parameter = &space->parameters[i];
        if (parameter->type != PARAMETER_CHOICE && !(search->differs && i == forced))
            u[i] = within(search, i, u[i] + spread * normal);
        else if (i == forced || draw < 0.2 * chance)
            u[i] = fresh;
    }
    space_from_unit(space, u, values);
}

static int screen_count(const struct gp_search *search)
{
    const double n = data_of(search)->n;
    const double count = screening / (n * n + 60 * n + 1);
    return (int)fmin(fmax(count, SCREEN_LEAST), SPREAD_MAX + NEAR_MAX);
}

static struct candidate *screen(const struct gp_search *search, struct rng *rng, int count)
{
    const struct space *space = search->space;
    struct candidate *candidates = xcalloc(count, sizeof *candidates);
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    AUTO_FREE double *u = xcalloc(space->count, sizeof *u);
    const int spread = search->incumbent_count > 0 ? count / 3 : count;

    sobol_scrambled(sobol, space->count, rng);
    for (int i = 0; i < count; i++) {
        candidates[i] = candidate_new(search);
        if (i < spread) {
            draw_anywhere(search, sobol, i, u, candidates[i].values);
        } else {
            draw_near(search, i - spread, rng, u, candidates[i].values);
        }
    }
    judge(search, candidates, count);
    return candidates;
}

/* The continuous coordinates that apply at a point, in lengths of the process. */
struct polish {
    const struct gp_search *search;
    int column[GP_COLUMNS_MAX];
    double length[GP_COLUMNS_MAX];
    int count;
    double *row; /* the other columns stay */
};

static double negative_acquisition(void *context, const double *z, double *gradient)
{
    const struct polish *polish = context;
    double slope[GP_COLUMNS_MAX];
    for (int i = 0; i < polish->count; i++)
        polish->row[polish->column[i]] = fmin(fmax(z[i] * polish->length[i], 0), 1);
    const double value = acquisition_slope(polish->search->acquisition, polish->row, slope);
    for (int i = 0; i < polish->count; i++)
        gradient[i] = -slope[polish->column[i]] * polish->length[i];
    return -value;
}

static void find_continuous(struct polish *polish, const struct candidate *candidate)
{
    const struct gp_search *search = polish->search;
    const struct acquisition *acquisition = search->acquisition;
    const struct gp *gp =
        acquisition->objective ? acquisition->objective : acquisition->constraint[0];
    for (int j = 0; j < search->code->dimensions; j++) {
        const int i = search->code->parameter[j];
        if (!gp_is_continuous(&search->space->parameters[i]) || isnan(candidate->values[i]))
            continue;
        polish->column[polish->count] = j;
        polish->length[polish->count++] = fmin(fmax(1 / sqrt(gp->kernel.weight[j]), 0.01), 1);
    }
}

/* Climbs over the continuous coordinates; a point that is no better is not taken. */
static void climb(const struct gp_search *search, struct candidate *candidate,
                  struct candidate *spare, int evaluations)
{
    double z[GP_COLUMNS_MAX], low[GP_COLUMNS_MAX], high[GP_COLUMNS_MAX];
    struct polish polish = {.search = search, .row = spare->row};

    copy(search, spare, candidate);
    find_continuous(&polish, candidate);
    if (polish.count == 0)
        return;
    for (int i = 0; i < polish.count; i++) {
        z[i] = candidate->row[polish.column[i]] / polish.length[i];
        reach_of(search, search->code->parameter[polish.column[i]], &low[i], &high[i]);
        low[i] /= polish.length[i];
        high[i] /= polish.length[i];
    }
    const struct box box = {low, high, polish.count, evaluations, 1e-3, 1e-6};
    minimise_in_box(&box, negative_acquisition, &polish, z);
    for (int i = 0; i < polish.count; i++) {
        const int parameter = search->code->parameter[polish.column[i]];
        const double u = fmin(fmax(z[i] * polish.length[i], 0), 1);
        spare->values[parameter] = parameter_from_unit(&search->space->parameters[parameter], u);
    }
    space_settle(search->space, spare->values); /* conditions may hang on what has moved */
    judge(search, spare, 1);
    if (spare->promise > candidate->promise)
        copy(search, candidate, spare);
}

/* The values that a discrete coordinate is tried at: all where they are few; else its neighbours
 * near and far, of numbers, and some drawn. Returns how many. */
static int values_to_try(const struct parameter *parameter, double value, struct rng *rng,
                         double *tries)
{
    const uint64_t size = parameter_size(parameter), here = parameter_place(parameter, value);
    int count = 0;
    if (size <= TRY_ALL) {
        while ((uint64_t)count < size) {
            tries[count] = parameter_value(parameter, (uint64_t)count);
            count++;
        }
        return count;
    }
    const bool near = parameter->type != PARAMETER_CHOICE || parameter->ordered;
    for (uint64_t far = 1; near && far <= 27; far *= 3) {
        if (here >= far)
            tries[count++] = parameter_value(parameter, here - far);
        if (here + far < size)
            tries[count++] = parameter_value(parameter, here + far);
    }
    while (count < TRY_ALL)
        tries[count++] = parameter_from_unit(parameter, rng_uniform(rng));
    return count;
}

/* One pass over the discrete coordinates; whether anything changed. */
static bool walk(const struct gp_search *search, struct candidate *candidate, struct rng *rng,
                 struct candidate *spares)
{
    const struct space *space = search->space;
    bool changed = false;
    for (int j = 0; j < search->code->dimensions; j++) {
        const int p = search->code->parameter[j];
        const struct parameter *parameter = &space->parameters[p];
        double tries[TRY_ALL];
        if (gp_is_continuous(parameter) || isnan(candidate->values[p]))
            continue;
        const int count = values_to_try(parameter, candidate->values[p], rng, tries);
        for (int i = 0; i < count; i++) {
            copy(search, &spares[i], candidate);
            spares[i].values[p] = tries[i];
            space_settle(space, spares[i].values);
        }
        judge(search, spares, count);
        for (int i = 0; i < count; i++)
            if (spares[i].promise > candidate->promise) {
                copy(search, candidate, &spares[i]);
                changed = true;
            }
    }
    return changed;
}

static bool is_discrete(const struct gp_search *search)
{
    for (int j = 0; j < search->code->dimensions; j++)
        if (!gp_is_continuous(&search->space->parameters[search->code->parameter[j]]))
            return true;
    return false;
}

static void improve(const struct gp_search *search, struct candidate *candidate, struct rng *rng,
                    struct candidate *spares)
{
    climb(search, candidate, spares, 60);
    for (int round = 0; round < ROUNDS && is_discrete(search); round++) {
        if (!walk(search, candidate, rng, spares))
            break;
        climb(search, candidate, spares, 30);
    }
}

static int best_of(const struct candidate *candidates, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (candidates[i].promise > candidates[best].promise)
            best = i;
    return best;
}

/* With chances as their promise, exp(log - greatest); those taken have none left. */
static int pick(const struct candidate *candidates, const bool *taken, int count, double greatest,
                struct rng *rng)
{
    double sum = 0, draw = rng_uniform(rng);
    for (int i = 0; i < count; i++)
        sum += taken[i] ? 0 : exp(candidates[i].promise - greatest);
    draw *= sum;
    for (int i = 0; i < count && sum > 0; i++) {
        draw -= taken[i] ? 0 : exp(candidates[i].promise - greatest);
        if (draw < 0)
            return i;
    }
    return -1;
}

/* How many starts: fewer where a step of each costs much. */
static int start_count(const struct gp_search *search)
{
    const int n = data_of(search)->n;
    return n <= 150 ? STARTS : n <= 400 ? 6 : 3;
}

double gp_search_best(const struct gp_search *search, struct rng *rng, double *values)
{
    const int count = screen_count(search), starts = start_count(search);
    struct candidate *candidates = screen(search, rng, count);
    struct candidate spares[TRY_ALL], best = candidate_new(search);
    AUTO_FREE bool *taken = xcalloc(count, sizeof *taken);
    const double greatest = candidates[best_of(candidates, count)].promise;

    for (int i = 0; i < TRY_ALL; i++)
        spares[i] = candidate_new(search);
    copy(search, &best, &candidates[best_of(candidates, count)]);
    for (int start = 0, next = best_of(candidates, count); start < starts && next >= 0; start++) {
        struct candidate *candidate = &candidates[next];
        taken[next] = true;
        improve(search, candidate, rng, spares);
        if (candidate->promise > best.promise)
            copy(search, &best, candidate);
        next = pick(candidates, taken, count, greatest, rng);
    }
    memcpy(values, best.values, search->space->count * sizeof *values);
    const double promise = best.promise;
    for (int i = 0; i < count; i++)
        candidate_free(&candidates[i]);
    for (int i = 0; i < TRY_ALL; i++)
        candidate_free(&spares[i]);
    candidate_free(&best);
    free(candidates);
    return promise;
}
