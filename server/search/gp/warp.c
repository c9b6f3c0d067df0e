#include "search/gp/warp.h"

#include "compare/distributions.h"
#include "memory.h"
#include <math.h>
#include <stdlib.h>

const char *const warp_names[WARP_KINDS] = {"identity", "log", "yeo-johnson", "half-rank"};

struct placed {
    double value;
    int place;
};

static int by_value(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->place - b->place;
}

double warp_median(const double *y, int n, int *order)
{
    AUTO_FREE struct placed *placed = xcalloc(n, sizeof *placed);
    for (int i = 0; i < n; i++)
        placed[i] = (struct placed){y[i], i};
    qsort(placed, n, sizeof *placed, by_value);
    for (int i = 0; i < n; i++)
        order[i] = placed[i].place;
    return 0.5 * (placed[(n - 1) / 2].value + placed[n / 2].value);
}

/* Takes off the mean and divides by the deviation, which the slopes are divided by too. */
static void standardise(double *out, double *slope, int n)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++)
        mean += out[i] / n;
    for (int i = 0; i < n; i++)
        squares += (out[i] - mean) * (out[i] - mean);
    const double deviation = sqrt(squares / n);
    const double divisor = deviation > 1e-14 * fabs(mean) && deviation > 0 ? deviation : 1;
    for (int i = 0; i < n; i++) {
        out[i] = (out[i] - mean) / divisor;
        slope[i] /= divisor;
    }
}

static double yeo_johnson(double x, double power, double *slope)
{
    const double sign = x < 0 ? -1 : 1, p = x < 0 ? 2 - power : power;
    const double grown = log1p(fabs(x));
    *slope = exp((p - 1) * grown);
    return sign * (fabs(p) < 1e-8 ? grown : expm1(p * grown) / p);
}

/* Twice the negative log likelihood of normal values after the bend. */
static double misfit(const double *x, int n, double power)
{
    double mean = 0, squares = 0, log_slopes = 0, slope;
    for (int i = 0; i < n; i++)
        mean += yeo_johnson(x[i], power, &slope) / n;
    for (int i = 0; i < n; i++) {
        const double bent = yeo_johnson(x[i], power, &slope) - mean;
        squares += bent * bent;
        log_slopes += log(slope);
    }
    return n * log(squares / n) - 2 * log_slopes;
}

/* Golden section over -4 … 4. */
static double best_power(const double *x, int n)
{
    const double golden = 0.61803398874989484820;
    double low = -4, high = 4;
    double left = high - golden * (high - low), right = low + golden * (high - low);
    double at_left = misfit(x, n, left), at_right = misfit(x, n, right);
    while (high - low > 1e-3) {
        if (at_left < at_right) {
            high = right, right = left, at_right = at_left;
            left = high - golden * (high - low);
            at_left = misfit(x, n, left);
        } else {
            low = left, left = right, at_left = at_right;
            right = low + golden * (high - low);
            at_right = misfit(x, n, right);
        }
    }
    return 0.5 * (low + high);
}

static void warp_power(double *out, double *slope, int n)
{
    standardise(out, slope, n);
    const double power = best_power(out, n);
    for (int i = 0; i < n; i++) {
        double bend;
        out[i] = yeo_johnson(out[i], power, &bend);
        slope[i] *= bend;
    }
}

/* Equal values share the middle of their ranks. */
static void warp_ranks(const double *y, double *out, int n)
{
    AUTO_FREE int *order = xcalloc(n, sizeof *order);
    const double median = warp_median(y, n, order);
    double squares = 0;
    int good = 0;
    while (good < n && y[order[good]] <= median) {
        const double below = y[order[good++]] - median;
        squares += below * below;
    }
    const double deviation = sqrt(squares / good);
    for (int i = good, end; i < n; i = end) {
        for (end = i; end < n && y[order[end]] == y[order[i]]; end++)
            ;
        const double from_worst = n - 0.5 * (i + end); /* 1/2 … */
        const double z = -normal_quantile(0.5 * from_worst / (n - good + 0.5));
        for (int k = i; k < end; k++)
            out[order[k]] = median + deviation * z;
    }
}

int warp_values(enum warp_kind kind, const double *y, int n, double *out, double *slope)
{
    for (int i = 0; i < n; i++) {
        if (kind == WARP_LOG && y[i] <= 0)
            return -1;
        out[i] = kind == WARP_LOG ? log(y[i]) : y[i];
        slope[i] = kind == WARP_LOG ? 1 / y[i] : 1;
    }
    if (kind == WARP_YEO_JOHNSON)
        warp_power(out, slope, n);
    if (kind == WARP_HALF_RANK)
        warp_ranks(y, out, n);
    standardise(out, slope, n);
    return 0;
}
