#include "schedules.h"

#include <assert.h>
#include <string.h>

/* The list: common/schedules/NAME.c defines NAME_schedule. */
#define FOR_EACH_SCHEDULE(_)                                                                       \
    _(constant)                                                                                    \
    _(linear)                                                                                      \
    _(cosine)                                                                                      \
    _(polynomial)                                                                                  \
    _(step)                                                                                        \
    _(exponential)                                                                                 \
    _(inverse_time)                                                                                \
    _(inverse_sqrt)                                                                                \
    _(wsd)                                                                                         \
    _(cosine_restarts)                                                                             \
    _(one_cycle)                                                                                   \
    _(piecewise)                                                                                   \
    _(power_decay)                                                                                 \
    _(hybrid)                                                                                      \
    _(cyclical)                                                                                    \
    _(refined)

#define DECLARE(name) extern const struct schedule name##_schedule;
#define ENTER(name)   &name##_schedule,

FOR_EACH_SCHEDULE(DECLARE)
const struct schedule *const schedules[] = {FOR_EACH_SCHEDULE(ENTER) NULL};

const struct schedule *schedule_find(const char *name)
{
    for (int i = 0; schedules[i]; i++) {
        if (strcmp(schedules[i]->name, name) == 0)
            return schedules[i];
    }
    return NULL;
}

double schedule_factor(const struct schedule *schedule, const struct chosen *chosen, int64_t k,
                       int64_t total)
{
    assert(k >= 0 && total >= 1);
    if (k >= total)
        k = total - 1;

    const int64_t warmup = llround(chosen->number[SCHEDULE_WARMUP] * (double)total);
    const double rise = k < warmup ? (double)(k + 1) / (double)warmup : 1.0;
    const bool before = chosen->number[SCHEDULE_WARMUP_MODE] > 0.0;
    if (!before)
        return rise * schedule->factor(chosen, k, total);
    return k < warmup ? rise : schedule->factor(chosen, k - warmup, total - warmup);
}

void schedule_fill(const struct schedule *schedule, const struct chosen *chosen, int64_t total,
                   double *out)
{
    for (int64_t k = 0; k < total; k++)
        out[k] = schedule_factor(schedule, chosen, k, total);
}
