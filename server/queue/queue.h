/*
 * Who runs next, who has to yield, and when the others will start. Pure: no clock, no store, no
 * worker; state in, answer out; the same calls give the same answers. Times are the caller's, in
 * ms from 0 or later; one that lies before an earlier one counts as that one.
 *
 * Between teams
 *   - Whoever has used least goes first: the lowest level = (slot-seconds used, halved every
 *     half-life, what runs now included as it runs, plus 60 for every running slot) / share. Equal
 *     levels: who waits longest. Use of an otherwise idle machine counts, but is forgotten with the
 *     half-life; and since a level is never below 0, a team that was away returns with a credit of
 *     one or two half-lives of the machine, however long it was away.
 *   - A team that runs nothing though its part of the machine (its slots, if all were given out now
 *     by shares to those who can use them) is enough for its first run comes before all others,
 *     whatever it has used. So, with parts of at least one slot, a flood of one team's runs delays
 *     another team's single run by one run's length at most.
 *   - `max_running` holds in slots; a team at its limit is passed over.
 *
 * Within a team
 *   - Jobs by priority (higher first), then those with interrupted runs, then by id; within a job
 *     interrupted runs, then by number. Nothing overtakes the first run of its team.
 *
 * A run that does not fit
 *   - The first time that the run whose turn it is does not fit into the slots that are free, its
 *     team gets the reservation: it stays next, and free slots wait for it. Before it come only
 *     teams that run nothing, as above, each once and only if they ran nothing then too; and runs
 *     of other teams that are expected to end before the reserved one can start, as far as known
 *     when it was found not to fit. That time is not moved, so that they can put it off by one
 *     run's length, not for ever.
 *   - A run that wants more slots than there are, or than its team may have, counts as wanting all
 *     of those.
 *
 * Nothing here allocates but adding, entering, more slots, and the forecast.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

enum { QUEUE_HALF_LIFE_MS = 3600000 };

struct queue *queue_new(int slots, int64_t half_life_ms, int64_t now_ms);
void queue_free(struct queue *queue);
void queue_set_slots(struct queue *queue, int64_t now_ms, int slots); /* 0 or more */

/* --- teams ------------------------------------------------------------------------------------ */

struct queue_team {
    int64_t id;
    double share;    /* above 0 */
    int max_running; /* slots; 0: no limit */
};

/* Adds it or changes it. What runs above a lowered limit runs on. */
void queue_set_team(struct queue *queue, int64_t now_ms, const struct queue_team *team);
void queue_remove_team(struct queue *queue, int64_t team); /* which has no jobs */
bool queue_has_team(const struct queue *queue, int64_t team);

struct queue_standing {
    int64_t team;
    double share;
    int max_running;
    int running;             /* slots */
    size_t waiting;          /* runs, those of paused jobs and those held back included */
    double used_slot_s;      /* decayed */
    double last_hour_slot_s; /* as it was; by all teams' sum: the share of the last hour */
    double part;             /* slots that are its due now */
};

/* Every team, in no special order: out [team_count]. Sharing out is one piece of work for all. */
size_t queue_team_count(const struct queue *queue);
void queue_standings(const struct queue *queue, int64_t now_ms, struct queue_standing *out);
size_t queue_waiting_of(const struct queue *queue, int64_t team); /* 0 where there is none */
/* What it had used (decayed), as a server before this one knew. */
void queue_set_usage(struct queue *queue, int64_t now_ms, int64_t team, double slot_seconds);

/* Slot-milliseconds used in each of the sixty minutes until now, the last one first; and for the
 * next server what they were `age_ms` ago. */
enum { QUEUE_HOUR_MINUTES = 60 };
void queue_last_hour(const struct queue *queue, int64_t now_ms, int64_t team,
                     int64_t minutes[QUEUE_HOUR_MINUTES]);
void queue_set_last_hour(struct queue *queue, int64_t now_ms, int64_t team,
                         const int64_t minutes[QUEUE_HOUR_MINUTES], int64_t age_ms);

/* --- jobs ------------------------------------------------------------------------------------- */

/* A job must be added before its runs, after its team, and have none left when removed. */
void queue_add_job(struct queue *queue, int64_t job, int64_t team, int priority, bool paused);
void queue_remove_job(struct queue *queue, int64_t job);
void queue_set_priority(struct queue *queue, int64_t now_ms, int64_t job, int priority);
void queue_set_paused(struct queue *queue, int64_t now_ms, int64_t job, bool paused);

/* How long a run of the job takes, where that is known before the first has ended. Afterwards the
 * mean of those that were completed counts. */
void queue_expect_job(struct queue *queue, int64_t job, int64_t run_ms);

/* --- runs ------------------------------------------------------------------------------------- */

struct queue_run {
    int64_t run, job;
    int number;            /* within its job */
    int slots;             /* 1 or more */
    bool interrupted;      /* it has run before, and continues */
    int64_t not_before_ms; /* held back until then; 0: not */
    int64_t ran_ms;        /* so long before; for expectations only */
};

void queue_enter(struct queue *queue, int64_t now_ms, const struct queue_run *run);
bool queue_leave(struct queue *queue, int64_t now_ms, int64_t run); /* false: it does not wait */
/* Takes out all runs of the job that wait; those that run go on. */
void queue_clear_job(struct queue *queue, int64_t now_ms, int64_t job);

/* The next run to start, which runs from now on as far as the queue goes; 0: none. Then *look_again
 * is when a run that is held back becomes due (0: none is), or may be NULL. O(log runs + teams). */
int64_t queue_next(struct queue *queue, int64_t now_ms, int64_t *look_again_ms);

/* A run has ended, for whatever reason; one that goes on later is entered again. Only those that
 * completed teach the queue how long runs take. False: it did not run. */
bool queue_end(struct queue *queue, int64_t now_ms, int64_t run, bool completed);
/* When a running run will end, as far as its progress tells. */
void queue_expect_end(struct queue *queue, int64_t run, int64_t end_ms);

/*
 * The run to be checkpointed and put back: it is asked for once, and counts as about to end. Call
 * until it answers 0.
 *
 * It frees slots for the run whose turn it is, where that has waited `after_ms` (since it could
 * have started, and since its team last started anything), does not fit into what is free or about
 * to be, and its team is below its part: the part is enough for the run beside what the team runs;
 * or the team runs nothing, and its level would still be the lower one after running it for
 * `after_ms`. It is taken from the team furthest above its part (running / share; then the higher
 * level), there from the job of lowest priority, there the youngest. No more are asked than are
 * needed, and none where all that may be taken would not be enough.
 *
 * Never back and forth: only teams above their part yield, and who claims stays within its part or,
 * where parts are smaller than runs, keeps what it got for about `after_ms` at least; and each
 * claim waits `after_ms` anew.
 */
int64_t queue_preempt(struct queue *queue, int64_t now_ms, int64_t after_ms,
                      int64_t *look_again_ms /* or NULL; 0: not before something changes */);

/* --- looking ---------------------------------------------------------------------------------- */

size_t queue_length(const struct queue *queue); /* runs that wait, paused and held back ones too */
int queue_used(const struct queue *queue);      /* slots */

struct queue_place {
    int64_t job, team;
    size_t waiting; /* runs, those held back included */
    int place;      /* of the job's next run in line, from 1; 0: paused */
    bool paused;
    int64_t start_ms; /* when that run starts, estimated; -1: not to be told */
};

/*
 * The first jobs in line, over all teams, in the order in which their next runs will start; then
 * those whose runs are all held back, then paused ones. Returns how many.
 *
 *     places [most]  out
 *
 * Plays the rules above forward. Runs take as long as the completed ones of their job did on
 * average, else those of all jobs, else `fallback_ms` (0: then starts that depend on it are -1).
 * After 4,096 starts, or fewer with more than 32 teams, the rest is estimated as if it flowed: from
 * the slots that each team has coming and the work before it. Runs that slip in are not foreseen.
 * Cost: O((starts + most) teams) with teams that have something to run, and never much more than
 * with 1,000 of them: behind that, starts are not told.
 */
size_t queue_forecast(const struct queue *queue, int64_t now_ms, int64_t fallback_ms,
                      struct queue_place *places, size_t most);

#endif
