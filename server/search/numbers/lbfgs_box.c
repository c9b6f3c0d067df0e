#include "search/numbers/lbfgs_box.h"

#include "memory.h"
#include "search/numbers/algebra.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct pairs {
    double *step[LBFGS_PAIRS], *change[LBFGS_PAIRS]; /* of x, of the gradient; oldest first */
    double scale[LBFGS_PAIRS];                       /* 1 / step'change */
    int count;
};

struct descent {
    const struct box *box;
    double *x, *gradient;                /* where it is */
    double *next, *next_gradient;        /* where it tries */
    double *direction, *masked, *change; /* masked: a difference on the free coordinates */
    bool *held;
    struct pairs pairs;
    double value;
};

static double *take(double **pool, int n)
{
    double *part = *pool;
    *pool += n;
    return part;
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Which coordinates are held, and the largest component of the gradient on the others. */
static double hold(struct descent *at)
{
    const struct box *box = at->box;
    double largest = 0;
    for (int i = 0; i < box->n; i++) {
        const double slope = at->gradient[i];
        at->held[i] =
            (at->x[i] <= box->low[i] && slope >= 0) || (at->x[i] >= box->high[i] && slope <= 0);
        if (!at->held[i])
            largest = fmax(largest, fabs(slope));
    }
    return largest;
}

static void mask(const struct descent *at, double *v)
{
    for (int i = 0; i < at->box->n; i++)
        if (at->held[i])
            v[i] = 0;
}

/* direction = -H gradient on the free coordinates, by the two-loop recursion. */
static void find_direction(struct descent *at)
{
    const struct pairs *pairs = &at->pairs;
    const int n = at->box->n;
    double *q = at->direction, weight[LBFGS_PAIRS] = {0};

    memcpy(q, at->gradient, n * sizeof *q);
    mask(at, q);
    for (int p = pairs->count - 1; p >= 0; p--) {
        weight[p] = pairs->scale[p] * dot_product(pairs->step[p], q, n);
        for (int i = 0; i < n; i++)
            q[i] -= weight[p] * pairs->change[p][i];
    }
    if (pairs->count > 0) {
        const double *change = pairs->change[pairs->count - 1];
        const double scale = 1 / (pairs->scale[pairs->count - 1] * dot_product(change, change, n));
        for (int i = 0; i < n; i++)
            q[i] *= scale;
    }
    for (int p = 0; p < pairs->count; p++) {
        const double back = pairs->scale[p] * dot_product(pairs->change[p], q, n);
        for (int i = 0; i < n; i++)
            q[i] += (weight[p] - back) * pairs->step[p][i];
    }
    for (int i = 0; i < n; i++)
        q[i] = -q[i];
    mask(at, q);
}

/* Without curvature: down the gradient, a tenth of the box at first. */
static void steepest(struct descent *at)
{
    const struct box *box = at->box;
    double shrink = (double)INFINITY;
    at->pairs.count = 0;
    for (int i = 0; i < box->n; i++) {
        at->direction[i] = at->held[i] ? 0 : -at->gradient[i];
        if (at->direction[i] != 0)
            shrink = fmin(shrink, 0.1 * (box->high[i] - box->low[i]) / fabs(at->direction[i]));
    }
    for (int i = 0; i < box->n && isfinite(shrink); i++)
        at->direction[i] *= shrink;
}

/* Tries x + length * direction, projected. Enough gained: true, with the value there. */
static bool try_step(struct descent *at, double length, box_function *function, void *context,
                     double *out_value)
{
    const struct box *box = at->box;
    double slope = 0;
    for (int i = 0; i < box->n; i++) {
        at->next[i] = clip(at->x[i] + length * at->direction[i], box->low[i], box->high[i]);
        slope += at->gradient[i] * (at->next[i] - at->x[i]);
    }
    *out_value = function(context, at->next, at->next_gradient);
    return isfinite(*out_value) && *out_value <= at->value + 1e-4 * slope && slope < 0;
}

/* Keeps the pair of this step where its curvature is positive. */
static void remember(struct descent *at)
{
    struct pairs *pairs = &at->pairs;
    const int n = at->box->n;
    for (int i = 0; i < n; i++) {
        at->masked[i] = at->next[i] - at->x[i];
        at->change[i] = at->next_gradient[i] - at->gradient[i];
    }
    const double curvature = dot_product(at->masked, at->change, n);
    const double lengths =
        sqrt(dot_product(at->masked, at->masked, n)) * sqrt(dot_product(at->change, at->change, n));
    if (!(curvature > 1e-12 * lengths))
        return;
    if (pairs->count == LBFGS_PAIRS) { /* the oldest makes room */
        double *step = pairs->step[0], *change = pairs->change[0];
        memmove(pairs->step, pairs->step + 1, sizeof pairs->step - sizeof *pairs->step);
        memmove(pairs->change, pairs->change + 1, sizeof pairs->change - sizeof *pairs->change);
        memmove(pairs->scale, pairs->scale + 1, sizeof pairs->scale - sizeof *pairs->scale);
        pairs->step[--pairs->count] = step;
        pairs->change[pairs->count] = change;
    }
    memcpy(pairs->step[pairs->count], at->masked, n * sizeof(double));
    memcpy(pairs->change[pairs->count], at->change, n * sizeof(double));
    pairs->scale[pairs->count++] = 1 / curvature;
}

static void accept(struct descent *at, double value)
{
    double *x = at->x, *gradient = at->gradient;
    remember(at);
    at->x = at->next;
    at->gradient = at->next_gradient;
    at->next = x;
    at->next_gradient = gradient;
    at->value = value;
}

static void descend(struct descent *at, box_function *function, void *context)
{
    const struct box *box = at->box;
    double length = 1;
    bool plain = true; /* the direction uses no curvature */

    for (int used = 1; used < box->evaluations;) {
        if (length == 1) {
            if (hold(at) <= box->gradient)
                return;
            find_direction(at);
            plain = at->pairs.count == 0 || dot_product(at->direction, at->gradient, box->n) >= 0;
            if (plain)
                steepest(at);
        }
        double value;
        used++;
        if (try_step(at, length, function, context, &value)) {
            const double gain = at->value - value;
            accept(at, value);
            if (gain <= box->improvement * fmax(1, fabs(value)))
                return;
            length = 1;
        } else if (length > 1e-8) {
            length *= 0.3;
        } else if (!plain) { /* once more without what was learnt */
            at->pairs.count = 0;
            length = 1;
        } else {
            return;
        }
    }
}

double minimise_in_box(const struct box *box, box_function *function, void *context, double *x)
{
    const int n = box->n;
    AUTO_FREE double *pool = xcalloc((size_t)n * (7 + 2 * LBFGS_PAIRS) + 1, sizeof *pool);
    AUTO_FREE bool *held = xcalloc(n + 1, sizeof *held);
    double *free_part = pool;
    struct descent at = {.box = box, .held = held};

    at.x = take(&free_part, n), at.gradient = take(&free_part, n);
    at.next = take(&free_part, n), at.next_gradient = take(&free_part, n);
    at.direction = take(&free_part, n);
    at.masked = take(&free_part, n), at.change = take(&free_part, n);
    for (int p = 0; p < LBFGS_PAIRS; p++) {
        at.pairs.step[p] = take(&free_part, n);
        at.pairs.change[p] = take(&free_part, n);
    }
    for (int i = 0; i < n; i++)
        at.x[i] = clip(x[i], box->low[i], box->high[i]);
    at.value = function(context, at.x, at.gradient);
    if (isfinite(at.value))
        descend(&at, function, context);
    memcpy(x, at.x, n * sizeof *x);
    return at.value;
}
