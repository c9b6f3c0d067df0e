/*
 * A report that only passes rows on: for tests that train without looking at the rest.
 */
#ifndef SILENT_REPORT_H
#define SILENT_REPORT_H

#include "report.h"

static inline void silent_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    (void)context;
    (void)resumed;
    (void)steps;
    (void)earlier_ms;
}

static inline void silent_row(void *context, int64_t step, const char *name, double value)
{
    (void)context;
    (void)step;
    (void)name;
    (void)value;
}

static inline void silent_log(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static inline void silent_checkpoint(void *context, int64_t step)
{
    (void)context;
    (void)step;
}

static inline bool silent_poll(void *context, int64_t now_ns)
{
    (void)context;
    (void)now_ns;
    return false;
}

static inline void silent_alive(void *context)
{
    (void)context;
}

static inline int64_t silent_kept(void *context)
{
    (void)context;
    return -1;
}

/* row NULL: rows are dropped too */
static inline struct report silent_report(void *context,
                                          void (*row)(void *context, int64_t step, const char *name,
                                                      double value))
{
    return (struct report){
        .context = context,
        .started = silent_started,
        .row = row ? row : silent_row,
        .log = silent_log,
        .checkpoint = silent_checkpoint,
        .poll = silent_poll,
        .alive = silent_alive,
        .kept = silent_kept,
    };
}

#endif
