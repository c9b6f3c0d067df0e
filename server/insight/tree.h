/*
 * Regression trees over bins (Breiman et al., 1984), grown to the end: each split is the one that
 * takes most off the sum of squares, until values of a leaf are equal or cannot be told apart.
 */
#ifndef TREE_H
#define TREE_H

#include "insight/bins.h"

struct leaf {
    double value;              /* mean of its runs */
    double part;               /* of the unit cube */
    const uint8_t *low, *high; /* [parameters] it spans bins low … high - 1 */
};

struct tree {
    struct leaf *leaves; /* [count] together they are the cube */
    int count, room;
    uint8_t *boxes; /* [room][2][parameters] */
};

/* drawn [count] runs of the bins, some more than once; they are put in another order. */
void tree_grow(struct tree *tree, const struct bins *bins, int *drawn, int count);
void tree_release(struct tree *tree);

#endif
