#include "support/check.h"

#include "math/random_bulk.h"
#include "memory.h"

static void bulk_words_are_the_words_of_the_stream(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 3, 4, 127, 128, 129, 1000};
    for (size_t k = 0; k < COUNT_OF(counts); k++) {
        uint32_t words[1001];
        words[counts[k]] = 0xABCDEF;
        struct rng rng = rng_stream(1ULL << 40 | 5, RANDOM_DROPOUT, 1ULL << 33 | 7);
        random_words(1ULL << 40 | 5, RANDOM_DROPOUT, 1ULL << 33 | 7, 0, counts[k], words);
        for (size_t i = 0; i < counts[k]; i++)
            assert_int_equal(words[i], rng_u32(&rng));
        assert_int_equal(words[counts[k]], 0xABCDEF);
    }
}

static void bulk_words_can_start_later_in_the_stream(void **state)
{
    (void)state;
    uint32_t whole[300], later[100];
    random_words(3, RANDOM_TEST, 4, 0, 300, whole);
    random_words(3, RANDOM_TEST, 4, 200, 100, later);
    assert_memory_equal(later, whole + 200, sizeof later);
}

enum { DRAWS = 200001 };
static float draws[DRAWS], again[DRAWS];

/* Mean 0, variance bound^2 / 3. */
static void uniforms_fill_their_range(void **state)
{
    (void)state;
    double sum = 0, squares = 0, largest = 0;
    random_uniforms(1, RANDOM_TEST, 0, 2.0, DRAWS, draws);
    for (int i = 0; i < DRAWS; i++) {
        sum += (double)draws[i] / DRAWS;
        squares += (double)draws[i] * (double)draws[i] / DRAWS;
        largest = fmax(largest, fabs((double)draws[i]));
    }
    assert_true(fabs(sum) < 5 * sqrt(4.0 / 3 / DRAWS));
    assert_near(squares, 4.0 / 3, 0.01);
    assert_true(largest > 1.999 && largest <= 2.0);
}

/* Moments 0, 1, 0, 3 of deviation 1; both of a pair are used, so they must not go together. */
static void normals_have_the_moments_of_the_normal_distribution(void **state)
{
    (void)state;
    double power[5] = {0}, pairs = 0;
    int outside = 0;
    random_normals(1, RANDOM_TEST, 0, 1.0, DRAWS, draws);
    for (int i = 0; i < DRAWS; i++) {
        double term = 1;
        for (int k = 1; k <= 4; k++)
            power[k] += (term *= (double)draws[i]) / DRAWS;
        outside += fabs((double)draws[i]) > 2;
        pairs += i % 2 ? (double)draws[i] * (double)draws[i - 1] / (DRAWS / 2) : 0;
    }
    assert_true(fabs(power[1]) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(power[2] - 1) < 5 * sqrt(2.0 / DRAWS));
    assert_true(fabs(power[3]) < 5 * sqrt(15.0 / DRAWS));
    assert_true(fabs(power[4] - 3) < 5 * sqrt(96.0 / DRAWS));
    assert_true(fabs((double)outside / DRAWS - 0.0455) < 5 * sqrt(0.0455 / DRAWS));
    assert_true(fabs(pairs) < 5 * sqrt(2.0 / DRAWS));
}

/* The same words through the C library in double. */
static void normals_are_box_muller_on_pairs_of_words(void **state)
{
    (void)state;
    uint32_t words[2000];
    random_words(2, RANDOM_TEST, 0, 0, 2000, words);
    random_normals(2, RANDOM_TEST, 0, 3.0, 2000, draws);
    for (int i = 0; i < 2000; i += 2) {
        const double radius = 3 * sqrt(-2 * log((words[i] + 0.5) * 0x1p-32));
        const double angle = 2 * acos(-1) * (int32_t)words[i + 1] * 0x1p-32;
        assert_true(fabs((double)draws[i] - radius * cos(angle)) < 5e-6);
        assert_true(fabs((double)draws[i + 1] - radius * sin(angle)) < 5e-6);
    }
}

static void a_shorter_draw_is_the_beginning_of_a_longer_one(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 2, 1023, 1024, 1025};
    random_normals(3, RANDOM_TEST, 0, 1.0, DRAWS, draws);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        again[counts[i]] = 77;
        random_normals(3, RANDOM_TEST, 0, 1.0, counts[i], again);
        assert_memory_equal(again, draws, counts[i] * sizeof *again);
        assert_true(again[counts[i]] == 77.0F);
    }
}

static void a_draw_may_begin_anywhere(void **state)
{
    (void)state;
    static const size_t firsts[] = {4, 512, 1020, 2048};
    random_normals(3, RANDOM_TEST, 0, 1.0, DRAWS, draws);
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        random_normals_from(3, RANDOM_TEST, 0, firsts[i], 1501, again);
        assert_memory_equal(again, draws + firsts[i], 1501 * sizeof *again);
    }
    random_students_from(3, RANDOM_TEST, 0, 0, 2.5, DRAWS, draws);
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        random_students_from(3, RANDOM_TEST, 0, firsts[i], 2.5, 1501, again);
        assert_memory_equal(again, draws + firsts[i], 1501 * sizeof *again);
    }
}

/* The same words through the C library in double. */
static void students_are_baileys_polar_numbers(void **state)
{
    static const double nus[] = {1, 3, 1000};
    uint32_t words[2000];
    (void)state;
    random_words(2, RANDOM_TEST, 0, 0, 2000, words);
    for (size_t k = 0; k < COUNT_OF(nus); k++) {
        const double nu = nus[k];
        random_students_from(2, RANDOM_TEST, 0, 0, nu, 1000, draws);
        for (int i = 0; i < 1000; i++) {
            const double u = (words[2 * i] + 0.5) * 0x1p-32;
            const double radius = sqrt(nu * expm1(-2 / nu * log(u)));
            const double angle = 2 * acos(-1) * (int32_t)words[2 * i + 1] * 0x1p-32;
            assert_true(fabs((double)draws[i] - radius * cos(angle)) < 4e-6 * (1 + radius));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_words_are_the_words_of_the_stream),
        cmocka_unit_test(bulk_words_can_start_later_in_the_stream),
        cmocka_unit_test(uniforms_fill_their_range),
        cmocka_unit_test(normals_have_the_moments_of_the_normal_distribution),
        cmocka_unit_test(normals_are_box_muller_on_pairs_of_words),
        cmocka_unit_test(a_shorter_draw_is_the_beginning_of_a_longer_one),
        cmocka_unit_test(a_draw_may_begin_anywhere),
        cmocka_unit_test(students_are_baileys_polar_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
