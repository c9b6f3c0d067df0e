#include "compare/predictions.h"

#include "compare/statistics.h"
#include "json.h"
#include "memory.h"
#include "theory/answer.h"
#include "theory/stationary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const prediction_metrics[] = {"loss_average", "train_loss", NULL};

/* The axes of the problem; all lists have `count` entries. */
struct axes {
    int count;
    double *curvature, *deviation, *start;
};

static void axes_release(struct axes *axes)
{
    free(axes->curvature);
    free(axes->deviation);
    free(axes->start);
}

/* A list of `count`: entry by entry, or the one there is (or the fallback) for each. */
static double *spread(const json_t *list, double fallback, int count)
{
    double *numbers = xcalloc((size_t)count, sizeof *numbers);
    const size_t given = json_array_size(list);
    for (int i = 0; i < count; i++)
        numbers[i] =
            given ? json_number_value(json_array_get(list, given == 1 ? 0 : (size_t)i)) : fallback;
    return numbers;
}

static bool any_above_zero(const double *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        if (numbers[i] > 0)
            return true;
    }
    return false;
}

/* False where the problem is no quadratic with noise. */
static bool read_axes(const json_t *problem, struct axes *axes)
{
    const json_t *eigenvalues = json_object_get(problem, "eigenvalues");
    const int count = (int)json_array_size(eigenvalues);

    *axes = (struct axes){.count = count};
    if (strcmp(json_text_at(problem, "type", ""), "quadratic") != 0 || count == 0)
        return false;
    axes->curvature = spread(eigenvalues, 0, count);
    axes->deviation = spread(json_object_get(problem, "noise_deviation"),
                             json_number_at(problem, "noise", 0), count);
    axes->start = spread(json_object_get(problem, "start"), 1.0, count);
    return any_above_zero(axes->deviation, count);
}

/* --- whether a law holds -------------------------------------------------------------------------
 */

static bool has(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value && !json_is_null(value);
}

static int check_run(const json_t *spec, const struct axes *axes, struct error *err)
{
    const char *schedule = json_text_at(json_object_get(spec, "schedule"), "type", "constant");

    if (strcmp(schedule, "constant") != 0)
        return error_set(err, "the laws are for a constant learning rate, not for \"%.64s\"",
                         schedule);
    if (has(spec, "clip_norm"))
        return error_set(err, "the laws are for gradients that are not clipped");
    for (int i = 0; i < axes->count; i++) {
        if (axes->curvature[i] <= 0)
            return error_set(err, "axis %d has no curvature: x goes astray there without end", i);
    }
    return 0;
}

static int read_process(const json_t *spec, const struct axes *axes, struct process *process,
                        struct error *err)
{
    const json_t *problem = json_object_get(spec, "problem");
    const char *what;

    if (process_read(json_object_get(spec, "optimizer"), process, &what, err) < 0)
        return -1;
    process->count = axes->count;
    process->curvature = axes->curvature;
    process->deviation = axes->deviation;
    process->nu = json_number_at(problem, "noise_nu", HUGE_VAL);
    if (check_run(spec, axes, err) < 0)
        return -1;
    struct error because;
    if (process_check(process, &what, &because) == 0)
        return 0;
    return error_set(err, "%s %s", what, because.sentence);
}

/* --- whether the run is long enough
 * --------------------------------------------------------------- */

/* About how many steps the start takes to be forgotten to a hundredth of the loss that stays: those
 * that step by the sign or by the gradient over its noise first walk, lr a step at most. */
static double steps_to_forget(const struct process *process, const double *start, double stays)
{
    const double share = 0.01;
    double longest = 0;

    for (int i = 0; i < process->count; i++) {
        const double loss = 0.5 * process->curvature[i] * start[i] * start[i];
        const double fade =
            fmax(0, log(loss / (share * stays))) / (2.0 * process_relaxation(process, i));
        const double walk = process->kind == PROCESS_PLAIN ? 0 : fabs(start[i]);
        longest = fmax(longest, (walk + fade) / process->lr);
    }
    return longest;
}

static void warn_of_start(const struct process *process, const json_t *spec, const double *start,
                          double stays, json_t *warnings)
{
    const double steps = json_number_at(spec, "steps", 0);
    const double burnt = steps * json_number_at(spec, "burn_in", 1.0);
    const double needed = steps_to_forget(process, start, stays);
    char text[256];

    if (burnt >= needed)
        return;
    snprintf(text, sizeof text,
             "the start takes about %.3g steps to be forgotten, and the loss is averaged from step "
             "%.3g on: more steps, or a start nearer to 0, would come closer",
             ceil(needed), burnt);
    json_array_append_new(warnings, json_text(text));
}

/* --- the whole
 * ------------------------------------------------------------------------------------ */

static json_t *refusal_json(const char *reason)
{
    return json_pack("{s:n, s:n, s:n, s:n, s:[], s:o, s:[]}", "law", "formula", "valid", "loss",
                     "forms", "reason", json_text(reason), "warnings");
}

static json_t *law_json(const struct process *process, const json_t *spec, const double *start)
{
    const bool continuous = strcmp(json_text_at(spec, "dynamics", "discrete"), "sde") == 0;
    const struct stationary_law *law = stationary_best(process, continuous);
    const double loss = stationary_loss(process, law);
    json_t *warnings = json_array();

    process_warn(process, warnings);
    warn_of_start(process, spec, start, loss, warnings);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:n, s:o}", "law", law->name, "formula",
                     law->formula, "valid", law->valid, "loss", json_number(loss), "forms",
                     theory_stationary(process, false), "reason", "warnings", warnings);
}

json_t *prediction_json(const json_t *spec)
{
    struct axes axes = {0};
    struct process process;
    struct error err;
    json_t *answer;

    if (!read_axes(json_object_get(spec, "problem"), &axes))
        answer = json_null();
    else if (read_process(spec, &axes, &process, &err) < 0)
        answer = refusal_json(err.sentence);
    else
        answer = law_json(&process, spec, axes.start);
    axes_release(&axes);
    return answer;
}

json_t *measured_json(const char *metric, const double *values, int count)
{
    if (count == 0)
        return json_null();
    return json_pack("{s:s, s:i, s:o, s:o}", "metric", metric, "n", count, "mean",
                     json_number(statistics_mean(values, count)), "standard_error",
                     json_number(statistics_standard_error(values, count)));
}
