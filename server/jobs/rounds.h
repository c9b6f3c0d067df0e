/*
 * What a comparison that is looked at several times (looks.h) asks of the rest of its body.
 */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "jobs/comparison.h"

/* Enough seeds and arms; "tasks" are not looked at before their end. */
void rounds_check(const json_t *body, const struct comparison *comparison,
                  const struct job_plan *plan, struct problems *problems);

/* Once it is known which arms start from others: an arm that is refined from report runs would wait
 * for rounds that come after its own. */
void rounds_check_sources(const struct comparison *comparison, const struct job_plan *plan,
                          struct problems *problems);

/* How many of the report seeds are in the first round. */
int rounds_first(const struct comparison *comparison, const struct job_plan *plan);

#endif
