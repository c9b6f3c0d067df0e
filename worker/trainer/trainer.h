/*
 * The trainer: steps, epochs, evaluation, reports, checkpoints; one specification from its start or
 * from a checkpoint to its end.
 *
 * The same specification gives the same metrics (but those by the clock) and the same weights, bit
 * for bit, however often it was interrupted and continued, under one numeric fingerprint.
 */
#ifndef TRAINER_H
#define TRAINER_H

#include "report.h"

struct training {
    const json_t *spec; /* resolved (spec.h) */
    const char *data;   /* path of the data set's cache file; NULL: a built-in or a problem */
    const char *cache;  /* folder where built-ins are kept */
    const char *folder; /* for checkpoints and model.safetensors; NULL: keeps neither */
    int64_t run, attempt;
    int64_t checkpoint; /* go on from this step; 0: from the start */
    double pause_at;    /* stop at this fraction of the steps (rung_step()); 0: nowhere */
    bool wants_weights; /* outcome.weights */
};

enum outcome_state {
    OUTCOME_SUCCEEDED, /* all steps, or its own rule to stop early */
    OUTCOME_STOPPED,   /* report.poll() asked for it, or pause_at; the checkpoint is written */
    OUTCOME_FAILED,    /* the message says why */
    OUTCOME_DIVERGED,  /* loss or weights are not finite at `step` */
};
extern const char *const outcome_names[]; /* "succeeded", … */

struct outcome {
    enum outcome_state state;
    char message[ERROR_SENTENCE_BYTES]; /* "" where there is nothing to say */
    int64_t step;                       /* how many were made */
    json_t *metrics;                    /* {"name": last value or null, …} */
    json_t *weights; /* those of the model file as a list, where wanted and d <= WEIGHTS_MAX */
};

enum { WEIGHTS_MAX = 10000 };

/* Trains to its end; model.safetensors is in place before this returns OUTCOME_SUCCEEDED. */
void train(const struct training *training, const struct report *report, struct outcome *outcome);
void outcome_release(struct outcome *outcome);

#endif
