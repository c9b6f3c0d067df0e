/* side: server */
/*
 * Bytes as runs that people bring into a search: the first byte chooses the search, and whether the
 * rest is a table (CSV) or a document (JSON), which is tried as a single point and as a correction,
 * too. Points that are accepted lie within the space, and read the same once written.
 */
#include "api/hand_points.h"
#include "take.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* Metrics are named so that a column may be meant for several things. */
static struct search_plan plan_of(struct bytes *bytes)
{
    struct search_plan plan = {.space = take_space(bytes), .external = true};
    static const char *const names[] = {"a", "x", "a"};
    plan.objective_count = 1 + take(bytes, 3);
    plan.constraint_count = take(bytes, 3);
    for (int i = 0; i < plan.objective_count; i++)
        snprintf(plan.objectives[i].name, sizeof plan.objectives[i].name, "%s", names[i]);
    for (int i = 0; i < plan.constraint_count; i++)
        snprintf(plan.constraints[i].metric.name, sizeof plan.constraints[i].metric.name, "%s",
                 names[1 + i]);
    return plan;
}

static void check_results(const struct search_plan *plan, const struct hand_point *point)
{
    const int count = plan->objective_count + plan->constraint_count;
    assert(point->outcome == PROPOSAL_DONE || point->outcome == PROPOSAL_PRUNED ||
           point->outcome == PROPOSAL_FAILED);
    for (int i = 0; i < plan->objective_count; i++)
        assert(point->outcome != PROPOSAL_DONE || isfinite(point->results[i]));
    for (int i = 0; i < count; i++)
        assert(!isinf(point->results[i]));
    assert(point->results[count] >= 0 && isfinite(point->results[count]));
}

static void check_point(const struct search_plan *plan, const struct hand_point *point)
{
    AUTO_PROBLEMS struct problems problems = {0};
    double again[PARAMETERS_MAX];
    json_auto_t *written = space_values_json(&plan->space, point->values);
    assert(space_values_read(&plan->space, written, "", false, again, &problems));
    assert(space_same(&plan->space, point->values, again));
    assert(point->step >= -1);
    if (point->has_results)
        check_results(plan, point);
}

static void try_runs(const struct search_plan *plan, const json_t *document)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct hand_points points;
    hand_points_read(plan, document, &points, &problems);
    assert(points.count + points.skipped <= HAND_POINTS_MAX);
    for (int i = 0; i < points.count; i++) {
        if (problems.found == 0)
            check_point(plan, &points.list[i]);
        free(points.list[i].values);
    }
    free(points.list);
}

static void try_point(const struct search_plan *plan, const json_t *object)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct hand_point point;
    hand_point_read(plan, object, "", &point, &problems);
    if (problems.found == 0)
        check_point(plan, &point);
    free(point.values);
}

static void try_result(const struct search_plan *plan, const json_t *object)
{
    AUTO_PROBLEMS struct problems problems = {0};
    double results[RESULTS_MAX] = {0};
    enum proposal_outcome outcome = PROPOSAL_DONE;
    hand_result_read(plan, object, "", true, results, &outcome, &problems);
    for (int i = 0; problems.found == 0 && i < plan->objective_count; i++)
        assert(outcome != PROPOSAL_DONE || isfinite(results[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct bytes left = {bytes, count};
    struct search_plan plan = plan_of(&left);
    const bool is_table = take(&left, 2) == 0;
    json_t *document = NULL;
    struct error err;

    if (left.left == 0)
        ;
    else if (is_table)
        document = hand_points_of_csv(&plan, (const char *)left.at, left.left, &err);
    else
        json_read((const char *)left.at, left.left, &document, &err);
    if (document) {
        try_runs(&plan, document);
        try_point(&plan, document);
        try_result(&plan, document);
    }
    json_decref(document);
    space_release(&plan.space);
    return 0;
}
