/*
 * How finished trials with one objective rank, for algorithms that only need an order: done ones
 * that keep the constraints by value; then pruned ones, those that came farther first; then those
 * that break constraints by how much; failed ones and those without a number last. Equal ones by
 * their number.
 */
#ifndef STANDING_H
#define STANDING_H

#include "search/search.h"

enum standing_class { STANDING_GOOD, STANDING_PRUNED, STANDING_INFEASIBLE, STANDING_FAILED };

struct standing {
    enum standing_class class;
    double first, second; /* less is better */
    int number;
};

struct standing trial_standing(const struct history *history, const struct trial *trial,
                               int number);
/* < 0: the left one is better. For qsort(), too: both point to struct standing. */
int standing_compare(const void *left, const void *right);

#endif
