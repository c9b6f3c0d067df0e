/* What holds for all commands: order, group commit, a full mailbox, and a disk that fails. */
#include "server/store/kit.h"

#include "support/vfs_power_loss.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

static int64_t counter(const struct store *store, const char *name)
{
    json_auto_t *counters = store_counters(store);
    return json_integer_at(counters, name, -1);
}

/* --- order ------------------------------------------------------------------------------------ */

enum { MANY = 2000 };

struct many {
    struct kit *kit;
    int sent, told;
    int failed;
    int64_t ids[MANY]; /* of job number i, 0: failed */
};

struct one {
    struct many *many;
    int number;
};

/* Results come on the loop, in the order in which the commands were sent. */
static void note_order(struct one *one, const struct error *err)
{
    struct many *many = one->many;
    assert_int_equal(one->number, many->told);
    many->told++;
    many->failed += err != NULL;
    if (many->told == many->sent)
        loop_stop(many->kit->loop);
    free(one);
}

static void job_told(void *context, const struct added_job *added, const struct error *err)
{
    struct one *one = context;
    one->many->ids[one->number] = added ? added->job : 0;
    note_order(one, err);
}

static void change_told(void *context, const struct error *err)
{
    note_order(context, err);
}

static void rows_told(void *context, int mismatches, const struct error *err)
{
    (void)mismatches;
    note_order(context, err);
}

static struct one *next_one(struct many *many)
{
    struct one *one = xcalloc(1, sizeof *one);
    *one = (struct one){many, many->sent++};
    return one;
}

static void send_job(struct many *many, const struct job_plan *plan)
{
    store_add_job(many->kit->store,
                  &(struct new_job){.plan = plan, .request_text = "{}", .now_ms = 1}, job_told,
                  next_one(many));
}

static void answers_come_in_order_and_commits_are_shared(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    struct many many = {.kit = kit};
    struct job_plan plan = kit_plan(0, 1);
    for (int i = 0; i < MANY; i++) {
        if (i % 3 == 0)
            send_job(&many, &plan);
        else if (i % 3 == 1)
            store_change_job(kit->store, &(struct job_change){.job = 1}, change_told,
                             next_one(&many));
        else
            store_add_log(kit->store, 1, 0, "line", 1, change_told, next_one(&many));
    }
    loop_run(kit->loop);
    assert_int_equal(many.told, MANY);
    assert_int_equal(many.failed, 0);
    assert_int_equal(counter(kit->store, "commands"), MANY);
    assert_in_range(counter(kit->store, "commits"), 2, MANY / 10);
    assert_in_range(counter(kit->store, "largest_batch"), 10, 1024);
    kit_plan_release(&plan);
    kit_free(kit);
}

/* A variant that is not there breaks a job's run after the job itself was written. */
static void a_command_that_fails_half_way_takes_back_itself_alone(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    struct many many = {.kit = kit};
    struct job_plan plan = kit_plan(0, 2), broken = kit_plan(0, 2);
    broken.runs[1].variant = 5000;
    for (int i = 0; i < 300; i++) {
        if (i % 50 == 49) {
            send_job(&many, &broken);
        } else if (i % 50 == 25) {
            char name[32];
            snprintf(name, sizeof name, "metric %d", i);
            struct metric_row *row = xcalloc(1, sizeof *row);
            *row = (struct metric_row){1, i, kit_name(kit, name)};
            store_add_metrics(kit->store, 1, 0, 1, row, 1, rows_told, next_one(&many));
        } else {
            send_job(&many, &plan);
        }
    }
    loop_run(kit->loop);
    assert_int_equal(many.failed, 6);
    int64_t next = 1;
    for (int i = 0; i < 300; i++) {
        if (i % 50 == 49)
            assert_int_equal(many.ids[i], 0);
        else if (i % 50 != 25)
            assert_int_equal(many.ids[i], next++);
    }
    kit_restart(kit);
    json_auto_t *run = kit_run(kit, 1);
    const json_t *metrics = json_object_get(run, "metrics");
    assert_int_equal(json_object_size(metrics), 6); /* names survived what was rolled back */
    assert_member(metrics, "metric 275", "275.0");
    json_auto_t *last = kit_run(kit, 2 * (next - 1));
    assert_member(last, "number", "1");
    kit_plan_release(&plan);
    kit_plan_release(&broken);
    kit_free(kit);
}

static void closing_answers_all_that_was_sent(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    struct many many = {.kit = kit};
    struct job_plan plan = kit_plan(0, 1);
    for (int i = 0; i < 500; i++)
        send_job(&many, &plan);
    kit_restart(kit);
    assert_int_equal(many.told, 500);
    assert_int_equal(many.failed, 0);
    json_auto_t *job = kit_job(kit, 500);
    assert_member(job, "state", "\"queued\"");
    kit_plan_release(&plan);
    kit_free(kit);
}

/* --- a full mailbox --------------------------------------------------------------------------- */

static void count_call(void *context)
{
    (*(int *)context)++;
}

static void a_full_mailbox_says_so_and_drops_nothing(void **state)
{
    (void)state;
    struct kit *kit = kit_new(&(struct store_options){.mailbox_commands = 16});
    struct many many = {.kit = kit};
    struct job_plan plan = kit_plan(0, 1);
    int relieved = 0;
    for (int i = 0; i < 13; i++)
        send_job(&many, &plan);
    assert_false(store_is_full(kit->store));
    send_job(&many, &plan);
    assert_true(store_is_full(kit->store)); /* seven eighths */
    store_when_relieved(kit->store, count_call, &relieved);
    for (int i = 0; i < 200; i++)
        send_job(&many, &plan);
    assert_int_equal(counter(kit->store, "mailbox"), 214);
    loop_run(kit->loop);

    assert_int_equal(many.told, 214);
    assert_int_equal(many.failed, 0);
    assert_int_equal(relieved, 1);
    assert_false(store_is_full(kit->store));
    kit_plan_release(&plan);
    kit_free(kit);
}

static void stop_loop(void *context)
{
    loop_stop(context);
}

static void who_asks_an_idle_store_is_relieved_at_once(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    store_when_relieved(kit->store, stop_loop, kit->loop);
    loop_run(kit->loop);
    kit_free(kit);
}

/* --- one server a folder ---------------------------------------------------------------------- */

static void a_second_server_on_the_folder_is_refused(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    struct store *second;
    struct error err;
    const struct store_options options = {.folder = kit->folder.path};
    assert_int_equal(store_open(kit->loop, &options, &second, &err), -1);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_says(err.sentence, "another sweepd is using");
    kit_free(kit);
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    struct store *other;
    struct error err;
    const struct store_options options = {.folder = "/nowhere/at/all"};
    assert_int_equal(store_open(kit->loop, &options, &other, &err), -1);
    assert_says(err.sentence, "/nowhere/at/all");
    kit_free(kit);
}

/* --- the log ---------------------------------------------------------------------------------- */

static void an_open_reader_lets_the_log_grow_and_then_it_shrinks(void **state)
{
    (void)state;
    enum { CHECKPOINT_PAGES = 20 };
    const int64_t limit = 4 * CHECKPOINT_PAGES * 4096;
    struct kit *kit = kit_new(&(struct store_options){.checkpoint_pages = CHECKPOINT_PAGES});
    sqlite3 *db;
    assert_int_equal(
        sqlite3_open_v2(folder_path(&kit->folder, "sweepd.db"), &db, SQLITE_OPEN_READONLY, NULL),
        SQLITE_OK);
    sqlite3_exec(db, "BEGIN; SELECT * FROM job", NULL, NULL, NULL);
    for (int i = 0; i < 60; i++)
        kit_add_job(kit, 0, 1);
    assert_true(counter(kit->store, "wal_bytes") > limit);

    sqlite3_close(db);
    for (int i = 0; i < 20; i++)
        kit_add_job(kit, 0, 1);
    assert_true(counter(kit->store, "wal_bytes") <= limit);
    assert_true(counter(kit->store, "checkpoints") > 0);
    kit_free(kit);
}

/* --- a disk that fails ------------------------------------------------------------------------ */

static void a_full_disk_refuses_and_the_store_goes_on_after_it(void **state)
{
    (void)state;
    struct disk *disk = disk_new("full", 1);
    struct kit *kit = kit_new(&(struct store_options){.vfs = "full"});
    struct job_plan plan = kit_plan(0, 1);
    kit_add_job(kit, 0, 1);
    disk_limit(disk, disk_used(disk) + 20000);

    int added = 1;
    struct answer answer;
    while (!(answer = kit_add_plan(kit, &plan, NULL, NULL, 1)).failed)
        added++;
    assert_int_equal(answer.err.kind, ERROR_UNAVAILABLE);
    assert_says(answer.err.sentence, "the disk is full");
    assert_true(kit_add_plan(kit, &plan, NULL, NULL, 1).failed);
    assert_true(counter(kit->store, "disk_full") >= 2);
    json_auto_t *readable = kit_job(kit, added);
    assert_member(readable, "state", "\"queued\"");

    disk_limit(disk, 0);
    answer = kit_add_plan(kit, &plan, NULL, NULL, 1);
    assert_false(answer.failed);
    assert_int_equal(answer.added.job, added + 1);
    kit_plan_release(&plan);
    kit_free(kit);
    disk_free(disk);
}

/* The limit stands as long as the ballast does. */
static void drop_limit_without_ballast(void *context, struct disk *disk)
{
    if (access(context, F_OK) != 0)
        disk_limit(disk, 0);
}

static void ballast_is_given_back_before_anything_is_refused(void **state)
{
    (void)state;
    struct disk *disk = disk_new("full", 1);
    struct kit *kit = kit_new(&(struct store_options){.vfs = "full", .ballast_mib = 1});
    AUTO_FREE char *ballast = xstrdup(folder_path(&kit->folder, "sweepd.ballast"));
    assert_int_equal(access(ballast, F_OK), 0);
    kit_add_job(kit, 0, 1);
    disk_limit(disk, disk_used(disk) + 20000);
    disk_watch(disk, drop_limit_without_ballast, ballast);
    for (int i = 0; i < 30; i++)
        kit_add_job(kit, 0, 1);
    assert_int_equal(counter(kit->store, "disk_full"), 1);
    assert_int_not_equal(access(ballast, F_OK), 0);

    kit_restart(kit);
    assert_int_equal(access(ballast, F_OK), 0);
    kit_free(kit);
    disk_free(disk);
}

/* In a process of its own, which ends with status 4. */
static void fail_a_sync(void)
{
    struct disk *disk = disk_new("failing", 1);
    struct kit *kit = kit_new(&(struct store_options){.vfs = "failing"});
    kit_add_job(kit, 0, 1);
    disk_fail_syncs(disk, true);
    kit_add_job(kit, 0, 1);
}

static void a_failed_sync_ends_the_process(void **state)
{
    (void)state;
    int status;
    const pid_t child = fork();
    if (child == 0) {
        fail_a_sync();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4);
}

/* --- readers ---------------------------------------------------------------------------------- */

static void a_reader_that_could_not_open_tries_again(void **state)
{
    (void)state;
    struct kit *kit = kit_new(NULL);
    kit_add_job(kit, 0, 1);
    AUTO_FREE char *there = xstrdup(folder_path(&kit->folder, "sweepd.db"));
    AUTO_FREE char *away = xstrdup(folder_path(&kit->folder, "away"));
    json_t *job;
    struct error err;
    assert_int_equal(rename(there, away), 0);
    assert_int_equal(store_read_job(kit->reader, 1, &job, &err), -1);
    assert_int_equal(err.kind, ERROR_INTERNAL);
    assert_says(err.sentence, "cannot open the database");
    assert_int_equal(rename(away, there), 0);
    assert_int_equal(store_read_job(kit->reader, 1, &job, &err), 0);
    json_decref(job);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_sync_ends_the_process), /* forks: before there are threads */
        cmocka_unit_test(answers_come_in_order_and_commits_are_shared),
        cmocka_unit_test(a_command_that_fails_half_way_takes_back_itself_alone),
        cmocka_unit_test(closing_answers_all_that_was_sent),
        cmocka_unit_test(a_full_mailbox_says_so_and_drops_nothing),
        cmocka_unit_test(who_asks_an_idle_store_is_relieved_at_once),
        cmocka_unit_test(a_second_server_on_the_folder_is_refused),
        cmocka_unit_test(a_folder_that_is_not_there_is_refused),
        cmocka_unit_test(an_open_reader_lets_the_log_grow_and_then_it_shrinks),
        cmocka_unit_test(a_full_disk_refuses_and_the_store_goes_on_after_it),
        cmocka_unit_test(ballast_is_given_back_before_anything_is_refused),
        cmocka_unit_test(a_reader_that_could_not_open_tries_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
