#include "compare/root.h"

#include <float.h>
#include <math.h>

enum { STEPS_MAX = 400, STEPS_PER_BISECTION = 8 };

struct bracket {
    double low, high, at_low, at_high; /* at_low >= 0 >= at_high */
    int stayed;                        /* -1: the low end in the last step, 1: the high one */
};

static double next_place(const struct bracket *bracket, int step)
{
    const double drop = bracket->at_low - bracket->at_high;
    if (step % STEPS_PER_BISECTION == STEPS_PER_BISECTION - 1 || !(drop > 0) || isinf(drop))
        return 0.5 * (bracket->low + bracket->high);
    return bracket->low + (bracket->high - bracket->low) * (bracket->at_low / drop);
}

static void take(struct bracket *bracket, double x, double at)
{
    if (at > 0) {
        bracket->low = x;
        bracket->at_low = at;
        bracket->at_high *= bracket->stayed == 1 ? 0.5 : 1;
        bracket->stayed = 1;
    } else {
        bracket->high = x;
        bracket->at_high = at;
        bracket->at_low *= bracket->stayed == -1 ? 0.5 : 1;
        bracket->stayed = -1;
    }
}

double root_of(falling_function *f, const void *context, double low, double high, double within)
{
    struct bracket bracket = {low, high, f(low, context), f(high, context), 0};
    double x = high, last = low;

    for (int step = 0; step < STEPS_MAX; step++) {
        const double width = bracket.high - bracket.low;
        if (width <= within || fabs(x - last) <= DBL_EPSILON * fabs(x))
            break;
        last = x;
        x = next_place(&bracket, step);
        take(&bracket, x, f(x, context));
    }
    return x;
}
