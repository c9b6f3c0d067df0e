/*
 * A search that trains each point with several seeds, as one whose proposals are points: what its
 * runs came to, taken together as the study took it (search/repeated.h). The run of a point is its
 * first one; it was told when the last of its runs was.
 */
#ifndef SEARCH_POINTS_H
#define SEARCH_POINTS_H

#include "api/search_gathered.h"

/* Runs are in order, with values and results as they were told. Nothing to do where there is one
 * seed. */
void search_points_join(struct gathered_search *gathered);

#endif
