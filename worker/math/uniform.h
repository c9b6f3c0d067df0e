/*
 * The words of a random stream in bulk: the same numbers as rng_u32() gives one by one, many blocks
 * at a time.
 */
#ifndef UNIFORM_H
#define UNIFORM_H

#include "random.h"
#include <stddef.h>

/* words [count] out: words first … first + count - 1 of the stream, which has 2^34.
 * first is a multiple of 4. */
void random_words(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                  size_t count, uint32_t *words);

#endif
