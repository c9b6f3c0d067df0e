/* What makes a comparison unfair whatever it finds: unequal budgets, unequal chances to be at one's
 * best, seeds seen before. */
#include "compare/arms.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

enum { BUDGETS_TOLD_MAX = 4 };

static void warn(json_t *warnings, char *text)
{
    json_array_append_new(warnings, json_text(text));
    free(text);
}

/* --- budgets ------------------------------------------------------------------------------- */

/* How the arm's budget differs from that of the baseline, `name`; NULL: it does not, or is not
 * known. */
static char *difference(const struct arm_budget *arm, const struct arm_budget *baseline,
                        const char *name)
{
    static const char *const units[] = {"steps", "iterations of its own"};
    const bool epochs = arm->epochs && baseline->epochs;
    const bool batches = arm->batch_size && baseline->batch_size;

    if (!arm->iterations != !baseline->iterations)
        return xprintf("is counted in %s, the baseline \"%s\" in %s: compare them by work or wall "
                       "time",
                       units[arm->iterations > 0], name, units[baseline->iterations > 0]);
    if (arm->iterations != baseline->iterations)
        return xprintf("trains %" PRId64 " iterations, the baseline \"%s\" %" PRId64,
                       arm->iterations, name, baseline->iterations);
    if (epochs && arm->epochs != baseline->epochs)
        return xprintf("trains %" PRId64 " epochs, the baseline \"%s\" %" PRId64, arm->epochs, name,
                       baseline->epochs);
    if (batches && arm->batch_size != baseline->batch_size)
        return xprintf("has batches of %" PRId64 " examples, the baseline \"%s\" of %" PRId64 "%s",
                       arm->batch_size, name, baseline->batch_size,
                       epochs ? ": as many examples in all, but not as many steps" : "");
    if (arm->steps && baseline->steps && arm->steps != baseline->steps)
        return xprintf("trains %" PRId64 " steps, the baseline \"%s\" %" PRId64, arm->steps, name,
                       baseline->steps);
    return NULL;
}

static void warn_of_budgets(const struct arms *arms, json_t *warnings)
{
    const struct arm_budget *budgets = arms->input->budgets;
    int count = 0;

    for (int i = 0; budgets && i < arms->count; i++) {
        AUTO_FREE char *words =
            difference(&budgets[i], &budgets[arms->baseline], arms->list[arms->baseline].name);
        if (words && ++count <= BUDGETS_TOLD_MAX)
            warn(warnings, xprintf("unequal budgets: arm \"%s\" %s", arms->list[i].name, words));
    }
    if (count > BUDGETS_TOLD_MAX)
        warn(warnings, xprintf("unequal budgets: %d more arms differ from the baseline",
                               count - BUDGETS_TOLD_MAX));
}

/* --- the best of unequally many ------------------------------------------------------------ */

/* Of a run that succeeded; 0: none has, or it is not known. */
static int64_t evaluations_of(const struct sample *report)
{
    for (int i = 0; i < report->count; i++) {
        if (report_run_counts(report->runs[i]) && report->runs[i]->evaluations)
            return report->runs[i]->evaluations;
    }
    return 0;
}

static void warn_of_evaluations(const struct arms *arms, json_t *warnings)
{
    const struct arm *fewest = NULL, *most = NULL;
    int64_t low = INT64_MAX, high = 0;

    for (int i = 0; i < arms->count; i++) {
        const int64_t count = evaluations_of(&arms->list[i].report);
        if (count && count < low) {
            low = count;
            fewest = &arms->list[i];
        }
        if (count > high) {
            high = count;
            most = &arms->list[i];
        }
    }
    if (arms->input->metric.best && fewest && most && low < high)
        warn(warnings,
             xprintf("the best %s is taken of %" PRId64 " values in arm \"%s\" and of %" PRId64
                     " in arm \"%s\": more tries give a better best",
                     arms->input->metric.name, low, fewest->name, high, most->name));
}

/* --- seeds --------------------------------------------------------------------------------- */

static int by_size(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* New jobs are refused for it; older ones, and retold ones, may have it. */
static void warn_of_shared_seeds(const struct arms *arms, json_t *warnings)
{
    const struct report_input *input = arms->input;
    AUTO_FREE uint64_t *tuning = xcalloc((size_t)input->run_count, sizeof *tuning);
    size_t count = 0;

    for (int i = 0; i < input->run_count; i++) {
        if (input->runs[i].phase == PHASE_TUNE)
            tuning[count++] = input->runs[i].seed;
    }
    qsort(tuning, count, sizeof *tuning, by_size);
    for (int i = 0; i < input->run_count; i++) {
        if (input->runs[i].phase != PHASE_REPORT ||
            !bsearch(&input->runs[i].seed, tuning, count, sizeof *tuning, by_size))
            continue;
        warn(warnings, xprintf("seed %" PRIu64 " both tunes and reports: what was tuned on it is "
                               "flattered by it",
                               input->runs[i].seed));
        return;
    }
}

void arms_protocol_warnings(const struct arms *arms, json_t *warnings)
{
    warn_of_shared_seeds(arms, warnings);
    warn_of_budgets(arms, warnings);
    warn_of_evaluations(arms, warnings);
}
