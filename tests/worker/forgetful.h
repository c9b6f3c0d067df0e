/*
 * A training's report to nobody, for tests that look at the outcome alone.
 */
#ifndef FORGETFUL_H
#define FORGETFUL_H

#include "trainer/trainer.h"

static inline void forget_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    (void)context, (void)resumed, (void)steps, (void)earlier_ms;
}

static inline void forget_row(void *context, int64_t step, const char *name, double value)
{
    (void)context, (void)step, (void)name, (void)value;
}

static inline void forget_log(void *context, const char *text)
{
    (void)context, (void)text;
}

static inline void forget_checkpoint(void *context, int64_t step)
{
    (void)context, (void)step;
}

static inline bool forget_poll(void *context, int64_t now_ns)
{
    (void)context, (void)now_ns;
    return false;
}

static inline void forget_alive(void *context)
{
    (void)context;
}

static inline int64_t forget_kept(void *context)
{
    (void)context;
    return 0;
}

static const struct report forgetful_report = {
    NULL,        forget_started, forget_row,  forget_log, forget_checkpoint,
    forget_poll, forget_alive,   forget_kept,
};

#endif
