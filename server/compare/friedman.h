/*
 * Several arms on several tasks: do they differ, and which of them? (Friedman, 1937; Iman and
 * Davenport, 1980; Nemenyi, 1963; the way to use them: Demšar, JMLR 7, 2006.) Pure.
 *
 * Values of different tasks are never compared, only ranked within each: rank 1 is best, equal
 * values share the mean of their ranks, and an arm that failed on a task shares the last ranks
 * there.
 */
#ifndef FRIEDMAN_H
#define FRIEDMAN_H

#include <stdbool.h>

struct friedman {
    double level;
    int tasks;                /* with a value of every arm, or failures */
    double chi_square, chi_p; /* arms - 1 degrees of freedom, corrected for ties */
    double f, f_p;            /* (N - 1) chi/(N (k - 1) - chi), k - 1 and (k - 1)(N - 1) */
    double critical;          /* difference of mean ranks, at the level (Nemenyi) */
    bool differ;              /* f_p < level */
};

/*
 *     values      [task_count][arm_count] of each task its own unit; not finite: failed
 *     absent      [task_count][arm_count] true: no result; such a task is left out. NULL: none is
 *     arm_count   2 … 64
 *     level       0 < level < 1
 *     mean_ranks  [arm_count] out; NaN without tasks
 *
 * NaN for what fewer than two tasks cannot give. Where every task has the same order f is infinite;
 * f_p is never below (arms!)^(1 - tasks), the least that a permutation of ranks within tasks can
 * give. Where all arms tie on all tasks chi_square is 0 and p is 1.
 */
struct friedman friedman_test(const double *values, const bool *absent, int task_count,
                              int arm_count, bool maximize, double level, double *mean_ranks);

/* The fewest tasks with which so many arms, 2 or more, can be found to differ: if all have the same
 * order. */
int friedman_tasks_for_level(int arm_count, double level);

/* q(k, infinity)/sqrt(2) * sqrt(k (k + 1)/(6 tasks)). */
double nemenyi_difference(int arm_count, int task_count, double level);

/* Arms whose mean ranks lie within the critical difference of each other: the bars of Demšar's
 * diagram. order [arm_count] lists the arms from the best mean rank on; a group is the stretch
 * first … last of that list, no stretch within another. Writes at most arm_count groups and returns
 * how many; arms alone form none. */
struct rank_group {
    int first, last;
};
int rank_groups(const double *mean_ranks, int arm_count, double critical, int *order,
                struct rank_group *groups);

#endif
