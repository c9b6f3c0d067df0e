#include "search/cma/coding.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

static bool has_chances(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_CHOICE && !parameter->ordered;
}

struct cma_coding cma_coding_of(const struct space *space)
{
    struct cma_coding coding = {0};

    coding.numbers = xcalloc((size_t)space->count + 1, sizeof *coding.numbers);
    coding.choices = xcalloc((size_t)space->count + 1, sizeof *coding.choices);
    for (int i = 0; i < space->count; i++) {
        if (parameter_is_fixed(&space->parameters[i]))
            continue;
        if (has_chances(&space->parameters[i]))
            coding.choices[coding.choice_count++] = i;
        else
            coding.numbers[coding.number_count++] = i;
    }
    return coding;
}

void cma_coding_release(struct cma_coding *coding)
{
    free(coding->numbers);
    free(coding->choices);
    *coding = (struct cma_coding){0};
}

bool cma_is_stepped(const struct parameter *parameter)
{
    return parameter_size(parameter) > 0;
}

/* Half way between a value and the one before, in the user's unit, as rounding sees it. */
static double threshold_below(const struct parameter *parameter, uint64_t place)
{
    double low, high;

    if (parameter->type == PARAMETER_CHOICE)
        return (double)place / parameter->choices;
    parameter_ends(parameter, &low, &high);
    const double middle =
        (parameter_value(parameter, place - 1) + parameter_value(parameter, place)) / 2;
    return (parameter_axis(parameter, middle) - low) / (high - low);
}

void cma_thresholds(const struct parameter *parameter, double u, double *low, double *high)
{
    const double value = parameter_from_unit(parameter, fmin(fmax(u, 0), 1));
    const uint64_t place = parameter_place(parameter, value);

    *low = place > 0 ? threshold_below(parameter, place) : -(double)INFINITY;
    *high = place + 1 < parameter_size(parameter) ? threshold_below(parameter, place + 1)
                                                  : (double)INFINITY;
}
