/*
 * A history as the rows and values that a Gaussian process learns from.
 *
 * Failed trials have the worst value seen; pruned ones the last one they reported, but never less
 * than the median of the finished ones. Of more than GP_TABLE_MOST the best 300 are kept and the
 * others that come first in an order drawn from their numbers: most stay as the table grows.
 * Pending trials come last, the newest 256 of them.
 */
#ifndef GP_TABLE_H
#define GP_TABLE_H

#include "search/gp/code.h"
#include "search/search.h"

enum { GP_TABLE_MOST = 1000, GP_TABLE_BEST = 300, GP_TABLE_PENDING = 256 };

struct gp_table {
    struct gp_code code;
    int n, known; /* rows; of them with values, which come first */
    size_t stride;
    double *x;                           /* [code.count][stride] */
    double *y;                           /* [known] objective[0], within 1e100 */
    double *error;                       /* [known] its standard error; 0: not known */
    double *constraint[CONSTRAINTS_MAX]; /* [known] within 1e100 */
    const struct trial **trials;         /* [n] */
    bool *feasible;                      /* [known] done, with all constraints kept */
    int finished;                        /* how many there are, kept or not */
};

/* Borrows from the history. known is 0 where no value is finite. */
void gp_table_init(struct gp_table *table, const struct history *history);
void gp_table_release(struct gp_table *table);

/* Rows first … of the table's x as columns. */
struct columns gp_table_columns(const struct gp_table *table);

#endif
