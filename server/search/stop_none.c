#include "search/stop.h"

static const struct setting settings[] = {{0}};

static char *look(const struct chosen *chosen, const struct history *history, uint64_t seed,
                  double sign)
{
    (void)chosen;
    (void)history;
    (void)seed;
    (void)sign;
    return NULL;
}

const struct stop_rule stop_none = {
    .name = "none",
    .help = "the whole budget is spent",
    .settings = settings,
    .look = look,
};
