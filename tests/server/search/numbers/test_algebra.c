/* By hand, and by multiplying back. */
#include "support/check.h"

#include "memory.h"
#include "random.h"
#include "search/numbers/algebra.h"
#include "server/search/within.h"

#include <stdlib.h>

/* B B' + 0.1 I of a random B: positive definite. */
static double *random_definite(int n, uint64_t seed)
{
    const size_t stride = algebra_stride(n);
    double *a = algebra_matrix(n, n);
    AUTO_FREE double *b = xcalloc((size_t)n * n, sizeof *b);
    struct rng rng = rng_stream(seed, RANDOM_TEST, (uint64_t)n);
    for (int i = 0; i < n * n; i++)
        b[i] = rng_normal(&rng);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = i == j ? 0.1 * n : 0;
            for (int k = 0; k < n; k++)
                sum += b[i * n + k] * b[j * n + k];
            a[i * stride + j] = sum / n;
        }
    return a;
}

static void a_factor_by_hand(void **state)
{
    (void)state;
    AUTO_FREE double *a = algebra_matrix(2, 2);
    const size_t stride = algebra_stride(2);
    a[0] = 4, a[stride] = 2, a[stride + 1] = 10;
    assert_int_equal(cholesky(a, 2), 0);
    assert_true(a[0] == 2 && a[stride] == 1 && a[stride + 1] == 3);
}

static void a_matrix_that_is_not_definite_is_refused(void **state)
{
    (void)state;
    for (int n = 2; n <= 70; n += 17) {
        AUTO_FREE double *a = random_definite(n, 1);
        a[(n - 1) * algebra_stride(n) + n - 1] = -1;
        assert_int_equal(cholesky(a, n), -1);
    }
    AUTO_FREE double *none = algebra_matrix(1, 1);
    none[0] = (double)NAN;
    assert_int_equal(cholesky(none, 1), -1);
}

/* Sizes around the edges of vectors, strips and blocks. */
static const int sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 31, 32, 33, 63, 65, 100, 129};

static void a_factor_times_itself_is_the_matrix(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        const int n = sizes[s];
        const size_t stride = algebra_stride(n);
        AUTO_FREE double *a = random_definite(n, 2), *l = random_definite(n, 2);
        assert_int_equal(cholesky(l, n), 0);
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
                assert_within(dot_product(l + i * stride, l + j * stride, j + 1), a[i * stride + j],
                              1e-13);
    }
}

static void an_inverse_times_the_matrix_is_one(void **state)
{
    (void)state;
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        const int n = sizes[s];
        const size_t stride = algebra_stride(n);
        AUTO_FREE double *a = random_definite(n, 3), *l = random_definite(n, 3);
        AUTO_FREE double *half = algebra_matrix(n, n), *whole = algebra_matrix(n, n);
        cholesky(l, n);
        invert_lower(l, n, half);
        inverse_of_product(half, n, whole);
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++) {
                assert_true(half[i * stride + j] == 0); /* above the diagonal */
                whole[i * stride + j] = whole[j * stride + i];
            }
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                assert_within(dot_product(a + i * stride, whole + j * stride, n), i == j, 1e-11);
    }
}

static void solving_and_inverting_agree(void **state)
{
    (void)state;
    enum { N = 50 };
    AUTO_FREE double *l = random_definite(N, 4), *half = algebra_matrix(N, N);
    double b[N], solved[N], w[N], product[N];
    for (int i = 0; i < N; i++)
        b[i] = i % 7 - 3;
    cholesky(l, N);
    invert_lower(l, N, half);
    cholesky_solve(l, N, b, solved);
    lower_times_vector(half, N, b, w);
    lower_transposed_times_vector(half, N, w, product);
    for (int i = 0; i < N; i++)
        assert_within(product[i], solved[i], 1e-12);
}

static void a_product_with_many_columns_is_that_with_each(void **state)
{
    (void)state;
    enum { N = 37, M = 20 };
    const size_t stride = algebra_stride(M);
    AUTO_FREE double *l = random_definite(N, 5), *half = algebra_matrix(N, N);
    AUTO_FREE double *b = algebra_matrix(N, M), *out = algebra_matrix(N, M);
    double column[N], one[N];
    cholesky(l, N);
    invert_lower(l, N, half);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < M; j++)
            b[i * stride + j] = (i * 31 + j * 17) % 23;
    lower_times(half, N, b, M, out);
    for (int j = 0; j < M; j++) {
        for (int i = 0; i < N; i++)
            column[i] = b[i * stride + j];
        lower_times_vector(half, N, column, one);
        for (int i = 0; i < N; i++)
            assert_within(out[i * stride + j], one[i], 1e-11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factor_by_hand),
        cmocka_unit_test(a_matrix_that_is_not_definite_is_refused),
        cmocka_unit_test(a_factor_times_itself_is_the_matrix),
        cmocka_unit_test(an_inverse_times_the_matrix_is_one),
        cmocka_unit_test(solving_and_inverting_agree),
        cmocka_unit_test(a_product_with_many_columns_is_that_with_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
