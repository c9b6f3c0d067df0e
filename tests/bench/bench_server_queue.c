/*
 * How long the queue takes to say who is next, with up to 1,000,000 runs waiting, and how far its
 * estimates of starts are from what then happens. Prints one table; nothing touches a disk.
 */
#include "queue/queue.h"

#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MILLION = 1000000 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* nothing here waits */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show(const char *what, double value, const char *unit)
{
    printf("%-58s %12.2f %s\n", what, value, unit);
    fflush(stdout);
}

static double resident_mib(void)
{
    long pages = 0, ignored;
    FILE *in = fopen("/proc/self/statm", "re");
    if (!in || fscanf(in, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (in)
        fclose(in);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* --- speed ---------------------------------------------------------------------------------------
 */

static struct queue *filled(int slots, int teams, int jobs)
{
    struct queue *queue = queue_new(slots, QUEUE_HALF_LIFE_MS, 0);
    for (int team = 0; team < teams; team++)
        queue_set_team(queue, 0, &(struct queue_team){.id = team, .share = 1 + team % 5});
    for (int job = 0; job < jobs; job++)
        queue_add_job(queue, job, job % teams, job % 7, false);
    for (int run = 0; run < MILLION; run++)
        queue_enter(queue, 0,
                    &(struct queue_run){
                        .run = run + 1, .job = run % jobs, .number = run / jobs, .slots = 1});
    return queue;
}

/* Starts until the machine is full, then one ends and one starts, 100,000 times. */
static void measure(int teams, int jobs)
{
    enum { SLOTS = 64, TIMES = 100000 };
    char what[80];
    int64_t running[SLOTS], now = 0;
    const double before = resident_mib(), start = now_s();
    struct queue *queue = filled(SLOTS, teams, jobs);
    const double entered_s = now_s() - start;
    double next_s = 0, end_s = 0, most = 0;

    for (int i = 0; i < SLOTS; i++)
        running[i] = queue_next(queue, now, NULL);
    for (int i = 0; i < TIMES; i++) {
        const double began = now_s();
        queue_end(queue, now += 100, running[i % SLOTS], true);
        const double ended = now_s();
        running[i % SLOTS] = queue_next(queue, now, NULL);
        const double took = now_s() - ended;
        end_s += ended - began;
        next_s += took;
        most = took > most ? took : most;
    }
    snprintf(what, sizeof what, "%d teams, %d jobs: queue_enter", teams, jobs);
    show(what, entered_s / MILLION * 1e6, "us");
    snprintf(what, sizeof what, "%d teams, %d jobs: queue_next", teams, jobs);
    printf("%-58s %12.2f us (most %.0f)\n", what, next_s / TIMES * 1e6, most * 1e6);
    snprintf(what, sizeof what, "%d teams, %d jobs: queue_end", teams, jobs);
    show(what, end_s / TIMES * 1e6, "us");

    struct queue_place places[100];
    const double asked = now_s();
    for (int i = 0; i < 10; i++)
        queue_forecast(queue, now, 0, places, 100);
    snprintf(what, sizeof what, "%d teams, %d jobs: queue_forecast of 100", teams, jobs);
    show(what, (now_s() - asked) / 10 * 1e3, "ms");
    const double claimed = now_s();
    for (int i = 0; i < 1000; i++)
        queue_preempt(queue, now, INT64_MAX / 4, NULL);
    snprintf(what, sizeof what, "%d teams, %d jobs: queue_preempt", teams, jobs);
    show(what, (now_s() - claimed) * 1e3, "us");
    show("    memory", resident_mib() - before, "MiB");
    queue_free(queue);
}

/* --- estimates -----------------------------------------------------------------------------------
 */

struct scene {
    struct queue *queue;
    struct rng rng;
    double spread; /* lengths of a job's runs: 1 - spread … 1 + spread of their mean */
    int64_t now_ms, next_run, mean_ms[4096], started_ms[4096];
    int jobs;
    struct {
        int64_t run, job, ends_ms;
    } running[16];
    int job_of[200000];
};

static void add_job(struct scene *scene)
{
    const int job = scene->jobs++, runs = 1 + (int)rng_below(&scene->rng, 40);
    scene->mean_ms[job] = 5000 + (int64_t)rng_below(&scene->rng, 120000);
    scene->started_ms[job] = -1;
    queue_add_job(scene->queue, job, (int64_t)rng_below(&scene->rng, 5),
                  (int)rng_below(&scene->rng, 2), false);
    for (int i = 0; i < runs; i++) {
        const int64_t run = ++scene->next_run;
        scene->job_of[run] = job;
        queue_enter(scene->queue, scene->now_ms,
                    &(struct queue_run){.run = run, .job = job, .number = i, .slots = 1});
    }
}

static void start_some(struct scene *scene)
{
    for (int i = 0; i < 16; i++) {
        if (scene->running[i].run)
            continue;
        const int64_t run = queue_next(scene->queue, scene->now_ms, NULL);
        if (!run)
            return;
        const int job = scene->job_of[run];
        const double factor = 1 + scene->spread * (2 * rng_uniform(&scene->rng) - 1);
        scene->running[i].run = run;
        scene->running[i].job = job;
        scene->running[i].ends_ms =
            scene->now_ms + (int64_t)(factor * (double)scene->mean_ms[job]) + 1;
        if (scene->started_ms[job] < 0)
            scene->started_ms[job] = scene->now_ms;
    }
}

/* Until then, or until everything is done; ends come in order. */
static void play_until(struct scene *scene, int64_t until_ms)
{
    for (;;) {
        int first = -1;
        start_some(scene);
        for (int i = 0; i < 16; i++)
            if (scene->running[i].run &&
                (first < 0 || scene->running[i].ends_ms < scene->running[first].ends_ms))
                first = i;
        if (first < 0 || scene->running[first].ends_ms > until_ms)
            break;
        scene->now_ms = scene->running[first].ends_ms;
        queue_end(scene->queue, scene->now_ms, scene->running[first].run, true);
        scene->running[first].run = 0;
    }
}

static int ascending(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* 200 jobs of five teams, 16 slots; half an hour in, starts are estimated; `late` more jobs come
 * while they wait. The error is relative to the wait that was estimated. */
static void measure_estimates(double spread, int late)
{
    enum { JOBS = 200 };
    struct scene *scene = xcalloc(1, sizeof *scene);
    struct queue_place places[JOBS];
    double errors[JOBS];
    int count = 0;
    char what[80];

    scene->queue = queue_new(16, QUEUE_HALF_LIFE_MS, 0);
    scene->rng = rng_stream(4, RANDOM_TEST, 0);
    scene->spread = spread;
    for (int team = 0; team < 5; team++)
        queue_set_team(scene->queue, 0, &(struct queue_team){.id = team, .share = 1 + team});
    for (int i = 0; i < JOBS; i++)
        add_job(scene);
    play_until(scene, 1800000);
    const int64_t asked_ms = scene->now_ms;
    const size_t places_count = queue_forecast(scene->queue, asked_ms, 0, places, JOBS);
    for (int i = 0; i < late; i++) {
        play_until(scene, asked_ms + 60000 * (i + 1));
        add_job(scene);
    }
    play_until(scene, INT64_MAX);
    for (size_t i = 0; i < places_count; i++) {
        const double waited = (double)(scene->started_ms[places[i].job] - asked_ms);
        const double estimated = (double)(places[i].start_ms - asked_ms);
        if (scene->started_ms[places[i].job] > asked_ms && estimated > 0)
            errors[count++] = fabs(waited - estimated) / estimated;
    }
    qsort(errors, (size_t)count, sizeof *errors, ascending);
    snprintf(what, sizeof what, "estimated starts, lengths +-%.0f %%, %d jobs come later",
             100 * spread, late);
    printf("%-58s %12.1f %% median, %.1f %% at 90 of 100 (%d jobs)\n", what,
           count ? 100 * errors[count / 2] : 0.0, count ? 100 * errors[count * 9 / 10] : 0.0,
           count);
    queue_free(scene->queue);
    free(scene);
}

int main(void)
{
    printf("1,000,000 runs wait, 64 slots\n");
    measure(1, 10);
    measure(10, 1000);
    measure(10, MILLION);
    measure(1000, 10000);
    measure_estimates(0.0, 0);
    measure_estimates(0.2, 0);
    measure_estimates(0.5, 0);
    measure_estimates(0.5, 20);
    return 0;
}
