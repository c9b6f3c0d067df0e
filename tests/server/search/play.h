/*
 * A search without a study around it: proposals and tells in a plain history.
 */
#ifndef PLAY_H
#define PLAY_H

#include "support/check.h"

#include "memory.h"
#include "search/search.h"
#include <stdbool.h>
#include <stdlib.h>

struct play {
    const struct search_algorithm *algorithm;
    struct chosen chosen;
    void *state;
    uint64_t seed;
    struct space space;
    struct history history;
    struct trial *trials; /* [room] */
    int *told;
    int room;
    const char *how; /* of the last proposal */
};

/* The space and the settings as JSON texts. Defaults are laid in. */
static inline struct play play_begin(const char *algorithm, const char *space, const char *settings,
                                     int objectives, int constraints, int room, uint64_t seed)
{
    struct play play = {.algorithm = search_find(algorithm), .seed = seed, .room = room};
    struct problems problems = {0};
    json_auto_t *space_object = json_loads(space, 0, NULL);
    json_auto_t *given = json_loads(settings, 0, NULL), *whole = json_object();

    assert_non_null(play.algorithm);
    assert_non_null(space_object);
    assert_non_null(given);
    space_read(space_object, "/space", &play.space, &problems);
    assert_int_equal(problems.found, 0);
    for (const struct setting *s = play.algorithm->settings; s->name; s++) {
        json_t *value = json_object_get(given, s->name);
        if (value)
            json_object_set(whole, s->name, value);
        else if (s->nullable && !s->fallback_text)
            json_object_set_new(whole, s->name, json_null());
        else if (s->fallback_text)
            json_object_set_new(whole, s->name,
                                json_loads(s->fallback_text, JSON_DECODE_ANY, NULL));
        else if (s->type == SETTING_FLAG)
            json_object_set_new(whole, s->name, json_boolean(s->fallback != 0));
        else
            json_object_set_new(whole, s->name,
                                s->type == SETTING_INTEGER ? json_integer((json_int_t)s->fallback)
                                                           : json_real(s->fallback));
    }
    chosen_read(play.algorithm->settings, whole, &play.chosen);
    play.trials = xcalloc((size_t)room, sizeof *play.trials);
    play.told = xcalloc((size_t)room, sizeof *play.told);
    play.history = (struct history){.objectives = objectives,
                                    .constraints = constraints,
                                    .trials = play.trials,
                                    .told = play.told,
                                    .parallel = 1};
    return play;
}

static inline void play_close_state(struct play *play)
{
    if (play->state && play->algorithm->close)
        play->algorithm->close(play->state);
    play->state = NULL;
}

static inline void play_end(struct play *play)
{
    play_close_state(play);
    for (int i = 0; i < play->history.count; i++) {
        free((void *)(uintptr_t)play->trials[i].values);
        free((void *)(uintptr_t)play->trials[i].objective);
        free((void *)(uintptr_t)play->trials[i].constraint);
        free((void *)(uintptr_t)play->trials[i].memo);
    }
    free(play->trials);
    free(play->told);
    chosen_release(&play->chosen);
    space_release(&play->space);
}

/* Adds the next proposal to the history; its number. */
static inline int play_propose(struct play *play)
{
    struct history *history = &play->history;
    const int n = history->count;
    AUTO_FREE double *memo = xcalloc(MEMO_MAX, sizeof *memo);
    struct proposal proposal = {
        .values = xcalloc((size_t)play->space.count, sizeof(double)), .memo = memo, .parent = -1};

    assert_true(n < play->room);
    history->space = &play->space;
    if (!play->state && play->algorithm->open)
        play->state = play->algorithm->open(history, &play->chosen, play->seed);
    play->algorithm->propose(play->state, history, &play->chosen, play->seed, 0, &proposal);
    play->how = proposal.how;

    double *kept = xcalloc((size_t)proposal.memo_count + 1, sizeof *kept);
    memcpy(kept, memo, (size_t)proposal.memo_count * sizeof *memo);
    double *objective = xcalloc((size_t)history->objectives + 1, sizeof *objective);
    double *constraint = xcalloc((size_t)history->constraints + 1, sizeof *constraint);
    for (int i = 0; i < history->objectives; i++)
        objective[i] = (double)NAN;
    for (int i = 0; i < history->constraints; i++)
        constraint[i] = (double)NAN;
    play->trials[n] = (struct trial){.values = proposal.values,
                                     .objective = objective,
                                     .constraint = constraint,
                                     .memo = kept,
                                     .memo_count = proposal.memo_count};
    history->count++;
    return n;
}

/* objective [objectives], constraint [constraints]; NULL: it failed, there are none. */
static inline void play_tell(struct play *play, int number, const double *objective,
                             const double *constraint)
{
    struct trial *trial = &play->trials[number];
    const size_t objectives = (size_t)play->history.objectives;
    const size_t constraints = (size_t)play->history.constraints;

    trial->state = objective ? TRIAL_DONE : TRIAL_FAILED;
    if (objective)
        memcpy((void *)(uintptr_t)trial->objective, objective, objectives * sizeof *objective);
    if (constraint)
        memcpy((void *)(uintptr_t)trial->constraint, constraint, constraints * sizeof *constraint);
    play->told[play->history.told_count++] = number;
}

/* A point that people entered, before it is told. */
static inline int play_enter(struct play *play, const double *values)
{
    const int number = play_propose(play);
    memcpy((void *)(uintptr_t)play->trials[number].values, values,
           (size_t)play->space.count * sizeof *values);
    play->trials[number].memo_count = 0;
    return number;
}

#endif
