/* The queue against an oracle that keeps a flat list and looks at all of it. */
#include "support/check.h"

#include "queue/queue.h"
#include "random.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static struct queue *make(void **state)
{
    (void)state;
    return queue_new();
}

static void an_empty_queue_has_nothing_next(void **state)
{
    struct queue *queue = make(state);
    assert_int_equal(queue_next(queue, 4, 4), 0);
    assert_int_equal(queue_length(queue), 0);
    queue_free(queue);
    queue_free(NULL);
}

static void jobs_go_by_priority_then_first_come(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_job(queue, 2, 5, false);
    queue_add_job(queue, 3, 0, false);
    queue_add_run(queue, 3, 30, 0, 1);
    queue_add_run(queue, 1, 10, 0, 1);
    queue_add_run(queue, 2, 20, 0, 1);

    assert_int_equal(queue_next(queue, 1, 1), 20);
    assert_int_equal(queue_next(queue, 1, 1), 10);
    assert_int_equal(queue_next(queue, 1, 1), 30);
    assert_int_equal(queue_next(queue, 1, 1), 0);
    queue_free(queue);
}

static void a_run_that_comes_back_keeps_its_number(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    for (int number = 0; number < 4; number++)
        queue_add_run(queue, 1, 10 + number, number, 1);

    assert_int_equal(queue_next(queue, 1, 1), 10);
    assert_int_equal(queue_next(queue, 1, 1), 11);
    queue_add_run(queue, 1, 10, 0, 1); /* its worker was lost */
    assert_int_equal(queue_next(queue, 1, 1), 10);
    assert_int_equal(queue_next(queue, 1, 1), 12);
    queue_free(queue);
}

static void nothing_jumps_ahead_of_a_run_that_does_not_fit(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_run(queue, 1, 10, 0, 3);
    queue_add_run(queue, 1, 11, 1, 1);

    assert_int_equal(queue_next(queue, 2, 4), 0);
    assert_int_equal(queue_next(queue, 3, 4), 10);
    assert_int_equal(queue_next(queue, 1, 4), 11);
    queue_free(queue);
}

static void a_run_that_wants_more_than_there_is_gets_all(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_run(queue, 1, 10, 0, 64);

    assert_int_equal(queue_next(queue, 1, 2), 0);
    assert_int_equal(queue_next(queue, 2, 2), 10);
    queue_free(queue);
}

static void a_paused_job_stands_aside_until_it_goes_on(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_job(queue, 2, 0, true);
    queue_add_run(queue, 1, 10, 0, 1);
    queue_add_run(queue, 2, 20, 0, 1);

    queue_set_paused(queue, 1, true);
    assert_int_equal(queue_next(queue, 1, 1), 0);
    assert_int_equal(queue_length(queue), 2);
    queue_set_paused(queue, 2, false);
    assert_int_equal(queue_next(queue, 1, 1), 20);
    queue_set_paused(queue, 1, false);
    assert_int_equal(queue_next(queue, 1, 1), 10);
    queue_free(queue);
}

static void a_new_priority_counts_at_once(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_job(queue, 2, 0, false);
    queue_add_run(queue, 1, 10, 0, 1);
    queue_add_run(queue, 2, 20, 0, 1);

    queue_set_priority(queue, 2, 1);
    assert_int_equal(queue_next(queue, 1, 1), 20);
    queue_free(queue);
}

static void only_a_waiting_run_can_be_removed(void **state)
{
    struct queue *queue = make(state);
    queue_add_job(queue, 1, 0, false);
    queue_add_run(queue, 1, 10, 0, 1);
    queue_add_run(queue, 1, 11, 1, 1);

    assert_false(queue_remove_run(queue, 1, 12, 2));
    assert_false(queue_remove_run(queue, 1, 12, 1)); /* that number is another run's */
    assert_true(queue_remove_run(queue, 1, 10, 0));
    assert_false(queue_remove_run(queue, 1, 10, 0));
    assert_int_equal(queue_next(queue, 1, 1), 11);
    queue_remove_job(queue, 1);
    queue_add_job(queue, 1, 0, false); /* its id is free again */
    queue_free(queue);
}

struct visited {
    int count;
    int64_t job[8];
    size_t waiting[8];
    bool paused[8];
};

static void note_visit(void *context, int64_t job, size_t waiting, bool paused)
{
    struct visited *visited = context;
    visited->job[visited->count] = job;
    visited->waiting[visited->count] = waiting;
    visited->paused[visited->count++] = paused;
}

static void a_visit_shows_the_line_in_order_and_paused_jobs_last(void **state)
{
    static const int priorities[] = {0, 3, -1, 3, 0};
    struct queue *queue = make(state);
    struct visited visited = {0};

    for (int job = 1; job <= 5; job++) {
        queue_add_job(queue, job, priorities[job - 1], job == 2);
        for (int number = 0; number < job; number++)
            queue_add_run(queue, job, 100 * job + number, number, 1);
    }
    queue_add_job(queue, 6, 9, false); /* nothing of it waits */

    queue_visit(queue, 8, note_visit, &visited);
    assert_int_equal(visited.count, 5);
    assert_memory_equal(visited.job, ((int64_t[]){4, 1, 5, 3, 2}), 5 * sizeof(int64_t));
    assert_memory_equal(visited.waiting, ((size_t[]){4, 1, 5, 3, 2}), 5 * sizeof(size_t));
    assert_false(visited.paused[3]);
    assert_true(visited.paused[4]);

    visited = (struct visited){0};
    queue_visit(queue, 2, note_visit, &visited);
    assert_int_equal(visited.count, 2);
    queue_free(queue);
}

/* --- random events -------------------------------------------------------------------------- */

enum { JOBS = 40, NUMBERS = 30, EVENTS = 100000, SLOTS = 4 };

/* The oracle: every job and run in plain arrays. */
struct oracle {
    bool exists[JOBS], paused[JOBS];
    int priority[JOBS];
    int slots[JOBS][NUMBERS]; /* 0: not waiting */
};

static int64_t run_id(int job, int number)
{
    return 1 + (int64_t)job * NUMBERS + number;
}

static int first_number(const struct oracle *oracle, int job)
{
    for (int number = 0; number < NUMBERS; number++) {
        if (oracle->slots[job][number])
            return number;
    }
    return -1;
}

static int64_t oracle_next(struct oracle *oracle, int free_slots)
{
    int best = -1;
    for (int job = 0; job < JOBS; job++) {
        if (!oracle->exists[job] || oracle->paused[job] || first_number(oracle, job) < 0)
            continue;
        if (best < 0 || oracle->priority[job] > oracle->priority[best])
            best = job;
    }
    if (best < 0)
        return 0;
    int *slots = &oracle->slots[best][first_number(oracle, best)];
    const int64_t run = run_id(best, first_number(oracle, best));
    if ((*slots < SLOTS ? *slots : SLOTS) > free_slots)
        return 0;
    *slots = 0;
    return run;
}

static size_t oracle_length(const struct oracle *oracle)
{
    size_t length = 0;
    for (int job = 0; job < JOBS; job++) {
        for (int number = 0; number < NUMBERS; number++)
            length += oracle->slots[job][number] != 0;
    }
    return length;
}

static void toggle_job(struct queue *queue, struct oracle *oracle, int job, struct rng *rng)
{
    if (oracle->exists[job]) {
        queue_clear_job(queue, job);
        queue_remove_job(queue, job);
        memset(oracle->slots[job], 0, sizeof oracle->slots[job]);
    } else {
        oracle->priority[job] = (int)rng_below(rng, 5) - 2;
        oracle->paused[job] = rng_below(rng, 4) == 0;
        queue_add_job(queue, job, oracle->priority[job], oracle->paused[job]);
    }
    oracle->exists[job] = !oracle->exists[job];
}

static void add_or_remove_run(struct queue *queue, struct oracle *oracle, int job, int number,
                              struct rng *rng)
{
    int *slots = &oracle->slots[job][number];
    if (*slots == 0) {
        *slots = 1 + (int)rng_below(rng, 6);
        queue_add_run(queue, job, run_id(job, number), number, *slots);
        return;
    }
    assert_true(queue_remove_run(queue, job, run_id(job, number), number));
    assert_false(queue_remove_run(queue, job, run_id(job, number), number));
    *slots = 0;
}

static void one_event(struct queue *queue, struct oracle *oracle, struct rng *rng)
{
    const int job = (int)rng_below(rng, JOBS);
    const uint32_t kind = rng_below(rng, 100);

    if (kind < 40) {
        const int free_slots = (int)rng_below(rng, SLOTS + 1);
        assert_int_equal(queue_next(queue, free_slots, SLOTS), oracle_next(oracle, free_slots));
    } else if (kind < 43 || !oracle->exists[job]) {
        toggle_job(queue, oracle, job, rng);
    } else if (kind < 50) {
        oracle->paused[job] = !oracle->paused[job];
        queue_set_paused(queue, job, oracle->paused[job]);
    } else if (kind < 55) {
        oracle->priority[job] = (int)rng_below(rng, 5) - 2;
        queue_set_priority(queue, job, oracle->priority[job]);
    } else {
        add_or_remove_run(queue, oracle, job, (int)rng_below(rng, NUMBERS), rng);
    }
}

static void random_events_agree_with_a_naive_oracle(void **state)
{
    struct queue *queue = make(state);
    static struct oracle oracle;
    struct rng rng = rng_stream(20240607, RANDOM_TEST, 0);
    size_t longest = 0;

    for (int i = 0; i < EVENTS; i++) {
        one_event(queue, &oracle, &rng);
        const size_t length = queue_length(queue);
        longest = length > longest ? length : longest;
        if (i % 16 == 0)
            assert_int_equal(length, oracle_length(&oracle));
    }
    assert_true(longest > 50); /* or the events would prove little */
    for (int64_t run = 1; run != 0;) {
        run = queue_next(queue, SLOTS, SLOTS);
        assert_int_equal(run, oracle_next(&oracle, SLOTS));
    }
    queue_free(queue);
}

/* --- size ----------------------------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Takes a tenth out one by one; the mean must stay below 50 us however busy the machine is. */
static void check_pace(struct queue *queue, const char *shape)
{
    enum { TAKEN = 100000 };
    const double start = seconds_now();
    for (int i = 0; i < TAKEN; i++)
        assert_int_not_equal(queue_next(queue, 1, 1), 0);
    const double each_us = 1e6 * (seconds_now() - start) / TAKEN;
    print_message("1,000,000 waiting (%s): %.2f us a queue_next\n", shape, each_us);
    assert_true(each_us < 50.0);
}

static void a_million_waiting_runs_do_not_slow_the_next_one(void **state)
{
    struct queue *many_jobs = make(state), *big_jobs = make(state);

    for (int job = 1; job <= 1000000; job++) {
        queue_add_job(many_jobs, job, job % 7, false);
        queue_add_run(many_jobs, job, job, 0, 1);
    }
    check_pace(many_jobs, "a million jobs of one");
    queue_free(many_jobs);

    for (int job = 1; job <= 10; job++) {
        queue_add_job(big_jobs, job, job % 3, false);
        for (int number = 0; number < 100000; number++)
            queue_add_run(big_jobs, job, (int64_t)job * 100000 + number, number, 1);
    }
    check_pace(big_jobs, "ten jobs of a hundred thousand");
    queue_free(big_jobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_queue_has_nothing_next),
        cmocka_unit_test(jobs_go_by_priority_then_first_come),
        cmocka_unit_test(a_run_that_comes_back_keeps_its_number),
        cmocka_unit_test(nothing_jumps_ahead_of_a_run_that_does_not_fit),
        cmocka_unit_test(a_run_that_wants_more_than_there_is_gets_all),
        cmocka_unit_test(a_paused_job_stands_aside_until_it_goes_on),
        cmocka_unit_test(a_new_priority_counts_at_once),
        cmocka_unit_test(only_a_waiting_run_can_be_removed),
        cmocka_unit_test(a_visit_shows_the_line_in_order_and_paused_jobs_last),
        cmocka_unit_test(random_events_agree_with_a_naive_oracle),
        cmocka_unit_test(a_million_waiting_runs_do_not_slow_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
