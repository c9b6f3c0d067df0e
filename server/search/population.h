/*
 * Searches that train a population (pbt): members in generations, each run a part of the way.
 *
 * Run number `generation * members + place` trains from where its generation begins to where it
 * ends, and leaves a checkpoint there. A run of a later generation goes on from the checkpoint of
 * the run that its proposal names as parent; without one it begins with fresh weights and trains up
 * to the same place. A generation is proposed once all runs of the one before have ended, so what
 * is proposed does not depend on the order in which they do, nor on how many ran at once.
 */
#ifndef POPULATION_H
#define POPULATION_H

#include "jobs/search_plan.h"

struct population {
    int members, generations;
    double interval; /* of the whole way, to the next generation */
};

/* From the settings of the algorithm, resolved; and of a plan: false where its algorithm trains
 * none. */
struct population population_chosen(double members, double interval);
bool population_of(const struct search_plan *plan, struct population *out);

/* Where the search's budget has no room for the population and `given`, the algorithm as it was
 * asked for, names none, it gets one that has: of 20 members in as many generations as fit, two at
 * least, or where the interval is given, too, in its generations, with fewer members. True where
 * the plan's algorithm was changed. */
bool population_fit(const json_t *given, struct search_plan *plan);

/* How many of the first runs must have ended before run `number` is proposed. */
int population_waits_for(const struct population *population, int number);

/* Where a generation ends, as a fraction of the steps: no earlier than its share of the way, and
 * where the first objective is reported. 1 of the last one. `spec` is resolved. */
double population_end(const struct search_plan *plan, const struct population *population,
                      int generation, const json_t *spec);

/* What the specification of run `number` has beside its variant's, where the parent is run
 * `parent_run` (0: none), which ended at `step`: "keep_at", "branch" and "branch_changes" of
 * branching.h. The caller owns it. */
json_t *population_overlay(const struct search_plan *plan, const struct population *population,
                           int number, const json_t *spec, int64_t parent_run, int64_t step);

/* Whether the search can be made so: parameters that can change while a run trains, a budget that
 * suffices, and generations that end apart from each other. Plans without a population pass. */
void population_check(const json_t *catalog, const struct search_plan *plan,
                      struct problems *problems);

#endif
