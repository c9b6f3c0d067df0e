/*
 * Every parameter drawn on its own, uniform on its axis (Bergstra and Bengio, JMLR 2012).
 */
#include "search/search.h"

static const struct setting settings[] = {{0}};

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)state;
    (void)chosen;
    const uint64_t step = (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again;
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, step);
    space_draw(history->space, &rng, proposal->values);
    proposal->how = "random";
}

const struct search_algorithm random_search = {
    .name = "random",
    .help = "draws every parameter on its own, without looking back",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .propose = propose,
};
