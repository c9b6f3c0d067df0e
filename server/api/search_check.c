#include "api/search_check.h"

#include "jobs/search_plan.h"
#include "json.h"
#include "prune/pruner.h"
#include "search/population.h"
#include "search/search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check_algorithm(const struct search_plan *search, struct problems *problems)
{
    const struct search_algorithm *algorithm =
        search_find(json_text_at(search->algorithm, "type", ""));
    struct error err;
    if (!algorithm)
        return; /* the catalogue has refused it */
    if (search_check(algorithm, &search->space, search->objective_count, search->constraint_count,
                     &err) < 0)
        problems_add(problems, "/algorithm", "type", "%s", err.sentence);
    else if (search->seeds > 1 && (algorithm->can & CAN_CHANGE_WEIGHTS))
        problems_add(problems, "", "seeds",
                     "must be 1 with \"%s\", which hands on the weights of one run to the next",
                     algorithm->name);
    else if (search->external && (algorithm->can & CAN_CHANGE_WEIGHTS))
        problems_add(problems, "/algorithm", "type",
                     "\"%s\" changes runs while they train, and an external runner's cannot be "
                     "reached",
                     algorithm->name);
}

static void check_earlier(struct reader *reader, int64_t team, const struct search_plan *search,
                          struct problems *problems)
{
    for (int i = 0; i < search->warm_job_count; i++) {
        struct error err;
        bool sees;
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        if (store_sees_job(reader, search->warm_jobs[i], team, &sees, &err) < 0)
            problems_add(problems, "/warm_start/jobs", index, "%s", err.sentence);
        else if (!sees)
            problems_add(problems, "/warm_start/jobs", index, "there is no job %" PRId64,
                         search->warm_jobs[i]);
    }
}

void search_check_plan(struct reader *reader, int64_t team, const struct job_plan *plan,
                       struct problems *problems)
{
    if (!plan->search)
        return;
    check_algorithm(plan->search, problems);
    pruner_check(plan->search, problems);
    check_earlier(reader, team, plan->search, problems);
}

void search_fit_population(const char *body, struct job_plan *plan)
{
    if (!plan->search || !plan->request)
        return;
    json_auto_t *asked = json_loads(body, 0, NULL);
    if (!population_fit(json_object_get(asked, "algorithm"), plan->search))
        return;
    json_auto_t *request = json_loads(plan->request, 0, NULL);
    json_object_set(request, "algorithm", plan->search->algorithm);
    free(plan->request);
    plan->request = json_ordered(request);
}

void search_check_population(const json_t *catalog, const struct job_plan *plan,
                             struct problems *problems)
{
    if (plan->search && problems->found == 0)
        population_check(catalog, plan->search, problems);
}
