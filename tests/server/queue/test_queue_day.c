/*
 * Whole days of ten teams on a simulated machine: who gets how much, and how long anybody waits.
 */
#include "server/queue/standing.h"
#include "support/check.h"

#include "queue/queue.h"
#include "random.h"

#include <stdbool.h>
#include <stdlib.h>

enum { TEAMS = 10, SLOTS = 16, MOST_RUNS = 400000 };
static const int64_t second_ms = 1000, hour_ms = 3600000;

struct machine {
    struct queue *queue;
    struct rng rng;
    int64_t now_ms;
    struct {
        int64_t run, ends_ms, started_ms;
        int slots, team;
    } running[SLOTS];
    int count;
    int64_t next_run;
    int team[MOST_RUNS];
    int64_t entered_ms[MOST_RUNS], length_ms[MOST_RUNS];
    uint8_t slots[MOST_RUNS];
    double used_s[TEAMS];   /* slot-seconds of what ran, cut at the end */
    double demand_s[TEAMS]; /* slot-seconds of what came */
    int64_t most_wait_ms[TEAMS];
};

static struct machine *machine_of(const double *shares, int teams)
{
    struct machine *machine = test_calloc(1, sizeof *machine);
    machine->queue = queue_new(SLOTS, QUEUE_HALF_LIFE_MS, 0);
    machine->rng = rng_stream(99, RANDOM_TEST, 0);
    for (int i = 0; i < teams; i++) {
        queue_set_team(machine->queue, 0, &(struct queue_team){.id = i, .share = shares[i]});
        queue_add_job(machine->queue, i, i, 0, false);
    }
    return machine;
}

static void machine_free(struct machine *machine)
{
    queue_free(machine->queue);
    test_free(machine);
}

static int64_t submit(struct machine *machine, int team, int slots, int64_t length_ms)
{
    const int64_t run = ++machine->next_run;
    assert_true(run < MOST_RUNS);
    machine->team[run] = team;
    machine->slots[run] = (uint8_t)slots;
    machine->entered_ms[run] = machine->now_ms;
    machine->length_ms[run] = length_ms;
    machine->demand_s[team] += 1e-3 * (double)length_ms * slots;
    queue_enter(machine->queue, machine->now_ms,
                &(struct queue_run){.run = run, .job = team, .number = (int)run, .slots = slots});
    return run;
}

static void start_what_can(struct machine *machine)
{
    for (int64_t run; (run = queue_next(machine->queue, machine->now_ms, NULL));) {
        const int team = machine->team[run], i = machine->count++;
        const int64_t waited_ms = machine->now_ms - machine->entered_ms[run];
        assert_true(machine->count <= SLOTS);
        machine->running[i].run = run;
        machine->running[i].started_ms = machine->now_ms;
        machine->running[i].ends_ms = machine->now_ms + machine->length_ms[run];
        machine->running[i].slots = machine->slots[run];
        machine->running[i].team = team;
        if (waited_ms > machine->most_wait_ms[team])
            machine->most_wait_ms[team] = waited_ms;
    }
}

static void stop_one(struct machine *machine, int i, bool completed)
{
    machine->used_s[machine->running[i].team] +=
        1e-3 * (double)(machine->now_ms - machine->running[i].started_ms) *
        machine->running[i].slots;
    assert_true(queue_end(machine->queue, machine->now_ms, machine->running[i].run, completed));
    machine->running[i] = machine->running[--machine->count];
}

/* Lets everything happen until then. */
static void run_until(struct machine *machine, int64_t until_ms)
{
    for (;;) {
        int first = -1;
        start_what_can(machine);
        for (int i = 0; i < machine->count; i++)
            if (first < 0 || machine->running[i].ends_ms < machine->running[first].ends_ms)
                first = i;
        if (first < 0 || machine->running[first].ends_ms > until_ms)
            break;
        machine->now_ms = machine->running[first].ends_ms;
        stop_one(machine, first, true);
    }
    machine->now_ms = until_ms;
}

/* Cuts what still runs, so that it counts. */
static void settle(struct machine *machine)
{
    while (machine->count > 0)
        stop_one(machine, 0, false);
}

/* Exponential, between a tenth and five times the mean. */
static int64_t some_length(struct machine *machine, double mean_s)
{
    const double length_s = -mean_s * log(1.0 - rng_uniform(&machine->rng));
    return (int64_t)(1000 * fmin(fmax(length_s, mean_s / 10), 5 * mean_s));
}

/* --- a day ---------------------------------------------------------------------------------------
 */

/*
 * Teams 0 … 4 always have work, in runs of very different lengths and widths. Of the others, whose
 * shares are 7 of 22, all want less than that brings: 5 and 6 in a steady trickle, 7 in bursts
 * every three hours, 8 by day only, 9 in two big bursts. So these get all they want, and the first
 * five the rest, as 1 : 2 : 3 : 4 : 5.
 */
static const double shares[TEAMS] = {1, 2, 3, 4, 5, 1, 2, 2, 1, 1};

static void arrive(struct machine *machine, int64_t minute)
{
    static const double mean_s[5] = {20, 60, 300, 90, 600};
    static const int slots[5] = {1, 1, 1, 2, 1};
    for (int team = 0; team < 5; team++) {
        /* Always a few minutes' work for the whole machine. */
        struct queue_standing standing;
        assert_true(queue_standing(machine->queue, machine->now_ms, (size_t)team, &standing));
        for (size_t i = standing.waiting; i < SLOTS * 60 / (size_t)fmin(60, mean_s[team]); i++)
            submit(machine, team, slots[team], some_length(machine, mean_s[team]));
    }
    submit(machine, 5, 1, some_length(machine, 20));
    if (minute % 2 == 0)
        submit(machine, 6, 1, some_length(machine, 100));
    for (int i = 0; i < 150 && minute % 180 == 30; i++)
        submit(machine, 7, 1, some_length(machine, 60));
    if (minute / 60 >= 9 && minute / 60 < 17)
        submit(machine, 8, 1, some_length(machine, 30));
    for (int i = 0; i < 100 && (minute == 200 || minute == 1000); i++)
        submit(machine, 9, 1, some_length(machine, 120));
}

static void a_day_of_ten_teams_goes_by_shares(void **state)
{
    struct machine *machine = machine_of(shares, TEAMS);
    double left_s = SLOTS * 86400.0, all_s = 0, worst = 0;
    (void)state;

    for (int64_t minute = 0; minute < 24 * 60; minute++) {
        arrive(machine, minute);
        run_until(machine, (minute + 1) * 60 * second_ms);
    }
    settle(machine);
    for (int i = 5; i < TEAMS; i++) {
        left_s -= machine->used_s[i];
        assert_near(machine->used_s[i], machine->demand_s[i], 0.05);
    }
    for (int i = 0; i < 5; i++) {
        const double due_s = left_s * shares[i] / 15;
        worst = fmax(worst, fabs(machine->used_s[i] / due_s - 1));
        assert_near(machine->used_s[i], due_s, 0.05);
    }
    for (int i = 0; i < TEAMS; i++) {
        all_s += machine->used_s[i];
        print_message("team %d: share %.0f, used %.0f slot-s, longest wait %.0f s\n", i, shares[i],
                      machine->used_s[i], 1e-3 * (double)machine->most_wait_ms[i]);
    }
    print_message("%.2f %% of the machine used; furthest from its due: %.2f %%\n",
                  all_s / SLOTS / 864.0, 100 * worst);
    assert_true(all_s > 0.995 * SLOTS * 86400.0); /* no slot idle but for runs of two */
    machine_free(machine);
}

/* Two teams that were never there together: by the hour the second one comes, the first has used
 * 16 * 5193.7 * (1 - 2^-8) slot-seconds. With equal shares the second one gets all but one slot
 * until both have used the same. Of the first one's, half is left when both are at
 * 16 * 5193.7 / 2: after one half-life, less what that one slot makes. */
static void a_team_that_was_away_catches_up_for_about_a_half_life(void **state)
{
    struct machine *machine = machine_of((const double[]){1, 1}, 2);
    struct queue_standing one, two;
    int64_t even_ms = 0;
    (void)state;
    for (int64_t minute = 0; minute < 12 * 60; minute++) {
        for (int team = 0; team < (minute < 8 * 60 ? 1 : 2); team++) {
            assert_true(queue_standing(machine->queue, machine->now_ms, (size_t)team, &one));
            for (size_t i = one.waiting; i < 200; i++)
                submit(machine, team, 1, 10 * second_ms);
        }
        run_until(machine, (minute + 1) * 60 * second_ms);
        queue_standing(machine->queue, machine->now_ms, 0, &one);
        queue_standing(machine->queue, machine->now_ms, 1, &two);
        if (minute >= 8 * 60 && !even_ms && two.used_slot_s > 0.99 * one.used_slot_s)
            even_ms = machine->now_ms - 8 * hour_ms;
    }
    assert_in_range(even_ms, 0.9 * (double)hour_ms, 1.3 * (double)hour_ms);
    assert_near(two.used_slot_s, one.used_slot_s, 0.02);
    assert_near(one.last_hour_slot_s, 8 * 3600.0, 0.02); /* and from then on half each */
    settle(machine);
    machine_free(machine);
}

/* --- floods
 * ---------------------------------------------------------------------------------------- */

/* However the flood and the others stand, a single run of another team waits for one end at most:
 * all runs take ten seconds, so that long. */
static void a_flood_delays_a_single_run_by_one_run_at_most(void **state)
{
    struct machine *machine = machine_of((const double[]){1, 1, 1}, 3);
    struct rng rng = rng_stream(5, RANDOM_TEST, 0);
    (void)state;
    queue_set_usage(machine->queue, 0, 1, 90000.0); /* had the machine for itself */
    for (int i = 0; i < 10000; i++)
        submit(machine, 0, 1, 10 * second_ms);
    for (int i = 0; i < 100; i++) {
        run_until(machine, machine->now_ms + 1 + (int64_t)rng_below(&rng, 60000));
        submit(machine, 1 + i % 2, 1, 10 * second_ms);
        run_until(machine, machine->now_ms + 10 * second_ms);
        assert_true(machine->most_wait_ms[1] <= 10 * second_ms);
        assert_true(machine->most_wait_ms[2] <= 10 * second_ms);
        run_until(machine, machine->now_ms + 10 * second_ms);
    }
    assert_true(machine->most_wait_ms[1] > 0); /* or the machine was never full */
    settle(machine);
    machine_free(machine);
}

/* Everybody floods, with runs of 1 … 16 slots; nobody waits for more than a bounded number of run
 * lengths: with 60 s at most, ten teams and each at most once before any reservation. */
static void nobody_starves_among_floods_of_all_widths(void **state)
{
    struct machine *machine = machine_of(shares, TEAMS);
    int64_t last_start_ms[TEAMS] = {0}, longest_ms = 0;
    (void)state;
    for (int i = 0; i < 3000; i++)
        for (int team = 0; team < TEAMS; team++)
            submit(machine, team, team < 3 ? SLOTS >> team : 1 + i % 3, some_length(machine, 12));
    for (int64_t tick = 0; tick < 6 * 3600; tick++) {
        run_until(machine, (tick + 1) * second_ms);
        for (int i = 0; i < machine->count; i++)
            last_start_ms[machine->running[i].team] = machine->now_ms;
        for (int team = 0; team < TEAMS; team++)
            if (machine->now_ms - last_start_ms[team] > longest_ms)
                longest_ms = machine->now_ms - last_start_ms[team];
    }
    settle(machine);
    print_message("longest that a team ran nothing: %.0f s\n", 1e-3 * (double)longest_ms);
    assert_true(longest_ms < 30 * 60 * second_ms);
    machine_free(machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_of_ten_teams_goes_by_shares),
        cmocka_unit_test(a_team_that_was_away_catches_up_for_about_a_half_life),
        cmocka_unit_test(a_flood_delays_a_single_run_by_one_run_at_most),
        cmocka_unit_test(nobody_starves_among_floods_of_all_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
