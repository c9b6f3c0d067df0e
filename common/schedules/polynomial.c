/* Polynomial decay: (1 - k/T)^power (Defazio et al., 2023, arXiv 2310.07831). */
#include "schedules.h"

enum { POWER = SCHEDULE_OWN_DECAYING };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "power",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 100,
     .fallback = 1,
     .help = "exponent of (1 - k/T); 1 is linear"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double left = 1.0 - (double)k / (double)total;
    return schedule_above_floor(chosen, schedule_power(left, chosen->number[POWER]));
}

const struct schedule polynomial_schedule = {
    .name = "polynomial",
    .help = "(1 - k/T)^power (Defazio et al., 2023)",
    .settings = settings,
    .factor = factor,
};
