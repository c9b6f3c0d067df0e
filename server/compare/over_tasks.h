/*
 * The arms of a comparison over its tasks, which are the blocks of Friedman's test (friedman.h):
 * seeds first, then tasks. Pure.
 *
 * On each task the arms are ranked by what their seeds come to: fewer failed runs first, then the
 * better mean of the others, over the seeds with which every arm of the task has run. Means that
 * rounding alone can have made different (pairs.h) share their rank. A task without such a seed is
 * left out.
 */
#ifndef OVER_TASKS_H
#define OVER_TASKS_H

#include "compare/friedman.h"
#include "compare/matrix.h"

enum { RANKED_ARMS_MIN = 3 };

struct task_place {
    double mean; /* over the seeds that all arms share, failed ones left out; NaN: all failed */
    int failed;  /* of these seeds */
    double rank; /* 1 is best; NaN: the task is left out */
};

struct over_tasks {
    int task_count, arm_count;
    int *seeds;                /* [task_count] that all arms share; 0: left out */
    struct task_place *places; /* [task_count][arm_count] */
    double *mean_ranks;        /* [arm_count] over the tasks that count; NaN: none does */
    /* Only `tasks` counts with fewer than RANKED_ARMS_MIN arms: the rest is NaN, nothing differs.
     */
    struct friedman friedman;
    int tasks_for_level; /* the fewest with which these arms can be shown to differ; 0: too few arms
                          */
    /* Arms that are not told apart: stretches of `order`. Where they are not shown to differ, or
     * cannot be, that is all of them (order by rank). */
    int *order;                /* [arm_count] */
    struct rank_group *groups; /* [group_count] */
    int group_count;
};

/* matrices [task_count >= 1], all of the same arms. The caller releases it. */
struct over_tasks over_tasks_of(const struct matrix *matrices, int task_count);
void over_tasks_release(struct over_tasks *over);

/* {"tasks": how many count, "left_out": [names], "level", "arms": [{"name", "mean_rank", "ranks":
 * [rank or null] by task}], "chi_square", "chi_square_p", "f", "f_p", "critical_difference",
 * "differ", "tasks_for_level", "groups": [[names]], "sentence"}; null for what is not known, or not
 * finite. tasks [task_count] names. */
json_t *over_tasks_json(const struct over_tasks *over, const char *const *arms,
                        const char *const *tasks);

/* In words, without a full stop; the caller frees it. */
char *over_tasks_sentence(const struct over_tasks *over, const char *const *arms);

#endif
