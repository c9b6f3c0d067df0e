/* What can still be gained is less than what one run's value is uncertain by. */
#include "search/regret_bound.h"
#include "search/stop.h"

#include "memory.h"

#include <math.h>

enum { ERROR };
static const struct setting settings[] = {
    [ERROR] = {.name = "error",
               .type = SETTING_NUMBER,
               .nullable = true,
               .low = 0,
               .above_low = true,
               .high = 1e308,
               .help = "a gain that is not worth a run, in the unit of the first objective; null: "
                       "the standard error that was told of the best run, else the noise that "
                       "the Gaussian process sees"},
    {0},
};

/* The fit costs up to a tenth of a second, so of many runs not every one is followed by a look. */
static bool is_due(const struct history *history)
{
    const int told = history->told_count;
    return told >= REGRET_RUNS_LEAST && told % (1 + told / 50) == 0;
}

static char *look(const struct chosen *chosen, const struct history *history, uint64_t seed,
                  double sign)
{
    struct regret regret;
    const int best = history_best(history);
    (void)sign;
    if (best < 0 || !is_due(history) || !regret_bound(history, seed, &regret))
        return NULL;
    const double told = history->trials[best].error;
    const double asked = chosen->number[ERROR];
    const double error = !isnan(asked) ? asked : told > 0 ? told : regret.noise;
    if (regret.bound >= error)
        return NULL;
    return xprintf("by a Gaussian process on the best %d runs, no more than %.3g can still be "
                   "gained, which is less than the error of %.3g",
                   regret.runs, regret.bound, error);
}

const struct stop_rule stop_regret_bound = {
    .name = "regret_bound",
    .help = "ends when what can still be gained is less than the error of the best value",
    .settings = settings,
    .look = look,
};
