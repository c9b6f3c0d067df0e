#include "loop/mailbox.h"

#include "memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    void **ring;
    size_t capacity, first, count;
    bool closed;
    int sleepers; /* in mailbox_wait() */
    int event_fd; /* holds 1 exactly while count > 0 */
};

int mailbox_new(size_t capacity, struct mailbox **out_mailbox, struct error *err)
{
    assert(capacity > 0);
    const int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0)
        return error_errno(err, "make an event descriptor");
    struct mailbox *mailbox = xcalloc(1, sizeof *mailbox);
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_cond_init(&mailbox->filled, NULL);
    mailbox->ring = xcalloc(capacity, sizeof(void *));
    mailbox->capacity = capacity;
    mailbox->event_fd = event_fd;
    *out_mailbox = mailbox;
    return 0;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (!mailbox)
        return;
    assert(mailbox->count == 0);
    close(mailbox->event_fd);
    pthread_cond_destroy(&mailbox->filled);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox->ring);
    free(mailbox);
}

/* Both under the lock, so that the descriptor never says something else than the count. */
static void raise_event(const struct mailbox *mailbox)
{
    const uint64_t one = 1;
    const ssize_t written = write(mailbox->event_fd, &one, sizeof one);
    assert(written == sizeof one);
}

static void lower_event(const struct mailbox *mailbox)
{
    uint64_t value;
    const ssize_t got = read(mailbox->event_fd, &value, sizeof value);
    assert(got == sizeof value);
}

bool mailbox_post(struct mailbox *mailbox, void *message)
{
    pthread_mutex_lock(&mailbox->lock);
    const bool taken = !mailbox->closed && mailbox->count < mailbox->capacity;
    if (taken) {
        mailbox->ring[(mailbox->first + mailbox->count) % mailbox->capacity] = message;
        if (mailbox->count++ == 0)
            raise_event(mailbox);
        if (mailbox->sleepers > 0)
            pthread_cond_signal(&mailbox->filled);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return taken;
}

size_t mailbox_count(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    const size_t count = mailbox->count;
    pthread_mutex_unlock(&mailbox->lock);
    return count;
}

static size_t take_locked(struct mailbox *mailbox, void **messages, size_t most)
{
    const size_t taken = mailbox->count < most ? mailbox->count : most;
    for (size_t i = 0; i < taken; i++)
        messages[i] = mailbox->ring[(mailbox->first + i) % mailbox->capacity];
    mailbox->first = (mailbox->first + taken) % mailbox->capacity;
    mailbox->count -= taken;
    if (taken > 0 && mailbox->count == 0)
        lower_event(mailbox);
    return taken;
}

size_t mailbox_take(struct mailbox *mailbox, void **messages, size_t most)
{
    pthread_mutex_lock(&mailbox->lock);
    const size_t taken = take_locked(mailbox, messages, most);
    pthread_mutex_unlock(&mailbox->lock);
    return taken;
}

size_t mailbox_wait(struct mailbox *mailbox, void **messages, size_t most)
{
    assert(most > 0);
    pthread_mutex_lock(&mailbox->lock);
    mailbox->sleepers++;
    while (mailbox->count == 0 && !mailbox->closed)
        pthread_cond_wait(&mailbox->filled, &mailbox->lock);
    mailbox->sleepers--;
    const size_t taken = take_locked(mailbox, messages, most);
    pthread_mutex_unlock(&mailbox->lock);
    return taken;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_cond_broadcast(&mailbox->filled);
    pthread_mutex_unlock(&mailbox->lock);
}

int mailbox_descriptor(const struct mailbox *mailbox)
{
    return mailbox->event_fd;
}
