/*
 * What the files of the supervised objective share. Nobody else includes this.
 */
#ifndef SUPERVISED_INSIDE_H
#define SUPERVISED_INSIDE_H

#include "datasets/batches.h"
#include "losses/losses.h"
#include "model.h"
#include "objectives/objectives.h"

/* A model with the examples that it is to work on. */
struct desk {
    struct model *model;
    size_t rows; /* that there is room for */
    float *features;
    uint16_t *labels;
    float *targets;
    bool gives_back; /* the features are its targets */
};

struct supervised {
    struct objective objective; /* first: it is an objective */
    const struct dataset *dataset;
    struct dataset *opened; /* the same where it is ours to close */
    struct batches batches;
    const struct loss *loss;
    bool gives_back; /* what it is to predict is its input */
    json_t *model_spec;
    struct desk desk;
    size_t chunk; /* rows of an evaluation */
    struct landscape *landscape;
    float *probe[2]; /* [dimension] each, where the gradient's noise is probed; else NULL */
};

/* Fails where there is not enough memory for so many rows. */
int desk_open(const struct supervised *self, size_t rows, bool derivatives, struct desk *desk,
              struct error *err);
void desk_release(struct desk *desk); /* also of one that is all zero */

/* What the loss looks at once the model of the desk has given its outputs. */
struct loss_batch desk_batch(const struct desk *desk, const float *outputs, size_t rows);

/* objectives/supervised_landscape.c */
struct landscape *supervised_landscape_new(struct supervised *self);
void supervised_landscape_free(struct landscape *landscape); /* accepts NULL */

/* objectives/supervised_probe.c; takes its memory where the specification asks for probes */
int supervised_probe_open(struct supervised *self, const json_t *spec, struct error *err);
void supervised_probe(struct objective *objective, const float *theta, uint64_t k,
                      void (*alive)(void *), void *alive_context, double *metrics);

#endif
