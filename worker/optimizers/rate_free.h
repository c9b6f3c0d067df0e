/*
 * What the optimizers share that find their own learning rate from an estimate of the distance
 * between the first weights and a minimum: D-Adaptation, Prodigy, DoG.
 */
#ifndef RATE_FREE_H
#define RATE_FREE_H

#include "optimizers/optimizers.h"

/* Instead of OPTIMIZER_SETTINGS: the rate need not be given, and 1 is its usual value. */
#define RATE_FREE_SETTINGS(decay_help)                                                             \
    {.name = "lr",                                                                                 \
     .type = SETTING_NUMBER,                                                                       \
     .low = 0,                                                                                     \
     .above_low = true,                                                                            \
     .high = 1e6,                                                                                  \
     .fallback = 1,                                                                                \
     .help = "factor on the learning rate that it finds by itself; leave it at 1"},                \
    {                                                                                              \
        .name = "weight_decay", .type = SETTING_NUMBER, .low = 0, .high = 1e3,                     \
        .help = "pull of the weights to zero" decay_help                                           \
    }

/* Where estimates may start: smaller ones would be lost in squares of floats and never grow. */
#define RATE_FREE_LEAST 1e-12

#define FIRST_DISTANCE_SETTING                                                                     \
    {                                                                                              \
        .name = "first_distance", .type = SETTING_NUMBER, .low = RATE_FREE_LEAST, .high = 1,       \
        .fallback = 1e-6, .help = "where the estimate of the distance starts: far below the truth" \
    }

#define GROWTH_SETTING                                                                             \
    {                                                                                              \
        .name = "growth", .type = SETTING_NUMBER, .nullable = true, .low = 1, .high = 1e6,         \
        .help = "the estimate grows by at most this factor a step, such as 1.02 where training "   \
                "is unstable; null: without limit"                                                 \
    }

#define BIAS_CORRECTION_SETTING                                                                    \
    {                                                                                              \
        .name = "bias_correction", .type = SETTING_FLAG,                                           \
        .help = "correct the running means for their start at zero, as Adam does"                  \
    }

/* The largest estimate that one step allows; growth may be NaN: none. */
static inline double rate_free_limit(double distance, double growth)
{
    return isnan(growth) ? HUGE_VAL : distance * growth;
}

/* sqrt(1 - beta2^t) / (1 - beta1^t), or 1. */
static inline double rate_free_bias(bool corrects, double beta1, double beta2, int64_t t)
{
    return corrects ? sqrt(1.0 - pow(beta2, (double)t)) / (1.0 - pow(beta1, (double)t)) : 1.0;
}

/* told may be NULL. */
static inline void rate_free_tell(double *told, double rate, double distance)
{
    if (!told)
        return;
    told[METRIC_LR] = rate;
    told[METRIC_DISTANCE] = distance;
}

#endif
