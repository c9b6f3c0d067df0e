/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011).
 *
 * A stream is named by (seed, purpose, step); its numbers depend on nothing else, so the state of
 * everything random in a run is the step number, and no generator is ever saved.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdint.h>

enum random_purpose {
    RANDOM_INIT = 1, /* step: the tensor's place in the model */
    RANDOM_SHUFFLE,  /* step: the epoch */
    RANDOM_DROPOUT,  /* step: training step * layers + layer */
    RANDOM_NOISE,    /* step: training step */
    RANDOM_SPLIT,    /* step: 0 */
    RANDOM_DATA,     /* step: the example of a built-in data set */
    RANDOM_TEST,
    RANDOM_SAMPLE,   /* step: the draw */
    RANDOM_RESAMPLE, /* step: the draw of a bootstrap */
    RANDOM_WEIGHTS,  /* step: the draw of a Bayesian bootstrap */
    RANDOM_SEARCH,   /* step: the proposal * 64 + what it is drawn for */
    RANDOM_PRUNE,    /* step: the run's number in its search */
};

struct rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int left; /* numbers of the block not yet given out */
};

struct rng rng_stream(uint64_t seed, enum random_purpose purpose, uint64_t step);

/* The bare block function, for the published test vectors and for code that indexes directly. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

uint32_t rng_u32(struct rng *rng);
double rng_uniform(struct rng *rng);                 /* [0, 1), 53 bits */
uint32_t rng_below(struct rng *rng, uint32_t limit); /* [0, limit), without bias; limit >= 1 */

/* Box-Muller on two uniforms; the second of the pair is dropped. With its own logarithm and cosine,
 * since the C library's change with version and machine, and data sets are made from this. */
double rng_normal(struct rng *rng);

/*
 * A keyed permutation of 0 … count-1: a Feistel network over a power of four with cycle walking, so
 * that any entry is found from its index and none is stored (Black and Rogaway, CT-RSA 2002).
 */
enum { PERMUTATION_ROUNDS = 8 };

struct permutation {
    uint32_t key[PERMUTATION_ROUNDS];
    uint32_t count;
    int half_bits;
};

/* count >= 1 */
struct permutation permutation_stream(uint64_t seed, enum random_purpose purpose, uint64_t step,
                                      uint32_t count);
/* Where `index` goes; index below count. */
uint32_t permutation_at(const struct permutation *permutation, uint32_t index);

/* One entry by itself; for many of one permutation the two calls above are faster. */
uint32_t permute(uint64_t seed, enum random_purpose purpose, uint64_t step, uint32_t count,
                 uint32_t index);

#endif
