/*
 * How a job comes to be, whatever has asked for it: planned, checked, on disk, and only then
 * answered; once for each Idempotency-Key.
 */
#ifndef CREATE_JOB_H
#define CREATE_JOB_H

#include "api/api.h"

struct making {
    const struct request *req;
    struct data_view *view; /* of the team that asks; for api_data_facts() */
};

/* The plan of a request, or problems with the plan empty. -1 with err where the request is refused
 * as a whole. On a helper thread; `reader` NULL: on the loop. */
typedef int plan_maker(struct reader *reader, const struct making *making, struct job_plan *plan,
                       struct problems *problems, struct error *err);

/* 201 with the job, or what is wrong. `is_quick`: the maker needs no reader, and a few microseconds
 * at most. */
struct reply create_job_by(struct request *req, plan_maker *maker, bool is_quick);

#endif
