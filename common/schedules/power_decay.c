/* Power decay: (1 - k/T)^(2b - 1), b the exponent of the "easy" regime of the functional scaling
 * law (arXiv 2602.06797). */
#include "schedules.h"

enum { EXPONENT = SCHEDULE_OWN_DECAYING };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "exponent",
     .type = SETTING_NUMBER,
     .low = 0.5,
     .above_low = true,
     .high = 50,
     .fallback = 1,
     .help = "b of (1 - k/T)^(2b - 1); 1 is linear"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double left = 1.0 - (double)k / (double)total;
    return schedule_above_floor(chosen, schedule_power(left, 2.0 * chosen->number[EXPONENT] - 1.0));
}

const struct schedule power_decay_schedule = {
    .name = "power_decay",
    .help = "(1 - k/T)^(2b - 1), from the functional scaling law (2602.06797)",
    .settings = settings,
    .factor = factor,
};
