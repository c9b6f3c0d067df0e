/* Philox4x32-10 (random.h) over BLOCKS counters side by side, so that the compiler vectorizes it.
 */
#include "math/random_bulk.h"

#include "math/clones.h"
#include "math/functions.h"

#include <assert.h>
#include <math.h>
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

/* --- numbers made of words ---------------------------------------------------------------------*/

enum { TURN = 1024 };

KERNEL_CLONES static void words_to_uniforms(size_t count, const uint32_t *words, float bound,
                                            float *restrict values)
{
    const float unit = bound * 0x1p-31F;
    for (size_t i = 0; i < count; i++)
        values[i] = unit * (float)(int32_t)words[i];
}

/* Two words make two numbers: radius sqrt(-2 log u) from the first, its angle from the second. */
KERNEL_INLINE void pair_of(const uint32_t *words, float deviation, float *first, float *second)
{
    const float u = ((float)words[0] + 0.5F) * 0x1p-32F; /* above 0, at most 1 */
    const float radius = deviation * sqrtf(-2.0F * float_log(u));
    float cosine, sine;

    float_circle((float)(int32_t)words[1] * 0x1p-32F, &cosine, &sine);
    *first = radius * cosine;
    *second = radius * sine;
}

KERNEL_CLONES static void words_to_normals(size_t count, const uint32_t *words, float deviation,
                                           float *restrict values)
{
    const size_t paired = count / 2 * 2;
    float spare;

    for (size_t i = 0; i < paired; i += 2)
        pair_of(words + i, deviation, &values[i], &values[i + 1]);
    if (paired < count)
        pair_of(words + paired, deviation, &values[paired], &spare);
}

void random_uniforms(uint64_t seed, enum random_purpose purpose, uint64_t step, double bound,
                     size_t count, float *values)
{
    uint32_t words[TURN];
    for (size_t first = 0; first < count; first += TURN) {
        const size_t length = count - first < TURN ? count - first : TURN;
        random_words(seed, purpose, step, first, length, words);
        words_to_uniforms(length, words, (float)bound, values + first);
    }
}

/* Two words make one number: the other of the pair is not independent of it. */
KERNEL_CLONES static void words_to_students(size_t count, const uint32_t *words, float nu,
                                            float *restrict values)
{
    const float power = -2.0F / nu;
    for (size_t i = 0; i < count; i++) {
        const float u = ((float)words[2 * i] + 0.5F) * 0x1p-32F; /* above 0, at most 1 */
        const float radius = sqrtf(nu * float_expm1(power * float_log(u)));
        float cosine, sine;
        float_circle((float)(int32_t)words[2 * i + 1] * 0x1p-32F, &cosine, &sine);
        values[i] = radius * cosine;
    }
}

static void draw_normals(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t from,
                         float deviation, size_t count, float *values)
{
    uint32_t words[TURN];
    for (size_t first = 0; first < count; first += TURN) {
        const size_t length = count - first < TURN ? count - first : TURN;
        random_words(seed, purpose, step, from + first, length + length % 2, words);
        words_to_normals(length, words, deviation, values + first);
    }
}

void random_normals(uint64_t seed, enum random_purpose purpose, uint64_t step, double deviation,
                    size_t count, float *values)
{
    draw_normals(seed, purpose, step, 0, (float)deviation, count, values);
}

void random_normals_from(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                         size_t count, float *values)
{
    draw_normals(seed, purpose, step, first, 1.0F, count, values);
}

void random_students_from(uint64_t seed, enum random_purpose purpose, uint64_t step, uint64_t first,
                          double nu, size_t count, float *values)
{
    enum { HALF = TURN / 2 };
    uint32_t words[TURN] = {0};
    for (size_t done = 0; done < count; done += HALF) {
        const size_t length = count - done < HALF ? count - done : HALF;
        random_words(seed, purpose, step, 2 * (first + done), 2 * length, words);
        words_to_students(length, words, (float)nu, values + done);
    }
}
