#include "support/check.h"

#include "math/blas.h"
#include "math/decompositions.h"
#include "math/random_bulk.h"
#include "math/vectors.h"
#include "memory.h"
#include "random.h"

enum { SIDE = 60 };

static float matrix[SIDE * SIDE], vectors[SIDE * SIDE], product[SIDE * SIDE], values[SIDE];

/* [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1). */
static void eigenvectors_stand_as_columns_from_the_largest_value_down(void **state)
{
    float small[] = {2, 1, 1, 2}, found[2];
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(2), sizeof *scratch);
    (void)state;

    symmetric_eigen(2, small, found, scratch);
    assert_near((double)found[0], 3, 1e-6);
    assert_near((double)found[1], 1, 1e-6);
    assert_near((double)small[0], (double)small[2], 1e-6);
    assert_near((double)small[1], (double)-small[3], 1e-6);
    assert_near(fabs((double)small[0]), sqrt(0.5), 1e-6);
}

static void make_symmetric(void)
{
    random_normals(1, RANDOM_TEST, 0, 1, (size_t)SIDE * SIDE, vectors);
    multiply_transposed(SIDE, SIDE, SIDE, vectors, vectors, 0, matrix);
}

static void expect_orthonormal(const float *basis)
{
    transposed_multiply(SIDE, SIDE, SIDE, basis, basis, 0, product);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            assert_true(fabs((double)product[i * SIDE + j] - (i == j)) < 1e-5);
}

/* V' A V = diag(values), downwards. */
static void a_matrix_is_diagonal_between_its_eigenvectors(void **state)
{
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(SIDE), sizeof *scratch);
    (void)state;

    make_symmetric();
    memcpy(vectors, matrix, sizeof vectors);
    symmetric_eigen(SIDE, vectors, values, scratch);
    expect_orthonormal(vectors);
    static float image[SIDE * SIDE];
    multiply(SIDE, SIDE, SIDE, matrix, vectors, 0, image);
    transposed_multiply(SIDE, SIDE, SIDE, vectors, image, 0, product);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            assert_true(fabs((double)product[i * SIDE + j] - (i == j ? (double)values[i] : 0)) <
                        1e-5 * (double)values[0]);
    for (int i = 1; i < SIDE; i++)
        assert_true(values[i] <= values[i - 1]);
}

/* Q' A is upper triangular where Q R = A. */
static void what_is_left_of_an_orthonormalised_matrix_is_triangular(void **state)
{
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(SIDE), sizeof *scratch);
    (void)state;

    random_normals(2, RANDOM_TEST, 0, 1, (size_t)SIDE * SIDE, matrix);
    memcpy(vectors, matrix, sizeof vectors);
    orthonormalise(SIDE, vectors, scratch);
    expect_orthonormal(vectors);
    transposed_multiply(SIDE, SIDE, SIDE, vectors, matrix, 0, product);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < i; j++)
            assert_true(fabs((double)product[i * SIDE + j]) < 1e-4);
}

static void what_is_not_finite_comes_out_as_nan(void **state)
{
    float symmetric[] = {1, nanf(""), nanf(""), 1}, square[] = {1, HUGE_VALF, 0, 1}, found[2];
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(2), sizeof *scratch);
    (void)state;

    symmetric_eigen(2, symmetric, found, scratch);
    orthonormalise(2, square, scratch);
    for (int i = 0; i < 4; i++)
        assert_true(isnan(symmetric[i]) && isnan(square[i]));
    assert_true(isnan(found[0]) && isnan(found[1]));
}

static void one_number_is_its_own_value(void **state)
{
    float number[] = {-4}, found[1];
    AUTO_FREE float *scratch = xcalloc(decomposition_scratch(1), sizeof *scratch);
    (void)state;

    symmetric_eigen(1, number, found, scratch);
    assert_near((double)found[0], -4, 1e-6);
    assert_near(fabs((double)number[0]), 1, 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigenvectors_stand_as_columns_from_the_largest_value_down),
        cmocka_unit_test(a_matrix_is_diagonal_between_its_eigenvectors),
        cmocka_unit_test(what_is_left_of_an_orthonormalised_matrix_is_triangular),
        cmocka_unit_test(what_is_not_finite_comes_out_as_nan),
        cmocka_unit_test(one_number_is_its_own_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
