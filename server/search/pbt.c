/*
 * Population based training (Jaderberg et al., 2017, "Population Based Training of Neural
 * Networks", arXiv 1711.09846), by generations: population.h. The worst of a generation are
 * replaced by copies of one of the best, drawn at random, whose parameters are then perturbed; the
 * others go on as they are.
 */
#include "search/population.h"
#include "search/search.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POPULATION, INTERVAL, QUANTILE, RESAMPLE };
static const struct setting settings[] = {
    [POPULATION] = {.name = "population",
                    .type = SETTING_INTEGER,
                    .low = 2,
                    .high = 10000,
                    .fallback = 20,
                    .unit = "runs",
                    .help = "members of each generation"},
    [INTERVAL] = {.name = "interval",
                  .type = SETTING_NUMBER,
                  .low = 0.01,
                  .high = 0.5,
                  .fallback = 0.2,
                  .unit = "of the steps",
                  .help = "how far a generation trains before its members are compared"},
    [QUANTILE] = {.name = "quantile",
                  .type = SETTING_NUMBER,
                  .low = 0,
                  .above_low = true,
                  .high = 0.5,
                  .fallback = 0.2,
                  .help = "so much of a generation, the worst, gives way to copies of so much of "
                          "it, the best; at least one member"},
    [RESAMPLE] = {.name = "resample",
                  .type = SETTING_NUMBER,
                  .low = 0,
                  .high = 1,
                  .fallback = 0.25,
                  .help = "how likely a parameter of a copy is drawn anew; else it becomes 0.8 or "
                          "1.2 times what it was, or a value beside that"},
    {0},
};

static const double factors[] = {0.8, 1.2};

/* --- explore -------------------------------------------------------------------------------------
 */

/* Turns back at an end. */
static uint64_t beside(uint64_t place, uint64_t size, bool up)
{
    if (size < 2)
        return place;
    if (up)
        return place + 1 < size ? place + 1 : place - 1;
    return place > 0 ? place - 1 : place + 1;
}

static double scaled(const struct parameter *parameter, double value, bool up)
{
    const double moved = value * factors[up];
    return fmin(fmax(moved, parameter->low), parameter->high);
}

/* A number on steps goes to the nearest one, and no less far than to the next. */
static double moved(const struct parameter *parameter, double value, bool up)
{
    const uint64_t size = parameter_size(parameter);
    if (size == 0)
        return scaled(parameter, value, up);
    const uint64_t place = parameter_place(parameter, value);
    if (parameter->type == PARAMETER_CHOICE)
        return parameter_value(parameter, beside(place, size, up));
    const uint64_t next = parameter_place(parameter, scaled(parameter, value, up));
    return parameter_value(parameter, next != place ? next : beside(place, size, up));
}

static double perturbed(const struct parameter *parameter, double value, double resample,
                        struct rng *rng)
{
    const bool anew = rng_uniform(rng) < resample || isnan(value);
    const double u = rng_uniform(rng);
    const bool up = rng_below(rng, 2) == 1;
    return anew ? parameter_from_unit(parameter, u) : moved(parameter, value, up);
}

static void explore(const struct space *space, const double *from, double resample, struct rng *rng,
                    double *values)
{
    for (int i = 0; i < space->count; i++)
        values[i] = perturbed(&space->parameters[i], from[i], resample, rng);
    space_settle(space, values);
}

/* --- exploit -------------------------------------------------------------------------------------
 */

struct member {
    int number;
    bool usable; /* its weights are there */
    double violation, objective;
};

static int by_rank(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    if (left->usable != right->usable)
        return left->usable ? -1 : 1;
    if (left->violation != right->violation)
        return left->violation < right->violation ? -1 : 1;
    if (left->objective != right->objective)
        return left->objective < right->objective ? -1 : 1;
    return left->number - right->number;
}

static struct member member_of(const struct history *history, int number)
{
    const struct trial *trial = &history->trials[number];
    const bool usable = trial->state == TRIAL_DONE;
    return (struct member){
        .number = number,
        .usable = usable,
        .violation = usable ? trial_violation(history, trial) : 0,
        .objective = usable ? trial->objective[0] : 0,
    };
}

/* Members of a generation, the best first: [members] out; how many are usable. */
static int rank(const struct history *history, int first, int members, struct member *ranked)
{
    int usable = 0;
    for (int i = 0; i < members; i++) {
        ranked[i] = member_of(history, first + i);
        usable += ranked[i].usable;
    }
    qsort(ranked, (size_t)members, sizeof *ranked, by_rank);
    return usable;
}

static int place_of(const struct member *ranked, int number)
{
    int place = 0;
    while (ranked[place].number != number)
        place++;
    return place;
}

static void keep_on(const struct history *history, int number, struct proposal *proposal)
{
    memcpy(proposal->values, history->trials[number].values,
           (size_t)history->space->count * sizeof *proposal->values);
    proposal->parent = number;
    proposal->how = "kept";
}

static void begin_fresh(const struct history *history, struct rng *rng, struct proposal *proposal)
{
    space_draw(history->space, rng, proposal->values);
    proposal->how = "start";
}

static void succeed(const struct history *history, const struct chosen *chosen, int members,
                    struct rng *rng, struct proposal *proposal)
{
    const int before = history->count - members;
    const int changed = (int)fmax(1, floor(chosen->number[QUANTILE] * members + 1e-9));
    AUTO_FREE struct member *ranked = xcalloc((size_t)members, sizeof *ranked);
    const int usable = rank(history, before / members * members, members, ranked);
    const int place = place_of(ranked, before);

    if (usable == 0) {
        begin_fresh(history, rng, proposal);
    } else if (ranked[place].usable && place < members - changed) {
        keep_on(history, before, proposal);
    } else {
        const int best = usable < changed ? usable : changed;
        proposal->parent = ranked[rng_below(rng, (uint32_t)best)].number;
        proposal->how = "perturbed";
        explore(history->space, history->trials[proposal->parent].values, chosen->number[RESAMPLE],
                rng, proposal->values);
    }
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)state;
    const struct population population =
        population_chosen(chosen->number[POPULATION], chosen->number[INTERVAL]);
    const uint64_t step = (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again;
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, step);

    if (history->count >= population.members * population.generations)
        proposal->exhausted = true;
    else if (history->count < population.members)
        begin_fresh(history, &rng, proposal);
    else
        succeed(history, chosen, population.members, &rng, proposal);
}

/* --- for people ---------------------------------------------------------------------------------
 */

static void *keep_population(const struct history *history, const struct chosen *chosen,
                             uint64_t seed)
{
    (void)history;
    (void)seed;
    struct population *population = xcalloc(1, sizeof *population);
    *population = population_chosen(chosen->number[POPULATION], chosen->number[INTERVAL]);
    return population;
}

static char *explain(void *state, const struct history *history)
{
    const struct population *population = state;
    if (history->count == 0)
        return NULL;
    return xprintf("a population of %d in generation %d of %d", population->members,
                   (history->count - 1) / population->members + 1, population->generations);
}

const struct search_algorithm pbt_search = {
    .name = "pbt",
    .help = "trains a population whose worst members go on with the weights of its best ones and "
            "with parameters near theirs",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_CONSTRAINTS | CAN_CHANGE_WEIGHTS,
    .open = keep_population,
    .close = free,
    .propose = propose,
    .explain = explain,
};
