#include "search/numbers/eigen.h"

#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* What is being worked on: the matrix shrinks to `diagonal` and `beside`, the rows of `vectors`
 * turn with it. */
struct reduction {
    int n;
    double *matrix;   /* [n][n] */
    double *diagonal; /* [n] */
    double *beside;   /* [n - 1] the entries next to the diagonal */
    double *vectors;  /* [n][n] */
};

static double dot(const double *a, const double *b, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The v with (I - 2 v v' / v'v) x = -+|x| e1, in the place of x; gives the new first entry and
 * 2 / v'v, which is 0 where there is nothing to do. */
static double reflector(double *x, int count, double *out_factor)
{
    const double tail = dot(x + 1, x + 1, count - 1);
    *out_factor = 0;
    if (tail == 0)
        return x[0];

    const double length = sqrt(x[0] * x[0] + tail);
    const double first = x[0] > 0 ? -length : length;
    x[0] -= first; /* away from 0: no digits are lost */
    *out_factor = 2 / (x[0] * x[0] + tail);
    return first;
}

/* rest -= v w' + w v', with w = p - (factor/2 p'v) v and p = factor rest v: both sides at once. */
static void reflect_both_sides(struct reduction *r, int from, const double *v, double factor,
                               double *w)
{
    const int count = r->n - from;

    for (int i = 0; i < count; i++)
        w[i] = factor * dot(r->matrix + (size_t)(from + i) * r->n + from, v, count);
    const double along = factor / 2 * dot(w, v, count);
    for (int i = 0; i < count; i++)
        w[i] -= along * v[i];
    for (int i = 0; i < count; i++) {
        double *row = r->matrix + (size_t)(from + i) * r->n + from;
        for (int j = 0; j < count; j++)
            row[j] -= v[i] * w[j] + w[i] * v[j];
    }
}

/* vectors (I - factor v v'), v starting at column `from`. Rows before are 0 there. */
static void reflect_vectors(struct reduction *r, int from, const double *v, double factor)
{
    for (int i = from; i < r->n; i++) {
        double *row = r->vectors + (size_t)i * r->n + from;
        const double along = factor * dot(row, v, r->n - from);
        for (int j = 0; j < r->n - from; j++)
            row[j] -= along * v[j];
    }
}

static void to_three_diagonals(struct reduction *r)
{
    const int n = r->n;
    AUTO_FREE double *reflectors = xcalloc((size_t)n * n, sizeof *reflectors);
    AUTO_FREE double *factors = xcalloc((size_t)n, sizeof *factors);
    AUTO_FREE double *work = xcalloc((size_t)n, sizeof *work);

    for (int k = 0; k + 1 < n; k++) {
        double *v = reflectors + (size_t)k * n;
        for (int i = k + 1; i < n; i++)
            v[i - k - 1] = r->matrix[(size_t)i * n + k];
        r->beside[k] = reflector(v, n - k - 1, &factors[k]);
        if (factors[k] != 0)
            reflect_both_sides(r, k + 1, v, factors[k], work);
    }
    for (int i = 0; i < n; i++)
        r->diagonal[i] = r->matrix[(size_t)i * n + i];

    /* The last one first: rows and columns up to k are still those of the unit matrix. */
    for (int i = 0; i < n; i++)
        r->vectors[(size_t)i * n + i] = 1;
    for (int k = n - 2; k >= 0; k--)
        if (factors[k] != 0)
            reflect_vectors(r, k + 1, reflectors + (size_t)k * n, factors[k]);
}

static void rotate_rows(double *restrict a, double *restrict b, double c, double s, int n)
{
    for (int i = 0; i < n; i++) {
        const double first = a[i], second = b[i];
        a[i] = c * first + s * second;
        b[i] = c * second - s * first;
    }
}

/* The eigenvalue of the last 2 x 2 block that is nearer to its last entry. */
static double wilkinson_shift(const struct reduction *r, int last)
{
    const double half = (r->diagonal[last - 1] - r->diagonal[last]) / 2;
    const double beside = r->beside[last - 1];
    return r->diagonal[last] - beside * beside / (half + copysign(hypot(half, beside), half));
}

/* One step on the block first … last: a rotation brings an entry off the three diagonals, and the
 * following ones push it out at the end. */
static void qr_step(struct reduction *r, int first, int last)
{
    double *d = r->diagonal, *e = r->beside;
    double x = d[first] - wilkinson_shift(r, last), z = e[first];

    for (int k = first; k < last; k++) {
        const double length = hypot(x, z);
        const double c = length > 0 ? x / length : 1, s = length > 0 ? z / length : 0;
        const double low = d[k], high = d[k + 1], beside = e[k];

        if (k > first)
            e[k - 1] = length;
        d[k] = c * c * low + 2 * c * s * beside + s * s * high;
        d[k + 1] = s * s * low - 2 * c * s * beside + c * c * high;
        e[k] = c * s * (high - low) + (c * c - s * s) * beside;
        if (k + 1 < last) {
            x = e[k];
            z = s * e[k + 1];
            e[k + 1] *= c;
        }
        rotate_rows(r->vectors + (size_t)k * r->n, r->vectors + (size_t)(k + 1) * r->n, c, s, r->n);
    }
}

static void to_diagonal(struct reduction *r)
{
    int last = r->n - 1;

    /* Two or three steps an eigenvalue are usual. */
    for (int steps = 0; last > 0 && steps < 60 * r->n; steps++) {
        int first = last;
        while (first > 0 &&
               fabs(r->beside[first - 1]) >
                   DBL_EPSILON * (fabs(r->diagonal[first - 1]) + fabs(r->diagonal[first])))
            first--;
        if (first == last)
            last--;
        else
            qr_step(r, first, last);
    }
}

void symmetric_eigen(const double *matrix, int n, double *values, double *vectors)
{
    AUTO_FREE double *copy = xcalloc((size_t)n * n, sizeof *copy);
    AUTO_FREE double *beside = xcalloc((size_t)n, sizeof *beside);
    struct reduction r = {n, copy, values, beside, vectors};

    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++)
            copy[(size_t)i * n + j] = copy[(size_t)j * n + i] = matrix[(size_t)i * n + j];
        for (int j = 0; j < n; j++)
            vectors[(size_t)i * n + j] = 0;
    }
    to_three_diagonals(&r);
    to_diagonal(&r);
}
