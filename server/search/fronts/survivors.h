/*
 * The population of a genetic search: the best trials so far, by non-dominated sorting and crowding
 * distance (Deb, Pratap, Agarwal and Meyarivan, 2002). One comes in, one goes: the steady-state
 * form, which needs no generations and so no order among runs that end at different times (Durillo
 * et al., 2009).
 *
 * Done trials that keep the constraints come first, by fronts; behind them pruned ones and those
 * that break constraints, in the order of search/standing.h. Failed ones are not kept.
 */
#ifndef SURVIVORS_H
#define SURVIVORS_H

#include "search/standing.h"

struct survivor {
    int trial;                /* number in the history; -1 - i: the earlier one i */
    struct standing standing; /* its number is `trial` */
    int front;                /* from 0; of those behind the fronts each has one of its own */
    double crowding;
};

struct survivors {
    struct survivor *list; /* [room + 1] by rising trial */
    double *points;        /* [room + 1][objectives] */
    int count, room, objectives;
};

/* survivors_release() frees what it holds. room >= 1. */
void survivors_init(struct survivors *survivors, int room, int objectives);
void survivors_release(struct survivors *survivors);

const struct trial *survivor_trial(const struct history *history, int trial);

/* The trial comes in, and the last one goes where there is no room. Fronts and crowding of all are
 * known afterwards. */
void survivors_add(struct survivors *survivors, const struct history *history, int trial);

/* < 0: a is better: in an earlier front, or less crowded in the same one. */
int survivor_compare(const struct survivor *a, const struct survivor *b);

#endif
