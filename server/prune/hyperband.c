/*
 * Hyperband (Li et al., 2018, arXiv 1603.06560) as runs come one by one: every run belongs to one
 * of s_max + 1 brackets, s_max = floor(log_eta(R / r)), each of which halves by itself. Bracket s
 * has its first rung at R eta^-s and, by its weight ceil((s_max + 1) eta^s / (s + 1)), its part of
 * the runs. A run's bracket follows from the seed and its number.
 */
#include "prune/rungs.h"

#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

enum { FORM, MIN_STEPS, MAX_STEPS, REDUCTION };
enum { FORM_STOPPING, FORM_PROMOTION };
static const struct setting settings[] = {
    [FORM] = {.name = "form",
              .type = SETTING_CHOICE,
              .choices = "stopping|promotion",
              .fallback_text = "stopping",
              .help = "stopping: whoever is not among the best at a rung ends there; promotion: "
                      "all wait at every rung, and the best go on from their checkpoints"},
    [MIN_STEPS] = {.name = "min_steps",
                   .type = SETTING_INTEGER,
                   .nullable = true,
                   .low = 1,
                   .high = 1e15,
                   .unit = "steps",
                   .help = "of a run as long as the first, to the first rung of the bracket that "
                           "begins earliest; others in proportion; null: a hundredth of a run"},
    [MAX_STEPS] = {.name = "max_steps",
                   .type = SETTING_INTEGER,
                   .nullable = true,
                   .low = 1,
                   .high = 1e15,
                   .not_below = "min_steps",
                   .unit = "steps",
                   .help = "of a whole run; null: as runs are, and of an external runner as the "
                           "first was that has ended"},
    [REDUCTION] = {.name = "reduction",
                   .type = SETTING_INTEGER,
                   .low = 2,
                   .high = 100,
                   .fallback = 3,
                   .help = "eta: one in so many goes on, for so many times as long"},
    {0},
};

struct brackets {
    struct rungs rungs; /* of the first */
    uint64_t weights[PRUNE_RUNGS_MAX + 1];
    uint64_t total;
    int count; /* 0: how long runs are is not known */
};

static uint64_t weight_of(int count, int reduction, int s)
{
    return (uint64_t)ceil(count * pow(reduction, s) / (s + 1));
}

/* Bracket i leaves out the first i rungs. */
static struct brackets brackets_of(const struct chosen *chosen, const struct prune_table *table)
{
    const double given = chosen->number[MAX_STEPS];
    const double most = isnan(given) ? table->most : given;
    const int reduction = (int)chosen->number[REDUCTION];
    const double least = rungs_least(chosen->number[MIN_STEPS], most);
    struct brackets brackets = {0};

    if (!(most > 0) || least > most)
        return brackets;
    brackets.rungs = rungs_of(least, reduction, most);
    brackets.count = (int)floor(log(most / least) / log(reduction) + 1e-9) + 1;
    if (brackets.count > PRUNE_RUNGS_MAX)
        brackets.count = PRUNE_RUNGS_MAX;
    for (int i = 0; i < brackets.count; i++) {
        brackets.weights[i] = weight_of(brackets.count, reduction, brackets.count - 1 - i);
        brackets.total += brackets.weights[i];
    }
    return brackets;
}

static int bracket_of(const struct brackets *brackets, uint64_t seed, int number)
{
    struct rng rng = rng_stream(seed, RANDOM_PRUNE, (uint64_t)number);
    const double drawn = rng_uniform(&rng) * (double)brackets->total;
    double until = 0;
    for (int i = 0; i < brackets->count - 1; i++) {
        until += (double)brackets->weights[i];
        if (drawn < until)
            return i;
    }
    return brackets->count - 1;
}

/* The rungs of bracket i; who is in it goes to in[table->count]. */
static struct rungs rungs_in(const struct brackets *brackets, const struct prune_table *table,
                             int bracket, bool *in)
{
    struct rungs rungs = {.reduction = brackets->rungs.reduction, .in = in};
    for (int i = bracket; i < brackets->rungs.count; i++)
        rungs.at[rungs.count++] = brackets->rungs.at[i];
    for (int i = 0; i < table->count; i++)
        in[i] = bracket_of(brackets, table->seed, table->runs[i].number) == bracket;
    return rungs;
}

static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    const struct brackets brackets = brackets_of(chosen, table);
    if (brackets.count == 0)
        return PRUNE_GO_ON;
    AUTO_FREE bool *in = xcalloc((size_t)table->count, sizeof *in);
    const int bracket = bracket_of(&brackets, table->seed, table->runs[at].number);
    const struct rungs rungs = rungs_in(&brackets, table, bracket, in);
    return rungs_look(&rungs, table, at, why);
}

static bool pauses(const struct chosen *chosen)
{
    return (int)chosen->number[FORM] == FORM_PROMOTION;
}

static int promote(const struct chosen *chosen, const struct prune_table *table, int *out_rung)
{
    const struct brackets brackets = brackets_of(chosen, table);
    AUTO_FREE bool *in = xcalloc((size_t)table->count, sizeof *in);
    for (int i = 0; i < brackets.count; i++) {
        const struct rungs rungs = rungs_in(&brackets, table, i, in);
        const int run = rungs_promote(&rungs, table, out_rung);
        if (run >= 0)
            return run;
    }
    return -1;
}

static double pause_at(const struct chosen *chosen, const struct prune_table *table, int at)
{
    const struct brackets brackets = brackets_of(chosen, table);
    if (brackets.count == 0)
        return 0;
    AUTO_FREE bool *in = xcalloc((size_t)table->count, sizeof *in);
    const int bracket = bracket_of(&brackets, table->seed, table->runs[at].number);
    const struct rungs rungs = rungs_in(&brackets, table, bracket, in);
    return rungs_pause_at(&rungs, &table->runs[at]);
}

const struct prune_rule hyperband_prune = {
    .name = "hyperband",
    .help = "successive halving in several brackets at once, from early and strict to none at all",
    .settings = settings,
    .stops_at_nan = true,
    .look = look,
    .pauses = pauses,
    .promote = promote,
    .pause_at = pause_at,
};
