/*
 * exp, expm1, log, tanh and erf of floats in fixed form: only IEEE additions, multiplications and
 * divisions in a given order, so that the bits are the same on every machine and C library, and
 * loops over them vectorize. NaN in, NaN out. No branch; the polynomials come from
 * tests/reference/function_polynomials.py.
 *
 * Errors found over all floats that matter (tests/worker/math/test_functions.c), in units in the
 * last place of the float nearest to the true value:
 *
 *     float_exp   1     overflows to infinity above 88.72, underflows through the subnormals to 0
 *     float_expm1 4     exp(x) - 1
 *     float_log   1     of 0: -infinity; of a negative number: NaN
 *     float_tanh  2
 *     float_erf   2
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "math/clones.h"
#include <stdint.h>
#include <string.h>

KERNEL_INLINE uint32_t float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

KERNEL_INLINE float float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

KERNEL_INLINE float float_absolute(float x)
{
    return float_of_bits(float_bits(x) & 0x7FFFFFFF);
}

/* The size of the first with the sign of the second. */
KERNEL_INLINE float float_with_sign(float size, float sign)
{
    return float_of_bits(float_bits(size) | (float_bits(sign) & 0x80000000));
}

/* exp(r) - 1 = r + r^2/2 + r^3 q(r) for |r| <= ln 2 / 2. */
KERNEL_INLINE float float_exp_rest(float r)
{
    float q = 0.00138637086F;
    q = q * r + 0.00836755428F;
    q = q * r + 0.0416672416F;
    q = q * r + 0.166665331F;
    return r + r * r * (0.5F + r * q);
}

/* x = n ln 2 + r with |r| <= ln 2 / 2; exp(r) = 1 + r + r^2/2 + r^3 q(r). Adding 1.5 * 2^23 rounds
 * to a whole n, which then stands in the low bits. 2^n is put on in two halves, because n reaches
 * from -150 (subnormal results) to 128 (infinity). */
KERNEL_INLINE float float_exp(float x)
{
    const float rounder = 12582912.0F;
    const float ln2_high = 0.693145752F, ln2_low = 1.42860677e-06F; /* the first has 15 bits */
    x = x > 89.0F ? 89.0F : x;
    x = x < -105.0F ? -105.0F : x;

    const float shifted = x * 1.44269504F + rounder;
    const float n = shifted - rounder;
    const float value = 1.0F + float_exp_rest((x - n * ln2_high) - n * ln2_low);

    const int32_t whole = (int32_t)(float_bits(shifted) - float_bits(rounder));
    const int32_t half = whole >> 1;
    const float first = float_of_bits((uint32_t)(half + 127) << 23);
    const float second = float_of_bits((uint32_t)(whole - half + 127) << 23);
    return value * first * second;
}

KERNEL_INLINE float float_expm1(float x)
{
    return float_absolute(x) < 0.3465F ? float_exp_rest(x) : float_exp(x) - 1.0F;
}

/* x = m 2^e with sqrt(1/2) <= m < sqrt(2); log(1+f) = f - f^2/2 + f^3 q(f). */
KERNEL_INLINE float float_log(float x)
{
    const float ln2_high = 0.693145752F, ln2_low = 1.42860677e-06F;
    const uint32_t root_half = 0x3F3504F3;
    const float small = x < 1.17549435e-38F ? 1.0F : 0.0F; /* subnormal, zero, negative */
    const float scaled = small > 0.0F ? x * 8388608.0F : x;

    const uint32_t bits = float_bits(scaled) - root_half;
    const float e = (float)((int32_t)bits >> 23) - small * 23.0F;
    const float f = float_of_bits((bits & 0x007FFFFF) + root_half) - 1.0F;
    float q = -0.0763612911F;
    q = q * f + 0.127634749F;
    q = q * f + -0.131604806F;
    q = q * f + 0.142015293F;
    q = q * f + -0.166233063F;
    q = q * f + 0.200012341F;
    q = q * f + -0.250008225F;
    q = q * f + 0.333333313F;
    const float square = f * f;
    float value = e * ln2_low + (f * square * q - 0.5F * square);
    value = e * ln2_high + (f + value);

    value = x == 0.0F ? -__builtin_inff() : value;
    value = x < 0.0F ? __builtin_nanf("") : value;
    return x < __builtin_inff() ? value : x; /* infinity and NaN as they are */
}

/* Near zero x + x^3 q(x^2); else 1 - 2 / (exp(2x) + 1), with the sign put back. */
KERNEL_INLINE float float_tanh(float x)
{
    const float size = float_absolute(x), square = x * x;
    float q = -0.00571663445F;
    q = q * square + 0.0206502434F;
    q = q * square + -0.0537433997F;
    q = q * square + 0.133314908F;
    q = q * square + -0.333332837F;
    const float near = float_with_sign(x + x * square * q, x); /* minus zero keeps its sign */
    const float far = 1.0F - 2.0F / (float_exp(2.0F * size) + 1.0F);
    return size < 0.625F ? near : float_with_sign(far, x);
}

/* Near zero x + x p(x^2); else 1 - exp(p(x)), where p is the logarithm of the complement. From 4 on
 * the nearest float is 1. */
KERNEL_INLINE float float_erf(float x)
{
    const float size = float_absolute(x), square = x * x;
    float p = -0.000602155691F;
    p = p * square + 0.00499955378F;
    p = p * square + -0.026771253F;
    p = p * square + 0.112819538F;
    p = p * square + -0.376125067F;
    p = p * square + 0.128379151F;
    const float near = x + x * p;
    const float a = size > 4.0F ? 4.0F : size;
    float logarithm = 0.000195943401F;
    logarithm = logarithm * a + -0.00304327905F;
    logarithm = logarithm * a + 0.0222271699F;
    logarithm = logarithm * a + -0.103932127F;
    logarithm = logarithm * a + -0.63718164F;
    logarithm = logarithm * a + -1.12767601F;
    logarithm = logarithm * a + -0.000195583183F;
    const float far = float_with_sign(1.0F - float_exp(logarithm), x);
    return size < 0.92F ? near : far;
}

/* The cosine and the sine of a part of a turn, -1/2 … 1/2. The nearest quarter is taken off, the
 * rest, at most pi/4 either way, goes into the Taylor series. Errors below 1e-7. */
KERNEL_INLINE void float_circle(float turn, float *cosine, float *sine)
{
    const float rounder = 12582912.0F;
    const float shifted = 4.0F * turn + rounder;
    const float angle = (4.0F * turn - (shifted - rounder)) * 1.57079633F;
    const float square = angle * angle;
    const uint32_t quarter = float_bits(shifted);
    float c = 2.48015873e-05F;
    c = c * square + -0.00138888889F;
    c = c * square + 0.0416666667F;
    c = c * square + -0.5F;
    c = c * square + 1.0F;
    float s = 2.75573192e-06F;
    s = s * square + -0.000198412698F;
    s = s * square + 0.00833333333F;
    s = s * square + -0.166666667F;
    s = angle + angle * square * s;

    const float across = quarter & 1 ? s : c, up = quarter & 1 ? c : s;
    *cosine = (quarter + 1) & 2 ? -across : across;
    *sine = quarter & 2 ? -up : up;
}

#endif
