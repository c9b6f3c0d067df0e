/*
 * The runs of one job that wait, in order of their numbers.
 *
 * A sorted array with free room at both ends: runs are added in order and taken from the front,
 * both in constant time; one that comes back (preempted, its worker lost, retried) is placed by
 * moving the shorter side.
 */
#ifndef WAITING_H
#define WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct waiting_run {
    int64_t run;
    int number; /* within its job; no two alike */
    int slots;
};

struct waiting {              /* all zero: none */
    struct waiting_run *runs; /* [room]; runs[first] … runs[first + count - 1] wait */
    size_t first, count, room;
};

void waiting_release(struct waiting *waiting); /* ready for use again afterwards */
void waiting_add(struct waiting *waiting, struct waiting_run run);
bool waiting_remove(struct waiting *waiting, int64_t run, int number);  /* false: not there */
const struct waiting_run *waiting_first(const struct waiting *waiting); /* there must be one */
void waiting_take(struct waiting *waiting);                             /* the first one out */

#endif
