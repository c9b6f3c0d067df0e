/*
 * One cycle (Smith and Topin, 2018, arXiv 1708.07120), with PyTorch's constants and places: from
 * 1/q up to the peak at k = p T - 1, then down to 1/(q q_f) at k = T - 1, in half cosines or
 * straight lines.
 */
#include "schedules.h"

enum { PEAK_AT = SCHEDULE_OWN, START_DIVISOR, END_DIVISOR, SHAPE };

static const struct setting settings[] = {
    SCHEDULE_SETTINGS,
    {.name = "peak_at",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 0.3,
     .unit = "of the steps",
     .help = "where the peak is"},
    {.name = "start_divisor",
     .type = SETTING_NUMBER,
     .low = 1,
     .high = 1e12,
     .fallback = 25,
     .help = "the factor starts at 1 over this"},
    {.name = "end_divisor",
     .type = SETTING_NUMBER,
     .low = 1,
     .high = 1e12,
     .fallback = 1e4,
     .help = "and ends at the start over this"},
    {.name = "shape",
     .type = SETTING_CHOICE,
     .choices = "cosine|linear",
     .fallback_text = "cosine",
     .help = "of both halves"},
    {0},
};

static double between(bool linear, double from, double to, double progress)
{
    return linear ? from + (to - from) * progress
                  : to + (from - to) * schedule_half_cosine(progress);
}

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double start = 1.0 / chosen->number[START_DIVISOR];
    const double end = start / chosen->number[END_DIVISOR];
    const double last = (double)(total - 1);
    const double peak = fmax(0.0, chosen->number[PEAK_AT] * (double)total - 1.0);
    const bool linear = chosen->number[SHAPE] > 0.0;
    const double at = (double)k;

    if (at < peak)
        return between(linear, start, 1.0, at / peak);
    if (last <= peak)
        return 1.0; /* the peak is at the end */
    return between(linear, 1.0, end, (at - peak) / (last - peak));
}

const struct schedule one_cycle_schedule = {
    .name = "one_cycle",
    .help = "up to the peak and far down again (Smith and Topin, 2018)",
    .settings = settings,
    .factor = factor,
};
