/*
 * Which team's first run starts next: the rules of queue.h on plain numbers, so that the queue and
 * its forecast go by the same ones. Teams are told apart by their place in the array.
 *
 * A team's level is (decayed slot-seconds + 60 for every slot it runs now) / share; the lowest goes
 * first. The 60 s charge what has just started: without them, runs that start at one moment would
 * all be free of charge, and the first team asked would get the whole machine.
 *
 * A team's part is its slots if all were handed out now by shares, no team getting more than it can
 * use (what it runs and what it has waiting, within its limit): water-filling.
 */
#ifndef ORDER_H
#define ORDER_H

#include "queue/usage.h"

#include <stdbool.h>
#include <stdint.h>

struct standing {
    double share;
    int limit;              /* slots, 1 or more */
    int running;            /* slots */
    int wanted;             /* slots of its first run, at most `limit`; 0: it has none */
    int64_t demand;         /* slots that it runs or has waiting */
    int64_t expected_ms;    /* length of its first run; 0: not known */
    int64_t waits_since_ms; /* its first run could have started since, as far as its limit goes */
    bool eligible;          /* it wants some, and its limit allows it */
    bool passed;            /* may not go ahead of the reservation (any more) */
    struct usage usage;
    double part, most; /* slots: its due, and what it can use; by order_share_out() */
};

struct order {
    int64_t now_ms;
    struct usage_scale scale;
    struct standing *teams; /* [count], owned by whoever made the order */
    int count;
    int slots, used;
    int reserved;             /* the team whose first run is owed the slots that come free; -1 */
    int blocked;              /* the team whose first run did not fit when last asked; -1 */
    int64_t blocked_until_ms; /* when it will, as far as known then; 0: not known */
};

double order_level(const struct order *order, const struct standing *team);
void order_share_out(struct order *order); /* `part` of every team */

/* The team whose turn it is, whether or not its run fits; -1: nobody wants any, or may. Parts must
 * be up to date. */
int order_head(const struct order *order);

/* Whose first run starts now; -1: none does. `fits_at` says when so many slots (more than are free)
 * will be free as far as known, 0 where it is not; NULL: nobody slips in before a run that does not
 * fit. Whoever gets the answer starts the run: order_starts() comes next. */
typedef int64_t order_fits_at(const void *context, int slots);
int order_next(struct order *order, order_fits_at *fits_at, const void *context);

/* `slots` of `team` start or end; order_wants() then says what else it has. */
void order_starts(struct order *order, int team, int slots);
void order_ends(struct order *order, int team, int slots);
void order_wants(struct order *order, int team, int wanted, int64_t demand, int64_t expected_ms);
int order_advance(struct order *order, int64_t now_ms); /* never back */

#endif
