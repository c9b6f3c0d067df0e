/* The states of a run, against the table of the header written out by hand. */
#include "support/check.h"

#include "jobs/state.h"

enum { X = -1 }; /* refused */
enum {
    WAITING = RUN_WAITING,
    QUEUED = RUN_QUEUED,
    RUNNING = RUN_RUNNING,
    DONE = RUN_SUCCEEDED,
    PRUNED = RUN_PRUNED,
    CANCELLED = RUN_CANCELLED,
    FAILED = RUN_FAILED,
};

/* clang-format off */
static const int expected[RUN_STATES][RUN_EVENTS] = {
    /*              start    ok    pruned  cancel     preempt lost    failed  released source  retry   later    rung     reused */
    [WAITING]   = { X,       X,    PRUNED, CANCELLED, X,      X,      X,      QUEUED,  FAILED, X,      X,       X,       X },
    [QUEUED]    = { RUNNING, X,    X,      CANCELLED, X,      X,      X,      X,       X,      X,      X,       X,       DONE },
    [RUNNING]   = { X,       DONE, PRUNED, CANCELLED, QUEUED, QUEUED, FAILED, X,       X,      X,      X,       WAITING, X },
    [DONE]      = { X,       X,    X,      X,         X,      X,      X,      X,       X,      X,      X,       X,       X },
    [PRUNED]    = { X,       X,    X,      X,         X,      X,      X,      X,       X,      X,      X,       X,       X },
    [CANCELLED] = { X,       X,    X,      X,         X,      X,      X,      X,       X,      QUEUED, WAITING, X,       X },
    [FAILED]    = { X,       X,    X,      X,         X,      X,      X,      X,       X,      QUEUED, WAITING, X,       X },
};
/* clang-format on */

static void every_state_takes_every_event_as_the_table_says(void **state)
{
    (void)state;
    for (int from = 0; from < RUN_STATES; from++) {
        for (int event = 0; event < RUN_EVENTS; event++) {
            struct run_position run = {.state = (enum run_state)from, .attempt = 1};
            const int to = expected[from][event];
            const int answer = run_apply(&run, (enum run_event)event, NULL);
            assert_int_equal(answer, to == X ? -1 : 0);
            assert_int_equal(run.state, to == X ? from : to);
        }
    }
}

static void a_refused_event_changes_nothing_and_says_so(void **state)
{
    (void)state;
    struct run_position run = {.state = RUN_SUCCEEDED, .attempt = 2, .attempts_lost = 1};
    struct error err;

    assert_int_equal(run_apply(&run, EVENT_RETRY, &err), -1);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_string_equal(err.sentence, "a succeeded run cannot be retried");
    assert_int_equal(run.state, RUN_SUCCEEDED);
    assert_int_equal(run.attempt, 2);
    assert_int_equal(run.attempts_lost, 1);
}

static void each_start_is_a_new_attempt(void **state)
{
    (void)state;
    struct run_position run = {.state = RUN_QUEUED};

    assert_int_equal(run_apply(&run, EVENT_START, NULL), 0);
    assert_int_equal(run.attempt, 1);
    assert_int_equal(run_apply(&run, EVENT_PREEMPT, NULL), 0);
    assert_int_equal(run_apply(&run, EVENT_START, NULL), 0);
    assert_int_equal(run.attempt, 2);
    assert_int_equal(run.attempts_lost, 0); /* being put back is not the run's fault */
}

static void lose(struct run_position *run)
{
    assert_int_equal(run_apply(run, EVENT_START, NULL), 0);
    assert_int_equal(run_apply(run, EVENT_LOST, NULL), 0);
}

static void the_third_lost_worker_fails_the_run(void **state)
{
    (void)state;
    struct run_position run = {.state = RUN_QUEUED};

    lose(&run);
    assert_int_equal(run.state, RUN_QUEUED);
    lose(&run);
    assert_int_equal(run.state, RUN_QUEUED);
    lose(&run);
    assert_int_equal(run.state, RUN_FAILED);
    assert_int_equal(run.attempt, 3);
}

static void a_retry_gives_three_attempts_again(void **state)
{
    (void)state;
    struct run_position run = {.state = RUN_FAILED, .attempt = 3, .attempts_lost = 3};

    assert_int_equal(run_apply(&run, EVENT_RETRY, NULL), 0);
    lose(&run);
    lose(&run);
    assert_int_equal(run.state, RUN_QUEUED);
    lose(&run);
    assert_int_equal(run.state, RUN_FAILED);
    assert_int_equal(run.attempt, 6); /* still counts on: lines of older attempts are dropped */
}

static void states_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(run_state_find("waiting"), RUN_WAITING);
    assert_int_equal(run_state_find("failed"), RUN_FAILED);
    assert_int_equal(run_state_find("Failed"), -1);
    assert_int_equal(run_state_find(""), -1);
}

struct job_case {
    int counts[RUN_STATES]; /* waiting, queued, running, succeeded, pruned, cancelled, failed */
    bool paused;
    enum job_state expected;
};

static void a_job_is_what_its_runs_make_it(void **state)
{
    (void)state;
    static const struct job_case cases[] = {
        {{2, 3, 0, 0, 0, 0, 0}, false, JOB_QUEUED},
        {{2, 3, 0, 0, 0, 0, 0}, true, JOB_PAUSED},
        {{0, 3, 1, 0, 0, 0, 0}, false, JOB_RUNNING},
        {{0, 3, 0, 1, 0, 0, 0}, false, JOB_RUNNING},
        {{1, 0, 0, 0, 0, 0, 1}, false, JOB_RUNNING},
        {{0, 0, 1, 5, 0, 0, 0}, true, JOB_PAUSED},
        {{0, 0, 0, 5, 0, 0, 0}, false, JOB_SUCCEEDED},
        {{0, 0, 0, 4, 1, 0, 0}, false, JOB_SUCCEEDED},
        {{0, 0, 0, 5, 0, 0, 0}, true, JOB_SUCCEEDED}, /* too late to pause */
        {{0, 0, 0, 4, 0, 1, 0}, false, JOB_CANCELLED},
        {{0, 0, 0, 3, 0, 1, 1}, false, JOB_CANCELLED},
        {{0, 0, 0, 4, 0, 0, 1}, false, JOB_SUCCEEDED}, /* a run that diverged is an outcome */
        {{0, 0, 0, 0, 0, 0, 2}, false, JOB_FAILED},
        {{0, 0, 0, 0, 0, 0, 0}, false, JOB_QUEUED}, /* its runs are still to come */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(job_state_of(cases[i].counts, cases[i].paused), cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_takes_every_event_as_the_table_says),
        cmocka_unit_test(a_refused_event_changes_nothing_and_says_so),
        cmocka_unit_test(each_start_is_a_new_attempt),
        cmocka_unit_test(the_third_lost_worker_fails_the_run),
        cmocka_unit_test(a_retry_gives_three_attempts_again),
        cmocka_unit_test(states_are_found_by_name),
        cmocka_unit_test(a_job_is_what_its_runs_make_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
