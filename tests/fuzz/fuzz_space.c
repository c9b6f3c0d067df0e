/* side: server */
/*
 * Bytes as {"space": {…}, "points": […]}: the space is read; where it is accepted it is written,
 * read again, counted, drawn from, and the points are read in it, whole and in part.
 */
#include "jobs/space.h"
#include "json.h"

#include <assert.h>
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check_point(const struct space *space, const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    double u[PARAMETERS_MAX], again[PARAMETERS_MAX], read[PARAMETERS_MAX];

    space_to_unit(space, values, u);
    space_from_unit(space, u, again);
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        assert(isnan(values[i]) != space_applies(space, i, values));
        assert(isnan(values[i]) || (values[i] >= parameter->low && values[i] <= parameter->high));
        assert(u[i] >= 0 && u[i] <= 1);
        /* Rounding of a float may move what hangs on it. */
        if (!space_is_continuous(space))
            assert(again[i] == values[i] || (isnan(again[i]) && isnan(values[i])));
    }
    json_t *object = space_values_json(space, values);
    assert(space_values_read(space, object, "", false, read, &problems));
    assert(space_same(space, values, read));
    assert(space_hash(space, values) == space_hash(space, read));
    json_decref(object);
}

static void check_points(const struct space *space, const json_t *points)
{
    double values[PARAMETERS_MAX];
    size_t i;
    json_t *point;

    json_array_foreach(points, i, point)
    {
        for (int partial = 0; partial < 2; partial++) {
            AUTO_PROBLEMS struct problems problems = {0};
            if (!space_values_read(space, point, "/points", partial, values, &problems))
                continue;
            space_settle(space, values);
            check_point(space, values);
        }
    }
}

static void check_drawn(const struct space *space)
{
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    const uint64_t size = space_size(space);
    double values[PARAMETERS_MAX], last[PARAMETERS_MAX];

    for (int i = 0; i < 4; i++) {
        space_draw(space, &rng, values);
        check_point(space, values);
    }
    if (size == UINT64_MAX)
        return;
    space_point(space, 0, values);
    check_point(space, values);
    space_point(space, size - 1, last);
    check_point(space, last);
    assert(size == 1 || !space_same(space, values, last));
}

static void check_written(const struct space *space)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct space again;
    json_t *written = space_json(space), *twice;

    space_read(written, "", &again, &problems);
    assert(problems.found == 0 && again.count == space->count);
    twice = space_json(&again);
    assert(json_equal(written, twice));
    assert(space_size(space) == space_size(&again));
    json_decref(twice);
    json_decref(written);
    space_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    json_t *body = NULL;
    struct space space;
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;

    if (json_read((const char *)bytes, count, &body, &err) < 0)
        return 0;
    space_read(json_object_get(body, "space"), "/space", &space, &problems);
    if (problems.found) {
        assert(space.count == 0 && !space.parameters);
    } else {
        check_written(&space);
        check_drawn(&space);
        check_points(&space, json_object_get(body, "points"));
    }
    json_decref(problems_json(&problems));
    json_decref(body);
    space_release(&space);
    return 0;
}
