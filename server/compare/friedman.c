#include "compare/friedman.h"

#include "compare/distributions.h"
#include "compare/order.h"
#include "compare/statistics.h"
#include "compare/studentized_range.h"
#include "memory.h"

#include <assert.h>
#include <math.h>

enum { ARMS_MOST = 64 };

static bool is_complete(const bool *absent, int arm_count)
{
    for (int arm = 0; absent && arm < arm_count; arm++) {
        if (absent[arm])
            return false;
    }
    return true;
}

/* Adds the ranks of one task; returns what ties take. */
static double add_ranks(const double *values, int arm_count, bool maximize, double *rank_sums)
{
    double costs[ARMS_MOST], ranks[ARMS_MOST];

    for (int arm = 0; arm < arm_count; arm++)
        costs[arm] = !isfinite(values[arm]) ? (double)INFINITY
                     : maximize             ? -values[arm]
                                            : values[arm];
    const double ties = mid_ranks(costs, arm_count, 0, ranks);
    for (int arm = 0; arm < arm_count; arm++)
        rank_sums[arm] += ranks[arm];
    return ties;
}

/* 12/(N k (k + 1)) sum (R - N (k + 1)/2)^2, by 1 - ties/(N (k^3 - k)). */
static double chi_square_of(const double *rank_sums, int k, int n, double ties)
{
    const double spread = 1 - ties / ((double)n * (k * k * k - k));
    double squares = 0;

    for (int arm = 0; arm < k; arm++) {
        const double distance = rank_sums[arm] - 0.5 * n * (k + 1);
        squares += distance * distance;
    }
    return squares > 0 ? 12 * squares / ((double)n * k * (k + 1)) / spread : 0;
}

static double least_p(int arm_count, int task_count)
{
    int sign;
    return exp((1 - task_count) * lgamma_r(arm_count + 1, &sign));
}

static void test(struct friedman *result, const double *rank_sums, int k, double ties, double level)
{
    const int n = result->tasks;
    const double freedom = k - 1;

    result->chi_square = chi_square_of(rank_sums, k, n, ties);
    result->chi_p = chi_square_upper(result->chi_square, freedom);
    const double rest = n * freedom - result->chi_square;
    result->f = rest > 1e-9 * n ? (n - 1) * result->chi_square / rest : (double)INFINITY;
    result->f_p = fmax(f_upper(result->f, freedom, freedom * (n - 1)), least_p(k, n));
    result->critical = nemenyi_difference(k, n, level);
    result->differ = result->f_p < level;
}

struct friedman friedman_test(const double *values, const bool *absent, int task_count,
                              int arm_count, bool maximize, double level, double *mean_ranks)
{
    assert(arm_count >= 2 && arm_count <= ARMS_MOST);
    struct friedman result = {.level = level,
                              .chi_square = NO_VALUE,
                              .chi_p = NO_VALUE,
                              .f = NO_VALUE,
                              .f_p = NO_VALUE,
                              .critical = NO_VALUE};
    double rank_sums[ARMS_MOST] = {0}, ties = 0;

    for (int task = 0; task < task_count; task++) {
        const size_t row = (size_t)task * (size_t)arm_count;
        if (!is_complete(absent ? absent + row : NULL, arm_count))
            continue;
        ties += add_ranks(values + row, arm_count, maximize, rank_sums);
        result.tasks++;
    }
    for (int arm = 0; arm < arm_count; arm++)
        mean_ranks[arm] = result.tasks ? rank_sums[arm] / result.tasks : NO_VALUE;
    if (result.tasks >= 2)
        test(&result, rank_sums, arm_count, ties, level);
    return result;
}

int friedman_tasks_for_level(int arm_count, double level)
{
    int tasks = 2;
    while (least_p(arm_count, tasks) >= level)
        tasks++;
    return tasks;
}

double nemenyi_difference(int arm_count, int task_count, double level)
{
    const double k = arm_count, q = studentized_range_quantile(level, arm_count);
    return q * sqrt(k * (k + 1) / (12.0 * task_count));
}

/* --- groups -------------------------------------------------------------------------------- */

/* By insertion: equal ones stay in their order. */
static void sort_arms(const double *mean_ranks, int arm_count, int *order)
{
    for (int arm = 0; arm < arm_count; arm++) {
        int place = arm;
        for (; place > 0 && mean_ranks[order[place - 1]] > mean_ranks[arm]; place--)
            order[place] = order[place - 1];
        order[place] = arm;
    }
}

int rank_groups(const double *mean_ranks, int arm_count, double critical, int *order,
                struct rank_group *groups)
{
    int count = 0, reached = 0;

    sort_arms(mean_ranks, arm_count, order);
    for (int first = 0; first < arm_count; first++) {
        int last = first;
        while (last + 1 < arm_count &&
               mean_ranks[order[last + 1]] - mean_ranks[order[first]] < critical)
            last++;
        if (last > first && last > reached)
            groups[count++] = (struct rank_group){first, last};
        if (last > reached)
            reached = last;
    }
    return count;
}
