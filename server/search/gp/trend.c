#include "search/gp/trend.h"

#include "memory.h"
#include "search/numbers/algebra.h"
#include "search/numbers/exp_minus.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 128 };

static double numbers(const struct columns *columns)
{
    int count = 0;
    for (int j = 0; j < columns->count; j++)
        count += !columns->choice[j];
    return count;
}

static double pair_count(const struct columns *columns)
{
    const double count = numbers(columns);
    return fmax(0.5 * count * (count - 1), 1);
}

KERNEL_INLINE void add_number(double *sums, const double *x, double point, double rate, int n)
{
    for (int i = 0; i < n; i++) {
        const double t = rate * fabs(x[i] - point);
        sums[i] += (1 + t + t * t * (1.0 / 3)) * exp_minus(t);
    }
}

KERNEL_CLONES
void additive_row(const struct columns *columns, const double *weight, int n, const double *point,
                  double *k)
{
    for (int start = 0; start < n; start += CHUNK) {
        const int size = n - start < CHUNK ? n - start : CHUNK;
        double *sums = k + start;
        memset(sums, 0, size * sizeof *sums);
        for (int j = 0; j < columns->count; j++) {
            const double *x = columns->x + j * columns->stride + start;
            if (columns->choice[j])
                for (int i = 0; i < size; i++)
                    sums[i] += x[i] == point[j] ? 1 : 0;
            else
                add_number(sums, x, point[j], sqrt(5 * weight[j]), size);
        }
        for (int i = 0; i < size; i++)
            sums[i] /= columns->count;
    }
}

/* rate^2 / 3 (1 + t) exp(-t) = -k'(distance) / distance, rate^2 = 5 weight, times how far the point
 * is behind x_i, or the square of that. */
KERNEL_CLONES
static void slopes(const double *x, double point, double rate, bool squared, int n, double *out)
{
    for (int i = 0; i < n; i++) {
        const double far = point - x[i], t = rate * fabs(far);
        out[i] = rate * rate * (1.0 / 3) * (1 + t) * exp_minus(t) * (squared ? far * far : far);
    }
}

double additive_slope(const struct columns *columns, int j, double weight, int n, double point,
                      const double *w)
{
    const double *x = columns->x + j * columns->stride;
    double part[CHUNK], sum = 0;
    for (int start = 0; start < n; start += CHUNK) {
        const int size = n - start < CHUNK ? n - start : CHUNK;
        slopes(x + start, point, sqrt(5 * weight), false, size, part);
        sum -= dot_product(part, w + start, size);
    }
    return sum / columns->count;
}

double additive_weight_slope(const struct columns *columns, int j, double weight, int n,
                             double point, const double *w)
{
    const double *x = columns->x + j * columns->stride;
    double part[CHUNK], sum = 0;
    for (int start = 0; start < n; start += CHUNK) {
        const int size = n - start < CHUNK ? n - start : CHUNK;
        slopes(x + start, point, sqrt(5 * weight), true, size, part);
        sum -= 0.5 * dot_product(part, w + start, size);
    }
    return sum / columns->count;
}

/* sums of 3 t_j t'_j and of its square: [n] each */
KERNEL_CLONES
static void products(const struct columns *columns, int n, const double *point, double *linear,
                     double *squares)
{
    memset(linear, 0, n * sizeof *linear);
    memset(squares, 0, n * sizeof *squares);
    for (int j = 0; j < columns->count; j++) {
        const double *x = columns->x + j * columns->stride, t = 3 * (2 * point[j] - 1);
        if (columns->choice[j])
            continue;
        for (int i = 0; i < n; i++) {
            const double product = (2 * x[i] - 1) * t;
            linear[i] += product;
            squares[i] += product * product;
        }
    }
}

void pairs_row(const struct columns *columns, int n, const double *point, double *k)
{
    const double terms = pair_count(columns);
    AUTO_FREE double *squares = xcalloc(n + 1, sizeof *squares);
    products(columns, n, point, k, squares);
    for (int i = 0; i < n; i++)
        k[i] = 0.5 * (k[i] * k[i] - squares[i]) / terms;
}

double pairs_self(const struct columns *columns, const double *point, double *slope)
{
    const double terms = pair_count(columns);
    double linear = 0, squares = 0;
    for (int j = 0; j < columns->count; j++) {
        const double t = 2 * point[j] - 1, own = columns->choice[j] ? 0 : 3 * t * t;
        linear += own;
        squares += own * own;
    }
    for (int j = 0; j < columns->count; j++) {
        const double t = 2 * point[j] - 1;
        slope[j] = columns->choice[j] ? 0 : (linear - 3 * t * t) * 12 * t / terms;
    }
    return 0.5 * (linear * linear - squares) / terms;
}

void pairs_slope(const struct columns *columns, int n, const double *point, const double *w,
                 double *slope)
{
    const double terms = pair_count(columns);
    AUTO_FREE double *room = xcalloc(3 * (size_t)n + 1, sizeof *room);
    double *linear = room, *squares = room + n, *part = room + 2 * (size_t)n;

    products(columns, n, point, linear, squares);
    for (int j = 0; j < columns->count; j++) {
        const double *x = columns->x + j * columns->stride, t = 2 * point[j] - 1;
        for (int i = 0; i < n; i++) {
            const double other = 2 * x[i] - 1;
            part[i] = (linear[i] - 3 * t * other) * 6 * other;
        }
        slope[j] = columns->choice[j] ? 0 : dot_product(part, w, n) / terms;
    }
}
