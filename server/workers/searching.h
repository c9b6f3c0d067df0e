/*
 * A search job as the conductor carries it: which runs were proposed, what they ended with, and the
 * study that proposes the next. One of these hangs on each job of kind `search`.
 *
 *   searching.c     proposals: asked of the study on a helper thread, written down, released
 *   search_tells.c  results: written down in their order, then told to the study
 *   search_load.c   a search taken up from the store
 *   search_edits.h  changes by hand
 *   search_prune.h  runs that are stopped early
 *
 * The study is lent to a helper thread while it proposes; what is told meanwhile is fed afterwards.
 */
#ifndef SEARCHING_H
#define SEARCHING_H

#include "search/repeated.h"
#include "store/searches.h"
#include "workers/inside.h"
#include "workers/search_pace.h"

/* What a proposal ended with. */
struct search_outcome {
    bool is_told;
    enum proposal_outcome outcome;
    int64_t step;
    double *results;        /* as struct kept_proposal has them */
    const double *point;    /* the study's; NULL: not proposed yet */
    int64_t lease_ms;       /* of an external runner: how long */
    int64_t leased_ms;      /* since when, CLOCK_MONOTONIC */
    int64_t lease_until_ms; /* likewise */
    int parent;             /* number of the run whose weights it goes on from; -1: none */
    unsigned char tidied;   /* of a population: which of its files are gone (search_files.h) */
    bool corrected;         /* told once more; the study has not heard of that yet */
};

struct ask;
struct pruning;
struct hand_edit;

struct search {
    struct conductor *conductor;
    struct job *job;
    struct search_plan *plan;        /* owned */
    struct repeated *study;          /* NULL: its algorithm is not known to this program */
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
    bool corrected;       /* an outcome was */
    struct loop_timer *deadline; /* its time is up then */
    int promised;                /* points given to asks that are not on disk yet */
    struct search_pace pace;     /* of external runners */
    struct ask *asks;            /* of external runners, that wait for a point; oldest first */
    int *put_back;               /* [put_back_count] queued runs that nobody has */
    int put_back_count;
    int *leased; /* [leased_count] running ones */
    int leased_count;
    struct loop_timer *lapse;        /* no later than the next lease ends */
    int64_t lapse_at_ms;             /* of that, CLOCK_MONOTONIC */
    struct pruning *pruning;         /* search_prune.h; NULL: every run trains to its end */
    bool exhausted;                  /* it has ended because there was no further point */
    bool editing;                    /* a change by hand is on its way to the disk */
    struct hand_edit *edits_waiting; /* others, until the study is home; oldest first */
};

/* searching.c. After anything that may let a run begin: proposes as many as there is room for. */
void search_step(struct search *search);
void search_step_later(struct search *search);
/* Ends it before its budget is spent; the sentence is copied (NULL: the budget is spent). */
void search_end(struct search *search, const char *why);
int search_result_count(const struct search *search); /* of an outcome */
int search_parallel(const struct search *search);     /* runs under way at once */
/* What of such a budget is spent, as the end of a sentence; NULL: nothing. */
const char *search_spent(const struct search *search, const struct search_budget *budget);

/* search_edits.c. Begins the next change by hand where nothing is being proposed; while one waits
 * or is written nothing is. Those that wait are dropped with the search: nobody is called. */
void search_try_edit(struct search *search);
bool search_is_edited(const struct search *search);
void search_drop_edits(struct search *search);

/* search_asks.c. How many points external runners wait for; the next of them gets the run that was
 * just proposed: who it is, and how long; NULL (and no worker): nobody any more. Then the run is on
 * disk (NULL: it is not). Runs that were put back go first. All are answered with what they have
 * where nothing more comes, or with an error where they have nothing. */
int search_wanted(const struct search *search);
struct ask *search_next_ask(struct search *search, const char **out_worker, int64_t *out_lease_ms);
void search_give(struct search *search, struct ask *ask, struct run *run);
void search_hand_back(struct search *search);
void search_answer_asks(struct search *search);
void search_refuse_asks(struct search *search, const struct error *err);
void search_drop_asks(struct search *search); /* it is being freed: nobody is called */

/* search_leases.c. A run of an external runner begins its lease; it ends: nobody has it, nor
 * can it be asked for. */
void search_lease(struct search *search, struct run *run, int64_t lease_ms);
void search_unlease(struct search *search, const struct run *run);
void search_put_back(struct search *search, const struct run *run); /* queued, for whoever asks */

/* search_tells.c. Whether tell number `number` may be known to the next proposal; and what the
 * study hears of it. */
void search_feed(struct search *search);
void search_grow(struct search *search, int room);
/* An outcome that is on disk; `order` is its place. */
void search_learn(struct search *search, int number, enum proposal_outcome outcome,
                  const double *results, int64_t step);

#endif
