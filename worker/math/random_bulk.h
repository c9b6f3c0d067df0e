/*
 * Random numbers by the thousand, from the streams of random.h, many blocks at a time.
 */
#ifndef RANDOM_BULK_H
#define RANDOM_BULK_H

#include "random.h"
#include <stddef.h>

/* The same numbers as rng_u32() gives one by one.
 * words [count] out: words first … first + count - 1 of the stream, which has 2^34.
 * first is a multiple of 4. */
void random_words(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                  size_t count, uint32_t *words);

/* Good to the precision of a float, and made of other words than rng_uniform() and rng_normal()
 * take, so the numbers are not theirs. count at most 2^34.
 *     values [count]  out: uniform within -bound … bound; or normal, by Box-Muller */
void random_uniforms(uint64_t seed, enum random_purpose purpose, uint64_t step, double bound,
                     size_t count, float *values);
void random_normals(uint64_t seed, enum random_purpose purpose, uint64_t step, double deviation,
                    size_t count, float *values);

/* Numbers first … first + count - 1 of such a draw of deviation 1, without those before; first is a
 * multiple of 4. */
void random_normals_from(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                         size_t count, float *values);

/* The same of Student's t with nu >= 1 degrees of freedom and scale 1, by Bailey's polar method
 * (1994, Mathematics of Computation 62): sqrt(nu (u^(-2/nu) - 1)) cos(angle), two words a number.
 */
void random_students_from(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                          double nu, size_t count, float *values);

#endif
