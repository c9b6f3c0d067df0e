/*
 * What people change of a search by hand (store/search_edits.c): each change whole, in one
 * transaction, with one more edit counted and an entry in the audit. Words and callbacks as in
 * store.h.
 */
#ifndef STORE_SEARCH_EDITS_H
#define STORE_SEARCH_EDITS_H

#include "store/searches.h"

/* A result from elsewhere: a run that was never queued, with its point and how it ended. */
struct hand_run {
    int64_t run; /* one that waits for a proposal; 0: of the new ones, the next */
    int number;
    const double *point; /* [point_count] */
    int point_count;
    const char *tuned, *spec, *dataset; /* of its variant, JSON; no data set: NULL */
    enum proposal_outcome outcome;
    const double *results; /* [result_count] objectives, constraints, standard error */
    int result_count;
    int64_t step; /* -1: not known */
};

/* In this order: runs that were never proposed go, new ones come, results are written. */
struct search_edit {
    const char *request; /* the search's, as it is kept from now on; NULL: as it is */
    bool reopens;        /* it had ended: it has not */
    int cut_from;        /* runs never proposed, of that number and above, are deleted; -1: none */
    int more_runs;       /* that wait, with numbers from the highest one on */
    uint64_t seed; /* of those: this and the `seeds` - 1 after it, by turns of their numbers */
    int seeds;
    const struct hand_run *runs; /* [run_count] by number */
    int run_count;
    struct job_change job; /* with who asked */
    int64_t now_ms;
};
/* first_run: the id of the first new run; they are consecutive. A team that may not have so many
 * queued: ERROR_LIMIT. */
typedef void store_search_edited(void *context, int64_t first_run, const struct error *err);
void store_edit_search(struct store *store, const struct search_edit *edit,
                       store_search_edited *done, void *context);

/* The result of a proposal that was told, as it counts from now on. Deleted: its run keeps its
 * state, and has no objective. */
struct corrected_run {
    int64_t run;
    enum proposal_outcome outcome;
    const double *results; /* [result_count] */
    int result_count;
    const struct run_position *position; /* of the run, where that changes; else NULL */
    struct job_change job;               /* with who asked */
    int64_t now_ms;
};
void store_correct_run(struct store *store, const struct corrected_run *run, store_done *done,
                       void *context);

#endif
