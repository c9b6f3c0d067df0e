#include "objectives/objectives.h"

int objective_open(const json_t *spec, const char *data, const char *cache,
                   struct objective **out_objective, struct error *err)
{
    if (json_object_get(spec, "problem"))
        return problem_open(spec, out_objective, err);
    return supervised_open(spec, data, cache, out_objective, err);
}
