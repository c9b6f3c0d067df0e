#include "theory/answer.h"

#include "json.h"
#include "theory/bounds.h"
#include "theory/phases.h"
#include "theory/special.h"
#include "theory/stationary.h"
#include "theory/transient.h"

#include <math.h>

json_t *theory_symbols(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "lr",
                     "learning rate", "c", "curvature along the axis, with coupled weight decay",
                     "s", "deviation of the noise along the axis; its scale for sign descent", "w",
                     "decoupled weight decay", "k", "step", "t", "time: lr x step", "x0",
                     "start along the axis", "Y", "c x/(sqrt(2) s)", "S0", "loss at the start",
                     "mu",
                     "smallest curvature; s in a bound is the largest deviation, d the number of "
                     "axes, m and q the slope and higher intercept of the secant",
                     "L", "sum of the curvatures");
}

static json_t *form_json(const char *name, const char *formula, const char *valid, bool continuous)
{
    return json_pack("{s:s, s:s, s:s, s:b}", "name", name, "formula", formula, "valid", valid,
                     "continuous", continuous);
}

json_t *theory_stationary(const struct process *process, bool variances)
{
    json_t *list = json_array();
    for (const struct stationary_law *law = stationary_laws; law->name; law++) {
        if (!law->applies(process))
            continue;
        json_t *form = form_json(law->name, law->formula, law->valid, law->continuous);
        json_object_set_new(form, "loss", json_number(stationary_loss(process, law)));
        json_array_append_new(list, form);
        if (!variances)
            continue;
        json_t *along = json_array();
        for (int i = 0; i < process->count; i++)
            json_array_append_new(along, json_number(law->variance(process, i)));
        json_object_set_new(form, "variance", along);
    }
    return list;
}

static json_t *numbers_json(const double *numbers, int count, double factor)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_number(factor * numbers[i]));
    return list;
}

static json_t *transient_form(const struct process *process, const struct transient_law *law,
                              const double *start, const double *steps, int count)
{
    json_t *form = form_json(law->name, law->formula, law->valid, law->continuous);
    json_t *losses = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(losses, json_number(transient_loss(process, law, start, steps[i])));
    json_object_set_new(form, "loss", losses);
    return form;
}

json_t *theory_transient(const struct process *process, const double *start, const double *steps,
                         int count)
{
    json_t *forms = json_array();
    for (const struct transient_law *law = transient_laws; law->name; law++) {
        if (law->applies(process, start))
            json_array_append_new(forms, transient_form(process, law, start, steps, count));
    }
    return json_pack("{s:o, s:o, s:o, s:s?}", "step", numbers_json(steps, count, 1.0), "time",
                     numbers_json(steps, count, process->lr), "forms", forms, "reason",
                     transient_refusal(process, start));
}

static json_t *axis_json(const struct process *process, int i, double start)
{
    const struct drift drift = phase_drift(process, i, start);
    return json_pack("{s:o, s:i, s:o, s:o, s:o, s:[o, o]}", "y",
                     json_number(phase_measure(process, i, start)), "phase",
                     phase_of(process, i, start), "phase_3_below",
                     json_number(phase_threshold(process, i, PHASE_INNER)), "phase_1_above",
                     json_number(phase_threshold(process, i, PHASE_OUTER)), "phase_1_steps",
                     json_number(phase_steps_left(process, i, start)), "drift",
                     json_number(drift.low), json_number(drift.high));
}

json_t *theory_phases(const struct process *process, const double *start)
{
    const struct erf_secant secant = erf_secant();
    if (!phases_exist(process))
        return json_null();

    json_t *axes = json_array();
    for (int i = 0; i < process->count; i++)
        json_array_append_new(axes, axis_json(process, i, start[i]));
    return json_pack("{s:{s:o, s:o}, s:{s:o, s:o, s:o}, s:o}", "thresholds", "phase_3_below",
                     json_number(PHASE_INNER), "phase_1_above", json_number(PHASE_OUTER), "secant",
                     "slope", json_number(secant.slope), "low", json_number(secant.low), "high",
                     json_number(secant.high), "axes", axes);
}

static double loss_of(const struct process *process, const double *start)
{
    double sum = 0.0;
    for (int i = 0; i < process->count; i++)
        sum += process_curvature(process, i) * start[i] * start[i];
    return 0.5 * sum;
}

static json_t *bound_json(const struct process *process, const struct bound *bound, double first,
                          const double *steps, int count)
{
    json_t *losses = isnan(bound->loss(process, first, 0)) ? json_null() : json_array();
    for (int i = 0; i < count && json_is_array(losses); i++)
        json_array_append_new(losses,
                              json_number(bound->loss(process, first, process->lr * steps[i])));
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", bound->name, "formula", bound->formula,
                     "valid", bound->valid, "in_the_end",
                     json_number(bound->loss(process, first, HUGE_VAL)), "loss", losses);
}

json_t *theory_bounds(const struct process *process, const double *start, const double *steps,
                      int count)
{
    const double first = loss_of(process, start);
    json_t *list = json_array();
    for (const struct bound *bound = bounds; bound->name; bound++) {
        if (bound->applies(process))
            json_array_append_new(list, bound_json(process, bound, first, steps, count));
    }
    const double duration = bound_phase_1_time(process, first) / process->lr;
    return json_pack(
        "{s:s, s:o, s:o}", "note",
        "these are upper bounds for any strongly convex objective with such curvatures "
        "and noise, not predictions",
        "list", list, "phase_1_steps", phases_exist(process) ? json_number(duration) : json_null());
}

void theory_steps(const struct process *process, double *steps, int count)
{
    const double relaxations = 6.0, most = 1e12;
    double slowest = HUGE_VAL;
    for (int i = 0; i < process->count; i++)
        slowest = fmin(slowest, process_relaxation(process, i));

    const double wanted = fmax(relaxations / (slowest * process->lr), (double)(count - 1));
    const double last = fmin(wanted, most);
    for (int i = 0; i < count; i++)
        steps[i] = round(last * i / (count - 1));
}
