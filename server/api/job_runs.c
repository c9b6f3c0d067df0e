#include "api/job_runs.h"

#include "json.h"
#include "memory.h"

#include <stdlib.h>

static struct look_entry *copy_looks(const struct live_job *row)
{
    struct look_entry *looks = xcalloc((size_t)row->look_count + 1, sizeof *looks);
    for (int i = 0; i < row->look_count; i++)
        looks[i] = row->looks[i];
    return looks;
}

static void take_job(void *context, const struct live_job *row)
{
    struct job_runs *job = context;
    *job = (struct job_runs){
        .id = row->id,
        .team = row->team,
        .first_variant = row->first_variant,
        .point_count = row->point_count,
        .kind = row->kind,
        .paused = row->paused,
        .metric = row->metric,
        .request = json_loads(row->request_text, 0, NULL),
        .arms = json_loads(row->arms, 0, NULL),
        .sources = row->sources ? json_loads(row->sources, 0, NULL) : NULL,
        .looks = copy_looks(row),
        .look_count = row->look_count,
        .runs = xcalloc((size_t)row->run_count, sizeof *job->runs),
    };
}

static void take_run(void *context, const struct live_run *row)
{
    struct job_runs *job = context;
    job->runs[job->run_count++] = *row;
}

int job_runs_read(struct reader *reader, int64_t job, struct job_runs *out, struct error *err)
{
    *out = (struct job_runs){0};
    return store_load_job(reader, job, take_job, take_run, out, err);
}

void job_runs_release(struct job_runs *job)
{
    json_decref(job->request);
    json_decref(job->arms);
    json_decref(job->sources);
    free(job->looks);
    free(job->runs);
    *job = (struct job_runs){0};
}

static int by_id(const void *a, const void *b)
{
    const int64_t *id = a;
    const struct live_run *run = b;
    return (*id > run->id) - (*id < run->id);
}

const struct live_run *job_runs_find(const struct job_runs *job, int64_t run)
{
    if (job->run_count == 0)
        return NULL;
    return bsearch(&run, job->runs, (size_t)job->run_count, sizeof *job->runs, by_id);
}

const char *job_runs_arm(const struct job_runs *job, int arm)
{
    const char *name = arm < 0 ? NULL : json_string_value(json_array_get(job->arms, (size_t)arm));
    return name ? name : "";
}
