#include "insight/insight.h"

#include "insight/contour.h"
#include "insight/fanova.h"
#include "insight/importance.h"
#include "insight/narrower.h"
#include "insight/remarks.h"
#include "insight/slices.h"
#include "insight/tables.h"
#include "jobs/search_goals.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static json_t *text_or_null(const char *text)
{
    return text ? json_text(text) : json_null();
}

/* --- counts --------------------------------------------------------------------------------------
 */

static json_t *counts_json(const struct insight_input *input)
{
    const struct findings *findings = input->findings;
    const struct history *history = findings->history;
    int states[TRIAL_GONE + 1] = {0}, late = 0;

    for (int i = 0; i < history->count; i++) {
        states[history->trials[i].state]++;
        late += findings->list[i].late;
    }
    return json_pack("{si si si si si si si si si si}", "budget", input->budget, "proposed",
                     history->count, "told", findings->ended, "done", states[TRIAL_DONE], "pruned",
                     states[TRIAL_PRUNED], "failed", states[TRIAL_FAILED], "deleted",
                     states[TRIAL_GONE], "pending", states[TRIAL_PENDING], "feasible",
                     findings->good, "late", late);
}

/* Of the runs that are done. */
static void count_kept(const struct findings *findings, int constraint, json_t *entry)
{
    int kept = 0, broken = 0, unknown = 0;
    for (int i = 0; i < findings->ended; i++) {
        const struct trial *trial = &findings->view.trials[findings->told[i]];
        const double excess = trial->constraint[constraint];
        if (trial->state != TRIAL_DONE)
            continue;
        kept += excess <= 0;
        broken += excess > 0;
        unknown += isnan(excess);
    }
    json_object_set_new(entry, "kept", json_integer(kept));
    json_object_set_new(entry, "broken", json_integer(broken));
    json_object_set_new(entry, "unknown", json_integer(unknown));
}

static json_t *constraints_json(const struct findings *findings)
{
    json_t *list = search_constraints_json(findings->plan);
    for (int i = 0; i < findings->plan->constraint_count; i++)
        count_kept(findings, i, json_array_get(list, (size_t)i));
    return list;
}

static json_t *pruning_json(const struct findings *findings)
{
    int runs = 0;
    int64_t done = 0, planned = 0, others = 0;
    for (int i = 0; i < findings->ended; i++) {
        const int number = findings->told[i];
        const struct trial *trial = &findings->view.trials[number];
        const int64_t step = trial->step > 0 ? trial->step : 0;
        if (trial->state != TRIAL_PRUNED) {
            others += step;
            continue;
        }
        runs++;
        done += step;
        planned += findings->list[number].steps > step ? findings->list[number].steps : step;
    }
    const int64_t all = planned + others;
    return json_pack("{si sI sI sI so}", "runs", runs, "steps", (json_int_t)done, "steps_planned",
                     (json_int_t)planned, "steps_saved", (json_int_t)(planned - done),
                     "share_saved",
                     all > 0 ? json_real((double)(planned - done) / (double)all) : json_null());
}

/* --- importance ----------------------------------------------------------------------------------
 */

struct shared {
    double share;
    int parameter;
};

static int by_share(const void *left, const void *right)
{
    const struct shared *a = left, *b = right;
    if (a->share != b->share)
        return a->share > b->share ? -1 : 1;
    return a->parameter - b->parameter;
}

static json_t *shares_json(const struct findings *findings, const double *shares)
{
    struct shared sorted[PARAMETERS_MAX] = {{0}};
    const int count = findings->plan->space.count;
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        sorted[i] = (struct shared){shares[i], i};
    qsort(sorted, (size_t)count, sizeof *sorted, by_share);
    for (int i = 0; i < count; i++)
        json_array_append_new(list,
                              json_pack("{ss so}", "name",
                                        findings_parameter(findings, sorted[i].parameter)->name,
                                        "share", json_number(sorted[i].share)));
    return list;
}

static json_t *pairs_json(const struct findings *findings, const struct fanova *fanova)
{
    json_t *list = json_array();
    for (int i = 0; i < fanova->pair_count; i++) {
        const struct fanova_pair *pair = &fanova->pairs[i];
        json_array_append_new(list, json_pack("{s[ss] so}", "names",
                                              findings_parameter(findings, pair->first)->name,
                                              findings_parameter(findings, pair->second)->name,
                                              "share", json_number(pair->share)));
    }
    return list;
}

static json_t *fanova_json(const struct findings *findings)
{
    AUTO_FREE struct fanova *fanova = xcalloc(1, sizeof *fanova);
    struct bins bins;
    const char *why;

    bins_init(&bins, findings);
    const int runs = bins.runs, outcome = fanova_of(&bins, fanova, &why);
    bins_release(&bins);
    AUTO_FREE char *words = evidence_words(&findings->evidence);
    return json_pack("{ss si so so so}", "method", "fanova", "runs", runs, "parameters",
                     outcome < 0 ? json_array() : shares_json(findings, fanova->share), "pairs",
                     outcome < 0 ? json_null() : pairs_json(findings, fanova), "note",
                     text_or_null(outcome < 0 ? why : words));
}

static json_t *importance_json(const struct insight_input *input)
{
    const struct findings *findings = input->findings;
    double shares[PARAMETERS_MAX];
    const char *why;

    if (input->wishes.fanova)
        return fanova_json(findings);
    const int outcome = importance_shares(findings, shares, &why);
    AUTO_FREE char *words = evidence_words(&findings->evidence);
    return json_pack("{ss si so sn so}", "method", "ped_anova", "runs", findings->evidence.count,
                     "parameters", outcome < 0 ? json_array() : shares_json(findings, shares),
                     "pairs", "note", text_or_null(outcome < 0 ? why : words));
}

/* --- what a model says ---------------------------------------------------------------------------
 */

static json_t *no_contour(const struct insight_input *input, const char *why)
{
    const int *pair = input->wishes.contour;
    return json_pack("{s[ss] s[] s[] s[] ss si ss}", "parameters",
                     findings_parameter(input->findings, pair[0])->name,
                     findings_parameter(input->findings, pair[1])->name, "x", "y", "values", "by",
                     "gp", "runs", input->findings->evidence.count, "note", why);
}

static json_t *improvement_of(const struct model *model)
{
    AUTO_FREE double *values = xcalloc((size_t)model->history.space->count, sizeof *values);
    const struct improvement found = model_improvement(model, values);
    return json_pack("{so so so}", "expected", json_number(found.expected), "chance",
                     json_number(found.chance), "note",
                     isnan(found.expected) ? json_text("not known: no run keeps all constraints; "
                                                       "the chance is that of the next one")
                                           : json_null());
}

static json_t *no_improvement(const char *why)
{
    return json_pack("{sn sn ss}", "expected", "chance", "note", why);
}

static void add_model(const struct insight_input *input, json_t *report)
{
    const bool wanted = input->wishes.contour[0] >= 0;
    AUTO_FREE struct model *model = xcalloc(1, sizeof *model);
    const char *why;
    const int outcome = model_init(model, input->findings, &why);

    json_object_set_new(
        report, "contour",
        !wanted       ? json_null()
        : outcome < 0 ? no_contour(input, why)
                      : contour_json(model, input->wishes.contour[0], input->wishes.contour[1]));
    if (outcome < 0)
        json_object_set_new(report, "improvement", no_improvement(why));
    else if (input->findings->history->objectives > 1)
        json_object_set_new(report, "improvement",
                            no_improvement("not known: there are several objectives"));
    else if (input->findings->evidence.by_generation)
        json_object_set_new(report, "improvement",
                            no_improvement("not known: members of a population train on from each "
                                           "other's weights"));
    else
        json_object_set_new(report, "improvement", improvement_of(model));
    if (outcome == 0)
        model_release(model);
}

/* --- a narrower space ----------------------------------------------------------------------------
 */

static json_t *narrower_json(const struct findings *findings)
{
    json_t *space = narrower_space(findings);
    if (!space)
        return json_null();
    const int best = importance_best_count(findings);
    AUTO_FREE char *words = evidence_words(&findings->evidence);
    AUTO_FREE char *note = xprintf("holds the best %d of %d runs%s%s", best,
                                   findings->evidence.count, words ? ", " : "", words ? words : "");
    return json_pack("{so si ss}", "space", space, "runs", best, "note", note);
}

/* --- together ------------------------------------------------------------------------------------
 */

static void add_head(const struct insight_input *input, const struct remarks_about *about,
                     json_t *report)
{
    const struct findings *findings = input->findings;
    const struct search_plan *plan = findings->plan;
    AUTO_FREE char *sentence = remarks_sentence(about);

    json_object_set_new(report, "job", json_integer(input->job));
    json_object_set_new(report, "kind", json_string("search"));
    json_object_set_new(report, "state", json_text(input->state));
    json_object_set_new(report, "sentence", json_text(sentence));
    json_object_set_new(report, "objectives", search_objectives_json(plan));
    json_object_set_new(report, "objective", json_integer(findings->objective));
    json_object_set_new(report, "constraints", constraints_json(findings));
    json_object_set_new(report, "space", json_deep_copy(input->space));
    json_object_set_new(report, "algorithm", json_incref(plan->algorithm));
    json_object_set_new(report, "explained", text_or_null(input->explained));
    json_object_set_new(report, "pruner", json_incref(plan->pruner));
    json_object_set_new(report, "stop", json_incref(plan->stop));
    json_object_set_new(report, "stopped", text_or_null(input->stopped));
    json_object_set_new(report, "seeds", json_integer(plan->seeds));
    json_object_set_new(report, "counts", counts_json(input));
}

json_t *insight_json(const struct insight_input *input)
{
    const struct findings *findings = input->findings;
    const bool several = findings->history->objectives > 1;
    AUTO_FREE struct front *front = xcalloc(1, sizeof *front);
    const struct remarks_about about = {
        .findings = findings,
        .front = several ? front : NULL,
        .budget = input->budget,
        .is_final = input->is_final,
        .is_known = input->is_known,
        .edits = input->edits,
    };
    json_t *report = json_object();

    if (several)
        front_init(front, findings);
    add_head(input, &about, report);
    json_object_set_new(report, "best", table_best(findings, about.front, input->wishes.top));
    json_object_set_new(report, "history", table_history(findings));
    json_object_set_new(report, "runs", table_runs(findings));
    json_object_set_new(report, "importance", importance_json(input));
    json_object_set_new(report, "slices", slices_json(findings));
    json_object_set_new(report, "front", several ? table_front(findings, front) : json_null());
    json_object_set_new(report, "pruning", pruning_json(findings));
    add_model(input, report);
    json_object_set_new(report, "narrower", narrower_json(findings));
    json_object_set_new(report, "warnings", remarks_warnings(&about));
    if (several)
        front_release(front);
    return report;
}
