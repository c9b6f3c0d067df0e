/*
 * A job and all its runs, read back on a helper thread for what is said about a job as a whole.
 */
#ifndef JOB_RUNS_H
#define JOB_RUNS_H

#include "store/store.h"

struct job_runs {
    int64_t id, team;
    enum job_kind kind;
    bool paused;
    int64_t first_variant; /* that of an arm and a point: first + arm * point_count + point */
    int point_count;
    struct metric_choice metric;
    json_t *request;          /* as submitted */
    json_t *arms;             /* their names, task by task where there are tasks */
    json_t *sources;          /* what its arms start from; NULL: no other arms */
    struct look_entry *looks; /* [look_count] of one that is looked at several times */
    int look_count;
    struct live_run *runs; /* [run_count], ids consecutive */
    int run_count;
};

int job_runs_read(struct reader *reader, int64_t job, struct job_runs *out, struct error *err);
void job_runs_release(struct job_runs *job);

const struct live_run *job_runs_find(const struct job_runs *job, int64_t run); /* NULL: not its */
/* The name of an arm, "" for -1. */
const char *job_runs_arm(const struct job_runs *job, int arm);

#endif
