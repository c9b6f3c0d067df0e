/*
 * Five schedules on LIBSVM sets: multinomial logistic regression with adam, rates over powers of
 * two, ten seeds (the protocol of Defazio et al., 2024, arXiv 2405.15682, appendix G.1). The value
 * of an arm is its best mean over the ten seeds of the grid, as in the reference; that mean was
 * chosen on those seeds, so the report's ten other seeds are shown beside it.
 */
#include "reproduce/asking.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <string.h>

enum { ARMS = 5 };
static const char *const arm_names[ARMS] = {"linear", "cosine", "1/t", "1/sqrt(t)", "flat"};

struct libsvm_set {
    const char *name, *path;
    double reference[ARMS]; /* training accuracy in %; NaN: not known */
    double reference_error[ARMS];
};

static const struct libsvm_set sets[] = {
    {"iris", "data/iris.scale", {98.67, 98.67, 98.53, 98.33, 98.27}, {0, 0, 0.09, 0.11, 0.11}},
    {"heart", "libsvm/heart_scale", {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN}, {0}},
};

static const double LINEAR_BAND_POINTS = 0.7; /* percentage points */

#define COMPARISON                                                                                 \
    "{'kind': 'compare', 'name': 'five schedules on %s', 'base': {"                                \
    "   'dataset': '%s', 'standardize': 'none', 'model': 'softmax', 'batch_size': 16,"             \
    "   'epochs': 100, 'evaluate_every_epochs': 100, 'report_every_steps': 1000000,"               \
    "   'optimizer': {'type': 'adam', 'lr': 0.1, 'beta1': 0.9, 'beta2': 0.95}},"                   \
    " 'arms': [{'name': 'linear', 'patch': {'schedule': 'linear'}},"                               \
    "          {'name': 'cosine', 'patch': {'schedule': 'cosine'}},"                               \
    "          {'name': '1/t', 'patch': {'schedule': {'type': 'inverse_time', 'offset': 100}}},"   \
    "          {'name': '1/sqrt(t)',"                                                              \
    "           'patch': {'schedule': {'type': 'inverse_sqrt', 'offset': 100}}},"                  \
    "          {'name': 'flat', 'patch': {'schedule': 'constant'}}],"                              \
    " 'tune': {'over': {'/optimizer/lr': [0.0009765625, 0.001953125, 0.00390625, 0.0078125,"       \
    "   0.015625, 0.03125, 0.0625, 0.125, 0.25, 0.5, 1, 2, 4]},"                                   \
    "   'seeds': [101, 102, 103, 104, 105, 106, 107, 108, 109, 110]},"                             \
    " 'seeds': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],"                                                   \
    " 'metric': {'name': 'valid_accuracy', 'goal': 'maximize', 'at': 'last'}}"

/* What an arm's runs gave, in %. */
struct result {
    double rate, mean, error; /* at the best rate, over the grid's seeds */
    double held_out, held_out_error;
};

static double deviation_of_mean(const json_t *values, double mean)
{
    double squares = 0;
    const size_t count = json_array_size(values);
    for (size_t i = 0; i < count; i++) {
        const double value = ask_number(json_array_get(values, i), "/value");
        squares += (value - mean) * (value - mean);
    }
    return sqrt(squares / (double)(count - 1) / (double)count);
}

static struct result result_of(const json_t *arm)
{
    const double rate = ask_number(arm, "/chosen/~1optimizer~1lr");
    struct result result = {.rate = rate,
                            .mean = UNKNOWN,
                            .error = UNKNOWN,
                            .held_out = 100 * ask_number(arm, "/mean"),
                            .held_out_error = 100 * ask_number(arm, "/standard_error")};
    size_t i;
    json_t *point;
    json_array_foreach(json_object_get(arm, "tuning"), i, point)
    {
        if (ask_number(point, "/point/~1optimizer~1lr") != rate)
            continue;
        const double mean = ask_number(point, "/mean");
        result.mean = 100 * mean;
        result.error = 100 * deviation_of_mean(json_object_get(point, "values"), mean);
    }
    return result;
}

static void add_curve(struct chart *chart, const json_t *arm)
{
    const json_t *tuning = json_object_get(arm, "tuning");
    struct curve curve = curve_make(json_text_at(arm, "name", ""), json_array_size(tuning));
    for (size_t i = 0; i < curve.count; i++) {
        const json_t *point = json_array_get(tuning, i);
        curve.x[i] = ask_number(point, "/point/~1optimizer~1lr");
        curve.y[i] = 100 * ask_number(point, "/mean");
    }
    chart_add(chart, curve);
}

static void row_of_arm(struct table *table, const struct libsvm_set *set, int arm,
                       const struct result *result)
{
    const double reference = set->reference[arm];
    AUTO_FREE char *wanted = isnan(reference)
                                 ? xprintf("-")
                                 : xprintf("%.2f +- %.2f%s", reference, set->reference_error[arm],
                                           arm == 0 ? ", within .7" : "");
    AUTO_FREE char *found = xprintf("%.2f +- %.2f", result->mean, result->error);
    const bool has_band = arm == 0 && !isnan(reference);
    const bool near = fabs(result->mean - reference) <= LINEAR_BAND_POINTS;
    table_row(table,
              !has_band ? SHOWN
              : near    ? AGREES
                        : DIFFERS,
              wanted, found, "%s, %s, rate 2^%.0f: accuracy (%%; on other seeds %.2f)", set->name,
              arm_names[arm], log2(result->rate), result->held_out);
}

/* Says how large a rise is beside the standard error of the difference. */
static void note_rise(struct table *table, const struct libsvm_set *set,
                      const struct result *results, int from, int to)
{
    const double rise = results[to].mean - results[from].mean;
    const double error = hypot(results[from].error, results[to].error);
    if (rise > 0)
        table_note(table,
                   "%s: %s lies %.2f points above %s, %.1f standard errors of their difference: "
                   "that is %s.",
                   set->name, arm_names[to], rise, arm_names[from], rise / error,
                   rise < 2 * error ? "within what chance does" : "more than chance does");
}

static void row_of_order(struct table *table, const struct libsvm_set *set,
                         const struct result *results)
{
    const int lower = results[0].mean < results[1].mean ? 0 : 1; /* of linear and cosine */
    const bool holds = results[lower].mean >= results[2].mean &&
                       results[2].mean >= results[3].mean && results[3].mean >= results[4].mean;
    AUTO_FREE char *found = xprintf("%.2f %.2f %.2f %.2f", results[lower].mean, results[2].mean,
                                    results[3].mean, results[4].mean);
    table_holds(table, holds, "none rises", found, "%s: linear/cosine >= 1/t >= 1/sqrt(t) >= flat",
                set->name);
    note_rise(table, set, results, lower, 2);
    note_rise(table, set, results, 2, 3);
    note_rise(table, set, results, 3, 4);
}

static void lay_out(struct table *table, const struct libsvm_set *set, const json_t *report)
{
    struct result results[ARMS];
    AUTO_FREE char *title = xprintf("%s: training accuracy (%%), mean of 10 seeds", set->name);
    struct chart *chart = table_chart(table, title, "peak learning rate", "accuracy (%)");
    chart->log_x = true;
    for (int arm = 0; arm < ARMS; arm++) {
        const json_t *entry = json_array_get(json_object_get(report, "arms"), (size_t)arm);
        results[arm] = result_of(entry);
        add_curve(chart, entry);
        row_of_arm(table, set, arm, &results[arm]);
    }
    row_of_order(table, set, results);
}

static int run_set(struct reproduction *all, const struct libsvm_set *set, struct error *err)
{
    /* Accuracy on the training part is what is reported: the same file is both parts. */
    const struct ask_file files[] = {{"train", set->path}, {"valid", set->path}, {NULL, NULL}};
    const int there = ask_upload(all, set->name, "libsvm", files, NULL, err);
    if (there < 0)
        return -1;
    if (there == 0) {
        table_row(&all->table, SKIPPED, "-", "-", "%s: $SWEEPD_TEST_DATA has no %s", set->name,
                  set->path);
        return 0;
    }
    int64_t job;
    if (ask_run(all, set->name, &job, err, COMPARISON, set->name, set->name) < 0)
        return -1;
    json_auto_t *report = NULL;
    if (ask_get(all, &report, err, "/api/v1/jobs/%lld/report", (long long)job) < 0)
        return -1;
    lay_out(&all->table, set, report);
    return 0;
}

static int run(struct reproduction *all, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        if (run_set(all, &sets[i], err) < 0)
            return -1;
    return 0;
}

const struct part schedules_part = {
    .name = "schedules",
    .title = "Five schedules on LIBSVM sets",
    .about = "Multinomial logistic regression with adam (.9, .95), batch 16, 100 epochs, rates "
             "2^-10 … 2^2, 10 seeds (arXiv 2405.15682, appendix G.1; 2310.07831). The reference is "
             "an independent run of that protocol; heart_scale has none, it shows the order alone.",
    .run = run,
};
