/*
 * CMA-ES over a search space and its history: tells become generations, generations move the
 * strategy. A pure function of the tells in their order and of the memos of what was told, so that
 * a fresh one that reads them all stands where an old one does.
 *
 * Trials may come back late and in any order. Each remembers in its memo the generation it was
 * drawn in; `population` results of the present generation or the one before make the next one,
 * older ones are left out. A point that was not drawn here (entered by people) counts wherever it
 * comes, as a foreign one.
 */
#ifndef CMA_SEARCH_H
#define CMA_SEARCH_H

#include "search/cma/chances.h"
#include "search/cma/cma.h"
#include "search/cma/coding.h"
#include "search/cma/restarts.h"
#include "search/search.h"
#include "search/standing.h"

struct cma_options {
    enum cma_restarts_rule restarts;
    int population; /* of the first run; 0: by the dimension, and as many as run at once */
    double sigma;   /* first step size, share of the range */
    uint64_t seed;
};

struct cma_result {
    struct standing standing;
    bool foreign;
};

struct cma_search {
    struct cma_options options;
    struct cma_coding coding;
    struct cma cma;
    double *stretch;         /* [number_count] of stepped coordinates; 1 for others */
    struct chances *chances; /* [choice_count] */
    struct cma_restarts restarts;
    struct cma_result *results; /* [population] of the generation that fills up */
    double *points;             /* [population][number_count] */
    int result_count;
    int told, earlier; /* what has been read of the history */
    bool warm;         /* began where earlier searches ended */
};

struct cma_search *cma_search_new(const struct history *history, const struct cma_options *options);
void cma_search_free(struct cma_search *search);

/* Reads what was told since the last time. */
void cma_search_read(struct cma_search *search, const struct history *history);

/* Draws a point: values settled, memo filled. `stream` is for random numbers. */
void cma_search_draw(const struct cma_search *search, const struct history *history,
                     uint64_t stream, struct proposal *proposal);

#endif
