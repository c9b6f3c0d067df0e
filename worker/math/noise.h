/*
 * Random vectors of a law whose scale differs from axis to axis: the noise on a gradient.
 *
 * Number i of step k is deviation[i % period] times draw i of the stream (seed, RANDOM_NOISE, k).
 * So of copies of theta that lie side by side, the first has the noise that it would have alone.
 */
#ifndef NOISE_H
#define NOISE_H

#include "math/real.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOISE_TURN = 512 }; /* numbers that are made at a time */

struct noise {
    uint64_t seed;
    double nu;       /* degrees of freedom of Student's t, at least 1; infinity: the normal law */
    size_t period;   /* axes */
    real *deviation; /* [period + NOISE_TURN]: standard deviation, or scale of Student's t, repeated
                      */
    bool silent;     /* all of them are 0 */
};

/* deviation: [count] numbers >= 0, count 1 (for all axes) or `period`. False where there is not
 * enough memory. */
bool noise_init(struct noise *noise, uint64_t seed, double nu, size_t period,
                const double *deviation, size_t count);
void noise_release(struct noise *noise); /* also of one that is all zero */

/* The deviations of numbers `from` and the NOISE_TURN - 1 after it. */
const real *noise_deviations(const struct noise *noise, size_t from);

/* vector [count] += the noise of this step. */
void noise_add(const struct noise *noise, uint64_t step, size_t count, real *vector);

/* What an SDE is driven by instead of that noise: numbers `from` (a multiple of 4) and the count -
 * 1 after it of the normal law with deviation 1, from the same stream. Where the noise is normal
 * they are its own draws. normals [count] out, count at most NOISE_TURN. */
void noise_normals(const struct noise *noise, uint64_t step, size_t from, size_t count,
                   float *normals);

/* The standard deviation that belongs to a scale of 1: sqrt(nu / (nu - 2)); infinity for nu <= 2.
 */
double noise_spread(const struct noise *noise);

#endif
