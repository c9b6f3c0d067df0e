#include "math/blas.h"

#include <assert.h>
#include <cblas.h>
#include <stdio.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

static int size_of(size_t size)
{
    assert(size <= BLAS_SIZE_MAX);
    return (int)size;
}

void multiply(size_t m, size_t n, size_t k, const real *a, const real *b, real beta, real *c)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, size_of(m), size_of(n), size_of(k), 1, a,
         size_of(k), b, size_of(n), beta, c, size_of(n));
}

void multiply_transposed(size_t m, size_t n, size_t k, const real *a, const real *b, real beta,
                         real *c)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, size_of(m), size_of(n), size_of(k), 1, a,
         size_of(k), b, size_of(k), beta, c, size_of(n));
}

void transposed_multiply(size_t m, size_t n, size_t k, const real *a, const real *b, real beta,
                         real *c)
{
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, size_of(m), size_of(n), size_of(k), 1, a,
         size_of(m), b, size_of(n), beta, c, size_of(n));
}

const char *blas_core(void)
{
    return openblas_get_corename();
}

/* The configuration reads "OpenBLAS 0.3.21 DYNAMIC_ARCH … SkylakeX MAX_THREADS=64". */
const char *blas_version(void)
{
    static char version[24]; /* worker threads do not ask; filled with the same text every time */
    if (sscanf(openblas_get_config(), "OpenBLAS %23s", version) != 1)
        return "unknown";
    return version;
}

int blas_threads(void)
{
    return openblas_get_num_threads();
}

void blas_set_threads(int threads)
{
    openblas_set_num_threads(threads);
}
