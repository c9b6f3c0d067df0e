/*
 * NSGA-II (Deb, Pratap, Agarwal and Meyarivan, 2002) in its steady-state form: each proposal is the
 * child of two survivors. A search for whole fronts of several objectives, and a sturdy one for
 * spaces of many choices and conditions.
 */
#include "memory.h"
#include "search/fronts/survivors.h"
#include "search/fronts/variation.h"
#include "search/numbers/sobol_points.h"

#include <math.h>
#include <stdlib.h>

enum { POPULATION, CROSSOVER, CROSSOVER_ETA, MUTATION_ETA };

static const struct setting settings[] = {
    {.name = "population",
     .type = SETTING_INTEGER,
     .low = 4,
     .high = 1000,
     .fallback = 50,
     .unit = "runs",
     .help = "how many of the best are kept as parents"},
    {.name = "crossover",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1,
     .fallback = 0.9,
     .help = "chance that a child has two parents"},
    {.name = "crossover_eta",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 100,
     .fallback = 10,
     .help = "how near a child's numbers are to its parents'; small is far"},
    {.name = "mutation_eta",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 100,
     .fallback = 5,
     .help = "how small mutations of numbers are; small is wide"},
    {0},
};

/* So many spread points come first; as many as the population holds are no better, and for short
 * searches worse. */
enum { START_POINTS = 16 };

/* Of random numbers, beside those of a proposal: the scrambling of the first points. */
enum { STREAM_START = SEARCH_STREAMS - 1 };

struct nsga2 {
    struct survivors survivors;
    int told, earlier; /* what has been read of the history */
};

static void begin(struct nsga2 *search, const struct history *history)
{
    search->survivors.count = 0;
    search->told = 0;
    search->earlier = history->earlier_count;
    for (int i = 0; i < history->earlier_count; i++)
        survivors_add(&search->survivors, history, -1 - i);
}

static void *open_search(const struct history *history, const struct chosen *chosen, uint64_t seed)
{
    (void)seed;
    struct nsga2 *search = xcalloc(1, sizeof *search);

    survivors_init(&search->survivors, (int)chosen->number[POPULATION], history->objectives);
    begin(search, history);
    return search;
}

static void close_search(void *state)
{
    struct nsga2 *search = state;

    survivors_release(&search->survivors);
    free(search);
}

static void read_tells(struct nsga2 *search, const struct history *history)
{
    if (history->told_count < search->told || history->earlier_count != search->earlier)
        begin(search, history);
    while (search->told < history->told_count)
        survivors_add(&search->survivors, history, history->told[search->told++]);
}

/* --- proposals ----------------------------------------------------------------------------------
 */

static void start_point(const struct history *history, uint64_t seed, double *values)
{
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    AUTO_FREE double *u = xcalloc((size_t)history->space->count, sizeof *u);
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, STREAM_START);

    sobol_scrambled(sobol, history->space->count, &rng);
    sobol_point(sobol, (uint32_t)history->count, u);
    space_from_unit(history->space, u, values);
}

/* The better of two drawn at random. */
static const double *a_parent(const struct survivors *survivors, const struct history *history,
                              struct rng *rng)
{
    const struct survivor *a = &survivors->list[rng_below(rng, (uint32_t)survivors->count)];
    const struct survivor *b = &survivors->list[rng_below(rng, (uint32_t)survivors->count)];
    const struct survivor *better = survivor_compare(a, b) <= 0 ? a : b;
    return survivor_trial(history, better->trial)->values;
}

/* What applies now and did to no parent is drawn anew. */
static void settle(const struct space *space, struct rng *rng, double *values)
{
    for (int i = 0; i < space->count; i++) {
        const double u = rng_uniform(rng);
        if (!space_applies(space, i, values))
            values[i] = (double)NAN;
        else if (isnan(values[i]))
            values[i] = parameter_from_unit(&space->parameters[i], u);
    }
}

static bool is_movable(const struct space *space, int i, const double *values)
{
    return !isnan(values[i]) && !parameter_is_fixed(&space->parameters[i]);
}

static int movable_count(const struct space *space, const double *values)
{
    int count = 0;
    for (int i = 0; i < space->count; i++)
        count += is_movable(space, i, values);
    return count;
}

/* Each of those that apply and may change, with this chance. */
static void mutate_some(const struct space *space, double chance, double eta, struct rng *rng,
                        double *values)
{
    for (int i = 0; i < space->count; i++)
        if (is_movable(space, i, values) && rng_uniform(rng) < chance)
            values[i] = mutated(&space->parameters[i], values[i], eta, rng);
    settle(space, rng, values);
}

static void mutate_one(const struct space *space, double eta, struct rng *rng, double *values)
{
    int left = (int)rng_below(rng, (uint32_t)movable_count(space, values));

    for (int i = 0; i < space->count; i++)
        if (is_movable(space, i, values) && left-- == 0)
            values[i] = mutated(&space->parameters[i], values[i], eta, rng);
    settle(space, rng, values);
}

static bool is_among(const struct survivors *survivors, const struct history *history,
                     const double *values)
{
    for (int i = 0; i < survivors->count; i++)
        if (space_same(history->space, values,
                       survivor_trial(history, survivors->list[i].trial)->values))
            return true;
    return false;
}

static void child_point(const struct nsga2 *search, const struct history *history,
                        const struct chosen *chosen, struct rng *rng, double *values)
{
    const struct space *space = history->space;
    const double *first = a_parent(&search->survivors, history, rng);
    const double *second = a_parent(&search->survivors, history, rng);
    const double eta = chosen->number[MUTATION_ETA];

    if (rng_uniform(rng) >= chosen->number[CROSSOVER])
        second = first;
    cross(space, first, second, chosen->number[CROSSOVER_ETA], rng, values);
    settle(space, rng, values);
    const int movable = movable_count(space, values);
    if (movable == 0)
        return;
    mutate_some(space, 1.0 / movable, eta, rng, values);
    if (is_among(&search->survivors, history, values) && movable_count(space, values) > 0)
        mutate_one(space, eta, rng, values);
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    struct nsga2 *search = state;
    struct rng rng = rng_stream(seed, RANDOM_SEARCH,
                                (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again);

    read_tells(search, history);
    const bool starts = history->count + history->earlier_count < START_POINTS;
    proposal->how = "start";
    if (starts && again == 0) {
        start_point(history, seed, proposal->values);
    } else if (starts || search->survivors.count < 2) {
        space_draw(history->space, &rng, proposal->values);
    } else {
        child_point(search, history, chosen, &rng, proposal->values);
        proposal->how = "child";
    }
}

const struct search_algorithm nsga2_search = {
    .name = "nsga2",
    .help = "a genetic search for the best trade-offs between several objectives (NSGA-II)",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .open = open_search,
    .close = close_search,
    .propose = propose,
};
