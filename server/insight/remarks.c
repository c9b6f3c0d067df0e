#include "insight/remarks.h"

#include "insight/importance.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

enum {
    FAILED_SOME = 5, /* fewer are not worth a word */
    SIZE_WIDE = 10,  /* values of a number whose ends mean something */
    LUCK_LEAST = 10, /* runs */
};

/* --- the sentence --------------------------------------------------------------------------------
 */

static const char *ordinal(int number)
{
    const int last = number % 10, tens = number % 100;
    if (tens >= 11 && tens <= 13)
        return "th";
    return last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
}

/* What is counted: a point may take several runs. */
static const char *tries(const struct remarks_about *about)
{
    return about->findings->plan->seeds > 1 ? "points" : "runs";
}

static char *say_best(const struct remarks_about *about)
{
    const struct findings *findings = about->findings;
    const int best = findings->order[0], place = findings->list[best].place + 1;
    const int seeds = findings->plan->seeds;
    AUTO_FREE char *over = seeds <= 1 ? xstrdup("")
                                      : xprintf(" \u00b1 %.2g over %d seeds",
                                                findings->view.trials[best].error, seeds);
    return xprintf("After %d of %d %s the best %s is %.6g%s (run %" PRId64 ", the %d%s to end)",
                   findings->ended, about->budget, tries(about),
                   findings->plan->objectives[findings->objective].name,
                   findings_value(findings, best), over, findings->list[best].run, place,
                   ordinal(place));
}

static char *say_front(const struct remarks_about *about)
{
    const struct search_plan *plan = about->findings->plan;
    char *names = xstrdup(plan->objectives[0].name);
    for (int i = 1; i < plan->objective_count; i++) {
        char *longer = xprintf("%s%s%s", names, i + 1 == plan->objective_count ? " and " : ", ",
                               plan->objectives[i].name);
        free(names);
        names = longer;
    }
    char *sentence =
        xprintf("After %d of %d %s %d of them are on the Pareto front of %s",
                about->findings->ended, about->budget, tries(about), about->front->count, names);
    free(names);
    return sentence;
}

char *remarks_sentence(const struct remarks_about *about)
{
    const struct findings *findings = about->findings;
    if (findings->ended == 0)
        return xprintf("No %s of %d has ended yet", findings->plan->seeds > 1 ? "point" : "run",
                       about->budget);
    if (findings->good == 0)
        return xprintf("After %d of %d %s none has %s", findings->ended, about->budget,
                       tries(about),
                       findings->plan->constraint_count > 0 ? "a value and keeps all constraints"
                                                            : "come to its end with a value");
    return about->front ? say_front(about) : say_best(about);
}

/* --- warnings ------------------------------------------------------------------------------------
 */

static void warn(json_t *warnings, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void warn(json_t *warnings, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(warnings, json_text(text));
}

static void warn_of_failures(const struct findings *findings, json_t *warnings)
{
    int failed = 0, late = 0;
    for (int i = 0; i < findings->ended; i++) {
        failed += findings->view.trials[findings->told[i]].state == TRIAL_FAILED;
        late += findings->list[findings->told[i]].late;
    }
    if (failed >= FAILED_SOME && failed == findings->ended)
        warn(warnings,
             "all %d runs failed or diverged, or were pruned without a value: that need not be for "
             "their points, so see the message of one",
             failed);
    else if (failed >= FAILED_SOME && failed * 5 >= findings->ended)
        warn(warnings,
             "%d of %d runs failed or diverged, or were pruned without a value: part of the space "
             "is of no use, and a narrower one would spare them",
             failed, findings->ended);
    if (late > 0)
        warn(warnings, "%d %s told after the lease had lapsed", late,
             late == 1 ? "result was" : "results were");
}

static void warn_of_constraints(const struct findings *findings, json_t *warnings)
{
    const struct search_plan *plan = findings->plan;
    for (int k = 0; k < plan->constraint_count; k++) {
        int unknown = 0, done = 0;
        for (int i = 0; i < findings->ended; i++) {
            const struct trial *trial = &findings->view.trials[findings->told[i]];
            done += trial->state == TRIAL_DONE;
            unknown += trial->state == TRIAL_DONE && isnan(trial->constraint[k]);
        }
        if (unknown > 0)
            warn(warnings,
                 "%d of %d finished runs never reported %s: whether they keep the constraint is "
                 "not known, and they are taken to break it",
                 unknown, done, plan->constraints[k].metric.name);
    }
    if (plan->constraint_count > 0 && findings->ended > 0 && findings->good == 0)
        warn(warnings, "no run keeps all constraints: there may be no point that does");
}

struct ends {
    int low, high;
};

static struct ends count_ends(const struct findings *findings, const double *rows, int at, int best)
{
    const struct parameter *parameter = findings_parameter(findings, at);
    struct ends ends = {0, 0};
    for (int i = 0; i < best; i++) {
        const double value = rows[i * findings->plan->space.count + at];
        const double u = isnan(value) ? 0.5 : parameter_to_unit(parameter, value);
        ends.low += u <= 0.02 || value <= parameter->low;
        ends.high += u >= 0.98 || value >= parameter->high;
    }
    return ends;
}

/* Where the best ones crowd at an end, what is beyond it was never tried. */
static void warn_of_ends(const struct findings *findings, json_t *warnings)
{
    const int best = importance_best_count(findings);
    AUTO_FREE double *rows = evidence_rows(&findings->evidence, findings->plan->space.count, best);
    for (int i = 0; i < findings->plan->space.count && best > 0; i++) {
        const struct parameter *parameter = findings_parameter(findings, i);
        const uint64_t size = parameter_size(parameter);
        if (parameter->type == PARAMETER_CHOICE || (size > 0 && size <= SIZE_WIDE))
            continue;
        const struct ends ends = count_ends(findings, rows, i, best);
        const bool high = 2 * ends.high > best;
        if (high || 2 * ends.low > best)
            warn(warnings,
                 "%d of the best %d runs lie at the %s end of %s (%g): better ones may be beyond "
                 "it",
                 high ? ends.high : ends.low, best, high ? "upper" : "lower", parameter->name,
                 high ? parameter->high : parameter->low);
    }
}

static void warn_of_luck(const struct remarks_about *about, json_t *warnings)
{
    const struct findings *findings = about->findings;
    if (!about->is_final || about->front || findings->good < LUCK_LEAST ||
        findings->view.trials[findings->order[0]].error > 0)
        return;
    warn(warnings,
         "the best value is the luckiest of %d: compare its specification with others over "
         "several seeds before relying on it",
         findings->good);
}

json_t *remarks_warnings(const struct remarks_about *about)
{
    json_t *warnings = json_array();
    if (!about->is_known)
        warn(warnings, "this program does not know the algorithm: nothing more is proposed");
    warn_of_failures(about->findings, warnings);
    warn_of_constraints(about->findings, warnings);
    warn_of_ends(about->findings, warnings);
    warn_of_luck(about, warnings);
    if (about->edits > 0)
        warn(warnings,
             "%d %s by hand: what was proposed before cannot be proposed again bit for bit",
             about->edits, about->edits == 1 ? "change" : "changes");
    return warnings;
}
