/*
 * A bounded queue of pointers into one thread; the only place where threads meet. Any thread posts;
 * as a rule one takes (helper threads share one). Messages arrive in the order posted.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>

struct mailbox;

int mailbox_new(size_t capacity, struct mailbox **out_mailbox, struct error *err);
void mailbox_free(struct mailbox *mailbox); /* must be empty */

bool mailbox_post(struct mailbox *mailbox, void *message); /* false: full, or closed */
size_t mailbox_count(struct mailbox *mailbox);

/* Up to `most` messages, oldest first. mailbox_wait() blocks until there is one and answers 0 only
 * when the mailbox is closed and empty; mailbox_take() does not block. */
size_t mailbox_wait(struct mailbox *mailbox, void **messages, size_t most);
size_t mailbox_take(struct mailbox *mailbox, void **messages, size_t most);
void mailbox_close(struct mailbox *mailbox);

/* Readable while messages wait: for a loop that must not block. */
int mailbox_descriptor(const struct mailbox *mailbox);

#endif
