/*
 * Where a falling function crosses 0.
 */
#ifndef ROOT_H
#define ROOT_H

typedef double falling_function(double x, const void *context);

/* f(low) >= 0 >= f(high), f continuous: the place to a few of its last bits, or to `within` where
 * that is more. False position in which an end that stays counts half (the Illinois method: Dowell
 * and Jarratt, 1971), with a bisection now and then, so that no f is slow. */
double root_of(falling_function *f, const void *context, double low, double high, double within);

#endif
