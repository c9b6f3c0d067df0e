/*
 * Runs in line: how they enter it, how long they are expected to take, and what people see of it.
 */
#include "workers/inside.h"

#include "json.h"
#include "memory.h"

/* A run that was stopped, lost or is tried again goes on from where its last attempt got to. */
void enter_run(struct conductor *conductor, const struct run *run)
{
    queue_enter(conductor->queue, clock_ms(),
                &(struct queue_run){.run = run->id,
                                    .job = run->job->id,
                                    .number = run->number,
                                    .slots = run->threads,
                                    .interrupted = run->position.attempt > 0,
                                    .not_before_ms = run->not_before_ms,
                                    .ran_ms = run->ran_ms});
}

/* --- how long they take ------------------------------------------------------------------------
 */

void run_begins(struct run *run)
{
    run->began_ms = clock_ms();
    run->steps_since_ms = 0;
}

/* Only a run that is known from its beginning tells how long its like take. */
void run_ends(struct conductor *conductor, struct run *run, bool completed)
{
    const int64_t now_ms = clock_ms();
    if (queue_end(conductor->queue, now_ms, run->id, completed && !run->unmeasured))
        run->ran_ms += now_ms - run->began_ms;
}

void run_resumes(struct run *run, int64_t step)
{
    run->resumed_step = step;
    run->steps_since_ms = clock_ms();
}

/* At the pace of this attempt. Until the first of its job has ended, what holds for it is expected
 * of the others. */
void run_progresses(struct conductor *conductor, const struct run *run)
{
    const int64_t done = run->step - run->resumed_step, left = run->steps - run->step;
    const int64_t now_ms = clock_ms();
    if (run->steps_since_ms == 0 || run->steps <= 0 || done <= 0 || left < 0)
        return;
    const double step_ms = (double)(now_ms - run->steps_since_ms) / (double)done;
    const int64_t left_ms = (int64_t)(step_ms * (double)left) + 1;
    queue_expect_end(conductor->queue, run->id, now_ms + left_ms);
    if (!run->unmeasured)
        queue_expect_job(conductor->queue, run->job->id,
                         run->ran_ms + now_ms - run->began_ms + left_ms);
}

/* --- what people see ---------------------------------------------------------------------------
 */

enum { JOBS_LOOKED_AT = 20000, LOOK_AT_ONCE = 1000, LOOK_EVERY_MS = 1000 };

static bool sees(const struct queue_look *look, int64_t job)
{
    return !look->sees || look->sees(look->context, job);
}

/* The queue's clock is not the one on the wall. */
static json_t *wall_or_null(int64_t at_ms)
{
    return at_ms < 0 ? json_null() : json_integer(wall_ms() + at_ms - clock_ms());
}

static json_t *place_json(const struct job *job, const struct queue_place *place)
{
    return json_pack("{s:I, s:o, s:i, s:I, s:b, s:o, s:o}", "job", job->id, "name",
                     json_text(job->name), "priority", job->priority, "runs",
                     (json_int_t)place->waiting, "paused", place->paused, "place",
                     place->place > 0 ? json_integer(place->place) : json_null(),
                     "expected_start_ms", wall_or_null(place->start_ms));
}

/* The first so many places in line. A long line is looked at once a second at most: with 20,000
 * jobs a look takes tens of milliseconds, and everybody who watches asks again and again. */
static size_t look_at_line(struct conductor *conductor, size_t most)
{
    struct line_look *line = &conductor->line_look;
    const int64_t now_ms = clock_ms();
    if (line->most == most && most > LOOK_AT_ONCE && now_ms - line->at_ms < LOOK_EVERY_MS)
        return line->count;
    line->places = xrealloc(line->places, most, sizeof *line->places);
    line->count = queue_forecast(conductor->queue, now_ms, 0, line->places, most);
    line->most = most;
    line->at_ms = now_ms;
    return line->count;
}

static json_t *seen_places(const struct conductor *conductor, const struct queue_look *look,
                           int64_t *out_own_runs)
{
    const struct line_look *line = &conductor->line_look;
    json_t *jobs = json_array();
    *out_own_runs = 0;
    for (size_t i = 0; i < line->count && json_array_size(jobs) < (size_t)look->most; i++) {
        const struct job *job = job_index_find(conductor->jobs, line->places[i].job);
        if (!job || !sees(look, job->id))
            continue;
        json_array_append_new(jobs, place_json(job, &line->places[i]));
        *out_own_runs += job->team == look->team ? (int64_t)line->places[i].waiting : 0;
    }
    return jobs;
}

/* Since teams take turns, those of a team are among the first in line, unless they are paused. */
static json_t *waiting_jobs(struct conductor *conductor, const struct queue_look *look,
                            int64_t own_runs)
{
    for (size_t most = LOOK_AT_ONCE;; most = JOBS_LOOKED_AT) {
        int64_t seen;
        const size_t count = look_at_line(conductor, most);
        json_t *jobs = seen_places(conductor, look, &seen);
        if (json_array_size(jobs) == (size_t)look->most || seen >= own_runs || count < most ||
            most == JOBS_LOOKED_AT)
            return jobs;
        json_decref(jobs);
    }
}

static json_t *running_run(const struct worker *worker, const struct run *run)
{
    json_t *line = run_json(run);
    json_object_set_new(line, "run", json_integer(run->id));
    json_object_set_new(line, "worker", json_string(worker->name));
    json_object_set_new(line, "elapsed_ms", json_integer(wall_ms() - run->started_ms));
    return line;
}

static json_t *running_runs(const struct conductor *conductor, const struct queue_look *look,
                            int64_t *out_others)
{
    json_t *runs = json_array();
    *out_others = 0;
    for (const struct worker *worker = pool_first(conductor->pool); worker; worker = worker->next) {
        const struct task *task = worker->task;
        if (!task || task->kind != TASK_RUN)
            continue;
        const struct run *run = (const struct run *)task;
        *out_others += run->job->team != look->team;
        if (sees(look, run->job->id))
            json_array_append_new(runs, running_run(worker, run));
    }
    return runs;
}

json_t *conductor_queue_json(struct conductor *conductor, const struct queue_look *look)
{
    const int64_t waiting = (int64_t)queue_length(conductor->queue);
    const int64_t own = (int64_t)queue_waiting_of(conductor->queue, look->team);
    int64_t others;
    json_t *running = running_runs(conductor, look, &others);
    return json_pack("{s:{s:i, s:i}, s:o, s:o, s:I, s:{s:I, s:I}}", "slots", "total",
                     conductor->options.slots, "used", queue_used(conductor->queue), "running",
                     running, "waiting", waiting_jobs(conductor, look, own), "waiting_runs",
                     waiting, "others", "running_runs", others, "waiting_runs", waiting - own);
}
