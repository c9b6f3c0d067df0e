#include "server/search/within.h"

#include "memory.h"
#include "random.h"
#include "search/numbers/eigen.h"

#include <stdlib.h>

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* numpy.linalg.eigvalsh by tests/reference/search_cma.py; 0 twice. */
static void eigenvalues_are_those_of_numpy(void **state)
{
    (void)state;
    static const double want[] = {-14, -11, -6, 0, 0, 1};
    static const double hilbert[] = {0.0014676881177418618, 0.026212843578118955,
                                     0.2981252113169307, 1.6959389969219494};
    double matrix[64], values[8], vectors[64];

    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            matrix[6 * i + j] = (3 * i * i + 5 * i * j + 3 * j * j) % 11 - 5;
    symmetric_eigen(matrix, 6, values, vectors);
    qsort(values, 6, sizeof *values, by_value);
    for (int i = 0; i < 6; i++)
        assert_within(values[i], want[i], 1e-13);

    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++)
            matrix[8 * i + j] = 1.0 / (i + j + 1);
    symmetric_eigen(matrix, 8, values, vectors);
    qsort(values, 8, sizeof *values, by_value);
    for (int i = 0; i < 4; i++)
        assert_near(values[4 + i], hilbert[i], 1e-12);
}

static double product(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Rows at right angles of length 1, and the matrix again from them. */
static void check_eigen(const double *matrix, int n, double scale)
{
    AUTO_FREE double *values = xcalloc((size_t)n + 1, sizeof *values);
    AUTO_FREE double *vectors = xcalloc((size_t)n * n + 1, sizeof *vectors);

    symmetric_eigen(matrix, n, values, vectors);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++)
                sum += values[k] * vectors[k * n + i] * vectors[k * n + j];
            assert_within(sum, matrix[i * n + j], 1e-13 * n * scale);
            assert_within(product(vectors + i * n, vectors + j * n, n), i == j, 1e-14 * n);
        }
}

static void vectors_make_the_matrix_again(void **state)
{
    (void)state;
    static const int sizes[] = {0, 1, 2, 3, 5, 10, 33, 128};

    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        const int n = sizes[s];
        struct rng rng = rng_stream(4, RANDOM_TEST, s);
        AUTO_FREE double *matrix = xcalloc((size_t)n * n + 1, sizeof *matrix);
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
                matrix[i * n + j] = matrix[j * n + i] = rng_normal(&rng);
        check_eigen(matrix, n, 1);
    }
}

static void special_matrices_are_no_trouble(void **state)
{
    (void)state;
    const double zero[9] = {0};
    const double diagonal[9] = {3, 0, 0, 0, 3, 0, 0, 0, -1};
    const double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const double huge[9] = {1e150, 1e149, 0, 1e149, 1, 0, 0, 0, 1e-150};
    const double tiny[4] = {1e-150, 1e-151, 1e-151, 1e-150};

    check_eigen(zero, 3, 1);
    check_eigen(diagonal, 3, 1);
    check_eigen(ones, 3, 1);
    check_eigen(huge, 3, 1e150);
    check_eigen(tiny, 2, 1e-150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvalues_are_those_of_numpy),
        cmocka_unit_test(vectors_make_the_matrix_again),
        cmocka_unit_test(special_matrices_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
