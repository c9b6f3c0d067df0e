/*
 * Bayesian optimisation of several objectives: a Gaussian process each, and the expected
 * improvement of the hypervolume that the best points dominate (Emmerich, Giannakoglou and
 * Naujoks, 2006; in logarithms as Ament et al., NeurIPS 2023, arXiv 2310.20708, for one objective).
 */
#include "memory.h"
#include "search/gp/front.h"
#include "search/numbers/sobol_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { START, WARP };

static const struct setting settings[] = {
    [START] = {.name = "start",
               .type = SETTING_INTEGER,
               .low = 0,
               .high = 1000,
               .unit = "runs",
               .help = "Sobol points before the model is asked; 0: as many as parameters and one, "
                       "at least 5, at most 20"},
    [WARP] = {.name = "warp",
              .type = SETTING_CHOICE,
              .choices = "auto|identity|log|yeo-johnson|half-rank",
              .fallback_text = "\"identity\"",
              .help = "how values are bent before they are modelled; the hypervolume is that of "
                      "the bent ones"},
    {0},
};

/* Of random numbers, beside `again` of a proposal: the scrambling of the first points. */
enum { STREAM_START = SEARCH_STREAMS - 1 };

enum {
    SCREEN_MOST = 3000, /* points that are looked at first */
    SCREEN_LEAST = 300,
    ELITE = 8,   /* of them that are improved */
    ROUNDS = 14, /* each time by steps that shrink, */
    TRIES = 8,   /* so many from each */
};

/* --- candidates ---------------------------------------------------------------------------------
 */

struct candidate {
    double *values;
    double promise;
    int number; /* of equal promises the first one counts */
};

struct hunt {
    const struct gp_front *front;
    const struct space *space;
    const struct gp_code *code;
    bool distinct; /* points of the data are not wanted again */
    struct rng rng;
};

static bool is_known(const struct hunt *hunt, const double *row)
{
    const struct gp_table *table = &hunt->front->several->tables[0];

    for (int i = 0; i < table->n; i++) {
        int same = 0;
        while (same < table->code.count && table->x[same * table->stride + i] == row[same])
            same++;
        if (same == table->code.count)
            return true;
    }
    return false;
}

static void judge(const struct hunt *hunt, struct candidate *candidates, int count)
{
    const int columns = hunt->code->count;
    AUTO_FREE double *x = xcalloc((size_t)columns * GP_BATCH + 1, sizeof *x);
    double row[GP_COLUMNS_MAX], promise[GP_BATCH];
    bool known[GP_BATCH];

    for (int start = 0; start < count; start += GP_BATCH) {
        const int m = count - start < GP_BATCH ? count - start : GP_BATCH;
        for (int i = 0; i < m; i++) {
            gp_code_point(hunt->code, hunt->space, candidates[start + i].values, row);
            known[i] = hunt->distinct && is_known(hunt, row);
            for (int j = 0; j < columns; j++)
                x[(size_t)j * GP_BATCH + i] = row[j];
        }
        gp_front_promise(hunt->front, x, m, promise);
        for (int i = 0; i < m; i++)
            candidates[start + i].promise =
                known[i] || isnan(promise[i]) ? -(double)INFINITY : promise[i];
    }
}

/* Some coordinates moved, one at least: numbers by a normal step, choices drawn anew. */
static void draw_near(struct hunt *hunt, const double *from, double spread, double *values)
{
    const struct space *space = hunt->space;
    const int dimensions = hunt->code->dimensions;
    const double chance = fmin(rng_uniform(&hunt->rng) < 0.5 ? 1 : 0.4, 20.0 / dimensions);
    const int forced = hunt->code->parameter[rng_below(&hunt->rng, (uint32_t)dimensions)];
    AUTO_FREE double *u = xcalloc((size_t)space->count, sizeof *u);

    space_to_unit(space, from, u);
    for (int i = 0; i < space->count; i++) {
        const double draw = rng_uniform(&hunt->rng), fresh = rng_uniform(&hunt->rng);
        const double step = spread * rng_normal(&hunt->rng);
        if (i != forced && draw >= chance)
            continue;
        if (space->parameters[i].type != PARAMETER_CHOICE)
            u[i] = fmin(fmax(u[i] + step, 0), 1);
        else if (i == forced || draw < 0.2 * chance)
            u[i] = fresh;
    }
    space_from_unit(space, u, values);
}

/* As many as fit into about 10^9 multiplications. */
static int screen_count(const struct hunt *hunt)
{
    const double n = hunt->front->several->tables[0].n;
    const double each = hunt->front->several->standing_count * (n * n + 60 * n + 1);
    return (int)fmin(fmax(1e9 / each, SCREEN_LEAST), SCREEN_MOST);
}

/* A third spread over the space, the others around the best points. */
static void screen(struct hunt *hunt, struct candidate *candidates, int count)
{
    const struct gp_front *front = hunt->front;
    const int spread = front->incumbent_count > 0 ? count / 3 : count;
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    AUTO_FREE double *u = xcalloc((size_t)hunt->space->count, sizeof *u);

    sobol_scrambled(sobol, hunt->space->count, &hunt->rng);
    for (int i = 0; i < count; i++) {
        candidates[i].values = xcalloc((size_t)hunt->space->count, sizeof *u);
        candidates[i].number = i;
        if (i < spread) {
            sobol_point(sobol, (uint32_t)i, u);
            space_from_unit(hunt->space, u, candidates[i].values);
        } else {
            draw_near(hunt, front->incumbents[i % front->incumbent_count], i % 2 ? 0.1 : 0.02,
                      candidates[i].values);
        }
    }
    judge(hunt, candidates, count);
}

static int by_promise(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (a->promise != b->promise)
        return a->promise > b->promise ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The best of tries near each of the elite takes its place, with steps that shrink: no slopes are
 * needed, and whole numbers and choices move as well. */
static void improve(struct hunt *hunt, struct candidate *elite, int count)
{
    struct candidate tries[ELITE * TRIES];

    for (int i = 0; i < count * TRIES; i++)
        tries[i].values = xcalloc((size_t)hunt->space->count, sizeof(double));
    for (int round = 0; round < ROUNDS; round++) {
        const double spread = 0.1 * pow(0.7, round);
        for (int i = 0; i < count * TRIES; i++)
            draw_near(hunt, elite[i / TRIES].values, spread, tries[i].values);
        judge(hunt, tries, count * TRIES);
        for (int i = 0; i < count * TRIES; i++)
            if (tries[i].promise > elite[i / TRIES].promise) {
                const struct candidate old = elite[i / TRIES];
                elite[i / TRIES] = tries[i];
                tries[i] = old;
            }
    }
    for (int i = 0; i < count * TRIES; i++)
        free(tries[i].values);
}

static void find_best(struct hunt *hunt, double *values)
{
    const int count = screen_count(hunt), elite = count < ELITE ? count : ELITE;
    AUTO_FREE struct candidate *candidates = xcalloc((size_t)count, sizeof *candidates);
    int best = 0;

    screen(hunt, candidates, count);
    qsort(candidates, (size_t)count, sizeof *candidates, by_promise);
    improve(hunt, candidates, elite);
    for (int i = 1; i < elite; i++)
        if (candidates[i].promise > candidates[best].promise)
            best = i;
    memcpy(values, candidates[best].values, (size_t)hunt->space->count * sizeof *values);
    for (int i = 0; i < count; i++)
        free(candidates[i].values);
}

/* --- proposals ----------------------------------------------------------------------------------
 */

static void propose_start(const struct history *history, uint64_t seed, int again,
                          struct proposal *proposal)
{
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    AUTO_FREE double *u = xcalloc((size_t)history->space->count, sizeof *u);
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, STREAM_START);

    sobol_scrambled(sobol, history->space->count, &rng);
    sobol_point(sobol, (uint32_t)history->count, u);
    space_from_unit(history->space, u, proposal->values);
    if (again > 0) {
        rng = rng_stream(seed, RANDOM_SEARCH,
                         (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again);
        space_draw(history->space, &rng, proposal->values);
    }
    proposal->how = "start";
}

static int start_count(const struct history *history, const struct chosen *chosen)
{
    struct gp_code code;

    if (chosen->number[START] > 0)
        return (int)chosen->number[START];
    gp_code_init(&code, history->space);
    const int wanted = code.dimensions + 1;
    return wanted < 5 ? 5 : wanted > 20 ? 20 : wanted;
}

static void propose_model(const struct gp_several *several, const struct history *history,
                          uint64_t seed, int again, struct proposal *proposal)
{
    const uint64_t stream = (uint64_t)history->count * SEARCH_STREAMS + (uint64_t)again;
    struct gp_front front;
    struct hunt hunt = {.front = &front,
                        .space = history->space,
                        .code = gp_several_code(several),
                        .distinct = space_size(history->space) < UINT64_MAX,
                        .rng = rng_stream(seed, RANDOM_SEARCH, stream)};

    gp_front_init(&front, several, history);
    find_best(&hunt, proposal->values);
    gp_front_release(&front);
    proposal->how = "model";
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)state;
    struct gp_several several;
    const int only_warp = (int)chosen->number[WARP] - 1;

    if (history->count + history->earlier_count < start_count(history, chosen) ||
        gp_several_init(&several, history, only_warp) < 0) {
        propose_start(history, seed, again, proposal);
        return;
    }
    proposal->memo_count = gp_several_write(&several, proposal->memo);
    propose_model(&several, history, seed, again, proposal);
    gp_several_release(&several);
}

const struct search_algorithm ehvi_search = {
    .name = "ehvi",
    .help = "Gaussian processes with expected hypervolume improvement: several objectives, few, "
            "expensive runs",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_OBJECTIVES | CAN_CONSTRAINTS,
    .propose = propose,
};
