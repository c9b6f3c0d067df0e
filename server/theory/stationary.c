#include "theory/stationary.h"

#include <math.h>
#include <string.h>

/* --- sgd ---------------------------------------------------------------------------------------
 */

static bool is_plain(const struct process *process)
{
    return process->kind == PROCESS_PLAIN;
}

/* v = (1 - lr c)^2 v + lr^2 s^2, solved for v. */
static double plain_discrete(const struct process *process, int i)
{
    const double curvature = process_curvature(process, i);
    const double deviation = process_deviation(process, i);
    return process->lr * deviation * deviation / (curvature * (2.0 - process->lr * curvature));
}

static double plain_continuous(const struct process *process, int i)
{
    const double deviation = process_deviation(process, i);
    return 0.5 * process->lr * deviation * deviation / process_curvature(process, i);
}

/* --- sign descent ------------------------------------------------------------------------------
 */

static bool is_sign(const struct process *process)
{
    return process->kind == PROCESS_SIGN;
}

static bool is_normal_sign(const struct process *process)
{
    return is_sign(process) && isinf(process->nu);
}

/* In phase 3, dX = -(kX + decay X) dt + sqrt(lr (1 - k^2 X^2)) dW with the slope k. */
static double sign_continuous(const struct process *process, int i)
{
    const double slope = process_sign_slope(process, i);
    return 0.5 * process->lr / (slope + process->decay + 0.5 * process->lr * slope * slope);
}

static double sign_leading(const struct process *process, int i)
{
    return 0.5 * process->lr / process_relaxation(process, i);
}

/* --- those that divide by the noise ------------------------------------------------------------
 */

static bool is_normalized(const struct process *process)
{
    return process->kind == PROCESS_NORMALIZED;
}

static bool is_adamw(const struct process *process)
{
    return is_normalized(process) && strcmp(process->optimizer, "adamw") == 0;
}

static double normalized(const struct process *process, int i)
{
    return 0.5 * process->lr / process_relaxation(process, i);
}

/* From the Lyapunov equation of X and the mean gradient: decay acts on X alone, while what the mean
 * gradient knows of X is old by 1/(1 - beta1) steps. */
static double adamw_corrected(const struct process *process, int i)
{
    return normalized(process, i) / (1.0 + process->lr * process->decay / process->first_rest);
}

/* --- all of them -------------------------------------------------------------------------------
 */

const struct stationary_law stationary_laws[] = {
    {
        .name = "sgd discrete",
        .formula = "lr s^2 / (c (2 - lr c))",
        .valid = "exact for the steps as they are; lr c < 2",
        .applies = is_plain,
        .variance = plain_discrete,
    },
    {
        .name = "sgd continuous",
        .formula = "(lr/2) s^2 / c",
        .valid = "lr c much below 2",
        .continuous = true,
        .applies = is_plain,
        .variance = plain_continuous,
    },
    {
        .name = "sign descent, phase 3",
        .formula = "(lr/2) / (sqrt(2/pi) c/s + w + (lr/pi) c^2/s^2)",
        .valid = "normal noise that rules the sign: |c x| < sqrt(2) s",
        .continuous = true,
        .applies = is_normal_sign,
        .variance = sign_continuous,
    },
    {
        .name = "sign descent, leading order",
        .formula = "(lr/2) / (2 p c/s + w), p the density of the noise at 0 for s = 1",
        .valid = "noise that rules the sign, lr c much below s; any nu",
        .applies = is_sign,
        .variance = sign_leading,
    },
    {
        .name = "adamw, corrected",
        .formula = "(lr/2) / (c/s + w) / (1 + lr w/(1 - beta1))",
        .valid = "second mean at its limit, lr c much below s; any beta1",
        .continuous = true,
        .applies = is_adamw,
        .variance = adamw_corrected,
    },
    {
        .name = "normalized, as published",
        .formula = "(lr/2) / (c/s + w)",
        .valid = "second mean at its limit, lr c much below s, lr w much below 1 - beta1",
        .continuous = true,
        .applies = is_normalized,
        .variance = normalized,
    },
    {0},
};

const struct stationary_law *stationary_best(const struct process *process, bool continuous)
{
    const struct stationary_law *first = NULL;
    for (const struct stationary_law *law = stationary_laws; law->name; law++) {
        if (!law->applies(process))
            continue;
        if (law->continuous == continuous)
            return law;
        if (!first)
            first = law;
    }
    return first;
}

double stationary_loss(const struct process *process, const struct stationary_law *law)
{
    double sum = 0.0;
    for (int i = 0; i < process->count; i++)
        sum += process->curvature[i] * law->variance(process, i);
    return 0.5 * sum;
}
