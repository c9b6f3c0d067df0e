#include "insight/contour.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <string.h>

struct axis {
    int parameter;
    double at[CONTOUR_SIDE];
    int count;
};

static struct axis axis_of(const struct space *space, int i)
{
    const struct parameter *parameter = &space->parameters[i];
    const uint64_t size = parameter_size(parameter);
    struct axis axis = {.parameter = i};
    if (size > 0 && size <= CONTOUR_SIDE) {
        for (uint64_t place = 0; place < size; place++)
            axis.at[axis.count++] = parameter_value(parameter, place);
        return axis;
    }
    for (int k = 0; k < CONTOUR_SIDE; k++) {
        const double value = parameter->type == PARAMETER_CHOICE
                                 ? k
                                 : parameter_from_unit(parameter, k / (CONTOUR_SIDE - 1.0));
        if (axis.count == 0 || value > axis.at[axis.count - 1])
            axis.at[axis.count++] = value;
    }
    return axis;
}

/* The point of run number `other` with two values of its own; false where one does not apply. */
static bool place_point(const struct model *model, int other, const struct axis *x, double at_x,
                        const struct axis *y, double at_y, double *values)
{
    const struct space *space = model->history.space;
    memcpy(values, model->trials[other].values, (size_t)space->count * sizeof *values);
    values[x->parameter] = at_x;
    values[y->parameter] = at_y;
    space_settle(space, values);
    return !isnan(values[x->parameter]) && !isnan(values[y->parameter]);
}

/* Others are spread over the runs from best to worst. NaN: nowhere do both apply. */
static double value_at(const struct model *model, const struct axis *x, double at_x,
                       const struct axis *y, double at_y, double *room)
{
    const int runs = model->history.count;
    const int others = runs < CONTOUR_OTHERS ? runs : CONTOUR_OTHERS;
    double mean[CONTOUR_OTHERS], sum = 0;
    int count = 0;
    for (int i = 0; i < others; i++) {
        double *values = room + (size_t)count * (size_t)model->history.space->count;
        count += place_point(model, i * runs / others, x, at_x, y, at_y, values);
    }
    if (count == 0)
        return (double)NAN;
    model_mean(model, room, count, mean);
    for (int i = 0; i < count; i++)
        sum += mean[i];
    return model_shown(model, sum / count);
}

/* What a reader must know of the runs behind it; NULL: nothing. */
static char *note_of(const struct model *model)
{
    const struct evidence *evidence = &model->findings->evidence;
    if (evidence->by_generation)
        return xprintf("of the last complete generation alone, runs %d to %d", evidence->model_from,
                       evidence->model_to - 1);
    return evidence->earlier > 0 ? xstrdup("with results of earlier searches") : NULL;
}

static json_t *axis_json(const struct axis *axis)
{
    json_t *list = json_array();
    for (int i = 0; i < axis->count; i++)
        json_array_append_new(list, json_number(axis->at[i]));
    return list;
}

json_t *contour_json(const struct model *model, int first, int second)
{
    const struct space *space = model->history.space;
    const struct axis x = axis_of(space, first), y = axis_of(space, second);
    AUTO_FREE double *room = xcalloc(CONTOUR_OTHERS * (size_t)space->count, sizeof *room);
    AUTO_FREE char *note = note_of(model);
    json_t *values = json_array();

    for (int j = 0; j < y.count; j++) {
        json_t *row = json_array();
        for (int i = 0; i < x.count; i++)
            json_array_append_new(row,
                                  json_number(value_at(model, &x, x.at[i], &y, y.at[j], room)));
        json_array_append_new(values, row);
    }
    return json_pack("{s[ss] so so so ss si so}", "parameters", space->parameters[first].name,
                     space->parameters[second].name, "x", axis_json(&x), "y", axis_json(&y),
                     "values", values, "by", "gp", "runs", model->history.count, "note",
                     note ? json_text(note) : json_null());
}
