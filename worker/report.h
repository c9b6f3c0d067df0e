/*
 * How a training speaks: the callbacks by which metrics leave and "stop" comes in, and the lines
 * they become.
 */
#ifndef REPORT_H
#define REPORT_H

#include "wire.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* All are called on the training's thread; `context` is the first argument of each. */
struct report {
    void *context;
    /* earlier_ms: training time of the attempts that this one continues. */
    void (*started)(void *context, int64_t resumed, int64_t steps, double earlier_ms);
    void (*row)(void *context, int64_t step, const char *name, double value);
    void (*log)(void *context, const char *text);
    void (*checkpoint)(void *context, int64_t step); /* its file is in place and synced */
    /* Between two steps, cheap: true where the training shall stop here and keep a checkpoint. */
    bool (*poll)(void *context, int64_t now_ns);
    /* Now and then within long work: "still here". */
    void (*alive)(void *context);
    /* The newest checkpoint that is on record; older ones may go. -1: none yet. */
    int64_t (*kept)(void *context);
};

int64_t monotonic_ns(void);

/*
 * Lines about one run after the other, to a descriptor. Rows are collected: the first of a run
 * leaves at once, later ones at most every REPORT_INTERVAL_MS, or when a line is full; whatever
 * else is said, the rows before it leave first. Writes wait.
 */
enum { REPORT_INTERVAL_MS = 50 };

struct line_report {
    int fd;
    struct wire_rows rows;
    int64_t run, attempt;
    int64_t begun_ns, flushed_ns; /* when the run began; when rows left last, 0: not yet */
    double earlier_ms;            /* training time of the attempts before */
    bool unlimited;               /* the reader takes lines of any length: --train --weights */
    bool broken;                  /* the other side is gone; nothing is written any more */
};

void line_report_init(struct line_report *lines, int fd);
void line_report_release(struct line_report *lines);

void line_report_begin(struct line_report *lines, int64_t run, int64_t attempt);
void line_report_row(struct line_report *lines, int64_t step, const char *name, double value);
/* Sends the rows whose time has come. */
void line_report_tick(struct line_report *lines, int64_t now_ns);
/* Sends the rows there are. */
void line_report_flush(struct line_report *lines);
/* One line, or -1 with nothing sent where it is too long; takes the reference to body. */
int line_report_send(struct line_report *lines, enum wire_type type, json_t *body,
                     struct error *err);
/* The same about the present run: run and attempt come first. */
int line_report_about_run(struct line_report *lines, enum wire_type type, json_t *body,
                          struct error *err);

#endif
