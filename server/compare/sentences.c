#include "compare/sentences.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the clauses of one family have in common. */
struct teller {
    FILE *out;
    const struct comparison *comparison;
    const struct comparison_verdict *verdict;
    enum family family;
};

/* --- numbers ------------------------------------------------------------------------------- */

/* Decimals that show an error with one digit, two where the first is a 1; -1: better in scientific
 * notation. */
static int decimals_for(double error)
{
    enum { DECIMALS_MAX = 9 };
    if (!(error > 0) || !isfinite(error))
        return -1;
    const int place = (int)floor(log10(error));
    const int decimals = -place + (error / pow(10, place) < 1.95);
    return decimals > DECIMALS_MAX || place > DECIMALS_MAX ? -1 : decimals > 0 ? decimals : 0;
}

static void write_with_error(FILE *out, double value, double error)
{
    const int decimals = decimals_for(error);
    if (decimals >= 0)
        fprintf(out, "%.*f ± %.*f", decimals, value, decimals, error);
    else
        fprintf(out, "%.3g", value);
    if (decimals < 0 && error > 0)
        fprintf(out, " ± %.2g", error);
}

/* Rounded, but never across the level. */
static void write_p(FILE *out, double p, double level)
{
    char text[32];
    if (p < 0.001) {
        if (level > 0.001)
            fputs("p < 0.001", out);
        else
            fprintf(out, "p = %.2g", p);
        return;
    }
    for (int decimals = 3; decimals <= 9; decimals++) {
        snprintf(text, sizeof text, "%.*f", decimals, p);
        if ((strtod(text, NULL) < level) == (p < level))
            break;
    }
    fprintf(out, "p = %g", strtod(text, NULL));
}

static const char *plural(int count)
{
    return count == 1 ? "" : "s";
}

/* --- parts --------------------------------------------------------------------------------- */

static const char *name_of(const struct teller *teller, int arm)
{
    return teller->comparison->names[arm];
}

/* " after Holm and 5 looks" */
static void write_adjustments(const struct teller *teller)
{
    const bool many = teller->verdict->family_size[teller->family] > 1;
    const int looks = teller->comparison->looks;
    if (many)
        fputs(" after Holm", teller->out);
    if (looks > 1)
        fprintf(teller->out, "%s %d looks", many ? " and" : " over", looks);
}

static void write_evidence(const struct teller *teller, const struct pair_verdict *pair)
{
    fprintf(teller->out, "%s, %d seed%s, ", teller->comparison->metric, pair->seeds,
            plural(pair->seeds));
    write_p(teller->out, pair->judged[teller->family].p, teller->comparison->level);
    write_adjustments(teller);
}

static void write_failures(const struct teller *teller, const struct pair_verdict *pair)
{
    const int failed[] = {pair->first_failed + pair->both_failed,
                          pair->second_failed + pair->both_failed};
    const int arms[] = {pair->first, pair->second};
    for (int i = 0; i < 2; i++) {
        if (failed[i] > 0)
            fprintf(teller->out, ", %s failed with %d", name_of(teller, arms[i]), failed[i]);
    }
}

/* "linear beats cosine by 0.0031 ± 0.0008 (…)" */
static void write_win(const struct teller *teller, const struct pair_verdict *pair)
{
    const bool turned = pair->judged[teller->family].verdict == VERDICT_WORSE;
    fprintf(teller->out, "%s beats %s", name_of(teller, turned ? pair->second : pair->first),
            name_of(teller, turned ? pair->first : pair->second));
    if (!isnan(pair->t.mean)) {
        fputs(" by ", teller->out);
        write_with_error(teller->out, fabs(pair->t.mean), pair->t.standard_error);
    } else {
        fprintf(teller->out, " with %d of %d seeds", turned ? pair->losses : pair->wins,
                pair->seeds);
    }
    write_failures(teller, pair);
    fputs(" (", teller->out);
    write_evidence(teller, pair);
    fputc(')', teller->out);
    if (pair->negligible)
        fprintf(teller->out, ", less than the %.3g that counts as none", teller->verdict->band);
}

static void write_both(const struct teller *teller, const struct pair_verdict *pair)
{
    const bool baseline = pair->second == teller->comparison->baseline;
    fprintf(teller->out, "%s and %s", name_of(teller, baseline ? pair->second : pair->first),
            name_of(teller, baseline ? pair->first : pair->second));
}

static void write_equivalent(const struct teller *teller, const struct pair_verdict *pair)
{
    write_both(teller, pair);
    fprintf(teller->out, " are equivalent within %.3g", teller->verdict->band);
}

/* "5 seeds cannot reach p < 0.05 after Holm over 3 comparisons; it takes 7" */
static void write_too_few(const struct teller *teller, const struct pair_verdict *pair)
{
    const int size = teller->verdict->family_size[teller->family];
    const int looks = teller->comparison->looks;

    fprintf(teller->out, "%d seed%s cannot reach p < %.3g", pair->seeds, plural(pair->seeds),
            teller->comparison->level);
    if (size > 1)
        fprintf(teller->out, " after Holm over %d comparisons", size);
    if (looks > 1)
        fprintf(teller->out, "%s %d looks", size > 1 ? " and" : " over", looks);
    if (size <= 1 && looks <= 1)
        fputs(" by this test", teller->out);
    fprintf(teller->out, "; it takes %d", pair->judged[teller->family].seeds_for_level);
}

/* What more seeds would do. */
static void write_outlook(const struct teller *teller, const struct pair_verdict *pair)
{
    const struct judgement *judged = &pair->judged[teller->family];
    if (pair->seeds < judged->seeds_for_level) {
        fputs(": ", teller->out);
        write_too_few(teller, pair);
    } else if (judged->too_few) {
        fprintf(teller->out, ": only %d of %d seeds differ, it takes %d", pair->rank.used,
                pair->seeds, judged->seeds_for_level);
    } else if (judged->seeds_needed > pair->seeds) {
        fprintf(teller->out,
                "; at this effect %d seeds would tell with a chance of %.0f %%, so %d more",
                judged->seeds_needed, 100 * VERDICT_POWER, judged->seeds_needed - pair->seeds);
    }
}

static void write_undecided(const struct teller *teller, const struct pair_verdict *pair)
{
    const bool turned = pair->t.mean < 0;
    if (pair->seeds == 0) {
        write_both(teller, pair);
        fputs(" have no seed in common yet", teller->out);
        return;
    }
    fprintf(teller->out, "%s and %s are undecided",
            name_of(teller, turned ? pair->second : pair->first),
            name_of(teller, turned ? pair->first : pair->second));
    if (pair->ties == pair->seeds) {
        fprintf(teller->out, ", the same with %s",
                pair->seeds == 1 ? "the one seed" : "every seed");
    } else if (!isnan(pair->t.mean)) {
        fputs(", the first ahead by ", teller->out);
        write_with_error(teller->out, fabs(pair->t.mean), pair->t.standard_error);
    }
    write_failures(teller, pair);
    fputs(" (", teller->out);
    write_evidence(teller, pair);
    fputc(')', teller->out);
    write_outlook(teller, pair);
}

static void write_clause(const struct teller *teller, const struct pair_verdict *pair)
{
    switch (pair->judged[teller->family].verdict) {
    case VERDICT_BETTER:
    case VERDICT_WORSE:
        write_win(teller, pair);
        break;
    case VERDICT_EQUIVALENT:
        write_equivalent(teller, pair);
        break;
    case VERDICT_UNDECIDED:
    case VERDICTS:
        write_undecided(teller, pair);
        break;
    }
}

/* --- wholes -------------------------------------------------------------------------------- */

char *pair_sentence(const struct comparison *comparison, const struct comparison_verdict *verdict,
                    const struct pair_verdict *pair, enum family family)
{
    char *text = NULL;
    size_t bytes = 0;
    const struct teller teller = {xmemstream(&text, &bytes), comparison, verdict, family};

    write_clause(&teller, pair);
    fclose(teller.out);
    return text;
}

/* Where all are short of seeds, it is said once. */
static bool all_too_few(const struct comparison_verdict *verdict)
{
    const int size = verdict->family_size[FAMILY_BASELINE];
    for (int i = 0; i < size; i++) {
        const struct pair_verdict *pair = &verdict->pairs[i];
        const struct judgement *judged = &pair->judged[FAMILY_BASELINE];
        if (pair->seeds != verdict->pairs[0].seeds || pair->seeds >= judged->seeds_for_level ||
            judged->verdict != VERDICT_UNDECIDED)
            return false;
    }
    return size > 1 && verdict->pairs[0].seeds > 0;
}

static void write_clauses(const struct teller *teller)
{
    static const enum verdict order[] = {VERDICT_BETTER, VERDICT_WORSE, VERDICT_EQUIVALENT,
                                         VERDICT_UNDECIDED};
    const int size = teller->verdict->family_size[FAMILY_BASELINE];
    int count = 0;

    for (size_t kind = 0; kind < COUNT_OF(order); kind++) {
        for (int i = 0; i < size; i++) {
            const struct pair_verdict *pair = &teller->verdict->pairs[i];
            if (pair->judged[FAMILY_BASELINE].verdict != order[kind] ||
                count++ >= SENTENCE_CLAUSES_MAX)
                continue;
            fputs(count > 1 ? "; " : "", teller->out);
            write_clause(teller, pair);
        }
    }
    if (count > SENTENCE_CLAUSES_MAX)
        fprintf(teller->out, "; and %d more", count - SENTENCE_CLAUSES_MAX);
}

char *comparison_sentence(const struct comparison *comparison,
                          const struct comparison_verdict *verdict)
{
    char *text = NULL;
    size_t bytes = 0;
    const struct teller teller = {xmemstream(&text, &bytes), comparison, verdict, FAMILY_BASELINE};

    if (verdict->family_size[FAMILY_BASELINE] == 0)
        fputs("there is only one arm", teller.out);
    else if (all_too_few(verdict))
        write_too_few(&teller, &verdict->pairs[0]);
    else
        write_clauses(&teller);
    fclose(teller.out);
    return text;
}

/* --- several tasks ------------------------------------------------------------------------- */

static int best_arm(const double *mean_ranks, int arm_count)
{
    int best = 0;
    for (int arm = 1; arm < arm_count; arm++)
        best = mean_ranks[arm] < mean_ranks[best] ? arm : best;
    return best;
}

static void write_near(FILE *out, const struct friedman *friedman, const char *const *names,
                       const double *mean_ranks, int arm_count, int best)
{
    int near = 0;
    for (int arm = 0; arm < arm_count; arm++) {
        if (arm != best && mean_ranks[arm] - mean_ranks[best] < friedman->critical)
            fprintf(out, "%s%s",
                    near++ ? ", " : "; within the critical difference of it: ", names[arm]);
    }
    fprintf(out, "%s %.3g", near ? ", that is" : "; ahead of all others by the critical difference",
            friedman->critical);
}

char *friedman_sentence(const struct friedman *friedman, const char *const *names,
                        const double *mean_ranks, int arm_count)
{
    if (friedman->tasks < 2)
        return xprintf("%d task%s cannot tell whether the arms differ over tasks; it takes 2",
                       friedman->tasks, plural(friedman->tasks));
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    const int best = best_arm(mean_ranks, arm_count);

    fprintf(out, "over %d tasks the arms %s (Friedman, ", friedman->tasks,
            friedman->differ ? "differ" : "are not shown to differ");
    write_p(out, friedman->f_p, friedman->level);
    fprintf(out, "): %s ranks best (%.3g)", names[best], mean_ranks[best]);
    if (friedman->differ)
        write_near(out, friedman, names, mean_ranks, arm_count, best);
    fclose(out);
    return text;
}
