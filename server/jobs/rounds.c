#include "jobs/rounds.h"

void rounds_check(const json_t *body, const struct comparison *comparison,
                  const struct job_plan *plan, struct problems *problems)
{
    const int looks = plan->judging.looks, seeds = comparison->report_seeds.count;
    const int least = looks_seeds_least(looks);

    if (looks == 0)
        return;
    if (seeds > 0 && seeds < least)
        problems_add(problems, "/sequential", "looks",
                     "%d looks take at least %d seeds, two in the first round and one in each "
                     "other; \"seeds\" has %d",
                     looks, least, seeds);
    if (plan->arm_count == 1)
        problems_add(problems, "", "sequential", "takes a second arm, to look at the first beside");
    if (json_object_get(body, "tasks"))
        problems_add(problems, "", "sequential",
                     "cannot be together with \"tasks\": what differs over tasks is judged at the "
                     "end");
}

void rounds_check_sources(const struct comparison *comparison, const struct job_plan *plan,
                          struct problems *problems)
{
    if (plan->judging.looks == 0 || comparison->tunes)
        return;
    for (int arm = 0; plan->sources && arm < plan->arm_count; arm++) {
        const struct arm_source *source = &plan->sources[arm];
        if (source->kind == SOURCE_REFINED)
            problems_add(problems, "", "sequential",
                         "arm \"%s\" is refined from all report runs of arm \"%s\", which come in "
                         "rounds; add \"tune\", and it is refined from tuning runs",
                         plan->arms[arm], plan->arms[source->arm]);
    }
}

int rounds_first(const struct comparison *comparison, const struct job_plan *plan)
{
    return looks_seeds(comparison->report_seeds.count, plan->judging.looks, 1);
}
