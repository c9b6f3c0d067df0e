/*
 * Hessian-free optimization (Martens, 2010; Martens and Sutskever, 2012): each outer iteration
 * minimises the quadratic model of the loss
 *
 *     q(d) = g'd + 1/2 d' (G + weight_decay) d,   G the Gauss-Newton matrix on a sample
 *
 * under Levenberg-Marquardt damping lambda by truncated conjugate gradients, goes back over the
 * iterates that were kept while the loss improves, sets lambda by how well the model foresaw the
 * change, and searches along the direction found.
 *
 * What makes it fast (Sainath, Horesh, Kingsbury, Aravkin and Ramabhadran, 2013, arXiv 1309.1508):
 * the pairs of the last solve as preconditioner of the next one, which never forms the matrix, and
 * samples of gradient and curvature that grow.
 *
 * An iteration changes what it keeps at its end only.
 */
#include "optimizers/hf_inside.h"

#include "math/vectors.h"

#include <string.h>

#define FRACTION(title, value, can_be_null, sentence)                                              \
    {                                                                                              \
        .name = (title), .type = SETTING_NUMBER, .nullable = (can_be_null), .low = 0,              \
        .above_low = true, .high = 1, .fallback = (value), .help = (sentence)                      \
    }

static const struct setting settings[] = {
    [OPTIMIZER_LR] = {.name = "lr",
                      .type = SETTING_NUMBER,
                      .low = 0,
                      .above_low = true,
                      .high = 1e3,
                      .fallback = 1,
                      .help = "the step that the line search tries first, as a part of what the "
                              "model says"},
    [OPTIMIZER_WEIGHT_DECAY] = {.name = "weight_decay",
                                .type = SETTING_NUMBER,
                                .low = 0,
                                .high = 1e3,
                                .help = "adds half of it times the squared norm of the weights to "
                                        "the loss, such as 0.00002"},
    [INITIAL_LAMBDA] = {.name = "lambda",
                        .type = SETTING_NUMBER,
                        .low = 0,
                        .above_low = true,
                        .high = 1e12,
                        .fallback = 45,
                        .help = "damping of the first iteration; each one adapts it"},
    [CG_MOST] = {.name = "cg_most",
                 .type = SETTING_INTEGER,
                 .low = 1,
                 .high = CG_ITERATIONS_MAX,
                 .fallback = 250,
                 .unit = "iterations",
                 .help = "of conjugate gradients in one outer iteration, at most"},
    [CG_LEAST] = {.name = "cg_least",
                  .type = SETTING_INTEGER,
                  .low = 1,
                  .high = CG_ITERATIONS_MAX,
                  .fallback = 1,
                  .unit = "iterations",
                  .help = "before the rule to stop is looked at"},
    [WARM_START] = {.name = "warm_start",
                    .type = SETTING_NUMBER,
                    .low = 0,
                    .high = 1,
                    .fallback = 0.95,
                    .help = "the part of the last solve's end at which the next one begins"},
    [PRECONDITIONER] = {.name = "preconditioner",
                        .type = SETTING_CHOICE,
                        .choices = "none|diagonal|lbfgs|lbfgs_live",
                        .fallback_text = "lbfgs",
                        .help = "of conjugate gradients: the examples' squared gradients to the "
                                "power 3/4, the pairs of the last solve, or those of this one too"},
    [PAIRS] = {.name = "pairs",
               .type = SETTING_INTEGER,
               .low = 1,
               .high = PAIRS_MAX,
               .fallback = 16,
               .help = "that the preconditioner lbfgs keeps, two vectors as long as the weights "
                       "each"},
    [PAIR_CHOICE] = {.name = "pair_choice",
                     .type = SETTING_CHOICE,
                     .choices = "last|spread",
                     .fallback_text = "last",
                     .help =
                         "which ones where a solve has more: its last ones, or some from all of "
                         "it (Morales and Nocedal, 2000)"},
    [GRADIENT_SAMPLING] = {.name = "gradient_sampling",
                           .type = SETTING_CHOICE,
                           .choices = "fixed|geometric|variance",
                           .fallback_text = "fixed",
                           .help = "which part of the examples gradients and losses are taken on: "
                                   "the same throughout, growing by a factor, or as their variance "
                                   "asks for (Byrd et al., 2012)"},
    [GRADIENT_START] = FRACTION("gradient_start", 0, true,
                                "that part in the first iteration; null: 1 where fixed, else 0.1"),
    [GRADIENT_GROWTH] = {.name = "gradient_growth",
                         .type = SETTING_NUMBER,
                         .nullable = true,
                         .low = 1,
                         .above_low = true,
                         .high = 100,
                         .fallback = 1.3,
                         .help = "factor per iteration where geometric; null: what the variance "
                                 "asks for in the first three"},
    [GRADIENT_MOST] = FRACTION("gradient_most", 1, false, "that part at most"),
    [VARIANCE_RATIO] = {.name = "variance_ratio",
                        .type = SETTING_NUMBER,
                        .low = 0,
                        .high = 1,
                        .above_low = true,
                        .below_high = true,
                        .fallback = 0.5,
                        .help = "how large the gradient's sampling error may be beside it, where "
                                "the variance decides"},
    [CURVATURE_SAMPLING] = {.name = "curvature_sampling",
                            .type = SETTING_CHOICE,
                            .choices = "fixed|geometric|variance",
                            .fallback_text = "fixed",
                            .help = "which part of the examples curvature products are taken on; "
                                    "with variance a part of the gradient's sample"},
    [CURVATURE_START] = FRACTION("curvature_start", 0, true,
                                 "that part in the first iteration; null: 0.01, but at least 512 "
                                 "examples"),
    [CURVATURE_GROWTH] = {.name = "curvature_growth",
                          .type = SETTING_NUMBER,
                          .low = 1,
                          .above_low = true,
                          .high = 100,
                          .fallback = 1.2,
                          .help = "factor per iteration where geometric"},
    [CURVATURE_MOST] =
        FRACTION("curvature_most", 0.05, false, "that part at most, unless it starts with more"),
    [CURVATURE_RATIO] = FRACTION("curvature_ratio", 0.2, false,
                                 "the curvature's part of the gradient's sample, with variance"),
    {0},
};

static size_t pairs_room(const struct chosen *chosen, size_t dimension)
{
    return has_pairs(chosen) ? lbfgs_pairs_room(dimension, (int)chosen->number[PAIRS]) : 0;
}

static size_t extra(const struct chosen *chosen, const struct pieces *pieces)
{
    return pieces->dimension + pairs_room(chosen, pieces->dimension);
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    const size_t kept = (size_t)cg_kept_most((int)chosen->number[CG_MOST]);
    const size_t d = pieces->dimension;
    return (3 + kept) * d + cg_scratch(d) + pairs_room(chosen, d);
}

static real *cut(real **block, size_t count)
{
    real *piece = *block;
    *block += count;
    return piece;
}

static void lay_out(struct iteration *it)
{
    const struct chosen *chosen = it->chosen;
    const size_t d = it->dimension, pairs = pairs_room(chosen, d);
    const int most = (int)chosen->number[PAIRS];
    real *scratch_left = it->weights->scratch, *extra_left = it->weights->extra;

    it->trial = cut(&scratch_left, d);
    it->squares = cut(&scratch_left, d);
    it->solution = cut(&scratch_left, d);
    it->cg_scratch = cut(&scratch_left, cg_scratch(d));
    real *fresh = cut(&scratch_left, pairs);
    it->iterates = scratch_left;
    it->last = cut(&extra_left, d);
    if (pairs == 0)
        return;
    it->kept = lbfgs_pairs_over(extra_left, d, most, (int)it->scalars[PAIR_COUNT],
                                (int)it->scalars[PAIR_NEXT]);
    it->fresh = lbfgs_pairs_over(fresh, d, most, 0, 0);
    if (chosen->number[PRECONDITIONER] == LBFGS_LIVE)
        lbfgs_pairs_copy(&it->kept, &it->fresh);
}

static void keep_all(struct iteration *it)
{
    if (vector_is_finite(it->dimension, it->solution))
        memcpy(it->last, it->solution, it->dimension * sizeof(real));
    keep_pairs(it);
    memcpy(it->weights->scalars, it->scalars, sizeof it->scalars);
}

static void tell(const struct iteration *it, double loss, double rate, double ratio)
{
    double *told = it->weights->told;
    if (!told)
        return;
    told[METRIC_TRAIN_LOSS] = loss;
    told[METRIC_CG_ITERATIONS] = it->cg.iterations;
    told[METRIC_LAMBDA] = it->scalars[LAMBDA];
    told[METRIC_RHO] = isfinite(ratio) ? ratio : (double)NAN;
    told[METRIC_STEP_LENGTH] = rate;
    told[METRIC_GRADIENT_NORM] = it->norm;
    told[METRIC_GRADIENT_SAMPLE] = it->gradient_sample.count;
    told[METRIC_CURVATURE_SAMPLE] = it->curvature_sample.count;
    told[METRIC_WORK] = it->scalars[PASSES] / (double)it->landscape->examples;
}

static void iterate(struct iteration *it)
{
    const double passes = it->landscape->passes;
    double rate = 0.0, ratio = (double)NAN;

    choose_samples(it);
    take_gradient(it);
    if (isfinite(it->loss) && isfinite(it->norm)) {
        solve(it);
        if (it->cg.iterations > 0 || it->cg.value[0] < 0.0)
            move(it, &rate, &ratio);
    } else {
        it->loss = HUGE_VAL; /* which the trainer takes for diverged */
        memset(it->solution, 0, it->dimension * sizeof(real));
    }
    it->scalars[PASSES] += it->landscape->passes - passes;
    keep_all(it);
    tell(it, it->loss - decay_at(it, it->weights->value), rate, ratio);
}

static int drive(const struct chosen *chosen, struct weights *weights, struct landscape *landscape,
                 struct error *err)
{
    struct iteration it = {
        .chosen = chosen,
        .weights = weights,
        .landscape = landscape,
        .dimension = weights->count,
        .rate = chosen->number[OPTIMIZER_LR] * weights->factor,
        .decay = chosen->number[OPTIMIZER_WEIGHT_DECAY],
        .stride = 1,
    };
    (void)err;
    memcpy(it.scalars, weights->scalars, sizeof it.scalars);
    if (it.scalars[BEGUN] == 0.0)
        it.scalars[LAMBDA] = chosen->number[INITIAL_LAMBDA];
    it.scalars[BEGUN] = 1.0;
    lay_out(&it);
    iterate(&it);
    return 0;
}

static int accepts(const struct chosen *chosen, const struct landscape *landscape,
                   struct error *err)
{
    if (!landscape->has_curvature)
        return error_set(err, "hf needs products with the curvature, which this objective does not "
                              "give; take lbfgs, or adam");
    if (landscape->has_squares || !needs_squares(chosen))
        return 0;
    if (chosen->number[PRECONDITIONER] == DIAGONAL)
        return error_set(err, "the preconditioner diagonal needs the examples' squared gradients, "
                              "which this model does not give; take lbfgs, or none");
    return error_set(err, "sampling by variance needs the examples' squared gradients, which this "
                          "model does not give; take geometric with a gradient_growth");
}

const struct optimizer hf_optimizer = {
    .name = "hf",
    .help = "Hessian-free: Gauss-Newton steps by truncated conjugate gradients (Martens, 2010; "
            "Sainath et al., 2013)",
    .settings = settings,
    .decay = DECAY_OWN,
    .whole = true,
    .needs_curvature = true,
    .scalar_count = SCALARS,
    .extra = extra,
    .scratch = scratch,
    .drive = drive,
    .accepts = accepts,
};
