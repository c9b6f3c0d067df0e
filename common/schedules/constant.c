/* The peak rate throughout. */
#include "schedules.h"

static const struct setting settings[] = {
    SCHEDULE_SETTINGS,
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    (void)chosen;
    (void)k;
    (void)total;
    return 1.0;
}

const struct schedule constant_schedule = {
    .name = "constant",
    .help = "the peak rate throughout",
    .settings = settings,
    .factor = factor,
};
