/* side: server */
/*
 * Bytes as the body of POST /api/v1/jobs: read, planned against the catalogue of the tests, and
 * where accepted, used. Run from the top folder, or with CATALOG naming the catalogue.
 */
#include "jobs/search_plan.h"
#include "json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static json_t *read_catalog(void)
{
    const char *path = getenv("CATALOG");
    json_t *catalog = NULL;
    struct error err;
    if (json_read_file(path ? path : "tests/data/catalog.json", 1 << 20, &catalog, &err) < 0) {
        fprintf(stderr, "%s\n", err.sentence);
        abort();
    }
    return catalog;
}

static struct data_facts lookup(void *context, const char *name)
{
    (void)context;
    return (struct data_facts){
        .known = name[0] == 'm', .classes = name[1] == 'n' ? 10 : 0, .nearest = "mnist"};
}

/* Points of it have a specification, and what is kept of it reads as the same search. */
static void check_search(const json_t *catalog, const struct job_plan *plan)
{
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    double values[PARAMETERS_MAX];
    json_t *kept = json_loads(plan->request, 0, NULL);
    struct search_plan *again = search_plan_of(catalog, plan->request);
    char *twice = search_request(kept, again);

    assert(strcmp(twice, plan->request) == 0);
    for (int i = 0; i < 3 && !again->external; i++) {
        struct problems problems = {0};
        json_t *spec = NULL;
        space_draw(&again->space, &rng, values);
        if (search_spec(catalog, again, values, &spec, &problems) == 0)
            json_decref(spec);
        else
            assert(problems.found > 0);
        problems_release(&problems);
    }
    free(twice);
    json_decref(kept);
    search_plan_free(again);
}

static void check_plan(const struct job_plan *plan)
{
    assert(plan->name && plan->run_count >= 1 && plan->run_count <= RUNS_MAX);
    for (int i = 0; i < plan->run_count; i++)
        assert(plan->runs[i].variant < plan->variant_count);
    for (int i = 0; i < plan->variant_count; i++)
        assert(plan->variants[i].spec[0] == '{' && plan->variants[i].threads >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static json_t *catalog;
    json_t *body = NULL;
    struct job_plan plan;
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;

    if (!catalog)
        catalog = read_catalog();
    if (json_read((const char *)bytes, count, &body, &err) < 0)
        return 0;
    job_plan_read(catalog, lookup, NULL, body, &plan, &problems);
    if (problems.found)
        assert(plan.run_count == 0 && !plan.variants);
    else
        check_plan(&plan);
    if (plan.search)
        check_search(catalog, &plan);
    json_decref(problems_json(&problems));
    json_decref(body);
    job_plan_release(&plan);
    return 0;
}
