/*
 * The points of a space that have been proposed: is this one new? A hash table over copies of them,
 * O(1) each.
 */
#ifndef SEEN_H
#define SEEN_H

#include "jobs/space.h"

struct seen {
    const struct space *space; /* borrowed */
    double *points;            /* [count][space->count] in the order in which they came */
    uint32_t *table;           /* [slots] number of a point + 1; 0: free */
    uint32_t count, room, slots;
};

void seen_init(struct seen *seen, const struct space *space);
void seen_release(struct seen *seen);
bool seen_has(const struct seen *seen, const double *values);
/* False where it had been there: it is not added again. Settled ones only. */
bool seen_add(struct seen *seen, const double *values);

#endif
