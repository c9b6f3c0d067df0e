/* Exponential decay: ratio^(k/T), which reaches the ratio at the end, or gamma^k. */
#include "schedules.h"

enum { RATIO = SCHEDULE_OWN_DECAYING, GAMMA };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "ratio",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.01,
     .help = "ratio^(k/T): the factor behind the last step"},
    {.name = "gamma",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 0,
     .above_low = true,
     .high = 1,
     .help = "gamma^k instead: what each step multiplies with, however many there are"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double gamma = chosen->number[GAMMA];
    const double shape = isnan(gamma) ? pow(chosen->number[RATIO], (double)k / (double)total)
                                      : pow(gamma, (double)k);
    return schedule_above_floor(chosen, shape);
}

const struct schedule exponential_schedule = {
    .name = "exponential",
    .help = "ratio^(k/T), or gamma^k",
    .settings = settings,
    .factor = factor,
};
