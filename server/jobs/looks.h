/*
 * A comparison that is looked at several times while its seeds come in: which seeds come in when,
 * and what was found. Pure; the statistics are in compare/looks.h.
 *
 *     "sequential": {"looks": 5}
 *
 * The report seeds, in the order in which they are given, are split into as many rounds as there
 * are looks, sizes differing by one at most, larger ones first, at least two seeds in the first.
 * (Pocock's boundary is that of equal rounds. A first round that is larger makes the looks more
 * alike, so the chance of ever crossing the boundary is below the level, not above.)
 */
#ifndef LOOKS_H
#define LOOKS_H

enum { LOOKS_MAX = 10 };

/* What is said of an arm against another one. */
enum verdict { VERDICT_UNDECIDED, VERDICT_BETTER, VERDICT_WORSE, VERDICT_EQUIVALENT, VERDICTS };
extern const char *const verdict_names[VERDICTS];
int verdict_find(const char *name); /* -1: none */

/* The fewest seeds for so many looks: two in the first round, and one in each other. */
int looks_seeds_least(int looks);

/* How many of the seeds have come in at a look, 0 … looks (0: none). looks < 2: all, at look 1. */
int looks_seeds(int seed_count, int looks, int look);

/* The look at which a seed comes in, 1 … looks; its place in the list is 0 … seed_count - 1. */
int looks_of_seed(int seed_count, int looks, int place);

/* What a look found about one arm, against the baseline. */
struct look_entry {
    int look; /* 1 … looks */
    int arm;
    int seeds; /* that both had run with */
    double p;  /* signed-rank, of this look alone; NaN: no seed */
    enum verdict verdict;
};

/* What is settled about an arm. */
struct arm_decision {
    int look; /* at which; 0: it is undecided, and the verdict says so */
    enum verdict verdict;
};

/* The first decision about each arm stands, whatever was found later.
 *
 *     entries    [count] in the order of the looks
 *     decisions  [arm_count] out
 *
 * Answers how many looks there have been. Entries about arms that are not there are passed over. */
int looks_decisions(const struct look_entry *entries, int count, int arm_count,
                    struct arm_decision *decisions);

#endif
