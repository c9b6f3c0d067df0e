/*
 * Warm-up times polynomial decay, with the fraction and the exponent that were fitted to refined
 * schedules of well-known trainings (Defazio et al., 2023, arXiv 2310.07831).
 */
#include "schedules.h"

enum { FIT = SCHEDULE_OWN_DECAYING, RISE, POWER };

static const struct setting settings[] = {
    SCHEDULE_DECAYING_SETTINGS,
    {.name = "fit",
     .type = SETTING_CHOICE,
     .choices = "none|dlrm|gpt|iwslt14|roberta|vit|mri|rcnn|imagenet",
     .fallback_text = "none",
     .help = "rise and power as fitted to that training, instead of the two below"},
    {.name = "rise",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .below_high = true,
     .fallback = 0.1,
     .unit = "of the steps",
     .help = "how long the factor is multiplied with a rise"},
    {.name = "power",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 100,
     .fallback = 1,
     .help = "exponent of (1 - k/T)"},
    {0},
};

/* Where no exponent was fitted (iwslt14, vit) it is 1. */
static const struct {
    double rise, power;
} fits[] = {
    {0.0, 0.0},  {0.20, 0.9}, {0.28, 1.0}, {0.08, 1.0}, {0.45, 0.8},
    {0.07, 1.0}, {0.40, 0.9}, {0.0, 1.5},  {0.01, 3.0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const int fit = (int)chosen->number[FIT];
    const double power = fit > 0 ? fits[fit].power : chosen->number[POWER];
    const int64_t risen =
        llround((fit > 0 ? fits[fit].rise : chosen->number[RISE]) * (double)total);
    const double rise = k < risen ? (double)(k + 1) / (double)risen : 1.0;
    return schedule_above_floor(chosen,
                                rise * schedule_power(1.0 - (double)k / (double)total, power));
}

const struct schedule hybrid_schedule = {
    .name = "hybrid",
    .help = "a rise times (1 - k/T)^power, with fitted values (Defazio et al., 2023)",
    .settings = settings,
    .factor = factor,
};
