/*
 * A search job as the conductor carries it: which runs were proposed, what they ended with, and the
 * study that proposes the next. One of these hangs on each job of kind `search`.
 *
 *   searching.c     proposals: asked of the study on a helper thread, written down, released
 *   search_tells.c  results: written down in their order, then told to the study
 *   search_load.c   a search taken up from the store
 *
 * The study is lent to a helper thread while it proposes; what is told meanwhile is fed afterwards.
 */
#ifndef SEARCHING_H
#define SEARCHING_H

#include "search/study.h"
#include "store/searches.h"
#include "workers/inside.h"

/* What a proposal ended with. */
struct search_outcome {
    bool is_told;
    enum proposal_outcome outcome;
    int64_t step;
    double *results; /* as struct kept_proposal has them; in the search's block */
};

struct search {
    struct conductor *conductor;
    struct job *job;
    struct search_plan *plan;        /* owned */
    struct study *study;             /* NULL: its algorithm is not known to this program */
    int proposed;                    /* runs 0 … proposed - 1 have their point, on disk */
    int proposing;                   /* of those after them: under way */
    bool lent;                       /* the study is with a helper thread */
    bool begun;                      /* what comes before it (`after`) has ended */
    bool ended;                      /* nothing more is proposed */
    int edits;                       /* changes by hand */
    char *stopped;                   /* why it ended early; NULL: it has not */
    int room;                        /* of what follows */
    struct search_outcome *outcomes; /* [room] by number */
    int *order;           /* [order_count] numbers, in the order in which the study hears of them */
    int order_count, fed; /* of those, the study has heard of `fed` */
    struct loop_timer *deadline; /* its time is up then */
};

/* searching.c. After anything that may let a run begin: proposes as many as there is room for. */
void search_step(struct search *search);
void search_step_later(struct search *search);
/* Ends it before its budget is spent; the sentence is copied (NULL: the budget is spent). */
void search_end(struct search *search, const char *why);
int search_result_count(const struct search *search); /* of an outcome */
int search_parallel(const struct search *search);     /* runs under way at once */

/* search_tells.c. Whether tell number `number` may be known to the next proposal; and what the
 * study hears of it. */
void search_feed(struct search *search);
void search_grow(struct search *search, int room);
/* An outcome that is on disk; `order` is its place. */
void search_learn(struct search *search, int number, enum proposal_outcome outcome,
                  const double *results, int64_t step);

#endif
