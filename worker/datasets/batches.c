#include "datasets/batches.h"

#include "memory.h"
#include "random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE_BYTES = 64, SECOND_LEVEL = 2, ROWS_AHEAD = 8 };

static void set_global(struct batches *batches, double mean, double deviation)
{
    batches->scale = (float)(1.0 / deviation);
    batches->shift = (float)(-mean / deviation);
}

static int set_by_feature(struct batches *batches, struct error *err)
{
    const struct dataset *dataset = batches->dataset;
    const size_t count = dataset->feature_count;

    batches->feature_scale = aligned_block(count, sizeof(float));
    batches->feature_shift = aligned_block(count, sizeof(float));
    if (!batches->feature_scale || !batches->feature_shift)
        return error_of(err, ERROR_INTERNAL, "no memory to standardize %zu features", count);
    for (size_t i = 0; i < count; i++) {
        const double deviation = (double)dataset->feature_deviation[i];
        batches->feature_scale[i] = (float)(1.0 / deviation);
        batches->feature_shift[i] = (float)(-(double)dataset->feature_mean[i] / deviation);
    }
    return 0;
}

static int set_conversion(struct batches *batches, struct error *err)
{
    const struct dataset *dataset = batches->dataset;

    switch (batches->standardize) {
    case STANDARDIZE_NONE:
        set_global(batches, 0.0, dataset->train.bytes ? 255.0 : 1.0);
        return 0;
    case STANDARDIZE_GLOBAL:
        set_global(batches, dataset->mean, dataset->deviation);
        return 0;
    case STANDARDIZE_FEATURE:
        return set_by_feature(batches, err);
    }
    return error_of(err, ERROR_INTERNAL, "no such standardization");
}

int batches_init(struct batches *batches, const struct dataset *dataset,
                 enum standardize standardize, uint32_t batch_size, uint64_t seed,
                 struct error *err)
{
    *batches = (struct batches){.dataset = dataset, .standardize = standardize, .seed = seed};
    if (batch_size == 0)
        return error_set(err, "a batch has at least one example");

    const uint32_t count = dataset->train.count;
    batches->batch_size = batch_size;
    batches->per_epoch = count / batch_size + (count % batch_size != 0);
    batches->rows = aligned_block(batch_size < count ? batch_size : count, sizeof(uint32_t));
    if (!batches->rows) {
        return error_of(err, ERROR_INTERNAL, "no memory for a batch of %" PRIu32, batch_size);
    }
    if (set_conversion(batches, err) < 0) {
        batches_release(batches);
        return -1;
    }
    return 0;
}

void batches_release(struct batches *batches)
{
    free(batches->feature_scale);
    free(batches->feature_shift);
    free(batches->rows);
    *batches = (struct batches){0};
}

/*
 * One multiplication and one addition an element: whatever the width of the vectors, the bits are
 * the same (the build forbids contraction). The wide variants are only faster.
 */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

ALWAYS_INLINE void convert_row(const uint8_t *restrict bytes, size_t count, float scale,
                               float shift, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)bytes[i] * scale + shift;
}

ALWAYS_INLINE void convert_row_by_feature(const uint8_t *restrict bytes, size_t count,
                                          const float *restrict scale, const float *restrict shift,
                                          float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)bytes[i] * scale[i] + shift[i];
}

static void convert_any(const struct batches *batches, const uint8_t *bytes, size_t count,
                        float *to)
{
    if (batches->feature_scale)
        convert_row_by_feature(bytes, count, batches->feature_scale, batches->feature_shift, to);
    else
        convert_row(bytes, count, batches->scale, batches->shift, to);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
convert_avx2(const struct batches *batches, const uint8_t *bytes, size_t count, float *to)
{
    if (batches->feature_scale)
        convert_row_by_feature(bytes, count, batches->feature_scale, batches->feature_shift, to);
    else
        convert_row(bytes, count, batches->scale, batches->shift, to);
}
#endif

static void convert_bytes(const struct batches *batches, const uint8_t *bytes, size_t count,
                          float *to)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        convert_avx2(batches, bytes, count, to);
        return;
    }
#endif
    convert_any(batches, bytes, count, to);
}

static void convert_floats(const struct batches *batches, const float *restrict from, size_t count,
                           float *restrict to)
{
    const float *scale = batches->feature_scale, *shift = batches->feature_shift;

    if (scale) {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * scale[i] + shift[i];
    } else if (batches->standardize == STANDARDIZE_NONE) {
        memcpy(to, from, count * sizeof *to);
    } else {
        for (size_t i = 0; i < count; i++)
            to[i] = from[i] * batches->scale + batches->shift;
    }
}

static void take_features(const struct batches *batches, const struct dataset_part *part,
                          size_t row, float *to)
{
    const size_t count = batches->dataset->feature_count;

    if (part->bytes)
        convert_bytes(batches, part->bytes + row * count, count, to);
    else
        convert_floats(batches, part->floats + row * count, count, to);
}

static void take_answer(const struct batches *batches, const struct dataset_part *part, size_t row,
                        size_t place, uint16_t *labels, float *targets)
{
    const size_t count = batches->dataset->target_count;

    if (part->labels)
        labels[place] = part->labels[row];
    else
        memcpy(targets + place * count, part->targets + row * count, count * sizeof *targets);
}

/* Shuffled rows are far apart in memory: ask for them while others are converted. */
static void ask_for(const struct batches *batches, const struct dataset_part *part, size_t row)
{
    const size_t count = batches->dataset->feature_count;
    const size_t bytes = part->bytes ? count : count * sizeof(float);
    const char *from = part->bytes ? (const char *)part->bytes : (const char *)part->floats;

    for (size_t at = 0; at < bytes; at += CACHE_LINE_BYTES)
        __builtin_prefetch(from + row * bytes + at, 0, SECOND_LEVEL);
}

void batches_named(const struct batches *batches, const struct dataset_part *part,
                   const uint32_t *rows, uint32_t count, float *features, uint16_t *labels,
                   float *targets)
{
    const size_t feature_count = batches->dataset->feature_count;

    for (uint32_t i = 0; i < count && i < ROWS_AHEAD; i++)
        ask_for(batches, part, rows[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (i + ROWS_AHEAD < count)
            ask_for(batches, part, rows[i + ROWS_AHEAD]);
        take_features(batches, part, rows[i], features + i * feature_count);
        take_answer(batches, part, rows[i], i, labels, targets);
    }
}

uint32_t batches_take(struct batches *batches, uint64_t k, float *features, uint16_t *labels,
                      float *targets)
{
    const struct dataset_part *part = &batches->dataset->train;
    const uint64_t epoch = k / batches->per_epoch;
    const uint32_t first = (uint32_t)(k % batches->per_epoch) * batches->batch_size;
    const uint32_t left = part->count - first;
    const uint32_t count = left < batches->batch_size ? left : batches->batch_size;
    const struct permutation order =
        permutation_stream(batches->seed, RANDOM_SHUFFLE, epoch, part->count);
    uint32_t *rows = batches->rows;

    for (uint32_t i = 0; i < count; i++)
        rows[i] = permutation_at(&order, first + i);
    batches_named(batches, part, rows, count, features, labels, targets);
    return count;
}

void batches_rows(struct batches *batches, const struct dataset_part *part, uint32_t first,
                  uint32_t count, float *features, uint16_t *labels, float *targets)
{
    const size_t feature_count = batches->dataset->feature_count;

    for (uint32_t i = 0; i < count; i++) {
        take_features(batches, part, (size_t)first + i, features + i * feature_count);
        take_answer(batches, part, (size_t)first + i, i, labels, targets);
    }
}
