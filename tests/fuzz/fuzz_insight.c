/* side: server */
/*
 * Bytes as the results of a search, of any size and state: its report and its table are made, with
 * every wish, and hold no number that is none.
 */
#include "insight/insight.h"
#include "take.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { TRIALS_MOST = 60, RESULTS = OBJECTIVES_MAX + CONSTRAINTS_MAX + 1 };

struct found {
    struct search_plan plan;
    struct history history;
    struct trial trials[TRIALS_MOST];
    struct finding list[TRIALS_MOST];
    double values[TRIALS_MOST][PARAMETERS_MAX], results[TRIALS_MOST][RESULTS];
    double minimised[TRIALS_MOST][RESULTS];
    int told[TRIALS_MOST];
};

static void begin(struct found *found, struct bytes *bytes)
{
    struct search_plan *plan = &found->plan;
    *plan = (struct search_plan){.space = take_space(bytes),
                                 .external = true,
                                 .objective_count = 1 + take(bytes, 3),
                                 .constraint_count = take(bytes, 3),
                                 .budget.runs = 1 + take(bytes, 100),
                                 .parallel = 1,
                                 .seeds = 1 + take(bytes, 4),
                                 .algorithm = json_pack("{s:s}", "type", "random"),
                                 .pruner = json_pack("{s:s}", "type", "none"),
                                 .stop = json_pack("{s:s}", "type", "none")};
    for (int i = 0; i < plan->objective_count; i++) {
        plan->objectives[i].name[0] = (char)('a' + i);
        plan->objectives[i].maximize = take(bytes, 2) == 0;
    }
    for (int i = 0; i < plan->constraint_count; i++)
        plan->constraints[i].metric.name[0] = (char)('p' + i);
    found->history = (struct history){.space = &plan->space,
                                      .objectives = plan->objective_count,
                                      .constraints = plan->constraint_count,
                                      .trials = found->trials,
                                      .told = found->told};
}

/* As a study keeps it: a number that is none is a failure, or not known. */
static void set_results(struct found *found, int number, struct bytes *bytes)
{
    const struct search_plan *plan = &found->plan;
    const int objectives = plan->objective_count, results = objectives + plan->constraint_count;
    struct trial *trial = &found->trials[number];
    double *own = found->results[number], *minimised = found->minimised[number];
    for (int i = 0; i < results; i++) {
        const double value = take_number(bytes);
        own[i] = isfinite(value) ? value : (double)NAN;
        minimised[i] = i < objectives && plan->objectives[i].maximize ? -own[i] : own[i];
        if (i < objectives && isnan(own[i]))
            trial->state = TRIAL_FAILED;
    }
    own[results] = trial->error = 0;
    for (int i = 0; trial->state == TRIAL_FAILED && i < objectives; i++)
        minimised[i] = (double)NAN;
}

static void add(struct found *found, struct bytes *bytes)
{
    static const enum trial_state states[] = {TRIAL_DONE,   TRIAL_DONE,    TRIAL_DONE,
                                              TRIAL_DONE,   TRIAL_DONE,    TRIAL_PRUNED,
                                              TRIAL_FAILED, TRIAL_PENDING, TRIAL_GONE};
    const int number = found->history.count++;
    struct trial *trial = &found->trials[number];
    struct rng rng = rng_stream((uint64_t)take(bytes, 256), RANDOM_TEST, (uint64_t)number);
    space_draw(&found->plan.space, &rng, found->values[number]);
    *trial = (struct trial){
        .state = states[take(bytes, (int)COUNT_OF(states))],
        .values = found->values[number],
        .objective = found->minimised[number],
        .constraint = found->minimised[number] + found->plan.objective_count,
        .step = take(bytes, 100),
    };
    found->list[number] = (struct finding){.run = 101 + number,
                                           .place = -1,
                                           .how = "random",
                                           .results = found->results[number],
                                           .steps = take(bytes, 200)};
    set_results(found, number, bytes);
    if (trial->state == TRIAL_PENDING || trial->state == TRIAL_GONE)
        return;
    found->list[number].place = found->history.told_count;
    found->told[found->history.told_count++] = number;
}

static void look(struct found *found, struct bytes *bytes)
{
    struct findings findings = {.plan = &found->plan,
                                .history = &found->history,
                                .list = found->list,
                                .objective = take(bytes, found->plan.objective_count)};
    const int parameters = found->plan.space.count;
    json_auto_t *space = space_json(&found->plan.space);
    struct insight_input input = {
        .state = "running",
        .space = space,
        .is_known = true,
        .budget = found->plan.budget.runs,
        .findings = &findings,
        .wishes = {.top = 10,
                   .fanova = take(bytes, 2) == 0,
                   .contour = {take(bytes, parameters), take(bytes, parameters)}}};
    findings_init(&findings);
    if (input.wishes.contour[0] == input.wishes.contour[1])
        input.wishes.contour[0] = input.wishes.contour[1] = -1;
    json_t *report = insight_json(&input);
    char *written = report ? json_dumps(report, 0) : NULL;
    assert(written);
    free(written);
    json_decref(report);
    free(insight_csv(&findings));
    findings_release(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct found found;
    struct bytes left = {bytes, count};
    begin(&found, &left);
    do
        add(&found, &left);
    while (left.left > 0 && found.history.count < TRIALS_MOST);
    look(&found, &left);
    json_decref(found.plan.algorithm);
    json_decref(found.plan.pruner);
    json_decref(found.plan.stop);
    space_release(&found.plan.space);
    return 0;
}
