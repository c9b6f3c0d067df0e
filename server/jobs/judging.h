/*
 * How a comparison is to be judged, as its body says: all of it is optional.
 *
 *     "level": 0.05                              chance of a false win, over all arms together
 *     "equivalent_within": 0.001                 a difference of the means that counts as none
 *     "equivalent_within": {"relative": 0.01}    the same, as a share of the baseline's mean
 *     "target": 0.29                             of the metric: how soon each arm gets there
 *     "band": "standard_error" | "quantiles"     around the mean curves
 *     "sequential": {"looks": 5}                 seeds come in rounds; what is decided stops
 *
 * Nothing of it changes how a run is trained, and a report reads it from the job's request.
 */
#ifndef JUDGING_H
#define JUDGING_H

#include "jobs/looks.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>

#define JUDGING_LEVEL     0.05
#define JUDGING_LEVEL_LOW 0.0001
#define JUDGING_LEVEL_TOP 0.5

enum curve_band { BAND_STANDARD_ERROR, BAND_QUANTILES, CURVE_BANDS };
extern const char *const curve_band_names[CURVE_BANDS];

struct judging {
    double level;
    double within; /* > 0; 0: none was asked for */
    bool relative;
    bool has_target;
    double target;
    enum curve_band band;
    int looks; /* 2 … LOOKS_MAX; 0: only at the end */
};

/* The members of a body; each wrong one is a problem, and counts as not given. */
struct judging judging_read(const json_t *body, struct problems *problems);

/* Of a job that was accepted. */
struct judging judging_of(const json_t *request);

#endif
