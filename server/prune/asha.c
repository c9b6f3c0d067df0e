/*
 * Asynchronous successive halving (Li et al., 2020, arXiv 1810.05934), in both forms: rungs.h. Each
 * rung is `reduction` times as far as the one before. The stopping form is the default: its runs
 * end one by one, so that a model learns from them, while those that wait for a promotion are not
 * told before the search ends.
 */
#include "prune/rungs.h"

enum { FORM, MIN_STEPS, REDUCTION };
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
                   .help =
                       "of a run as long as the first, to the first rung; others in proportion; "
                       "null: a hundredth of a run"},
    [REDUCTION] = {.name = "reduction",
                   .type = SETTING_INTEGER,
                   .low = 2,
                   .high = 100,
                   .fallback = 4,
                   .help = "one in so many goes on, for so many times as long"},
    {0},
};

static struct rungs rungs_chosen(const struct chosen *chosen, const struct prune_table *table)
{
    return rungs_of(rungs_least(chosen->number[MIN_STEPS], table->most),
                    (int)chosen->number[REDUCTION], table->open ? 0 : table->most);
}

static enum prune_verdict look(const struct chosen *chosen, const struct prune_table *table, int at,
                               char why[PRUNE_WHY_BYTES])
{
    const struct rungs rungs = rungs_chosen(chosen, table);
    return rungs_look(&rungs, table, at, why);
}

static bool pauses(const struct chosen *chosen)
{
    return (int)chosen->number[FORM] == FORM_PROMOTION;
}

static int promote(const struct chosen *chosen, const struct prune_table *table, int *out_rung)
{
    const struct rungs rungs = rungs_chosen(chosen, table);
    return rungs_promote(&rungs, table, out_rung);
}

static double pause_at(const struct chosen *chosen, const struct prune_table *table, int at)
{
    const struct rungs rungs = rungs_chosen(chosen, table);
    return rungs_pause_at(&rungs, &table->runs[at]);
}

const struct prune_rule asha_prune = {
    .name = "asha",
    .help = "at rungs that lie ever further apart, one run in so many goes on",
    .settings = settings,
    .stops_at_nan = true,
    .look = look,
    .pauses = pauses,
    .promote = promote,
    .pause_at = pause_at,
};
