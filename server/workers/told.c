#include "workers/told.h"

#include <math.h>

static const char *many(int count)
{
    return count == 1 ? "" : "s";
}

void tell_check(const struct search_plan *plan, const struct tell_options *options,
                struct problems *problems)
{
    const int objectives = plan->objective_count, constraints = plan->constraint_count;
    const bool needs_values = options->state == RUN_SUCCEEDED;
    if (options->value_count != objectives && (needs_values || options->value_count > 0))
        problems_add(problems, "", "values", "must have one number for each of the %d objective%s",
                     objectives, many(objectives));
    if (options->constraint_count > 0 && options->constraint_count != constraints)
        problems_add(problems, "", "constraints",
                     "must have one number for each of the %d constraint%s", constraints,
                     many(constraints));
}

static bool all_finite(const double *values, int count)
{
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static void fill_results(const struct search_plan *plan, const struct tell_options *options,
                         double *results)
{
    for (int i = 0; i < plan->objective_count; i++)
        results[i] = i < options->value_count ? options->values[i] : (double)NAN;
    for (int i = 0; i < plan->constraint_count; i++)
        results[plan->objective_count + i] =
            i < options->constraint_count ? options->constraints[i] : (double)NAN;
    results[plan->objective_count + plan->constraint_count] = options->error;
}

void told_results_of(const struct search_plan *plan, const struct tell_options *options,
                     struct told_results *out)
{
    const bool finite = all_finite(options->values, options->value_count);
    out->given = options->state != RUN_PRUNED || options->value_count > 0;
    out->outcome = options->state == RUN_PRUNED                ? PROPOSAL_PRUNED
                   : options->state == RUN_SUCCEEDED && finite ? PROPOSAL_DONE
                                                               : PROPOSAL_FAILED;
    fill_results(plan, options, out->results);
}

bool told_results_repeat(const struct told_results *told, enum proposal_outcome outcome,
                         const double *kept, int count)
{
    if (told->outcome != outcome)
        return false;
    for (int i = 0; i < count && told->given; i++)
        if (told->results[i] != kept[i] && !(isnan(told->results[i]) && isnan(kept[i])))
            return false;
    return true;
}
