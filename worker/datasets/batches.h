/*
 * Which examples a step trains on, as float rows: a keyed permutation per epoch (RANDOM_SHUFFLE),
 * so any step's batch is found from its number alone. The last batch of an epoch may be short.
 *
 * Conversion is one multiplication and one addition in float, never fused: the same bits on every
 * machine and in every batch.
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
    uint32_t per_epoch;                   /* batches */
    float scale, shift;                   /* x * scale + shift for every feature, or … */
    float *feature_scale, *feature_shift; /* … [feature_count] each for its own, else NULL */
    uint32_t *rows;                       /* [batch_size] of the batch at hand */
};

/* Refuses an empty batch and sizes no memory holds. `dataset` must outlive the batches. */
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

/* The rows of a part that are named, in that order, the same conversion. */
void batches_named(const struct batches *batches, const struct dataset_part *part,
                   const uint32_t *rows, uint32_t count, float *features, uint16_t *labels,
                   float *targets);

/* Rows first … first+count-1 of a part in file order, the same conversion. For evaluation. */
void batches_rows(struct batches *batches, const struct dataset_part *part, uint32_t first,
                  uint32_t count, float *features, uint16_t *labels, float *targets);

#endif
