#include "insight/slices.h"

#include "json.h"
#include "memory.h"

#include <math.h>

struct slice {
    const struct parameter *parameter;
    int at, bins;
    bool by_value; /* one bin for each */
};

struct bin {
    int runs, seen;
    double best, middle[2]; /* minimised */
};

static struct slice slice_of(const struct findings *findings, int at)
{
    const struct parameter *parameter = findings_parameter(findings, at);
    const uint64_t size = parameter_size(parameter);
    const bool by_value =
        parameter->type == PARAMETER_CHOICE || (size > 0 && size <= SLICE_BINS_MOST);
    return (struct slice){parameter, at, by_value ? (int)size : SLICE_BINS, by_value};
}

static double edge_of(const struct slice *slice, int bin)
{
    const struct parameter *parameter = slice->parameter;
    double low, high;
    if (bin == 0)
        return parameter->low;
    if (bin == slice->bins)
        return parameter->high;
    low = parameter_axis(parameter, parameter->low);
    high = parameter_axis(parameter, parameter->high);
    const double edge = low + (high - low) * bin / slice->bins;
    return parameter->log ? exp(edge) : edge;
}

static int bin_of(const struct slice *slice, double value)
{
    const struct parameter *parameter = slice->parameter;
    if (slice->by_value)
        return (int)parameter_place(parameter, value);
    const double low = parameter_axis(parameter, parameter->low);
    const double high = parameter_axis(parameter, parameter->high);
    const double part = (parameter_axis(parameter, value) - low) / (high - low);
    return (int)fmin(fmax(floor(part * slice->bins), 0), slice->bins - 1);
}

/* The bin of each good run, best first; -1: it does not apply. */
static void sort_into(const struct findings *findings, const struct slice *slice, struct bin *bins,
                      int *place)
{
    for (int i = 0; i < findings->good; i++) {
        const double value = findings->view.trials[findings->order[i]].values[slice->at];
        place[i] = isnan(value) ? -1 : bin_of(slice, value);
        if (place[i] >= 0)
            bins[place[i]].runs++;
    }
}

/* Runs come in the order of their values: the median is the one met halfway. */
static void look_through(const struct findings *findings, struct bin *bins, const int *place)
{
    for (int i = 0; i < findings->good; i++) {
        struct bin *bin = place[i] < 0 ? NULL : &bins[place[i]];
        const double value = findings->view.trials[findings->order[i]].objective[0];
        if (!bin)
            continue;
        if (bin->seen == 0)
            bin->best = value;
        if (bin->seen == (bin->runs - 1) / 2)
            bin->middle[0] = value;
        if (bin->seen == bin->runs / 2)
            bin->middle[1] = value;
        bin->seen++;
    }
}

static json_t *bin_json(const struct findings *findings, const struct slice *slice, int at,
                        const struct bin *bin)
{
    const bool choice = slice->parameter->type == PARAMETER_CHOICE;
    const double value = slice->by_value ? parameter_value(slice->parameter, (uint64_t)at) : 0;
    const double median = 0.5 * bin->middle[0] + 0.5 * bin->middle[1];
    return json_pack(
        "{so so so si so so}", "low",
        choice ? json_null() : json_number(slice->by_value ? value : edge_of(slice, at)), "high",
        choice ? json_null() : json_number(slice->by_value ? value : edge_of(slice, at + 1)),
        "place", choice ? json_integer(at) : json_null(), "runs", bin->runs, "best",
        json_number(findings_shown(findings, bin->best)), "median",
        json_number(findings_shown(findings, median)));
}

static json_t *slice_json(const struct findings *findings, int at, int *place)
{
    const struct slice slice = slice_of(findings, at);
    AUTO_FREE struct bin *bins = xcalloc((size_t)slice.bins, sizeof *bins);
    json_t *list = json_array();

    sort_into(findings, &slice, bins, place);
    look_through(findings, bins, place);
    for (int i = 0; i < slice.bins; i++)
        if (bins[i].runs > 0)
            json_array_append_new(list, bin_json(findings, &slice, i, &bins[i]));
    return json_pack("{ss ss so}", "parameter", slice.parameter->name, "scale",
                     slice.parameter->type == PARAMETER_CHOICE ? "choice"
                     : slice.parameter->log                    ? "log"
                                                               : "linear",
                     "bins", list);
}

json_t *slices_json(const struct findings *findings)
{
    AUTO_FREE int *place = xcalloc((size_t)findings->good + 1, sizeof *place);
    json_t *slices = json_array();
    for (int i = 0; i < findings->plan->space.count; i++)
        json_array_append_new(slices, slice_json(findings, i, place));
    return slices;
}
