/*
 * The words of a random stream in bulk: the same numbers as rng_u32() gives one by one, many blocks
 * at a time.
 */
#ifndef UNIFORM_H
#define UNIFORM_H

#include "random.h"
#include <stddef.h>

/* words [count] out; count at most 2^34, the length of a stream. */
void random_words(uint64_t seed, enum random_purpose purpose, uint64_t step, size_t count,
                  uint32_t *words);

#endif
