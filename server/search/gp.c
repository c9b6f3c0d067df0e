/*
 * Bayesian optimisation with a Gaussian process and log expected improvement.
 *
 * A Sobol' start, then each proposal is where improvement is expected most, given the bend of the
 * values that fits best, the constraints, what is pending, and trials' own standard errors. The end
 * of the budget goes to a trust region around the best point (search/local_step.h).
 */
#include "search/gp/acquisition.h"
#include "search/gp/elsewhere.h"
#include "search/gp/fitted.h"
#include "search/gp/local_step.h"
#include "search/gp/search.h"
#include "search/gp/table.h"
#include "search/numbers/sobol_points.h"
#include "search/search.h"

#include "memory.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { START, WARP };
static const struct setting settings[] = {
    [START] = {.name = "start",
               .type = SETTING_INTEGER,
               .low = 0,
               .high = 1000,
               .fallback = 0,
               .unit = "runs",
               .help = "Sobol points before the model is asked; 0: as many as parameters and one, "
                       "at least 5, at most 20"},
    [WARP] = {.name = "warp",
              .type = SETTING_CHOICE,
              .choices = "auto|identity|log|yeo-johnson|half-rank",
              .fallback_text = "\"auto\"",
              .help =
                  "how values are bent before they are modelled; auto: by leave-one-out density"},
    {0},
};

enum {
    STREAM_SOBOL,
    STREAM_AGAIN,
    STREAM_LOCAL,
    STREAM_DOUBT,
    STREAM_ELSEWHERE,
    STREAM_ACQUISITION = 16
};
enum { INCUMBENTS = 5, DOUBT_EVERY = 4, DOUBTED_VALUES = 8 };

static void propose_sobol(const struct history *history, uint64_t seed, int again,
                          struct proposal *proposal)
{
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    AUTO_FREE double *u = xcalloc(history->space->count, sizeof *u);
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, STREAM_SOBOL);

    sobol_scrambled(sobol, history->space->count, &rng);
    sobol_point(sobol, (uint32_t)history->count, u);
    space_from_unit(history->space, u, proposal->values);
    if (again > 0) {
        rng = rng_stream(seed, RANDOM_SEARCH,
                         (uint64_t)history->count * SEARCH_STREAMS + STREAM_AGAIN);
        for (int i = 0; i < again; i++)
            space_draw(history->space, &rng, proposal->values);
    }
    proposal->how = "start";
}

static int start_count(const struct chosen *chosen, const struct gp_table *table)
{
    if (chosen->number[START] > 0)
        return (int)chosen->number[START];
    const int wanted = table->code.dimensions + 1;
    return wanted < 5 ? 5 : wanted > 20 ? 20 : wanted;
}

/* --- the model's proposal -----------------------------------------------------------------------
 */

struct best_rows {
    const double *values[INCUMBENTS];
    int row[INCUMBENTS];
    int count;
};

/* A part of the space that is searched as if it were all: near a row, or where one parameter has
 * another value. */
struct part {
    int valley; /* row; -1: anywhere */
    int other;  /* parameter; -1: none */
    double unlike;
};
static const struct part everywhere = {.valley = -1, .other = -1};

static bool is_part(const struct gp_table *table, int row, const struct part *part)
{
    if (part->other >= 0 && table->trials[row]->values[part->other] == part->unlike)
        return false;
    return part->valley < 0 || elsewhere_is_near(table, row, part->valley);
}

/* The best feasible rows of a part; where there are none, the best of all of its rows. */
static struct best_rows find_best(const struct gp_table *table, const struct part *part)
{
    AUTO_FREE int *order = xcalloc(table->known, sizeof *order);
    struct best_rows best = {.count = 0};
    warp_median(table->y, table->known, order);
    for (int pass = 0; pass < 2 && best.count == 0; pass++)
        for (int i = 0; i < table->known && best.count < INCUMBENTS; i++)
            if ((table->feasible[order[i]] || pass == 1) && is_part(table, order[i], part)) {
                best.row[best.count] = order[i];
                best.values[best.count++] = table->trials[order[i]]->values;
            }
    return best;
}

/* Least mean at the feasible rows of a part and at pending ones there. */
static double best_mean(const struct gp_table *table, const struct gp *gp, const struct part *part)
{
    const int columns = table->code.count;
    AUTO_FREE double *x = xcalloc((size_t)columns * GP_BATCH + 1, sizeof *x);
    double mean[GP_BATCH], best = HUGE_VAL;
    for (int start = 0; start < table->n; start += GP_BATCH) {
        const int m = table->n - start < GP_BATCH ? table->n - start : GP_BATCH;
        for (int j = 0; j < columns; j++)
            memcpy(x + j * GP_BATCH, table->x + j * table->stride + start, m * sizeof *x);
        gp_predict_mean(gp, x, m, mean);
        for (int i = 0; i < m; i++)
            if ((start + i >= table->known || table->feasible[start + i]) &&
                is_part(table, start + i, part))
                best = fmin(best, mean[i]);
    }
    return best;
}

static bool any_feasible(const struct gp_table *table)
{
    for (int i = 0; i < table->known; i++)
        if (table->feasible[i])
            return true;
    return false;
}

struct processes {
    struct gp_standing standing[1 + GP_LIMITS_MAX];
    int count;
};

static void processes_release(struct processes *processes)
{
    while (processes->count > 0)
        gp_standing_release(&processes->standing[--processes->count]);
}

static int stand(struct processes *processes, const struct gp_fitted *fitted,
                 const struct gp_table *table)
{
    processes->count = 0;
    for (int process = 0; process <= table->limits; process++) {
        if (gp_stand(&processes->standing[process], fitted, table, process) < 0) {
            processes_release(processes);
            return -1;
        }
        processes->count++;
    }
    return 0;
}

/* Less than this of the values' deviation is no improvement: the end game is better at it. */
static const double worth = 0.005;

static struct acquisition acquisition_of(const struct processes *processes,
                                         const struct gp_table *table, const struct part *part)
{
    struct acquisition acquisition = {.constraints = processes->count - 1};
    const double margin = table->constraints > 0 ? 0 : worth;
    if (any_feasible(table) || table->constraints == 0) {
        acquisition.objective = &processes->standing[0].gp;
        acquisition.best = best_mean(table, acquisition.objective, part) - margin;
    }
    for (int c = 0; c < acquisition.constraints; c++) {
        acquisition.constraint[c] = &processes->standing[1 + c].gp;
        acquisition.limit[c] = processes->standing[1 + c].zero;
    }
    return acquisition;
}

static bool is_doubtful(const struct history *history, int i, const double *best)
{
    const uint64_t size = parameter_size(&history->space->parameters[i]);
    return !isnan(best[i]) && size > 1 && size <= DOUBTED_VALUES;
}

/*
 * A model that has learnt one optimizer's best rate knows little about the others', and what it
 * has seen of them was badly tuned: it would hardly look there again. So every fourth proposal one
 * of the choices, or of numbers of few values, has to be another than the best point's, and is to
 * be better than what is known with another.
 */
static struct part doubted(const struct history *history, const struct gp_table *table,
                           uint64_t seed)
{
    struct rng rng =
        rng_stream(seed, RANDOM_SEARCH, (uint64_t)history->count * SEARCH_STREAMS + STREAM_DOUBT);
    struct part part = everywhere;
    int count = 0;

    if (history->count % DOUBT_EVERY != 2)
        return part;
    const struct best_rows rows = find_best(table, &everywhere);
    const double *best = rows.values[0];
    for (int i = 0; i < history->space->count; i++)
        if (is_doubtful(history, i, best) && rng_below(&rng, (uint32_t)++count) == 0)
            part = (struct part){.valley = -1, .other = i, .unlike = best[i]};
    return part;
}

static int continuous_count(const struct history *history)
{
    int count = 0;
    for (int i = 0; i < history->space->count; i++)
        count += gp_is_continuous(&history->space->parameters[i]);
    return count;
}

/* Whether the best value has gained less than 1 % of what lies between it and the middle one over
 * the last trials: twice as many as parameters, at least 10. */
static bool is_stagnant(const struct gp_table *table)
{
    const int recent = table->code.dimensions > 5 ? 2 * table->code.dimensions : 10;
    AUTO_FREE int *order = xcalloc(table->known, sizeof *order);
    double before = HUGE_VAL, now = HUGE_VAL;

    if (table->known < 2 * recent)
        return false;
    for (int i = 0; i < table->known; i++) {
        now = table->feasible[i] ? fmin(now, table->y[i]) : now;
        if (i == table->known - 1 - recent)
            before = now;
    }
    const double middle = warp_median(table->y, table->known, order);
    return isfinite(before) && before - now <= 0.01 * (middle - now);
}

/*
 * Where the best value stagnates, three of four proposals search elsewhere: of several minima the
 * first one found is not always the least, and all that the model would do is to look into corners.
 * Over numbers without steps; of choices, one is doubted.
 */
static bool goes_elsewhere(const struct history *history, const struct gp_table *table)
{
    return history->count % 4 != 1 && continuous_count(history) == table->code.count &&
           history->constraints == 0 && is_stagnant(table);
}

static void propose_anywhere(const struct history *history, uint64_t seed, int again,
                             struct proposal *proposal)
{
    struct rng rng = rng_stream(seed, RANDOM_SEARCH,
                                (uint64_t)history->count * SEARCH_STREAMS + STREAM_ELSEWHERE);
    for (int i = 0; i <= again; i++)
        space_draw(history->space, &rng, proposal->values);
    proposal->how = "other";
}

/* Where nothing is known of a part, all that is known is what has to be surpassed. */
static const struct part *known_part(const struct gp_table *table, const struct part *part)
{
    for (int i = 0; i < table->known; i++)
        if (table->feasible[i] && is_part(table, i, part))
            return part;
    return &everywhere;
}

static int propose_model(const struct history *history, const struct gp_table *table,
                         const struct gp_fitted *fitted, struct part part, uint64_t seed, int again,
                         struct proposal *proposal)
{
    struct processes processes;
    if (stand(&processes, fitted, table) < 0)
        return -1;
    const struct part *known = known_part(table, &part);
    const struct best_rows best = find_best(table, known);
    const struct acquisition acquisition = acquisition_of(&processes, table, known);
    const struct gp_search search = {.acquisition = &acquisition,
                                     .code = &table->code,
                                     .space = history->space,
                                     .incumbents = best.values,
                                     .incumbent_count = best.count,
                                     .differs = part.other >= 0,
                                     .other = part.other,
                                     .unlike = part.unlike,
                                     .around = part.valley < 0 ? NULL : best.values[0],
                                     .reach = elsewhere_reach};
    struct rng rng = rng_stream(seed, RANDOM_SEARCH,
                                (uint64_t)history->count * SEARCH_STREAMS + STREAM_ACQUISITION +
                                    (uint64_t)again);
    gp_search_best(&search, &rng, proposal->values);
    processes_release(&processes);
    proposal->how = part.other < 0 && part.valley < 0 ? "model" : "other";
    return 0;
}

/* --- the end game -------------------------------------------------------------------------------
 */

/* With a budget, its last proposals: as many as a quadratic has coefficients, at most 3 of 10.
 * Without one, whenever the best value stagnates, every second. Every second one, too, where there
 * are parameters that are not continuous. The quadratic knows of no constraints. */
static bool is_endgame(const struct history *history, const struct gp_table *table)
{
    const int64_t d = continuous_count(history), left = history->budget - history->count;
    const bool whole = d == table->code.count;

    if (d == 0 || history->constraints > 0 || (!whole && history->count % 2 == 0))
        return false;
    if (history->budget > 0)
        return left <= (d + 1) * (d + 2) / 2 + 10 && 10 * left <= 3 * history->budget;
    return history->count % 2 == 1 && is_stagnant(table);
}

static bool propose_local(const struct history *history, const struct gp_table *table,
                          uint64_t seed, int again, struct proposal *proposal)
{
    struct local_memo memo;
    struct rng rng =
        rng_stream(seed, RANDOM_SEARCH, (uint64_t)history->count * SEARCH_STREAMS + STREAM_LOCAL);
    const struct best_rows best = find_best(table, &everywhere);

    if (again > 0 || !table->feasible[best.row[0]] || !is_endgame(history, table) ||
        !local_step(table, history, best.row[0], &rng, proposal->values, &memo))
        return false;
    proposal->memo_count += local_memo_write(&memo, proposal->memo + proposal->memo_count);
    proposal->how = "local";
    return true;
}

static int propose_elsewhere(const struct history *history, const struct gp_table *table,
                             const struct gp_fitted *fitted, uint64_t seed, int again,
                             struct proposal *proposal)
{
    const struct elsewhere elsewhere = elsewhere_next(table, history);
    const struct part near = {.valley = elsewhere.best, .other = -1};
    if (elsewhere.best < 0)
        propose_anywhere(history, seed, again, proposal);
    else if (propose_model(history, table, fitted, near, seed, again, proposal) < 0)
        return -1;
    proposal->memo_count += elsewhere_write(&elsewhere, proposal->memo + proposal->memo_count);
    return 0;
}

/* Fits, and asks the quadratic or the process; a point of the start where neither can. */
static void propose_fitted(const struct history *history, const struct chosen *chosen,
                           const struct gp_table *table, uint64_t seed, int again,
                           struct proposal *proposal)
{
    struct gp_fitted fitted;
    int status = 0;
    gp_fitted_init(&fitted, table, history, (int)chosen->number[WARP] - 1);
    proposal->memo_count = gp_fitted_write(&fitted, table->code.count, proposal->memo);
    if (propose_local(history, table, seed, again, proposal))
        return;
    if (goes_elsewhere(history, table))
        status = propose_elsewhere(history, table, &fitted, seed, again, proposal);
    else
        status = propose_model(history, table, &fitted, doubted(history, table, seed), seed, again,
                               proposal);
    if (status < 0)
        propose_sobol(history, seed, again, proposal);
}

static void propose(void *state, const struct history *history, const struct chosen *chosen,
                    uint64_t seed, int again, struct proposal *proposal)
{
    (void)state;
    struct gp_table table;

    gp_table_init(&table, history);
    const int wanted = start_count(chosen, &table) - history->earlier_count;
    if (history->count < wanted || table.known < 2 || table.code.count == 0)
        propose_sobol(history, seed, again, proposal);
    else
        propose_fitted(history, chosen, &table, seed, again, proposal);
    gp_table_release(&table);
}

/* --- for people --------------------------------------------------------------------------------
 */

/* The parameter whose values matter most: of the shortest length, the sum's or the product's. */
static int shortest(const struct gp_code *code, const struct gp_fit *fit)
{
    int best = 0;
    for (int j = 1; j < code->dimensions; j++)
        if (fmin(fit->log[j], fit->log[code->count + j]) <
            fmin(fit->log[best], fit->log[code->count + best]))
            best = j;
    return code->parameter[best];
}

static char *explain(void *state, const struct history *history)
{
    struct gp_code code;
    struct gp_fitted fitted;
    (void)state;

    gp_code_init(&code, history->space);
    if (code.count == 0 || !gp_fitted_newest(&fitted, code.count, history))
        return NULL;
    return xprintf(
        "The model was fitted to %d runs, their values bent by %s; what changes them over "
        "the shortest way is %s; noise is %.2g of their spread.",
        fitted.finished, warp_names[fitted.warp],
        history->space->parameters[shortest(&code, &fitted.fit[0])].name,
        exp(0.5 * fitted.fit[0].log[2 * code.count]));
}

const struct search_algorithm gp_search = {
    .name = "gp",
    .help = "a Gaussian process with log expected improvement: few, expensive runs",
    .settings = settings,
    .can = CAN_NUMBERS | CAN_CHOICES | CAN_CONDITIONS | CAN_CONSTRAINTS,
    .propose = propose,
    .explain = explain,
};
