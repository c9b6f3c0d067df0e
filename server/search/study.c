#include "search/study.h"

#include "memory.h"
#include "search/seen.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ASKS = 8, STEPS_MAX = 4096, STREAM_NEAR = SEARCH_STREAMS - 2 };

/* Behind the memo of a proposal that was made in a hurry. */
static const double hurry_mark = 0x68757272;

/* A trial's numbers are one block: values, objectives, constraints, memo. */
struct trials {
    struct trial *list; /* [count] */
    double **numbers;   /* [count] */
    bool *hurried;      /* [count] its proposal was made in a hurry */
    int count, room;
};

struct study {
    struct space space;
    const struct search_algorithm *algorithm;
    struct chosen chosen;
    uint64_t seed, size; /* of the space */
    void *state;         /* of the algorithm */
    bool is_open;
    struct history history;
    struct trials trials, earlier;
    int *heard; /* [trials.room] in the order in which they were told, those that are gone, too */
    int heard_count;
    int *told; /* [trials.room] the history's: without those that are gone */
    struct seen seen;
    double *enqueued; /* [enqueued_count][space.count], those before enqueued_next are through */
    int enqueued_next, enqueued_count;
    struct proposal proposal; /* room for the next one */
};

/* --- trials -------------------------------------------------------------------------------------
 */

static void trials_release(struct trials *trials)
{
    for (int i = 0; i < trials->count; i++)
        free(trials->numbers[i]);
    free(trials->numbers);
    free(trials->hurried);
    free(trials->list);
}

static void set_unknown(const struct history *history, struct trial *trial, double *numbers)
{
    const int results = history->objectives + history->constraints;
    trial->state = TRIAL_PENDING;
    trial->error = 0;
    trial->step = 0;
    for (int i = 0; i < results; i++)
        numbers[history->space->count + i] = (double)NAN;
}

/* A number that is none says as much as a failure; a pruned one has a value, too. */
static enum trial_state state_of(const struct history *history, const struct told *told)
{
    for (int i = 0; told->state != TRIAL_FAILED && i < history->objectives; i++) {
        if (!isfinite(told->objective[i]))
            return TRIAL_FAILED;
    }
    return told->state;
}

static void set_told(const struct history *history, struct trial *trial, double *numbers,
                     const struct told *told)
{
    double *objective = numbers + history->space->count;
    double *constraint = objective + history->objectives;
    trial->state = state_of(history, told);
    trial->error = isfinite(told->error) ? told->error : 0;
    trial->step = told->step;
    for (int i = 0; i < history->objectives; i++)
        objective[i] = trial->state == TRIAL_FAILED ? (double)NAN : told->objective[i];
    for (int i = 0; i < history->constraints; i++)
        constraint[i] =
            told->constraint && isfinite(told->constraint[i]) ? told->constraint[i] : (double)NAN;
}

/* True where the room has grown. The mark stands behind the memo. */
static bool trials_add(struct trials *trials, const struct history *history, const double *values,
                       const double *memo, int memo_count, bool hurried)
{
    const int count = history->space->count, results = history->objectives + history->constraints;
    const bool grows = trials->count == trials->room;
    if (grows) {
        trials->room = trials->room ? 2 * trials->room : 64;
        trials->list = xrealloc(trials->list, (size_t)trials->room, sizeof *trials->list);
        trials->numbers = xrealloc(trials->numbers, (size_t)trials->room, sizeof *trials->numbers);
        trials->hurried = xrealloc(trials->hurried, (size_t)trials->room, sizeof *trials->hurried);
    }
    double *numbers =
        xcalloc((size_t)count + (size_t)results + (size_t)memo_count + 1, sizeof *numbers);
    struct trial *trial = &trials->list[trials->count];
    *trial = (struct trial){
        .values = numbers,
        .objective = numbers + count,
        .constraint = numbers + count + history->objectives,
        .memo = numbers + count + results,
        .memo_count = memo_count,
    };
    memcpy(numbers, values, (size_t)count * sizeof *numbers);
    if (memo_count > 0)
        memcpy(numbers + count + results, memo, (size_t)memo_count * sizeof *numbers);
    numbers[count + results + memo_count] = hurry_mark;
    set_unknown(history, trial, numbers);
    trials->hurried[trials->count] = hurried;
    trials->numbers[trials->count++] = numbers;
    return grows;
}

static void add_trial(struct study *study, const double *values, const double *memo, int memo_count,
                      bool hurried)
{
    if (trials_add(&study->trials, &study->history, values, memo, memo_count, hurried)) {
        study->told = xrealloc(study->told, (size_t)study->trials.room, sizeof *study->told);
        study->heard = xrealloc(study->heard, (size_t)study->trials.room, sizeof *study->heard);
    }
    study->history.trials = study->trials.list;
    study->history.count = study->trials.count;
    study->history.told = study->told;
    seen_add(&study->seen, values);
}

/* --- beginning and end --------------------------------------------------------------------------
 */

struct study *study_new(struct study_options *options)
{
    struct study *study = xcalloc(1, sizeof *study);
    study->space = options->space;
    options->space = (struct space){0};
    study->algorithm = options->algorithm;
    study->seed = options->seed;
    study->size = space_size(&study->space);
    chosen_read(options->algorithm->settings, options->chosen, &study->chosen);
    study->history = (struct history){
        .space = &study->space,
        .objectives = options->objectives,
        .constraints = options->constraints,
        .budget = options->budget,
        .parallel = options->parallel,
    };
    seen_init(&study->seen, &study->space);
    study->proposal.values = xcalloc((size_t)study->space.count, sizeof(double));
    study->proposal.memo = xcalloc(MEMO_MAX, sizeof(double));
    return study;
}

static void *open_state(const struct study *study, const struct history *history)
{
    return study->algorithm->open ? study->algorithm->open(history, &study->chosen, study->seed)
                                  : NULL;
}

static void close_state(const struct study *study, void *state)
{
    if (study->algorithm->close && state)
        study->algorithm->close(state);
}

/* What was known has changed: the algorithm reads it anew. */
static void begin_anew(struct study *study)
{
    close_state(study, study->state);
    study->state = NULL;
    study->is_open = false;
}

static void *ready_state(struct study *study)
{
    if (!study->is_open)
        study->state = open_state(study, &study->history);
    study->is_open = true;
    return study->state;
}

void study_free(struct study *study)
{
    if (!study)
        return;
    begin_anew(study);
    trials_release(&study->trials);
    trials_release(&study->earlier);
    seen_release(&study->seen);
    chosen_release(&study->chosen);
    space_release(&study->space);
    free(study->proposal.values);
    free(study->proposal.memo);
    free(study->enqueued);
    free(study->heard);
    free(study->told);
    free(study);
}

const struct space *study_space(const struct study *study)
{
    return &study->space;
}

const struct history *study_history(const struct study *study)
{
    return &study->history;
}

/* --- the next point -----------------------------------------------------------------------------
 */

/* Who asks: the study as it is, or as it was (study_check). */
struct asker {
    const struct study *study;
    const struct history *history;
    const struct seen *seen;
    void *state;
};

/* `far` is at most half of the size: there is room on one side. */
static uint64_t go_to_a_side(uint64_t place, uint64_t far, uint64_t size, bool up)
{
    if (up ? place + far < size : place < far)
        return place + far;
    return place - far;
}

/* One parameter changes: an unordered choice to any other value, the rest by a place or a few. */
static void step_aside(const struct space *space, struct rng *rng, double *values)
{
    const int i = (int)rng_below(rng, (uint32_t)space->count);
    const struct parameter *parameter = &space->parameters[i];
    const uint64_t size = parameter_size(parameter);
    if (isnan(values[i]) || size < 2)
        return;
    const uint64_t place = parameter_place(parameter, values[i]);
    uint64_t far = 1, next;
    if (parameter->type == PARAMETER_CHOICE && !parameter->ordered) {
        next = (place + 1 + rng_below(rng, (uint32_t)size - 1)) % size;
    } else {
        while (far < size / 4 && rng_below(rng, 2) == 0)
            far *= 2;
        next = go_to_a_side(place, far, size, rng_below(rng, 2) == 0);
    }
    values[i] = parameter_value(parameter, next);
    space_settle(space, values);
}

/* Of as many points and one more there is one that has not been proposed. */
static bool count_to_unseen(const struct asker *asker, double *values)
{
    const struct study *study = asker->study;
    for (uint64_t i = 0; i < study->size && i <= asker->seen->count; i++) {
        space_point(&study->space, i, values);
        if (!seen_has(asker->seen, values))
            return true;
    }
    return false;
}

/* A walk that begins at the answer again and again, farther each time. */
static void find_unseen_near(const struct asker *asker, struct proposal *proposal)
{
    const struct space *space = &asker->study->space;
    const size_t bytes = (size_t)space->count * sizeof(double);
    const uint64_t step = (uint64_t)asker->history->count * SEARCH_STREAMS + STREAM_NEAR;
    struct rng rng = rng_stream(asker->study->seed, RANDOM_SEARCH, step);
    double from[PARAMETERS_MAX];

    memcpy(from, proposal->values, bytes);
    proposal->how = "unseen";
    proposal->memo_count = 0; /* it belongs to another point */
    for (int taken = 0, length = 4; taken < STEPS_MAX; length++) {
        memcpy(proposal->values, from, bytes);
        for (int i = 0; i < length; i++, taken++) {
            step_aside(space, &rng, proposal->values);
            if (!seen_has(asker->seen, proposal->values))
                return;
        }
    }
    if (!count_to_unseen(asker, proposal->values))
        memcpy(proposal->values, from, bytes); /* too many points to count, and none found */
}

static void clear(const struct space *space, struct proposal *proposal)
{
    for (int i = 0; i < space->count; i++)
        proposal->values[i] = (double)NAN;
    *proposal = (struct proposal){
        .values = proposal->values,
        .memo = proposal->memo,
        .how = "",
        .parent = -1,
    };
}

/* Where runs hand on their weights, the same values are another try. */
static bool repeats(const struct search_algorithm *algorithm)
{
    return (algorithm->can & CAN_CHANGE_WEIGHTS) != 0;
}

/* In a continuous space a point that was there before is taken in the end. False: the algorithm has
 * no more. */
static bool ask(const struct asker *asker, struct proposal *proposal)
{
    const struct study *study = asker->study;
    const struct search_algorithm *algorithm = study->algorithm;
    const int asks = repeats(algorithm) ? 1 : ASKS;

    for (int again = 0; again < asks; again++) {
        clear(&study->space, proposal);
        algorithm->propose(asker->state, asker->history, &study->chosen, study->seed, again,
                           proposal);
        if (proposal->exhausted)
            return false;
        if (!seen_has(asker->seen, proposal->values))
            return true;
    }
    if (asks > 1 && !space_is_continuous(&study->space))
        find_unseen_near(asker, proposal);
    return true;
}

static bool take_enqueued(struct study *study, struct proposal *proposal)
{
    const size_t count = (size_t)study->space.count;
    if (study->enqueued_next == study->enqueued_count)
        return false;
    clear(&study->space, proposal);
    memcpy(proposal->values, study->enqueued + (size_t)study->enqueued_next++ * count,
           count * sizeof *proposal->values);
    proposal->how = "enqueued";
    return true;
}

static bool take_new(struct study *study, struct proposal *proposal)
{
    if (study->seen.count >= study->size && !repeats(study->algorithm))
        return false;
    const struct asker asker = {study, &study->history, &study->seen, ready_state(study)};
    return ask(&asker, proposal);
}

int study_propose(struct study *study, struct study_proposal *out)
{
    struct proposal *proposal = &study->proposal;
    if (!take_enqueued(study, proposal) && !take_new(study, proposal))
        return -1;
    const int number = study->history.count;
    const bool hurried = study->history.hurry && proposal->memo_count < MEMO_MAX;
    add_trial(study, proposal->values, proposal->memo, proposal->memo_count, hurried);
    *out = (struct study_proposal){
        .number = number,
        .seen = study->history.told_count,
        .values = study->trials.list[number].values,
        .memo = study->trials.list[number].memo,
        .memo_count = proposal->memo_count + hurried,
        .how = proposal->how,
        .parent = proposal->parent,
    };
    return 0;
}

bool study_was_hurried(const double *memo, int memo_count)
{
    return memo_count > 0 && memo[memo_count - 1] == hurry_mark;
}

void study_set_hurry(struct study *study, bool hurry)
{
    study->history.hurry = hurry;
}

void study_enqueue(struct study *study, const double *values)
{
    const size_t count = (size_t)study->space.count;
    study->enqueued =
        xrealloc(study->enqueued, ((size_t)study->enqueued_count + 1) * count, sizeof *values);
    memcpy(study->enqueued + (size_t)study->enqueued_count++ * count, values,
           count * sizeof *values);
}

int study_enqueued(const struct study *study)
{
    return study->enqueued_count - study->enqueued_next;
}

void study_pass_enqueued(struct study *study)
{
    if (study->enqueued_next < study->enqueued_count)
        study->enqueued_next++;
}

/* --- what is known ------------------------------------------------------------------------------
 */

void study_restore(struct study *study, const double *values, const double *memo, int memo_count)
{
    assert(memo_count >= 0 && memo_count <= MEMO_MAX);
    const bool hurried = study_was_hurried(memo, memo_count);
    add_trial(study, values, memo, memo_count - hurried, hurried);
}

/* One that comes back stands where it stood: a study that is filled in again finds it there, too.
 */
static void find_told(struct study *study)
{
    int count = 0;
    for (int i = 0; i < study->heard_count; i++) {
        if (study->trials.list[study->heard[i]].state != TRIAL_GONE)
            study->told[count++] = study->heard[i];
    }
    study->history.told_count = count;
}

void study_tell(struct study *study, int number, const struct told *told)
{
    assert(number >= 0 && number < study->trials.count);
    assert(told->state != TRIAL_PENDING && told->state != TRIAL_GONE);
    struct trial *trial = &study->trials.list[number];
    const enum trial_state before = trial->state;

    set_told(&study->history, trial, study->trials.numbers[number], told);
    if (before == TRIAL_PENDING) {
        study->heard[study->heard_count++] = number;
        study->told[study->history.told_count++] = number;
        return;
    }
    if (before == TRIAL_GONE)
        find_told(study);
    begin_anew(study);
}

void study_add_earlier(struct study *study, const double *values, const struct told *told)
{
    struct trials *earlier = &study->earlier;
    trials_add(earlier, &study->history, values, NULL, 0, false);
    set_told(&study->history, &earlier->list[earlier->count - 1],
             earlier->numbers[earlier->count - 1], told);
    study->history.earlier = earlier->list;
    study->history.earlier_count = earlier->count;
    begin_anew(study);
}

void study_forget(struct study *study, int number)
{
    assert(number >= 0 && number < study->trials.count);
    struct trial *trial = &study->trials.list[number];
    if (trial->state == TRIAL_PENDING)
        study->heard[study->heard_count++] = number;
    set_unknown(&study->history, trial, study->trials.numbers[number]);
    trial->state = TRIAL_GONE;
    find_told(study);
    begin_anew(study);
}

int study_add_choice(struct study *study, int parameter, const json_t *value, struct error *err)
{
    if (space_add_choice(&study->space, parameter, value, err) < 0)
        return -1;
    study->size = space_size(&study->space);
    begin_anew(study);
    return 0;
}

void study_set_budget(struct study *study, int64_t budget, int parallel)
{
    if (study->history.budget == budget && study->history.parallel == parallel)
        return;
    study->history.budget = budget;
    study->history.parallel = parallel;
    begin_anew(study);
}

/* --- once more ----------------------------------------------------------------------------------
 */

/* The history as proposal `number` found it. False: so many tells were not known then. */
static bool as_it_was(const struct study *study, int number, int seen, const double *unknown,
                      struct trial *trials, struct history *history)
{
    if (seen > study->history.told_count)
        return false;
    *history = study->history;
    history->trials = trials;
    history->count = number;
    history->told_count = seen;
    history->hurry = study->trials.hurried[number];
    for (int i = 0; i < number; i++) {
        trials[i] = study->trials.list[i];
        if (trials[i].state == TRIAL_GONE)
            continue;
        trials[i].state = TRIAL_PENDING;
        trials[i].objective = trials[i].constraint = unknown;
        trials[i].error = 0;
        trials[i].step = 0;
    }
    for (int i = 0; i < seen; i++) {
        if (study->told[i] >= number)
            return false;
        trials[study->told[i]] = study->trials.list[study->told[i]];
    }
    return true;
}

static bool same_bits(const double *a, const double *b, int count)
{
    for (int i = 0; i < count; i++) {
        const bool same = a[i] == b[i] && signbit(a[i]) == signbit(b[i]);
        if (!same && !(isnan(a[i]) && isnan(b[i])))
            return false;
    }
    return true;
}

static bool comes_out(const struct study *study, const struct history *history)
{
    const struct trial *trial = &study->trials.list[history->count];
    AUTO_FREE double *values = xcalloc((size_t)study->space.count, sizeof *values);
    AUTO_FREE double *memo = xcalloc(MEMO_MAX, sizeof *memo);
    struct proposal proposal = {.values = values, .memo = memo};
    struct seen seen;

    seen_init(&seen, &study->space);
    for (int i = 0; i < history->count; i++)
        seen_add(&seen, history->trials[i].values);
    const struct asker asker = {study, history, &seen, open_state(study, history)};
    const bool same =
        ask(&asker, &proposal) && same_bits(values, trial->values, study->space.count) &&
        proposal.memo_count == trial->memo_count && same_bits(memo, trial->memo, trial->memo_count);
    close_state(study, asker.state);
    seen_release(&seen);
    return same;
}

int study_check(const struct study *study, int number, int seen)
{
    double unknown[OBJECTIVES_MAX + CONSTRAINTS_MAX];
    struct history history;

    assert(number >= 0 && number < study->trials.count && seen >= 0);
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        unknown[i] = (double)NAN;
    AUTO_FREE struct trial *trials = xcalloc((size_t)number + 1, sizeof *trials);
    return as_it_was(study, number, seen, unknown, trials, &history) && comes_out(study, &history);
}

char *study_explain(struct study *study)
{
    if (!study->algorithm->explain)
        return NULL;
    return study->algorithm->explain(ready_state(study), &study->history);
}
