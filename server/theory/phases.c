#include "theory/phases.h"

#include "theory/special.h"

#include <math.h>

bool phases_exist(const struct process *process)
{
    return process->kind == PROCESS_SIGN && isinf(process->nu);
}

double phase_measure(const struct process *process, int i, double x)
{
    return process_curvature(process, i) * x / (sqrt(2.0) * process->deviation[i]);
}

double phase_threshold(const struct process *process, int i, double measure)
{
    return measure * sqrt(2.0) * process->deviation[i] / process_curvature(process, i);
}

int phase_of(const struct process *process, int i, double x)
{
    const double size = fabs(phase_measure(process, i, x));
    if (size > PHASE_OUTER)
        return 1;
    return size > PHASE_INNER ? 2 : 3;
}

double phase_steps_left(const struct process *process, int i, double x)
{
    const double way = fabs(x) - phase_threshold(process, i, PHASE_OUTER);
    return way > 0 ? ceil(way / process->lr) : 0;
}

struct drift phase_drift(const struct process *process, int i, double x)
{
    const double measure = phase_measure(process, i, x);
    const struct erf_secant secant = erf_secant();
    const int phase = phase_of(process, i, x);

    if (phase == 1) {
        const double drift = measure > 0 ? -1.0 : 1.0;
        return (struct drift){drift, drift};
    }
    if (phase == 3) {
        const double drift = -process_sign_slope(process, i) * x;
        return (struct drift){drift, drift};
    }
    const double line = -secant.slope * measure;
    if (measure > 0)
        return (struct drift){line - secant.high, line - secant.low};
    return (struct drift){line + secant.low, line + secant.high};
}
