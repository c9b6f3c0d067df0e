/* Philox4x32-10 and what is drawn from it; the words are in random.h. */
#include "random.h"

#include <assert.h>
#include <math.h>

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    enum { ROUNDS = 10 };
    const uint32_t weyl[2] = {0x9E3779B9, 0xBB67AE85}; /* golden ratio, sqrt(3) - 1 */
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t first = (uint64_t)0xD2511F53 * c0;
        const uint64_t second = (uint64_t)0xCD9E8D57 * c2;
        c0 = (uint32_t)(second >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)second;
        c2 = (uint32_t)(first >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)first;
        k0 += weyl[0];
        k1 += weyl[1];
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* Counter: block within the stream, purpose, step. */
struct rng rng_stream(uint64_t seed, enum random_purpose purpose, uint64_t step)
{
    return (struct rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)purpose, (uint32_t)step, (uint32_t)(step >> 32)},
    };
}

uint32_t rng_u32(struct rng *rng)
{
    if (rng->left == 0) {
        philox4x32(rng->counter, rng->key, rng->block);
        rng->counter[0]++;
        rng->left = 4;
    }
    return rng->block[4 - rng->left--];
}

double rng_uniform(struct rng *rng)
{
    const uint64_t high = rng_u32(rng);
    const uint64_t bits = high << 32 | rng_u32(rng);
    return (double)(bits >> 11) * 0x1p-53;
}

/* Multiply and shift; the few draws that would favour some numbers are thrown back (Lemire, 2019).
 */
uint32_t rng_below(struct rng *rng, uint32_t limit)
{
    assert(limit >= 1);
    const uint32_t excess = (0U - limit) % limit; /* 2^32 modulo limit */
    for (;;) {
        const uint64_t product = (uint64_t)rng_u32(rng) * limit;
        if ((uint32_t)product >= excess)
            return (uint32_t)(product >> 32);
    }
}

/* log(x) for 0 < x <= 1: x = m * 2^e with m near 1, then log m = 2 atanh((m-1)/(m+1)) by its
 * series, whose first term left out is below 2^-55 there. */
static double fixed_log(double x)
{
    const double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    const double s = (m - 1) / (m + 1), square = s * s;
    double sum = 0;
    for (int k = 21; k >= 3; k -= 2)
        sum = (sum + 1.0 / k) * square;
    return exponent * ln2_high + (2 * s + (2 * s * sum + exponent * ln2_low));
}

/* cos(2 pi u) for 0 <= u < 1: the nearest quarter turn is taken off without rounding, the rest, at
 * most pi/4, goes into the Taylor series of the cosine or the sine. */
static double fixed_cosine_of_turns(double u)
{
    const double quarters = floor(4 * u + 0.5);
    const double angle = (4 * u - quarters) * 1.57079632679489662;
    const double square = angle * angle;
    const int quadrant = (int)quarters & 3;
    double cosine = 1, sine = 1;

    for (int k = 16; k >= 2; k -= 2) {
        cosine = 1 - cosine * square / (k * (k - 1));
        sine = 1 - sine * square / (k * (k + 1));
    }
    sine *= angle;
    switch (quadrant) {
    case 0:
        return cosine;
    case 1:
        return -sine;
    case 2:
        return -cosine;
    default:
        return sine;
    }
}

double rng_normal(struct rng *rng)
{
    const double radius = sqrt(-2 * fixed_log(1 - rng_uniform(rng))); /* 1 - u is never 0 */
    return radius * fixed_cosine_of_turns(rng_uniform(rng));
}

/* Halves of fewer than three bits have too few round functions to mix with. */
static int half_bits_for(uint32_t count)
{
    int bits = 3;
    while (bits < 16 && (1ULL << 2 * bits) < count)
        bits++;
    return bits;
}

struct permutation permutation_stream(uint64_t seed, enum random_purpose purpose, uint64_t step,
                                      uint32_t count)
{
    assert(count >= 1);
    struct permutation permutation = {.count = count, .half_bits = half_bits_for(count)};
    struct rng rng = rng_stream(seed, purpose, step);
    for (int i = 0; i < PERMUTATION_ROUNDS; i++)
        permutation.key[i] = rng_u32(&rng);
    return permutation;
}

/* Any function will do in a Feistel network; this one lets every bit move every bit. */
static uint32_t mix(uint32_t half, uint32_t key)
{
    uint32_t x = (half ^ key) * 0x9E3779B1U;
    x = (x ^ x >> 15) * 0x85EBCA77U;
    return x ^ x >> 13;
}

static uint32_t feistel(const struct permutation *permutation, uint32_t value)
{
    const int bits = permutation->half_bits;
    const uint32_t mask = (1U << bits) - 1;
    uint32_t left = value >> bits, right = value & mask;

    for (int i = 0; i < PERMUTATION_ROUNDS; i++) {
        const uint32_t next = left ^ (mix(right, permutation->key[i]) & mask);
        left = right;
        right = next;
    }
    return left << bits | right;
}

/* The walk ends: it goes round a cycle of the network that holds `index`, which is below count. */
uint32_t permutation_at(const struct permutation *permutation, uint32_t index)
{
    assert(index < permutation->count);
    do
        index = feistel(permutation, index);
    while (index >= permutation->count);
    return index;
}

uint32_t permute(uint64_t seed, enum random_purpose purpose, uint64_t step, uint32_t count,
                 uint32_t index)
{
    const struct permutation permutation = permutation_stream(seed, purpose, step, count);
    return permutation_at(&permutation, index);
}
