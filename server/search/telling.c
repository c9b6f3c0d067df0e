#include "search/telling.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <string.h>

static double excess(const struct search_limit *limit, double value)
{
    const double scale = limit->limit != 0 ? fabs(limit->limit) : 1;
    return (limit->at_least ? limit->limit - value : value - limit->limit) / scale;
}

/* One of the seeds of a point that was given up before it was trained. */
static bool is_left_out(const struct search_plan *plan, enum trial_state state)
{
    return state == TRIAL_PRUNED && plan->seeds > 1;
}

void telling_of(const struct search_plan *plan, enum trial_state state, const double *results,
                int64_t step, struct telling *telling)
{
    const double *limited = results + plan->objective_count;
    telling->told = (struct told){
        .state = state,
        .objective = telling->objective,
        .constraint = telling->constraint,
        .error = limited[plan->constraint_count],
        .step = step,
    };
    for (int i = 0; i < plan->objective_count; i++) {
        telling->objective[i] = results[i] * (plan->objectives[i].maximize ? -1 : 1);
        if (!isfinite(results[i]) && !is_left_out(plan, state))
            telling->told.state = TRIAL_FAILED;
    }
    for (int i = 0; i < plan->constraint_count; i++)
        telling->constraint[i] = excess(&plan->constraints[i], limited[i]);
    for (int i = 0; telling->told.state == TRIAL_FAILED && i < plan->objective_count; i++)
        telling->objective[i] = (double)NAN;
}

/* Results are finite where they were kept (jobs/warm_start.h); a constraint's may be unknown. */
struct trial *telling_earlier(const struct search_plan *plan)
{
    const size_t limits = (size_t)plan->objective_count + (size_t)plan->constraint_count;
    const size_t results = limits + 1, count = (size_t)plan->warm_count;
    const size_t head = (count * sizeof(struct trial) + sizeof(double) - 1) / sizeof(double);
    double *block = xcalloc(head + count * limits + 1, sizeof *block);
    struct trial *trials = (struct trial *)(void *)block;

    for (size_t i = 0; i < count; i++) {
        double *own = block + head + i * limits;
        struct telling telling;
        telling_of(plan, TRIAL_DONE, plan->warm_results + i * results, -1, &telling);
        memcpy(own, telling.objective, (size_t)plan->objective_count * sizeof *own);
        for (int k = 0; k < plan->constraint_count; k++)
            own[plan->objective_count + k] =
                isfinite(telling.constraint[k]) ? telling.constraint[k] : (double)NAN;
        trials[i] = (struct trial){
            .state = telling.told.state,
            .values = plan->warm_values + i * (size_t)plan->space.count,
            .objective = own,
            .constraint = own + plan->objective_count,
            .error = isfinite(telling.told.error) ? telling.told.error : 0,
            .step = -1,
        };
    }
    return trials;
}

static void add_earlier(const struct search_plan *plan, struct study *study)
{
    const size_t results = (size_t)plan->objective_count + (size_t)plan->constraint_count + 1;
    for (int i = 0; i < plan->warm_count; i++) {
        struct telling telling;
        telling_of(plan, TRIAL_DONE, plan->warm_results + (size_t)i * results, -1, &telling);
        study_add_earlier(study, plan->warm_values + (size_t)i * (size_t)plan->space.count,
                          &telling.told);
    }
}

/* The plan stays whole: the study gets a space of its own. */
struct repeated *repeated_of_plan(const struct search_plan *plan, int64_t budget, int parallel)
{
    AUTO_PROBLEMS struct problems none = {0};
    json_auto_t *space = space_json(&plan->space);
    struct study_options options = {
        .objectives = plan->objective_count,
        .constraints = plan->constraint_count,
        .algorithm = search_find(json_text_at(plan->algorithm, "type", "")),
        .chosen = plan->algorithm,
        .seed = plan->seed,
    };
    if (!options.algorithm)
        return NULL;
    space_read(space, "/space", &options.space, &none);
    struct study *study = study_new(&options);
    add_earlier(plan, study);
    struct repeated *repeated = repeated_new(study, plan->seeds);
    repeated_set_budget(repeated, budget, parallel);
    return repeated;
}
