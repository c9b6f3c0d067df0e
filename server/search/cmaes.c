/*
 * CMA-ES (Hansen, 2016, arXiv:1604.00772) on the unit cube: a normal distribution that learns which
 * way is down and which parameters go together. Whole numbers keep a margin (Hamano et al., 2022),
 * choices have chances of their own, restarts widen the search, earlier searches are where it
 * begins. Parameters that do not apply have no effect.
 */
#include "memory.h"
#include "search/cma/search.h"

enum { POPULATION, SIGMA, RESTARTS };

static const struct setting settings[] = {
    {.name = "population",
     .type = SETTING_INTEGER,
     .nullable = true,
     .low = 4,
     .high = CMA_POPULATION_MAX,
     .unit = "runs",
     .help = "points per generation; null: 4 + 3 ln d for d parameters, at least as many as run "
             "at once"},
    {.name = "sigma",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1,
     .fallback = 1.0 / 6,
     .help = "first standard deviation, as a share of each parameter's range"},
    {.name = "restarts",
     .type = SETTING_CHOICE,
     .choices = "none|ipop|bipop",
     .fallback_text = "\"ipop\"",
     .help = "what follows when a run gets nowhere: ipop doubles the population, bipop takes small "
             "ones in turn"},
    {0},
};

static void *open_search(const struct history *history, const struct chosen *chosen, uint64_t seed)
{
    const double population = chosen->number[POPULATION];
    const struct cma_options options = {
        .restarts = (enum cma_restarts_rule)chosen->number[RESTARTS],
        .population = population > 0 ? (int)population : 0, /* null is NaN */
        .sigma = chosen->number[SIGMA],
        .seed = seed,
    };
    return cma_search_new(history, &options);
}

static void close_search(void *state)
{
    cma_search_free(state);
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)chosen;
    (void)seed;
    struct cma_search *search = state;

    cma_search_read(search, history);
    cma_search_draw(search, history, (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again,
                    proposal);
    proposal->how = search->cma.generation > 0 ? "model" : "start";
}

static char *explain(void *state, const struct history *history)
{
    struct cma_search *search = state;
    const int runs = search->restarts.runs;

    cma_search_read(search, history);
    return xprintf("CMA-ES over %d coordinates and %d choices%s: generation %d with a population "
                   "of %d after %d restart%s, steps of %.2g of the range",
                   search->coding.number_count, search->coding.choice_count,
                   search->warm ? ", begun where earlier searches ended" : "",
                   search->cma.generation + 1, search->cma.population, runs, runs == 1 ? "" : "s",
                   search->cma.sigma);
}

const struct search_algorithm cmaes_search = {
    .name = "cmaes",
    .help = "a normal distribution that adapts to the objective's valleys (CMA-ES); for many runs "
            "over numbers",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_CONSTRAINTS,
    .open = open_search,
    .close = close_search,
    .propose = propose,
    .explain = explain,
};
