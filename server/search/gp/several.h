/*
 * A Gaussian process for each objective and limit, as search/gp_fitted.h makes them for one:
 * objective k is seen as a history of its own. What they were fitted to goes into the memo, one
 * block after the other.
 */
#ifndef GP_SEVERAL_H
#define GP_SEVERAL_H

#include "search/gp/fitted.h"

struct gp_several {
    int objectives, limits;
    struct history *views;        /* [objectives] the history with objective k as its first */
    struct gp_table *tables;      /* [objectives] */
    struct gp_fitted *fitted;     /* [objectives] */
    struct gp_standing *standing; /* [objectives + limits]: those of the first table */
    int standing_count;
};

/* Fitted and standing; -1, and nothing to release, where there are fewer than two values or a
 * process cannot be factored. The history is borrowed. only_warp as in gp_fitted_init(). */
int gp_several_init(struct gp_several *several, const struct history *history, int only_warp);
void gp_several_release(struct gp_several *several);

/* Into memo [MEMO_MAX]; returns how many numbers: 0 where they are too many, then the next fit
 * begins at the prior. */
int gp_several_write(const struct gp_several *several, double *memo);

/* How objectives and points are seen by it: columns. */
const struct gp_code *gp_several_code(const struct gp_several *several);

#endif
