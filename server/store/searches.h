/*
 * Searches in the store (store/searches.c, store/read_searches.c): proposals, what became of them,
 * and the end of a search. Words and callbacks as in store.h.
 */
#ifndef STORE_SEARCHES_H
#define STORE_SEARCHES_H

#include "jobs/search_plan.h"
#include "store/store.h"

enum proposal_outcome {
    PROPOSAL_DONE,
    PROPOSAL_PRUNED,
    PROPOSAL_FAILED,
    PROPOSAL_DELETED, /* by hand: nobody waits for it, and it counts for nothing */
    PROPOSAL_OUTCOMES,
};
extern const char *const proposal_outcome_names[PROPOSAL_OUTCOMES];

/* objectives, constraints, standard error of the first objective (0: not known) */
enum { RESULTS_MAX = OBJECTIVES_MAX + CONSTRAINTS_MAX + 1 };

/* A waiting run gets its variant and is queued, or handed to whoever asked. */
struct new_proposal {
    int64_t run;
    int number, seen, edits;
    const char *how;
    int parent;          /* -1: none */
    const double *point; /* [point_count] */
    const double *memo;  /* [memo_count] */
    int point_count, memo_count;
    struct variant_plan variant; /* borrowed */
    const char *overlay;         /* of its specification; NULL: none */
    const char *worker;          /* who asked; NULL: it is queued for this server's workers */
    int64_t lease_ms;            /* with a worker */
};
/* All of a job in one transaction; the run's first attempt starts with a worker. */
void store_add_proposals(struct store *store, int64_t job, const struct new_proposal *proposals,
                         int count, int64_t now_ms, store_done *done, void *context);

/* Somebody else has asked for the run, which was put back, and has it for so long. */
void store_lease(struct store *store, int64_t run, int64_t lease_ms);

/* A proposal's run has ended. Results of this server's own workers are read from its series by the
 * search's metrics; others come with it. The first tell of a proposal gets its place in the order
 * of tells; another one, after a retry, keeps it and counts as an edit. */
struct new_tell {
    int64_t job, run;
    enum proposal_outcome outcome;
    const struct search_plan *plan; /* copied as far as it is needed */
    const double *results;          /* [objectives + constraints + 1]; NULL: from the series, of a
                                     * pruned one as they were at its step */
    int64_t step;                   /* -1: not known */
    bool late;
    const struct run_change *change; /* of the run, in the same transaction; NULL: it is on disk */
};
struct added_tell {
    int order;
    bool again;
    bool edits; /* it counts as an edit: told again, or cancelled */
    double results[RESULTS_MAX];
};
typedef void store_told(void *context, const struct added_tell *told, const struct error *err);
void store_tell(struct store *store, const struct new_tell *tell, store_told *done, void *context);

/* The pruner has looked at the curve of a proposal's run up to `step`; with a verdict it stops
 * there, and says why (NULL: it goes on). Tells of a pruned run read its results from there. */
struct new_judgement {
    int64_t run, step;
    const char *verdict;
};
void store_judge(struct store *store, const struct new_judgement *judgement, store_done *done,
                 void *context);

/* Runs of the job that wait and were never proposed go; `why` stays (NULL: the budget is spent). */
typedef void store_search_ended(void *context, int removed, const struct error *err);
void store_end_search(struct store *store, const struct job_change *change, const char *why,
                      store_search_ended *done, void *context);

/* Every proposal in the order of their numbers. Arrays live until the next call. */
struct kept_proposal {
    int64_t run;
    int number, seen, edits, parent;
    const char *how;
    const double *point, *memo;
    int point_count, memo_count;
    int64_t lease_ms;
    int told;                      /* -1: not yet */
    enum proposal_outcome outcome; /* where it was told */
    const double *results;         /* [result_count] */
    int result_count;
    int64_t step;
    bool late;
    int64_t judged;      /* -1: the pruner has not looked at it */
    const char *verdict; /* NULL: it goes on */
};
struct kept_search {
    int edits;
    char stopped[ERROR_SENTENCE_BYTES]; /* "": it has not */
};
int store_read_search(struct reader *reader, int64_t job, struct kept_search *out_search,
                      void (*proposal)(void *context, const struct kept_proposal *proposal),
                      void *context, struct error *err);
/* The same before the loop runs. */
int store_load_search(struct store *store, int64_t job, struct kept_search *out_search,
                      void (*proposal)(void *context, const struct kept_proposal *proposal),
                      void *context, struct error *err);

/* One proposal; its arrays are in `rooms`, its `how` is NULL. ERROR_NOT_FOUND where the run was
 * never proposed. */
enum { PROPOSAL_MEMO_MAX = 4096 };
struct proposal_rooms {
    double point[PARAMETERS_MAX], memo[PROPOSAL_MEMO_MAX], results[RESULTS_MAX];
};
int store_read_proposal(struct reader *reader, int64_t run, struct proposal_rooms *rooms,
                        struct kept_proposal *out, struct error *err);

/* A job of any kind as its report begins: {"id", "kind", "state", "finished_ms", "request"}. */
int store_read_asked(struct reader *reader, int64_t job, json_t **out, struct error *err);

/* The runs of a job that were proposed, in the order of their numbers. */
struct proposed_run {
    int64_t id;
    enum run_state state;
    int attempt;
    int64_t started_ms, finished_ms; /* 0: not yet */
};
int store_read_proposed(struct reader *reader, int64_t job,
                        void (*run)(void *context, const struct proposed_run *run), void *context,
                        struct error *err);

/* Every pruned run of a job, in no order, and its planned steps (0: not known). One of several
 * seeds of a point that never began has those of the first. */
int store_read_pruned(struct reader *reader, int64_t job, int seeds,
                      void (*pruned)(void *context, int64_t run, int64_t steps), void *context,
                      struct error *err);

/* Comparisons that confirm runs of the search ("from_search" of their requests), of its own team
 * and such that `team` may see them: at most `most`, the newest first. */
int store_read_confirmations(struct reader *reader, int64_t search, int64_t team, int most,
                             int64_t *out_jobs, int *out_count, struct error *err);

/* The values that a metric had in the runs of a job, run by run, in the order of the steps: what a
 * pruner compares. */
int store_load_curves(struct store *store, int64_t job, const char *metric,
                      void (*point)(void *context, int64_t run, int64_t step, double value),
                      void *context, struct error *err);
/* The same of one run; of one that took over another's results those of that one. */
int store_load_curve(struct store *store, int64_t run, const char *metric,
                     void (*point)(void *context, int64_t run, int64_t step, double value),
                     void *context, struct error *err);

#endif
