/*
 * The queue under random events, beside a naive one that keeps flat arrays, looks at all of them
 * each time, decays use step by step and finds parts by bisection. Both must say the same.
 */
#include "server/queue/standing.h"
#include "support/check.h"

#include "queue/queue.h"
#include "random.h"

#include <stdbool.h>
#include <stdlib.h>

enum { TEAMS = 6, JOBS = 20, RUNS = 120, EVENTS = 100000, AFTER_MS = 20000 };
static const int64_t half_life_ms = 600000;

enum run_state { AWAY, HELD, WAITING, RUNNING };

struct naive_run {
    enum run_state state;
    int job, slots, given;
    bool interrupted, yielding;
    int64_t when_ms, ran_ms, ends_ms;
};

struct naive_job {
    int team, priority;
    bool paused;
    int64_t sum_ms, count;
};

struct naive_team {
    double share, used;
    int limit; /* 0: none */
    bool eligible, passed;
    int64_t since_ms;
};

struct naive {
    int64_t now_ms;
    int slots, reserved, blocked;
    int64_t blocked_until_ms, sum_ms, count;
    struct naive_run runs[RUNS];
    struct naive_job jobs[JOBS];
    struct naive_team teams[TEAMS];
};

/* --- looking at everything ---------------------------------------------------------------------
 */

static int team_of(const struct naive *naive, int run)
{
    return naive->jobs[naive->runs[run].job].team;
}

static int running(const struct naive *naive, int team)
{
    int slots = 0;
    for (int i = 0; i < RUNS; i++)
        if (naive->runs[i].state == RUNNING && (team < 0 || team_of(naive, i) == team))
            slots += naive->runs[i].given;
    return slots;
}

static bool job_is_interrupted(const struct naive *naive, int job)
{
    for (int i = 0; i < RUNS; i++)
        if (naive->runs[i].state == WAITING && naive->runs[i].job == job &&
            naive->runs[i].interrupted)
            return true;
    return false;
}

/* Of two that wait, both of one team. A run's number is its place in the array. */
static bool before(const struct naive *naive, int a, int b)
{
    const struct naive_run *one = &naive->runs[a], *other = &naive->runs[b];
    if (one->job != other->job) {
        const struct naive_job *job = &naive->jobs[one->job], *than = &naive->jobs[other->job];
        if (job->priority != than->priority)
            return job->priority > than->priority;
        const bool first = job_is_interrupted(naive, one->job);
        if (first != job_is_interrupted(naive, other->job))
            return first;
        return one->job < other->job;
    }
    return one->interrupted != other->interrupted ? one->interrupted : a < b;
}

static bool is_ready(const struct naive *naive, int run, int team)
{
    return naive->runs[run].state == WAITING && team_of(naive, run) == team &&
           !naive->jobs[naive->runs[run].job].paused;
}

static int first_of(const struct naive *naive, int team)
{
    int first = -1;
    for (int i = 0; i < RUNS; i++)
        if (is_ready(naive, i, team) && (first < 0 || before(naive, i, first)))
            first = i;
    return first;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int wanted(const struct naive *naive, int team)
{
    const int first = first_of(naive, team), limit = naive->teams[team].limit;
    if (first < 0)
        return 0;
    const int most = limit ? least(limit, naive->slots) : naive->slots;
    return least(naive->runs[first].slots, most);
}

static double level(const struct naive *naive, int team)
{
    return (naive->teams[team].used + 60.0 * running(naive, team)) / naive->teams[team].share;
}

static double cap(const struct naive *naive, int team)
{
    int demand = running(naive, team);
    for (int i = 0; i < RUNS; i++)
        demand += is_ready(naive, i, team) ? naive->runs[i].slots : 0;
    const int limited = naive->teams[team].limit ? least(demand, naive->teams[team].limit) : demand;
    return limited > running(naive, team) ? limited : running(naive, team);
}

/* The height of water at which min(cap, height * share) of all fill the machine. */
static void find_parts(const struct naive *naive, double *parts)
{
    double caps[TEAMS], low = 0, high = 1e6;
    for (int i = 0; i < TEAMS; i++)
        caps[i] = cap(naive, i);
    for (int round = 0; round < 200; round++) {
        const double height = (low + high) / 2;
        double sum = 0;
        for (int i = 0; i < TEAMS; i++)
            sum += fmin(caps[i], height * naive->teams[i].share);
        if (sum > naive->slots)
            high = height;
        else
            low = height;
    }
    for (int i = 0; i < TEAMS; i++)
        parts[i] = fmin(caps[i], low * naive->teams[i].share);
}

/* --- time and eligibility -----------------------------------------------------------------------
 */

static void check_teams(struct naive *naive)
{
    for (int i = 0; i < TEAMS; i++) {
        struct naive_team *team = &naive->teams[i];
        const int wants = wanted(naive, i);
        const bool eligible =
            wants > 0 && (!team->limit || running(naive, i) + wants <= team->limit);
        if (eligible && !team->eligible)
            team->since_ms = naive->now_ms;
        team->eligible = eligible;
    }
}

static int next_due(const struct naive *naive)
{
    int due = -1;
    for (int i = 0; i < RUNS; i++)
        if (naive->runs[i].state == HELD && naive->runs[i].when_ms <= naive->now_ms &&
            (due < 0 || naive->runs[i].when_ms < naive->runs[due].when_ms))
            due = i;
    return due;
}

static void pass_time(struct naive *naive, int64_t now_ms)
{
    const double dt = (double)(now_ms - naive->now_ms), h = (double)half_life_ms;
    const double kept = pow(0.5, dt / h);
    for (int i = 0; i < TEAMS && dt > 0; i++)
        naive->teams[i].used = naive->teams[i].used * kept +
                               running(naive, i) * h / 1000.0 / log(2.0) * -expm1(-dt / h * log(2));
    naive->now_ms = now_ms;
    for (int due; (due = next_due(naive)) >= 0;) {
        naive->runs[due].state = WAITING;
        check_teams(naive);
    }
}

/* --- whose turn it is ---------------------------------------------------------------------------
 */

/* Levels are sums in another order than the queue's: within 1e-9 `preferred` wins. */
static bool is_lower(double a, double b, bool preferred)
{
    return preferred ? a <= b + 1e-9 * fabs(b) : a < b;
}

static bool goes_first(const struct naive *naive, int a, int b, int preferred, bool by_wait)
{
    const struct naive_team *one = &naive->teams[a], *other = &naive->teams[b];
    const double la = level(naive, a), lb = level(naive, b);
    if (by_wait && one->since_ms != other->since_ms)
        return one->since_ms < other->since_ms;
    if (la == lb)
        return !by_wait && one->since_ms < other->since_ms;
    if (b == preferred)
        return !is_lower(lb, la, true);
    return is_lower(la, lb, a == preferred);
}

static int naive_head(const struct naive *naive, int preferred)
{
    double parts[TEAMS];
    int best = -1;
    find_parts(naive, parts);
    for (int i = 0; i < TEAMS; i++) {
        const struct naive_team *team = &naive->teams[i];
        if (team->eligible && running(naive, i) == 0 && wanted(naive, i) <= parts[i] + 1e-9 &&
            (naive->reserved < 0 || !team->passed) &&
            (best < 0 || goes_first(naive, i, best, preferred, true)))
            best = i;
    }
    if (best >= 0)
        return best;
    if (naive->reserved >= 0 && naive->teams[naive->reserved].eligible)
        return naive->reserved;
    for (int i = 0; i < TEAMS; i++)
        if (naive->teams[i].eligible && (best < 0 || goes_first(naive, i, best, preferred, false)))
            best = i;
    return best;
}

static int64_t mean_of(const struct naive *naive, int job)
{
    const struct naive_job *of = &naive->jobs[job];
    if (of->count > 0)
        return of->sum_ms / of->count;
    return naive->count > 0 ? naive->sum_ms / naive->count : 0;
}

static int64_t end_of(const struct naive *naive, int run)
{
    const struct naive_run *of = &naive->runs[run];
    const int64_t mean_ms = mean_of(naive, of->job), ran_ms = naive->now_ms - of->when_ms;
    if (of->ends_ms)
        return of->ends_ms > naive->now_ms ? of->ends_ms : naive->now_ms + 1;
    if (mean_ms == 0)
        return INT64_MAX;
    const int64_t left_ms = mean_ms > of->ran_ms ? mean_ms - of->ran_ms : 1;
    return left_ms > ran_ms ? of->when_ms + left_ms : naive->now_ms + 1 + ran_ms / 10;
}

/* The earliest end by which, with all ends until then, enough is free. */
static int64_t fits_at(const struct naive *naive, int slots)
{
    int64_t best = 0;
    for (int i = 0; i < RUNS; i++) {
        if (naive->runs[i].state != RUNNING || end_of(naive, i) == INT64_MAX)
            continue;
        int free_slots = naive->slots - running(naive, -1);
        for (int j = 0; j < RUNS; j++)
            if (naive->runs[j].state == RUNNING && end_of(naive, j) <= end_of(naive, i))
                free_slots += naive->runs[j].given;
        if (free_slots >= slots && (best == 0 || end_of(naive, i) < best))
            best = end_of(naive, i);
    }
    return best;
}

static bool slips_in(const struct naive *naive, int team)
{
    if (!naive->teams[team].eligible || team == naive->blocked || team == naive->reserved)
        return false;
    const struct naive_run *first = &naive->runs[first_of(naive, team)];
    const struct naive_job *job = &naive->jobs[first->job];
    if (job->count == 0 || wanted(naive, team) > naive->slots - running(naive, -1))
        return false;
    const int64_t mean_ms = job->sum_ms / job->count;
    const int64_t takes_ms = mean_ms > first->ran_ms ? mean_ms - first->ran_ms : 1;
    return mean_ms > 0 && naive->now_ms + takes_ms <= naive->blocked_until_ms;
}

static int naive_choice(struct naive *naive, int preferred)
{
    const int free_slots = naive->slots - running(naive, -1);
    if (naive->reserved >= 0 && !naive->teams[naive->reserved].eligible)
        naive->reserved = -1;
    if (free_slots < 1)
        return -1;
    const int head = naive_head(naive, preferred);
    if (head < 0)
        return -1;
    if (wanted(naive, head) <= free_slots) {
        if (naive->reserved == head)
            naive->reserved = -1;
        else
            naive->teams[head].passed = true;
        naive->blocked = -1;
        return head;
    }
    if (naive->reserved < 0) {
        naive->reserved = head;
        for (int i = 0; i < TEAMS; i++)
            naive->teams[i].passed = running(naive, i) > 0;
    }
    if (naive->blocked != head) {
        naive->blocked = head;
        naive->blocked_until_ms = fits_at(naive, wanted(naive, head));
    }
    int best = -1;
    for (int i = 0; i < TEAMS; i++)
        if (slips_in(naive, i) && (best < 0 || goes_first(naive, i, best, preferred, false)))
            best = i;
    return best;
}

/* --- who yields ---------------------------------------------------------------------------------
 */

static int keeps(const struct naive *naive, int team)
{
    int slots = 0;
    for (int i = 0; i < RUNS; i++)
        if (naive->runs[i].state == RUNNING && !naive->runs[i].yielding &&
            team_of(naive, i) == team)
            slots += naive->runs[i].given;
    return slots;
}

static int naive_victim(const struct naive *naive, int head, double most_level)
{
    double parts[TEAMS];
    int from = -1, victim = -1;
    find_parts(naive, parts);
    for (int i = 0; i < TEAMS; i++) {
        const int kept = keeps(naive, i);
        if (i == head || kept <= parts[i] + 1e-9 || level(naive, i) < most_level)
            continue;
        const double far = kept / naive->teams[i].share;
        const double best = from < 0 ? -1 : keeps(naive, from) / naive->teams[from].share;
        if (far > best || (far == best && level(naive, i) > level(naive, from)))
            from = i;
    }
    for (int i = 0; i < RUNS && from >= 0; i++) {
        const struct naive_run *run = &naive->runs[i];
        if (run->state != RUNNING || run->yielding || team_of(naive, i) != from)
            continue;
        const struct naive_run *than = &naive->runs[victim < 0 ? i : victim];
        const int priority = naive->jobs[run->job].priority;
        const int other = naive->jobs[than->job].priority;
        if (victim < 0 || priority < other || (priority == other && run->when_ms >= than->when_ms))
            victim = i; /* the later one of two that are equally young */
    }
    return victim;
}

static int naive_preempt(struct naive *naive)
{
    double parts[TEAMS];
    const int head = naive_head(naive, -1);
    if (head < 0)
        return -1;
    int needed = wanted(naive, head) - (naive->slots - running(naive, -1)), first = -1;
    for (int i = 0; i < RUNS; i++)
        needed -=
            naive->runs[i].state == RUNNING && naive->runs[i].yielding ? naive->runs[i].given : 0;
    if (needed <= 0 || naive->now_ms - naive->teams[head].since_ms < AFTER_MS)
        return -1;
    find_parts(naive, parts);
    double most_level = 0;
    if (running(naive, head) + wanted(naive, head) > parts[head] + 1e-9) {
        if (running(naive, head) > 0)
            return -1;
        most_level =
            level(naive, head) + AFTER_MS / 1000.0 * wanted(naive, head) / naive->teams[head].share;
    }
    static struct naive trial;
    trial = *naive;
    while (needed > 0) {
        const int victim = naive_victim(&trial, head, most_level);
        if (victim < 0)
            return -1;
        trial.runs[victim].yielding = true;
        needed -= trial.runs[victim].given;
        first = first < 0 ? victim : first;
    }
    naive->runs[first].yielding = true;
    return first;
}

/* --- events -------------------------------------------------------------------------------------
 */

struct both {
    struct queue *queue;
    struct naive naive;
    struct rng rng;
    int64_t started[RUNS]; /* times */
    int starts, slips, preempted;
    uint64_t digest;
};

static int below(struct both *both, uint32_t limit)
{
    return (int)rng_below(&both->rng, limit);
}

static void set_team(struct both *both, int team, double share, int limit)
{
    struct naive *naive = &both->naive;
    naive->teams[team].share = share;
    naive->teams[team].limit = limit;
    queue_set_team(both->queue, naive->now_ms,
                   &(struct queue_team){.id = team, .share = share, .max_running = limit});
}

static void set_up(struct both *both, uint64_t seed)
{
    struct naive *naive = &both->naive;
    *both = (struct both){.rng = rng_stream(seed, RANDOM_TEST, 0)};
    *naive = (struct naive){.slots = 6, .reserved = -1, .blocked = -1};
    both->queue = queue_new(naive->slots, half_life_ms, 0);
    for (int team = 0; team < TEAMS; team++)
        set_team(both, team, 0.5 + 3 * rng_uniform(&both->rng), team % 3 == 2 ? 3 : 0);
    for (int job = 0; job < JOBS; job++) {
        naive->jobs[job] =
            (struct naive_job){below(both, TEAMS), below(both, 4) - 1, below(both, 5) == 0, 0, 0};
        queue_add_job(both->queue, job, naive->jobs[job].team, naive->jobs[job].priority,
                      naive->jobs[job].paused);
    }
}

static void enter_or_leave(struct both *both, int run)
{
    struct naive_run *of = &both->naive.runs[run];
    const int64_t now_ms = both->naive.now_ms;
    if (of->state == HELD || of->state == WAITING) {
        if (below(both, 4) > 0)
            return; /* or few would run */
        assert_true(queue_leave(both->queue, now_ms, run + 1));
        assert_false(queue_leave(both->queue, now_ms, run + 1));
        of->state = AWAY;
    } else if (of->state == AWAY) {
        const bool held = below(both, 6) == 0;
        *of = (struct naive_run){.state = held ? HELD : WAITING,
                                 .job = run % JOBS,
                                 .slots = below(both, 3) ? 1 : 1 + below(both, 8),
                                 .interrupted = below(both, 10) == 0,
                                 .when_ms = held ? now_ms + 1 + below(both, 30000) : 0};
        of->ran_ms = of->interrupted ? below(both, 20000) : 0;
        queue_enter(both->queue, now_ms,
                    &(struct queue_run){.run = run + 1,
                                        .job = of->job,
                                        .number = run,
                                        .slots = of->slots,
                                        .interrupted = of->interrupted,
                                        .not_before_ms = of->when_ms,
                                        .ran_ms = of->ran_ms});
    }
}

static int some_running(struct both *both)
{
    const int from = below(both, RUNS);
    for (int i = 0; i < RUNS; i++)
        if (both->naive.runs[(from + i) % RUNS].state == RUNNING)
            return (from + i) % RUNS;
    return from;
}

static void end_run(struct both *both, int run)
{
    struct naive *naive = &both->naive;
    struct naive_run *of = &naive->runs[run];
    const bool completed = below(both, 3) > 0;
    if (of->state != RUNNING) {
        assert_false(queue_end(both->queue, naive->now_ms, run + 1, completed));
        return;
    }
    assert_true(queue_end(both->queue, naive->now_ms, run + 1, completed));
    if (completed) {
        int64_t took_ms = of->ran_ms + naive->now_ms - of->when_ms;
        took_ms = took_ms > 0 ? took_ms : 1;
        naive->jobs[of->job].sum_ms += took_ms;
        naive->jobs[of->job].count++;
        naive->sum_ms += took_ms;
        naive->count++;
    }
    of->state = AWAY;
}

static void ask_next(struct both *both)
{
    struct naive *naive = &both->naive;
    int64_t look_again, due = 0;
    const int64_t got = queue_next(both->queue, naive->now_ms, &look_again);
    const int preferred = got ? team_of(naive, (int)got - 1) : -1;
    const int choice = naive_choice(naive, preferred);

    for (int i = 0; i < RUNS; i++)
        if (naive->runs[i].state == HELD && (due == 0 || naive->runs[i].when_ms < due))
            due = naive->runs[i].when_ms;
    assert_int_equal(look_again, due);
    assert_int_equal(got, choice < 0 ? 0 : first_of(naive, choice) + 1);
    if (choice < 0)
        return;
    struct naive_run *run = &naive->runs[got - 1];
    assert_int_equal(run->state, WAITING); /* so it runs nowhere else */
    run->given = wanted(naive, choice);
    run->state = RUNNING;
    run->yielding = false;
    run->when_ms = naive->now_ms;
    run->ends_ms = 0;
    naive->teams[choice].since_ms = naive->now_ms;
    both->starts++;
    both->slips += naive->blocked >= 0;
    both->digest = both->digest * 1099511628211U + (uint64_t)(got + 1000 * naive->now_ms);
    if (!naive->teams[choice].limit)
        return;
    assert_true(run->given <= naive->teams[choice].limit);
    assert_true(running(naive, choice) <= naive->teams[choice].limit);
}

static void ask_preempt(struct both *both)
{
    const int64_t got = queue_preempt(both->queue, both->naive.now_ms, AFTER_MS, NULL);
    assert_int_equal(got, naive_preempt(&both->naive) + 1);
    both->preempted += got != 0;
    both->digest = both->digest * 31U + (uint64_t)got;
}

static void change_job(struct both *both, int job)
{
    struct naive *naive = &both->naive;
    if (below(both, 2)) {
        naive->jobs[job].paused = !naive->jobs[job].paused;
        queue_set_paused(both->queue, naive->now_ms, job, naive->jobs[job].paused);
    } else if (below(both, 8)) {
        naive->jobs[job].priority = below(both, 4) - 1;
        queue_set_priority(both->queue, naive->now_ms, job, naive->jobs[job].priority);
    } else {
        queue_clear_job(both->queue, naive->now_ms, job);
        for (int i = 0; i < RUNS; i++)
            if (naive->runs[i].job == job && naive->runs[i].state != RUNNING)
                naive->runs[i].state = AWAY;
    }
}

static void change_limits(struct both *both)
{
    struct naive *naive = &both->naive;
    if (below(both, 4)) {
        set_team(both, below(both, TEAMS), 0.5 + 3 * rng_uniform(&both->rng),
                 below(both, 2) ? 0 : 1 + below(both, 6));
        return;
    }
    naive->slots = below(both, 10);
    queue_set_slots(both->queue, naive->now_ms, naive->slots);
}

static void one_event(struct both *both)
{
    struct naive *naive = &both->naive;
    const int kind = below(both, 1000);
    if (kind < 250)
        pass_time(naive, naive->now_ms + below(both, kind == 0 ? 3000000 : 4000));
    queue_set_slots(both->queue, naive->now_ms, naive->slots); /* it hears what time it is */
    const int64_t now_ms = naive->now_ms;
    if (kind < 400)
        enter_or_leave(both, below(both, RUNS));
    else if (kind < 600)
        end_run(both, below(both, 20) ? some_running(both) : below(both, RUNS));
    else if (kind < 900)
        ask_next(both);
    else if (kind < 950)
        ask_preempt(both);
    else if (kind < 990)
        change_job(both, below(both, JOBS));
    else if (kind < 995)
        change_limits(both);
    else if (naive->runs[kind % RUNS].state == RUNNING) {
        naive->runs[kind % RUNS].ends_ms = now_ms + 5000;
        queue_expect_end(both->queue, kind % RUNS + 1, now_ms + 5000);
    }
    check_teams(naive);
}

static void compare(const struct both *both)
{
    const struct naive *naive = &both->naive;
    double parts[TEAMS];
    size_t waiting = 0;
    struct queue_standing standing;

    find_parts(naive, parts);
    for (int i = 0; i < RUNS; i++)
        waiting += naive->runs[i].state == HELD || naive->runs[i].state == WAITING;
    assert_int_equal(queue_length(both->queue), waiting);
    assert_int_equal(queue_used(both->queue), running(naive, -1));
    for (size_t i = 0; queue_standing(both->queue, naive->now_ms, i, &standing); i++) {
        assert_int_equal(standing.running, running(naive, (int)standing.team));
        assert_near(standing.used_slot_s, naive->teams[standing.team].used, 1e-9);
        assert_true(fabs(standing.part - parts[standing.team]) < 1e-6);
    }
}

static uint64_t play(uint64_t seed, int events)
{
    static struct both both;
    int over = 0;
    set_up(&both, seed);
    for (int i = 0; i < events; i++) {
        const int used = queue_used(both.queue);
        one_event(&both);
        /* Only fewer slots can leave more running than there are. */
        if (queue_used(both.queue) > used)
            assert_true(queue_used(both.queue) <= both.naive.slots);
        over += queue_used(both.queue) > both.naive.slots;
        if (i % 64 == 0)
            compare(&both);
    }
    if (events == EVENTS) {
        print_message("%d starts, %d of them slipped in, %d preempted\n", both.starts, both.slips,
                      both.preempted);
        assert_true(both.starts > 5000 && both.slips > 20 && both.preempted > 100);
        assert_true(over < events / 4);
    }
    queue_free(both.queue);
    return both.digest;
}

static void random_events_agree_with_a_naive_queue(void **state)
{
    (void)state;
    play(20240607, EVENTS);
}

static void the_same_events_give_the_same_answers(void **state)
{
    (void)state;
    assert_true(play(7, 5000) == play(7, 5000));
    assert_true(play(7, 5000) != play(8, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events_agree_with_a_naive_queue),
        cmocka_unit_test(the_same_events_give_the_same_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
