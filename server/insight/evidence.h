/*
 * What a search's report judges parameters by: importance, contours, expected improvement and the
 * narrower space are read from this list of points, best first.
 *
 * It holds the runs that have ended, and what the search started warm with: both say what the same
 * objective is at points of the same space, so they are judged alike. (Results of earlier searches
 * are those that were done; which of their points failed is not known here.)
 *
 * Of a population (search/population.h) a later generation trains on from the weights of earlier
 * ones, so that its values are better whatever its parameters are. Its runs are therefore judged
 * by their rank among those of their generation, which is also what decides who goes on: of each
 * generation the same share is among the best, so that what distinguishes generations cancels.
 * Earlier results were not trained so, and stay out. A model of values sees one generation alone,
 * the last one that is complete.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "jobs/search_plan.h"
#include "search/search.h"

struct evidence_point {
    const struct trial *trial; /* with one objective */
    double key;                /* objective; of a population the rank, 0 … 1 */
    bool good;                 /* done, and all constraints kept */
    int number;                /* of its proposal; -1: of an earlier search */
};

struct evidence {
    struct evidence_point *list; /* [count] best first, the good ones before the others */
    int count, good, earlier;    /* earlier: so many of them are of earlier searches */
    bool by_generation;          /* a population's */
    int model_from, model_to;    /* proposals that a model may see, model_to itself not */
};

/* view: the runs with one objective; earlier [count] with the same one, done. Both must outlive it.
 */
void evidence_init(struct evidence *evidence, const struct search_plan *plan,
                   const struct history *view, const struct trial *earlier, int earlier_count);
void evidence_release(struct evidence *evidence);

/* Values of the first `count` points, [count][space.count]: side by side, as those who look at one
 * parameter after the other want them. The caller frees it. */
double *evidence_rows(const struct evidence *evidence, int parameters, int count);

/* Whether a model of values may see the point. */
bool evidence_models(const struct evidence *evidence, const struct evidence_point *point);

/* What a reader must know of them, "30 of them are of earlier searches"; NULL: nothing. The caller
 * frees it. */
char *evidence_words(const struct evidence *evidence);

#endif
