#include "compare/studentized_range.h"

#include "compare/distributions.h"
#include "compare/root.h"

#include <assert.h>
#include <math.h>

/* The trapezoid rule is as good as exact for what is smooth and gone at both ends (Trefethen and
 * Weideman, 2014). */
double studentized_range_upper(double q, int k)
{
    assert(k >= 2);
    enum { CELLS = 95 }; /* to either side, a tenth wide */
    double mass = 0, upper = 0;

    for (int i = -CELLS; i <= CELLS; i++) {
        const double z = 0.1 * i;
        const double density = exp(-0.5 * z * z);
        const double inside = normal_cdf(z) - normal_cdf(z - q);
        mass += density;
        upper += density * pow(inside, k - 1);
    }
    return fmax(0, 1 - k * upper / mass);
}

struct range {
    double p;
    int k;
};

static double excess(double q, const void *context)
{
    const struct range *range = context;
    return studentized_range_upper(q, range->k) - range->p;
}

double studentized_range_quantile(double p, int k)
{
    assert(p > 0 && p < 1);
    const struct range range = {p, k};
    return root_of(excess, &range, 0, 40, 1e-12);
}
