/*
 * The front of several processes: what is best so far by their means, where further improvement is
 * counted from, and how much of it a point promises.
 */
#ifndef GP_FRONT_H
#define GP_FRONT_H

#include "search/gp/hypervolume_boxes.h"
#include "search/gp/several.h"

struct gp_front {
    const struct gp_several *several; /* borrowed */
    struct hypervolume_boxes boxes;
    const double **incumbents; /* [incumbent_count] values of the best trials, borrowed */
    int incumbent_count;
    bool feasible; /* some trial keeps the constraints; else these alone count */
};

/* The history is the one the processes were made of. gp_front_release() frees what it holds. */
void gp_front_init(struct gp_front *front, const struct gp_several *several,
                   const struct history *history);
void gp_front_release(struct gp_front *front);

/* At m <= GP_BATCH points x [columns][GP_BATCH]: log of the expected hypervolume improvement, and
 * of the chances that constraints are kept. */
void gp_front_promise(const struct gp_front *front, const double *x, int m, double *promise);

#endif
