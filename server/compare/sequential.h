/*
 * Looking at a comparison several times (Pocock, 1977): with equally sized rounds and `looks`
 * planned looks, |Z| is held against the same boundary each time, so chosen that the chance ever to
 * cross it without a difference is the level. Pure.
 *
 * The joint distribution of the looks is that of a random walk, by recursive integration
 * (Armitage, McPherson and Rowe, 1969; Jennison and Turnbull, 2000, chapters 2 and 19).
 */
#ifndef SEQUENTIAL_H
#define SEQUENTIAL_H

#include "jobs/looks.h"

/* P(|Z_j| >= boundary at any of `looks` looks), 1 <= looks <= LOOKS_MAX, boundary >= 0. Absolute
 * error below 1e-10; beyond 8 the bound looks * P(|Z| >= boundary). */
double sequential_crossing(int looks, double boundary);

/* Pocock's constant for a two-sided level, 1e-12 <= level < 1; and the same as the nominal level
 * that the p value of a single look is held against: P(|Z| >= constant). looks < 2: the level
 * itself. */
double pocock_boundary(int looks, double level);
double pocock_level(int looks, double level);

/* The other way about: the level at which the boundary would just be crossed by the nominal p of a
 * look, which may be held against the level itself (the repeated p value: Jennison and Turnbull,
 * 2000, 9.5). Rises with p, never below it; looks < 2: p itself; NaN for NaN. */
double sequential_p(double p, int looks);

#endif
