/*
 * Searches away from the best point, for objectives of several valleys: one begins at a point drawn
 * anywhere and goes on near the best of its own, as if nothing else were known, until it gains no
 * more or has come to the best point of all; then the next one begins (as random restarts of local
 * searches do; with a model that has seen everything: Eriksson et al., NeurIPS 2019, arXiv
 * 1910.01739). What belongs to one is read from the memos of its proposals.
 */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

#include "search/gp/table.h"

struct elsewhere {
    int origin; /* number of the proposal it began with */
    int best;   /* row of its best trial; -1: it begins now */
};

/* Half the width, in the cube, of what is near a point. */
extern const double elsewhere_reach;

/* The one that is under way, or a new one. Columns are numbers. */
struct elsewhere elsewhere_next(const struct gp_table *table, const struct history *history);

/* Whether no column of two rows differs by more than the reach. */
bool elsewhere_is_near(const struct gp_table *table, int a, int b);

enum { ELSEWHERE_MEMO = 2 };
int elsewhere_write(const struct elsewhere *elsewhere, double *memo);

#endif
