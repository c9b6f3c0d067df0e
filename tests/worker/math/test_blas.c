#include "support/check.h"

#include "math/blas.h"
#include "math/fingerprint.h"

/* By hand: A = (1 2 3; 4 5 6), B = (1 0; 0 1; 1 1), AB = (4 5; 10 11). */
static const float a[] = {1, 2, 3, 4, 5, 6}, a_transposed[] = {1, 4, 2, 5, 3, 6};
static const float b[] = {1, 0, 0, 1, 1, 1}, b_transposed[] = {1, 0, 1, 0, 1, 1};
static const float product[] = {4, 5, 10, 11}, twice[] = {8, 10, 20, 22};

static void every_product_overwrites_with_beta_zero_and_adds_with_one(void **state)
{
    (void)state;
    float c[4];

    memset(c, 0xFF, sizeof c); /* NaN: beta 0 must not read it */
    multiply(2, 2, 3, a, b, 0.0F, c);
    assert_memory_equal(c, product, sizeof c);
    multiply_transposed(2, 2, 3, a, b_transposed, 1.0F, c);
    assert_memory_equal(c, twice, sizeof c);

    memset(c, 0xFF, sizeof c);
    multiply_transposed(2, 2, 3, a, b_transposed, 0.0F, c);
    assert_memory_equal(c, product, sizeof c);
    transposed_multiply(2, 2, 3, a_transposed, b, 1.0F, c);
    assert_memory_equal(c, twice, sizeof c);

    memset(c, 0xFF, sizeof c);
    transposed_multiply(2, 2, 3, a_transposed, b, 0.0F, c);
    assert_memory_equal(c, product, sizeof c);
    multiply(2, 2, 3, a, b, 1.0F, c);
    assert_memory_equal(c, twice, sizeof c);
}

static void the_fingerprint_names_all_that_decides_bits(void **state)
{
    (void)state;
    const char *core, *openblas, *libc;
    int threads, kernels;
    json_auto_t *object = fingerprint();

    assert_int_equal(json_unpack(object, "{s:s, s:i, s:s, s:s, s:i !}", "core", &core, "threads",
                                 &threads, "openblas", &openblas, "libc", &libc, "kernels",
                                 &kernels),
                     0);
    assert_true(*core && threads >= 1 && kernels >= 1);
    assert_true(openblas[0] >= '0' && openblas[0] <= '9' && strchr(openblas, '.'));
    assert_true(libc[0] == '2' && libc[1] == '.');
}

static void threads_can_be_set(void **state)
{
    (void)state;
    blas_set_threads(1);
    assert_int_equal(blas_threads(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_overwrites_with_beta_zero_and_adds_with_one),
        cmocka_unit_test(the_fingerprint_names_all_that_decides_bits),
        cmocka_unit_test(threads_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
