/*
 * Points of a scrambled Sobol' sequence: as even as can be without a look at any result. Proposal k
 * is point k, found from its number alone.
 */
#include "search/numbers/sobol_points.h"
#include "search/search.h"

#include "memory.h"

#include <stdlib.h>

static const struct setting settings[] = {{0}};

enum { STREAM_SCRAMBLE, STREAM_AGAIN };

/* What has one value only takes no dimension: the first ones are the best. */
static int free_parameters(const struct space *space)
{
    int count = 0;
    for (int i = 0; i < space->count; i++)
        count += !parameter_is_fixed(&space->parameters[i]);
    return count;
}

static void *open_sobol(const struct history *history, const struct chosen *chosen, uint64_t seed)
{
    (void)chosen;
    struct sobol *sobol = xcalloc(1, sizeof *sobol);
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, STREAM_SCRAMBLE);
    const int dimensions = free_parameters(history->space);
    sobol_scrambled(sobol, dimensions > 0 ? dimensions : 1, &rng);
    return sobol;
}

static void point(const struct sobol *sobol, const struct space *space, uint32_t index,
                  double *values)
{
    double free_u[SOBOL_DIMENSIONS], u[PARAMETERS_MAX];
    int next = 0;

    _Static_assert((int)PARAMETERS_MAX <= (int)SOBOL_DIMENSIONS, "a dimension for each parameter");
    sobol_point(sobol, index, free_u);
    for (int i = 0; i < space->count; i++)
        u[i] = parameter_is_fixed(&space->parameters[i]) ? 0.5 : free_u[next++];
    space_from_unit(space, u, values);
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)chosen;
    proposal->how = "sobol";
    if (again == 0) {
        point(state, history->space, (uint32_t)history->count, proposal->values);
        return;
    }
    /* Few values: the sequence comes back to a point before it has been everywhere. */
    struct rng rng =
        rng_stream(seed, RANDOM_SEARCH, (uint64_t)history->count * SEARCH_STREAMS + STREAM_AGAIN);
    proposal->how = "random";
    for (int i = 0; i < again; i++)
        space_draw(history->space, &rng, proposal->values);
}

const struct search_algorithm sobol_search = {
    .name = "sobol",
    .help = "points of a scrambled Sobol' sequence: spread more evenly than random ones",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .open = open_sobol,
    .close = free,
    .propose = propose,
};
