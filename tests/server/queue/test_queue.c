/* The rules of queue.h, one by one. */
#include "server/queue/standing.h"
#include "support/check.h"

#include "queue/queue.h"

#include <stdbool.h>

enum { H = QUEUE_HALF_LIFE_MS };

static struct queue *queue_of(int slots, int teams)
{
    struct queue *queue = queue_new(slots, H, 0);
    for (int team = 1; team <= teams; team++)
        queue_set_team(queue, 0, &(struct queue_team){.id = team, .share = 1.0});
    return queue;
}

static void enter(struct queue *queue, int64_t now, int64_t job, int64_t run, int slots)
{
    queue_enter(queue, now,
                &(struct queue_run){.run = run, .job = job, .number = (int)run, .slots = slots});
}

/* `count` runs of one slot, from `run` upwards. */
static void enter_many(struct queue *queue, int64_t now, int64_t job, int64_t run, int count)
{
    for (int i = 0; i < count; i++)
        enter(queue, now, job, run + i, 1);
}

static int64_t next(struct queue *queue, int64_t now)
{
    return queue_next(queue, now, NULL);
}

static int64_t preempt(struct queue *queue, int64_t now, int64_t after)
{
    return queue_preempt(queue, now, after, NULL);
}

static void start_all(struct queue *queue, int64_t now)
{
    while (next(queue, now))
        ;
}

static struct queue_standing standing_of(struct queue *queue, int64_t now, int64_t team)
{
    struct queue_standing standing;
    for (size_t i = 0; queue_standing(queue, now, i, &standing); i++)
        if (standing.team == team)
            return standing;
    fail_msg("there is no team %d", (int)team);
    return standing;
}

/* --- within a team --------------------------------------------------------------------------- */

static void an_empty_queue_has_nothing_next(void **state)
{
    struct queue *queue = queue_of(4, 1);
    (void)state;
    assert_int_equal(next(queue, 0), 0);
    assert_int_equal(preempt(queue, 0, 0), 0);
    assert_int_equal(queue_length(queue), 0);
    queue_free(queue);
    queue_free(NULL);
}

static void jobs_go_by_priority_then_first_come(void **state)
{
    struct queue *queue = queue_of(3, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 1, 5, false);
    queue_add_job(queue, 3, 1, 0, false);
    enter(queue, 0, 3, 30, 1);
    enter(queue, 0, 1, 10, 1);
    enter(queue, 0, 2, 20, 1);

    assert_int_equal(next(queue, 0), 20);
    assert_int_equal(next(queue, 0), 10);
    assert_int_equal(next(queue, 0), 30);
    assert_int_equal(next(queue, 0), 0);
    assert_int_equal(queue_used(queue), 3);
    queue_free(queue);
}

static void interrupted_runs_come_first_among_jobs_of_one_priority(void **state)
{
    struct queue *queue = queue_of(4, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 1, 0, false);
    queue_add_job(queue, 3, 1, 1, false);
    enter_many(queue, 0, 1, 10, 2);
    enter(queue, 0, 2, 20, 1);
    enter(queue, 0, 3, 30, 1);
    queue_enter(
        queue, 0,
        &(struct queue_run){.run = 25, .job = 2, .number = 25, .slots = 1, .interrupted = true});

    assert_int_equal(next(queue, 0), 30); /* a higher priority is stronger */
    assert_int_equal(next(queue, 0), 25);
    assert_int_equal(next(queue, 0), 10);
    assert_int_equal(next(queue, 0), 11);
    assert_true(queue_end(queue, 1, 10, true));
    assert_int_equal(next(queue, 1), 20);
    queue_free(queue);
}

static void a_run_that_comes_back_keeps_its_number(void **state)
{
    struct queue *queue = queue_of(2, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter_many(queue, 0, 1, 10, 4);
    start_all(queue, 0);

    assert_true(queue_end(queue, 5, 10, false));
    assert_false(queue_end(queue, 5, 10, false));
    enter(queue, 6, 1, 10, 1);
    assert_int_equal(next(queue, 6), 10);
    assert_int_equal(next(queue, 6), 0);
    assert_true(queue_end(queue, 7, 11, true));
    assert_int_equal(next(queue, 7), 12);
    queue_free(queue);
}

static void a_paused_job_stands_aside_until_it_goes_on(void **state)
{
    struct queue *queue = queue_of(2, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 1, 0, true);
    enter(queue, 0, 1, 10, 1);
    enter(queue, 0, 2, 20, 1);

    queue_set_paused(queue, 0, 1, true);
    assert_int_equal(next(queue, 0), 0);
    assert_int_equal(queue_length(queue), 2);
    queue_set_paused(queue, 0, 2, false);
    assert_int_equal(next(queue, 0), 20);
    queue_set_paused(queue, 0, 1, false);
    assert_int_equal(next(queue, 0), 10);
    queue_free(queue);
}

static void a_new_priority_counts_at_once(void **state)
{
    struct queue *queue = queue_of(1, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 1, 0, false);
    enter(queue, 0, 1, 10, 1);
    enter(queue, 0, 2, 20, 1);
    queue_set_priority(queue, 0, 2, 1);
    assert_int_equal(next(queue, 0), 20);
    queue_free(queue);
}

static void only_a_waiting_run_can_leave(void **state)
{
    struct queue *queue = queue_of(1, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter_many(queue, 0, 1, 10, 3);

    assert_false(queue_leave(queue, 0, 99));
    assert_true(queue_leave(queue, 0, 10));
    assert_false(queue_leave(queue, 0, 10));
    assert_int_equal(next(queue, 0), 11);
    assert_false(queue_leave(queue, 0, 11));
    queue_clear_job(queue, 0, 1);
    assert_int_equal(queue_length(queue), 0);
    assert_true(queue_end(queue, 1, 11, true));
    queue_remove_job(queue, 1);
    queue_add_job(queue, 1, 1, 0, false); /* its id is free again */
    queue_free(queue);
}

static void a_run_that_is_held_back_becomes_due(void **state)
{
    struct queue *queue = queue_of(4, 1);
    int64_t look_again;
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    for (int i = 0; i < 3; i++)
        queue_enter(
            queue, 0,
            &(struct queue_run){
                .run = 10 + i, .job = 1, .number = i, .slots = 1, .not_before_ms = 300 - 100 * i});

    assert_int_equal(queue_next(queue, 50, &look_again), 0);
    assert_int_equal(look_again, 100);
    assert_int_equal(queue_next(queue, 99, &look_again), 0);
    assert_int_equal(queue_next(queue, 100, &look_again), 12);
    assert_int_equal(look_again, 200);
    assert_true(queue_leave(queue, 150, 11));
    assert_int_equal(queue_next(queue, 250, &look_again), 0);
    assert_int_equal(look_again, 300);
    assert_int_equal(queue_length(queue), 1);
    queue_clear_job(queue, 260, 1);
    assert_int_equal(queue_next(queue, 400, &look_again), 0);
    assert_int_equal(look_again, 0);
    queue_free(queue);
}

/* --- between teams --------------------------------------------------------------------------- */

static void the_team_that_has_used_least_of_its_share_is_next(void **state)
{
    struct queue *queue = queue_of(1, 2);
    (void)state;
    queue_set_team(queue, 0, &(struct queue_team){.id = 2, .share = 3.0});
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 2, 9, false); /* a priority says nothing to another team */
    enter_many(queue, 0, 1, 100, 9);
    enter_many(queue, 0, 2, 200, 9);
    queue_set_usage(queue, 0, 1, 100.0);
    queue_set_usage(queue, 0, 2, 310.0); /* 103.3 a share */
    assert_int_equal(next(queue, 0), 100);
    queue_end(queue, 4000, 100, true); /* 104 by now */
    assert_int_equal(next(queue, 4000), 200);
    queue_free(queue);
}

/* After one half-life a slot that ran all along has used h/ln 2 * (1 - 1/2) = 2596.85 slot-seconds,
 * of which half is left after another one. */
static void use_is_forgotten_by_half_lives(void **state)
{
    struct queue *queue = queue_of(1, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter(queue, 0, 1, 10, 1);
    assert_int_equal(next(queue, 0), 10);
    assert_near(standing_of(queue, H, 1).used_slot_s, 2596.851073600, 1e-9);
    queue_end(queue, H, 10, true);
    assert_near(standing_of(queue, 2 * (int64_t)H, 1).used_slot_s, 1298.425536800, 1e-9);
    queue_free(queue);
}

/* The limit of a slot that runs for ever is h/ln 2 = 5193.70 slot-seconds; no sum overflows on the
 * way, and what was used before is gone. */
static void months_do_not_wear_the_numbers_down(void **state)
{
    struct queue *queue = queue_of(2, 2);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter(queue, 0, 1, 10, 1);
    queue_set_usage(queue, 0, 2, 1e6);
    assert_int_equal(next(queue, 0), 10);
    for (int64_t hour = 1; hour < 24 * 200; hour++)
        assert_int_equal(next(queue, hour * 3600000 + hour % 7), 0);
    const int64_t end = INT64_C(24) * 200 * 3600000;
    assert_near(standing_of(queue, end, 1).used_slot_s, 5193.702147201, 1e-9);
    assert_true(standing_of(queue, end, 2).used_slot_s < 1e-300);
    assert_near(standing_of(queue, 20 * end, 1).used_slot_s, 5193.702147201, 1e-9);
    queue_free(queue);
}

static void the_last_hour_is_told_as_it_was(void **state)
{
    struct queue *queue = queue_of(2, 2);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter_many(queue, 0, 1, 10, 2);
    start_all(queue, 600000);
    queue_end(queue, 1200000, 10, true); /* 600 s of two, then one */
    assert_near(standing_of(queue, 1200000, 1).last_hour_slot_s, 1200.0, 1e-12);
    queue_end(queue, 1230500, 11, true);
    assert_near(standing_of(queue, 3600000, 1).last_hour_slot_s, 1230.5, 1e-12);
    assert_near(standing_of(queue, 3600000 + 900000, 1).last_hour_slot_s, 630.5, 1e-12);
    assert_near(standing_of(queue, 3600000 + 1170000, 1).last_hour_slot_s, 90.5, 1e-12);
    assert_near(standing_of(queue, 3600000 + 1300000, 1).last_hour_slot_s, 0.0, 0);
    assert_near(standing_of(queue, 3600000, 2).last_hour_slot_s, 0.0, 0);
    queue_free(queue);
}

/* 90 s of one slot that ended 70 s ago. What is known at 1,300 s: 60 s in the minute from 1,140, 30
 * in that from 1,200. By minutes back from now: a third of the latter; the rest of it and a third
 * of the former; the rest of that. */
static void the_last_hour_is_told_by_minutes(void **state)
{
    struct queue *queue = queue_of(2, 1);
    int64_t minutes[QUEUE_HOUR_MINUTES];
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter(queue, 0, 1, 10, 1);
    assert_int_equal(next(queue, 1140000), 10);
    queue_end(queue, 1230000, 10, true);
    queue_last_hour(queue, 1300000, 1, minutes);
    int64_t sum = 0;
    for (int i = 0; i < QUEUE_HOUR_MINUTES; i++)
        sum += minutes[i];
    assert_int_equal(sum, 90000);
    assert_int_equal(minutes[0], 10000);
    assert_int_equal(minutes[1], 40000);
    assert_int_equal(minutes[2], 40000);
    queue_free(queue);
}

/* At 40 s after the machine has started, the other server ended 20 s before. */
static void the_last_hour_of_another_clock_is_taken_over(void **state)
{
    struct queue *queue = queue_of(2, 2);
    const int64_t minutes[QUEUE_HOUR_MINUTES] = {60000, 0, 30000, [58] = 600, [59] = 60000};
    (void)state;
    queue_set_last_hour(queue, 40000, 1, minutes, 20000);
    /* Of the oldest minute 40 s lie in a minute of this clock of which a third counts, 20 in the
     * one behind it: 13.333 s and 20. */
    assert_near(standing_of(queue, 40000, 1).last_hour_slot_s, 60 + 30 + 0.6 + 33.333, 1e-3);
    assert_near(standing_of(queue, 40000, 2).last_hour_slot_s, 0, 0);
    /* Half an hour on, the first three are left; a good hour on, nothing. */
    assert_near(standing_of(queue, 40000 + 1800000, 1).last_hour_slot_s, 90, 1e-9);
    assert_near(standing_of(queue, 60000 + 3600000, 1).last_hour_slot_s, 0, 0);
    queue_set_last_hour(queue, 40000 + 3600000, 2, minutes, INT64_C(7200000));
    assert_near(standing_of(queue, 40000 + 3600000, 2).last_hour_slot_s, 0, 0);
    queue_free(queue);
}

static void runs_that_start_at_once_are_shared_out(void **state)
{
    struct queue *queue = queue_of(40, 2);
    (void)state;
    queue_set_team(queue, 0, &(struct queue_team){.id = 2, .share = 3.0});
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 2, 0, false);
    enter_many(queue, 0, 1, 100, 90);
    enter_many(queue, 0, 2, 200, 90);
    start_all(queue, 0);
    assert_int_equal(standing_of(queue, 0, 1).running, 10);
    assert_int_equal(standing_of(queue, 0, 2).running, 30);
    assert_near(standing_of(queue, 0, 2).part, 30.0, 1e-12);
    queue_free(queue);
}

static void a_limit_is_kept_and_may_change(void **state)
{
    struct queue *queue = queue_of(8, 2);
    (void)state;
    queue_set_team(queue, 0, &(struct queue_team){.id = 1, .share = 9.0, .max_running = 3});
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 2, 0, false);
    enter_many(queue, 0, 1, 100, 9);
    enter_many(queue, 0, 2, 200, 9);
    start_all(queue, 0);
    assert_int_equal(standing_of(queue, 0, 1).running, 3);
    assert_int_equal(standing_of(queue, 0, 2).running, 5);

    queue_set_team(queue, 1, &(struct queue_team){.id = 1, .share = 9.0, .max_running = 1});
    queue_end(queue, 2, 100, true);
    queue_end(queue, 2, 101, true);
    start_all(queue, 2);
    assert_int_equal(standing_of(queue, 2, 1).running, 1);
    assert_int_equal(standing_of(queue, 2, 2).running, 7);
    queue_free(queue);
}

static void a_team_that_runs_nothing_gets_the_next_slot_whatever_it_used(void **state)
{
    struct queue *queue = queue_of(2, 2);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 2, 0, false);
    queue_set_usage(queue, 0, 2, 10000.0); /* it had the machine for itself before */
    enter_many(queue, 0, 1, 1000, 10000);
    start_all(queue, 0);
    enter_many(queue, 10, 2, 200, 3);
    assert_int_equal(next(queue, 10), 0);
    queue_end(queue, 500, 1000, true);
    assert_int_equal(next(queue, 500), 200);
    queue_end(queue, 600, 1001, true);
    assert_int_equal(next(queue, 600), 1002); /* the second one goes by what was used */
    queue_free(queue);
}

/* --- runs of many slots ------------------------------------------------------------------------
 */

static void nothing_overtakes_the_first_run_of_its_team(void **state)
{
    struct queue *queue = queue_of(4, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter(queue, 0, 1, 9, 2);
    enter(queue, 0, 1, 10, 3);
    enter(queue, 0, 1, 11, 1);
    assert_int_equal(next(queue, 0), 9);
    assert_int_equal(next(queue, 0), 0);
    queue_end(queue, 1, 9, true);
    assert_int_equal(next(queue, 1), 10);
    assert_int_equal(next(queue, 1), 11);
    queue_free(queue);
}

static void a_run_that_wants_more_than_there_is_gets_all(void **state)
{
    struct queue *queue = queue_of(2, 1);
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    enter(queue, 0, 1, 10, 64);
    assert_int_equal(next(queue, 0), 10);
    assert_int_equal(queue_used(queue), 2);
    queue_set_slots(queue, 0, 8); /* it keeps what it was given */
    queue_end(queue, 1, 10, true);
    assert_int_equal(queue_used(queue), 0);

    queue_set_team(queue, 1, &(struct queue_team){.id = 1, .share = 1.0, .max_running = 3});
    enter(queue, 1, 1, 11, 64);
    assert_int_equal(next(queue, 1), 11);
    assert_int_equal(queue_used(queue), 3);
    queue_free(queue);
}

/* Team 1 has used nothing, but its run wants all four slots; teams 2 and 3 send runs of one slot
 * without end, team 4 comes later. Slots come free at 1,000, 1,250, 1,500 and 1,750, and are kept
 * for the big run, but for one that team 4 gets, once, from 1,100 to 2,100. */
static void a_big_run_does_not_starve_behind_small_ones(void **state)
{
    static const int64_t first[] = {200, 300, 201, 301};
    struct queue *queue = queue_of(4, 4);
    (void)state;
    for (int job = 1; job <= 4; job++)
        queue_add_job(queue, job, job, 0, false);
    enter_many(queue, 0, 2, 200, 90);
    enter_many(queue, 0, 3, 300, 90);
    for (int i = 0; i < 4; i++)
        assert_int_equal(next(queue, 0), first[i]);
    enter(queue, 0, 1, 1, 4);

    queue_end(queue, 1000, 200, true);
    assert_int_equal(next(queue, 1000), 0);
    enter_many(queue, 1100, 4, 400, 9);
    assert_int_equal(next(queue, 1100), 400);
    for (int i = 1; i < 4; i++) {
        queue_end(queue, 1000 + 250 * i, first[i], true);
        assert_int_equal(next(queue, 1000 + 250 * i), 0);
    }
    queue_end(queue, 2100, 400, true);
    assert_int_equal(next(queue, 2100), 1);
    queue_free(queue);
}

static void a_short_run_slips_in_where_the_big_one_cannot_start_yet(void **state)
{
    struct queue *queue = queue_of(4, 3);
    (void)state;
    for (int job = 1; job <= 3; job++)
        queue_add_job(queue, job, job, 0, false);
    queue_set_usage(queue, 0, 2, 50000.0);
    queue_set_usage(queue, 0, 3, 60000.0);
    queue_expect_job(queue, 2, 10000);
    queue_expect_job(queue, 3, 4000);
    enter(queue, 0, 2, 20, 1);
    enter(queue, 0, 3, 30, 1);
    start_all(queue, 0);
    enter(queue, 0, 1, 10, 4); /* can start at 10,000 */
    enter(queue, 0, 2, 21, 1); /* would end at 10,001 */
    enter(queue, 0, 3, 31, 1); /* at 4,001 */

    assert_int_equal(next(queue, 1), 31);
    assert_int_equal(next(queue, 1), 0);
    queue_end(queue, 4000, 30, true);
    enter(queue, 4000, 3, 32, 1);
    assert_int_equal(next(queue, 4000), 32);
    queue_end(queue, 4001, 31, true);
    enter(queue, 7000, 3, 33, 1);
    assert_int_equal(next(queue, 7000), 0); /* too late to be done in time */
    queue_leave(queue, 7000, 33);
    queue_end(queue, 8000, 32, true);
    queue_end(queue, 12000, 20, true);
    assert_int_equal(next(queue, 12000), 10);
    queue_free(queue);
}

/* --- preemption --------------------------------------------------------------------------------
 */

static void a_waiting_team_claims_its_part_once_it_has_waited(void **state)
{
    struct queue *queue = queue_of(4, 2);
    int64_t look_again;
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 3, 1, 1, false);
    queue_add_job(queue, 2, 2, 0, false);
    enter(queue, 0, 3, 30, 1);
    enter_many(queue, 0, 1, 10, 2);
    start_all(queue, 0);
    enter(queue, 500, 1, 12, 1);
    start_all(queue, 500);
    enter_many(queue, 1000, 2, 20, 4);

    assert_int_equal(queue_preempt(queue, 1000, 60000, &look_again), 0);
    assert_int_equal(look_again, 61000);
    assert_int_equal(queue_preempt(queue, 61000, 60000, &look_again), 12); /* the youngest */
    assert_int_equal(queue_preempt(queue, 61000, 60000, &look_again), 0);  /* enough */
    assert_int_equal(queue_preempt(queue, 99000, 60000, &look_again), 0);
    queue_end(queue, 99000, 12, false);
    queue_enter(
        queue, 99000,
        &(struct queue_run){
            .run = 12, .job = 1, .number = 12, .slots = 1, .interrupted = true, .ran_ms = 98500});
    assert_int_equal(next(queue, 99000), 20);
    assert_int_equal(queue_preempt(queue, 99000, 60000, &look_again), 0);
    assert_int_equal(look_again, 159000); /* each claim waits anew */
    assert_int_equal(preempt(queue, 159000, 60000), 11);
    queue_end(queue, 159000, 11, false);
    assert_int_equal(next(queue, 159000), 21);
    /* Two and two: nobody is above their part. */
    for (int64_t now = 159000; now < 3600000; now += 10000)
        assert_int_equal(preempt(queue, now, 60000), 0);
    queue_free(queue);
}

static void nobody_yields_where_it_would_not_be_enough(void **state)
{
    struct queue *queue = queue_of(4, 3);
    (void)state;
    for (int job = 1; job <= 3; job++)
        queue_add_job(queue, job, job, 0, false);
    enter(queue, 0, 1, 10, 1);
    enter(queue, 0, 2, 20, 3);
    start_all(queue, 0);
    enter(queue, 0, 3, 30, 4);
    assert_int_equal(preempt(queue, 600000, 1000), 0); /* team 1 is not above its part */

    queue_leave(queue, 600000, 30);
    enter(queue, 600000, 3, 31, 1);
    assert_int_equal(preempt(queue, 700000, 1000), 20);
    queue_free(queue);
}

/* One slot and two teams whose parts are half of it: they take turns, and the one that got the slot
 * keeps it for a while, however often the queue is asked. */
static void turns_on_one_slot_last(void **state)
{
    struct queue *queue = queue_of(1, 2);
    const int64_t after = 60000;
    int64_t running, since = 0, ran_ms[3] = {0};
    int turns = 0;
    (void)state;
    for (int job = 1; job <= 2; job++) {
        queue_add_job(queue, job, job, 0, false);
        enter(queue, 0, job, job, 1);
    }
    running = next(queue, 0);
    for (int64_t now = 0; now < 4 * 3600000; now += 1000) {
        if (!preempt(queue, now, after))
            continue;
        assert_true(now - since >= after);
        ran_ms[running] += now - since;
        queue_end(queue, now, running, false);
        queue_enter(
            queue, now,
            &(struct queue_run){.run = running, .job = running, .slots = 1, .interrupted = true});
        running = next(queue, now);
        since = now;
        turns++;
    }
    assert_in_range(turns, 50, 4 * 60);
    assert_near((double)ran_ms[1], (double)ran_ms[2], 0.03);
    queue_free(queue);
}

/* --- teams come and go -------------------------------------------------------------------------
 */

static void a_team_can_be_removed_once_it_has_no_jobs(void **state)
{
    struct queue *queue = queue_of(1, 3);
    struct queue_standing standing;
    (void)state;
    queue_add_job(queue, 3, 3, 0, false);
    enter(queue, 0, 3, 30, 1);
    queue_remove_team(queue, 1);
    assert_int_equal(next(queue, 0), 30);
    queue_end(queue, 1, 30, true);
    queue_remove_job(queue, 3);
    queue_remove_team(queue, 3);
    assert_true(queue_standing(queue, 1, 0, &standing));
    assert_int_equal(standing.team, 2);
    assert_false(queue_standing(queue, 1, 1, &standing));
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_queue_has_nothing_next),
        cmocka_unit_test(jobs_go_by_priority_then_first_come),
        cmocka_unit_test(interrupted_runs_come_first_among_jobs_of_one_priority),
        cmocka_unit_test(a_run_that_comes_back_keeps_its_number),
        cmocka_unit_test(a_paused_job_stands_aside_until_it_goes_on),
        cmocka_unit_test(a_new_priority_counts_at_once),
        cmocka_unit_test(only_a_waiting_run_can_leave),
        cmocka_unit_test(a_run_that_is_held_back_becomes_due),
        cmocka_unit_test(the_team_that_has_used_least_of_its_share_is_next),
        cmocka_unit_test(use_is_forgotten_by_half_lives),
        cmocka_unit_test(months_do_not_wear_the_numbers_down),
        cmocka_unit_test(the_last_hour_is_told_as_it_was),
        cmocka_unit_test(the_last_hour_is_told_by_minutes),
        cmocka_unit_test(the_last_hour_of_another_clock_is_taken_over),
        cmocka_unit_test(runs_that_start_at_once_are_shared_out),
        cmocka_unit_test(a_limit_is_kept_and_may_change),
        cmocka_unit_test(a_team_that_runs_nothing_gets_the_next_slot_whatever_it_used),
        cmocka_unit_test(nothing_overtakes_the_first_run_of_its_team),
        cmocka_unit_test(a_run_that_wants_more_than_there_is_gets_all),
        cmocka_unit_test(a_big_run_does_not_starve_behind_small_ones),
        cmocka_unit_test(a_short_run_slips_in_where_the_big_one_cannot_start_yet),
        cmocka_unit_test(a_waiting_team_claims_its_part_once_it_has_waited),
        cmocka_unit_test(nobody_yields_where_it_would_not_be_enough),
        cmocka_unit_test(turns_on_one_slot_last),
        cmocka_unit_test(a_team_can_be_removed_once_it_has_no_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
