/*
 * Searches that train a population (search/population.h), as the conductor sees them: where runs
 * begin and end, and when a generation may be proposed. Everything follows from the specifications
 * and results on disk, so a restart has nothing to do here.
 */
#ifndef SEARCH_POPULATION_H
#define SEARCH_POPULATION_H

#include "workers/searching.h"

bool search_is_population(const struct search *search); /* accepts NULL */

/* How many more runs may be proposed now, of at most `most`: a generation waits for all of the one
 * before. Searches without a population: `most`. */
int search_generation_room(const struct search *search, int most);

/* What a proposal's specification has beside its variant's; NULL: nothing. The caller frees it. */
char *search_member_overlay(const struct search *search, const struct new_proposal *proposal);
/* The step at which a run begins that goes on from run number `parent` (-1: none). */
int64_t search_member_begins(const struct search *search, int parent);

/* Where a run with that specification ends, as a fraction of its steps; 0: at its last step. */
double search_generation_end(const json_t *spec);
/* Whether a run that stopped has come to the end of its generation: nobody asked it to. */
bool search_generation_ends(const struct run *run);

/* Why a search ends that has nothing more to propose. */
const char *search_exhausted_words(const struct search *search);

#endif
