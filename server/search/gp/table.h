/*
 * A history as the rows and values that a Gaussian process learns from.
 *
 * Failed trials have no value, but a part in another constraint, of not failing: where they crowd,
 * nothing is promised, and where one failed by chance its neighbours do not suffer (Gelbart, Snoek
 * and Adams, UAI 2014, arXiv 1403.5607). Pruned ones have the last value they reported, but never
 * less than the median of the finished ones. Of more than GP_TABLE_MOST the best 300 are kept and
 * the others that come first in an order drawn from their numbers: most stay as the table grows.
 * Pending trials come last, the newest 256 of them.
 */
#ifndef GP_TABLE_H
#define GP_TABLE_H

#include "search/gp/code.h"
#include "search/search.h"

/* Those of the search, and that of not failing. */
enum { GP_LIMITS_MAX = CONSTRAINTS_MAX + 1 };
enum { GP_TABLE_MOST = 1000, GP_TABLE_BEST = 300, GP_TABLE_PENDING = 256 };

struct gp_table {
    struct gp_code code;
    int n, known; /* rows; of them with values, which come first */
    size_t stride;
    double *x;     /* [code.count][stride] */
    double *y;     /* [known] objective[0], within 1e100; the worst where it failed */
    double *error; /* [known] its standard error; 0: not known */
    bool *failed;  /* [known] has no value */
    double *limited[GP_LIMITS_MAX]; /* [limits][known] shall be at most 0, within 1e100 */
    int constraints;                /* of the search */
    int limits; /* those, and where one failed 1 of failed trials and -1 of others */
    const struct trial **trials; /* [n] */
    bool *feasible;              /* [known] done, with all constraints kept */
    int finished;                /* how many there are, kept or not */
};

/* Borrows from the history. known is 0 where no value is finite. */
void gp_table_init(struct gp_table *table, const struct history *history);
void gp_table_release(struct gp_table *table);

/* Rows first … of the table's x as columns. */
struct columns gp_table_columns(const struct gp_table *table);

#endif
