/*
 * What the store does a second, on the disk under $TMPDIR, and how long reads take at 1,000,000
 * rows and 10,000 runs. Prints one table; the durable numbers depend on the disk's fsync, which is
 * measured beside them.
 */
#include "json.h"
#include "memory.h"
#include "store/store.h"
#include "support/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct bench {
    struct folder folder;
    struct loop *loop;
    struct store *store;
    struct reader *reader;
    struct job_plan plan;
    int sent, answered, wanted, failed;
    int64_t job, first_run; /* added last */
    /* metrics */
    int rows_each, runs;
    int64_t *next_step; /* [runs] */
    uint32_t names[8];
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show(const char *what, double value, const char *unit)
{
    printf("%-58s %12.1f %s\n", what, value, unit);
    fflush(stdout);
}

static void stop_on(int failed, const struct error *err)
{
    if (!failed)
        return;
    fprintf(stderr, "%s\n", err->sentence);
    exit(1);
}

static long resident_kib(void)
{
    long pages = 0, ignored;
    FILE *in = fopen("/proc/self/statm", "re");
    if (!in || fscanf(in, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (in)
        fclose(in);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* --- the disk --------------------------------------------------------------------------------- */

static void measure_disk(const struct bench *bench)
{
    enum { WRITES = 200, BYTES = 32768 };
    static const char block[BYTES];
    AUTO_CLOSE int fd =
        open(folder_path(&bench->folder, "probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const double start = now_s();
    for (int i = 0; i < WRITES; i++)
        if (pwrite(fd, block, BYTES, (off_t)i * BYTES) != BYTES || fdatasync(fd) != 0)
            exit(1);
    show("disk: write 32 KiB and fdatasync", (now_s() - start) / WRITES * 1e6, "us");
}

/* --- durable small commands ------------------------------------------------------------------- */

static void send_job(struct bench *bench);

static void job_added(void *context, const struct added_job *added, const struct error *err)
{
    struct bench *bench = context;
    stop_on(err != NULL, err);
    bench->job = added->job;
    bench->first_run = added->first_run;
    bench->answered++;
    if (bench->sent < bench->wanted)
        send_job(bench);
    else if (bench->answered == bench->wanted)
        loop_stop(bench->loop);
}

static void send_job(struct bench *bench)
{
    static const char request[] =
        "{\"kind\":\"train\",\"name\":\"first try\",\"spec\":{\"dataset\":\"digits\",\"model\":"
        "{\"type\":\"mlp\",\"hidden\":[128]},\"optimizer\":{\"type\":\"nesterov\",\"lr\":0.05}}}";
    bench->sent++;
    store_add_job(
        bench->store,
        &(struct new_job){.plan = &bench->plan, .request_text = request, .now_ms = wall_ms()},
        job_added, bench);
}

static double add_jobs(struct bench *bench, int jobs, int in_flight)
{
    bench->sent = bench->answered = 0;
    bench->wanted = jobs;
    const double start = now_s();
    for (int i = 0; i < in_flight && i < jobs; i++)
        send_job(bench);
    loop_run(bench->loop);
    return jobs / (now_s() - start);
}

/* --- metric rows ------------------------------------------------------------------------------ */

static void send_rows(struct bench *bench, int run);

static void rows_added(void *context, int mismatches, const struct error *err)
{
    struct bench *bench = context;
    (void)mismatches;
    stop_on(err != NULL, err);
    bench->answered++;
    if (bench->sent < bench->wanted)
        send_rows(bench, bench->sent % bench->runs);
    else if (bench->answered == bench->wanted)
        loop_stop(bench->loop);
}

/* As a worker sends them: step by step, eight metrics a step. */
static void send_rows(struct bench *bench, int run)
{
    struct metric_row *rows = xcalloc((size_t)bench->rows_each, sizeof *rows);
    for (int i = 0; i < bench->rows_each; i++)
        rows[i] =
            (struct metric_row){bench->next_step[run] + i / 8, 1.0 / (1 + i), bench->names[i % 8]};
    bench->next_step[run] += (bench->rows_each + 7) / 8;
    bench->sent++;
    store_add_metrics(bench->store, bench->first_run + run, 0, 1000, rows, bench->rows_each,
                      rows_added, bench);
}

static double add_rows(struct bench *bench, int batches, int rows_each, int runs)
{
    bench->sent = bench->answered = 0;
    bench->wanted = batches;
    bench->rows_each = rows_each;
    bench->runs = runs;
    const double start = now_s();
    for (int i = 0; i < 2 * runs && i < batches; i++)
        send_rows(bench, i % runs);
    loop_run(bench->loop);
    return (double)batches * rows_each / (now_s() - start);
}

/* One metric of a run, 5,000 rows a command. */
static void add_long_series(struct bench *bench, int run, int rows)
{
    enum { EACH = 5000 };
    bench->answered = 0;
    bench->sent = bench->wanted = rows / EACH;
    for (int at = 0; at < rows; at += EACH) {
        struct metric_row *some = xcalloc(EACH, sizeof *some);
        for (int i = 0; i < EACH; i++)
            some[i] = (struct metric_row){1000 + at + i, 1.0 / (1 + at + i), bench->names[0]};
        store_add_metrics(bench->store, bench->first_run + run, 0, 1000, some, EACH, rows_added,
                          bench);
    }
    loop_run(bench->loop);
}

/* --- reads ------------------------------------------------------------------------------------ */

enum read_kind { READ_JOBS, READ_RUNS, READ_RUN, READ_SERIES, READ_LONG_SERIES, READ_LONGEST };
enum { RUN_OF_200K = 9000, RUN_OF_1M };

static void read_once(struct bench *bench, enum read_kind kind)
{
    struct error err;
    json_t *out = NULL;
    struct series *series = NULL;
    int count = 0, failed = 0;
    switch (kind) {
    case READ_JOBS:
        failed = store_read_jobs(bench->reader, &(struct page){.limit = 100}, &out, &err);
        break;
    case READ_RUNS:
        failed =
            store_read_runs(bench->reader, bench->job, &(struct page){.limit = 100}, &out, &err);
        break;
    case READ_RUN:
        failed = store_read_run(bench->reader, bench->first_run, &out, &err);
        break;
    case READ_SERIES:
        failed = store_read_series(bench->reader, bench->first_run + 1, NULL, 0, INT64_MAX, 1000,
                                   &series, &count, &err);
        break;
    case READ_LONG_SERIES:
    case READ_LONGEST:
        failed = store_read_series(
            bench->reader, bench->first_run + (kind == READ_LONGEST ? RUN_OF_1M : RUN_OF_200K),
            "metric 0", 0, INT64_MAX, 1000, &series, &count, &err);
        break;
    }
    stop_on(failed, &err);
    free(out ? json_compact(out) : NULL); /* as an answer needs it */
    json_decref(out);
    for (int i = 0; i < count; i++)
        series_release(&series[i]);
    free(series);
}

static void measure_read(struct bench *bench, const char *what, enum read_kind kind)
{
    enum { TIMES = 20 };
    double sum = 0, most = 0;
    for (int i = 0; i < TIMES; i++) {
        const double start = now_s();
        read_once(bench, kind);
        const double took = now_s() - start;
        sum += took;
        most = took > most ? took : most;
    }
    printf("%-58s %12.2f ms (most %.2f)\n", what, sum / TIMES * 1e3, most * 1e3);
}

/* --- all -------------------------------------------------------------------------------------- */

static char *usual_spec(void)
{
    json_auto_t *spec =
        json_pack("{ss ss s{sss[i]sssfss} ss s{sssfsfsf} s{sssf} si si sn si si si si si}",
                  "dataset", "digits", "standardize", "global", "model", "type", "mlp", "hidden",
                  128, "activation", "relu", "dropout", 0.0, "init", "he", "loss", "cross_entropy",
                  "optimizer", "type", "nesterov", "lr", 0.05, "momentum", 0.9, "weight_decay",
                  0.0001, "schedule", "type", "linear", "warmup", 0.05, "epochs", 10, "batch_size",
                  128, "clip_norm", "seed", 1, "threads", 1, "report_every_steps", 20,
                  "evaluate_every_epochs", 1, "checkpoint_every_s", 30);
    return json_compact(spec);
}

static void make_plan(struct bench *bench, int runs)
{
    struct job_plan *plan = &bench->plan;
    free(plan->runs);
    plan->run_count = runs;
    plan->runs = xcalloc((size_t)runs, sizeof *plan->runs);
    for (int i = 0; i < runs; i++)
        plan->runs[i] = (struct run_plan){.arm = -1, .seed = (uint64_t)i};
}

static void open_store(struct bench *bench)
{
    struct error err;
    stop_on(store_open(bench->loop,
                       &(struct store_options){.folder = bench->folder.path, .ballast_mib = 16},
                       &bench->store, &err),
            &err);
    bench->reader = store_reader_start(bench->store);
    for (int i = 0; i < 8; i++) {
        char name[32];
        const int length = snprintf(name, sizeof name, "metric %d", i);
        bench->names[i] = store_metric_name(bench->store, name, (size_t)length, true);
    }
}

static void measure_commands(struct bench *bench)
{
    make_plan(bench, 1);
    const int in_flight[] = {1, 16, 64, 256};
    for (size_t i = 0; i < COUNT_OF(in_flight); i++) {
        char what[64];
        snprintf(what, sizeof what, "jobs of one run, %d under way", in_flight[i]);
        show(what, add_jobs(bench, in_flight[i] == 1 ? 1000 : 20000, in_flight[i]), "a second");
    }
}

static void measure_rows(struct bench *bench)
{
    make_plan(bench, 10000);
    const double start = now_s();
    add_jobs(bench, 1, 1);
    show("a job of 10,000 runs", (now_s() - start) * 1e3, "ms");
    bench->next_step = xcalloc(10000, sizeof *bench->next_step);
    show("metric rows, 96 a command, 2 runs", add_rows(bench, 3000, 96, 2), "a second");
    show("metric rows, 96 a command, 16 runs", add_rows(bench, 3000, 96, 16), "a second");
    show("metric rows, 1,000 a command, 4 runs", add_rows(bench, 500, 1000, 4), "a second");
    show("metric rows, 104 a command, 10,000 runs", add_rows(bench, 10000, 104, 10000), "a second");
}

static void measure_reads(struct bench *bench)
{
    add_long_series(bench, RUN_OF_200K, 200000);
    add_long_series(bench, RUN_OF_1M, 1000000);
    json_auto_t *counters = store_counters(bench->store);
    AUTO_FREE char *text = json_compact(counters);
    printf("%s\n", text);
    measure_read(bench, "page of 100 jobs", READ_JOBS);
    measure_read(bench, "page of 100 runs with their last values", READ_RUNS);
    measure_read(bench, "one run", READ_RUN);
    measure_read(bench, "8 series of a run, 1,000 points each", READ_SERIES);
    measure_read(bench, "a series of 200,000 rows, 1,000 points", READ_LONG_SERIES);
    measure_read(bench, "a series of 1,000,000 rows, 1,000 points", READ_LONGEST);
    show("resident memory", (double)resident_kib() / 1024, "MiB");
}

static void measure_big_job(struct bench *bench)
{
    make_plan(bench, 100000);
    const double start = now_s();
    add_jobs(bench, 1, 1);
    show("a job of 100,000 runs", (now_s() - start) * 1e3, "ms");
}

int main(void)
{
    struct bench bench = {.folder = folder_make()};
    struct error err;
    char dataset[] = "digits", tuned[] = "{}";
    struct variant_plan variant = {
        .arm = -1, .dataset = dataset, .spec = usual_spec(), .tuned = tuned, .threads = 1};
    char name[] = "bench";
    bench.plan = (struct job_plan){.kind = JOB_TRAIN,
                                   .name = name,
                                   .point_count = 1,
                                   .baseline = -1,
                                   .metric = {.name = "valid_loss"},
                                   .variants = &variant,
                                   .variant_count = 1};
    json_object_seed(0);
    stop_on(loop_new(&bench.loop, &err), &err);
    open_store(&bench);
    measure_disk(&bench);
    measure_commands(&bench);
    measure_rows(&bench);
    measure_reads(&bench);
    measure_big_job(&bench);

    store_reader_end(bench.reader);
    store_close(bench.store);
    loop_free(bench.loop);
    free(variant.spec);
    free(bench.plan.runs);
    free(bench.next_step);
    folder_remove(&bench.folder);
    return 0;
}
