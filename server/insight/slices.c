#include "insight/slices.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

enum { NO_BIN = UINT16_MAX }; /* a parameter does not apply */

struct bin {
    int runs, seen;
    double best, middle[2]; /* minimised */
};

struct slice {
    const struct parameter *parameter;
    double low, axis; /* of a number: where its axis begins, and how long it is */
    int count;
    bool by_value;    /* one bin for each */
    struct bin *bins; /* [count] */
};

static void slice_init(struct slice *slice, const struct parameter *parameter)
{
    const uint64_t size = parameter_size(parameter);
    const bool by_value =
        parameter->type == PARAMETER_CHOICE || (size > 0 && size <= SLICE_BINS_MOST);
    const double low = parameter_axis(parameter, parameter->low);
    *slice = (struct slice){
        .parameter = parameter,
        .low = low,
        .axis = parameter_axis(parameter, parameter->high) - low,
        .count = by_value ? (int)size : SLICE_BINS,
        .by_value = by_value,
    };
    slice->bins = xcalloc((size_t)slice->count, sizeof *slice->bins);
}

static double edge_of(const struct slice *slice, int bin)
{
    const struct parameter *parameter = slice->parameter;
    if (bin == 0)
        return parameter->low;
    if (bin == slice->count)
        return parameter->high;
    const double edge = slice->low + slice->axis * bin / slice->count;
    return parameter->log ? exp(edge) : edge;
}

static int bin_of(const struct slice *slice, double value)
{
    if (isnan(value))
        return NO_BIN;
    if (slice->by_value)
        return (int)parameter_place(slice->parameter, value);
    const double part = (parameter_axis(slice->parameter, value) - slice->low) / slice->axis;
    return (int)fmin(fmax(floor(part * slice->count), 0), slice->count - 1);
}

/* places [count][parameters], in the order of numbers, as runs lie in memory. */
static void place_runs(const struct findings *findings, const struct slice *slices,
                       uint16_t *places)
{
    const int parameters = findings->plan->space.count;
    for (int number = 0; number < findings->view.count; number++) {
        const struct trial *trial = &findings->view.trials[number];
        for (int i = 0; i < parameters; i++)
            *places++ = (uint16_t)bin_of(&slices[i], trial->values[i]);
    }
}

static void count_runs(const struct findings *findings, struct slice *slices,
                       const uint16_t *places)
{
    const int parameters = findings->plan->space.count;
    for (int run = 0; run < findings->good; run++) {
        const uint16_t *row = places + (size_t)findings->order[run] * (size_t)parameters;
        for (int i = 0; i < parameters; i++)
            if (row[i] != NO_BIN)
                slices[i].bins[row[i]].runs++;
    }
}

/* Runs come in the order of their values: the median is the one met halfway. */
static void look_at_run(const struct findings *findings, int number, struct bin *bin)
{
    const bool first = bin->seen == 0;
    const bool low = bin->seen == (bin->runs - 1) / 2, high = bin->seen == bin->runs / 2;
    bin->seen++;
    if (!first && !low && !high)
        return;
    const double value = findings->view.trials[number].objective[0];
    if (first)
        bin->best = value;
    if (low)
        bin->middle[0] = value;
    if (high)
        bin->middle[1] = value;
}

static void look_at_runs(const struct findings *findings, struct slice *slices,
                         const uint16_t *places)
{
    const int parameters = findings->plan->space.count;
    for (int run = 0; run < findings->good; run++) {
        const int number = findings->order[run];
        const uint16_t *row = places + (size_t)number * (size_t)parameters;
        for (int i = 0; i < parameters; i++)
            if (row[i] != NO_BIN)
                look_at_run(findings, number, &slices[i].bins[row[i]]);
    }
}

static json_t *end_json(const struct slice *slice, int place, int edge)
{
    if (slice->parameter->type == PARAMETER_CHOICE)
        return json_null();
    return json_number(slice->by_value ? parameter_value(slice->parameter, (uint64_t)place)
                                       : edge_of(slice, edge));
}

static json_t *bin_json(const struct findings *findings, const struct slice *slice, int place)
{
    const struct bin *bin = &slice->bins[place];
    const bool choice = slice->parameter->type == PARAMETER_CHOICE;
    const double median = 0.5 * bin->middle[0] + 0.5 * bin->middle[1];
    return json_pack("{so so so si so so}", "low", end_json(slice, place, place), "high",
                     end_json(slice, place, place + 1), "place",
                     choice ? json_integer(place) : json_null(), "runs", bin->runs, "best",
                     json_number(findings_shown(findings, bin->best)), "median",
                     json_number(findings_shown(findings, median)));
}

static json_t *slice_json(const struct findings *findings, const struct slice *slice)
{
    const struct parameter *parameter = slice->parameter;
    const char *scale = parameter->type == PARAMETER_CHOICE ? "choice" : "linear";
    json_t *list = json_array();
    for (int i = 0; i < slice->count; i++)
        if (slice->bins[i].runs > 0)
            json_array_append_new(list, bin_json(findings, slice, i));
    return json_pack("{ss ss so}", "parameter", parameter->name, "scale",
                     parameter->log ? "log" : scale, "bins", list);
}

json_t *slices_json(const struct findings *findings)
{
    const int parameters = findings->plan->space.count;
    const size_t cells = (size_t)findings->view.count * (size_t)parameters;
    AUTO_FREE struct slice *slices = xcalloc((size_t)parameters, sizeof *slices);
    AUTO_FREE uint16_t *places = xcalloc(cells + 1, sizeof *places);
    json_t *list = json_array();

    for (int i = 0; i < parameters; i++)
        slice_init(&slices[i], findings_parameter(findings, i));
    place_runs(findings, slices, places);
    count_runs(findings, slices, places);
    look_at_runs(findings, slices, places);
    for (int i = 0; i < parameters; i++) {
        json_array_append_new(list, slice_json(findings, &slices[i]));
        free(slices[i].bins);
    }
    return list;
}
