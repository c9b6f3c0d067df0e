#include "support/check.h"

#include "memory.h"
#include "random.h"

#include <stdlib.h>

/* The vectors published with Random123 (kat_vectors, philox4x32 10). */
static void philox_gives_the_published_numbers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        uint32_t got[4];
        philox4x32(known[i].counter, known[i].key, got);
        assert_memory_equal(got, known[i].want, sizeof got);
    }
}

/* Seed 0, no purpose and step 0 have the key and the counter of the first published vector. */
static void a_stream_starts_at_its_block_zero_and_counts_on(void **state)
{
    (void)state;
    struct rng rng = rng_stream(0, (enum random_purpose)0, 0);
    assert_int_equal(rng_u32(&rng), 0x6627e8d5);
    for (int i = 0; i < 3; i++)
        rng_u32(&rng);

    uint32_t second[4];
    philox4x32((const uint32_t[]){1, 0, 0, 0}, (const uint32_t[]){0, 0}, second);
    assert_int_equal(rng_u32(&rng), second[0]);
}

static void seed_purpose_and_step_each_make_another_stream(void **state)
{
    (void)state;
    struct rng streams[] = {
        rng_stream(1, RANDOM_INIT, 1),          rng_stream(2, RANDOM_INIT, 1),
        rng_stream(1ULL << 32, RANDOM_INIT, 1), rng_stream(1, RANDOM_SHUFFLE, 1),
        rng_stream(1, RANDOM_INIT, 2),          rng_stream(1, RANDOM_INIT, 1ULL << 32),
    };
    uint32_t first[COUNT_OF(streams)];
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        first[i] = rng_u32(&streams[i]);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(first[i], first[j]);
    }
}

/* Mean 1/2 and variance 1/12; five standard errors of 100,000 draws. */
static void uniform_numbers_fill_zero_to_one(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    struct rng rng = rng_stream(7, RANDOM_TEST, 0);
    double sum = 0, squares = 0, least = 1, most = 0;

    for (int i = 0; i < DRAWS; i++) {
        const double u = rng_uniform(&rng);
        sum += u;
        squares += u * u;
        least = fmin(least, u);
        most = fmax(most, u);
    }
    const double mean = sum / DRAWS;
    assert_true(least >= 0 && least < 1e-3 && most < 1 && most > 0.999);
    assert_true(fabs(mean - 0.5) < 5 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(squares / DRAWS - mean * mean - 1.0 / 12) < 5 * sqrt(1.0 / 180 / DRAWS));
}

/* 37.6 is the 0.9999 point of chi-square with 11 degrees of freedom (statistical tables). */
static void below_gives_every_number_equally_often(void **state)
{
    (void)state;
    enum { LIMIT = 12, DRAWS = 120000, EXPECTED = DRAWS / LIMIT };
    struct rng rng = rng_stream(8, RANDOM_TEST, 0);
    int seen[LIMIT] = {0};
    double chi_square = 0;

    for (int i = 0; i < DRAWS; i++) {
        const uint32_t number = rng_below(&rng, LIMIT);
        assert_true(number < LIMIT);
        seen[number]++;
    }
    for (int i = 0; i < LIMIT; i++)
        chi_square += (double)(seen[i] - EXPECTED) * (seen[i] - EXPECTED) / EXPECTED;
    assert_true(chi_square < 37.6);
}

static void below_one_is_always_zero_and_below_three_quarters_is_even(void **state)
{
    (void)state;
    enum { DRAWS = 30000 };
    struct rng rng = rng_stream(9, RANDOM_TEST, 0);
    const uint32_t limit = 3U << 30; /* multiply-and-shift alone would favour a third of these */
    int third[3] = {0};

    assert_int_equal(rng_below(&rng, 1), 0);
    for (int i = 0; i < DRAWS; i++)
        third[rng_below(&rng, limit) % 3]++;
    for (int i = 0; i < 3; i++)
        assert_true(abs(third[i] - DRAWS / 3) < 5 * 82); /* sqrt(n p q) = 82 */
}

/* Moments of the normal distribution: 0, 1, 0, 3; P(|x| > 2) = 0.0455. */
static void normal_numbers_have_the_moments_of_the_normal_distribution(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    struct rng rng = rng_stream(10, RANDOM_TEST, 0);
    double power[5] = {0};
    int outside = 0;

    for (int i = 0; i < DRAWS; i++) {
        const double x = rng_normal(&rng);
        double term = 1;
        for (int k = 1; k <= 4; k++)
            power[k] += (term *= x) / DRAWS;
        outside += fabs(x) > 2;
    }
    assert_true(fabs(power[1]) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(power[2] - 1) < 5 * sqrt(2.0 / DRAWS));
    assert_true(fabs(power[3]) < 5 * sqrt(15.0 / DRAWS));
    assert_true(fabs(power[4] - 3) < 5 * sqrt(96.0 / DRAWS));
    assert_true(fabs((double)outside / DRAWS - 0.0455) < 5 * sqrt(0.0455 / DRAWS));
}

/* The same two uniforms through the C library's functions. */
static void normal_is_box_muller_on_the_next_two_uniforms(void **state)
{
    (void)state;
    struct rng rng = rng_stream(11, RANDOM_TEST, 3), copy = rng;

    for (int i = 0; i < 10000; i++) {
        const double radius = sqrt(-2 * log(1 - rng_uniform(&copy)));
        const double want = radius * cos(2 * acos(-1) * rng_uniform(&copy));
        assert_true(fabs(rng_normal(&rng) - want) < 1e-14);
    }
}

static void every_permutation_hits_every_number_once(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4097, 60000};

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        const uint32_t count = counts[i];
        AUTO_FREE uint8_t *seen = xcalloc(count, 1);
        const struct permutation permutation = permutation_stream(5, RANDOM_SHUFFLE, i, count);
        for (uint32_t index = 0; index < count; index++) {
            const uint32_t to = permutation_at(&permutation, index);
            assert_true(to < count);
            assert_int_equal(seen[to]++, 0);
            if (index < 100)
                assert_int_equal(permute(5, RANDOM_SHUFFLE, i, count, index), to);
        }
    }
}

static void the_largest_count_still_permutes(void **state)
{
    (void)state;
    const struct permutation permutation = permutation_stream(5, RANDOM_SHUFFLE, 0, UINT32_MAX);
    uint32_t last = 0;
    for (uint32_t index = 0; index < 1000; index++) {
        const uint32_t to = permutation_at(&permutation, UINT32_MAX - 1 - index);
        assert_true(to < UINT32_MAX && to != last);
        last = to;
    }
}

/* All 24 orders of four things; 60.1 is the 0.9999 point of chi-square with 23 degrees. */
static void small_permutations_are_all_equally_likely(void **state)
{
    (void)state;
    enum { KEYS = 24000, EXPECTED = KEYS / 24 };
    int seen[256] = {0};
    double chi_square = 0;
    int orders = 0;

    for (uint64_t key = 0; key < KEYS; key++) {
        const struct permutation permutation = permutation_stream(3, RANDOM_TEST, key, 4);
        uint32_t order = 0;
        for (uint32_t i = 0; i < 4; i++)
            order = order << 2 | permutation_at(&permutation, i);
        seen[order]++;
    }
    for (int i = 0; i < 256; i++) {
        if (seen[i] == 0)
            continue;
        orders++;
        chi_square += (double)(seen[i] - EXPECTED) * (seen[i] - EXPECTED) / EXPECTED;
    }
    assert_int_equal(orders, 24);
    assert_true(chi_square < 60.1);
}

/* In a random permutation neighbours land n/3 apart on average (the mean of |x - y|), and as many
 * pairs rise as fall. */
static void neighbours_are_parted(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        const struct permutation permutation = permutation_stream(1, RANDOM_SHUFFLE, epoch, COUNT);
        double apart = 0;
        int rises = 0;
        for (uint32_t i = 0; i + 1 < COUNT; i++) {
            const int64_t step = (int64_t)permutation_at(&permutation, i + 1) -
                                 (int64_t)permutation_at(&permutation, i);
            apart += fabs((double)step) / COUNT;
            rises += step > 0;
        }
        assert_near(apart, COUNT / 3.0, 0.02);
        assert_near(rises, COUNT / 2.0, 0.02);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_numbers),
        cmocka_unit_test(a_stream_starts_at_its_block_zero_and_counts_on),
        cmocka_unit_test(seed_purpose_and_step_each_make_another_stream),
        cmocka_unit_test(uniform_numbers_fill_zero_to_one),
        cmocka_unit_test(below_gives_every_number_equally_often),
        cmocka_unit_test(below_one_is_always_zero_and_below_three_quarters_is_even),
        cmocka_unit_test(normal_numbers_have_the_moments_of_the_normal_distribution),
        cmocka_unit_test(normal_is_box_muller_on_the_next_two_uniforms),
        cmocka_unit_test(every_permutation_hits_every_number_once),
        cmocka_unit_test(the_largest_count_still_permutes),
        cmocka_unit_test(small_permutations_are_all_equally_likely),
        cmocka_unit_test(neighbours_are_parted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
