#include "search/cma/margin.h"

#include "compare/distributions.h"

#include <math.h>

/* How many deviations away a tail of this mass begins: the square root of chi2inv(1 - 2p, 1). */
static double tail_begins(double mass)
{
    return -normal_quantile(mass);
}

/* The mean is in the first or last value. Where it is so deep inside that the others have less than
 * the margin, it comes nearer to the threshold; the stretch stays. */
static void margin_at_end(double threshold, double margin, double deviation, double *mean)
{
    const double reach = deviation * tail_begins(margin);

    if (*mean > threshold)
        *mean = fmin(*mean, threshold + reach);
    else
        *mean = fmax(*mean, threshold - reach);
}

/* Mean and stretch that give the tails these masses. */
static void solve(double low, double high, double low_mass, double high_mass, double deviation,
                  double *mean, double *stretch)
{
    const double below = tail_begins(fmin(fmax(low_mass, 1e-10), 0.5 - 1e-10));
    const double above = tail_begins(fmin(fmax(high_mass, 1e-10), 0.5 - 1e-10));

    *stretch = (high - low) / ((below + above) * deviation);
    *mean = (low * above + high * below) / (below + above);
}

static void margin_between(double low, double high, double margin, double deviation, double *mean,
                           double *stretch)
{
    const double wide = deviation * *stretch, half = margin / 2;
    const double low_mass = normal_cdf((low - *mean) / wide);
    const double high_mass = normal_cdf((*mean - high) / wide);
    if (low_mass >= half && high_mass >= half)
        return;

    /* What one side is raised by is taken from where there is more than the least. */
    const double raised_low = fmax(low_mass, half), raised_high = fmax(high_mass, half);
    const double middle = 1 - low_mass - high_mass;
    const double excess = 1 - raised_low - raised_high - middle; /* at most 0 */
    const double spare = raised_low + middle + raised_high - 3 * half;
    solve(low, high, raised_low + excess * (raised_low - half) / spare,
          raised_high + excess * (raised_high - half) / spare, deviation, mean, stretch);
}

void cma_margin(double low, double high, double margin, double deviation, double *mean,
                double *stretch)
{
    if (isinf(low))
        margin_at_end(high, margin, deviation * *stretch, mean);
    else if (isinf(high))
        margin_at_end(low, margin, deviation * *stretch, mean);
    else
        margin_between(low, high, margin, deviation, mean, stretch);
}
