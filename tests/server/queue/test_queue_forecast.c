/* Places in line and estimated starts: by hand, and against what then happens. */
#include "support/check.h"

#include "queue/queue.h"
#include "random.h"

#include <stdbool.h>

static struct queue *queue_of(int slots, int teams)
{
    struct queue *queue = queue_new(slots, QUEUE_HALF_LIFE_MS, 0);
    for (int team = 1; team <= teams; team++)
        queue_set_team(queue, 0, &(struct queue_team){.id = team, .share = team});
    return queue;
}

static void enter_many(struct queue *queue, int64_t job, int64_t run, int count, int slots)
{
    for (int i = 0; i < count; i++)
        queue_enter(queue, 0,
                    &(struct queue_run){.run = run + i, .job = job, .number = i, .slots = slots});
}

static void check_place(const struct queue_place *place, int64_t job, int number, int64_t start_ms)
{
    assert_int_equal(place->job, job);
    assert_int_equal(place->place, number);
    assert_int_equal(place->start_ms, start_ms);
}

/* Two slots, runs of 10 s: three of job 1, then job 2; job 3 has priority and takes 4 s. */
static void one_team_is_forecast_by_hand(void **state)
{
    struct queue *queue = queue_of(2, 1);
    struct queue_place places[8];
    (void)state;
    for (int job = 1; job <= 3; job++) {
        queue_add_job(queue, job, 1, job == 3, false);
        queue_expect_job(queue, job, job == 3 ? 4000 : 10000);
    }
    enter_many(queue, 1, 10, 3, 1);
    enter_many(queue, 2, 20, 1, 1);
    enter_many(queue, 3, 30, 1, 1);

    assert_int_equal(queue_forecast(queue, 0, 0, places, 8), 3);
    check_place(&places[0], 3, 1, 0);
    check_place(&places[1], 1, 2, 0); /* 0-10, 4-14, 10-20 */
    check_place(&places[2], 2, 3, 14000);
    assert_int_equal(places[1].waiting, 3);
    assert_int_equal(queue_forecast(queue, 500, 0, places, 2), 2);
    check_place(&places[1], 1, 2, 500);

    /* Looking has changed nothing. */
    assert_int_equal(queue_next(queue, 1000, NULL), 30);
    assert_int_equal(queue_next(queue, 1000, NULL), 10);
    queue_forecast(queue, 3000, 0, places, 8);
    check_place(&places[0], 1, 1, 5000);
    check_place(&places[1], 2, 2, 15000);
    queue_expect_end(queue, 10, 7000); /* its progress says so */
    queue_forecast(queue, 3000, 0, places, 8);
    check_place(&places[1], 2, 2, 7000 + 8000);
    queue_free(queue);
}

static void jobs_that_stand_aside_come_last(void **state)
{
    struct queue *queue = queue_of(1, 1);
    struct queue_place places[8];
    (void)state;
    for (int job = 1; job <= 3; job++)
        queue_add_job(queue, job, 1, 0, job == 1);
    enter_many(queue, 1, 10, 2, 1);
    for (int i = 0; i < 3; i++)
        queue_enter(queue, 0,
                    &(struct queue_run){.run = 20 + i,
                                        .job = 2,
                                        .number = i,
                                        .slots = 1,
                                        .not_before_ms = 9000 - i * 1000});
    enter_many(queue, 3, 30, 2, 1);

    assert_int_equal(queue_forecast(queue, 0, 1000, places, 8), 3);
    check_place(&places[0], 3, 1, 0);
    check_place(&places[1], 2, 2, 7000);
    check_place(&places[2], 1, 0, -1);
    assert_true(places[2].paused);
    assert_int_equal(places[1].waiting, 3);
    queue_free(queue);
}

static void what_nobody_knows_is_not_told(void **state)
{
    struct queue *queue = queue_of(1, 1);
    struct queue_place places[8];
    (void)state;
    queue_add_job(queue, 1, 1, 0, false);
    queue_add_job(queue, 2, 1, 0, false);
    enter_many(queue, 1, 10, 1, 1);
    enter_many(queue, 2, 20, 1, 1);

    assert_int_equal(queue_forecast(queue, 0, 0, places, 8), 2);
    check_place(&places[0], 1, 1, 0);
    check_place(&places[1], 2, 2, -1);
    queue_forecast(queue, 0, 2500, places, 8);
    check_place(&places[1], 2, 2, 2500);
    queue_next(queue, 0, NULL);
    queue_end(queue, 4000, 10, true); /* now job 2 is expected to take as long */
    queue_next(queue, 4000, NULL);
    enter_many(queue, 1, 11, 1, 1);
    queue_forecast(queue, 5000, 2500, places, 8);
    check_place(&places[0], 1, 1, 8000);
    queue_set_slots(queue, 5000, 0);
    queue_forecast(queue, 5000, 2500, places, 8);
    check_place(&places[0], 1, 1, -1);
    queue_free(queue);
}

/* Runs of a job all take the same time and one slot, nothing else comes: every start as foretold.
 */
static void a_forecast_comes_true_where_nothing_comes_between(void **state)
{
    enum { JOBS = 60, SLOTS = 5 };
    struct rng rng = rng_stream(31, RANDOM_TEST, 0);
    struct queue *queue = queue_of(SLOTS, 4);
    struct queue_place places[JOBS];
    int64_t length_ms[JOBS], started_ms[JOBS], ends_ms[SLOTS] = {0}, run[SLOTS] = {0}, now_ms = 0;
    (void)state;
    for (int job = 0; job < JOBS; job++) {
        length_ms[job] = 1000 + (int64_t)rng_below(&rng, 60000);
        started_ms[job] = -1;
        queue_add_job(queue, job, 1 + job % 4, (int)rng_below(&rng, 3), false);
        queue_expect_job(queue, job, length_ms[job]);
        enter_many(queue, job, 1 + job * 1000, 1 + (int)rng_below(&rng, 20), 1);
    }
    queue_set_usage(queue, 0, 3, 4000.0);
    assert_int_equal(queue_forecast(queue, 0, 0, places, JOBS), JOBS);

    for (;;) {
        int last = -1;
        for (int i = 0; i < SLOTS; i++) {
            if (run[i] == 0 && (run[i] = queue_next(queue, now_ms, NULL))) {
                const int64_t job = (run[i] - 1) / 1000;
                ends_ms[i] = now_ms + length_ms[job];
                started_ms[job] = started_ms[job] < 0 ? now_ms : started_ms[job];
            }
        }
        for (int i = 0; i < SLOTS; i++)
            if (run[i] && (last < 0 || ends_ms[i] < ends_ms[last]))
                last = i;
        if (last < 0)
            break;
        now_ms = ends_ms[last];
        queue_end(queue, now_ms, run[last], true);
        run[last] = 0;
    }
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(places[i].place, i + 1);
        assert_int_equal(places[i].start_ms, started_ms[places[i].job]);
    }
    queue_free(queue);
}

/* By hand: two teams flood four slots with runs of 10 s, 20,000 each before their second job; the
 * second team has 2/3 of the shares. Its part, 8/3 slots, brings it there after 75,000 s. The first
 * one is at 10,000 by then, and with all four slots there after 25,000 s more. */
static void a_long_line_is_estimated(void **state)
{
    struct queue *queue = queue_of(4, 2);
    struct queue_place places[4];
    (void)state;
    for (int job = 1; job <= 4; job++) {
        queue_add_job(queue, job, 1 + (job - 1) / 2, 0, false);
        queue_expect_job(queue, job, 10000);
    }
    enter_many(queue, 1, 100000, 20000, 1);
    enter_many(queue, 2, 200000, 10, 1);
    enter_many(queue, 3, 300000, 20000, 1);
    enter_many(queue, 4, 400000, 10, 1);
    assert_int_equal(queue_forecast(queue, 0, 0, places, 4), 4);
    assert_int_equal(places[0].start_ms, 0);
    assert_int_equal(places[1].start_ms, 0);
    assert_int_equal(places[2].job, 4);
    assert_near((double)places[2].start_ms, 75e6, 0.01);
    assert_int_equal(places[3].job, 2);
    assert_near((double)places[3].start_ms, 100e6, 0.01);
    queue_free(queue);
}

/* Three teams with 40 jobs of one run each, and before, between and behind them teams that are
 * idle. */
static size_t forecast_beside(int idle, struct queue_place places[40])
{
    struct queue *queue = queue_new(2, QUEUE_HALF_LIFE_MS, 0);
    for (int team = 1; team <= 3; team++) {
        for (int i = 0; i < idle; i++)
            queue_set_team(queue, 0, &(struct queue_team){.id = 1000 * team + i, .share = 1});
        queue_set_team(queue, 0, &(struct queue_team){.id = team, .share = team});
    }
    for (int job = 1; job <= 40; job++) {
        queue_add_job(queue, job, 1 + job % 3, 0, false);
        queue_expect_job(queue, job, 1000 * (1 + job % 7));
        enter_many(queue, job, 100 * job, 1, 1);
    }
    const size_t count = queue_forecast(queue, 0, 0, places, 40);
    queue_free(queue);
    return count;
}

static void teams_that_are_idle_change_nothing(void **state)
{
    struct queue_place alone[40], among[40];
    (void)state;
    assert_int_equal(forecast_beside(0, alone), 40);
    assert_int_equal(forecast_beside(5000, among), 40);
    for (int i = 0; i < 40; i++)
        check_place(&among[i], alone[i].job, alone[i].place, alone[i].start_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_team_is_forecast_by_hand),
        cmocka_unit_test(jobs_that_stand_aside_come_last),
        cmocka_unit_test(what_nobody_knows_is_not_told),
        cmocka_unit_test(a_forecast_comes_true_where_nothing_comes_between),
        cmocka_unit_test(a_long_line_is_estimated),
        cmocka_unit_test(teams_that_are_idle_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
