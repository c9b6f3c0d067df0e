/*
 * Warm-up, stable, decay (Hu et al., 2024, arXiv 2404.06395; Hägele et al., 2024, arXiv
 * 2405.18392): the peak rate, then a cooldown over the last n steps, j = 1 … n.
 *
 * Three conventions for the ends of a cooldown are in use: progress j/(n+1) never reaches the
 * floor, j/n ends exactly there, (j-1)/n starts at the peak.
 */
#include "json.h"
#include "schedules.h"

#include <string.h>

enum { COOLDOWN = SCHEDULE_OWN_DECAYING, SHAPE, PROGRESS, LOWER_TO };
enum shape {
    SHAPE_LINEAR,
    SHAPE_ONE_MINUS_SQRT,
    SHAPE_COSINE,
    SHAPE_MIRROR_COSINE,
    SHAPE_SQUARE,
    SHAPE_EXPONENTIAL,
    SHAPE_LOWERED_LINEAR,
};
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
     .choices = "linear|1-sqrt|cosine|mirror-cosine|square|exponential|lowered-linear",
     .fallback_text = "linear",
     .help = "of the cooldown; exponential: floor^progress, with a floor above 0"},
    {.name = "progress",
     .type = SETTING_CHOICE,
     .nullable = true,
     .choices = "j/(n+1)|j/n|(j-1)/n",
     .help = "how far step j of n is: never at the floor, last step there, or first at the peak; "
             "null: j/n for mirror-cosine, square and exponential, j/(n+1) for the others"},
    {.name = "lower_to",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 0.7,
     .help = "of lowered-linear: it drops to this at once (2508.01483; our reading)"},
    {0},
};

/* As each shape is published. */
static enum progress own_convention(enum shape shape)
{
    const bool reaches =
        shape == SHAPE_MIRROR_COSINE || shape == SHAPE_SQUARE || shape == SHAPE_EXPONENTIAL;
    return reaches ? REACHES_THE_FLOOR : BETWEEN_THE_ENDS;
}

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

static double shape_at(enum shape shape, double progress, double lower_to)
{
    switch (shape) {
    case SHAPE_LINEAR:
    case SHAPE_EXPONENTIAL: /* has its floor as its base: cooled() */
        return 1.0 - progress;
    case SHAPE_ONE_MINUS_SQRT:
        return 1.0 - sqrt(progress);
    case SHAPE_COSINE:
        return schedule_half_cosine(progress);
    case SHAPE_MIRROR_COSINE: /* 1 - 1 is not always 0 in doubles */
        return fmax(0.0, 2.0 * (1.0 - progress) - schedule_half_cosine(progress));
    case SHAPE_SQUARE:
        return 1.0 - progress * progress;
    case SHAPE_LOWERED_LINEAR:
        return lower_to * (1.0 - progress);
    }
    return 1.0;
}

static double cooled(const struct chosen *chosen, double progress)
{
    const enum shape shape = (enum shape)chosen->number[SHAPE];
    if (shape == SHAPE_EXPONENTIAL)
        return pow(chosen->number[SCHEDULE_FLOOR], progress);
    return schedule_above_floor(chosen,
                                fmin(1.0, shape_at(shape, progress, chosen->number[LOWER_TO])));
}

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const int64_t rounded = llround(chosen->number[COOLDOWN] * (double)total);
    const int64_t n = rounded > 1 ? rounded : 1;
    const int64_t j = k - (total - n) + 1;
    if (j < 1)
        return 1.0;
    const double given = chosen->number[PROGRESS];
    const enum progress convention =
        isnan(given) ? own_convention((enum shape)chosen->number[SHAPE]) : (enum progress)given;
    return cooled(chosen, progress_of(convention, j, n));
}

static int accepts(const json_t *choice, struct error *err)
{
    if (strcmp(json_text_at(choice, "shape", ""), "exponential") != 0 ||
        json_number_at(choice, "floor", 0.0) > 0.0)
        return 0;
    return error_set(err, "an exponential cooldown ends at \"floor\", which must be above 0 then, "
                          "such as 0.01");
}

const struct schedule wsd_schedule = {
    .name = "wsd",
    .help = "the peak rate, then a cooldown (Hu et al., 2024; Hägele et al., 2024)",
    .settings = settings,
    .factor = factor,
    .accepts = accepts,
};
