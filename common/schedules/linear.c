/* Linear decay: 1 - k/T (Defazio et al., 2023, arXiv 2310.07831). */
#include "schedules.h"

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    return schedule_above_floor(chosen, 1.0 - (double)k / (double)total);
}

const struct schedule linear_schedule = {
    .name = "linear",
    .help = "1 - k/T: a straight line to zero (Defazio et al., 2023)",
    .settings = settings,
    .factor = factor,
};
