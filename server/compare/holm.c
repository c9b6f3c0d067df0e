#include "compare/holm.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

struct entry {
    double p;
    int index;
};

static int by_p(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    return (a->p > b->p) - (a->p < b->p);
}

void holm_adjust(const double *p, int count, double *adjusted)
{
    if (count < 1)
        return;
    AUTO_FREE struct entry *entries = xcalloc((size_t)count, sizeof *entries);
    for (int i = 0; i < count; i++)
        entries[i] = (struct entry){isnan(p[i]) ? 2 : p[i], i};
    qsort(entries, (size_t)count, sizeof *entries, by_p);

    double largest = 0;
    for (int i = 0; i < count; i++) {
        largest = fmax(largest, fmin(1, entries[i].p * (count - i)));
        adjusted[entries[i].index] = entries[i].p > 1 ? (double)NAN : largest;
    }
}
