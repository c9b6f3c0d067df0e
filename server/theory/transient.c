#include "theory/transient.h"

#include "theory/phases.h"
#include "theory/stationary.h"

#include <math.h>
#include <stddef.h>

/* What decays exponentially towards a limit: first exp(-rate) + limit (1 - exp(-rate)). */
static double between(double first, double limit, double exponent)
{
    return first * exp(-exponent) - limit * expm1(-exponent);
}

static bool is_plain(const struct process *process, const double *start)
{
    (void)start;
    return process->kind == PROCESS_PLAIN;
}

/* x goes to (1 - lr c) x + lr noise: v to (1 - lr c)^2 v + lr^2 s^2. At lr c = 1 the start is
 * forgotten at once. */
static double plain_discrete(const struct process *process, int i, double start, double steps)
{
    const double curvature = process_curvature(process, i), lr = process->lr;
    const double deviation = process_deviation(process, i);
    const double limit = lr * deviation * deviation / (curvature * (2.0 - lr * curvature));
    const double exponent = -2.0 * steps * log(fabs(1.0 - lr * curvature));
    return steps > 0 ? between(start * start, limit, exponent) : start * start;
}

static double plain_continuous(const struct process *process, int i, double start, double steps)
{
    const double curvature = process_curvature(process, i);
    const double deviation = process_deviation(process, i);
    const double limit = 0.5 * process->lr * deviation * deviation / curvature;
    return between(start * start, limit, 2.0 * curvature * process->lr * steps);
}

static bool is_sign_in_phase_3(const struct process *process, const double *start)
{
    if (process->kind != PROCESS_SIGN || isfinite(process->nu))
        return false;
    for (int i = 0; i < process->count; i++) {
        if (phase_of(process, i, start[i]) != 3)
            return false;
    }
    return true;
}

static double sign_continuous(const struct process *process, int i, double start, double steps)
{
    const double slope = process_sign_slope(process, i);
    const double rate = slope + process->decay + 0.5 * process->lr * slope * slope;
    return between(start * start, 0.5 * process->lr / rate, 2.0 * rate * process->lr * steps);
}

const struct transient_law transient_laws[] = {
    {
        .name = "sgd discrete",
        .formula = "x0^2 (1 - lr c)^(2k) + v (1 - (1 - lr c)^(2k)), v = lr s^2/(c (2 - lr c))",
        .valid = "exact for the steps as they are; lr c < 2",
        .applies = is_plain,
        .square = plain_discrete,
    },
    {
        .name = "sgd continuous",
        .formula = "x0^2 exp(-2 c t) + (lr s^2/(2 c)) (1 - exp(-2 c t))",
        .valid = "lr c much below 2",
        .continuous = true,
        .applies = is_plain,
        .square = plain_continuous,
    },
    {
        .name = "sign descent, phase 3",
        .formula = "x0^2 exp(-2 r t) + (lr/(2 r)) (1 - exp(-2 r t)), "
                   "r = sqrt(2/pi) c/s + w + (lr/pi) c^2/s^2",
        .valid = "normal noise that rules the sign from the start: |c x0| < sqrt(2) s",
        .continuous = true,
        .applies = is_sign_in_phase_3,
        .square = sign_continuous,
    },
    {0},
};

double transient_loss(const struct process *process, const struct transient_law *law,
                      const double *start, double steps)
{
    double sum = 0.0;
    for (int i = 0; i < process->count; i++)
        sum += process->curvature[i] * law->square(process, i, start[i], steps);
    return 0.5 * sum;
}

const char *transient_refusal(const struct process *process, const double *start)
{
    for (const struct transient_law *law = transient_laws; law->name; law++) {
        if (law->applies(process, start))
            return NULL;
    }
    if (process->kind == PROCESS_NORMALIZED)
        return "there is a closed form for sgd and for sign descent only: the mean square has a "
               "transient of its own here; a run with \"dynamics\": \"sde\" and \"replicas\" shows "
               "the way";
    if (isfinite(process->nu))
        return "the transient of sign descent is for normal noise only; nu null has it";
    return "not every axis starts in phase 3, where the noise rules the sign; \"phases\" says "
           "below "
           "which |x| that begins";
}
