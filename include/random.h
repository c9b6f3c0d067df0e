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
double
rng_normal(struct rng *rng); /* Box-Muller on two uniforms; the second of the pair is dropped */

/* A keyed permutation of 0 … count-1: where `index` goes. A Feistel network over the next power of
 * four with cycle walking, so one entry costs no memory. count >= 1. */
uint32_t permute(uint64_t seed, enum random_purpose purpose, uint64_t step, uint32_t count,
                 uint32_t index);

#endif
