/*
 * Schedules: the factor on the peak learning rate, a pure function of the step and their total.
 *
 * Position k = 0 … total-1; the step t = k + 1 uses rate lr * factor(k). Every schedule has the
 * settings "warmup" (a fraction of the steps), "floor" where it decays, and its own; formulas and
 * conventions: training.md, section 7. For k >= total the last factor stays.
 */
#ifndef SCHEDULES_H
#define SCHEDULES_H

#include "settings.h"
#include <stdint.h>

struct schedule {
    const char *name;
    const char *help;
    const struct setting *settings; /* the first ones are SCHEDULE_SETTINGS */
    double (*factor)(const struct chosen *chosen, int64_t k, int64_t total); /* without warm-up */
    /* Settings that only make sense together; NULL: nothing to check. */
    int (*check)(const struct chosen *chosen, struct error *err);
};

extern const struct schedule *const schedules[]; /* ends with NULL */
const struct schedule *schedule_find(const char *name);

/* The factor with warm-up. */
double schedule_factor(const struct schedule *schedule, const struct chosen *chosen, int64_t k,
                       int64_t total);

#endif
