#include "loop/loop.h"

#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_EACH_TURN = 256, SIGNALS_MAX = 65 };

struct loop_watch {
    struct loop *loop;
    int fd;
    bool gone; /* unwatched; freed when this turn's events have all been looked at */
    loop_ready *ready;
    void *context;
    struct loop_watch *next_gone;
};

struct loop_timer {
    struct loop *loop;
    int64_t due_ms;
    uint64_t order; /* equal times fire in the order asked for */
    size_t place;   /* in the heap */
    loop_due *due;
    void *context;
};

struct call {
    loop_due *due;
    void *context;
};

struct calls {
    struct call *list;
    size_t count, room;
};

struct loop {
    int epoll_fd;
    bool running;
    int watch_count;
    struct loop_watch *gone;
    struct loop_timer **heap; /* a binary heap: the parent of i is (i - 1) / 2 */
    size_t timer_count, timer_room;
    uint64_t timers_made;
    struct calls soon, now; /* swapped each turn, so that a call may ask for another */
    int64_t (*hook)(void *);
    void *hook_context;
    int signal_fd;
    sigset_t signals;
    struct loop_watch *signal_watch;
    struct {
        void (*caught)(void *, int);
        void *context;
    } on_signal[SIGNALS_MAX];
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t wall_ms(void)
{
    return read_clock(CLOCK_REALTIME);
}

int loop_new(struct loop **out_loop, struct error *err)
{
    const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        return error_errno(err, "make an epoll descriptor");
    struct loop *loop = xcalloc(1, sizeof *loop);
    loop->epoll_fd = epoll_fd;
    loop->signal_fd = -1;
    sigemptyset(&loop->signals);
    *out_loop = loop;
    return 0;
}

static void free_gone(struct loop *loop)
{
    while (loop->gone) {
        struct loop_watch *watch = loop->gone;
        loop->gone = watch->next_gone;
        free(watch);
    }
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->signal_watch) {
        loop_unwatch(loop->signal_watch);
        close(loop->signal_fd);
    }
    free_gone(loop);
    assert(loop->watch_count == 0 && loop->timer_count == 0);
    close(loop->epoll_fd);
    free(loop->heap);
    free(loop->soon.list);
    free(loop->now.list);
    free(loop);
}

/* --- descriptors --------------------------------------------------------------------------- */

struct loop_watch *loop_watch(struct loop *loop, int fd, uint32_t epoll_events, loop_ready *ready,
                              void *context)
{
    struct loop_watch *watch = xcalloc(1, sizeof *watch);
    *watch = (struct loop_watch){.loop = loop, .fd = fd, .ready = ready, .context = context};
    struct epoll_event event = {.events = epoll_events, .data.ptr = watch};
    const int failed = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    assert(!failed); /* only a wrong descriptor, or a kernel without memory */
    loop->watch_count++;
    return watch;
}

void loop_change(struct loop_watch *watch, uint32_t epoll_events)
{
    struct epoll_event event = {.events = epoll_events, .data.ptr = watch};
    const int failed = epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    assert(!failed);
}

void loop_unwatch(struct loop_watch *watch)
{
    if (!watch)
        return;
    assert(!watch->gone);
    const int failed = epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    assert(!failed); /* the descriptor was closed too early */
    watch->gone = true;
    watch->next_gone = watch->loop->gone;
    watch->loop->gone = watch;
    watch->loop->watch_count--;
}

static void wait_for_events(struct loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_EACH_TURN];
    const int count = epoll_wait(loop->epoll_fd, events, EVENTS_EACH_TURN, timeout_ms);
    assert(count >= 0 || errno == EINTR);

    for (int i = 0; i < count; i++) {
        const struct loop_watch *watch = events[i].data.ptr;
        if (!watch->gone)
            watch->ready(watch->context, events[i].events);
    }
}

/* --- timers -------------------------------------------------------------------------------- */

static bool is_sooner(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put_timer(struct loop *loop, struct loop_timer *timer, size_t place)
{
    loop->heap[place] = timer;
    timer->place = place;
}

static void sift_up(struct loop *loop, struct loop_timer *timer, size_t place)
{
    while (place > 0 && is_sooner(timer, loop->heap[(place - 1) / 2])) {
        put_timer(loop, loop->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    put_timer(loop, timer, place);
}

static void sift_down(struct loop *loop, struct loop_timer *timer, size_t place)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= loop->timer_count)
            break;
        if (child + 1 < loop->timer_count && is_sooner(loop->heap[child + 1], loop->heap[child]))
            child++;
        if (!is_sooner(loop->heap[child], timer))
            break;
        put_timer(loop, loop->heap[child], place);
        place = child;
    }
    put_timer(loop, timer, place);
}

struct loop_timer *loop_after(struct loop *loop, int64_t delay_ms, loop_due *due, void *context)
{
    if (loop->timer_count == loop->timer_room) {
        loop->timer_room = loop->timer_room ? 2 * loop->timer_room : 64;
        loop->heap = xrealloc(loop->heap, loop->timer_room, sizeof(struct loop_timer *));
    }
    struct loop_timer *timer = xcalloc(1, sizeof *timer);
    *timer = (struct loop_timer){.loop = loop,
                                 /* the clock's fraction is cut off: one more, never early */
                                 .due_ms = clock_ms() + (delay_ms > 0 ? delay_ms + 1 : 0),
                                 .order = loop->timers_made++,
                                 .due = due,
                                 .context = context};
    sift_up(loop, timer, loop->timer_count++);
    return timer;
}

/* The last one takes the place that becomes free. */
static void remove_at(struct loop *loop, size_t place)
{
    struct loop_timer *timer = loop->heap[place], *last = loop->heap[--loop->timer_count];
    loop->heap[loop->timer_count] = NULL;
    if (place < loop->timer_count) {
        if (place > 0 && is_sooner(last, loop->heap[(place - 1) / 2]))
            sift_up(loop, last, place);
        else
            sift_down(loop, last, place);
    }
    free(timer);
}

void loop_cancel(struct loop_timer *timer)
{
    if (timer)
        remove_at(timer->loop, timer->place);
}

/* Timers set by the callbacks wait for the next turn, so that no chain of them starves the rest. */
static void fire_timers(struct loop *loop)
{
    const int64_t now_ms = loop->timer_count > 0 ? clock_ms() : 0;
    const uint64_t made = loop->timers_made;
    while (loop->timer_count > 0 && loop->heap[0]->due_ms <= now_ms &&
           loop->heap[0]->order < made) {
        const struct loop_timer timer = *loop->heap[0];
        remove_at(loop, 0);
        timer.due(timer.context);
    }
}

/* --- soon ---------------------------------------------------------------------------------- */

void loop_soon(struct loop *loop, loop_due *due, void *context)
{
    struct calls *soon = &loop->soon;
    if (soon->count == soon->room) {
        soon->room = soon->room ? 2 * soon->room : 64;
        soon->list = xrealloc(soon->list, soon->room, sizeof *soon->list);
    }
    soon->list[soon->count++] = (struct call){due, context};
}

static void forget_calls(struct calls *calls, loop_due *due, const void *context)
{
    for (size_t i = 0; i < calls->count; i++)
        if (calls->list[i].due == due && calls->list[i].context == context)
            calls->list[i].due = NULL;
}

void loop_forget(struct loop *loop, loop_due *due, void *context)
{
    forget_calls(&loop->soon, due, context);
    forget_calls(&loop->now, due, context);
}

static void call_soon(struct loop *loop)
{
    const struct calls calls = loop->soon;
    loop->soon = loop->now;
    loop->now = calls;
    for (size_t i = 0; i < calls.count; i++)
        if (calls.list[i].due)
            calls.list[i].due(calls.list[i].context);
    loop->now.count = 0;
}

/* --- signals ------------------------------------------------------------------------------- */

static void signal_ready(void *context, uint32_t epoll_events)
{
    struct loop *loop = context;
    struct signalfd_siginfo info;
    (void)epoll_events;
    while (read(loop->signal_fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo < SIGNALS_MAX && loop->on_signal[info.ssi_signo].caught)
            loop->on_signal[info.ssi_signo].caught(loop->on_signal[info.ssi_signo].context,
                                                   (int)info.ssi_signo);
}

int loop_signal(struct loop *loop, int signal_number, void (*caught)(void *, int), void *context,
                struct error *err)
{
    assert(signal_number > 0 && signal_number < SIGNALS_MAX);
    sigaddset(&loop->signals, signal_number);
    if (pthread_sigmask(SIG_BLOCK, &loop->signals, NULL) != 0)
        return error_errno(err, "block signal %d", signal_number);
    const int fd = signalfd(loop->signal_fd, &loop->signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "make a signal descriptor");
    loop->signal_fd = fd;
    if (!loop->signal_watch)
        loop->signal_watch = loop_watch(loop, fd, EPOLLIN, signal_ready, loop);
    loop->on_signal[signal_number].caught = caught;
    loop->on_signal[signal_number].context = context;
    return 0;
}

/* --- turning ------------------------------------------------------------------------------- */

void loop_each_turn(struct loop *loop, int64_t (*hook)(void *), void *context)
{
    loop->hook = hook;
    loop->hook_context = context;
}

static int next_timeout_ms(const struct loop *loop, int64_t most_ms)
{
    if (loop->soon.count > 0 || !loop->running)
        return 0;
    int64_t timeout_ms = most_ms;
    if (loop->timer_count > 0) {
        const int64_t left_ms = loop->heap[0]->due_ms - clock_ms();
        if (timeout_ms < 0 || left_ms < timeout_ms)
            timeout_ms = left_ms > 0 ? left_ms : 0;
    }
    return timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms;
}

void loop_run(struct loop *loop)
{
    loop->running = true;
    while (loop->running) {
        const int64_t most_ms = loop->hook ? loop->hook(loop->hook_context) : -1;
        wait_for_events(loop, next_timeout_ms(loop, most_ms));
        fire_timers(loop);
        call_soon(loop);
        free_gone(loop);
    }
}

void loop_stop(struct loop *loop)
{
    loop->running = false;
}
