/*
 * Walks of the newer optimizers against tests/reference/newer_optimizers.py, in float and in
 * double.
 */
#ifndef NEWER_WALK_H
#define NEWER_WALK_H

#include "worker/newer_values.h"
#include "worker/stepping.h"

static const struct tensor newer_tensors[] = {
    {.name = "layers.0.weight", .rank = 2, .shape = {3, 2}, .offset = 0, .count = 6},
    {.name = "layers.0.bias", .rank = 1, .shape = {3}, .offset = 6, .count = 3},
    {.name = "layers.1.weight", .rank = 2, .shape = {2, 3}, .offset = 9, .count = 6},
    {.name = "layers.1.bias", .rank = 1, .shape = {2}, .offset = 15, .count = 2},
};
static const struct pieces newer_pieces = {NEWER_DIMENSION, newer_tensors, 4};

static inline void newer_start(real *theta)
{
    for (int i = 0; i < NEWER_DIMENSION; i++)
        theta[i] = (real)(2.0 * sin(i + 1.0));
}

/* A bowl that is shaken. */
static inline void newer_gradient(const real *theta, int64_t t, real *gradient)
{
    for (int i = 0; i < NEWER_DIMENSION; i++)
        gradient[i] =
            (real)((1.0 + i % 4) * (double)theta[i] + cos(0.7 * (double)t + (double)i) / 2.0);
}

/* As the trainer makes it. */
static inline void newer_step(struct stepper *stepper, real *theta, int64_t t, double *told)
{
    real gradient[NEWER_DIMENSION];
    newer_gradient(theta, t, gradient);
    stepper_step(stepper, &(struct step){.theta = theta,
                                         .gradient = gradient,
                                         .factor = 1.0,
                                         .scale = 1.0,
                                         .t = t,
                                         .told = told});
}

static inline void expect_row(const struct newer_case *one, const char *where, const real *got,
                              const double *want, double tolerance)
{
    for (int i = 0; i < NEWER_DIMENSION; i++) {
        const double distance = fabs((double)got[i] - want[i]);
        if (!(distance <= tolerance * fmax(1.0, fabs(want[i]))))
            fail_msg("%s %s, %s, entry %d: %.17g is not %.17g (%.3g away)", one->name,
                     one->settings, where, i, (double)got[i], want[i], distance);
    }
}

/* tolerance: relative, or absolute below 1 */
static inline void expect_walk(const struct newer_case *one, double tolerance)
{
    struct stepper stepper = stepper_on(one->name, one->settings, &newer_pieces);
    real theta[NEWER_DIMENSION], point[NEWER_DIMENSION];

    newer_start(theta);
    for (int64_t t = 1; t <= 20; t++) {
        newer_step(&stepper, theta, t, NULL);
        if (t == 1 || t == 4 || t == 20)
            expect_row(one,
                       t == 20  ? "step 20"
                       : t == 4 ? "step 4"
                                : "step 1",
                       theta, one->theta[t == 20 ? 2 : t == 4], tolerance);
    }
    expect_row(one, "the point", stepper_point(&stepper, theta, 20, point), one->point, tolerance);
    stepper_release(&stepper);
}

#endif
