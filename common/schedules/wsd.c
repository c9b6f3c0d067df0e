/*
 * Warm-up, stable, decay (Hu et al., 2024, arXiv 2404.06395; Hägele et al., 2024, arXiv
 * 2405.18392): the peak rate, then a cooldown over the last n steps, j = 1 … n.
 *
 * Three conventions for the ends of a cooldown are in use: progress j/(n+1) never reaches the
 * floor, j/n ends exactly there, (j-1)/n starts at the peak.
 */
#include "schedules.h"

enum { COOLDOWN = SCHEDULE_OWN_DECAYING, SHAPE, PROGRESS };
enum shape { SHAPE_LINEAR, SHAPE_ONE_MINUS_SQRT, SHAPE_COSINE };
enum progress { BETWEEN_THE_ENDS, REACHES_THE_FLOOR, STARTS_AT_THE_PEAK };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "cooldown",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.1,
     .unit = "of the steps",
     .help = "how much of the end is cooldown; at least one step"},
    {.name = "shape",
     .type = SETTING_CHOICE,
     .choices = "linear|1-sqrt|cosine",
     .fallback_text = "linear",
     .help = "of the cooldown"},
    {.name = "progress",
     .type = SETTING_CHOICE,
     .choices = "j/(n+1)|j/n|(j-1)/n",
     .fallback_text = "j/(n+1)",
     .help = "how far step j of n is: never at the floor, last step there, or first at the peak"},
    {0},
};

static double progress_of(enum progress convention, int64_t j, int64_t n)
{
    switch (convention) {
    case BETWEEN_THE_ENDS:
        return (double)j / (double)(n + 1);
    case REACHES_THE_FLOOR:
        return (double)j / (double)n;
    case STARTS_AT_THE_PEAK:
        return (double)(j - 1) / (double)n;
    }
    return 0.0;
}

static double shape_at(enum shape shape, double progress)
{
    switch (shape) {
    case SHAPE_LINEAR:
        return 1.0 - progress;
    case SHAPE_ONE_MINUS_SQRT:
        return 1.0 - sqrt(progress);
    case SHAPE_COSINE:
        return schedule_half_cosine(progress);
    }
    return 1.0;
}

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const int64_t rounded = llround(chosen->number[COOLDOWN] * (double)total);
    const int64_t n = rounded > 1 ? rounded : 1;
    const int64_t j = k - (total - n) + 1;
    if (j < 1)
        return 1.0;
    const double progress = progress_of((enum progress)chosen->number[PROGRESS], j, n);
    return schedule_above_floor(chosen, shape_at((enum shape)chosen->number[SHAPE], progress));
}

const struct schedule wsd_schedule = {
    .name = "wsd",
    .help = "the peak rate, then a cooldown (Hu et al., 2024; Hägele et al., 2024)",
    .settings = settings,
    .factor = factor,
};
