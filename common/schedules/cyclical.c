/*
 * Cyclical (Smith, 2017, arXiv 1506.01186): triangles from the floor to the peak and back, all of
 * the same height, each half as high as the one before, or under an exponential.
 */
#include "schedules.h"

enum { HALF_CYCLE = SCHEDULE_OWN_DECAYING, SHAPE, GAMMA };
enum shape { TRIANGULAR, TRIANGULAR2, EXP_RANGE };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "half_cycle",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.125,
     .unit = "of the steps",
     .help = "how long the factor rises, and then falls; at least one step"},
    {.name = "shape",
     .type = SETTING_CHOICE,
     .choices = "triangular|triangular2|exp-range",
     .fallback_text = "triangular",
     .help = "peaks stay, halve with each cycle, or fall by gamma^k"},
    {.name = "gamma",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.999,
     .help = "of exp-range"},
    {0},
};

static double scale(const struct chosen *chosen, int64_t cycle, int64_t k)
{
    switch ((enum shape)chosen->number[SHAPE]) {
    case TRIANGULAR:
        return 1.0;
    case TRIANGULAR2:
        return exp2(1.0 - (double)cycle);
    case EXP_RANGE:
        return pow(chosen->number[GAMMA], (double)k);
    }
    return 1.0;
}

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const int64_t rounded = llround(chosen->number[HALF_CYCLE] * (double)total);
    const int64_t half = rounded > 1 ? rounded : 1;
    const int64_t cycle = 1 + k / (2 * half);
    const double from_peak = fabs((double)k / (double)half - 2.0 * (double)cycle + 1.0);
    return schedule_above_floor(chosen, fmax(0.0, 1.0 - from_peak) * scale(chosen, cycle, k));
}

const struct schedule cyclical_schedule = {
    .name = "cyclical",
    .help = "triangles between the floor and the peak (Smith, 2017)",
    .settings = settings,
    .factor = factor,
};
