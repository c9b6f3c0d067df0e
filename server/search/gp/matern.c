#include "search/gp/matern.h"

#include "search/numbers/exp_minus.h"
#include "search/numbers/kernels.h"
#include <math.h>
#include <string.h>

enum { CHUNK = 128, SUMS = 16 };

KERNEL_INLINE void add_column(double *r2, const double *x, double point, double weight, bool choice,
                              int n)
{
    if (choice)
        for (int i = 0; i < n; i++)
            r2[i] += x[i] != point ? weight : 0;
    else
        for (int i = 0; i < n; i++)
            r2[i] += weight * ((x[i] - point) * (x[i] - point));
}

KERNEL_INLINE void correlate(double *r2, double *k, double *slope, int n)
{
    for (int i = 0; i < n; i++) {
        const double t = sqrt(5 * r2[i]), e = exp_minus(t);
        k[i] = (1 + t + t * t * (1.0 / 3)) * e;
        r2[i] = (5.0 / 3) * (1 + t) * e;
    }
    if (slope)
        memcpy(slope, r2, n * sizeof *slope);
}

KERNEL_CLONES
void matern_row(const struct columns *columns, const double *weight, int first, int n,
                const double *point, double *k, double *slope)
{
    double r2[CHUNK];
    for (int start = 0; start < n; start += CHUNK) {
        const int size = n - start < CHUNK ? n - start : CHUNK;
        memset(r2, 0, sizeof r2);
        for (int j = 0; j < columns->count; j++)
            add_column(r2, columns->x + j * columns->stride + first + start, point[j], weight[j],
                       columns->choice[j], size);
        correlate(r2, k + start, slope ? slope + start : NULL, size);
    }
}

KERNEL_INLINE double total(double *sums)
{
    for (int width = SUMS / 2; width > 0; width /= 2)
        for (int lane = 0; lane < width; lane++)
            sums[lane] += sums[lane + width];
    return sums[0];
}

KERNEL_CLONES
double weighted_distance(const struct columns *columns, int j, double point, const double *w, int n)
{
    const double *x = columns->x + j * columns->stride;
    const bool choice = columns->choice[j];
    double sums[SUMS] = {0};
    for (int i = 0; i < n; i += SUMS) {
        const int size = n - i < SUMS ? n - i : SUMS;
        for (int lane = 0; lane < size; lane++) {
            const double apart = choice ? (x[i + lane] != point ? 1 : 0) : x[i + lane] - point;
            sums[lane] += w[i + lane] * (apart * apart);
        }
    }
    return total(sums);
}

KERNEL_CLONES
double weighted_difference(const struct columns *columns, int j, double point, const double *w,
                           int n)
{
    const double *x = columns->x + j * columns->stride;
    double sums[SUMS] = {0};
    for (int i = 0; i < n; i += SUMS) {
        const int size = n - i < SUMS ? n - i : SUMS;
        for (int lane = 0; lane < size; lane++)
            sums[lane] += w[i + lane] * (point - x[i + lane]);
    }
    return total(sums);
}
