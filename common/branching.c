#include "branching.h"

#include "memory.h"

#include <math.h>

json_t *branch_trunk(const json_t *spec)
{
    static const char *const free_members[] = {"schedule",
                                               "report_every_steps",
                                               "norms_every_steps",
                                               "evaluate_every_epochs",
                                               "checkpoint_every_s",
                                               "probe_noise_every_steps",
                                               "keep_at",
                                               "branch"};
    json_t *trunk = json_copy((json_t *)(uintptr_t)spec);

    for (size_t i = 0; i < COUNT_OF(free_members); i++)
        json_object_del(trunk, free_members[i]);
    return trunk;
}

int64_t branch_step(double at, int64_t steps)
{
    if (steps < 2)
        return 0;
    const int64_t nearest = llround(at * (double)steps);
    return nearest < 1 ? 1 : nearest >= steps ? steps - 1 : nearest;
}

int64_t rung_step(double at, int64_t steps, int64_t epochs)
{
    if (epochs < 2 || steps % epochs != 0)
        return branch_step(at, steps);
    return branch_step(at, epochs) * (steps / epochs);
}
