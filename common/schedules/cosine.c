/* Half a cosine: (1 + cos(pi k/T)) / 2 (Loshchilov and Hutter, 2017, arXiv 1608.03983). */
#include "schedules.h"

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    return schedule_above_floor(chosen, schedule_half_cosine((double)k / (double)total));
}

const struct schedule cosine_schedule = {
    .name = "cosine",
    .help = "half a cosine from one to zero (Loshchilov and Hutter, 2017)",
    .settings = settings,
    .factor = factor,
};
