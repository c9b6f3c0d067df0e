#include "queue/usage.h"

#include <assert.h>
#include <limits.h>
#include <math.h>

enum { MOST_HALF_LIVES = 32, MINUTE_MS = 60000 };

static const double ln2 = 0.69314718055994530942;

static double weight_at(const struct usage_scale *scale, int64_t now_ms)
{
    return exp2((double)(now_ms - scale->landmark_ms) / (double)scale->half_life_ms);
}

struct usage_scale usage_scale_at(int64_t now_ms, int64_t half_life_ms)
{
    assert(half_life_ms >= 1);
    return (struct usage_scale){half_life_ms, now_ms, 1.0};
}

int usage_scale_advance(struct usage_scale *scale, int64_t now_ms)
{
    const int64_t passed = (now_ms - scale->landmark_ms) / scale->half_life_ms;
    int shift = 0;
    if (passed >= MOST_HALF_LIVES) {
        scale->landmark_ms += passed * scale->half_life_ms;
        shift = passed > INT_MAX ? INT_MAX : (int)passed;
    }
    scale->weight = weight_at(scale, now_ms);
    return shift;
}

void usage_shift(struct usage *usage, int half_lives)
{
    usage->sum = ldexp(usage->sum, -half_lives);
    usage->mark = ldexp(usage->mark, -half_lives);
}

/* The weight's integral over time, from the mark until now. */
static double weighed(const struct usage_scale *scale, const struct usage *usage, int running)
{
    const double half_life_s = 1e-3 * (double)scale->half_life_ms;
    return running * (half_life_s / ln2) * (scale->weight - usage->mark);
}

double usage_now(const struct usage_scale *scale, const struct usage *usage, int running)
{
    const double sum = running ? usage->sum + weighed(scale, usage, running) : usage->sum;
    return sum / scale->weight;
}

void usage_settle(const struct usage_scale *scale, struct usage *usage, int running)
{
    if (running)
        usage->sum += weighed(scale, usage, running);
    usage->mark = scale->weight;
}

void usage_set(const struct usage_scale *scale, struct usage *usage, double slot_seconds)
{
    usage->sum = slot_seconds * scale->weight;
    usage->mark = scale->weight;
}

/* --- the last hour --------------------------------------------------------------------------- */

static int64_t *minute_of(struct usage_hour *hour, int64_t minute)
{
    return &hour->slot_ms[minute % USAGE_MINUTES];
}

void usage_hour_advance(struct usage_hour *hour, int64_t now_ms, int running)
{
    const int64_t last = now_ms / MINUTE_MS;
    if (last - hour->minute >= USAGE_MINUTES) { /* nothing entered so far counts any more */
        *hour = (struct usage_hour){.minute = last - USAGE_MINUTES, .until_ms = hour->until_ms};
        if (hour->until_ms < hour->minute * MINUTE_MS)
            hour->until_ms = hour->minute * MINUTE_MS;
    }
    while (hour->until_ms < now_ms) {
        const int64_t next = (hour->until_ms / MINUTE_MS + 1) * MINUTE_MS;
        const int64_t until = next < now_ms ? next : now_ms;
        *minute_of(hour, hour->until_ms / MINUTE_MS) += running * (until - hour->until_ms);
        hour->until_ms = until;
        if (until / MINUTE_MS > hour->minute)
            *minute_of(hour, ++hour->minute) = 0;
    }
}

double usage_hour_sum(const struct usage_hour *hour)
{
    const int64_t oldest = (hour->minute + 1) % USAGE_MINUTES;
    const int64_t into_ms = hour->until_ms - hour->minute * MINUTE_MS;
    int64_t sum = 0;
    double old = 0;
    for (int i = 0; i < USAGE_MINUTES; i++) {
        if (i == oldest)
            old = (double)hour->slot_ms[i];
        else
            sum += hour->slot_ms[i];
    }
    return 1e-3 * ((double)sum + old * (1.0 - (double)into_ms / MINUTE_MS));
}

/* Of what was used evenly in a whole minute. */
static int64_t part_of(int64_t slot_ms, int64_t part_ms)
{
    return (int64_t)llround((double)slot_ms * (double)part_ms / MINUTE_MS);
}

/* Minutes may be as early as -60: a clock that counts from the start of the machine knows nothing
 * of the hour before, but the server before this one did. */
static int place_of(int64_t minute)
{
    return (int)((minute + USAGE_MINUTES) % USAGE_MINUTES);
}

static int64_t entered(const struct usage_hour *hour, int age)
{
    return hour->slot_ms[place_of(hour->minute - age)];
}

void usage_hour_read(const struct usage_hour *hour, int64_t *minutes)
{
    const int64_t into_ms = hour->until_ms - hour->minute * MINUTE_MS;
    for (int i = 0; i < USAGE_MINUTES - 1; i++) {
        const int64_t newer = entered(hour, i), older = entered(hour, i + 1);
        const int64_t first = i == 0 ? newer : part_of(newer, into_ms);
        minutes[i] = first + older - part_of(older, into_ms);
    }
}

static int64_t minute_at(int64_t time_ms)
{
    return time_ms >= 0 ? time_ms / MINUTE_MS : -((MINUTE_MS - 1 - time_ms) / MINUTE_MS);
}

static void enter_at(struct usage_hour *hour, int64_t minute, int64_t slot_ms)
{
    if (minute <= hour->minute && minute > hour->minute - USAGE_MINUTES)
        hour->slot_ms[place_of(minute)] += slot_ms;
}

void usage_hour_write(struct usage_hour *hour, int64_t now_ms, const int64_t *minutes,
                      int64_t age_ms)
{
    *hour = (struct usage_hour){.minute = now_ms / MINUTE_MS, .until_ms = now_ms};
    for (int i = 0; i < USAGE_MINUTES - 1; i++) {
        const int64_t begin_ms = now_ms - age_ms - (i + 1) * (int64_t)MINUTE_MS;
        const int64_t minute = minute_at(begin_ms);
        const int64_t later = part_of(minutes[i], begin_ms - minute * MINUTE_MS);
        enter_at(hour, minute, minutes[i] - later);
        enter_at(hour, minute + 1, later);
    }
}
