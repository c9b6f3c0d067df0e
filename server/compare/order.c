#include "compare/order.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct place {
    double value;
    int index;
};

static int by_value(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

static bool is_tied(double first, double other, double resolution)
{
    return first >= other || other - first <= resolution;
}

double mid_ranks(const double *values, int count, double resolution, double *ranks)
{
    AUTO_FREE struct place *places = xcalloc((size_t)count, sizeof *places);
    double ties = 0;

    for (int i = 0; i < count; i++)
        places[i] = (struct place){values[i], i};
    if (count > 0)
        qsort(places, (size_t)count, sizeof *places, by_value);
    for (int from = 0, to; from < count; from = to) {
        for (to = from + 1;
             to < count && is_tied(places[from].value, places[to].value, resolution);)
            to++;
        for (int i = from; i < to; i++)
            ranks[places[i].index] = 0.5 * (from + 1 + to);
        const double size = to - from;
        ties += size * size * size - size;
    }
    return ties;
}

static void swap(double *a, double *b)
{
    const double kept = *a;
    *a = *b;
    *b = kept;
}

static double middle_of(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Hoare's selection (1961). */
double order_place(double *values, int count, int place)
{
    int first = 0, last = count - 1;

    while (first < last) {
        const double pivot =
            middle_of(values[first], values[first + (last - first) / 2], values[last]);
        int i = first, j = last;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i <= j)
                swap(&values[i++], &values[j--]);
        }
        if (place <= j)
            last = j;
        else if (place >= i)
            first = i;
        else
            break;
    }
    return values[place];
}

double order_quantile(double *values, int count, double p)
{
    assert(count >= 1 && p >= 0 && p <= 1);
    const double place = (count - 1) * p;
    const int below = (int)place;
    const double share = place - below, low = order_place(values, count, below);
    double high = low;

    for (int i = below + 1; share > 0 && i < count; i++)
        high = i == below + 1 ? values[i] : fmin(high, values[i]);
    return high > low && share > 0 ? low + share * (high - low) : low;
}

double order_median(const double *values, int count)
{
    if (count < 1)
        return (double)NAN;
    AUTO_FREE double *copy = xcalloc((size_t)count, sizeof *copy);
    memcpy(copy, values, (size_t)count * sizeof *copy);
    return order_quantile(copy, count, 0.5);
}
