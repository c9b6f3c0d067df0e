/*
 * A verdict in words. Each text is one line without a full stop; the caller frees it.
 */
#ifndef SENTENCES_H
#define SENTENCES_H

#include "compare/friedman.h"
#include "compare/verdict.h"

/* "linear beats cosine by 0.0031 ± 0.0008 (valid_loss, 10 seeds, p = 0.004 after Holm)": the mean
 * gain and its standard error; the winner stands first. Or "linear and wsd are equivalent within
 * 0.001 (…)", or that it is undecided and what it would take: "5 seeds cannot reach p < 0.05 by
 * this test; it takes 6". A pair with the baseline may be told of either family, another one of
 * FAMILY_ALL. */
char *pair_sentence(const struct comparison *comparison, const struct comparison_verdict *verdict,
                    const struct pair_verdict *pair, enum family family);

/* Every arm against the baseline, parted by "; ": who wins and who loses, what is equivalent, what
 * is undecided. At most SENTENCE_CLAUSES_MAX of them, then how many more there are. */
enum { SENTENCE_CLAUSES_MAX = 8 };
char *comparison_sentence(const struct comparison *comparison,
                          const struct comparison_verdict *verdict);

/* "over 14 tasks the arms differ (Friedman, p = 0.012): b ranks best (1.96); within the critical
 * difference of it: a, c, that is 1.25". */
char *friedman_sentence(const struct friedman *friedman, const char *const *names,
                        const double *mean_ranks, int arm_count);

#endif
