/*
 * A narrower space to search next: of each parameter what the best runs took, and a margin.
 */
#ifndef NARROWER_H
#define NARROWER_H

#include "insight/findings.h"

/* Ends of a number: those of the best runs (importance_best_count()) on its axis, a tenth of their
 * distance, or a twentieth of the whole axis where that is more, farther out, and never outside
 * what they were; rounded outwards to three digits. Of a choice the values that a best run took,
 * of an ordered one also what lies between them and the next on either side. Conditions that can no
 * longer hold go, with their parameters. NULL where there are too few runs. */
json_t *narrower_space(const struct findings *findings);

#endif
