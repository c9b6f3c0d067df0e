/*
 * The metrics of a run: what the trainer reports, as data for the catalogue and for stop_when.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>

enum metric {
    METRIC_TRAIN_LOSS,
    METRIC_VALID_LOSS,
    METRIC_VALID_ACCURACY,
    METRIC_LR,
    METRIC_GRADIENT_NORM,
    METRIC_GRADIENT_NORM_L1,
    METRIC_UPDATE_NORM,
    METRIC_SAMPLES_PER_S,
    METRICS,
};

/* For the choices of a setting; in the order above. */
#define METRIC_NAMES                                                                               \
    "train_loss|valid_loss|valid_accuracy|lr|gradient_norm|gradient_norm_l1|update_norm|"          \
    "samples_per_s"

struct metric_kind {
    const char *name;
    const char *unit; /* or NULL */
    const char *goal; /* "minimize", "maximize", or NULL: neither is better */
    bool repeats;     /* the same spec and seed give the same bits */
    const char *help;
};

extern const struct metric_kind metric_kinds[METRICS];

/* METRICS where there is none of that name. */
enum metric metric_find(const char *name);

#endif
