/*
 * Replicas of a quadratic under an optimizer or its SDE, step by step, without a trainer around:
 * memory and the step's number can be set, as theory has them beyond the bias correction.
 */
#ifndef SIMULATION_H
#define SIMULATION_H

#include "worker/stepping.h"

#include "dynamics/dynamics.h"
#include "memory.h"

#include <stdlib.h>

enum { AXES = 2 };

struct simulation {
    size_t count; /* replicas times axes */
    struct tensor tensor;
    struct pieces pieces;
    struct noise noise;
    struct stepper stepper;
    struct dynamics dynamics;
    real *theta, *gradient;
};

static const double curvature[AXES] = {1.0, 2.0}, deviation[AXES] = {0.1, 0.2};

/* f = (x^2 + 2 y^2) / 2 with deviations 0.1 and 0.2, the setting of AV-8. sde: with this
 * integrator,
 * "" for the default; NULL: the optimizer itself. settings: JSON without "type". Stays in place. */
static inline void simulation_init(struct simulation *simulation, const char *optimizer,
                                   const char *settings, const char *sde, size_t replicas,
                                   double start)
{
    const size_t count = replicas * AXES;
    *simulation = (struct simulation){.count = count};
    simulation->tensor =
        (struct tensor){.name = "x", .rank = 2, .shape = {replicas, AXES}, .count = count};
    simulation->pieces = (struct pieces){count, &simulation->tensor, 1};
    simulation->stepper = stepper_on(optimizer, settings, &simulation->pieces);
    assert_true(noise_init(&simulation->noise, 1, HUGE_VAL, AXES, deviation, AXES));
    struct stepper *stepper = &simulation->stepper;
    if (sde) {
        struct error err;
        assert_int_equal(dynamics_open(&simulation->dynamics, stepper->optimizer, &stepper->chosen,
                                       &simulation->noise, *sde ? sde : NULL, &err),
                         0);
        stepper->dynamics = &simulation->dynamics;
    }
    simulation->theta = xcalloc(count, sizeof(real));
    simulation->gradient = xcalloc(count, sizeof(real));
    for (size_t i = 0; i < count; i++)
        simulation->theta[i] = (real)start;
}

static inline void simulation_release(struct simulation *simulation)
{
    stepper_release(&simulation->stepper);
    dynamics_close(&simulation->dynamics);
    noise_release(&simulation->noise);
    free(simulation->theta);
    free(simulation->gradient);
}

/* Fills the optimizer's memory: the mean (place NULL: none) with the gradient of the first point,
 * the square with what its drift rests at, the gradient's square plus the variance. */
static inline void simulation_settle(struct simulation *simulation, int mean, int square)
{
    struct stepper *stepper = &simulation->stepper;
    for (size_t i = 0; i < simulation->count; i++) {
        const double g = curvature[i % AXES] * (double)simulation->theta[i];
        const double s = deviation[i % AXES];
        if (mean >= 0)
            stepper->memory[(size_t)mean * stepper->stride + i] = (real)g;
        if (square >= 0)
            stepper->memory[(size_t)square * stepper->stride + i] = (real)(g * g + s * s);
    }
}

/* The mean of f over the replicas. */
static inline double simulation_loss(const struct simulation *simulation)
{
    double sum = 0.0;
    for (size_t i = 0; i < simulation->count; i++) {
        const double x = (double)simulation->theta[i];
        sum += 0.5 * curvature[i % AXES] * x * x;
    }
    return sum * AXES / (double)simulation->count;
}

/* Step t = 1, 2, … with the schedule's factor. */
static inline void simulation_step(struct simulation *simulation, int64_t t, double factor)
{
    for (size_t i = 0; i < simulation->count; i++)
        simulation->gradient[i] = (real)curvature[i % AXES] * simulation->theta[i];
    if (!simulation->stepper.dynamics)
        noise_add(&simulation->noise, (uint64_t)t - 1, simulation->count, simulation->gradient);
    const struct step step = {.theta = simulation->theta,
                              .gradient = simulation->gradient,
                              .factor = factor,
                              .scale = 1.0,
                              .t = t};
    stepper_step(&simulation->stepper, &step);
}

#endif
