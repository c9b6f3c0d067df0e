#include "search/numbers/algebra.h"

#include "memory.h"
#include "search/numbers/kernels.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32, HALF = ALGEBRA_LANES / 2, STRIP = 4 };

/* Read and written wherever a double may lie. */
typedef double lanes __attribute__((vector_size(HALF * sizeof(double)), aligned(8), may_alias));

size_t algebra_stride(int n)
{
    return ((size_t)n + ALGEBRA_LANES - 1) / ALGEBRA_LANES * ALGEBRA_LANES;
}

double *algebra_matrix(int rows, int n)
{
    return xcalloc((size_t)rows * algebra_stride(n) + ALGEBRA_LANES, sizeof(double));
}

/* Where the two factors of a strip of rows lie: a(r, k) = a[r * row + k * step]. */
struct factor {
    const double *a;
    size_t row, step;
    const double *b; /* [depth][b_stride] */
    size_t b_stride;
};

/* c [rows][16] += sign * a b over `depth`; rows is a constant where this is inlined. */
KERNEL_INLINE void tile(double *c, size_t c_stride, struct factor f, int depth, int rows,
                        double sign)
{
    lanes sum[STRIP][2];
    for (int r = 0; r < rows; r++)
        sum[r][0] = sum[r][1] = (lanes){0};
    for (int k = 0; k < depth; k++) {
        const lanes left = *(const lanes *)(f.b + k * f.b_stride);
        const lanes right = *(const lanes *)(f.b + k * f.b_stride + HALF);
        for (int r = 0; r < rows; r++) {
            const double a = f.a[r * f.row + k * f.step];
            sum[r][0] += a * left;
            sum[r][1] += a * right;
        }
    }
    for (int r = 0; r < rows; r++) {
        *(lanes *)(c + r * c_stride) += sign * sum[r][0];
        *(lanes *)(c + r * c_stride + HALF) += sign * sum[r][1];
    }
}

/* c [rows][columns] += sign * a b, rows 4 or 1, columns in whole tiles. Of a lower triangular b the
 * zeros above its diagonal are left out. */
KERNEL_CLONES
static void strip(double *c, size_t c_stride, struct factor f, int rows, int columns, int depth,
                  double sign, bool b_lower)
{
    for (int j = 0; j < columns; j += ALGEBRA_LANES) {
        struct factor part = f;
        const int first = b_lower ? j : 0;
        part.a += first * f.step;
        part.b += first * f.b_stride + j;
        if (rows == STRIP)
            tile(c + j, c_stride, part, depth - first, STRIP, sign);
        else
            tile(c + j, c_stride, part, depth - first, 1, sign);
    }
}

static int strip_rows(int left)
{
    return left >= STRIP ? STRIP : 1;
}

static int whole_tiles(int columns)
{
    return (int)algebra_stride(columns);
}

/* a [n] -= factor * b [n], a [n] /= divisor */
KERNEL_CLONES
static void subtract_row(double *a, const double *b, double factor, int n)
{
    for (int i = 0; i < n; i++)
        a[i] -= factor * b[i];
}

KERNEL_CLONES
static void divide_row(double *a, double divisor, int n)
{
    for (int i = 0; i < n; i++)
        a[i] /= divisor;
}

static int factor_diagonal(double *a, int n, size_t stride)
{
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i * stride + j];
            for (int k = 0; k < j; k++)
                sum -= a[i * stride + k] * a[j * stride + k];
            if (j < i)
                a[i * stride + j] = sum / a[j * stride + j];
            else if (sum > 0 && isfinite(sum))
                a[i * stride + i] = sqrt(sum);
            else
                return -1;
        }
    }
    return 0;
}

/* The rows below a factored diagonal block, solved against it; `panel` [size][stride] gets them
 * transposed, which is what the update of the rest reads. */
static void solve_panel(double *a, size_t stride, int start, int size, int n, double *panel)
{
    const int below = n - start - size;
    for (int i = 0; i < below; i++)
        for (int k = 0; k < size; k++)
            panel[k * stride + i] = a[(start + size + i) * stride + start + k];
    for (int k = 0; k < size; k++) {
        const double *row = a + (start + k) * stride + start;
        for (int m = 0; m < k; m++)
            subtract_row(panel + k * stride, panel + m * stride, row[m], below);
        divide_row(panel + k * stride, row[k], below);
    }
    for (int i = 0; i < below; i++)
        for (int k = 0; k < size; k++)
            a[(start + size + i) * stride + start + k] = panel[k * stride + i];
}

static void update_rest(double *a, size_t stride, int start, int size, int n, const double *panel)
{
    const int first = start + size;
    for (int i = first, rows; i < n; i += rows) {
        rows = strip_rows(n - i);
        const struct factor f = {a + i * stride + start, stride, 1, panel, stride};
        strip(a + i * stride + first, stride, f, rows, whole_tiles(i + rows - first), size, -1,
              false);
    }
}

int cholesky(double *a, int n)
{
    const size_t stride = algebra_stride(n);
    AUTO_FREE double *panel = algebra_matrix(BLOCK, n);

    for (int start = 0; start < n; start += BLOCK) {
        const int size = n - start < BLOCK ? n - start : BLOCK;
        if (factor_diagonal(a + start * stride + start, size, stride) < 0)
            return -1;
        solve_panel(a, stride, start, size, n, panel);
        update_rest(a, stride, start, size, n, panel);
    }
    return 0;
}

void invert_lower(const double *lower, int n, double *out)
{
    const size_t stride = algebra_stride(n);

    for (int start = 0; start < n; start += BLOCK) {
        const int size = n - start < BLOCK ? n - start : BLOCK;
        for (int r = 0, rows; r < size; r += rows) {
            rows = strip_rows(size - r);
            const struct factor f = {lower + (start + r) * stride, stride, 1, out, stride};
            strip(out + (start + r) * stride, stride, f, rows, start, start, -1, true);
        }
        for (int r = start; r < start + size; r++) {
            out[r * stride + r] = 1;
            for (int m = start; m < r; m++)
                subtract_row(out + r * stride, out + m * stride, lower[r * stride + m], m + 1);
            divide_row(out + r * stride, lower[r * stride + r], r + 1);
        }
    }
}

void inverse_of_product(const double *inverse_lower, int n, double *out)
{
    const size_t stride = algebra_stride(n);
    memset(out, 0, n * stride * sizeof *out);
    for (int i = 0, rows; i < n; i += rows) {
        rows = strip_rows(n - i);
        const double *corner = inverse_lower + i * stride;
        const struct factor f = {corner + i, 1, stride, corner, stride};
        strip(out + i * stride, stride, f, rows, whole_tiles(i + rows), n - i, 1, false);
    }
}

void lower_times(const double *lower, int n, const double *b, int m, double *out)
{
    const size_t stride = algebra_stride(n), b_stride = algebra_stride(m);
    memset(out, 0, n * b_stride * sizeof *out);
    for (int i = 0, rows; i < n; i += rows) {
        rows = strip_rows(n - i);
        const struct factor f = {lower + i * stride, stride, 1, b, b_stride};
        strip(out + i * b_stride, b_stride, f, rows, (int)b_stride, i + rows, 1, false);
    }
}

KERNEL_CLONES
double dot_product(const double *a, const double *b, int n)
{
    double sums[ALGEBRA_LANES] = {0};
    int i = 0;
    for (; i + ALGEBRA_LANES <= n; i += ALGEBRA_LANES)
        for (int lane = 0; lane < ALGEBRA_LANES; lane++)
            sums[lane] += a[i + lane] * b[i + lane];
    for (int lane = 0; i < n; i++, lane++)
        sums[lane] += a[i] * b[i];
    for (int width = ALGEBRA_LANES / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++)
            sums[lane] += sums[lane + width];
    return sums[0];
}

void lower_times_vector(const double *lower, int n, const double *v, double *out)
{
    const size_t stride = algebra_stride(n);
    for (int i = 0; i < n; i++)
        out[i] = dot_product(lower + i * stride, v, i + 1);
}

void lower_transposed_times_vector(const double *lower, int n, const double *v, double *out)
{
    const size_t stride = algebra_stride(n);
    memset(out, 0, n * sizeof *out);
    for (int i = 0; i < n; i++)
        subtract_row(out, lower + i * stride, -v[i], i + 1);
}

void cholesky_solve(const double *lower, int n, const double *b, double *x)
{
    const size_t stride = algebra_stride(n);
    for (int i = 0; i < n; i++)
        x[i] = (b[i] - dot_product(lower + i * stride, x, i)) / lower[i * stride + i];
    for (int i = n - 1; i >= 0; i--) {
        x[i] /= lower[i * stride + i];
        subtract_row(x, lower + i * stride, x[i], i);
    }
}
