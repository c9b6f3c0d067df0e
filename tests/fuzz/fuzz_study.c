/* side: server */
/*
 * Bytes as what happens to a search: proposals, results of any size, rows of the store with any
 * memo, corrections, deletions, one more choice, another budget. Points stay within the space, and
 * a study filled in from the rows goes on with the same bits.
 */
#include "search/study.h"
#include "take.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { TRIALS_MOST = 30, MEMO_MOST = 64, PROPOSALS_MOST = 6 };

struct trying {
    struct bytes bytes;
    struct study *study;
    json_t *chosen;
    struct study_options options; /* but for the space */
    int proposals;
};

static json_t *plain_algorithm(struct bytes *bytes, const struct search_algorithm **out)
{
    int count = 0;
    while (search_algorithms[count])
        count++;
    *out = search_algorithms[take(bytes, count)];
    return take_settings(bytes, (*out)->name, (*out)->settings);
}

static struct study *study_like(const struct trying *trying, const struct space *space)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct study_options options = trying->options;
    json_auto_t *written = space_json(space);
    space_read(written, "", &options.space, &problems);
    assert(problems.found == 0);
    return study_new(&options);
}

static bool begin(struct trying *trying)
{
    struct bytes *bytes = &trying->bytes;
    struct space space = take_space(bytes);
    struct error err;
    trying->chosen = plain_algorithm(bytes, &trying->options.algorithm);
    trying->options.chosen = trying->chosen;
    trying->options.objectives = 1 + take(bytes, 8) / 4 * take(bytes, 3);
    trying->options.constraints = take(bytes, 8) / 5;
    trying->options.seed = (uint64_t)take(bytes, 256);
    trying->options.budget = take(bytes, 256);
    trying->options.parallel = 1 + take(bytes, 8);
    const bool fits = search_check(trying->options.algorithm, &space, trying->options.objectives,
                                   trying->options.constraints, &err) == 0;
    if (fits)
        trying->study = study_like(trying, &space);
    space_release(&space);
    return fits;
}

static void check_point(const struct space *space, const double *values)
{
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        assert(isnan(values[i]) != space_applies(space, i, values));
        assert(isnan(values[i]) || (values[i] >= parameter->low && values[i] <= parameter->high));
    }
}

static bool propose(struct trying *trying)
{
    struct study_proposal proposal;
    if (trying->proposals++ >= PROPOSALS_MOST || study_propose(trying->study, &proposal) < 0)
        return false;
    assert(proposal.number == study_history(trying->study)->count - 1);
    assert(proposal.memo_count >= 0 && proposal.memo_count <= MEMO_MAX && proposal.how);
    assert(proposal.parent < proposal.number);
    check_point(study_space(trying->study), proposal.values);
    return true;
}

static void restore(struct trying *trying)
{
    const struct history *history = study_history(trying->study);
    struct rng rng = rng_stream(1, RANDOM_TEST, (uint64_t)history->count);
    double values[PARAMETERS_MAX], memo[MEMO_MOST];
    const int count = take(&trying->bytes, 4) * take(&trying->bytes, MEMO_MOST / 4);
    if (history->count >= TRIALS_MOST)
        return;
    for (int i = 0; i < count; i++)
        memo[i] = take_number(&trying->bytes);
    space_draw(study_space(trying->study), &rng, values);
    study_restore(trying->study, values, memo, count);
}

struct numbers {
    struct told told;
    double objective[OBJECTIVES_MAX], constraint[CONSTRAINTS_MAX];
};

static void take_told(struct trying *trying, struct numbers *numbers)
{
    static const enum trial_state states[] = {TRIAL_DONE, TRIAL_DONE, TRIAL_DONE, TRIAL_PRUNED,
                                              TRIAL_FAILED};
    struct bytes *bytes = &trying->bytes;
    numbers->told = (struct told){.state = states[take(bytes, 5)],
                                  .objective = numbers->objective,
                                  .constraint = numbers->constraint,
                                  .step = take(bytes, 256)};
    for (int i = 0; i < trying->options.objectives; i++)
        numbers->objective[i] = take_number(bytes);
    for (int i = 0; i < trying->options.constraints; i++)
        numbers->constraint[i] = take_number(bytes);
    if (take(bytes, 4) == 0)
        numbers->told.error = fabs(take_number(bytes));
}

static void tell(struct trying *trying)
{
    const int count = study_history(trying->study)->count;
    struct numbers numbers;
    take_told(trying, &numbers);
    if (count > 0)
        study_tell(trying->study, take(&trying->bytes, count), &numbers.told);
}

static void tell_earlier(struct trying *trying)
{
    struct rng rng = rng_stream(2, RANDOM_TEST, 0);
    double values[PARAMETERS_MAX];
    struct numbers numbers;
    take_told(trying, &numbers);
    numbers.told.state = TRIAL_DONE;
    space_draw(study_space(trying->study), &rng, values);
    if (study_history(trying->study)->count == 0)
        study_add_earlier(trying->study, values, &numbers.told);
}

static void forget(struct trying *trying)
{
    const int count = study_history(trying->study)->count;
    const int number = take(&trying->bytes, count > 0 ? count : 1);
    if (count > 0 && study_history(trying->study)->trials[number].state != TRIAL_PENDING)
        study_forget(trying->study, number);
}

static void add_choice(struct trying *trying)
{
    const struct space *space = study_space(trying->study);
    json_auto_t *value = json_integer(take(&trying->bytes, 256));
    const int parameter = take(&trying->bytes, space->count);
    struct error err;
    if (space->parameters[parameter].type == PARAMETER_CHOICE)
        study_add_choice(trying->study, parameter, value, &err);
}

static void check_once_more(struct trying *trying)
{
    const struct history *history = study_history(trying->study);
    const int number = take(&trying->bytes, history->count > 0 ? history->count : 1);
    const int seen = take(&trying->bytes, TRIALS_MOST);
    if (history->count > 0 && trying->proposals++ < PROPOSALS_MOST)
        study_check(trying->study, number, seen);
}

static void explain(struct trying *trying)
{
    free(study_explain(trying->study));
}

static void act(struct trying *trying)
{
    switch (take(&trying->bytes, 16)) {
    case 0:
        restore(trying);
        break;
    case 1:
        forget(trying);
        break;
    case 2:
        add_choice(trying);
        break;
    case 3:
        study_set_budget(trying->study, take(&trying->bytes, 256), 1 + take(&trying->bytes, 8));
        break;
    case 4:
        explain(trying);
        break;
    case 5:
        check_once_more(trying);
        break;
    case 6:
        tell_earlier(trying);
        break;
    case 7:
    case 8:
    case 9:
    case 10:
        propose(trying);
        break;
    default:
        tell(trying);
    }
}

/* --- filled in again ----------------------------------------------------------------------------
 */

static struct told told_of(const struct trial *trial)
{
    return (struct told){trial->state, trial->objective, trial->constraint, trial->error,
                         trial->step};
}

static struct study *fill_in(const struct trying *trying)
{
    const struct history *history = study_history(trying->study);
    struct trying like = *trying;
    like.options.budget = history->budget;
    like.options.parallel = history->parallel;
    struct study *study = study_like(&like, history->space);
    for (int i = 0; i < history->earlier_count; i++) {
        const struct told told = told_of(&history->earlier[i]);
        study_add_earlier(study, history->earlier[i].values, &told);
    }
    for (int i = 0; i < history->count; i++) {
        const struct trial *trial = &history->trials[i];
        study_restore(study, trial->values, trial->memo, trial->memo_count);
    }
    for (int i = 0; i < history->told_count; i++) {
        const struct told told = told_of(&history->trials[history->told[i]]);
        study_tell(study, history->told[i], &told);
    }
    for (int i = 0; i < history->count; i++)
        if (history->trials[i].state == TRIAL_GONE) {
            const double none[OBJECTIVES_MAX + CONSTRAINTS_MAX] = {0};
            study_tell(study, i, &(struct told){TRIAL_FAILED, none, none, 0, 0});
            study_forget(study, i);
        }
    return study;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void check_goes_on(struct trying *trying)
{
    struct study *again = fill_in(trying);
    struct study_proposal first = {0}, second = {0};
    const int one = study_propose(trying->study, &first), other = study_propose(again, &second);
    assert(one == other && first.memo_count == second.memo_count);
    for (int i = 0; one == 0 && i < study_space(again)->count; i++)
        assert(same_bits(first.values[i], second.values[i]));
    for (int i = 0; one == 0 && i < first.memo_count; i++)
        assert(same_bits(first.memo[i], second.memo[i]));
    study_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct trying trying = {.bytes = {bytes, count}};
    if (begin(&trying)) {
        while (trying.bytes.left > 0 && trying.proposals < PROPOSALS_MOST &&
               study_history(trying.study)->count < TRIALS_MOST)
            act(&trying);
        check_goes_on(&trying);
    }
    study_free(trying.study);
    json_decref(trying.chosen);
    return 0;
}
