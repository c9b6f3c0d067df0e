#include "search/standing.h"

#include <math.h>

static bool has_numbers(const struct history *history, const struct trial *trial)
{
    for (int i = 0; i < history->objectives; i++)
        if (!isfinite(trial->objective[i]))
            return false;
    return true;
}

struct standing trial_standing(const struct history *history, const struct trial *trial, int number)
{
    struct standing standing = {STANDING_FAILED, 0, 0, number};
    if (trial->state == TRIAL_FAILED || trial->state == TRIAL_PENDING ||
        !has_numbers(history, trial))
        return standing;

    standing.first = trial->objective[0];
    if (trial->state == TRIAL_PRUNED) {
        standing.class = STANDING_PRUNED;
        standing.first = -(double)trial->step;
        standing.second = trial->objective[0];
    } else if (trial_is_feasible(history, trial)) {
        standing.class = STANDING_GOOD;
    } else {
        standing.class = STANDING_INFEASIBLE;
        standing.first = trial_violation(history, trial);
        standing.second = trial->objective[0];
    }
    return standing;
}

static int by_number(double a, double b)
{
    return (a > b) - (a < b);
}

int standing_compare(const void *left, const void *right)
{
    const struct standing *a = left, *b = right;
    int order = (int)a->class - (int)b->class;

    if (!order)
        order = by_number(a->first, b->first);
    if (!order)
        order = by_number(a->second, b->second);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}
