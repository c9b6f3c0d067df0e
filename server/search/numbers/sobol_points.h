/*
 * Sobol' points in up to 128 dimensions, each found from its number (Sobol', 1967; Gray code of
 * Antonov and Saleev, 1979).
 *
 * Direction numbers of dimensions 1 to 40: Joe and Kuo (2008), "new-joe-kuo-6". From 41 on: the
 * next primitive polynomials, with initial numbers of our own (tests/reference/sobol.py).
 *
 * Scrambled: a random lower-triangular matrix of bits per dimension (Matousek, 1998) and a random
 * digital shift. Any 2^k first points stay as evenly spread as before; each point by itself is
 * uniform, and its coordinates are (x + 1/2) / 2^32, so never 0 and never 1. Do not drop the first
 * one; powers of two are spread best.
 */
#ifndef SOBOL_POINTS_H
#define SOBOL_POINTS_H

#include "random.h"

#include <stdint.h>

enum { SOBOL_DIMENSIONS = 128, SOBOL_BITS = 32 };

struct sobol {
    int dimensions;
    double offset; /* added to the 32 bits: 1/2 where scrambled */
    uint32_t direction[SOBOL_DIMENSIONS][SOBOL_BITS];
    uint32_t shift[SOBOL_DIMENSIONS];
};

/* 1 to SOBOL_DIMENSIONS. About 1 us a dimension. The first point of a plain sequence is 0. */
void sobol_plain(struct sobol *sobol, int dimensions);
void sobol_scrambled(struct sobol *sobol, int dimensions, struct rng *rng);

/* Point number `index`, from 0: u [dimensions] in [0, 1). */
void sobol_point(const struct sobol *sobol, uint32_t index, double *u);

#endif
