#include "progress.h"

#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_EVERY_MS = 2000 };

static const char *const glance[] = {"train_loss", "valid_loss", "valid_accuracy"};

struct line {
    int64_t run;
    char title[160];
    int64_t step, steps, printed_ms;
    double last[COUNT_OF(glance)]; /* NAN: none yet */
};

struct progress {
    struct loop *loop;
    struct subscriber *subscriber;
    void *lines; /* tree by run */
};

static int by_run(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    return (x->run > y->run) - (x->run < y->run);
}

static struct line *line_of(struct progress *progress, int64_t run)
{
    void *found = tfind(&(struct line){.run = run}, &progress->lines, by_run);
    return found ? *(struct line **)found : NULL;
}

static struct line *line_for(struct progress *progress, const json_t *run)
{
    const int64_t id = json_integer_at(run, "id", 0);
    struct line *line = line_of(progress, id);
    if (!line) {
        line = xcalloc(1, sizeof *line);
        line->run = id;
        for (size_t i = 0; i < COUNT_OF(glance); i++)
            line->last[i] = (double)NAN;
        tsearch(line, &progress->lines, by_run);
        snprintf(line->title, sizeof line->title,
                 "job %" PRId64 "  run %-4" PRId64 " %-10s %-7s seed %-4" PRId64,
                 json_integer_at(run, "job", 0), id, json_text_at(run, "arm", ""),
                 json_text_at(run, "phase", ""), json_integer_at(run, "seed", 0));
    }
    line->steps = json_integer_at(run, "steps", line->steps);
    line->step = json_integer_at(run, "step", line->step);
    return line;
}

static void print_line(struct line *line, const char *state)
{
    const double share = line->steps > 0 ? 100.0 * (double)line->step / (double)line->steps : 0;
    printf("%s  %-9s %5.1f %%", line->title, state, share);
    for (size_t i = 0; i < COUNT_OF(glance); i++)
        if (!isnan(line->last[i]))
            printf("  %s %.4f", glance[i], line->last[i]);
    putchar('\n');
    fflush(stdout);
    line->printed_ms = clock_ms();
}

static void forget(struct progress *progress, struct line *line)
{
    tdelete(line, &progress->lines, by_run);
    free(line);
}

static void show_run(struct progress *progress, const json_t *run)
{
    struct line *line = line_for(progress, run);
    const char *state = json_text_at(run, "state", "");

    print_line(line, state);
    if (strcmp(state, "running") != 0 && strcmp(state, "queued") != 0)
        forget(progress, line);
}

/* Keeps the last value of each metric worth a glance. */
static void take_row(struct line *line, const json_t *row)
{
    line->step = json_integer_value(json_array_get(row, 0));
    for (size_t i = 0; i < COUNT_OF(glance); i++)
        if (strcmp(json_string_value(json_array_get(row, 1)), glance[i]) == 0)
            line->last[i] = json_number_value(json_array_get(row, 2));
}

static void show_metrics(struct progress *progress, const json_t *event)
{
    struct line *line = line_of(progress, json_integer_at(event, "run", 0));
    size_t i;
    json_t *row;

    if (!line)
        return;
    json_array_foreach(json_object_get(event, "rows"), i, row)
    {
        take_row(line, row);
    }
    if (clock_ms() - line->printed_ms >= LINE_EVERY_MS)
        print_line(line, "running");
}

static void woken(void *context)
{
    struct progress *progress = context;
    const struct event *event;

    while ((event = events_next(progress->subscriber)) != NULL) {
        json_t *data = json_loads(event->text, 0, NULL);
        if (strcmp(event->type, "run") == 0)
            show_run(progress, data);
        else if (strcmp(event->type, "metrics") == 0)
            show_metrics(progress, data);
        json_decref(data);
    }
}

struct progress *progress_new(struct loop *loop, struct events *events)
{
    struct progress *progress = xcalloc(1, sizeof *progress);
    progress->loop = loop;
    progress->subscriber = events_subscribe(events, 0, 0, woken, progress);
    return progress;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    events_unsubscribe(progress->subscriber);
    tdestroy(progress->lines, free);
    free(progress);
}
