/*
 * Two arms over the seeds they share: everything about their differences but the verdict. Pure.
 *
 * A gain is the first arm's value less the second's, turned so that above 0 the first is better.
 * What each statistic does with a seed whose run failed (diverged, or never gave the metric):
 *
 *     one of the two failed    the gain is infinite, to the side of the other: the ranks
 * (signed_rank, median, wins, losses) have it as the largest difference of all; there is no mean,
 * so t, bca, probability, effect, equivalence are NaN. Leaving such seeds out would favour the arm
 * that fails. both failed              equally bad: no difference, so a tie; for the ranks a 0,
 * which is dropped; left out of the mean, where neither has a number one has no run (yet)     left
 * out of everything
 *
 * Gains that rounding alone can have made different are equal: within 4 DBL_EPSILON of the largest
 * value of both arms.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include "compare/bootstrap.h"
#include "compare/paired.h"
#include "compare/signed_rank.h"

#include <stdbool.h>

struct gains {
    int seeds;                       /* both arms have run (failed ones too) */
    int wins, losses, ties;          /* of the first arm; add up to seeds */
    int first_failed, second_failed; /* seeds with which it alone failed */
    int both_failed;
    int finite;        /* how many stand at the front of list, from seeds where neither failed */
    double *list;      /* [seeds] gains, finite ones first; owned by the caller */
    double resolution; /* see above */
};

/*
 *     first, second  [seed_count] values; not finite: failed
 *     absent_…       [seed_count] true: no result; NULL: none is
 *     list           [seed_count] out
 */
struct gains gains_of(const double *first, const double *second, const bool *absent_first,
                      const bool *absent_second, int seed_count, bool maximize, double *list);

/* Whether the mean of the gains exists: at least one finite one, no infinite one. */
bool gains_have_mean(const struct gains *gains);

#endif
