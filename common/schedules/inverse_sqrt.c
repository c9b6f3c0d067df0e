/* Inverse square root decay: sqrt(b/(b + k)), b the offset. */
#include "schedules.h"

enum { OFFSET = SCHEDULE_OWN_DECAYING };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "offset",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1e12,
     .fallback = 100,
     .unit = "steps",
     .help = "b in sqrt(b/(b + k))"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double offset = chosen->number[OFFSET];
    (void)total;
    return schedule_above_floor(chosen, sqrt(offset / (offset + (double)k)));
}

const struct schedule inverse_sqrt_schedule = {
    .name = "inverse_sqrt",
    .help = "sqrt(b/(b + k)) with an offset b",
    .settings = settings,
    .factor = factor,
};
