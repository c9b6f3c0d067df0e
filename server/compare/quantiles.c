#include "compare/quantiles.h"

#include "compare/order.h"
#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

/* As many lanes as keep a vector unit busy; cells so that few values share one and all counts stay
 * in the fastest memory. */
enum { LANES = 8, CELLS = 2048 };

struct counted {
    const double *values;
    int count;
    uint16_t *cells;       /* [count] of each value: rising with it */
    int before[CELLS + 1]; /* values in the cells before this one */
    double *room;          /* [count] */
};

struct range {
    double low, high;
};

static struct range range_of(const double *values, int count)
{
    double low[LANES], high[LANES];
    struct range range = {values[0], values[0]};
    int i = 0;

    for (int lane = 0; lane < LANES; lane++)
        low[lane] = high[lane] = values[0];
    for (; i + LANES <= count; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            const double value = values[i + lane];
            low[lane] = value < low[lane] ? value : low[lane];
            high[lane] = value > high[lane] ? value : high[lane];
        }
    }
    for (; i < count; i++) {
        low[0] = fmin(low[0], values[i]);
        high[0] = fmax(high[0], values[i]);
    }
    for (int lane = 0; lane < LANES; lane++) {
        range.low = fmin(range.low, low[lane]);
        range.high = fmax(range.high, high[lane]);
    }
    return range;
}

/* 0: the values cannot be told apart by cells, or need not be. */
static double cells_per_unit(const struct range *range)
{
    const double scale = CELLS / (range->high - range->low);
    return isfinite(scale) ? scale : 0;
}

static void count_cells(struct counted *counted)
{
    const struct range range = range_of(counted->values, counted->count);
    const double scale = cells_per_unit(&range);

    for (int i = 0; scale > 0 && i < counted->count; i++) {
        const int cell = (int)((counted->values[i] - range.low) * scale);
        counted->cells[i] = (uint16_t)(cell < CELLS ? cell : CELLS - 1);
    }
    for (int i = 0; i < counted->count; i++)
        counted->before[counted->cells[i] + 1]++;
    for (int cell = 0; cell < CELLS; cell++)
        counted->before[cell + 1] += counted->before[cell];
}

/* The one with before[cell] <= place < before[cell + 1]. */
static int cell_with(const struct counted *counted, int place)
{
    int low = 0, high = CELLS - 1;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (counted->before[middle + 1] > place)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static double value_at(const struct counted *counted, int place)
{
    const int cell = cell_with(counted, place), before = counted->before[cell];
    const int size = counted->before[cell + 1] - before;
    int kept = 0;

    for (int i = 0; kept < size; i++) {
        if (counted->cells[i] == cell)
            counted->room[kept++] = counted->values[i];
    }
    return order_place(counted->room, size, place - before);
}

static double quantile_at(const struct counted *counted, double share)
{
    assert(share >= 0 && share <= 1);
    const double place = (counted->count - 1) * share;
    const int below = (int)place;
    const double beyond = place - below, low = value_at(counted, below);
    const double high = beyond > 0 ? value_at(counted, below + 1) : low;
    return high > low ? low + beyond * (high - low) : low;
}

void quantiles_of(const double *values, int count, const double *shares, int wanted, double *out)
{
    assert(count >= 1);
    AUTO_FREE uint16_t *cells = xcalloc((size_t)count, sizeof *cells);
    AUTO_FREE double *room = xcalloc((size_t)count, sizeof *room);
    struct counted counted = {.values = values, .count = count, .cells = cells, .room = room};

    count_cells(&counted);
    for (int i = 0; i < wanted; i++)
        out[i] = quantile_at(&counted, shares[i]);
}
