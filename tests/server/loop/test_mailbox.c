/* The mailbox: order, bounds, closing, its descriptor, and many threads at once. */
#include "loop/mailbox.h"

#include "support/check.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

static struct mailbox *mailbox;

static int setup(void **state)
{
    struct error err;
    (void)state;
    return mailbox_new(4, &mailbox, &err);
}

static int teardown(void **state)
{
    (void)state;
    mailbox_free(mailbox);
    return 0;
}

static int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};

static bool is_readable(void)
{
    struct pollfd ready = {.fd = mailbox_descriptor(mailbox), .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

static void messages_leave_in_the_order_they_came(void **state)
{
    void *taken[8];
    (void)state;
    for (int round = 0; round < 3; round++) { /* the ring wraps around */
        for (int i = 0; i < 3; i++)
            assert_true(mailbox_post(mailbox, &numbers[i]));
        assert_int_equal(mailbox_take(mailbox, taken, 8), 3);
        for (int i = 0; i < 3; i++)
            assert_ptr_equal(taken[i], &numbers[i]);
    }
}

static void a_full_mailbox_refuses_until_one_is_taken(void **state)
{
    void *taken[8];
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(mailbox_post(mailbox, &numbers[i]));
    assert_false(mailbox_post(mailbox, &numbers[4]));
    assert_int_equal(mailbox_count(mailbox), 4);
    assert_int_equal(mailbox_take(mailbox, taken, 1), 1);
    assert_true(mailbox_post(mailbox, &numbers[5]));
    assert_int_equal(mailbox_take(mailbox, taken, 8), 4);
    assert_ptr_equal(taken[0], &numbers[1]);
    assert_ptr_equal(taken[3], &numbers[5]);
}

static void the_descriptor_is_readable_exactly_while_messages_wait(void **state)
{
    void *taken[8];
    (void)state;
    assert_false(is_readable());
    mailbox_post(mailbox, &numbers[0]);
    mailbox_post(mailbox, &numbers[1]);
    assert_true(is_readable());
    mailbox_take(mailbox, taken, 1);
    assert_true(is_readable());
    mailbox_take(mailbox, taken, 1);
    assert_false(is_readable());
    assert_int_equal(mailbox_take(mailbox, taken, 1), 0);
}

static void a_closed_mailbox_takes_nothing_and_gives_what_it_has(void **state)
{
    void *taken[8];
    (void)state;
    mailbox_post(mailbox, &numbers[0]);
    mailbox_close(mailbox);
    assert_false(mailbox_post(mailbox, &numbers[1]));
    assert_int_equal(mailbox_wait(mailbox, taken, 8), 1);
    assert_int_equal(mailbox_wait(mailbox, taken, 8), 0);
}

/* --- threads ------------------------------------------------------------------------------- */

enum { POSTERS = 4, EACH = 2000 };

struct message {
    int poster, number;
};

static struct message messages[POSTERS][EACH];

static void *post_all(void *context)
{
    struct message *mine = context;
    for (int i = 0; i < EACH; i++)
        while (!mailbox_post(mailbox, &mine[i]))
            sched_yield(); /* full: the taker has to come by */
    return NULL;
}

static void messages_of_many_threads_all_arrive_each_in_its_order(void **state)
{
    pthread_t threads[POSTERS];
    int next[POSTERS] = {0};
    (void)state;
    for (int i = 0; i < POSTERS; i++) {
        for (int j = 0; j < EACH; j++)
            messages[i][j] = (struct message){i, j};
        pthread_create(&threads[i], NULL, post_all, messages[i]);
    }
    for (int got = 0; got < POSTERS * EACH;) {
        void *taken[3];
        const size_t count = mailbox_wait(mailbox, taken, 3);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++) {
            const struct message *message = taken[i];
            assert_int_equal(message->number, next[message->poster]++);
        }
        got += (int)count;
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
}

static void *wait_for_one(void *context)
{
    void *taken;
    size_t *count = context;
    *count = mailbox_wait(mailbox, &taken, 1);
    return NULL;
}

static void closing_wakes_every_thread_that_waits(void **state)
{
    pthread_t threads[3];
    size_t counts[3] = {9, 9, 9};
    (void)state;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_for_one, &counts[i]);
    mailbox_close(mailbox);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(counts[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_leave_in_the_order_they_came, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_mailbox_refuses_until_one_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(the_descriptor_is_readable_exactly_while_messages_wait,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_mailbox_takes_nothing_and_gives_what_it_has, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(messages_of_many_threads_all_arrive_each_in_its_order,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(closing_wakes_every_thread_that_waits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
