/*
 * The mean of the sign of a number under symmetric noise: 2 F(x) - 1 with F the normal distribution
 * or Student's t; in training.md's words Erf(x / sqrt(2)) and 2 Xi_nu(x).
 *
 * Piecewise cubic in u = |x| / (2 + |x|), which takes all of 0 … infinity to 0 … 1 and in which the
 * algebraic tails of Student's t are smooth: one table of 16 KiB or less serves any nu, and a
 * lookup is a handful of multiplications. Errors below 1e-10 against the closed forms (nu = 1, 2,
 * 3) and the error function, but for the rounding of a float.
 */
#ifndef SIGN_MEAN_H
#define SIGN_MEAN_H

#include "math/clones.h"
#include "math/real.h"
#include <math.h>

enum { SIGN_MEAN_CELLS = 512, SIGN_MEAN_POWERS = 4 };

/* nu >= 1; infinity: the normal law. The caller frees it; NULL where there is no memory. */
real *sign_mean_table(double nu);

/* Of number + deviation * noise. Deviation 0 gives the sign; of NaN the answer is 1 or -1. */
KERNEL_INLINE real sign_mean(const real *table, real number, real deviation)
{
    const real size = real_abs(number), whole = 2.0F * deviation + size;
    real u = whole > 0.0F ? size / whole : 0.0F;
    u = u < 1.0F ? u : 1.0F; /* NaN, of infinity by infinity, too */

    int cell = (int)(u * SIGN_MEAN_CELLS);
    cell = cell < SIGN_MEAN_CELLS ? cell : SIGN_MEAN_CELLS - 1;
    const real t = u * SIGN_MEAN_CELLS - (real)cell;
    const real *c = table + SIGN_MEAN_POWERS * cell;
    const real mean = ((c[3] * t + c[2]) * t + c[1]) * t + c[0];
    return number < 0.0F ? -mean : mean;
}

#endif
