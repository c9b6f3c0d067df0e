/*
 * What teams have used of the machine: kept for the next start, read back once.
 */
#ifndef STORE_USAGE_H
#define STORE_USAGE_H

#include "store/store.h"

enum { USAGE_HOUR_MINUTES = 60 };

struct team_usage {
    int64_t team;
    double slot_s;                       /* slot-seconds, decayed until at_ms */
    int64_t at_ms;                       /* wall clock */
    int64_t minutes[USAGE_HOUR_MINUTES]; /* slot-ms in each minute before, the last one first */
};

/* In place of what was kept before. */
void store_save_usage(struct store *store, const struct team_usage *usages, int count);
/* On the loop's thread before it runs. */
int store_load_usage(struct store *store, void (*usage)(void *, const struct team_usage *),
                     void *context, struct error *err);

#endif
