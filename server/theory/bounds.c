#include "theory/bounds.h"

#include "theory/phases.h"
#include "theory/special.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* What the bounds know of the objective and the noise. */
struct shape {
    double convexity, smoothness, trace, noise;
};

static struct shape shape_of(const struct process *process)
{
    struct shape shape = {.convexity = HUGE_VAL};
    for (int i = 0; i < process->count; i++) {
        const double curvature = process_curvature(process, i);
        shape.convexity = fmin(shape.convexity, curvature);
        shape.smoothness = fmax(shape.smoothness, curvature);
        shape.trace += curvature;
        shape.noise = fmax(shape.noise, process_deviation(process, i));
    }
    return shape;
}

/* S0 exp(-2 rate t) + (lr/2) (trace/(2 rate)) (1 - exp(-2 rate t)) */
static double relaxed(const struct process *process, double first, double trace, double rate,
                      double t)
{
    const double left = exp(-2.0 * rate * t);
    return first * left + 0.25 * process->lr * trace / rate * (1.0 - left);
}

static bool is_plain(const struct process *process)
{
    return process->kind == PROCESS_PLAIN;
}

static double plain(const struct process *process, double first, double t)
{
    const struct shape shape = shape_of(process);
    return relaxed(process, first, shape.trace * shape.noise * shape.noise, shape.convexity, t);
}

/* With decay, mu and L would not be those of the objective. */
static bool has_phases(const struct process *process)
{
    return phases_exist(process) && process->decay == 0;
}

static double phase_1(const struct process *process, double first, double t)
{
    const double root = sqrt(shape_of(process).convexity) * t - 2.0 * sqrt(first);
    return root < 0 ? 0.25 * root * root : 0;
}

static double phase_2(const struct process *process, double first, double t)
{
    const struct shape shape = shape_of(process);
    const struct erf_secant secant = erf_secant();
    const double slope = secant.slope / shape.noise;
    const double highest = fmax(secant.low, secant.high);
    const double speed = slope / sqrt(2.0) + 0.25 * process->lr * shape.convexity * slope * slope;
    const double trace = shape.trace - shape.convexity * process->count * highest * highest;
    return relaxed(process, first, trace, shape.convexity * speed, t);
}

static double phase_3(const struct process *process, double first, double t)
{
    const struct shape shape = shape_of(process);
    const double speed = sqrt(2.0 / pi) / shape.noise +
                         process->lr / pi * shape.convexity / (shape.noise * shape.noise);
    return relaxed(process, first, shape.trace, shape.convexity * speed, t);
}

static bool is_adamw(const struct process *process)
{
    return strcmp(process->optimizer, "adamw") == 0;
}

/* Only in the end. */
static double adamw(const struct process *process, double first, double t)
{
    const struct shape shape = shape_of(process);
    const double low = shape.convexity, high = shape.smoothness;
    (void)first;
    if (isfinite(t))
        return (double)NAN;
    return process->lr * shape.trace * shape.noise * high /
           (2.0 * (2.0 * low * high + shape.noise * process->decay * (high + low)));
}

const struct bound bounds[] = {
    {
        .name = "sgd",
        .formula = "S0 exp(-2 mu t) + (lr/2) (L s^2/(2 mu)) (1 - exp(-2 mu t))",
        .valid = "strongly convex objectives",
        .applies = is_plain,
        .loss = plain,
    },
    {
        .name = "sign descent, phase 1",
        .formula = "(sqrt(mu) t - 2 sqrt(S0))^2/4",
        .valid = "while |Y| > 3/2 on every axis, no decay; not tight",
        .applies = has_phases,
        .loss = phase_1,
    },
    {
        .name = "sign descent, phase 2",
        .formula = "S0 exp(-2 mu D t) + (lr/2) ((L - mu d q^2)/(2 mu D)) (1 - exp(-2 mu D t)), "
                   "D = m/(sqrt(2) s) + lr mu m^2/(4 s^2)",
        .valid = "while 1 < |Y| < 3/2 on every axis, no decay; constants unconfirmed",
        .applies = has_phases,
        .loss = phase_2,
    },
    {
        .name = "sign descent, phase 3",
        .formula = "S0 exp(-2 mu D t) + (lr/2) (L/(2 mu D)) (1 - exp(-2 mu D t)), "
                   "D = sqrt(2/pi)/s + (lr/pi) mu/s^2",
        .valid =
            "while |Y| < 1 on every axis, no decay; constants unconfirmed, attained on equal axes",
        .applies = has_phases,
        .loss = phase_3,
    },
    {
        .name = "adamw",
        .formula = "lr L s M/(2 (2 mu M + s w (M + mu))), M the largest curvature",
        .valid = "in the end; unconfirmed",
        .applies = is_adamw,
        .loss = adamw,
    },
    {0},
};

double bound_phase_1_time(const struct process *process, double first)
{
    return 2.0 * sqrt(first / shape_of(process).convexity);
}
