/*
 * Sine and cosine by their series, so that built-in data sets have the same bytes everywhere: the C
 * library's change in the last digit with its version and the machine.
 */
#ifndef ANGLE_H
#define ANGLE_H

/* |angle| at most pi, in radians; within 1e-12 of the true values. */
double angle_sine(double angle);
double angle_cosine(double angle);

#endif
