/*
 * Population based training (Jaderberg et al., 2017, "Population Based Training of Neural
 * Networks", arXiv 1711.09846), by generations: population.h. The worst of a generation are
 * replaced by copies of one of the best, drawn at random, whose parameters are then perturbed; the
 * others go on as they are. Of the first generation half begin with the best points of earlier
 * searches, where it starts warm.
 */
#include "search/population.h"
#include "search/search.h"
#include "search/standing.h"

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

/* --- earlier searches ----------------------------------------------------------------------------
 * Half of the first generation begins where those were best: of the best points, twice as many as
 * are taken, those that lie farthest from each other (Gonzalez, 1985), so that the population is
 * not twenty times the same one. */

struct starts {
    const double **points; /* [count] the best first, then as they were chosen */
    double *gap;           /* [count] squared, to the nearest that was chosen */
    int count, chosen;
};

static bool same_point(const struct space *space, const double *a, const double *b)
{
    for (int i = 0; i < space->count; i++)
        if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

static bool has_point(const struct space *space, const double *const *points, int count,
                      const double *point)
{
    for (int i = 0; i < count; i++)
        if (same_point(space, points[i], point))
            return true;
    return false;
}

/* The best ones, each point once; most of them at most. */
static void take_best(const struct history *history, int most, struct starts *starts)
{
    const int count = history->earlier_count;
    AUTO_FREE struct standing *standings = xcalloc((size_t)count, sizeof *standings);
    for (int i = 0; i < count; i++)
        standings[i] = trial_standing(history, &history->earlier[i], i);
    qsort(standings, (size_t)count, sizeof *standings, standing_compare);
    for (int i = 0; i < count && starts->count < most; i++) {
        const double *point = history->earlier[standings[i].number].values;
        if (!has_point(history->space, starts->points, starts->count, point))
            starts->points[starts->count++] = point;
    }
}

/* Choices lie 1 apart, and so do a parameter that applies and one that does not. */
static double squared_gap(const struct space *space, const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        if (isnan(a[i]) || isnan(b[i]) || parameter->type == PARAMETER_CHOICE) {
            sum += a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]));
            continue;
        }
        const double gap = parameter_to_unit(parameter, a[i]) - parameter_to_unit(parameter, b[i]);
        sum += gap * gap;
    }
    return sum;
}

static void choose_next(const struct space *space, struct starts *starts)
{
    int far = starts->chosen;
    for (int i = starts->chosen; i < starts->count; i++) {
        if (starts->chosen > 0)
            starts->gap[i] = fmin(starts->gap[i], squared_gap(space, starts->points[i],
                                                              starts->points[starts->chosen - 1]));
        if (starts->chosen > 0 && starts->gap[i] > starts->gap[far])
            far = i;
    }
    const double *point = starts->points[far];
    starts->points[far] = starts->points[starts->chosen];
    starts->gap[far] = starts->gap[starts->chosen];
    starts->points[starts->chosen++] = point;
}

static bool was_proposed(const struct history *history, const double *point)
{
    for (int i = 0; i < history->count; i++)
        if (same_point(history->space, history->trials[i].values, point))
            return true;
    return false;
}

/* The next of those that no member has. False: there is none, or half of them have one. */
static bool begin_warm(const struct history *history, int members, struct proposal *proposal)
{
    const int most = (members + 1) / 2;
    AUTO_FREE const double **points = xcalloc(2 * (size_t)most, sizeof *points);
    AUTO_FREE double *gap = xcalloc(2 * (size_t)most, sizeof *gap);
    struct starts starts = {.points = points, .gap = gap};

    take_best(history, 2 * most, &starts);
    for (int i = 0; i < starts.count; i++)
        gap[i] = HUGE_VAL;
    while (starts.chosen < most && starts.chosen < starts.count) {
        choose_next(history->space, &starts);
        const double *point = points[starts.chosen - 1];
        if (was_proposed(history, point))
            continue;
        memcpy(proposal->values, point, (size_t)history->space->count * sizeof *point);
        proposal->how = "earlier";
        return true;
    }
    return false;
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
    } else if (place < members - changed && ranked[place].usable) {
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
    else if (history->count >= population.members)
        succeed(history, chosen, population.members, &rng, proposal);
    else if (!begin_warm(history, population.members, proposal))
        begin_fresh(history, &rng, proposal);
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

enum { USUAL = 5 }; /* generations, where nothing else is asked for */

static char *explain(void *state, const struct history *history)
{
    const struct population *population = state;
    if (history->count == 0)
        return NULL;
    const int generations = population->generations;
    AUTO_FREE char *fits = generations < USUAL && history->budget > 0 &&
                                   history->budget < (generations + 1) * population->members
                               ? xprintf(", as many as its budget of %lld runs has room for",
                                         (long long)history->budget)
                               : xstrdup("");
    return xprintf("a population of %d in generation %d of %d%s", population->members,
                   (history->count - 1) / population->members + 1, generations, fits);
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
