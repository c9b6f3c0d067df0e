/* Helper threads: work on one of them, `done` on the loop. */
#include "loop/helper.h"

#include "support/check.h"

#include <pthread.h>
#include <semaphore.h>

static struct loop *loop;

static int setup(void **state)
{
    struct error err;
    (void)state;
    return loop_new(&loop, &err);
}

static int teardown(void **state)
{
    (void)state;
    loop_free(loop);
    return 0;
}

static struct helpers *start(int threads)
{
    struct helpers *helpers;
    struct error err;
    assert_int_equal(helpers_new(loop, threads, NULL, NULL, NULL, &helpers, &err), 0);
    return helpers;
}

struct sum {
    pthread_t loop_thread;
    int value;
    int done_count, wanted;
};

struct square {
    struct sum *sum;
    int number, result;
};

static void square(void *thread_own, void *context)
{
    struct square *square = context;
    assert_null(thread_own);
    assert_false(pthread_equal(pthread_self(), square->sum->loop_thread));
    square->result = square->number * square->number;
}

static void add_square(void *context)
{
    const struct square *square = context;
    struct sum *sum = square->sum;
    assert_true(pthread_equal(pthread_self(), sum->loop_thread));
    sum->value += square->result;
    if (++sum->done_count == sum->wanted)
        loop_stop(loop);
}

/* 1 + 4 + … + 100² = 100 · 101 · 201 / 6 */
static void work_is_done_elsewhere_and_told_on_the_loop(void **state)
{
    enum { COUNT = 100 };
    struct square squares[COUNT];
    struct sum sum = {.loop_thread = pthread_self(), .wanted = COUNT};
    struct helpers *helpers = start(3);
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        squares[i] = (struct square){.sum = &sum, .number = i + 1};
        assert_true(helpers_run(helpers, square, add_square, &squares[i]));
    }
    loop_run(loop);
    assert_int_equal(sum.value, 338350);
    helpers_free(helpers);
}

static void freeing_finishes_what_waits(void **state)
{
    enum { COUNT = 50 };
    struct square squares[COUNT];
    struct sum sum = {.loop_thread = pthread_self(), .wanted = COUNT};
    struct helpers *helpers = start(1);
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        squares[i] = (struct square){.sum = &sum, .number = 2};
        helpers_run(helpers, square, add_square, &squares[i]);
    }
    helpers_free(helpers); /* the loop has not run at all */
    assert_int_equal(sum.done_count, COUNT);
    assert_int_equal(sum.value, 4 * COUNT);
}

static void stopped_helpers_take_nothing_more(void **state)
{
    struct square last = {.number = 3};
    struct sum sum = {.loop_thread = pthread_self(), .wanted = 1};
    struct helpers *helpers = start(2);
    (void)state;
    last.sum = &sum;
    assert_true(helpers_run(helpers, square, add_square, &last));
    helpers_stop(helpers);
    assert_int_equal(sum.value, 9);
    assert_false(helpers_run(helpers, square, add_square, &last));
    helpers_free(helpers);
}

static void wait_for_leave(void *thread_own, void *context)
{
    (void)thread_own;
    sem_wait(context);
}

static void the_queue_is_bounded(void **state)
{
    sem_t leave;
    struct helpers *helpers = start(1);
    int taken = 0;
    (void)state;
    sem_init(&leave, 0, 0);
    while (helpers_run(helpers, wait_for_leave, NULL, &leave))
        taken++;
    assert_int_equal(taken, 4096);
    for (int i = 0; i < taken; i++)
        sem_post(&leave);
    helpers_free(helpers);
    sem_destroy(&leave);
}

static void *start_thread(void *context)
{
    return context;
}

static void end_thread(void *thread_own)
{
    *(int *)thread_own += 100;
}

static void use_own(void *thread_own, void *context)
{
    *(void **)context = thread_own;
}

static void each_thread_has_what_it_made(void **state)
{
    struct helpers *helpers;
    struct error err;
    int own = 7;
    void *seen = NULL;
    (void)state;
    assert_int_equal(helpers_new(loop, 1, start_thread, end_thread, &own, &helpers, &err), 0);
    helpers_run(helpers, use_own, NULL, (void *)&seen);
    helpers_free(helpers);
    assert_ptr_equal(seen, &own);
    assert_int_equal(own, 107);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_is_done_elsewhere_and_told_on_the_loop, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(freeing_finishes_what_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(stopped_helpers_take_nothing_more, setup, teardown),
        cmocka_unit_test_setup_teardown(the_queue_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(each_thread_has_what_it_made, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
