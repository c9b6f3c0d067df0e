/*
 * Cosine with warm restarts, SGDR (Loshchilov and Hutter, 2017, arXiv 1608.03983): cycle i has
 * first_cycle * multiplier^i steps, and each begins at the peak again.
 */
#include "schedules.h"

enum { FIRST_CYCLE = SCHEDULE_OWN_DECAYING, MULTIPLIER };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "first_cycle",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.25,
     .unit = "of the steps",
     .help = "length of the first cycle; at least one step"},
    {.name = "multiplier",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 100,
     .fallback = 1,
     .help = "each cycle is this many times as long as the one before"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const int64_t rounded = llround(chosen->number[FIRST_CYCLE] * (double)total);
    const int64_t multiplier = (int64_t)chosen->number[MULTIPLIER];
    int64_t length = rounded > 1 ? rounded : 1;

    if (multiplier == 1)
        k %= length;
    while (k >= length) {
        k -= length;
        length *= multiplier; /* stays below multiplier * total: k was at least length */
    }
    return schedule_above_floor(chosen, schedule_half_cosine((double)k / (double)length));
}

const struct schedule cosine_restarts_schedule = {
    .name = "cosine_restarts",
    .help = "cosine cycles that restart at the peak (Loshchilov and Hutter, 2017)",
    .settings = settings,
    .factor = factor,
};
