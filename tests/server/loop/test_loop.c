/* The loop: the order of its callbacks, timers, and callbacks that take others away. */
#include "loop/loop.h"

#include "support/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct loop *loop;

/* What happened, as letters in order. */
static char story[4096];

static char a[] = "a", b[] = "b", c[] = "c", x[] = "x", y[] = "y";

static void tell(const char *letters)
{
    strncat(story, letters, sizeof story - strlen(story) - 1);
}

static int setup(void **state)
{
    struct error err;
    (void)state;
    story[0] = '\0';
    return loop_new(&loop, &err);
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static void tell_letter(void *context)
{
    tell(context);
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

/* --- timers -------------------------------------------------------------------------------- */

static void timers_fire_in_the_order_of_their_times(void **state)
{
    (void)state;
    loop_after(loop, 30, stop, NULL);
    loop_after(loop, 20, tell_letter, c);
    loop_after(loop, 0, tell_letter, a);
    loop_after(loop, 10, tell_letter, b);
    loop_run(loop);
    assert_string_equal(story, "abc");
}

static void timers_of_equal_times_fire_in_the_order_they_were_set(void **state)
{
    (void)state;
    loop_after(loop, 0, tell_letter, a);
    loop_after(loop, 0, tell_letter, b);
    loop_after(loop, 0, tell_letter, c);
    loop_after(loop, 5, stop, NULL);
    loop_run(loop);
    assert_string_equal(story, "abc");
}

static void a_timer_never_fires_early(void **state)
{
    (void)state;
    const int64_t before_ms = clock_ms();
    loop_after(loop, 25, stop, NULL);
    loop_run(loop);
    assert_true(clock_ms() - before_ms >= 25);
}

static void a_cancelled_timer_stays_silent(void **state)
{
    (void)state;
    struct loop_timer *timer = loop_after(loop, 1, tell_letter, x);
    loop_after(loop, 10, stop, NULL);
    loop_cancel(timer);
    loop_cancel(NULL);
    loop_run(loop);
    assert_string_equal(story, "");
}

static void set_one_more(void *context)
{
    (void)context;
    tell("a");
    loop_after(loop, 0, tell_letter, b);
    loop_soon(loop, tell_letter, c);
}

/* Else a chain of timers due at once would keep the loop from everything else. */
static void a_timer_set_by_a_timer_waits_for_the_next_turn(void **state)
{
    (void)state;
    loop_after(loop, 0, set_one_more, NULL);
    loop_after(loop, 5, stop, NULL);
    loop_run(loop);
    assert_string_equal(story, "acb");
}

enum { MANY = 1000 };
static int64_t last_fired;
static int fired_count;

static void fired(void *context)
{
    const int64_t delay_ms = *(int64_t *)context;
    assert_true(delay_ms >= last_fired);
    last_fired = delay_ms;
    fired_count++;
}

/* Random delays, every third cancelled: the others come in order. */
static void a_heap_of_many_timers_keeps_its_order(void **state)
{
    static int64_t delays[MANY];
    struct loop_timer *timers[MANY];
    (void)state;
    last_fired = -1;
    fired_count = 0;
    unsigned seed = 1;
    for (int i = 0; i < MANY; i++) {
        seed = seed * 1103515245U + 12345U;
        delays[i] = seed / 65536 % 50 * 2; /* even, so that one turn of the clock cannot swap two */
        timers[i] = loop_after(loop, delays[i], fired, &delays[i]);
    }
    for (int i = 0; i < MANY; i += 3)
        loop_cancel(timers[i]);
    loop_after(loop, 110, stop, NULL);
    loop_run(loop);
    assert_int_equal(fired_count, MANY - (MANY + 2) / 3);
}

/* --- soon ---------------------------------------------------------------------------------- */

static void ask_again(void *context)
{
    (void)context;
    tell("a");
    loop_soon(loop, tell_letter, c);
}

static void calls_asked_for_come_in_order_and_new_ones_after_them(void **state)
{
    (void)state;
    loop_soon(loop, ask_again, NULL);
    loop_soon(loop, tell_letter, b);
    loop_after(loop, 5, stop, NULL);
    loop_run(loop);
    assert_string_equal(story, "abc");
}

static void forget_x(void *context)
{
    loop_forget(loop, tell_letter, context);
}

static void a_forgotten_call_does_not_come(void **state)
{
    (void)state;
    loop_soon(loop, forget_x, x); /* takes the next one out of the very turn that runs */
    loop_soon(loop, tell_letter, x);
    loop_soon(loop, tell_letter, y);
    loop_after(loop, 5, stop, NULL);
    loop_run(loop);
    assert_string_equal(story, "y");
}

/* --- descriptors --------------------------------------------------------------------------- */

static struct loop_watch *pair_of_watches[2];

/* Both descriptors are ready in the same turn; whoever comes first takes the other away. */
static void take_the_other_away(void *context, uint32_t epoll_events)
{
    const int me = *(int *)context;
    (void)epoll_events;
    tell("a");
    loop_unwatch(pair_of_watches[1 - me]);
    loop_unwatch(pair_of_watches[me]);
    loop_stop(loop);
}

static void a_callback_may_unwatch_itself_and_another(void **state)
{
    static int numbers[2] = {0, 1};
    int fds[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        fds[i] = eventfd(1, EFD_CLOEXEC);
        pair_of_watches[i] = loop_watch(loop, fds[i], EPOLLIN, take_the_other_away, &numbers[i]);
    }
    loop_run(loop);
    assert_string_equal(story, "a");
    close(fds[0]);
    close(fds[1]);
}

static void stop_at_write(void *context, uint32_t epoll_events)
{
    (void)context;
    assert_true(epoll_events & EPOLLOUT);
    tell("w");
    loop_stop(loop);
}

static void a_watch_may_change_what_it_waits_for(void **state)
{
    (void)state;
    const int fd = eventfd(0, EFD_CLOEXEC); /* writable, not readable */
    struct loop_watch *watch = loop_watch(loop, fd, EPOLLIN, stop_at_write, NULL);
    loop_change(watch, EPOLLOUT);
    loop_run(loop);
    assert_string_equal(story, "w");
    loop_unwatch(watch);
    loop_unwatch(NULL);
    close(fd);
}

/* --- turns --------------------------------------------------------------------------------- */

static int64_t count_turns(void *context)
{
    int *turns = context;
    if (++*turns == 5)
        loop_stop(loop);
    return 1;
}

static void the_hook_runs_before_each_wait_and_limits_it(void **state)
{
    (void)state;
    int turns = 0;
    loop_each_turn(loop, count_turns, &turns);
    loop_run(loop); /* would wait for ever without the hook's answer */
    assert_int_equal(turns, 5);
    loop_each_turn(loop, NULL, NULL);
}

static void caught(void *context, int number)
{
    tell(context);
    tell(number == SIGUSR1 ? "1" : "2");
    if (number == SIGUSR2)
        loop_stop(loop);
}

static void signals_arrive_as_calls(void **state)
{
    struct error err;
    (void)state;
    assert_int_equal(loop_signal(loop, SIGUSR1, caught, a, &err), 0);
    assert_int_equal(loop_signal(loop, SIGUSR2, caught, b, &err), 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    loop_run(loop);
    assert_string_equal(story, "a1b2");
}

static void the_descriptors_of_a_loop_are_closed_in_children(void **state)
{
    struct error err;
    (void)state;
    assert_int_equal(loop_signal(loop, SIGUSR1, caught, a, &err), 0);
    for (int fd = 3; fd < 64; fd++) {
        char path[64], target[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (readlink(path, target, sizeof target - 1) > 0 && strstr(target, "anon_inode:["))
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_times, setup, teardown),
        cmocka_unit_test_setup_teardown(timers_of_equal_times_fire_in_the_order_they_were_set,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_never_fires_early, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_timer_stays_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_set_by_a_timer_waits_for_the_next_turn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_heap_of_many_timers_keeps_its_order, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_asked_for_come_in_order_and_new_ones_after_them,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_call_does_not_come, setup, teardown),
        cmocka_unit_test_setup_teardown(a_callback_may_unwatch_itself_and_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_watch_may_change_what_it_waits_for, setup, teardown),
        cmocka_unit_test_setup_teardown(the_hook_runs_before_each_wait_and_limits_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(signals_arrive_as_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(the_descriptors_of_a_loop_are_closed_in_children, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
