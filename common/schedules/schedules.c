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

/* What does not change from step to step. */
struct rise {
    int64_t steps;
    bool before; /* the schedule begins behind it */
};

static struct rise rise_of(const struct chosen *chosen, int64_t total)
{
    return (struct rise){
        .steps = llround(chosen->number[SCHEDULE_WARMUP] * (double)total),
        .before = chosen->number[SCHEDULE_WARMUP_MODE] > 0.0,
    };
}

static double factor_at(const struct schedule *schedule, const struct chosen *chosen,
                        struct rise rise, int64_t k, int64_t total)
{
    const double part = k < rise.steps ? (double)(k + 1) / (double)rise.steps : 1.0;
    if (!rise.before)
        return part * schedule->factor(chosen, k, total);
    return k < rise.steps ? part : schedule->factor(chosen, k - rise.steps, total - rise.steps);
}

double schedule_factor(const struct schedule *schedule, const struct chosen *chosen, int64_t k,
                       int64_t total)
{
    assert(k >= 0 && total >= 1);
    return factor_at(schedule, chosen, rise_of(chosen, total), k < total ? k : total - 1, total);
}

void schedule_fill(const struct schedule *schedule, const struct chosen *chosen, int64_t total,
                   double *out)
{
    const struct rise rise = rise_of(chosen, total);
    for (int64_t k = 0; k < total; k++)
        out[k] = factor_at(schedule, chosen, rise, k, total);
}
