#include "auth/limits.h"

#include "memory.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ROUNDING = 1e-6; /* ms: of sums that are 1 but for their last bits */

enum { LEAST_ROOM = 10, WAYS = 8, SETS = 512 };

static bool take(struct allowance *allowance, double room, double per_ms, int64_t now_ms)
{
    if (allowance->at_ms == 0)
        allowance->left = room;
    else
        allowance->left =
            fmin(room, allowance->left + per_ms * (double)(now_ms - allowance->at_ms));
    allowance->at_ms = now_ms > 0 ? now_ms : 1;
    if (allowance->left < 1)
        return false;
    allowance->left--;
    return true;
}

bool allowance_take(struct allowance *allowance, double per_s, int64_t now_ms, int64_t *out_wait_ms)
{
    *out_wait_ms = 0;
    if (per_s <= 0 || take(allowance, fmax(per_s, LEAST_ROOM), per_s / 1000, now_ms))
        return true;
    *out_wait_ms = (int64_t)ceil((1 - allowance->left) * 1000 / per_s - ROUNDING);
    return false;
}

/* --- wrong tokens ------------------------------------------------------------------------------
 */

struct suspect {
    unsigned char network[8]; /* 64 bits of IPv6, or an IPv4 address with zeros */
    bool is_v6;
    struct allowance free;
};

/* A cache of sets: whoever comes from many addresses at once pushes out himself. */
struct suspects {
    struct suspect sets[SETS][WAYS];
};

struct suspects *suspects_new(void)
{
    return xcalloc(1, sizeof(struct suspects));
}

void suspects_free(struct suspects *suspects)
{
    free(suspects);
}

/* What is no address is one like any other. */
static struct suspect network_of(const char *address)
{
    struct suspect suspect = {.is_v6 = strchr(address, ':') != NULL};
    unsigned char bytes[16] = {0};
    inet_pton(suspect.is_v6 ? AF_INET6 : AF_INET, address, bytes);
    memcpy(suspect.network, bytes, sizeof suspect.network);
    return suspect;
}

/* FNV-1a (Fowler, Noll and Vo). */
static size_t set_of(const struct suspect *suspect)
{
    uint32_t value = 2166136261U ^ suspect->is_v6;
    for (size_t i = 0; i < sizeof suspect->network; i++)
        value = (value ^ suspect->network[i]) * 16777619U;
    return value % SETS;
}

static struct suspect *find(struct suspects *suspects, const char *address)
{
    const struct suspect wanted = network_of(address);
    struct suspect *set = suspects->sets[set_of(&wanted)];
    struct suspect *oldest = set;
    for (struct suspect *each = set; each < set + WAYS; each++) {
        if (each->free.at_ms && each->is_v6 == wanted.is_v6 &&
            memcmp(each->network, wanted.network, sizeof wanted.network) == 0)
            return each;
        if (each->free.at_ms < oldest->free.at_ms)
            oldest = each;
    }
    *oldest = wanted;
    return oldest;
}

int64_t suspects_note(struct suspects *suspects, const char *address, int64_t now_ms)
{
    struct suspect *suspect = find(suspects, address);
    return take(&suspect->free, WRONG_FREE, WRONG_PER_MINUTE / 60000.0, now_ms) ? 0 : WRONG_HOLD_MS;
}
