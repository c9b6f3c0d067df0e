/*
 * The writer thread: takes the commands that wait, makes one transaction of them, commits, and
 * hands them back in the order they came.
 *
 * A command that is refused leaves nothing behind. Most refusals come before a command's first
 * change, so a transaction first runs without savepoints; where a command fails with changes made,
 * everything is rolled back and run again with a savepoint a command. So `work` may run more than
 * once and sets every result anew. A savepoint costs a copy of each page a command touches.
 */
#ifndef WRITER_H
#define WRITER_H

#include "loop/mailbox.h"
#include "store/names.h"
#include "store/sql.h"
#include "store/store.h"

#include <stdatomic.h>

struct writer;

struct audit_entry;

/* The first member of every command. The loop makes it, the writer works, the loop ends it. */
struct command {
    struct command *next; /* of those that committed together, or that wait on the loop */
    /* On the writer thread, in a transaction. -1 with err: refused or broken. */
    int (*work)(struct writer *writer, struct command *command, struct error *err);
    /* On the loop: calls the caller's `done`. err NULL: on disk. */
    void (*tell)(struct command *command, const struct error *err);
    void (*release)(struct command *command); /* what its members point to; may be NULL */
    int rows;                                 /* how much it writes, to bound a transaction */
    struct audit_entry *audit;                /* written with the change; NULL: none */
    int64_t made;                             /* the number of what the work made, for the audit */
    bool failed;
    struct error err;
};

enum { BATCH_COMMANDS_MAX = 1024, BATCH_ROWS_MAX = 50000 };

/* Counted within a transaction, added up when it commits. */
struct batch_counts {
    int64_t metric_rows, stale_rows, mismatches;
};

/* Written by the writer thread, read by the loop. */
struct writer_counters {
    _Atomic int64_t commits, commands, metric_rows, stale_rows, mismatches, largest_batch;
    _Atomic int64_t checkpoints, wal_bytes, disk_full;
};

struct writer_options {
    const char *folder, *path, *vfs, *synchronous;
    int checkpoint_pages;
    int64_t ballast_bytes;
    struct mailbox *commands; /* in: struct command */
    struct mailbox *finished; /* out: chains of struct command */
};

/* Opens and migrates the database and loads the names, on the calling thread; then starts the
 * thread. Texts of the options are not copied. */
int writer_start(const struct writer_options *options, struct names *names,
                 struct writer **out_writer, struct error *err);
/* Once the mailbox of commands is closed: waits until all is committed, and closes. */
void writer_stop(struct writer *writer); /* accepts NULL */

const struct writer_counters *writer_counters(const struct writer *writer);

/* --- for the work of commands ---------------------------------------------------------------- */

struct sql *writer_db(struct writer *writer);
struct batch_counts *writer_counts(struct writer *writer);
const struct names *writer_names(const struct writer *writer);
/* Writes the name into the database in this transaction, if it is not there yet. */
int writer_keep_name(struct writer *writer, uint32_t number, struct error *err);

#endif
