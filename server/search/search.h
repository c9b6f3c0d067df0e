/*
 * Search algorithms: given what is known, which point is tried next?
 *
 * An algorithm is a pure function: proposal number k depends on (settings, seed, k, the points of
 * proposals before it, the tells that were known) and on nothing else. What it keeps in `state` is
 * a cache: a fresh one must propose the same bits. So a search goes on after a restart as if
 * nothing had happened. What cannot be found again from the points and values (an unrounded
 * position, a fit that the next one starts from) goes into the memo, which is stored with the
 * proposal.
 *
 * Random numbers: rng_stream(seed, RANDOM_SEARCH, k * SEARCH_STREAMS + purpose of its own).
 *
 * Objectives are minimised here: the sign of one to be maximised is flipped before. Constraints are
 * numbers that shall be at most 0.
 *
 * To add one: write search/NAME.c, add its name to the list in search.c.
 */
#ifndef SEARCH_ALGORITHM_H
#define SEARCH_ALGORITHM_H

#include "jobs/space.h"
#include "settings.h"

enum {
    MEMO_MAX = 4096,     /* numbers */
    SEARCH_STREAMS = 64, /* of random numbers, per proposal */
};

enum trial_state {
    TRIAL_PENDING, /* proposed, not told yet */
    TRIAL_DONE,
    TRIAL_PRUNED, /* its value is the last one it reported, at `step` */
    TRIAL_FAILED, /* failed or diverged: worse than any number */
    TRIAL_GONE,   /* was deleted: nobody waits for it, and nothing is known; not among the told */
};

struct trial {
    enum trial_state state;
    const double *values;     /* [space->count] */
    const double *objective;  /* [objectives]; NaN while pending and where it failed */
    const double *constraint; /* [constraints] at most 0 is fine; NaN: not known */
    double error;             /* standard error of objective[0]; 0: not known */
    int64_t step;             /* of a pruned one */
    const double *memo;       /* [memo_count] of its proposal */
    int memo_count;
};

struct history {
    const struct space *space;
    int objectives, constraints;
    const struct trial *trials; /* [count] proposal k is trials[k] */
    int count;
    const int *told; /* [told_count] proposals in the order in which they were told */
    int told_count;
    const struct trial *earlier; /* [earlier_count] of searches before, over the same space: done */
    int earlier_count;           /* ones, oldest first (warm start) */
    int64_t budget;              /* how many proposals there will be; 0: not known */
    int parallel;                /* how many are under way at once */
    bool hurry; /* a model cannot keep up with those who ask: be quick; kept with the proposal */
};

/* Sum of what constraints exceed 0 by; INFINITY where one is not known or it failed. */
double trial_violation(const struct history *history, const struct trial *trial);
/* Done, and with all constraints kept. */
bool trial_is_feasible(const struct history *history, const struct trial *trial);
/* Trial of least objective[0] among the feasible ones; -1: none. */
int history_best(const struct history *history);

/* Out of a proposal. */
struct proposal {
    double *values;  /* [space->count] in the user's unit, settled (space_settle) */
    double *memo;    /* [MEMO_MAX] room; */
    int memo_count;  /* 0 before */
    const char *how; /* a word for people: "start", "model", "local", "random"; static */
    int parent;      /* proposal whose weights it goes on from; -1 before: none (pbt) */
    bool exhausted;  /* it has no more to propose (grid): values are not read; false before */
};

enum search_can {
    CAN_NUMBERS = 1,    /* every algorithm can */
    CAN_CHOICES = 2,    /* unordered ones */
    CAN_CONDITIONS = 4, /* parameters that do not always apply */
    CAN_OBJECTIVES = 8, /* more than one */
    CAN_CONSTRAINTS = 16,
    CAN_ENUMERATE = 32,      /* needs a space that is not continuous (grid) */
    CAN_CHANGE_WEIGHTS = 64, /* needs runs of this server's own workers (pbt) */
};

struct search_algorithm {
    const char *name;
    const char *help; /* one sentence, no full stop */
    const struct setting *settings;
    unsigned can; /* of enum search_can */
    /* NULL where it keeps nothing. The history's space is settled for good; the rest grows. */
    void *(*open)(const struct history *history, const struct chosen *chosen, uint64_t seed);
    void (*close)(void *state);
    /* Proposal number history->count. `again` counts from 0: how often the point it gave was one
     * that had been proposed before, in a space with few points. */
    void (*propose)(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal);
    /* A sentence on what it chose and why, for the report; may be NULL. The caller frees it. */
    char *(*explain)(void *state, const struct history *history);
};

extern const struct search_algorithm *const search_algorithms[]; /* ends with NULL */
const struct search_algorithm *search_find(const char *name);    /* NULL: none */

/* What the space needs: a set of enum search_can. Whether the algorithm can do it; else a sentence
 * that names what it cannot and the algorithms that can. */
unsigned search_needs(const struct space *space, int objectives, int constraints);
int search_check(const struct search_algorithm *algorithm, const struct space *space,
                 int objectives, int constraints, struct error *err);

/* [{"name", "help", "settings": […]}] as the registries of the catalogue show them. */
json_t *search_describe(void);

#endif
