/*
 * What a look at a comparison finds while its seeds come in (looks.h of jobs/, sequential.h). Pure,
 * and quick enough for the loop: no resampling; 64 arms of 50 seeds took 5 to 15 ms on two cores.
 *
 * A look asks what the verdict asks of the family of the baseline (verdict.h): every other arm
 * against it, by the signed-rank p and the two one-sided tests, each taken up for the number of
 * planned looks (Pocock's boundary), then adjusted by Holm over all arms. An arm that was decided
 * before takes part with the seeds it had then: it has had its share of the level, and by Holm's
 * steps the arms still in are held to what is left, as if they were alone. (Each p so taken up is
 * below x at any of the looks with a chance of at most x, so Holm's argument holds at whatever look
 * one stops: Maurer and Bretz, 2013.)
 */
#ifndef COMPARE_LOOKS_H
#define COMPARE_LOOKS_H

#include "compare/comparison.h"
#include "jobs/looks.h"

/*
 *     comparison  with the seeds that have come in; those of a decided arm that came after its
 *                 decision are absent; "decided" says who that is, looks how many are planned
 *     look        1 … looks
 *     out         [arm_count - 1] an entry for each arm that was still in, by their numbers
 *
 * Answers how many entries. */
int looks_judge(const struct comparison *comparison, int look, struct look_entry *out);

#endif
