/*
 * What people change of a search while it runs, or after it has ended: then it is taken up from the
 * store once more. Answers come after the commit; each change counts as an edit and is in the
 * audit.
 */
#ifndef SEARCH_EDITS_H
#define SEARCH_EDITS_H

#include "store/search_edits.h"
#include "workers/conductor.h"

enum search_section {
    SECTION_RUNS = 1,
    SECTION_TIME = 2,
    SECTION_STEPS = 4,
    SECTION_PARALLEL = 8,
    SECTION_PRUNER = 16,
    SECTION_STOP = 32,
    SECTION_PRIORITY = 64,
};

/* A point that people want tried next, or (with results) one that was tried elsewhere. */
struct hand_point {
    double *values; /* [space.count] settled */
    bool has_results;
    enum proposal_outcome outcome; /* not deleted */
    double results[RESULTS_MAX];
    int64_t step; /* -1: not known */
    struct variant_plan variant;
};

enum { HAND_POINTS_MAX = 10000 };

struct search_wish {
    unsigned sections;        /* enum search_section: those of `plan` that are taken */
    struct search_plan *plan; /* checked as a whole; NULL without sections */
    int priority;
    char *parameter; /* a choice that gets one more value; NULL: none */
    json_t *choice;
    struct hand_point *points; /* [point_count] either all have results or none has */
    int point_count;
};
void search_wish_release(struct search_wish *wish);

/* {"job", "first_run", "added"}: the id of the first run that got a result, and how many did. Takes
 * over what the wish holds. More runs bring a search that has ended back to life: up to the budget,
 * whichever part of it was changed. What a result needs comes on top of the budget; a point to be
 * tried counts in it while there is room. */
void conductor_edit_search(struct conductor *conductor, int64_t job, struct search_wish *wish,
                           const struct audit_entry *audit, conductor_answered *done,
                           void *context);

/* The result of a run as it counts from now on; PROPOSAL_DELETED: it counts for nothing. A run that
 * had failed or was cancelled has succeeded with a result that is done. ERROR_CONFLICT: it has no
 * result yet. */
struct run_correction {
    int64_t job, run;
    enum proposal_outcome outcome;
    double results[RESULTS_MAX];
};
void conductor_correct_run(struct conductor *conductor, const struct run_correction *correction,
                           const struct audit_entry *audit, store_done *done, void *context);

#endif
