/*
 * An exponential for kernels: inlined and vectorised, the same bits on every machine.
 */
#ifndef EXP_MINUS_H
#define EXP_MINUS_H

#include "search/numbers/kernels.h"
#include <stdint.h>
#include <string.h>

/* exp(-t) for t >= 0, relative error 1e-15: 2^-n exp(r), |r| <= ln 2 / 2, exp(r) by its series to
 * r^13. Below 1e-304: as if t were 700. */
KERNEL_INLINE double exp_minus(double t)
{
    const double magic = 0x1.8p52; /* adding it rounds to a whole number in the low bits */
    const double x = t < 700 ? -t : -700;
    const double shifted = x * 0x1.71547652b82fep0 + magic, n = shifted - magic;
    const double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    double sum = 1.0 / 6227020800;
    sum = sum * r + 1.0 / 479001600;
    sum = sum * r + 1.0 / 39916800;
    sum = sum * r + 1.0 / 3628800;
    sum = sum * r + 1.0 / 362880;
    sum = sum * r + 1.0 / 40320;
    sum = sum * r + 1.0 / 5040;
    sum = sum * r + 1.0 / 720;
    sum = sum * r + 1.0 / 120;
    sum = sum * r + 1.0 / 24;
    sum = sum * r + 1.0 / 6;
    sum = sum * r + 1.0 / 2;
    sum = sum * r + 1;
    sum = sum * r + 1;
    uint64_t bits, power;
    memcpy(&bits, &shifted, sizeof bits);
    power = (bits + 1023) << 52;
    double scale;
    memcpy(&scale, &power, sizeof scale);
    return sum * scale;
}

#endif
