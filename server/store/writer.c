#include "store/writer.h"

#include "log.h"
#include "memory.h"
#include "store/guard.h"
#include "store/migrations.h"
#include "store/private.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_NOT_DURABLE = 4,
    PAGE_BYTES = 4096,
    WAL_LIMIT_CHECKPOINTS = 4,     /* a log this many times as long as usual is cut */
    BALLAST_EVERY_COMMITS = 10000, /* how often to try to make it again */
};

struct writer {
    struct writer_options options;
    struct sql db;
    pthread_t thread;
    struct names *names;
    bool name_kept[METRIC_NAMES_MAX + 1];          /* in the database, or in this transaction */
    uint16_t names_of_batch[METRIC_NAMES_MAX + 1]; /* of this transaction */
    int names_of_batch_count;
    struct batch_counts counts;
    struct writer_counters counters;
    int wal_pages;           /* in the log since it last started over */
    int next_checkpoint;     /* at that many */
    bool ballast_given_back; /* and not made again */
};

static void add(_Atomic int64_t *counter, int64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static void set(_Atomic int64_t *counter, int64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

/* --- one transaction -------------------------------------------------------------------------- */

enum outcome {
    COMMITTED,
    HALF_DONE, /* a command failed after its first change: run all again, with savepoints */
    BROKEN,    /* nothing of it is on disk */
};

/* Failures of the machine, after which nothing more is tried in this transaction. The others are
 * a command's own: a constraint, a value too big. */
static bool machine_failed(const struct sql *db)
{
    switch (db->code & 0xff) {
    case SQLITE_OK:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return sqlite3_get_autocommit(db->handle) != 0; /* SQLite rolled back by itself */
    default:
        return true;
    }
}

/* After a failed fsync the kernel may have dropped the pages and report success next time, so what
 * is on disk is known to nobody (Rebello et al., USENIX ATC 2020): only a restart reads it again.
 */
static void stop_where_not_durable(struct writer *writer)
{
    const int code = writer->db.code;
    if (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC)
        return;
    log_line("the disk failed to keep what was written (%s): stopping, to recover at the next "
             "start",
             sqlite3_errstr(code));
    _exit(EXIT_NOT_DURABLE);
}

static void forget_batch(struct writer *writer)
{
    for (int i = 0; i < writer->names_of_batch_count; i++)
        writer->name_kept[writer->names_of_batch[i]] = false;
    writer->names_of_batch_count = 0;
    writer->counts = (struct batch_counts){0};
}

static void roll_back(struct writer *writer)
{
    if (!sqlite3_get_autocommit(writer->db.handle))
        sqlite3_exec(writer->db.handle, "ROLLBACK", NULL, NULL, NULL);
    forget_batch(writer);
}

static int run(struct writer *writer, const char *literal, struct error *err)
{
    return statement_run(sql_statement(&writer->db, literal), err);
}

/* Takes the command's changes back. Names are written again where needed: a second INSERT of one
 * does nothing. */
static int take_back(struct writer *writer, const struct batch_counts *before, struct error *err)
{
    forget_batch(writer);
    writer->counts = *before;
    if (run(writer, "ROLLBACK TO command", err) < 0)
        return -1;
    return 0;
}

static enum outcome run_command(struct writer *writer, struct command *command, bool careful,
                                struct error *err)
{
    struct sql *db = &writer->db;
    const struct batch_counts before = writer->counts;
    const int64_t changes = sqlite3_total_changes64(db->handle);

    if (careful && run(writer, "SAVEPOINT command", err) < 0)
        return BROKEN;
    db->code = SQLITE_OK;
    command->made = 0;
    command->failed =
        command->work(writer, command, &command->err) < 0 ||
        (command->audit && audit_write(db, command->audit, command->made, &command->err) < 0);
    if (command->failed && machine_failed(db)) {
        *err = command->err;
        return BROKEN;
    }
    if (command->failed && sqlite3_total_changes64(db->handle) != changes) {
        if (!careful)
            return HALF_DONE;
        if (take_back(writer, &before, err) < 0)
            return BROKEN;
    }
    if (careful && run(writer, "RELEASE command", err) < 0)
        return BROKEN;
    return COMMITTED;
}

static enum outcome run_batch(struct writer *writer, struct command *first, bool careful,
                              struct error *err)
{
    if (run(writer, "BEGIN IMMEDIATE", err) < 0)
        return BROKEN;
    for (struct command *command = first; command; command = command->next) {
        const enum outcome outcome = run_command(writer, command, careful, err);
        if (outcome != COMMITTED) {
            stop_where_not_durable(writer);
            roll_back(writer);
            return outcome;
        }
    }
    if (run(writer, "COMMIT", err) < 0) {
        stop_where_not_durable(writer);
        roll_back(writer);
        return BROKEN;
    }
    return COMMITTED;
}

static enum outcome run_batch_again(struct writer *writer, struct command *first, struct error *err)
{
    const enum outcome outcome = run_batch(writer, first, false, err);
    return outcome == HALF_DONE ? run_batch(writer, first, true, err) : outcome;
}

static bool give_ballast_back(struct writer *writer)
{
    if ((writer->db.code & 0xff) != SQLITE_FULL)
        return false;
    add(&writer->counters.disk_full, 1);
    if (!ballast_give_back(writer->options.folder))
        return false;
    writer->ballast_given_back = true;
    log_line("the disk is full: gave back the %lld MiB of ballast; free some space soon",
             (long long)(writer->options.ballast_bytes >> 20));
    return true;
}

static void fail_all(struct command *first, const struct error *err)
{
    for (struct command *command = first; command; command = command->next) {
        command->failed = true;
        command->err = *err;
        command->err.kind = ERROR_UNAVAILABLE;
    }
}

static void count_commit(struct writer *writer, int commands)
{
    struct writer_counters *counters = &writer->counters;
    add(&counters->commits, 1);
    add(&counters->commands, commands);
    add(&counters->metric_rows, writer->counts.metric_rows);
    add(&counters->stale_rows, writer->counts.stale_rows);
    add(&counters->mismatches, writer->counts.mismatches);
    if (commands > atomic_load_explicit(&counters->largest_batch, memory_order_relaxed))
        set(&counters->largest_batch, commands);
    writer->names_of_batch_count = 0; /* they stay kept */
    writer->counts = (struct batch_counts){0};
}

static void commit(struct writer *writer, struct command *first, int count)
{
    struct error err;
    enum outcome outcome = run_batch_again(writer, first, &err);
    if (outcome != COMMITTED && give_ballast_back(writer))
        outcome = run_batch_again(writer, first, &err);
    if (outcome == COMMITTED)
        count_commit(writer, count);
    else
        fail_all(first, &err);
}

/* --- the write-ahead log ---------------------------------------------------------------------- */

static int note_wal(void *context, sqlite3 *handle, const char *schema, int pages)
{
    (void)handle;
    (void)schema;
    struct writer *writer = context;
    if (pages < writer->wal_pages) /* the log started over */
        writer->next_checkpoint = writer->options.checkpoint_pages;
    writer->wal_pages = pages;
    return SQLITE_OK;
}

static int64_t wal_bytes(struct writer *writer)
{
    sqlite3_file *wal = NULL;
    sqlite3_int64 bytes = 0;
    sqlite3_file_control(writer->db.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (!wal || !wal->pMethods || wal->pMethods->xFileSize(wal, &bytes) != SQLITE_OK)
        return 0;
    return bytes;
}

static void checkpoint(struct writer *writer)
{
    struct sql *db = &writer->db;
    const int code =
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        db->code = code;
        stop_where_not_durable(writer);
        if (!give_ballast_back(writer))
            log_line("the database could not take over its log: %s", sqlite3_errmsg(db->handle));
    }
    /* Where a reader keeps the log from starting over, not again before it has grown some more. */
    writer->next_checkpoint = writer->wal_pages + writer->options.checkpoint_pages / 4 + 1;
    add(&writer->counters.checkpoints, 1);
}

/* The log is copied into the database when it is long, after the answers are out. It starts over
 * with the next commit if no reader is inside it, and is then cut to its limit where readers had
 * let it grow beyond. It is never truncated to nothing: a file system that is half through with
 * that when power is lost would leave the first commits of the log, older than what they were
 * copied into. */
static void tend_wal(struct writer *writer)
{
    if (writer->wal_pages >= writer->next_checkpoint)
        checkpoint(writer);
    set(&writer->counters.wal_bytes, wal_bytes(writer));
}

/* --- the thread ------------------------------------------------------------------------------- */

static void tend_ballast(struct writer *writer)
{
    const int64_t commits = atomic_load_explicit(&writer->counters.commits, memory_order_relaxed);
    if (!writer->ballast_given_back || commits % BALLAST_EVERY_COMMITS != 0)
        return;
    writer->ballast_given_back =
        !ballast_make(writer->options.folder, writer->options.ballast_bytes);
}

/* Chains up as many as fit into one transaction; answers how many. */
static int chain(void **messages, size_t count)
{
    int64_t rows = 0;
    size_t used = 0;
    struct command *last = NULL;
    while (used < count) {
        struct command *command = messages[used];
        rows += command->rows;
        if (used > 0 && rows > BATCH_ROWS_MAX)
            break;
        command->next = NULL;
        if (last)
            last->next = command;
        last = command;
        used++;
    }
    return (int)used;
}

static void *write_all(void *context)
{
    struct writer *writer = context;
    void *messages[BATCH_COMMANDS_MAX];
    size_t count;
    while ((count = mailbox_wait(writer->options.commands, messages, BATCH_COMMANDS_MAX)) > 0) {
        for (size_t at = 0; at < count;) {
            const int used = chain(messages + at, count - at);
            commit(writer, messages[at], used);
            const bool posted = mailbox_post(writer->options.finished, messages[at]);
            assert(posted); /* it holds as many as can be under way */
            at += (size_t)used;
        }
        tend_wal(writer);
        tend_ballast(writer);
    }
    return NULL;
}

static int prepare_database(struct writer *writer, struct error *err)
{
    struct sql *db = &writer->db;
    const struct writer_options *options = &writer->options;
    char pragmas[256];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s; PRAGMA secure_delete = OFF;"
             "PRAGMA journal_size_limit = %lld; PRAGMA cache_size = -32768;",
             options->synchronous,
             (long long)options->checkpoint_pages * PAGE_BYTES * WAL_LIMIT_CHECKPOINTS);
    if (sql_open(db, options->path, options->vfs, true, err) < 0 ||
        sql_execute(db, pragmas, err) < 0 || migrate(db, err) < 0 ||
        names_load(writer->names, db, err) < 0)
        return -1;
    const uint32_t names = names_count(writer->names);
    for (uint32_t i = 1; i <= names; i++)
        writer->name_kept[i] = names_entry(writer->names, i) != NULL;
    sqlite3_wal_hook(db->handle, note_wal, writer);
    /* What a crash left in the log goes into the database before anyone reads. */
    return sql_execute(db, "PRAGMA wal_checkpoint(PASSIVE)", err);
}

static int start_thread(struct writer *writer, struct error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the loop */
    errno = pthread_create(&writer->thread, NULL, write_all, writer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return errno ? error_errno(err, "start the writer thread") : 0;
}

int writer_start(const struct writer_options *options, struct names *names,
                 struct writer **out_writer, struct error *err)
{
    struct writer *writer = xcalloc(1, sizeof *writer);
    writer->options = *options;
    writer->names = names;
    writer->next_checkpoint = options->checkpoint_pages;
    if (prepare_database(writer, err) < 0 || start_thread(writer, err) < 0) {
        sql_close(&writer->db);
        free(writer);
        return -1;
    }
    *out_writer = writer;
    return 0;
}

void writer_stop(struct writer *writer)
{
    if (!writer)
        return;
    pthread_join(writer->thread, NULL);
    sql_close(&writer->db);
    free(writer);
}

const struct writer_counters *writer_counters(const struct writer *writer)
{
    return &writer->counters;
}

/* --- for the work of commands ----------------------------------------------------------------- */

struct sql *writer_db(struct writer *writer)
{
    return &writer->db;
}

struct batch_counts *writer_counts(struct writer *writer)
{
    return &writer->counts;
}

const struct names *writer_names(const struct writer *writer)
{
    return writer->names;
}

int writer_keep_name(struct writer *writer, uint32_t number, struct error *err)
{
    if (writer->name_kept[number])
        return 0;
    const struct metric_name *name = names_entry(writer->names, number);
    struct statement *insert =
        sql_statement(&writer->db, "INSERT INTO metric_name (id, name, repeats) VALUES (?, ?, ?) "
                                   "ON CONFLICT DO NOTHING");
    put_integer(insert, number);
    put_text(insert, name->text);
    put_integer(insert, name->repeats);
    if (statement_run(insert, err) < 0)
        return -1;
    writer->name_kept[number] = true;
    writer->names_of_batch[writer->names_of_batch_count++] = (uint16_t)number;
    return 0;
}
