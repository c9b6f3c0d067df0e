/* Schedules drawn and bounded before they are trained: all of it on a helper thread. */
#include "jobs/preview.h"
#include "api/api.h"
#include "refinement.h"

#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NORMS_OF_A_RUN = 200000 }; /* longer runs are reduced to every n-th norm */

struct drawing {
    struct request *req;
    struct preview preview;
    struct problems problems;
    struct reply reply; /* made on the helper: a long one takes a tenth of a second to write out */
    struct error err;
    int outcome; /* -1: err, the store could not be read */
};

static const char *metric_name(bool l1)
{
    return l1 ? "gradient_norm_l1" : "gradient_norm";
}

/* The run's norms; NULL with a problem at `pointer` where there is no such run, or too few. */
static int read_norms(struct reader *reader, int64_t run, bool l1, const char *pointer,
                      struct series **out, int *count, struct drawing *drawing)
{
    const char *name = metric_name(l1);
    if (store_read_series(reader, run, name, 0, INT64_MAX, NORMS_OF_A_RUN, out, count,
                          &drawing->err) < 0) {
        if (drawing->err.kind != ERROR_NOT_FOUND)
            return -1;
        problems_add(&drawing->problems, pointer, "run", "%s", drawing->err.sentence);
        return 0;
    }
    const int rows = *count > 0 ? (*out)->count : 0;
    if (rows < REFINEMENT_NORMS_LEAST)
        problems_add(&drawing->problems, pointer, "run",
                     "run %" PRId64 " has %d rows of %s, %d are needed; train with "
                     "\"norms_every_steps\": 1",
                     run, rows, name, REFINEMENT_NORMS_LEAST);
    return 0;
}

static void release_series(struct series *series, int count)
{
    for (int i = 0; i < count; i++)
        series_release(&series[i]);
    free(series);
}

/* For the preview where `entry` is NULL. */
static int use_run(struct reader *reader, struct drawing *drawing, struct preview_entry *entry)
{
    struct preview *preview = &drawing->preview;
    AUTO_FREE char *pointer = entry ? xprintf("%s/from", entry->pointer) : xstrdup("");
    const bool l1 =
        entry ? json_string_value(json_object_get(entry->schedule, "norm"))[1] == '1' : preview->l1;
    const int before = drawing->problems.found;
    struct series *series = NULL;
    int count = 0;

    const int outcome = read_norms(reader, entry ? entry->run : preview->run, l1, pointer, &series,
                                   &count, drawing);
    if (outcome == 0 && drawing->problems.found == before) {
        if (entry)
            preview_settle(entry, series->value, (size_t)series->count, &drawing->problems);
        else
            preview_give(preview, series->value, (size_t)series->count);
    }
    release_series(series, count);
    return outcome;
}

static int use_runs(struct reader *reader, struct drawing *drawing)
{
    struct preview *preview = &drawing->preview;
    if (preview->run && use_run(reader, drawing, NULL) < 0)
        return -1;
    for (int i = 0; i < preview->entry_count; i++)
        if (preview->entries[i].run && use_run(reader, drawing, &preview->entries[i]) < 0)
            return -1;
    return 0;
}

static void draw_on_helper(void *reader, void *context)
{
    struct drawing *drawing = context;
    preview_read(drawing->req->json, &drawing->preview, &drawing->problems);
    if (drawing->problems.found == 0)
        drawing->outcome = use_runs(reader, drawing);
    if (drawing->outcome == 0 && drawing->problems.found == 0) {
        json_t *answer = preview_json(&drawing->preview, &drawing->problems);
        if (answer)
            drawing->reply = reply_json(200, answer);
    }
}

static void drawn(void *context)
{
    struct drawing *drawing = context;
    struct reply reply = drawing->outcome < 0          ? reply_error(&drawing->err)
                         : drawing->problems.found > 0 ? reply_problems(&drawing->problems)
                                                       : drawing->reply;
    request_answer(drawing->req, reply);
    problems_release(&drawing->problems);
    preview_release(&drawing->preview);
    free(drawing);
}

static struct reply preview_schedules(struct request *req)
{
    struct drawing *drawing = xcalloc(1, sizeof *drawing);
    drawing->req = req;
    if (helpers_run(world_of(req)->helpers, draw_on_helper, drawn, drawing))
        return reply_later();
    free(drawing);
    struct reply busy = reply_problem(503, "too many reads are waiting; try again");
    busy.retry_after_s = 1;
    return busy;
}

const struct route preview_routes[] = {
    {METHOD_POST, "/api/v1/schedules/preview", preview_schedules, BODY_JSON, 0, FOR_VIEWERS},
    {0},
};
