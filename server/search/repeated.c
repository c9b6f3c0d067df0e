#include "search/repeated.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct repeated {
    struct study *study;
    int tries;
    struct try *list; /* [count] where there is more than one of each point */
    int count, room;
};

struct repeated *repeated_new(struct study *study, int tries)
{
    struct repeated *repeated = xcalloc(1, sizeof *repeated);
    assert(tries >= 1);
    *repeated = (struct repeated){.study = study, .tries = tries};
    return repeated;
}

void repeated_free(struct repeated *repeated)
{
    if (!repeated)
        return;
    study_free(repeated->study);
    free(repeated->list);
    free(repeated);
}

const struct history *repeated_history(const struct repeated *repeated)
{
    return study_history(repeated->study);
}

const double *repeated_values(const struct repeated *repeated, int number)
{
    return repeated_history(repeated)->trials[number / repeated->tries].values;
}

static void add_try(struct repeated *repeated)
{
    if (repeated->tries > 1 && repeated->count == repeated->room) {
        repeated->room = repeated->room ? 2 * repeated->room : 64;
        repeated->list = xrealloc(repeated->list, (size_t)repeated->room, sizeof *repeated->list);
    }
    if (repeated->tries > 1)
        repeated->list[repeated->count] = (struct try){.state = TRIAL_PENDING};
    repeated->count++;
}

/* --- proposals ----------------------------------------------------------------------------------
 */

static bool is_first(const struct repeated *repeated, int number)
{
    return number % repeated->tries == 0;
}

static struct study_proposal next_try(const struct repeated *repeated)
{
    return (struct study_proposal){
        .seen = repeated_history(repeated)->told_count,
        .values = repeated_values(repeated, repeated->count),
        .how = "repeat",
        .parent = -1,
    };
}

int repeated_propose(struct repeated *repeated, struct study_proposal *out)
{
    if (!is_first(repeated, repeated->count))
        *out = next_try(repeated);
    else if (study_propose(repeated->study, out) < 0)
        return -1;
    out->number = repeated->count;
    add_try(repeated);
    return 0;
}

void repeated_set_hurry(struct repeated *repeated, bool hurry)
{
    study_set_hurry(repeated->study, hurry);
}

void repeated_enqueue(struct repeated *repeated, const double *values)
{
    study_enqueue(repeated->study, values);
}

int repeated_enqueued(const struct repeated *repeated)
{
    const int begun = repeated->count % repeated->tries;
    return (begun ? repeated->tries - begun : 0) +
           repeated->tries * study_enqueued(repeated->study);
}

void repeated_pass_enqueued(struct repeated *repeated)
{
    study_pass_enqueued(repeated->study);
}

void repeated_set_budget(struct repeated *repeated, int64_t runs, int parallel)
{
    const int tries = repeated->tries;
    study_set_budget(repeated->study, (runs + tries - 1) / tries, (parallel + tries - 1) / tries);
}

int repeated_add_choice(struct repeated *repeated, int parameter, const json_t *value,
                        struct error *err)
{
    return study_add_choice(repeated->study, parameter, value, err);
}

void repeated_restore(struct repeated *repeated, const double *values, const double *memo,
                      int memo_count)
{
    const int number = repeated->count;
    const size_t bytes = (size_t)repeated_history(repeated)->space->count * sizeof *values;
    const bool first = is_first(repeated, number);
    if (first)
        study_restore(repeated->study, values, memo, memo_count);
    add_try(repeated);
    if (!first)
        repeated->list[number].strays =
            memcmp(values, repeated_values(repeated, number), bytes) != 0;
}

int repeated_check(const struct repeated *repeated, int number, int seen)
{
    if (is_first(repeated, number))
        return study_check(repeated->study, number / repeated->tries, seen);
    return !repeated->list[number].strays;
}

/* --- means --------------------------------------------------------------------------------------
 */

/* Over those of one state; NaN where there are none. */
static double mean_of(const struct try *tries, int count, enum trial_state state, size_t offset)
{
    double sum = 0;
    int of = 0;
    for (int i = 0; i < count; i++) {
        double value;
        if (tries[i].state != state)
            continue;
        memcpy(&value, (const char *)&tries[i] + offset, sizeof value);
        sum += value;
        of++;
    }
    return of > 0 ? sum / of : (double)NAN;
}

/* Of the mean; of a single one, what it came with. 0: not known. */
static double standard_error(const struct try *tries, int count, enum trial_state state,
                             double mean)
{
    double squares = 0, own = 0;
    int of = 0;
    for (int i = 0; i < count; i++) {
        if (tries[i].state != state)
            continue;
        squares += (tries[i].objective[0] - mean) * (tries[i].objective[0] - mean);
        own = tries[i].error;
        of++;
    }
    return of > 1 ? sqrt(squares / (of - 1) / of) : own;
}

static int count_of(const struct try *tries, int count, enum trial_state state)
{
    int of = 0;
    for (int i = 0; i < count; i++)
        of += tries[i].state == state;
    return of;
}

static int64_t last_step(const struct try *tries, int count)
{
    int64_t step = -1;
    for (int i = 0; i < count; i++)
        if (tries[i].state != TRIAL_GONE && tries[i].step > step)
            step = tries[i].step;
    return step;
}

bool tries_mean(const struct try *tries, int count, int objectives, int constraints,
                struct mean_of_tries *out)
{
    const bool failed = count_of(tries, count, TRIAL_FAILED) > 0;
    const bool pruned = count_of(tries, count, TRIAL_PRUNED) > 0;
    const int done = count_of(tries, count, TRIAL_DONE);
    const enum trial_state of = done > 0 ? TRIAL_DONE : TRIAL_PRUNED;

    assert(objectives >= 1);
    for (int i = 0; i < objectives; i++)
        out->objective[i] =
            mean_of(tries, count, of, offsetof(struct try, objective) + (size_t)i * sizeof(double));
    for (int i = 0; i < constraints; i++)
        out->constraint[i] = mean_of(tries, count, of,
                                     offsetof(struct try, constraint) + (size_t)i * sizeof(double));
    out->told = (struct told){
        .state = failed   ? TRIAL_FAILED
                 : pruned ? TRIAL_PRUNED
                          : TRIAL_DONE,
        .objective = out->objective,
        .constraint = out->constraint,
        .error = failed ? 0 : standard_error(tries, count, of, out->objective[0]),
        .step = last_step(tries, count),
    };
    return failed || pruned || done > 0;
}

/* --- tells --------------------------------------------------------------------------------------
 */

/* The study hears of a point whose tries have all ended; and again, where one is corrected. */
static void pass_on(struct repeated *repeated, int number)
{
    const struct history *history = repeated_history(repeated);
    const int point = number / repeated->tries, first = point * repeated->tries;
    const struct try *tries = repeated->list + first;
    struct mean_of_tries mean;

    if (repeated->count < first + repeated->tries ||
        count_of(tries, repeated->tries, TRIAL_PENDING) > 0)
        return;
    if (tries_mean(tries, repeated->tries, history->objectives, history->constraints, &mean))
        study_tell(repeated->study, point, &mean.told);
    else
        study_forget(repeated->study, point);
}

void repeated_tell(struct repeated *repeated, int number, const struct told *told)
{
    const struct history *history = repeated_history(repeated);
    if (repeated->tries == 1) {
        study_tell(repeated->study, number, told);
        return;
    }
    assert(number >= 0 && number < repeated->count);
    struct try *one = &repeated->list[number];
    one->state = told->state;
    one->error = told->error;
    one->step = told->step;
    memcpy(one->objective, told->objective, (size_t)history->objectives * sizeof(double));
    for (int i = 0; i < history->constraints; i++)
        one->constraint[i] = told->constraint ? told->constraint[i] : (double)NAN;
    pass_on(repeated, number);
}

void repeated_forget(struct repeated *repeated, int number)
{
    if (repeated->tries == 1) {
        study_forget(repeated->study, number);
        return;
    }
    assert(number >= 0 && number < repeated->count);
    repeated->list[number].state = TRIAL_GONE;
    pass_on(repeated, number);
}
