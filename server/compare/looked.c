#include "compare/looked.h"

#include "compare/looks.h"
#include "compare/sequential.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- which seed comes in when ---------------------------------------------------------------- */

static int compare_seeds(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int place_of(const struct matrix *matrix, uint64_t seed)
{
    const uint64_t *found = bsearch(&seed, matrix->seeds, (size_t)matrix->comparison.seed_count,
                                    sizeof *matrix->seeds, compare_seeds);
    return (int)(found - matrix->seeds);
}

/* [seed_count] the look at which a seed comes in; an arm's runs stand in the order of the plan. */
static int *rounds_of(const struct matrix *matrix, const struct arms *arms)
{
    const struct sample *report = &arms->list[0].report;
    int *rounds = xcalloc((size_t)matrix->comparison.seed_count, sizeof *rounds);
    for (int i = 0; i < report->count; i++)
        rounds[place_of(matrix, report->runs[i]->seed)] =
            looks_of_seed(report->count, matrix->judging.looks, i);
    return rounds;
}

/* --- what has been looked at ----------------------------------------------------------------- */

/* Leaves in the comparison what a look sees. */
static void show(struct matrix *matrix, const struct looked *looked, const int *rounds, int look)
{
    const struct comparison *comparison = &matrix->comparison;
    for (int arm = 0; arm < comparison->arm_count; arm++) {
        const int decided = looked->decisions[arm].look;
        const int until = decided > 0 ? decided : look;
        for (int seed = 0; seed < comparison->seed_count; seed++) {
            const size_t cell = (size_t)arm * (size_t)comparison->seed_count + (size_t)seed;
            matrix->absent[cell] = !matrix->ended[cell] || rounds[seed] > until;
        }
    }
}

static bool is_over(const struct report_input *input)
{
    for (int i = 0; i < input->run_count; i++)
        if (!run_is_final(input->runs[i].state))
            return false;
    return true;
}

static bool round_was_run(const struct matrix *matrix, const int *rounds, int round)
{
    const struct comparison *comparison = &matrix->comparison;
    for (int i = 0; i < comparison->arm_count * comparison->seed_count; i++)
        if (matrix->ended[i] && rounds[i % comparison->seed_count] == round)
            return true;
    return false;
}

static bool is_settled(const struct matrix *matrix, const struct looked *looked)
{
    for (int arm = 0; arm < matrix->comparison.arm_count; arm++)
        if (arm != matrix->comparison.baseline && looked->decisions[arm].look == 0)
            return false;
    return true;
}

static void look_once_more(struct matrix *matrix, struct looked *looked, const int *rounds)
{
    const int arm_count = matrix->comparison.arm_count;
    looked->done++;
    show(matrix, looked, rounds, looked->done);
    looked->entries = xrealloc(looked->entries, (size_t)looked->entry_count + (size_t)arm_count,
                               sizeof *looked->entries);
    looked->entry_count +=
        looks_judge(&matrix->comparison, looked->done, &looked->entries[looked->entry_count]);
    looks_decisions(looked->entries, looked->entry_count, arm_count, looked->decisions);
}

static struct looked *looked_new(const struct matrix *matrix, const struct arms *arms)
{
    const struct report_input *input = arms->input;
    struct looked *looked = xcalloc(1, sizeof *looked);

    *looked = (struct looked){
        .planned = matrix->judging.looks,
        .seed_count = arms->list[0].report.count,
        .entry_count = input->look_count,
        .entries = xcalloc((size_t)input->look_count + 1, sizeof *looked->entries),
    };
    for (int i = 0; i < input->look_count; i++)
        looked->entries[i] = input->looks[i];
    looked->done =
        looks_decisions(looked->entries, looked->entry_count, arms->count, looked->decisions);
    return looked;
}

struct looked *looked_at(struct matrix *matrix, const struct arms *arms)
{
    if (matrix->judging.looks == 0 || arms->count == 0)
        return NULL;
    struct looked *looked = looked_new(matrix, arms);
    AUTO_FREE int *rounds = rounds_of(matrix, arms);

    matrix->comparison.looks = looked->planned;
    matrix->comparison.decided = looked->decisions;
    while (is_over(arms->input) && looked->done < looked->planned && !is_settled(matrix, looked) &&
           round_was_run(matrix, rounds, looked->done + 1))
        look_once_more(matrix, looked, rounds);
    show(matrix, looked, rounds, looked->done);
    return looked;
}

void looked_free(struct looked *looked)
{
    if (looked)
        free(looked->entries);
    free(looked);
}

/* --- as JSON --------------------------------------------------------------------------------- */

static int seeds_at(const struct looked *looked, int look)
{
    return looks_seeds(looked->seed_count, looked->planned, look);
}

static json_t *seeds_json(const struct looked *looked)
{
    json_t *seeds = json_array();
    for (int look = 1; look <= looked->planned; look++)
        json_array_append_new(seeds, json_integer(seeds_at(looked, look)));
    return seeds;
}

static json_t *arms_json(const struct matrix *matrix, const struct arms *arms)
{
    const struct looked *looked = matrix->looked;
    json_t *list = json_array();
    for (int arm = 0; arm < arms->count; arm++) {
        const struct arm_decision *decision = &looked->decisions[arm];
        const bool decided = decision->look > 0;
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:i}", "name", arms->list[arm].name, "look",
                            decided ? json_integer(decision->look) : json_null(), "verdict",
                            decided ? json_string(verdict_names[decision->verdict]) : json_null(),
                            "seeds",
                            decided ? json_integer(seeds_at(looked, decision->look)) : json_null(),
                            "stopped_runs", arms->list[arm].report.pruned));
    }
    return list;
}

static json_t *entry_json(const struct arms *arms, const struct look_entry *entry)
{
    return json_pack("{s:s, s:i, s:o, s:s}", "name", arms->list[entry->arm].name, "seeds",
                     entry->seeds, "p", json_number(entry->p), "verdict",
                     verdict_names[entry->verdict]);
}

static json_t *history_json(const struct looked *looked, const struct arms *arms)
{
    json_t *history = json_array(), *list = NULL;
    int look = 0;
    for (int i = 0; i < looked->entry_count; i++) {
        const struct look_entry *entry = &looked->entries[i];
        if (entry->arm < 0 || entry->arm >= arms->count)
            continue;
        if (entry->look != look) {
            list = json_array();
            look = entry->look;
            json_array_append_new(history, json_pack("{s:i, s:o}", "look", look, "arms", list));
        }
        json_array_append_new(list, entry_json(arms, entry));
    }
    return history;
}

/* --- in words -------------------------------------------------------------------------------- */

static int stopped_runs(const struct arms *arms)
{
    int count = 0;
    for (int arm = 0; arm < arms->count; arm++)
        count += arms->list[arm].report.pruned;
    return count;
}

/* "linear at look 2 (8 of 20 seeds)"; answers how many there are. */
static int write_decided(FILE *out, const struct looked *looked, const struct arms *arms)
{
    int count = 0;
    for (int arm = 0; arm < arms->count; arm++) {
        const int look = looked->decisions[arm].look;
        if (look > 0)
            fprintf(out, "%s%s at look %d (%d of %d seeds)",
                    count++ ? ", " : "; decided: ", arms->list[arm].name, look,
                    seeds_at(looked, look), looked->seed_count);
    }
    return count;
}

static char *sentence_of(const struct looked *looked, const struct arms *arms, double nominal)
{
    char *text = NULL;
    size_t bytes = 0;
    const int saved = stopped_runs(arms);
    FILE *out = xmemstream(&text, &bytes);

    fprintf(out,
            "looked at %d of %d times, each at the level %.3g (Pocock), which p values and "
            "intervals are adjusted for",
            looked->done, looked->planned, nominal);
    if (looked->done == 0)
        fprintf(out, "; the first look comes with %d seeds", seeds_at(looked, 1));
    else if (write_decided(out, looked, arms) == 0)
        fputs("; nothing is decided", out);
    if (saved > 0)
        fprintf(out, "; %d run%s not needed", saved, saved == 1 ? " was" : "s were");
    fclose(out);
    return text;
}

static json_t *owned_text(char *text)
{
    json_t *json = json_text(text);
    free(text);
    return json;
}

json_t *looked_json(const struct matrix *matrix, const struct arms *arms,
                    const struct comparison_verdict *verdict)
{
    const struct looked *looked = matrix->looked;
    if (!looked)
        return json_null();
    return json_pack("{s:i, s:i, s:f, s:f, s:o, s:o, s:o, s:o}", "looks", looked->planned, "done",
                     looked->done, "level", verdict->interval_level, "boundary", verdict->boundary,
                     "seeds", seeds_json(looked), "arms", arms_json(matrix, arms), "history",
                     history_json(looked, arms), "sentence",
                     owned_text(sentence_of(looked, arms, verdict->interval_level)));
}

/* --- what to mind ---------------------------------------------------------------------------- */

static void warn(json_t *warnings, char *text)
{
    json_array_append_new(warnings, owned_text(text));
}

/* Looks that come with so few seeds that no p can be small enough. */
static void warn_of_early_looks(const struct looked *looked,
                                const struct comparison_verdict *verdict, json_t *warnings)
{
    if (verdict->family_size[FAMILY_BASELINE] == 0)
        return;
    const int least = verdict->pairs[0].judged[FAMILY_BASELINE].seeds_for_level;
    int early = 0;
    while (early < looked->planned && seeds_at(looked, early + 1) < least)
        early++;
    if (early > 0)
        warn(warnings,
             xprintf("the looks with fewer than %d seeds (%d of %d) are too early to call an arm "
                     "better or worse",
                     least, early, looked->planned));
}

static bool stopped_early(const struct looked *looked, int arm_count)
{
    for (int arm = 0; arm < arm_count; arm++) {
        const struct arm_decision *decision = &looked->decisions[arm];
        if (decision->look > 0 && decision->look < looked->planned &&
            decision->verdict != VERDICT_EQUIVALENT)
            return true;
    }
    return false;
}

void looked_warnings(const struct matrix *matrix, const struct arms *arms,
                     const struct comparison_verdict *verdict, json_t *warnings)
{
    const struct looked *looked = matrix->looked;
    if (!looked)
        return;
    warn_of_early_looks(looked, verdict, warnings);
    if (stopped_early(looked, arms->count))
        warn(warnings, xprintf("stopped early: the gain of an arm that is decided before the last "
                               "look tends to be overstated"));
    if (is_over(arms->input) && looked->done < looked->planned && !is_settled(matrix, looked))
        warn(warnings, xprintf("ended before look %d of %d: seeds that came in after the last look "
                               "are not judged",
                               looked->done + 1, looked->planned));
}
