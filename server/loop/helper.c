#include "loop/helper.h"

#include "loop/mailbox.h"
#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum { TASKS_MAX = 4096, TASKS_AT_ONCE = 64 };

struct task {
    helper_work *work;
    loop_due *done;
    void *context;
};

struct helpers {
    struct mailbox *waiting;  /* loop to threads */
    struct mailbox *finished; /* threads to loop */
    struct loop_watch *watch;
    void *(*thread_start)(void *);
    void (*thread_end)(void *);
    void *context;
    pthread_t *threads;
    int thread_count;
    int outstanding; /* waiting, running or finished but not told; of the loop's thread */
};

/* One task at a time, so that a long one does not hold others that an idle thread could take. More
 * than one thread sleeps in mailbox_wait(), hence its condition is signalled for every message. */
static void *run_tasks(void *context)
{
    struct helpers *helpers = context;
    void *thread_own = helpers->thread_start ? helpers->thread_start(helpers->context) : NULL;
    void *message;
    while (mailbox_wait(helpers->waiting, &message, 1) > 0) {
        struct task *task = message;
        task->work(thread_own, task->context);
        const bool posted = mailbox_post(helpers->finished, task);
        assert(posted); /* it holds as many as may be outstanding */
    }
    if (helpers->thread_end)
        helpers->thread_end(thread_own);
    return NULL;
}

static size_t tell_finished(struct helpers *helpers)
{
    void *messages[TASKS_AT_ONCE];
    const size_t count = mailbox_take(helpers->finished, messages, TASKS_AT_ONCE);
    for (size_t i = 0; i < count; i++) {
        const struct task task = *(struct task *)messages[i];
        free(messages[i]);
        helpers->outstanding--;
        if (task.done)
            task.done(task.context);
    }
    return count;
}

static void finished_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    tell_finished(context);
}

/* Signals are for the loop's thread: helpers inherit a mask that blocks them all. */
static int start_threads(struct helpers *helpers, int threads, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (!failed && helpers->thread_count < threads) {
        failed = pthread_create(&helpers->threads[helpers->thread_count], NULL, run_tasks, helpers);
        helpers->thread_count += !failed;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? error_errno(err, "start a helper thread") : 0;
}

int helpers_new(struct loop *loop, int threads, void *(*thread_start)(void *),
                void (*thread_end)(void *), void *context, struct helpers **out_helpers,
                struct error *err)
{
    assert(threads > 0);
    struct helpers *helpers = xcalloc(1, sizeof *helpers);
    helpers->threads = xcalloc((size_t)threads, sizeof *helpers->threads);
    helpers->thread_start = thread_start;
    helpers->thread_end = thread_end;
    helpers->context = context;
    if (mailbox_new(TASKS_MAX, &helpers->waiting, err) < 0 ||
        mailbox_new(TASKS_MAX, &helpers->finished, err) < 0 ||
        start_threads(helpers, threads, err) < 0) {
        helpers_free(helpers);
        return -1;
    }
    helpers->watch =
        loop_watch(loop, mailbox_descriptor(helpers->finished), EPOLLIN, finished_ready, helpers);
    *out_helpers = helpers;
    return 0;
}

void helpers_stop(struct helpers *helpers)
{
    if (!helpers)
        return;
    if (helpers->waiting)
        mailbox_close(helpers->waiting);
    for (int i = 0; i < helpers->thread_count; i++)
        pthread_join(helpers->threads[i], NULL);
    helpers->thread_count = 0;
    while (helpers->finished && tell_finished(helpers) > 0)
        ;
    assert(helpers->outstanding == 0);
}

void helpers_free(struct helpers *helpers)
{
    if (!helpers)
        return;
    helpers_stop(helpers);
    loop_unwatch(helpers->watch);
    mailbox_free(helpers->waiting);
    mailbox_free(helpers->finished);
    free(helpers->threads);
    free(helpers);
}

bool helpers_run(struct helpers *helpers, helper_work *work, loop_due *done, void *context)
{
    if (helpers->outstanding == TASKS_MAX)
        return false;
    struct task *task = xcalloc(1, sizeof *task);
    *task = (struct task){work, done, context};
    if (!mailbox_post(helpers->waiting, task)) {
        free(task);
        return false;
    }
    helpers->outstanding++;
    return true;
}

int helpers_outstanding(const struct helpers *helpers)
{
    return helpers->outstanding;
}
