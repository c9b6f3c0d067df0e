#include "optimizers/ultimate.h"

/* Beyond it 1 - tanh(x) is lost in rounding, and Adam's corrections would divide by 0. */
static const double x_max = 15.0;

static double limited(double x)
{
    return fmin(fmax(x, -x_max), x_max);
}

struct fraction fraction_at(double value)
{
    return (struct fraction){value, limited(atanh(2.0 * value - 1.0))};
}

/* d(value)/dx = 2 value (1 - value). A fraction that does not move keeps its bits. */
void fraction_move(struct fraction *fraction, double rate, double hypergradient)
{
    const double slope = 2.0 * fraction->value * (1.0 - fraction->value);
    const double change = rate * hypergradient * slope;
    if (!isfinite(change) || change == 0.0)
        return;
    fraction->x = limited(fraction->x - change);
    fraction->value = 0.5 * (tanh(fraction->x) + 1.0);
}

void rate_move(double *value, double rate, double hypergradient)
{
    const double next = *value - rate * hypergradient;
    if (isfinite(next))
        *value = next;
}

struct adam_lens adam_lens(double rate, double beta1, double beta2, double epsilon, int64_t t)
{
    const double steps = (double)t;
    return (struct adam_lens){
        .beta1 = (real)beta1,
        .fresh1 = (real)(1.0 - beta1),
        .beta2 = (real)beta2,
        .fresh2 = (real)(1.0 - beta2),
        .first = (real)(1.0 - pow(beta1, steps)),
        .second = (real)(1.0 - pow(beta2, steps)),
        .grown1 = (real)(steps * pow(beta1, steps - 1.0)),
        .grown2 = (real)(steps * pow(beta2, steps - 1.0)),
        .rate = (real)rate,
        .epsilon = (real)epsilon,
    };
}
