/*
 * A search under way: its space, what was proposed and told, and the algorithm. Proposals and tells
 * come one after the other; whoever holds the study is its owner (it is lent to a helper thread for
 * a proposal).
 *
 * Proposal k depends on the proposals before it and on the first `seen` tells, in their order; a
 * study that is filled in again from the store's rows goes on with the same bits.
 */
#ifndef STUDY_H
#define STUDY_H

#include "search/search.h"

struct study;

struct study_options {
    struct space space; /* taken over */
    int objectives, constraints;
    const struct search_algorithm *algorithm;
    const json_t *chosen; /* its settings, resolved: every default laid in */
    uint64_t seed;
    int64_t budget;
    int parallel;
};

struct study *study_new(struct study_options *options);
void study_free(struct study *study);

const struct space *study_space(const struct study *study);
const struct history *study_history(const struct study *study);

/* What a proposal ended with. With an objective that is not finite it has failed; a constraint that
 * is not finite is not known. */
struct told {
    enum trial_state state;   /* not TRIAL_PENDING */
    const double *objective;  /* [objectives], minimised */
    const double *constraint; /* [constraints] */
    double error;
    int64_t step;
};

/* Whether the proposals from now on are to be quick (struct history); each remembers it, as a last
 * number of its memo that is the study's own. */
void study_set_hurry(struct study *study, bool hurry);
bool study_was_hurried(const double *memo, int memo_count); /* as it is kept */

/* The next point, and remembers it as proposal number count. In a space that is not continuous no
 * point comes twice while there are others (the algorithm is asked up to 8 times, then an unseen
 * point near the last answer is taken). What was enqueued comes first. values and memo are the
 * study's, until it is freed or forgets. -1 where every point has been proposed, or a grid has come
 * to its end. In a continuous space the algorithm is asked again, too, but may insist. */
struct study_proposal {
    int number;
    int seen; /* tells that it knew */
    const double *values;
    const double *memo;
    int memo_count;
    const char *how;
    int parent;
};
int study_propose(struct study *study, struct study_proposal *out);
/* A point that people want tried: the next proposals, in this order. */
void study_enqueue(struct study *study, const double *values);
int study_enqueued(const struct study *study); /* how many of those have not been proposed */
/* A proposal that was enqueued is filled in again (study_restore): it is through. */
void study_pass_enqueued(struct study *study);

/* From the store's rows: a proposal that was made before (in order of their numbers), then the
 * tells in theirs. */
void study_restore(struct study *study, const double *values, const double *memo, int memo_count);
/* The number must be pending (or told before: then it is corrected, and the algorithm begins anew
 * from the history). */
void study_tell(struct study *study, int number, const struct told *told);
void study_add_earlier(struct study *study, const double *values, const struct told *told);
/* As if it had never been told: a deleted run. It stays a proposal that nobody waits for. Where it
 * is told after all, it has the place in the order that it had. */
void study_forget(struct study *study, int number);

int study_add_choice(struct study *study, int parameter, const json_t *value, struct error *err);
void study_set_budget(struct study *study, int64_t budget, int parallel);

/* Whether proposal `number` comes out the same from the history as it then was: the first `seen`
 * tells. 1: the same bits; 0: another point. On a study of its own: O(count) for each. What was
 * enqueued or written by hand came from nobody: do not ask; nor for what was proposed before an
 * edit (a correction, a deletion, another budget, one more choice). */
int study_check(const struct study *study, int number, int seen);

char *study_explain(struct study *study); /* the caller frees it; NULL: nothing to say */

#endif
