/*
 * Power is lost a thousand times while the real store works, and what is found afterwards is read
 * by the real store. Commands are numbered: number n of a disk's life adds a job named n (n even),
 * or two rows at step n to run 1 (n odd). Every answered command must be there, and what is there
 * must be the first so many commands, none in part.
 */
#include "server/store/kit.h"

#include "random.h"
#include "support/vfs_power_loss.h"

#include <sqlite3.h>
#include <stdatomic.h>

enum { IN_FLIGHT = 12, LOSSES_KEPT = 40 };

struct loss {
    struct disk_image *image;
    int answered; /* commands of the disk's life whose answer had come */
};

struct session {
    struct loop *loop;
    struct store *store;
    int sent, last; /* commands; the session ends with `last` */
    _Atomic int answered;
    uint32_t names[2];
    struct rng rng;
    struct loss losses[LOSSES_KEPT];
    int loss_count;
    uint32_t one_in; /* operations per loss */
};

/* --- work ------------------------------------------------------------------------------------- */

static void send_next(struct session *session);

static void answered(struct session *session, const struct error *err)
{
    if (err)
        fail_msg("%s", err->sentence);
    const int now = atomic_fetch_add(&session->answered, 1) + 1;
    if (session->sent < session->last)
        send_next(session);
    else if (now == session->last)
        loop_stop(session->loop);
}

static void job_added(void *context, const struct added_job *added, const struct error *err)
{
    (void)added;
    answered(context, err);
}

static void rows_added(void *context, int mismatches, const struct error *err)
{
    (void)mismatches;
    answered(context, err);
}

static void send_job(struct session *session, int number)
{
    struct job_plan plan = kit_plan(0, 1);
    free(plan.name);
    plan.name = xprintf("%d", number);
    store_add_job(session->store,
                  &(struct new_job){.plan = &plan, .request_text = "{}", .now_ms = 1000}, job_added,
                  session);
    kit_plan_release(&plan);
}

static void send_rows(struct session *session, int number)
{
    struct metric_row *rows = xcalloc(2, sizeof *rows);
    rows[0] = (struct metric_row){number, 0.5 * number, session->names[0]};
    rows[1] = (struct metric_row){number, 0.25 * number, session->names[1]};
    store_add_metrics(session->store, 1, 0, 1, rows, 2, rows_added, session);
}

static void send_next(struct session *session)
{
    const int number = session->sent++;
    if (number % 2 == 0)
        send_job(session, number);
    else
        send_rows(session, number);
}

/* On the writer thread. What was answered is read before the picture is taken, so it can only be
 * less than what has to be on the disk. */
static void maybe_lose_power(void *context, struct disk *disk)
{
    struct session *session = context;
    if (session->loss_count == LOSSES_KEPT || rng_below(&session->rng, session->one_in) != 0)
        return;
    struct loss *loss = &session->losses[session->loss_count++];
    loss->answered = atomic_load(&session->answered);
    loss->image = disk_after_loss(disk);
}

static void run_session(struct session *session, struct disk *disk, const struct folder *folder,
                        const char *synchronous, int commands)
{
    struct error err = {0};
    const struct store_options options = {
        .folder = folder->path,
        .vfs = "losing power",
        .synchronous = synchronous,
        .checkpoint_pages = 40, /* many checkpoints and new beginnings of the log */
    };
    const int before = atomic_load(&session->answered);
    session->sent = before;
    session->last = before + commands;
    disk_watch(disk, maybe_lose_power, session);
    assert_int_equal(loop_new(&session->loop, &err), 0);
    if (store_open(session->loop, &options, &session->store, &err) < 0)
        fail_msg("%s", err.sentence);
    session->names[0] = store_metric_name(session->store, "train_loss", 10, true);
    session->names[1] = store_metric_name(session->store, "valid_loss", 10, true);
    for (int i = 0; i < IN_FLIGHT && session->sent < session->last; i++)
        send_next(session);
    loop_run(session->loop);
    store_close(session->store);
    loop_free(session->loop);
    disk_watch(disk, NULL, NULL);
}

/* --- what is found ---------------------------------------------------------------------------- */

struct found {
    int commands; /* the first so many are there */
    bool whole;   /* and nothing else, and the file is sound */
};

static int64_t ask(sqlite3 *db, const char *question)
{
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;
    if (sqlite3_prepare_v2(db, question, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
}

/* Jobs are named 0, 2, 4 … and steps are 1, 3, 5 …: their numbers and ends say that none is
 * missing in between. Each step has one row of both names, and the series say the same; 16 of
 * their rows make a block of 48 bytes, 16 blocks a group. */
static struct found count_commands(sqlite3 *db)
{
    const int jobs = (int)ask(db, "SELECT count(*) FROM job");
    const int steps = (int)ask(db, "SELECT count(DISTINCT step) FROM metric");
    struct found found = {.commands = jobs + steps};
    found.whole =
        jobs >= 0 && steps >= 0 && (jobs == steps || jobs == steps + 1) &&
        ask(db, "SELECT coalesce(max(CAST(name AS INTEGER)), -2) FROM job") == 2 * jobs - 2 &&
        ask(db, "SELECT coalesce(max(step), -1) FROM metric") == 2 * steps - 1 &&
        ask(db, "SELECT count(*) FROM metric") == 2 * steps &&
        ask(db, "SELECT count(*) FROM metric WHERE value <> step * 0.5 / name_id") == 0 &&
        ask(db, "SELECT coalesce(sum(count), 0) FROM series") == 2 * steps &&
        ask(db, "SELECT 256 * count(*) FROM metric_blocks") +
                ask(db, "SELECT coalesce(sum(length(open_blocks) / 48 * 16 - 16 + open_rows), 0)"
                        " FROM series") ==
            2 * steps &&
        ask(db, "SELECT count(*) FROM run") == jobs &&
        ask(db, "SELECT count(*) FROM job_text") == jobs &&
        ask(db, "SELECT count(*) FROM pragma_foreign_key_check") == 0 &&
        ask(db, "SELECT group_concat(integrity_check) = 'ok' FROM pragma_integrity_check") == 1;
    return found;
}

/* The real store recovers, then a plain connection looks. */
static struct found look(struct disk *disk, const struct folder *folder,
                         const struct disk_image *image)
{
    const struct store_options options = {.folder = folder->path, .vfs = "found"};
    struct found found = {.whole = false};
    struct error err = {0};
    struct store *store;
    struct loop *loop;
    sqlite3 *db;

    disk_restore(disk, image);
    assert_int_equal(loop_new(&loop, &err), 0);
    if (store_open(loop, &options, &store, &err) == 0) {
        store_close(store);
        if (sqlite3_open_v2(folder_path(folder, "sweepd.db"), &db, SQLITE_OPEN_READWRITE,
                            "found") == SQLITE_OK)
            found = count_commands(db);
        sqlite3_close(db);
    }
    loop_free(loop);
    return found;
}

/* --- a thousand losses ------------------------------------------------------------------------ */

struct tally {
    int losses, with_missing, not_whole;
};

/* A few sessions on one disk; each goes on from what one of the losses before it left, as a server
 * does that starts again. Where nothing good is left, from nothing. */
static void lose_power_often(const char *synchronous, int losses, uint64_t seed,
                             struct tally *tally)
{
    struct folder folder = folder_make();
    struct disk *disk = disk_new("losing power", seed);
    struct disk *found_disk = disk_new("found", seed);
    struct session session = {.rng = rng_stream(seed, RANDOM_TEST, 1)};

    while (tally->losses < losses) {
        session.loss_count = 0;
        session.one_in = 2 + rng_below(&session.rng, 40);
        run_session(&session, disk, &folder, synchronous, 60 + (int)rng_below(&session.rng, 200));

        const int next =
            session.loss_count ? (int)rng_below(&session.rng, (uint32_t)session.loss_count) : -1;
        disk_restore(disk, NULL);
        atomic_store(&session.answered, 0);
        for (int i = 0; i < session.loss_count; i++) {
            const struct loss *loss = &session.losses[i];
            const struct found found = look(found_disk, &folder, loss->image);
            tally->losses++;
            tally->not_whole += !found.whole;
            tally->with_missing += found.commands < loss->answered;
            if (i == next && found.whole && found.commands < 4000) {
                disk_restore(disk, loss->image);
                atomic_store(&session.answered, found.commands);
            }
            disk_image_free(loss->image);
        }
    }
    disk_restore(found_disk, NULL);
    disk_free(disk);
    disk_free(found_disk);
    folder_remove(&folder);
}

static void nothing_answered_is_lost(void **state)
{
    (void)state;
    struct tally tally = {0};
    lose_power_often(NULL, 1000, 1, &tally);
    print_message("%d losses of power: %d lost an answered command, %d left a broken file\n",
                  tally.losses, tally.with_missing, tally.not_whole);
    assert_in_range(tally.losses, 1000, 2000);
    assert_int_equal(tally.with_missing, 0);
    assert_int_equal(tally.not_whole, 0);
}

/* Otherwise the test above would show nothing. */
static void without_syncs_losses_show(void **state)
{
    (void)state;
    struct tally tally = {0};
    lose_power_often("OFF", 200, 2, &tally);
    print_message("without syncs, of %d: %d lost an answered command, %d left a broken file\n",
                  tally.losses, tally.with_missing, tally.not_whole);
    assert_true(tally.with_missing > 20);
    assert_true(tally.not_whole > 0);
}

/* NORMAL syncs the log only before a checkpoint: what stands in the log alone may be lost, but the
 * file stays sound. */
static void with_fewer_syncs_the_latest_answers_are_lost(void **state)
{
    (void)state;
    struct tally tally = {0};
    lose_power_often("NORMAL", 100, 3, &tally);
    assert_true(tally.with_missing > 10);
    assert_int_equal(tally.not_whole, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_answered_is_lost),
        cmocka_unit_test(without_syncs_losses_show),
        cmocka_unit_test(with_fewer_syncs_the_latest_answers_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
