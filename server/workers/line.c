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

/* At the pace of this attempt. */
void run_progresses(struct conductor *conductor, const struct run *run)
{
    const int64_t done = run->step - run->resumed_step, left = run->steps - run->step;
    const int64_t now_ms = clock_ms();
    if (run->steps_since_ms == 0 || run->steps <= 0 || done <= 0 || left < 0)
        return;
    const double step_ms = (double)(now_ms - run->steps_since_ms) / (double)done;
    queue_expect_end(conductor->queue, run->id, now_ms + (int64_t)(step_ms * (double)left) + 1);
}

/* --- what people see ---------------------------------------------------------------------------
 */

static json_t *waiting_jobs(const struct conductor *conductor, size_t most)
{
    AUTO_FREE struct queue_place *places = xcalloc(most, sizeof *places);
    const size_t count = queue_forecast(conductor->queue, clock_ms(), 0, places, most);
    json_t *lines = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct job *job = job_index_find(conductor->jobs, places[i].job);
        if (job)
            json_array_append_new(lines, json_pack("{s:I, s:s, s:i, s:I, s:b}", "job", job->id,
                                                   "name", job->name, "priority", job->priority,
                                                   "runs", (json_int_t)places[i].waiting, "paused",
                                                   places[i].paused));
    }
    return lines;
}

json_t *conductor_queue_json(const struct conductor *conductor, int most)
{
    json_t *running = json_array();
    const int64_t now = wall_ms();

    for (const struct worker *worker = pool_first(conductor->pool); worker; worker = worker->next) {
        const struct task *task = worker->task;
        if (!task || task->kind != TASK_RUN)
            continue;
        const struct run *run = (const struct run *)task;
        json_t *line = run_json(run);
        json_object_set_new(line, "run", json_integer(run->id));
        json_object_set_new(line, "worker", json_string(worker->name));
        json_object_set_new(line, "elapsed_ms", json_integer(now - run->started_ms));
        json_array_append_new(running, line);
    }
    json_t *waiting = waiting_jobs(conductor, (size_t)most);
    return json_pack("{s:{s:i, s:i}, s:o, s:o, s:I}", "slots", "total", conductor->options.slots,
                     "used", queue_used(conductor->queue), "running", running, "waiting", waiting,
                     "waiting_runs", (json_int_t)queue_length(conductor->queue));
}
