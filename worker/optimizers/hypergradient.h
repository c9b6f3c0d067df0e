/*
 * Hypergradient descent: the learning rate learns by gradient descent too (Baydin, Cornish,
 * Martinez Rubio, Schmidt and Wood, 2018, arXiv 1703.04782). What sgd_hd, sgdn_hd and adam_hd
 * share. With D the direction in theta_t = theta_{t-1} - rate_t D_t, step t is, in this order:
 *
 *     gradient g_t, with coupled weight decay
 *     hypergradient h = -g_t . D_{t-1}, the derivative of the loss by the last step's rate
 *     additive:        rate = rate - hyper_lr h
 *     multiplicative:  rate = rate (1 - hyper_lr h / (|g_t| |D_{t-1}|)); as it is where a norm is 0
 *     normalized:      h' = h / |g_{t-1}|^2, S = S + h'^2, rate = rate - hyper_lr h' / sqrt(S);
 *                      S begins with step 2, the rate moves from step 11 on
 *     theta moves by D_t at the new rate
 *
 * In the scope of a tensor that is done for one tensor after another, each moving the one rate on
 * by what it alone says and then itself: the form of the authors' published program for Adam.
 *
 * The rate stays as it is where h is not finite. It may become negative unless it is bounded.
 */
#ifndef HYPERGRADIENT_H
#define HYPERGRADIENT_H

#include "optimizers/optimizers.h"

enum hyper_setting {
    HYPER_LR = OPTIMIZER_OWN,
    HYPER_RULE,
    HYPER_SCOPE,
    HYPER_TRANSITION,
    HYPER_MIN_LR,
    HYPER_MAX_LR,
    HYPER_OWN
};

enum hyper_rule { HYPER_ADDITIVE, HYPER_MULTIPLICATIVE, HYPER_NORMALIZED, HYPER_RULES };
enum { HYPER_SCALARS = 3 };

extern const struct setting hyper_transition[];

/* `usual`, `additive`: a good first rate, and hyper_lr's default for the additive rule, as text. */
#define HYPER_SETTINGS(usual, additive)                                                            \
    {.name = "lr",                                                                                 \
     .type = SETTING_NUMBER,                                                                       \
     .required = true,                                                                             \
     .low = 0,                                                                                     \
     .high = 1e6,                                                                                  \
     .help =                                                                                       \
         "learning rate to begin with, such as " usual "; 0 but with the multiplicative rule, "    \
         "which could not leave it"},                                                              \
        {.name = "weight_decay",                                                                   \
         .type = SETTING_NUMBER,                                                                   \
         .low = 0,                                                                                 \
         .high = 1e3,                                                                              \
         .help = "pull of the weights to zero"},                                                   \
        {.name = "hyper_lr",                                                                       \
         .type = SETTING_NUMBER,                                                                   \
         .nullable = true,                                                                         \
         .low = 0,                                                                                 \
         .high = 1e6,                                                                              \
         .help = "how fast the learning rate learns, 0: not; null: " additive                      \
                 " (additive), 0.05 (multiplicative), 0.01 (normalized)"},                         \
        {.name = "rule",                                                                           \
         .type = SETTING_CHOICE,                                                                   \
         .choices = "additive|multiplicative|normalized",                                          \
         .fallback_text = "additive",                                                              \
         .help = "how the hypergradient moves the rate: itself; the cosine in it, by a factor; "   \
                 "or scaled as AdaGrad does. Only the first feels the scale of the loss"},         \
        {.name = "scope",                                                                          \
         .type = SETTING_CHOICE,                                                                   \
         .choices = "global|tensor",                                                               \
         .fallback_text = "global",                                                                \
         .help = "one hypergradient of all parameters, or one tensor after another moves the "     \
                 "rate, as in the published program for Adam"},                                    \
        {.name = "transition",                                                                     \
         .type = SETTING_OBJECT,                                                                   \
         .nullable = true,                                                                         \
         .members = hyper_transition,                                                              \
         .help = "pass from the learned rate to a fixed one; null: never"},                        \
        {.name = "min_lr",                                                                         \
         .type = SETTING_NUMBER,                                                                   \
         .nullable = true,                                                                         \
         .low = -1e6,                                                                              \
         .high = 1e6,                                                                              \
         .help = "the learned rate is at least this; null: no bound"},                             \
    {                                                                                              \
        .name = "max_lr", .type = SETTING_NUMBER, .nullable = true, .low = -1e6, .high = 1e6,      \
        .not_below = "min_lr", .help = "the learned rate is at most this; null: no bound"          \
    }

/* What the three differ in. Both work on any run of parameters: all, or those of a tensor. */
struct hyper_method {
    double additive_lr; /* hyper_lr's default for the additive rule */

    /* D_{t-1} of `count` parameters, which are those of the view from `from` on: an array of the
     * memory, or `room` [count] filled in. Zeros at t = 1. */
    const real *(*direction)(const struct chosen *chosen, const struct weights *weights,
                             size_t from, size_t count, real *room);

    /* theta -= rate D_t, and what must be remembered for step t+1. The gradient is as it came:
     * weight decay is to be added on the way. */
    void (*move)(const struct chosen *chosen, real rate, struct weights *weights);
};

/* The direction of those that keep it whole, as the first array of their memory. */
const real *hyper_kept_direction(const struct chosen *chosen, const struct weights *weights,
                                 size_t from, size_t count, real *room);

void hyper_step(const struct hyper_method *method, const struct chosen *chosen,
                struct weights *weights);

extern const struct conflict hyper_conflicts[];

#endif
