#include "compare/reach.h"

#include "json.h"
#include "memory.h"

#include <math.h>

struct reaching {
    double *steps, *seconds; /* [count] */
    bool *reached;           /* [count] */
    int count;
};

static json_t *run_json(const struct report_run *run)
{
    return json_pack("{s:I, s:I, s:b, s:o, s:o, s:b}", "seed", (json_int_t)run->seed, "run",
                     (json_int_t)run->id, "reached", run->target->reached, "step",
                     json_number(run->target->step), "seconds", json_number(run->target->seconds),
                     "failed", isinf(run->target->step));
}

static void take(struct reaching *all, const struct target_time *time)
{
    all->steps[all->count] = time->step;
    all->seconds[all->count] = time->seconds;
    all->reached[all->count++] = time->reached;
}

static json_t *summary_json(const struct reaching *all, json_t *values)
{
    const struct target_summary steps = target_summary(all->steps, all->reached, all->count);
    const struct target_summary seconds = target_summary(all->seconds, all->reached, all->count);
    return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o, s:o}", "n", steps.n, "reached", steps.reached,
                     "censored", steps.n - steps.reached, "share", json_number(steps.share),
                     "median_step", json_number(steps.median), "median_seconds",
                     json_number(seconds.median), "values", values);
}

json_t *arm_target_json(const struct arms *arms, int index)
{
    const struct sample *report = &arms->list[index].report;
    const size_t room = (size_t)report->count;
    AUTO_FREE double *steps = xcalloc(room, sizeof *steps);
    AUTO_FREE double *seconds = xcalloc(room, sizeof *seconds);
    AUTO_FREE bool *reached = xcalloc(room, sizeof *reached);
    struct reaching all = {steps, seconds, reached, 0};

    if (!judging_of(arms->input->request).has_target)
        return json_null();
    json_t *values = json_array();
    for (int i = 0; i < report->count; i++) {
        if (!report->runs[i]->target)
            continue;
        take(&all, report->runs[i]->target);
        json_array_append_new(values, run_json(report->runs[i]));
    }
    return summary_json(&all, values);
}
