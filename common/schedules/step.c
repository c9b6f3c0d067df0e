/* Step decay: gamma^n behind the n-th of the listed fractions of the steps. */
#include "schedules.h"

enum { AT = SCHEDULE_OWN_DECAYING, GAMMA };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "at",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1,
     .least = 1,
     .most = 100,
     .rising = true,
     .fallback_text = "[0.3, 0.6, 0.9]",
     .unit = "of the steps",
     .help = "where the factor falls"},
    {.name = "gamma",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 0.1,
     .help = "what it is multiplied with there"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    /* 0.55 of 100 steps is a hair above 55: rounding must not move a fall by a step. */
    const double hair = 1e-9 * (double)total;
    int fallen = 0;
    while (fallen < chosen->count[AT] &&
           (double)k + hair >= chosen->list[AT][fallen] * (double)total)
        fallen++;
    return schedule_above_floor(chosen, schedule_power(chosen->number[GAMMA], fallen));
}

const struct schedule step_schedule = {
    .name = "step",
    .help = "falls by gamma at listed fractions of the steps",
    .settings = settings,
    .factor = factor,
};
