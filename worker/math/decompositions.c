#include "math/decompositions.h"

#include "math/vectors.h"
#include "memory.h"

#include <assert.h>

/* LAPACK's routines as Fortran has them: by columns, every argument by its address, and behind the
 * last one the lengths of the texts among them. */
#ifdef REAL_IS_DOUBLE
#define SYEVD dsyevd_
#define GEQRF dgeqrf_
#define ORGQR dorgqr_
#else
#define SYEVD ssyevd_
#define GEQRF sgeqrf_
#define ORGQR sorgqr_
#endif

void SYEVD(const char *job, const char *triangle, const int *n, real *a, const int *stride,
           real *values, real *work, const int *work_size, int *integers, const int *integers_size,
           int *info, size_t job_length, size_t triangle_length);
void GEQRF(const int *rows, const int *columns, real *a, const int *stride, real *tau, real *work,
           const int *work_size, int *info);
void ORGQR(const int *rows, const int *columns, const int *reflectors, real *a, const int *stride,
           const real *tau, real *work, const int *work_size, int *info);

/* For QR in blocks of this many columns. */
enum { BLOCK_COLUMNS = 64 };

static size_t eigen_work(size_t n)
{
    return 1 + 6 * n + 2 * n * n;
}

size_t decomposition_scratch(size_t n)
{
    const size_t eigen = eigen_work(n), qr = n + BLOCK_COLUMNS * n;
    return n + (eigen > qr ? eigen : qr);
}

static void swap(real *a, real *b)
{
    const real kept = *a;
    *a = *b;
    *b = kept;
}

static void transpose(size_t n, real *matrix)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            swap(&matrix[i * n + j], &matrix[j * n + i]);
}

/* Rows and values came from the smallest value up. */
static void reverse(size_t n, real *matrix, real *values)
{
    for (size_t i = 0; i < n / 2; i++) {
        swap(&values[i], &values[n - 1 - i]);
        for (size_t j = 0; j < n; j++)
            swap(&matrix[i * n + j], &matrix[(n - 1 - i) * n + j]);
    }
}

void symmetric_eigen(size_t n, real *matrix, real *values, real *scratch)
{
    assert(n >= 1 && n <= DECOMPOSITION_SIDE_MAX);
    const int size = (int)n, work_size = (int)eigen_work(n), integers_size = 3 + 5 * size;
    AUTO_FREE int *integers = xcalloc((size_t)integers_size, sizeof *integers);
    int info = -1;

    /* Symmetric: by columns it is the same. Each eigenvector comes as a column there, a row here.
     */
    if (vector_is_finite(n * n, matrix))
        SYEVD("V", "L", &size, matrix, &size, values, scratch, &work_size, integers, &integers_size,
              &info, 1, 1);
    if (info != 0) {
        vector_fill(n * n, (real)NAN, matrix);
        vector_fill(n, (real)NAN, values);
        return;
    }
    reverse(n, matrix, values);
    transpose(n, matrix);
}

void orthonormalise(size_t n, real *matrix, real *scratch)
{
    assert(n >= 1 && n <= DECOMPOSITION_SIDE_MAX);
    const int size = (int)n, work_size = BLOCK_COLUMNS * size;
    real *tau = scratch, *work = scratch + n;
    int info = -1;

    if (vector_is_finite(n * n, matrix)) {
        transpose(n, matrix);
        GEQRF(&size, &size, matrix, &size, tau, work, &work_size, &info);
        if (info == 0)
            ORGQR(&size, &size, &size, matrix, &size, tau, work, &work_size, &info);
        transpose(n, matrix);
    }
    if (info != 0)
        vector_fill(n * n, (real)NAN, matrix);
}
