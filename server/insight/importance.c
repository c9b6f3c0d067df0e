#include "insight/importance.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* Not normal_cdf(): some 100,000 of these are needed, and nine digits do. */
static double below(double z)
{
    return 0.5 * erfc(-z / 1.4142135623730951);
}

static double width_of(const int *counts, int cells)
{
    double weight = 0, mean = 0, squares = 0, seen = 0;
    int first_quarter = -1, third_quarter = -1;
    for (int i = 0; i < cells; i++) {
        weight += counts[i];
        mean += (double)counts[i] * i;
    }
    mean /= weight;
    for (int i = 0; i < cells; i++) {
        squares += counts[i] * (i - mean) * (i - mean);
        seen += counts[i];
        if (first_quarter < 0 && seen >= weight / 4)
            first_quarter = i;
        if (third_quarter < 0 && seen >= 3 * weight / 4)
            third_quarter = i;
    }
    const double deviation = sqrt(squares / fmax(weight - 1, 1));
    const double spread = fmin((third_quarter - first_quarter) / 1.34, deviation);
    return fmax(1.059 * spread / pow(weight, 0.2), 0.5 / 1.64);
}

/* Adds a normal kernel cut off at both ends, as mass per cell. */
static void add_kernel(double mean, double width, double weight, int cells, double *density)
{
    const double from = below((-0.5 - mean) / width), to = below((cells - 0.5 - mean) / width);
    double left = from;
    for (int i = 0; i < cells; i++) {
        const double right = below((i + 0.5 - mean) / width);
        density[i] += weight * (right - left) / (to - from);
        left = right;
    }
}

void importance_density(const int *counts, int cells, double *density)
{
    const double width = width_of(counts, cells);
    double weight = 1;
    for (int i = 0; i < cells; i++) {
        weight += counts[i];
        density[i] = 0;
    }
    for (int i = 0; i < cells; i++)
        if (counts[i] > 0)
            add_kernel(i, width, counts[i] / weight, cells, density);
    add_kernel(0.5 * (cells - 1), cells, 1 / weight, cells, density);
}

void importance_choice_density(const int *counts, int choices, double *density)
{
    double runs = 0;
    for (int i = 0; i < choices; i++)
        runs += counts[i];
    const double kernels = runs + 1, row = choices / kernels + 1;
    for (int i = 0; i < choices; i++) {
        const double own = counts[i] * (1 + 1 / kernels) / row;
        const double others = (runs - counts[i]) / kernels / row;
        density[i] = (own + others + 1.0 / choices) / kernels;
    }
}

/* --- cells ---------------------------------------------------------------------------------------
 */

/* The runs along one parameter. */
struct tally {
    const struct parameter *parameter;
    double low, per_axis; /* of a number: its axis begins there, cells by its length */
    int cells;
    int *best, *all; /* [cells] */
    int best_count, all_count;
};

/* Stepped numbers have a cell for each value, where they are few; on a logarithmic axis fewer, as
 * their small values lie far apart. */
static int cell_count(const struct parameter *parameter)
{
    const uint64_t size = parameter_size(parameter);
    if (parameter->type == PARAMETER_CHOICE)
        return parameter->choices;
    int cells = IMPORTANCE_GRID;
    if (size > 0 && parameter->log)
        cells = (int)ceil(log2((parameter->high - parameter->low) / parameter->step + 1)) + 1;
    else if (size > 0 && size < IMPORTANCE_GRID)
        cells = (int)size;
    return cells < IMPORTANCE_GRID ? cells : IMPORTANCE_GRID;
}

static void tally_init(struct tally *tally, const struct parameter *parameter)
{
    const double low = parameter_axis(parameter, parameter->low);
    const double high = parameter_axis(parameter, parameter->high);
    const int cells = cell_count(parameter);
    *tally = (struct tally){
        .parameter = parameter,
        .low = low,
        .per_axis = high > low ? (cells - 1) / (high - low) : 0,
        .cells = cells,
        .best = xcalloc((size_t)cells, sizeof(int)),
        .all = xcalloc((size_t)cells, sizeof(int)),
    };
}

static int cell_of(const struct tally *tally, double value)
{
    if (tally->parameter->type == PARAMETER_CHOICE)
        return (int)value;
    const double at = (parameter_axis(tally->parameter, value) - tally->low) * tally->per_axis;
    return (int)fmin(fmax(floor(at + 0.5), 0), tally->cells - 1);
}

static void count_run(struct tally *tally, double value, bool is_best)
{
    if (isnan(value))
        return;
    const int cell = cell_of(tally, value);
    tally->all[cell]++;
    tally->all_count++;
    tally->best[cell] += is_best;
    tally->best_count += is_best;
}

/* In the order of their numbers, as they lie in memory. */
static void count_point(struct tally *tallies, int parameters, const double *values, bool is_best)
{
    for (int i = 0; i < parameters; i++)
        count_run(&tallies[i], values[i], is_best);
}

static struct tally *count_runs(const struct findings *findings, int best)
{
    const struct evidence *evidence = &findings->evidence;
    const int parameters = findings->plan->space.count;
    AUTO_FREE bool *is_best = xcalloc((size_t)findings->view.count + 1, sizeof *is_best);
    struct tally *tallies = xcalloc((size_t)parameters, sizeof *tallies);
    for (int i = 0; i < parameters; i++)
        tally_init(&tallies[i], findings_parameter(findings, i));
    for (int i = 0; i < best; i++)
        if (evidence->list[i].number >= 0)
            is_best[evidence->list[i].number] = true;
    for (int i = 0; evidence->earlier > 0 && i < evidence->count; i++)
        if (evidence->list[i].number < 0)
            count_point(tallies, parameters, evidence->list[i].trial->values, i < best);
    for (int number = 0; number < findings->view.count; number++) {
        const struct trial *trial = &findings->view.trials[number];
        if (trial->state == TRIAL_PENDING || trial->state == TRIAL_GONE)
            continue;
        count_point(tallies, parameters, trial->values, is_best[number]);
    }
    return tallies;
}

static void tallies_free(struct tally *tallies, int count)
{
    for (int i = 0; i < count; i++) {
        free(tallies[i].best);
        free(tallies[i].all);
    }
    free(tallies);
}

/* --- divergence ----------------------------------------------------------------------------------
 */

/* Pearson: sum of p_all (p_best / p_all - 1)^2. */
static double divergence(const struct tally *tally)
{
    AUTO_FREE double *best = xcalloc((size_t)tally->cells, sizeof *best);
    AUTO_FREE double *all = xcalloc((size_t)tally->cells, sizeof *all);
    const bool choice = tally->parameter->type == PARAMETER_CHOICE;
    double sum = 0;

    (choice ? importance_choice_density : importance_density)(tally->best, tally->cells, best);
    (choice ? importance_choice_density : importance_density)(tally->all, tally->cells, all);
    for (int i = 0; i < tally->cells; i++) {
        const double p = all[i] + 1e-12, ratio = (best[i] + 1e-12) / p - 1;
        sum += p * ratio * ratio;
    }
    return sum;
}

/* Where a parameter applies is a regime of its own: there the divergence counts with alpha^2 /
 * beta, the shares of the best and of all runs that have it. That it applies is due to others. */
static double importance_of(const struct tally *tally, int best, int ended)
{
    if (parameter_is_fixed(tally->parameter) || tally->best_count == 0)
        return 0;
    const double alpha = (double)tally->best_count / best;
    const double beta = (double)tally->all_count / ended;
    return alpha * alpha / beta * divergence(tally);
}

int importance_best_count(const struct findings *findings)
{
    const struct evidence *evidence = &findings->evidence;
    const struct evidence_point *list = evidence->list;
    int count = (evidence->count + IMPORTANCE_BEST - 1) / IMPORTANCE_BEST;
    if (count < IMPORTANCE_BEST_LEAST)
        count = IMPORTANCE_BEST_LEAST;
    if (evidence->count < 2 * IMPORTANCE_BEST_LEAST || evidence->good < IMPORTANCE_BEST_LEAST)
        return 0;
    if (count > evidence->good)
        count = evidence->good;
    const double last = list[count - 1].key;
    while (count < evidence->good && list[count].key <= last)
        count++;
    return count;
}

int importance_shares(const struct findings *findings, double *shares, const char **why)
{
    const int parameters = findings->plan->space.count;
    const int best = importance_best_count(findings);
    double sum = 0;

    *why = "not known: it takes 10 runs that have ended, 5 of them with a value and all "
           "constraints kept";
    if (best == 0)
        return -1;
    *why = "not known: all runs are equally good";
    if (best == findings->evidence.count)
        return -1;
    struct tally *tallies = count_runs(findings, best);
    for (int i = 0; i < parameters; i++)
        sum += shares[i] = importance_of(&tallies[i], best, findings->evidence.count);
    tallies_free(tallies, parameters);
    for (int i = 0; i < parameters && sum > 0; i++)
        shares[i] /= sum;
    return 0;
}
