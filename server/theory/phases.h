/*
 * The three phases of sign descent under normal noise, along each axis, by
 * Y = curvature x / (sqrt(2) deviation) (training.md 10.3): far away x falls in a straight line,
 * then between two bounds, and where the noise rules the sign it is pulled like a spring.
 */
#ifndef PHASES_H
#define PHASES_H

#include "theory/process.h"

/* Whether the optimizer and its noise have them. */
bool phases_exist(const struct process *process);

/* 1: |Y| > 3/2, 2: 1 < |Y| <= 3/2, 3: |Y| <= 1 */
int phase_of(const struct process *process, int i, double x);
double phase_measure(const struct process *process, int i, double x); /* Y */
/* |x| at a value of |Y| */
double phase_threshold(const struct process *process, int i, double measure);

/* How many steps phase 1 takes from x: the drift there is the sign alone, and decoupled decay,
 * which is left out, only shortens it. 0 outside phase 1. */
double phase_steps_left(const struct process *process, int i, double x);

/* d E[x]/dt lies between low and high at x: both the drift itself in phases 1 and 3. Without
 * weight decay. */
struct drift {
    double low, high;
};
struct drift phase_drift(const struct process *process, int i, double x);

#endif
