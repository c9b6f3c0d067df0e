#include "search/gp/elsewhere.h"

#include "memory.h"
#include "search/gp/warp.h"

#include <math.h>
#include <stdlib.h>

enum { MEMO_ORIGIN, MEMO_VERSION };
static const double version = 0x6c02;

const double elsewhere_reach = 0.2;
static const double joined = 0.1; /* so near to the best of all it is in the same valley */
static const double worth = 0.01; /* of the better half's spread: what counts as a gain */

int elsewhere_write(const struct elsewhere *elsewhere, double *memo)
{
    memo[MEMO_ORIGIN] = elsewhere->origin;
    memo[MEMO_VERSION] = version;
    return ELSEWHERE_MEMO;
}

/* -1: none. */
static int origin_of(const struct trial *trial)
{
    const double *memo = trial->memo + trial->memo_count - ELSEWHERE_MEMO;
    if (trial->memo_count < ELSEWHERE_MEMO || memo[MEMO_VERSION] != version)
        return -1;
    return (int)memo[MEMO_ORIGIN];
}

/* Largest difference of a column. */
static double distance(const struct gp_table *table, int a, int b)
{
    double most = 0;
    for (int j = 0; j < table->code.count; j++) {
        const double *x = table->x + (size_t)j * table->stride;
        most = fmax(most, fabs(x[a] - x[b]));
    }
    return most;
}

bool elsewhere_is_near(const struct gp_table *table, int a, int b)
{
    return distance(table, a, b) <= elsewhere_reach;
}

static int best_of_all(const struct gp_table *table)
{
    int best = -1;
    for (int i = 0; i < table->known; i++)
        if (table->feasible[i] && (best < 0 || table->y[i] < table->y[best]))
            best = i;
    return best;
}

/* What came of the search that began with a proposal. */
struct findings {
    int best; /* row; -1: nothing yet */
    int idle; /* trials since it last gained something */
};

static struct findings findings_of(const struct gp_table *table, int origin, double gain)
{
    struct findings found = {.best = -1};
    for (int i = 0; i < table->known; i++) {
        if (!table->feasible[i] || origin_of(table->trials[i]) != origin)
            continue;
        const bool gains = found.best < 0 || table->y[i] < table->y[found.best] - gain;
        found.idle = gains ? 0 : found.idle + 1;
        if (found.best < 0 || table->y[i] < table->y[found.best])
            found.best = i;
    }
    return found;
}

static bool is_over(const struct gp_table *table, const struct findings *found, int best)
{
    const int patience = table->code.dimensions + 2;
    return found->best < 0 || found->idle >= patience ||
           distance(table, found->best, best) < joined;
}

struct elsewhere elsewhere_next(const struct gp_table *table, const struct history *history)
{
    const struct elsewhere anew = {.origin = history->count, .best = -1};
    const int best = best_of_all(table);
    AUTO_FREE int *order = xcalloc((size_t)table->known + 1, sizeof *order);
    int origin = -1;

    if (best < 0)
        return anew;
    const double median = warp_median(table->y, table->known, order);
    for (int i = history->count - 1; i >= 0 && origin < 0; i--)
        if (history->trials[i].state != TRIAL_PENDING)
            origin = origin_of(&history->trials[i]);
    const struct findings found = findings_of(table, origin, worth * (median - table->y[best]));
    if (origin < 0 || is_over(table, &found, best))
        return anew;
    return (struct elsewhere){origin, found.best};
}
