/* Nothing better for a while. */
#include "search/stop.h"

#include "memory.h"

#include <math.h>

enum { RUNS, GAIN };
static const struct setting settings[] = {
    [RUNS] = {.name = "runs",
              .type = SETTING_INTEGER,
              .low = 1,
              .high = 1e5,
              .fallback = 30,
              .help = "how many runs in a row must have brought no gain"},
    [GAIN] = {.name = "gain",
              .type = SETTING_NUMBER,
              .low = 0,
              .high = 1e308,
              .help = "what counts as one, in the unit of the first objective"},
    {0},
};

/* How many tells have come since the last that was better by more than `gain`. */
static int since_gain(const struct history *history, double gain)
{
    double best = HUGE_VAL;
    int since = 0;
    for (int i = 0; i < history->told_count; i++) {
        const struct trial *trial = &history->trials[history->told[i]];
        const bool better = trial_is_feasible(history, trial) && trial->objective[0] < best - gain;
        since = better ? 0 : since + 1;
        if (better || (trial_is_feasible(history, trial) && isinf(best)))
            best = trial->objective[0];
    }
    return since;
}

static char *look(const struct chosen *chosen, const struct history *history, uint64_t seed,
                  double sign)
{
    const int since = since_gain(history, chosen->number[GAIN]);
    (void)seed;
    (void)sign;
    if (history_best(history) < 0 || since < (int)chosen->number[RUNS])
        return NULL;
    if (since == 1)
        return xstrdup("the last run brought nothing better");
    return xprintf("the last %d runs brought nothing better", since);
}

const struct stop_rule stop_stagnation = {
    .name = "stagnation",
    .help = "ends when runs bring no gain any more",
    .settings = settings,
    .look = look,
};
