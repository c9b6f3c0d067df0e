#include "compare/verdict_json.h"

#include "compare/csv.h"
#include "compare/sentences.h"
#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

/* --- pairs --------------------------------------------------------------------------------- */

static json_t *interval_json(double low, double high)
{
    if (!isfinite(low) || !isfinite(high))
        return json_null();
    return json_pack("[f, f]", low, high);
}

static json_t *gain_json(const struct pair_verdict *pair)
{
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "n", pair->t.n, "mean",
                     json_number(pair->t.mean), "median", json_number(pair->median),
                     "standard_error", json_number(pair->t.standard_error), "interval",
                     interval_json(pair->t.low, pair->t.high), "bca_interval",
                     interval_json(pair->bca.low, pair->bca.high));
}

static json_t *signed_rank_json(const struct signed_rank *rank)
{
    return json_pack("{s:i, s:o, s:b, s:o, s:o}", "n", rank->used, "p", json_number(rank->p),
                     "exact", rank->exact, "smallest_p", json_number(rank->smallest_p),
                     "rank_biserial", json_number(rank->biserial));
}

static json_t *judged_json(const struct judgement *judged)
{
    return json_pack("{s:s, s:o, s:o, s:b, s:i, s:o}", "verdict", verdict_names[judged->verdict],
                     "p", json_number(judged->p), "equivalence_p",
                     json_number(judged->equivalence_p), "too_few_seeds", judged->too_few,
                     "seeds_for_level", judged->seeds_for_level, "seeds_needed",
                     judged->seeds_needed < 0 ? json_null() : json_integer(judged->seeds_needed));
}

static json_t *sentence_json(char *sentence)
{
    json_t *text = json_text(sentence);
    free(sentence);
    return text;
}

static json_t *pair_json(const struct matrix *matrix, const struct comparison_verdict *verdict,
                         int index)
{
    const struct pair_verdict *pair = &verdict->pairs[index];
    const bool baseline = index < verdict->family_size[FAMILY_BASELINE];

    json_t *json = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:i, s:{s:i, s:i, s:i}, s:o, s:{s:o, s:o}, s:o, s:o}", "first",
        matrix->names[pair->first], "second", matrix->names[pair->second], "seeds", pair->seeds,
        "wins", pair->wins, "losses", pair->losses, "ties", pair->ties, "failed", "first",
        pair->first_failed, "second", pair->second_failed, "both", pair->both_failed, "gain",
        gain_json(pair), "t", "t", json_number(pair->t.t), "p", json_number(pair->t.p),
        "signed_rank", signed_rank_json(&pair->rank), "probability_better",
        json_number(pair->probability));
    json_t *effect = json_pack("{s:o, s:o}", "cohen_d", json_number(pair->effect), "hedges_g",
                               json_number(pair->unbiased));
    json_object_set_new(json, "effect", effect);
    json_object_set_new(json, "negligible", json_boolean(pair->negligible));
    json_object_set_new(json, family_names[FAMILY_BASELINE],
                        baseline ? judged_json(&pair->judged[FAMILY_BASELINE]) : json_null());
    json_object_set_new(json, family_names[FAMILY_ALL], judged_json(&pair->judged[FAMILY_ALL]));
    json_object_set_new(json, "sentence",
                        sentence_json(pair_sentence(&matrix->comparison, verdict, pair,
                                                    baseline ? FAMILY_BASELINE : FAMILY_ALL)));
    return json;
}

/* --- what they were judged by -------------------------------------------------------------- */

/* What the seeds at hand could give at best, and how many it takes. */
static json_t *family_json(const struct comparison_verdict *verdict, enum family family)
{
    const int size = verdict->family_size[family];
    int seeds = 0;

    for (int i = 0; i < size; i++)
        seeds = verdict->pairs[i].seeds > seeds ? verdict->pairs[i].seeds : seeds;
    const double smallest = size * signed_rank_smallest_p(seeds);
    return json_pack("{s:i, s:i, s:o, s:o}", "pairs", size, "seeds", seeds, "seeds_for_level",
                     size ? json_integer(verdict->pairs[0].judged[family].seeds_for_level)
                          : json_null(),
                     "smallest_p", json_number(size && seeds ? fmin(1, smallest) : NO_VALUE));
}

static json_t *judging_json(const struct matrix *matrix, const struct comparison_verdict *verdict)
{
    const struct judging *judging = &matrix->judging;
    json_t *families = json_object();
    for (int family = 0; family < FAMILIES; family++)
        json_object_set_new(families, family_names[family],
                            family_json(verdict, (enum family)family));
    return json_pack("{s:f, s:f, s:o, s:o, s:o, s:o}", "level", judging->level, "interval",
                     1 - verdict->interval_level, "equivalent_within",
                     json_number(verdict->band > 0 ? verdict->band : NO_VALUE), "relative",
                     json_number(judging->relative ? judging->within : NO_VALUE), "target",
                     json_number(judging->has_target ? judging->target : NO_VALUE), "families",
                     families);
}

void verdict_add_json(const struct matrix *matrix, const struct comparison_verdict *verdict,
                      bool baseline_only, json_t *report)
{
    const int of_baseline = verdict->family_size[FAMILY_BASELINE];
    const int count = baseline_only ? of_baseline : verdict->pair_count;
    json_t *pairs = json_array(), *sentences = json_array();

    for (int i = 0; i < count; i++) {
        json_t *pair = pair_json(matrix, verdict, i);
        if (i < of_baseline)
            json_array_append(sentences, json_object_get(pair, "sentence"));
        json_array_append_new(pairs, pair);
    }
    json_object_set_new(report, "sentence",
                        sentence_json(comparison_sentence(&matrix->comparison, verdict)));
    json_object_set_new(report, "sentences", sentences);
    json_object_set_new(report, "judging", judging_json(matrix, verdict));
    json_object_set_new(report, "pairs", pairs);
}

/* --- a table ------------------------------------------------------------------------------- */

static void write_numbers(FILE *out, const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputc(',', out);
        csv_number(out, values[i]);
    }
}

static void write_judged(FILE *out, const struct judgement *judged)
{
    if (!judged) {
        fputs(",,,", out);
        return;
    }
    fprintf(out, ",%s,", verdict_names[judged->verdict]);
    csv_number(out, judged->p);
    fputc(',', out);
    if (judged->seeds_needed >= 0)
        fprintf(out, "%d", judged->seeds_needed);
}

static void write_pair(FILE *out, const struct matrix *matrix,
                       const struct comparison_verdict *verdict, int index)
{
    const struct pair_verdict *pair = &verdict->pairs[index];
    const double numbers[] = {
        pair->t.mean,        pair->t.standard_error, pair->t.low,  pair->t.high,   pair->bca.low,
        pair->bca.high,      pair->median,           pair->t.t,    pair->t.p,      pair->rank.p,
        pair->rank.biserial, pair->probability,      pair->effect, pair->unbiased,
    };
    csv_text(out, matrix->names[pair->first]);
    fputc(',', out);
    csv_text(out, matrix->names[pair->second]);
    fprintf(out, ",%d,%d,%d,%d", pair->seeds, pair->wins, pair->losses, pair->ties);
    write_numbers(out, numbers, COUNT_OF(numbers));
    write_judged(out, index < verdict->family_size[FAMILY_BASELINE] ? &pair->judged[FAMILY_BASELINE]
                                                                    : NULL);
    write_judged(out, &pair->judged[FAMILY_ALL]);
    fputc('\n', out);
}

char *verdict_csv(const struct matrix *matrix, const struct comparison_verdict *verdict)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);

    fputs("first,second,seeds,wins,losses,ties,gain,standard_error,interval_low,interval_high,"
          "bca_low,bca_high,median,t,t_p,signed_rank_p,rank_biserial,probability_better,cohen_d,"
          "hedges_g,baseline_verdict,baseline_p,baseline_seeds_needed,all_verdict,all_p,"
          "all_seeds_needed\n",
          out);
    for (int i = 0; i < verdict->pair_count; i++)
        write_pair(out, matrix, verdict, i);
    fclose(out);
    return text;
}
