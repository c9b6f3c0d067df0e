#include "support/check.h"

#include "math/uniform.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bulk_words_are_the_words_of_the_stream),
        cmocka_unit_test(bulk_words_can_start_later_in_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
