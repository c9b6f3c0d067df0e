/*
 * The numbers that parameters, gradients and an optimizer's memory are made of. Float in the
 * programs; optimizers and problems are compiled a second time with double (libexact.a), so that
 * the very same lines can be held against published digits that a float cannot show.
 */
#ifndef REAL_H
#define REAL_H

#include <math.h>

#ifdef REAL_IS_DOUBLE
typedef double real;
#else
typedef float real;
#endif

static inline real real_sqrt(real x)
{
#ifdef REAL_IS_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

static inline real real_abs(real x)
{
#ifdef REAL_IS_DOUBLE
    return fabs(x);
#else
    return fabsf(x);
#endif
}

#endif
