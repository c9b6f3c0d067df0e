/* Sentences of caution; the words are in arms.h, the rules in the protocol for fair comparison. */
#include "compare/arms.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { SEEDS_LEAST = 3 };

static void warn(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(json_t *warnings, const char *format, ...)
{
    char text[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(warnings, json_text(text));
}

static void warn_of_few_seeds(const struct arms *arms, json_t *warnings)
{
    const int seeds = arms->count ? arms->list[0].report.count : 0;
    if (seeds < SEEDS_LEAST)
        warn(warnings, "only %d report seed%s: arms can hardly be told apart with fewer than %d",
             seeds, seeds == 1 ? "" : "s", SEEDS_LEAST);
}

static void warn_of_open_runs(const struct arms *arms, json_t *warnings)
{
    int open = 0;
    for (int i = 0; i < arms->input->run_count; i++)
        open += !run_is_final(arms->input->runs[i].state);
    if (open)
        warn(warnings, "not finished: %d of %d runs are still to end", open,
             arms->input->run_count);
}

static void warn_of_losses(const struct arm *arm, json_t *warnings)
{
    if (arm->report.failed)
        warn(
            warnings,
            "arm \"%s\": %d of %d report runs failed or diverged; they rank as worst, and the mean "
            "is over the others",
            arm->name, arm->report.failed, arm->report.count);
    if (arm->report.cancelled)
        warn(warnings, "arm \"%s\": %d of %d report runs were cancelled", arm->name,
             arm->report.cancelled, arm->report.count);
}

static void warn_of_failed_tuning(const struct arms *arms, const struct arm *arm, json_t *warnings)
{
    int failed = 0, open = 0, count = 0;
    for (uint64_t point = 0; arm->tuning && point < arms->grid.point_count; point++) {
        failed += arm->tuning[point].failed;
        open += arm->tuning[point].open;
        count += arm->tuning[point].count;
    }
    if (failed && arm->chosen < 0 && !open)
        warn(warnings, "arm \"%s\": no tuning run gave a value, so nothing could be chosen",
             arm->name);
    else if (failed)
        warn(warnings, "arm \"%s\": %d of %d tuning runs failed or diverged", arm->name, failed,
             count);
}

/* The numbers next to the chosen one in its list, by size. */
struct neighbours {
    double chosen, below, above; /* infinite: there is none */
    bool all_numbers;
};

static struct neighbours neighbours_of(const struct grid_axis *axis, uint64_t index)
{
    struct neighbours near = {
        .chosen = json_number_value(json_array_get(axis->values, index)),
        .below = -HUGE_VAL,
        .above = HUGE_VAL,
        .all_numbers = true,
    };
    size_t i;
    json_t *entry;
    json_array_foreach(axis->values, i, entry)
    {
        const double value = json_number_value(entry);
        near.all_numbers = near.all_numbers && json_is_number(entry);
        if (value < near.chosen && value > near.below)
            near.below = value;
        if (value > near.chosen && value < near.above)
            near.above = value;
    }
    return near;
}

/* One more step of the grid's own ratio; only for what is tuned by factors, as rates are. */
static bool next_value(double chosen, double inner, double *next)
{
    enum { SMALLEST_FACTOR_TENTHS = 15 };
    const double factor = chosen / inner;
    *next = chosen * factor;
    const double size = factor > 1 ? factor : 1 / factor;
    return chosen > 0 && inner > 0 && 10 * size >= SMALLEST_FACTOR_TENTHS;
}

static void warn_of_edge(const struct arm *arm, const char *pointer, double chosen, double inner,
                         json_t *warnings)
{
    const bool largest = chosen > inner;
    double next;
    if (next_value(chosen, inner, &next))
        warn(warnings,
             "arm \"%s\": the chosen %s = %.6g is the %s of its grid; the best may lie beyond: add "
             "%.3g",
             arm->name, pointer, chosen, largest ? "largest" : "smallest", next);
    else
        warn(warnings,
             "arm \"%s\": the chosen %s = %.6g is the %s of its grid; the best may lie beyond",
             arm->name, pointer, chosen, largest ? "largest" : "smallest");
}

static void warn_of_edges(const struct arms *arms, const struct arm *arm, json_t *warnings)
{
    for (int axis = 0; axis < arms->grid.axis_count && arm->chosen >= 0; axis++) {
        const uint64_t index = grid_index(&arms->grid, axis, (uint64_t)arm->chosen);
        const struct neighbours near = neighbours_of(&arms->grid.axes[axis], index);
        const bool has_below = isfinite(near.below), has_above = isfinite(near.above);
        if (near.all_numbers && has_below != has_above)
            warn_of_edge(arm, arms->grid.axes[axis].pointer, near.chosen,
                         has_below ? near.below : near.above, warnings);
    }
}

json_t *arms_warnings(const struct arms *arms)
{
    json_t *warnings = json_array();

    warn_of_open_runs(arms, warnings);
    warn_of_few_seeds(arms, warnings);
    arms_protocol_warnings(arms, warnings);
    if (arms->input->metric.best)
        warn(warnings,
             "the metric is the best %s of each run, which flatters noisy curves; compare it with "
             "\"at\": \"last\"",
             arms->input->metric.name);
    for (int i = 0; i < arms->count; i++) {
        warn_of_losses(&arms->list[i], warnings);
        warn_of_failed_tuning(arms, &arms->list[i], warnings);
        if (!arm_is_branch(arms, i)) /* it has not chosen */
            warn_of_edges(arms, &arms->list[i], warnings);
        arm_source_warnings(arms, i, warnings);
    }
    return warnings;
}
