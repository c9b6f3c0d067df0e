/*
 * What a team has used of the machine, in two ways: slot-seconds that lose half their weight every
 * half-life, which the order goes by, and plain slot-seconds of the last hour, which people read.
 *
 * Old use is not made lighter; new use is made heavier: a second at time t is entered with weight
 * 2^((t - landmark) / half life), and sums are read divided by the weight of now (forward decay:
 * Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009). So teams that stand still need no work, and
 * a look at all of them costs one power. Every 32 half-lives the landmark moves by a whole number
 * of them and all sums are shifted by that power of two, which is exact: nothing drifts over
 * months.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

struct usage_scale {
    int64_t half_life_ms, landmark_ms;
    double weight; /* of now */
};

struct usage {   /* all zero: none */
    double sum;  /* weighted slot-seconds until the mark */
    double mark; /* the weight of that time */
};

/* Half-life 1 ms or more. */
struct usage_scale usage_scale_at(int64_t now_ms, int64_t half_life_ms);
/* Moves on to now. How many half-lives the landmark moved: every usage is to be shifted by it. */
int usage_scale_advance(struct usage_scale *scale, int64_t now_ms);
void usage_shift(struct usage *usage, int half_lives);

/* Decayed slot-seconds now, where `running` slots have run since the mark. */
double usage_now(const struct usage_scale *scale, const struct usage *usage, int running);
/* Moves the mark to now; to be called before the number of running slots changes. */
void usage_settle(const struct usage_scale *scale, struct usage *usage, int running);
void usage_set(const struct usage_scale *scale, struct usage *usage, double slot_seconds);

enum { USAGE_MINUTES = 61 }; /* sixty whole ones and the one under way */

struct usage_hour { /* all zero: none */
    int64_t slot_ms[USAGE_MINUTES];
    int64_t minute;   /* the one under way, counted from time 0; times are never before that */
    int64_t until_ms; /* entered so far */
};

/* `running` slots ran from the last call until now. */
void usage_hour_advance(struct usage_hour *hour, int64_t now_ms, int running);
/* Slot-seconds of the last 3,600 s, as if the oldest minute had been used evenly. Advance first. */
double usage_hour_sum(const struct usage_hour *hour);

/* The same hour as sixty minutes that end now: slot-milliseconds, the last minute first. Written at
 * another time, by another clock, they count as used evenly within each; what lies more than an
 * hour back is gone.
 *
 *     minutes  [USAGE_MINUTES - 1]
 */
void usage_hour_read(const struct usage_hour *hour, int64_t *minutes);
void usage_hour_write(struct usage_hour *hour, int64_t now_ms, const int64_t *minutes,
                      int64_t age_ms);

#endif
