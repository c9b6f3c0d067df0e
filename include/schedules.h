/*
 * Schedules: the factor on the peak learning rate, a pure function of the step and their total.
 *
 * Position k = 0 … total-1; the step t = k + 1 uses rate lr * factor(k). Every schedule has the
 * settings "warmup" (a fraction of the steps), "floor" where it decays, and its own; formulas and
 * conventions: training.md, section 7. For k >= total the last factor stays. A fraction of the
 * steps becomes a number of steps by rounding to the nearest.
 *
 * To add one: write common/schedules/NAME.c and put its name into the list in schedules.c. The
 * contract tests then check that its factors stay within 0 … 1 and what it does past the end.
 */
#ifndef SCHEDULES_H
#define SCHEDULES_H

#include "error.h"
#include "settings.h"
#include <math.h>
#include <stdint.h>

struct schedule {
    const char *name;
    const char *help;               /* one line, with its source */
    const struct setting *settings; /* the first ones are SCHEDULE_SETTINGS */
    /* Without warm-up; 0 <= k < total. */
    double (*factor)(const struct chosen *chosen, int64_t k, int64_t total);
    /* Whether a run may go by these settings (resolved, as JSON, as the server has them too); NULL:
     * by any that its table accepts. */
    int (*accepts)(const json_t *choice, struct error *err);
};

/* Every table begins with these two. */
enum { SCHEDULE_WARMUP, SCHEDULE_WARMUP_MODE, SCHEDULE_OWN };
#define SCHEDULE_SETTINGS                                                                          \
    {.name = "warmup",                                                                             \
     .type = SETTING_NUMBER,                                                                       \
     .low = 0,                                                                                     \
     .high = 1,                                                                                    \
     .below_high = true,                                                                           \
     .unit = "of the steps",                                                                       \
     .help = "the factor rises linearly over this part (Goyal et al., 2017)"},                     \
    {                                                                                              \
        .name = "warmup_mode", .type = SETTING_CHOICE, .choices = "multiply|before",               \
        .fallback_text = "multiply",                                                               \
        .help = "multiply the rise onto the schedule, or let the schedule begin behind it"         \
    }

/* Those that decay have it next: factor = floor + (1 - floor) * shape. */
enum { SCHEDULE_FLOOR = SCHEDULE_OWN, SCHEDULE_OWN_DECAYING };
#define SCHEDULE_DECAYING_SETTINGS                                                                 \
    SCHEDULE_SETTINGS,                                                                             \
    {                                                                                              \
        .name = "floor", .type = SETTING_NUMBER, .low = 0, .high = 1,                              \
        .help = "the factor falls towards this instead of zero"                                    \
    }

static inline double schedule_above_floor(const struct chosen *chosen, double shape)
{
    const double floor_factor = chosen->number[SCHEDULE_FLOOR];
    return floor_factor + (1.0 - floor_factor) * shape;
}

/* From 1 at progress 0 to 0 at progress 1. */
static inline double schedule_half_cosine(double progress)
{
    const double pi = 3.14159265358979323846;
    return 0.5 * (1.0 + cos(pi * progress));
}

/* pow() without its cost where that is exact: previews draw millions of factors. */
static inline double schedule_power(double base, double exponent)
{
    if (exponent == 0.0)
        return 1.0;
    return exponent == 1.0 ? base : pow(base, exponent);
}

extern const struct schedule *const schedules[]; /* ends with NULL */
const struct schedule *schedule_find(const char *name);

/* The factor with warm-up; any k >= 0, total >= 1. */
double schedule_factor(const struct schedule *schedule, const struct chosen *chosen, int64_t k,
                       int64_t total);

/* All of them: out[total]. */
void schedule_fill(const struct schedule *schedule, const struct chosen *chosen, int64_t total,
                   double *out);

#endif
