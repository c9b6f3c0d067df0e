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

static int cell_of(const struct parameter *parameter, double value, int cells)
{
    if (parameter->type == PARAMETER_CHOICE)
        return (int)value;
    const double low = parameter_axis(parameter, parameter->low);
    const double high = parameter_axis(parameter, parameter->high);
    const double part = (parameter_axis(parameter, value) - low) / (high - low);
    return (int)fmin(fmax(floor(part * (cells - 1) + 0.5), 0), cells - 1);
}

/* --- divergence ----------------------------------------------------------------------------------
 */

struct tally {
    int *best, *all; /* [cells] */
    int cells, best_count, all_count;
};

static void count_runs(const struct findings *findings, int at, int best, struct tally *tally)
{
    const struct parameter *parameter = findings_parameter(findings, at);
    for (int i = 0; i < findings->ended; i++) {
        const double value = findings->view.trials[findings->order[i]].values[at];
        if (isnan(value))
            continue;
        const int cell = cell_of(parameter, value, tally->cells);
        tally->all[cell]++;
        tally->all_count++;
        tally->best[cell] += i < best;
        tally->best_count += i < best;
    }
}

/* Pearson: sum of p_all (p_best / p_all - 1)^2. */
static double divergence(const struct parameter *parameter, const struct tally *tally)
{
    AUTO_FREE double *best = xcalloc((size_t)tally->cells, sizeof *best);
    AUTO_FREE double *all = xcalloc((size_t)tally->cells, sizeof *all);
    const bool choice = parameter->type == PARAMETER_CHOICE;
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
static double importance_of(const struct findings *findings, int at, int best)
{
    const struct parameter *parameter = findings_parameter(findings, at);
    if (parameter_is_fixed(parameter))
        return 0;
    const int cells = cell_count(parameter);
    AUTO_FREE int *counts = xcalloc(2 * (size_t)cells, sizeof *counts);
    struct tally tally = {.best = counts, .all = counts + cells, .cells = cells};

    count_runs(findings, at, best, &tally);
    if (tally.best_count == 0)
        return 0;
    const double alpha = (double)tally.best_count / best;
    const double beta = (double)tally.all_count / findings->ended;
    return alpha * alpha / beta * divergence(parameter, &tally);
}

int importance_best_count(const struct findings *findings)
{
    const struct trial *trials = findings->view.trials;
    int count = (findings->ended + IMPORTANCE_BEST - 1) / IMPORTANCE_BEST;
    if (count < IMPORTANCE_BEST_LEAST)
        count = IMPORTANCE_BEST_LEAST;
    if (findings->ended < 2 * IMPORTANCE_BEST_LEAST || findings->good < IMPORTANCE_BEST_LEAST)
        return 0;
    if (count > findings->good)
        count = findings->good;
    const double last = trials[findings->order[count - 1]].objective[0];
    while (count < findings->good && trials[findings->order[count]].objective[0] <= last)
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
    if (best == findings->ended)
        return -1;
    for (int i = 0; i < parameters; i++)
        sum += shares[i] = importance_of(findings, i, best);
    for (int i = 0; i < parameters && sum > 0; i++)
        shares[i] /= sum;
    return 0;
}
