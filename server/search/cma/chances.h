/*
 * One choice without an order as a vector of chances that moves towards what succeeded: the
 * categorical half of CMA-ES with choices (after Hamano et al., 2024, arXiv:2405.09962), with a
 * fixed rate in place of its adapted one (PBIL: Baluja, 1994).
 */
#ifndef CHANCES_H
#define CHANCES_H

struct chances {
    int places;    /* how many values */
    double *share; /* [places] sums to 1, none below least */
    double least;
    double rate; /* 0 … 1: how far one generation moves them */
};

/* places >= 2. `others` is how many choices there are in all, this one too: together they stay at
 * their likeliest values with a chance of at least 0.73. chances_release() frees what it holds. */
void chances_init(struct chances *chances, int places, int others, double rate);
void chances_release(struct chances *chances);

/* The place for u in [0, 1). */
int chances_pick(const struct chances *chances, double u);

/* One generation: weights [count] sum to 1 at most; places [count], -1: the choice did not apply
 * there. */
void chances_tell(struct chances *chances, const int *places, const double *weights, int count);

#endif
