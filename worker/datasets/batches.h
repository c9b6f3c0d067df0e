/*
 * Which examples a step trains on, as float rows: a keyed permutation per epoch (RANDOM_SHUFFLE),
 * so any step's batch is found from its number alone. The last batch of an epoch may be short.
 */
#ifndef BATCHES_H
#define BATCHES_H

#include "datasets/dataset.h"

enum standardize {
    STANDARDIZE_NONE,    /* bytes / 255, floats as they are */
    STANDARDIZE_GLOBAL,  /* (x - mean) / deviation over all features of the training part */
    STANDARDIZE_FEATURE, /* the same for each feature by itself */
};

struct batches {
    const struct dataset *dataset;
    enum standardize standardize;
    uint64_t seed;
    uint32_t batch_size;
    uint32_t per_epoch;   /* batches */
    float *scale, *shift; /* [feature_count] for per-feature work, or NULL */
    float table[256];     /* of a byte, for global work */
    uint32_t *order; /* [train.count] the permutation of order_epoch, made when an epoch begins */
    uint64_t order_epoch;
};

int batches_init(struct batches *batches, const struct dataset *dataset,
                 enum standardize standardize, uint32_t batch_size, uint64_t seed,
                 struct error *err);
void batches_release(struct batches *batches);

/* The batch of step k (0 …): how many examples, at most batch_size.
 *     features [batch_size][feature_count]   out
 *     labels   [batch_size]                  out, where the set has classes
 *     targets  [batch_size][target_count]    out, else */
uint32_t batches_take(struct batches *batches, uint64_t k, float *features, uint16_t *labels,
                      float *targets);

/* Rows first … first+count-1 of a part in file order, the same conversion. For evaluation. */
void batches_rows(struct batches *batches, const struct dataset_part *part, uint32_t first,
                  uint32_t count, float *features, uint16_t *labels, float *targets);

#endif
