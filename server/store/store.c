#include "store/private.h"

#include "memory.h"
#include "store/guard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MAILBOX_COMMANDS = 8192, CHECKPOINT_PAGES = 4096, CHAINS_AT_ONCE = 64 };

struct relief {
    loop_due *relieved;
    void *context;
};

struct store {
    struct loop *loop;
    int lock_fd;
    char *folder, *path, *vfs; /* vfs may be NULL */
    struct names *names;
    struct mailbox *commands, *finished;
    struct loop_watch *watch;
    struct writer *writer;
    size_t capacity;                        /* commands that may be under way */
    size_t under_way;                       /* given to the writer, not yet told */
    struct command *first_held, *last_held; /* not yet given to the writer: it has its fill */
    size_t held;
    struct relief *reliefs;
    size_t relief_count;
};

/* --- commands out, results in ----------------------------------------------------------------- */

static void give(struct store *store, struct command *command)
{
    const bool posted = mailbox_post(store->commands, command);
    assert(posted); /* under_way < capacity */
    store->under_way++;
}

void store_send(struct store *store, struct command *command)
{
    if (store->under_way < store->capacity) {
        give(store, command);
        return;
    }
    command->next = NULL;
    if (store->last_held)
        store->last_held->next = command;
    else
        store->first_held = command;
    store->last_held = command;
    store->held++;
}

void store_send_for(struct store *store, struct command *command, const struct audit_entry *audit)
{
    command->audit = audit_copy(audit);
    store_send(store, command);
}

static void give_held(struct store *store)
{
    while (store->first_held && store->under_way < store->capacity) {
        struct command *command = store->first_held;
        store->first_held = command->next;
        if (!store->first_held)
            store->last_held = NULL;
        store->held--;
        give(store, command);
    }
}

static void tell_chain(struct store *store, struct command *command)
{
    while (command) {
        struct command *next = command->next;
        store->under_way--;
        command->tell(command, command->failed ? &command->err : NULL);
        if (command->release)
            command->release(command);
        free(command->audit);
        free(command);
        command = next;
    }
}

static void relieve(struct store *store)
{
    if (store->relief_count == 0 || store->held > 0 || store->under_way >= store->capacity / 2)
        return;
    struct relief *reliefs = store->reliefs;
    const size_t count = store->relief_count;
    store->reliefs = NULL;
    store->relief_count = 0;
    for (size_t i = 0; i < count; i++)
        reliefs[i].relieved(reliefs[i].context);
    free(reliefs);
}

static void tell_finished(struct store *store, void **chains, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tell_chain(store, chains[i]);
    give_held(store);
    relieve(store);
}

static void finished_ready(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct store *store = context;
    void *chains[CHAINS_AT_ONCE];
    tell_finished(store, chains, mailbox_take(store->finished, chains, CHAINS_AT_ONCE));
}

/* --- full or not ------------------------------------------------------------------------------ */

bool store_is_full(const struct store *store)
{
    return store->held > 0 || store->under_way >= store->capacity - store->capacity / 8;
}

void store_when_relieved(struct store *store, loop_due *relieved, void *context)
{
    if (store->held == 0 && store->under_way < store->capacity / 2) {
        loop_soon(store->loop, relieved, context);
        return;
    }
    store->reliefs = xrealloc(store->reliefs, store->relief_count + 1, sizeof *store->reliefs);
    store->reliefs[store->relief_count++] = (struct relief){relieved, context};
}

static json_t *counted(const _Atomic int64_t *counter)
{
    return json_integer(atomic_load_explicit(counter, memory_order_relaxed));
}

json_t *store_counters(const struct store *store)
{
    const struct writer_counters *counters = writer_counters(store->writer);
    const size_t under_way = store->under_way + store->held;
    return json_pack("{so so so so so so so so so sI}", "commits", counted(&counters->commits),
                     "commands", counted(&counters->commands), "metric_rows",
                     counted(&counters->metric_rows), "stale_rows", counted(&counters->stale_rows),
                     "mismatches", counted(&counters->mismatches), "largest_batch",
                     counted(&counters->largest_batch), "checkpoints",
                     counted(&counters->checkpoints), "wal_bytes", counted(&counters->wal_bytes),
                     "disk_full", counted(&counters->disk_full), "mailbox", (json_int_t)under_way);
}

/* --- opening and closing ---------------------------------------------------------------------- */

static int start_writer(struct store *store, const struct store_options *options, struct error *err)
{
    const struct writer_options writer_options = {
        .folder = store->folder,
        .path = store->path,
        .vfs = store->vfs,
        .synchronous = options->synchronous ? options->synchronous : "FULL",
        .checkpoint_pages =
            options->checkpoint_pages ? options->checkpoint_pages : CHECKPOINT_PAGES,
        .ballast_bytes = (int64_t)options->ballast_mib << 20,
        .commands = store->commands,
        .finished = store->finished,
    };
    if (writer_start(&writer_options, store->names, &store->writer, err) < 0)
        return -1;
    ballast_make(store->folder, writer_options.ballast_bytes);
    return 0;
}

int store_open(struct loop *loop, const struct store_options *options, struct store **out_store,
               struct error *err)
{
    struct store *store = xcalloc(1, sizeof *store);
    store->loop = loop;
    store->lock_fd = -1;
    store->folder = xstrdup(options->folder);
    store->path = xprintf("%s/sweepd.db", options->folder);
    store->vfs = options->vfs ? xstrdup(options->vfs) : NULL;
    store->capacity =
        options->mailbox_commands > 0 ? (size_t)options->mailbox_commands : MAILBOX_COMMANDS;
    store->names = names_new();
    if (guard_lock(store->folder, &store->lock_fd, err) < 0 ||
        mailbox_new(store->capacity, &store->commands, err) < 0 ||
        mailbox_new(store->capacity, &store->finished, err) < 0 ||
        start_writer(store, options, err) < 0) {
        store_close(store);
        return -1;
    }
    store->watch =
        loop_watch(loop, mailbox_descriptor(store->finished), EPOLLIN, finished_ready, store);
    *out_store = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    loop_unwatch(store->watch);
    store->relief_count = 0;       /* who waits to send more does not get to */
    while (store->under_way > 0) { /* callbacks may send more */
        void *chain;
        tell_finished(store, &chain, mailbox_wait(store->finished, &chain, 1));
    }
    if (store->commands)
        mailbox_close(store->commands);
    writer_stop(store->writer);
    mailbox_free(store->commands);
    mailbox_free(store->finished);
    names_free(store->names);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->reliefs);
    free(store->folder);
    free(store->path);
    free(store->vfs);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

const char *store_vfs(const struct store *store)
{
    return store->vfs;
}

uint32_t store_metric_name(struct store *store, const char *name, size_t bytes, bool repeats)
{
    return names_number(store->names, name, bytes, repeats);
}
