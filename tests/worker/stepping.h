/*
 * Single steps of an optimizer, without a trainer around it.
 */
#ifndef STEPPING_H
#define STEPPING_H

#include "stepper.h"
#include "support/choose.h"

/* Theta as a square matrix and a vector of what is left over. */
struct two_pieces {
    struct tensor tensors[2];
    struct pieces pieces;
};

static inline void two_pieces_init(struct two_pieces *two, size_t dimension)
{
    const size_t side = (size_t)sqrt((double)dimension), square = side * side;
    *two = (struct two_pieces){
        .tensors = {{.name = "layers.0.weight", .rank = 2, .shape = {side, side}, .count = square},
                    {.name = "layers.0.bias",
                     .rank = 1,
                     .shape = {dimension - square},
                     .offset = square,
                     .count = dimension - square}},
    };
    two->pieces = (struct pieces){dimension, two->tensors, square < dimension ? 2 : 1};
}

/* settings: JSON without "type"; the two pieces must live as long as the stepper. */
static inline struct stepper stepper_on(const char *name, const char *settings,
                                        const struct pieces *pieces)
{
    struct stepper stepper;
    struct problems problems = {0};
    const struct optimizer *optimizer = optimizer_find(name);
    assert_non_null(optimizer);
    json_t *described = settings_describe(optimizer->settings);
    json_t *given = json_loads(settings, 0, NULL);
    json_t *choice = settings_resolve(NULL, described, given, "", &problems);
    assert_int_equal(problems.found, 0);
    json_object_set_new(choice, "type", json_string(name));
    assert_int_equal(stepper_init(&stepper, choice, pieces, NULL), 0);
    json_decref(choice);
    json_decref(given);
    json_decref(described);
    return stepper;
}

/* rate: lr * factor, which gives the factor. */
static inline void step_once(struct stepper *stepper, real *theta, real *gradient, double rate,
                             double scale, int64_t t, double *update_norm)
{
    const double lr = stepper->chosen.number[OPTIMIZER_LR];
    const struct step step = {.theta = theta,
                              .gradient = gradient,
                              .factor = rate / lr,
                              .scale = scale,
                              .t = t,
                              .update_norm = update_norm};
    stepper_step(stepper, &step);
}

#endif
