/*
 * The end game: steps of a trust region around the best point, each from a quadratic through the
 * trials nearby (Conn, Scheinberg and Vicente, 2009, chapter 10). What it remembers from one step
 * to the next is a radius, which travels in the memo; everything else comes from the history.
 *
 * Continuous parameters move; all others, and conditions, stay as they are at the best point.
 */
#ifndef LOCAL_STEP_H
#define LOCAL_STEP_H

#include "search/gp/table.h"

/* In the memo of a step. */
struct local_memo {
    double radius;   /* of the box it stayed in, in the cube */
    double expected; /* fall of the objective it hoped for; 0: a look around, hoping for nothing */
    double base;     /* the objective at the centre */
    double length;   /* of the step over the radius, largest coordinate */
};
enum { LOCAL_MEMO = 6 };
int local_memo_write(const struct local_memo *memo, double *out);
/* The newest step among the trials, or among those that are finished; -1: none. */
int local_memo_find(const struct history *history, bool finished, struct local_memo *memo);

/* A point of the trust region around the row `centre` of the table: values [space->count]. false:
 * there is nothing to gain (no continuous parameter, or values that can no longer be told apart).
 * Pending points count with the value expected of them, and are not proposed again. */
bool local_step(const struct gp_table *table, const struct history *history, int centre,
                struct rng *rng, double *values, struct local_memo *memo);

#endif
