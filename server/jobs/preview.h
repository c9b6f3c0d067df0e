/*
 * Schedules drawn and bounded before anything is trained: what POST /api/v1/schedules/preview asks
 * and what it answers. No input or output here: the caller reads the runs whose norms are wanted.
 *
 *     {"steps": 1000, "points": 200, "schedules": [{"type": "linear"}, …],
 *      "norms": […] or "run": 12, "norm": "l2", "distance": 1, "prefixes": 0}
 *
 * An entry of "schedules" is a schedule of a specification, with a "name" if it wants one. A
 * refined one without a source goes by the preview's norms.
 */
#ifndef PREVIEW_H
#define PREVIEW_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PREVIEW_STEPS_MAX = 10000000, /* of all schedules together */
    PREVIEW_SCHEDULES_MAX = 32,
    PREVIEW_POINTS_MAX = 10000,
    PREVIEW_NORMS_MAX = 100000, /* in the body */
    PREVIEW_PREFIXES_MAX = 200,
    PREVIEW_PREFIX_STEPS_MAX = 200000000, /* of all prefixes of all schedules together */
};

struct preview_entry {
    char *name;
    json_t *schedule; /* resolved */
    char *pointer;    /* where it stands in the body */
    int64_t run;      /* its own source, whose norms are not known yet; 0: none */
};

struct preview {
    int64_t steps;
    int points, prefixes;
    double distance;
    bool l1;
    int64_t run;   /* whose norms the preview goes by; 0: none */
    double *norms; /* [norm_count]; NULL: all 1 */
    size_t norm_count;
    struct preview_entry *entries;
    int entry_count;
};

/* Checks a body, by the schedules of this program. Release the preview in any case. */
void preview_read(const json_t *body, struct preview *preview, struct problems *problems);
void preview_release(struct preview *preview);

/* The norms of preview->run, copied. */
void preview_give(struct preview *preview, const double *norms, size_t count);
/* The norms of an entry's own run. */
void preview_settle(struct preview_entry *entry, const double *norms, size_t count,
                    struct problems *problems);

/*
 * The answer, once all norms are known: {"steps", "k": […], "schedules": [{"name", "schedule",
 * "factors": […], "bound", "base_rate", "ratio_to_linear", "prefixes": {"k", "bound"} or null,
 * "warnings": […]}]}. "bound" and what follows from it are null where there is none. Takes about
 * 1 ms for 100,000 steps of a schedule. NULL with a problem where it cannot be.
 */
json_t *preview_json(struct preview *preview, struct problems *problems);

#endif
