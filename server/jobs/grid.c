#include "jobs/grid.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

uint64_t multiply_capped(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

uint64_t add_capped(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* RFC 6901: "/", then anything in which each "~" is followed by 0 or 1. */
static bool is_pointer(const char *text)
{
    if (*text != '/')
        return false;
    for (; *text; text++) {
        if (*text == '~' && text[1] != '0' && text[1] != '1')
            return false;
    }
    return true;
}

static bool leads_through(const char *longer, const char *shorter)
{
    const size_t length = strlen(shorter);
    return strncmp(longer, shorter, length) == 0 && (!longer[length] || longer[length] == '/');
}

/* Of two values at a place and within it, one would undo the other. */
static const char *overlapping(const struct grid *grid, const char *pointer)
{
    for (int i = 0; i < grid->axis_count; i++) {
        const char *other = grid->axes[i].pointer;
        if (leads_through(pointer, other) || leads_through(other, pointer))
            return other;
    }
    return NULL;
}

static bool axis_is_sound(const struct grid *grid, const char *pointer, const json_t *values,
                          struct problems *problems)
{
    const char *other = overlapping(grid, pointer);

    if (!is_pointer(pointer))
        problems_add(problems, "/tune/over", pointer,
                     "must be a JSON pointer into the specification, such as \"/optimizer/lr\"");
    else if (leads_through(pointer, "/seed"))
        problems_add(problems, "/tune/over", pointer,
                     "seeds are not tuned; \"seeds\" lists those that tuning uses");
    else if (other)
        problems_add(problems, "/tune/over", pointer, "overlaps with \"%.100s\"", other);
    else if (json_array_size(values) == 0)
        problems_add(problems, "/tune/over", pointer,
                     "must be a list of one or more values to try");
    else
        return true;
    return false;
}

bool grid_read(const json_t *over, struct grid *grid, struct problems *problems)
{
    const int found_before = problems->found;
    const char *pointer;
    json_t *values;

    *grid = (struct grid){.point_count = 1};
    if (json_object_size(over) < 1 || json_object_size(over) > GRID_AXES_MAX) {
        problems_add(problems, "/tune", "over",
                     "%s an object of 1 to %d lists, such as {\"/optimizer/lr\": [0.01, 0.1]}",
                     over ? "must be" : "is missing:", GRID_AXES_MAX);
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)over, pointer, values)
    {
        if (!axis_is_sound(grid, pointer, values, problems))
            continue;
        const uint64_t count = json_array_size(values);
        grid->axes[grid->axis_count++] = (struct grid_axis){pointer, values, count};
        grid->point_count = multiply_capped(grid->point_count, count);
    }
    if (problems->found == found_before && grid->point_count == 1)
        problems_add(problems, "/tune", "over",
                     "changes nothing: give at least one list two values to choose from");
    return problems->found == found_before;
}

uint64_t grid_stride(const struct grid *grid, int axis)
{
    uint64_t stride = 1;
    for (int i = axis + 1; i < grid->axis_count; i++)
        stride = multiply_capped(stride, grid->axes[i].count);
    return stride;
}

uint64_t grid_index(const struct grid *grid, int axis, uint64_t point)
{
    return point / grid_stride(grid, axis) % grid->axes[axis].count;
}

static json_t *value_at(const struct grid *grid, int axis, uint64_t point)
{
    return json_array_get(grid->axes[axis].values, grid_index(grid, axis, point));
}

json_t *grid_values(const struct grid *grid, uint64_t point)
{
    json_t *values = json_object();
    for (int axis = 0; axis < grid->axis_count; axis++)
        json_object_set(values, grid->axes[axis].pointer, value_at(grid, axis, point));
    return values;
}

json_t *grid_apply(const struct grid *grid, uint64_t point, const json_t *spec, int *out_axis,
                   struct error *err)
{
    json_t *changed = json_deep_copy(spec);

    for (int axis = 0; axis < grid->axis_count; axis++) {
        json_t *value = json_deep_copy(value_at(grid, axis, point));
        if (json_pointer_set(changed, grid->axes[axis].pointer, value, err) < 0) {
            json_decref(changed);
            *out_axis = axis;
            return NULL;
        }
    }
    return changed;
}
