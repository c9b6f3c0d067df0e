/* Threads go where the server says, those that were there before as well. */
#include "support/check.h"

#include "cores.h"

#include <pthread.h>
#include <sched.h>

struct other {
    pthread_t thread;
    pthread_barrier_t moved;
    cpu_set_t cores;
};

static void *look(void *context)
{
    struct other *other = context;
    pthread_barrier_wait(&other->moved);
    sched_getaffinity(0, sizeof other->cores, &other->cores);
    return NULL;
}

static cpu_set_t own(void)
{
    cpu_set_t cores;
    assert_int_equal(sched_getaffinity(0, sizeof cores, &cores), 0);
    return cores;
}

static int last_of(const cpu_set_t *cores)
{
    int last = -1;
    for (int core = 0; core < CPU_SETSIZE; core++)
        last = CPU_ISSET((size_t)core, cores) ? core : last;
    return last;
}

static void all_threads_move_and_come_back(void **state)
{
    (void)state;
    struct other other;
    const cpu_set_t before = own();
    const int core = last_of(&before);
    json_auto_t *list = json_pack("[i]", core);
    pthread_barrier_init(&other.moved, NULL, 2);
    pthread_create(&other.thread, NULL, look, &other);
    cores_take(list);
    pthread_barrier_wait(&other.moved);
    pthread_join(other.thread, NULL);
    pthread_barrier_destroy(&other.moved);

    const cpu_set_t now = own();
    assert_int_equal(CPU_COUNT(&now), 1);
    assert_true(CPU_ISSET((size_t)core, &now));
    assert_true(CPU_EQUAL(&other.cores, &now));
    cores_take(NULL);
    const cpu_set_t after = own();
    assert_true(CPU_EQUAL(&after, &before));
}

static void cores_that_are_not_there_change_nothing(void **state)
{
    (void)state;
    const cpu_set_t before = own();
    json_auto_t *lists =
        json_loads("[[], [-1], [1023], [1e9], [9007199254740992], [\"0\"], [null]]", 0, NULL);
    size_t i;
    json_t *list;
    json_array_foreach(lists, i, list)
    {
        cores_take(list);
        const cpu_set_t now = own();
        assert_true(CPU_EQUAL(&now, &before));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads_move_and_come_back),
        cmocka_unit_test(cores_that_are_not_there_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
