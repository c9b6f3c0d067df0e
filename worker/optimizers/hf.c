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
#include "optimizers/optimizers.h"

#include "math/vectors.h"
#include "optimizers/conjugate_gradients.h"
#include "optimizers/lbfgs_pairs.h"
#include "optimizers/sampling.h"

#include <string.h>

enum {
    INITIAL_LAMBDA = OPTIMIZER_OWN,
    CG_MOST,
    CG_LEAST,
    WARM_START,
    PRECONDITIONER,
    PAIRS,
    PAIR_CHOICE,
    GRADIENT_SAMPLING,
    GRADIENT_START,
    GRADIENT_GROWTH,
    GRADIENT_MOST,
    VARIANCE_RATIO,
    CURVATURE_SAMPLING,
    CURVATURE_START,
    CURVATURE_GROWTH,
    CURVATURE_MOST,
    CURVATURE_RATIO,
};

/* The choices, in the order of their settings. */
enum { NO_PRECONDITIONER, DIAGONAL, LBFGS, LBFGS_LIVE };
enum { FIXED, GEOMETRIC, VARIANCE };
enum { LAST, SPREAD };

enum { CURVATURE_LEAST = 512 }; /* examples, where nobody says how many */

/* Far outside of what matters, so that a run that stands still does not go over. */
#define LAMBDA_LEAST 1e-20
#define LAMBDA_MOST  1e20

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

/* What it keeps from one iteration to the next, beside the last solve's end and the pairs. */
enum {
    BEGUN,
    LAMBDA,
    PASSES, /* the run's cost so far */
    PAIR_COUNT,
    PAIR_NEXT,
    GRADIENT_COUNT, /* examples that the variance asks for; 0: not yet */
    FIRST_COUNT,    /* and what the first iteration had */
    SCALARS,
};

struct iteration {
    const struct chosen *chosen;
    struct weights *weights;
    struct landscape *landscape;
    size_t dimension;
    double scalars[SCALARS]; /* as they will be */
    double rate;             /* the first step length */
    double decay;            /* weight decay */
    struct sample gradient_sample, curvature_sample;
    double loss; /* at theta, with decay */
    double norm; /* of the gradient */
    real *trial, *squares, *solution, *iterates, *cg_scratch;
    real *last;                     /* the last solve's end, among what is kept */
    struct lbfgs_pairs kept, fresh; /* those of the last solve, and those of this one */
    int seen, stride; /* pairs of this solve, and which of them are taken: each so many-th */
    struct cg_solution cg;
};

static bool has_pairs(const struct chosen *chosen)
{
    return chosen->number[PRECONDITIONER] >= LBFGS;
}

static bool follows_variance(const struct chosen *chosen)
{
    return chosen->number[GRADIENT_SAMPLING] == VARIANCE ||
           (chosen->number[GRADIENT_SAMPLING] == GEOMETRIC &&
            isnan(chosen->number[GRADIENT_GROWTH]));
}

static bool needs_squares(const struct chosen *chosen)
{
    return chosen->number[PRECONDITIONER] == DIAGONAL || follows_variance(chosen);
}

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

/* --- samples -----------------------------------------------------------------------------------*/

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
static void choose_samples(struct iteration *it)
{
    const uint64_t draw = (uint64_t)it->weights->step;
    it->gradient_sample = (struct sample){draw, gradient_count(it)};
    it->curvature_sample = (struct sample){draw, curvature_count(it)};
}

/* The gradient's own variance says how many examples the next iteration takes. */
static void note_variance(struct iteration *it)
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

/* --- loss and model ----------------------------------------------------------------------------*/

static double decay_at(const struct iteration *it, const real *theta)
{
    return it->decay == 0.0 ? 0.0 : 0.5 * it->decay * vector_sum_squares(it->dimension, theta);
}

/* A loss that is no number counts as endlessly high. */
static double loss_at(const struct iteration *it, const real *theta, struct sample sample)
{
    const double loss =
        it->landscape->methods->loss(it->landscape, theta, sample) + decay_at(it, theta);
    return isfinite(loss) ? loss : HUGE_VAL;
}

static const real *try_step(const struct iteration *it, double rate, const real *delta)
{
    vector_combine(it->dimension, 1.0F, it->weights->value, (real)rate, delta, it->trial);
    return it->trial;
}

static void take_gradient(struct iteration *it)
{
    struct weights *weights = it->weights;
    it->loss = it->landscape->methods->gradient(it->landscape, weights->value, it->gradient_sample,
                                                weights->gradient,
                                                needs_squares(it->chosen) ? it->squares : NULL) +
               decay_at(it, weights->value);
    note_variance(it);
    if (it->decay != 0.0)
        vector_add_scaled(it->dimension, (real)it->decay, weights->value, weights->gradient);
    it->norm = sqrt(vector_sum_squares(it->dimension, weights->gradient));
}

/* (G + lambda + weight_decay) vector */
static void apply_model(void *context, const real *vector, real *out)
{
    const struct iteration *it = context;
    it->landscape->methods->product(it->landscape, vector, out);
    vector_add_scaled(it->dimension, (real)(it->scalars[LAMBDA] + it->decay), vector, out);
}

/* --- preconditioners ---------------------------------------------------------------------------*/

/* Martens' (mean of the squared gradients + lambda + decay)^(3/4), turned over. */
static void invert_squares(const struct iteration *it)
{
    const double part = 1.0 / (double)it->gradient_sample.count;
    const double damping = it->scalars[LAMBDA] + it->decay;
    for (size_t i = 0; i < it->dimension; i++)
        it->squares[i] = (real)pow((double)it->squares[i] * part + damping, -0.75);
}

static void by_squares(void *context, const real *residual, real *out)
{
    const struct iteration *it = context;
    memcpy(out, residual, it->dimension * sizeof(real));
    vector_multiply(it->dimension, it->squares, out);
}

static void by_kept_pairs(void *context, const real *residual, real *out)
{
    const struct iteration *it = context;
    lbfgs_pairs_apply(&it->kept, residual, out);
}

static void by_fresh_pairs(void *context, const real *residual, real *out)
{
    const struct iteration *it = context;
    lbfgs_pairs_apply(&it->fresh, residual, out);
}

static void note_pair(void *context, double step, const real *direction, const real *product)
{
    struct iteration *it = context;
    const bool spread = it->chosen->number[PAIR_CHOICE] == SPREAD && it->fresh.most > 1;

    if (spread && it->seen++ % it->stride != 0)
        return;
    if (spread && it->fresh.count == it->fresh.most) {
        lbfgs_pairs_thin(&it->fresh);
        it->stride *= 2;
    }
    lbfgs_pairs_add(&it->fresh, step, direction, product);
}

static struct linear_system system_of(struct iteration *it)
{
    struct linear_system system = {
        .dimension = it->dimension,
        .gradient = it->weights->gradient,
        .apply = apply_model,
        .moved = has_pairs(it->chosen) ? note_pair : NULL,
        .context = it,
    };
    switch ((int)it->chosen->number[PRECONDITIONER]) {
    case DIAGONAL:
        invert_squares(it);
        system.precondition = by_squares;
        break;
    case LBFGS:
        system.precondition = it->kept.count > 0 ? by_kept_pairs : NULL;
        break;
    case LBFGS_LIVE:
        system.precondition = by_fresh_pairs;
        break;
    default:
        break;
    }
    return system;
}

static void solve(struct iteration *it)
{
    const double *number = it->chosen->number;
    const struct linear_system system = system_of(it);

    vector_combine(it->dimension, (real)number[WARM_START], it->last, 0.0F, it->last, it->solution);
    it->landscape->methods->curve_at(it->landscape, it->weights->value, it->curvature_sample);
    cg_solve(&system, (int)number[CG_LEAST], (int)number[CG_MOST], it->solution, it->iterates,
             it->cg_scratch, &it->cg);
}

/* --- the way from there ------------------------------------------------------------------------*/

struct candidate {
    const real *delta;
    double value; /* of the damped model */
    double loss;  /* on the gradient's sample */
};

static struct candidate candidate_at(const struct iteration *it, int kept)
{
    const real *delta = it->iterates + (size_t)kept * it->dimension;
    return (struct candidate){
        .delta = delta,
        .value = it->cg.value[it->cg.at[kept]],
        .loss = loss_at(it, try_step(it, 1.0, delta), it->gradient_sample),
    };
}

/* From the last iterate back, as long as the loss gets better. */
static struct candidate go_back(const struct iteration *it)
{
    struct candidate best = candidate_at(it, it->cg.kept - 1);
    for (int i = it->cg.kept - 2; i >= 0; i--) {
        const struct candidate earlier = candidate_at(it, i);
        if (earlier.loss >= best.loss && isfinite(best.loss))
            break;
        best = earlier;
    }
    return best;
}

/* How the loss on the curvature's sample changes by what the undamped model says. */
static double reduction_ratio(const struct iteration *it, const struct candidate *found)
{
    const double damping =
        0.5 * it->scalars[LAMBDA] * vector_sum_squares(it->dimension, found->delta);
    const double foreseen = found->value - damping;
    double before = it->loss, after = found->loss;

    if (it->curvature_sample.count != it->gradient_sample.count) {
        before = loss_at(it, it->weights->value, it->curvature_sample);
        after = loss_at(it, try_step(it, 1.0, found->delta), it->curvature_sample);
    }
    return foreseen < 0.0 ? (after - before) / foreseen : (double)NAN;
}

static void adapt_lambda(struct iteration *it, double ratio)
{
    if (!(ratio >= 0.25))
        it->scalars[LAMBDA] *= 1.5;
    else if (ratio > 0.75)
        it->scalars[LAMBDA] *= 2.0 / 3.0;
    it->scalars[LAMBDA] = fmin(fmax(it->scalars[LAMBDA], LAMBDA_LEAST), LAMBDA_MOST);
}

/* Along the direction, not along the gradient. The answer is the step length; 0: none goes down.
 * `trial` and found->loss are where it leads. */
static double search_along(const struct iteration *it, struct candidate *found)
{
    enum { TRIES = 60 };
    const double slope = fmin(vector_dot(it->dimension, it->weights->gradient, found->delta), 0.0);
    double rate = it->rate;

    for (int i = 0; i < TRIES && rate > 0.0; i++) {
        const real *trial = try_step(it, rate, found->delta);
        if (i > 0 || rate != 1.0)
            found->loss = loss_at(it, trial, it->gradient_sample);
        if (found->loss <= it->loss + 1e-2 * rate * slope)
            return rate;
        rate *= 0.8;
    }
    return 0.0;
}

/* The new pairs take the place of the old ones where there are half as many as can be at least, and
 * the solve did not break down; the first ones are better than none. */
static void keep_pairs(struct iteration *it)
{
    const bool live = it->chosen->number[PRECONDITIONER] == LBFGS_LIVE;
    const bool enough = 2 * it->fresh.count >= it->fresh.most && !it->cg.fell;
    if (!has_pairs(it->chosen) || !(live || enough || it->kept.count == 0))
        return;
    lbfgs_pairs_copy(&it->fresh, &it->kept);
    it->scalars[PAIR_COUNT] = it->kept.count;
    it->scalars[PAIR_NEXT] = it->kept.next;
}

static void keep_all(struct iteration *it)
{
    if (vector_is_finite(it->dimension, it->solution))
        memcpy(it->last, it->solution, it->dimension * sizeof(real));
    keep_pairs(it);
    memcpy(it->weights->scalars, it->scalars, sizeof it->scalars);
}

/* --- one iteration -----------------------------------------------------------------------------*/

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

/* Down the best of the directions that the solve kept. */
static void move(struct iteration *it, double *rate, double *ratio)
{
    struct candidate found = go_back(it);
    *ratio = reduction_ratio(it, &found);
    adapt_lambda(it, *ratio);
    *rate = search_along(it, &found);
    if (*rate == 0.0)
        return;
    it->loss = found.loss;
    memcpy(it->weights->value, it->trial, it->dimension * sizeof(real));
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
