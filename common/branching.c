#include "branching.h"

#include "memory.h"

#include <math.h>
#include <string.h>

/* "/optimizer/lr": the member leaves its object. Of copies of what is shared. */
static void drop_member(json_t *spec, const char *pointer)
{
    const char *inner = pointer[0] == '/' ? strchr(pointer + 1, '/') : NULL;
    AUTO_FREE char *outer =
        inner ? xstrndup(pointer + 1, (size_t)(inner - pointer) - 1) : xstrdup(pointer + 1);
    const json_t *object = json_object_get(spec, outer);
    if (!inner)
        json_object_del(spec, outer);
    if (!inner || !json_is_object(object))
        return;
    json_t *rest = json_copy((json_t *)(uintptr_t)object);
    json_object_del(rest, inner + 1);
    json_object_set_new(spec, outer, rest);
}

static void drop_changes(json_t *spec)
{
    size_t i;
    json_t *pointer;
    json_array_foreach(json_object_get(spec, "branch_changes"), i, pointer)
    {
        if (json_string_length(pointer) > 1)
            drop_member(spec, json_string_value(pointer));
    }
}

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
    drop_changes(trunk);
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
