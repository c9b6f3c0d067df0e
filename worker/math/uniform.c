/* Philox4x32-10 (random.h) over BLOCKS counters side by side, so that the compiler vectorizes it.
 */
#include "math/uniform.h"

#include "math/clones.h"

#include <assert.h>
#include <string.h>

enum { BLOCKS = 32, WORDS = 4 * BLOCKS, ROUNDS = 10 };

/* The words of blocks first … first + BLOCKS - 1, in the order of the stream. */
KERNEL_INLINE void blocks_at(const struct rng *stream, uint32_t first, uint32_t *words)
{
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    uint32_t k0 = stream->key[0], k1 = stream->key[1];

    for (uint32_t b = 0; b < BLOCKS; b++) {
        c0[b] = first + b;
        c1[b] = stream->counter[1];
        c2[b] = stream->counter[2];
        c3[b] = stream->counter[3];
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int b = 0; b < BLOCKS; b++) {
            const uint64_t one = (uint64_t)0xD2511F53 * c0[b];
            const uint64_t two = (uint64_t)0xCD9E8D57 * c2[b];
            c0[b] = (uint32_t)(two >> 32) ^ c1[b] ^ k0;
            c1[b] = (uint32_t)two;
            c2[b] = (uint32_t)(one >> 32) ^ c3[b] ^ k1;
            c3[b] = (uint32_t)one;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    for (int b = 0; b < BLOCKS; b++) {
        words[4 * b] = c0[b];
        words[4 * b + 1] = c1[b];
        words[4 * b + 2] = c2[b];
        words[4 * b + 3] = c3[b];
    }
}

KERNEL_CLONES void random_words(uint64_t seed, enum random_purpose purpose, uint64_t step,
                                uint64_t first, size_t count, uint32_t *words)
{
    const struct rng stream = rng_stream(seed, purpose, step);
    uint32_t block = (uint32_t)(first / 4);

    assert(first % 4 == 0);
    for (; count >= WORDS; count -= WORDS, words += WORDS, block += BLOCKS)
        blocks_at(&stream, block, words);
    if (count > 0) {
        uint32_t rest[WORDS];
        blocks_at(&stream, block, rest);
        memcpy(words, rest, count * sizeof *words);
    }
}
