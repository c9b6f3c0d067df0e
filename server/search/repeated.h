/*
 * A study whose points are tried several times, with one seed after the other: try n is of point
 * n / tries, and the study hears of a point once all of its tries have ended: their mean, and the
 * standard error of the mean of the first objective. Where nothing is repeated, every try is a
 * point, and the study hears what was told.
 *
 * Numbers in and out are those of tries. A point has failed where one of its tries has; it counts
 * as pruned where one was stopped, with the mean of those that were not, if there are any; tries
 * that are gone do not count.
 */
#ifndef REPEATED_H
#define REPEATED_H

#include "search/study.h"

struct repeated;

/* Takes the study over. tries >= 1. */
struct repeated *repeated_new(struct study *study, int tries);
void repeated_free(struct repeated *repeated); /* accepts NULL */

/* Of points. */
const struct history *repeated_history(const struct repeated *repeated);
/* The values of a try: the study's. */
const double *repeated_values(const struct repeated *repeated, int number);

/* As study_propose(): the first try of the next point, or the next try of the last point, which is
 * "repeat" and has no memo. What is enqueued and budgets count points, and parallel ones. */
int repeated_propose(struct repeated *repeated, struct study_proposal *out);
void repeated_set_hurry(struct repeated *repeated, bool hurry);
void repeated_enqueue(struct repeated *repeated, const double *values);
int repeated_enqueued(
    const struct repeated *repeated); /* tries that are still to be made of them */
void repeated_pass_enqueued(struct repeated *repeated);
void repeated_set_budget(struct repeated *repeated, int64_t runs, int parallel);
int repeated_add_choice(struct repeated *repeated, int parameter, const json_t *value,
                        struct error *err);

void repeated_restore(struct repeated *repeated, const double *values, const double *memo,
                      int memo_count);
void repeated_tell(struct repeated *repeated, int number, const struct told *told);
void repeated_forget(struct repeated *repeated, int number);

/* study_check() of a first try; of another one, whether it has the values of the first. */
int repeated_check(const struct repeated *repeated, int number, int seen);

/* One for several: what was told of the tries of a point. `out` borrows from the rooms. False: they
 * are all gone. */
struct mean_of_tries {
    struct told told;
    double objective[OBJECTIVES_MAX], constraint[CONSTRAINTS_MAX];
};
struct
try {
    enum trial_state state;
    double objective[OBJECTIVES_MAX], constraint[CONSTRAINTS_MAX];
    double error;
    int64_t step;
    bool strays; /* its values are not those of the first */
};
bool tries_mean(const struct try *tries, int count, int objectives, int constraints,
                struct mean_of_tries *out);

#endif
