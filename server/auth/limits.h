/*
 * How often: requests of a team, and wrong tokens from an address. Pure; time is an argument, in
 * milliseconds of a clock that does not go back.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* A token bucket: holds a second's worth of requests, but at least ten, and fills as time goes. */
struct allowance {
    double left;
    int64_t at_ms; /* when `left` was so; 0: full */
};

/* Takes one. False: none is left; *out_wait_ms until there is. per_s 0: no limit. */
bool allowance_take(struct allowance *allowance, double per_s, int64_t now_ms,
                    int64_t *out_wait_ms);

/* Wrong tokens, by address; of an IPv6 address its first 64 bits. Of very many addresses the ones
 * seen longest ago are forgotten. */
enum { WRONG_FREE = 20, WRONG_PER_MINUTE = 20, WRONG_HOLD_MS = 1000 };

struct suspects;

struct suspects *suspects_new(void);
void suspects_free(struct suspects *suspects); /* accepts NULL */

/* One more: how long its answer has to wait, 0 for the first WRONG_FREE of them. */
int64_t suspects_note(struct suspects *suspects, const char *address, int64_t now_ms);

#endif
