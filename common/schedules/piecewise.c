/* Listed factors at listed fractions of the steps, with straight lines or steps between. */
#include "schedules.h"

enum { AT = SCHEDULE_OWN, FACTORS, BETWEEN };

static const struct setting settings[] = {
    SCHEDULE_SETTINGS,
    {.name = "at",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1,
     .least = 1,
     .most = 100,
     .rising = true,
     .required = true,
     .unit = "of the steps",
     .help = "the points, such as [0, 0.5, 1]"},
    {.name = "factors",
     .type = SETTING_NUMBERS,
     .low = 0,
     .high = 1,
     .least = 1,
     .most = 100,
     .required = true,
     .as_many_as = "at",
     .help = "the factor at each point; before the first and behind the last it stays"},
    {.name = "between",
     .type = SETTING_CHOICE,
     .choices = "linear|constant",
     .fallback_text = "linear",
     .help = "straight lines between the points, or the last point's factor"},
    {0},
};

static double factor(const struct chosen *chosen, int64_t k, int64_t total)
{
    const double *at = chosen->list[AT], *factors = chosen->list[FACTORS];
    const int count = chosen->count[AT];
    const double here = (double)k / (double)total;
    int next = 0;

    while (next < count && here + 1e-12 >= at[next])
        next++;
    if (next == 0)
        return factors[0];
    if (next == count || chosen->number[BETWEEN] > 0.0)
        return factors[next - 1];
    const double part = fmax(0.0, (here - at[next - 1]) / (at[next] - at[next - 1]));
    return factors[next - 1] + (factors[next] - factors[next - 1]) * part;
}

const struct schedule piecewise_schedule = {
    .name = "piecewise",
    .help = "listed factors at listed fractions of the steps",
    .settings = settings,
    .factor = factor,
};
