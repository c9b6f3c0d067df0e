/*
 * Every combination of some values of each parameter.
 *
 * Choices and numbers with a step give all their values. A float without a step, and a number with
 * scale "log" that takes more values, gives `points` of them, evenly spaced on its axis, both ends
 * included. What does not apply does not multiply the combinations.
 *
 * The order is a keyed permutation, so that a grid that is stopped early has been everywhere rather
 * than in a corner. Combinations that were proposed already (by hand, before a choice was added)
 * are passed over. Of more than 2^32 combinations no permutation is known: they are drawn.
 */
#include "search/search.h"

#include "memory.h"
#include "search/seen.h"

#include <math.h>
#include <stdlib.h>

enum { POINTS };
enum { GRID_POINTS = 5, STREAM_ORDER = SEARCH_STREAMS - 1 };

static const struct setting settings[] = {
    {.name = "points",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1000,
     .fallback = GRID_POINTS,
     .help = "values of a float without a step, and of a number on a log scale that takes more"},
    {0},
};

/* Its parameters are places in the lists of values; a condition on a number is one on places. */
struct grid_search {
    struct space places;
    double **spread; /* [places.count] values; NULL: all those of the parameter */
    uint64_t size;
    struct permutation order;
    uint64_t next; /* all before it in the order have been proposed */
    struct seen seen;
    int known; /* proposals that are among `seen` */
};

/* --- the values of the grid ---------------------------------------------------------------------
 */

static double spread_value(const struct parameter *parameter, double t)
{
    const double low = parameter_axis(parameter, parameter->low);
    const double high = parameter_axis(parameter, parameter->high);
    const double axis = low + t * (high - low), x = parameter->log ? exp(axis) : axis;
    if (parameter_size(parameter) > 0)
        return parameter_value(parameter, parameter_place(parameter, x));
    return t > 0 && t < 1 ? x : (t > 0 ? parameter->high : parameter->low);
}

/* Whole numbers that fall together are one value. */
static double *spread_values(const struct parameter *parameter, int points, int *out_count)
{
    double *values = xcalloc((size_t)points, sizeof *values);
    int count = 0;
    for (int i = 0; i < points; i++) {
        const double t = points > 1 ? (double)i / (points - 1) : 0.5;
        const double value = spread_value(parameter, t);
        if (count == 0 || value != values[count - 1])
            values[count++] = value;
    }
    *out_count = count;
    return values;
}

static bool is_spread(const struct parameter *parameter, int points)
{
    const uint64_t size = parameter_size(parameter);
    return size == 0 || (parameter->log && size > (uint64_t)points);
}

/* Places of the values that a condition on a number accepts; none: low above high. */
static void find_places(const struct parameter *on, const double *spread, int count,
                        const struct condition *condition, struct condition *out)
{
    if (!spread) {
        out->low = (double)parameter_place_from(on, condition->low);
        out->high = (double)parameter_place_from(on, nextafter(condition->high, HUGE_VAL)) - 1;
        return;
    }
    out->low = 0;
    out->high = count - 1;
    while (out->low < count && spread[(int)out->low] < condition->low)
        out->low++;
    while (out->high >= 0 && spread[(int)out->high] > condition->high)
        out->high--;
}

static void copy_conditions(const struct space *space, int i, struct grid_search *grid)
{
    const struct parameter *from = &space->parameters[i];
    struct parameter *into = &grid->places.parameters[i];
    into->condition_count = from->condition_count;
    into->conditions = xcalloc((size_t)from->condition_count, sizeof *into->conditions);
    for (int k = 0; k < from->condition_count; k++) {
        const struct condition *condition = &from->conditions[k];
        const struct parameter *on = &space->parameters[condition->parameter];
        into->conditions[k].parameter = condition->parameter;
        if (!condition->allowed) {
            find_places(on, grid->spread[condition->parameter],
                        (int)parameter_size(&grid->places.parameters[condition->parameter]),
                        condition, &into->conditions[k]);
            continue;
        }
        into->conditions[k].allowed = xcalloc((size_t)on->choices, 1);
        for (int c = 0; c < on->choices; c++)
            into->conditions[k].allowed[c] = condition->allowed[c];
    }
}

static void enter_parameter(const struct space *space, int i, int points, struct grid_search *grid)
{
    const struct parameter *from = &space->parameters[i];
    struct parameter *into = &grid->places.parameters[i];
    int count = 0;

    *into = (struct parameter){.type = PARAMETER_INT, .step = 1, .choices = from->choices};
    if (from->type == PARAMETER_CHOICE)
        into->type = PARAMETER_CHOICE;
    if (is_spread(from, points))
        grid->spread[i] = spread_values(from, points, &count);
    into->high = grid->spread[i] ? count - 1 : (double)(parameter_size(from) - 1);
    copy_conditions(space, i, grid);
}

static void close_grid(void *state)
{
    struct grid_search *grid = state;
    for (int i = 0; i < grid->places.count; i++)
        free(grid->spread[i]);
    free(grid->spread);
    seen_release(&grid->seen);
    space_release(&grid->places);
    free(grid);
}

static void *open_grid(const struct history *history, const struct chosen *chosen, uint64_t seed)
{
    const struct space *space = history->space;
    const size_t count = (size_t)space->count;
    struct grid_search *grid = xcalloc(1, sizeof *grid);

    grid->places = (struct space){xcalloc(count, sizeof *grid->places.parameters), space->count};
    grid->spread = xcalloc(count, sizeof *grid->spread);
    for (int i = 0; i < space->count; i++)
        enter_parameter(space, i, (int)chosen->number[POINTS], grid);
    grid->size = space_size(&grid->places);
    if (grid->size <= UINT32_MAX)
        grid->order = permutation_stream(seed, RANDOM_SEARCH, STREAM_ORDER, (uint32_t)grid->size);
    seen_init(&grid->seen, space);
    return grid;
}

/* --- one after the other ------------------------------------------------------------------------
 */

static void values_of(const struct grid_search *grid, const struct space *space, double *values)
{
    for (int i = 0; i < space->count; i++) {
        if (isnan(values[i]))
            continue;
        values[i] = grid->spread[i] ? grid->spread[i][(int)values[i]]
                                    : parameter_value(&space->parameters[i], (uint64_t)values[i]);
    }
}

static void next_combination(struct grid_search *grid, const struct history *history,
                             struct proposal *proposal)
{
    for (; grid->known < history->count; grid->known++)
        seen_add(&grid->seen, history->trials[grid->known].values);
    for (; grid->next < grid->size; grid->next++) {
        space_point(&grid->places, permutation_at(&grid->order, (uint32_t)grid->next),
                    proposal->values);
        values_of(grid, history->space, proposal->values);
        if (!seen_has(&grid->seen, proposal->values))
            return;
    }
    proposal->exhausted = true;
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    struct grid_search *grid = state;
    (void)chosen;
    proposal->how = "grid";
    if (grid->size <= UINT32_MAX) {
        next_combination(grid, history, proposal);
        return;
    }
    const uint64_t step = (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again;
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, step);
    space_draw(&grid->places, &rng, proposal->values);
    values_of(grid, history->space, proposal->values);
}

static char *explain(void *state, const struct history *history)
{
    const struct grid_search *grid = state;
    (void)history;
    if (grid->size == UINT64_MAX)
        return xstrdup("The grid has too many points to count; points of it are drawn.");
    return xprintf("The grid has %llu points, in an order that is shuffled.",
                   (unsigned long long)grid->size);
}

const struct search_algorithm grid_search = {
    .name = "grid",
    .help = "every combination of values, in an order that goes everywhere",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .open = open_grid,
    .close = close_grid,
    .propose = propose,
    .explain = explain,
};
