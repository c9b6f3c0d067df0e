/*
 * Fitted processes of an objective and its limits, and how they travel from one proposal to
 * the next: as numbers of the memo. A fit begins where the last one ended, so what is proposed
 * depends on the memos before it, and on no state.
 *
 * Fitted anew at every finished trial up to 100, then when there are 5 % more; the bend of the
 * objective is chosen, by leave-one-out density of its better half, when there are 30 % more.
 */
#ifndef GP_FITTED_H
#define GP_FITTED_H

#include "search/gp/table.h"
#include "search/gp/warp.h"

struct gp_fitted {
    int finished, chosen_at; /* trials at the last fit, at the last choice of a bend */
    int limits;              /* that are fitted */
    enum warp_kind warp;
    struct gp_fit fit[1 + GP_LIMITS_MAX]; /* of the objective, then of each limit of the table */
};

/* What the memos say, or fitted anew where none does or it is time. `only_warp`: -1, or the one
 * bend there shall be. */
void gp_fitted_init(struct gp_fitted *fitted, const struct gp_table *table,
                    const struct history *history, int only_warp);

/* Writes it down; returns how many numbers: none where they would not fit (225 columns with 8
 * limits), so that the next proposal fits anew. At least 16 are left of MEMO_MAX. */
int gp_fitted_write(const struct gp_fitted *fitted, int columns, double *memo);
/* false: written by something else, or of another space. */
bool gp_fitted_read(struct gp_fitted *fitted, int columns, const double *memo, int count);

/* That of the newest trial which has one. */
bool gp_fitted_newest(struct gp_fitted *fitted, int columns, const struct history *history);

/* A process with the values it stands on, released together. */
struct gp_standing {
    struct gp_data data;
    double *y, *own_noise;
    double zero; /* 0 of the user's unit on its scale (of limits) */
    struct gp gp;
};

/* Process number 0 … limits of the fit, given all of the table. -1 where it cannot be
 * factored. */
int gp_stand(struct gp_standing *standing, const struct gp_fitted *fitted,
             const struct gp_table *table, int process);
void gp_standing_release(struct gp_standing *standing);

#endif
