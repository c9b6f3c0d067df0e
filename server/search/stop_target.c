/* A value that is good enough. */
#include "search/stop.h"

#include "memory.h"

enum { VALUE };
static const struct setting settings[] = {
    [VALUE] = {.name = "value",
               .type = SETTING_NUMBER,
               .required = true,
               .low = -1e308,
               .high = 1e308,
               .help = "of the first objective, in its own unit: the search ends once a run that "
                       "keeps all constraints is there or better"},
    {0},
};

static char *look(const struct chosen *chosen, const struct history *history, uint64_t seed,
                  double sign)
{
    const int best = history_best(history);
    (void)seed;
    if (best < 0 || history->trials[best].objective[0] > sign * chosen->number[VALUE])
        return NULL;
    return xprintf("run %d reached %.6g, and the target is %.6g", best,
                   sign * history->trials[best].objective[0], chosen->number[VALUE]);
}

const struct stop_rule stop_target = {
    .name = "target",
    .help = "ends when the first objective is good enough",
    .settings = settings,
    .look = look,
};
