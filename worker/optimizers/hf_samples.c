/* The samples of Hessian-free optimization: fixed, growing, or as the variance asks
 * (training.md 6.7). */
#include "optimizers/hf_inside.h"

#include "math/vectors.h"
#include "optimizers/sampling.h"

static uint32_t at_most(uint32_t count, uint32_t most)
{
    return count < most ? count : most;
}

static uint32_t gradient_start(const struct iteration *it)
{
    const double given = it->chosen->number[GRADIENT_START];
    const bool fixed = it->chosen->number[GRADIENT_SAMPLING] == FIXED;
    return sample_part(isnan(given) ? (fixed ? 1.0 : 0.1) : given, it->landscape->examples);
}

enum { ESTIMATED_BY = 3 }; /* iterations after which an unknown growth is settled */

/* What the variance made of the first sample in three iterations, per iteration. */
static double estimated_growth(const struct iteration *it)
{
    const double grown = it->scalars[GRADIENT_COUNT] / it->scalars[FIRST_COUNT];
    return fmin(fmax(cbrt(grown), 1.05), 2.0);
}

static uint32_t gradient_count(const struct iteration *it)
{
    const double *number = it->chosen->number;
    const uint32_t start = gradient_start(it);
    const uint32_t most = sample_part(number[GRADIENT_MOST], it->landscape->examples);
    const int64_t k = it->weights->step - 1;
    const uint32_t asked = (uint32_t)it->scalars[GRADIENT_COUNT];

    if (number[GRADIENT_SAMPLING] == FIXED || (follows_variance(it->chosen) && asked == 0))
        return at_most(start, most);
    if (!follows_variance(it->chosen))
        return sample_grown(start, number[GRADIENT_GROWTH], k, most);
    if (number[GRADIENT_SAMPLING] == VARIANCE || k < ESTIMATED_BY)
        return at_most(asked, most);
    return sample_grown(asked, estimated_growth(it), k - ESTIMATED_BY, most);
}

static uint32_t curvature_count(const struct iteration *it)
{
    const double *number = it->chosen->number;
    const uint32_t examples = it->landscape->examples;
    const uint32_t most = sample_part(number[CURVATURE_MOST], examples);
    uint32_t start = isnan(number[CURVATURE_START])
                         ? sample_part(0.01, examples)
                         : sample_part(number[CURVATURE_START], examples);

    if (isnan(number[CURVATURE_START]) && start < CURVATURE_LEAST)
        start = at_most(CURVATURE_LEAST, examples);
    if (number[CURVATURE_SAMPLING] == FIXED)
        return start;
    if (number[CURVATURE_SAMPLING] == GEOMETRIC)
        return sample_grown(start, number[CURVATURE_GROWTH], it->weights->step - 1,
                            most > start ? most : start);
    const uint32_t part = sample_part(number[CURVATURE_RATIO], it->gradient_sample.count);
    return at_most(part, most > start ? most : start);
}

/* Both are beginnings of the same shuffle, so the curvature's is a part of the gradient's. */
void choose_samples(struct iteration *it)
{
    const uint64_t draw = (uint64_t)it->weights->step;
    it->gradient_sample = (struct sample){draw, gradient_count(it)};
    it->curvature_sample = (struct sample){draw, curvature_count(it)};
}

void note_variance(struct iteration *it)
{
    const uint32_t count = it->gradient_sample.count;
    const bool settled =
        it->chosen->number[GRADIENT_SAMPLING] == GEOMETRIC && it->weights->step > ESTIMATED_BY;
    if (!follows_variance(it->chosen) || settled)
        return;
    const struct variance_test test = {
        .variance = sample_variance(count, it->dimension, it->squares, it->weights->gradient),
        .squared_norm = vector_sum_squares(it->dimension, it->weights->gradient),
        .ratio = it->chosen->number[VARIANCE_RATIO],
        .count = count,
        .examples = it->landscape->examples,
    };
    it->scalars[GRADIENT_COUNT] = (double)variance_test_wants(&test);
    if (it->weights->step == 1)
        it->scalars[FIRST_COUNT] = (double)count;
}
