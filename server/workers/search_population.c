#include "workers/search_population.h"

#include "json.h"
#include "search/population.h"

bool search_is_population(const struct search *search)
{
    struct population population;
    return search && population_of(search->plan, &population);
}

int search_generation_room(const struct search *search, int most)
{
    struct population population;
    if (!population_of(search->plan, &population))
        return most;
    const int next = search->proposed + search->proposing;
    const int first = population_waits_for(&population, next);
    const int left = first + population.members - next;
    if (search->fed < first)
        return 0;
    return left < most ? left : most;
}

char *search_member_overlay(const struct search *search, const struct new_proposal *proposal)
{
    struct population population;
    if (!population_of(search->plan, &population))
        return NULL;
    const int64_t parent = proposal->parent >= 0 ? job_run_id(search->job, proposal->parent) : 0;
    json_auto_t *spec = json_loads(proposal->variant.spec, 0, NULL);
    json_auto_t *overlay =
        population_overlay(search->plan, &population, proposal->number, spec, parent,
                           search_member_begins(search, proposal->parent));
    return json_compact(overlay);
}

int64_t search_member_begins(const struct search *search, int parent)
{
    return parent >= 0 ? search->job->runs[parent].step : 0;
}

double search_generation_end(const json_t *spec)
{
    const json_t *keep_at = json_object_get(spec, "keep_at");
    return json_number_value(json_array_get(keep_at, 0));
}

bool search_generation_ends(const struct run *run)
{
    struct population population;
    const struct search *search = run->job->search;
    return search && !run->stopping && population_of(search->plan, &population) &&
           run->number / population.members + 1 < population.generations;
}

const char *search_exhausted_words(const struct search *search)
{
    return search_is_population(search) ? "its last generation has been proposed"
                                        : "every point of the space has been tried";
}
