/*
 * L-BFGS (Nocedal, 1980; Liu and Nocedal, 1989) on all examples, with a line search for the strong
 * Wolfe conditions: the classical baseline of second-order methods.
 *
 * Each iteration ends with the loss and the gradient where it leads, and the next begins with them,
 * so an iteration costs one gradient where the line search is content with its first step.
 */
#include "optimizers/optimizers.h"

#include "math/vectors.h"
#include "optimizers/lbfgs_pairs.h"
#include "optimizers/wolfe.h"

#include <string.h>

enum { HISTORY = OPTIMIZER_OWN, DECREASE, CURVATURE, TRIES };

static const struct setting settings[] = {
    [OPTIMIZER_LR] = {.name = "lr",
                      .type = SETTING_NUMBER,
                      .low = 0,
                      .above_low = true,
                      .high = 1e3,
                      .fallback = 1,
                      .help = "the step that the line search tries first, but in the first "
                              "iteration, where it goes by the gradient's norm"},
    [OPTIMIZER_WEIGHT_DECAY] = {.name = "weight_decay",
                                .type = SETTING_NUMBER,
                                .low = 0,
                                .high = 1e3,
                                .help = "adds half of it times the squared norm of the weights to "
                                        "the loss"},
    [HISTORY] = {.name = "history",
                 .type = SETTING_INTEGER,
                 .low = 1,
                 .high = PAIRS_MAX,
                 .fallback = 10,
                 .help = "steps that it remembers, two vectors as long as the weights each"},
    [DECREASE] = {.name = "decrease",
                  .type = SETTING_NUMBER,
                  .low = 0,
                  .above_low = true,
                  .high = 0.5,
                  .below_high = true,
                  .fallback = 1e-4,
                  .help = "Wolfe's c1: the part of the slope's promise that a step must keep"},
    [CURVATURE] = {.name = "curvature",
                   .type = SETTING_NUMBER,
                   .low = 0.5,
                   .high = 1,
                   .below_high = true,
                   .fallback = 0.9,
                   .help = "Wolfe's c2: the part of the slope that may be left after a step"},
    [TRIES] = {.name = "tries",
               .type = SETTING_INTEGER,
               .low = 1,
               .high = 100,
               .fallback = 20,
               .help = "gradients that one line search may take"},
    {0},
};

enum { BEGUN, LOSS, PASSES, PAIR_COUNT, PAIR_NEXT, SCALARS };

struct iteration {
    const struct chosen *chosen;
    struct weights *weights;
    struct landscape *landscape;
    size_t dimension;
    double decay;
    real *gradient; /* at theta; kept */
    real *direction, *trial, *trial_gradient, *step, *change;
    struct lbfgs_pairs pairs;
    double looked_at; /* the step that trial and trial_gradient are for */
};

enum { SCRATCH_VECTORS = 5 };

static size_t extra(const struct chosen *chosen, const struct pieces *pieces)
{
    const size_t d = pieces->dimension;
    return d + lbfgs_pairs_room(d, (int)chosen->number[HISTORY]);
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    (void)chosen;
    return SCRATCH_VECTORS * pieces->dimension;
}

static void lay_out(struct iteration *it)
{
    const size_t d = it->dimension;
    const double *scalars = it->weights->scalars;
    real *free_now = it->weights->scratch;

    it->gradient = it->weights->extra;
    it->pairs = lbfgs_pairs_over(it->gradient + d, d, (int)it->chosen->number[HISTORY],
                                 (int)scalars[PAIR_COUNT], (int)scalars[PAIR_NEXT]);
    real **const vectors[SCRATCH_VECTORS] = {&it->direction, &it->trial, &it->trial_gradient,
                                             &it->step, &it->change};
    for (size_t i = 0; i < SCRATCH_VECTORS; i++)
        *vectors[i] = free_now + i * d;
}

/* Loss and gradient with weight decay. */
static double evaluate(const struct iteration *it, const real *theta, real *gradient)
{
    const struct sample all = {0, it->landscape->examples};
    double loss = it->landscape->methods->gradient(it->landscape, theta, all, gradient, NULL);
    if (it->decay != 0.0) {
        loss += 0.5 * it->decay * vector_sum_squares(it->dimension, theta);
        vector_add_scaled(it->dimension, (real)it->decay, theta, gradient);
    }
    return loss;
}

static struct line_point look_along(void *context, double step)
{
    struct iteration *it = context;
    vector_combine(it->dimension, 1.0F, it->weights->value, (real)step, it->direction, it->trial);
    const double loss = evaluate(it, it->trial, it->trial_gradient);
    it->looked_at = step;
    return (struct line_point){
        .step = step,
        .value = loss,
        .slope = vector_dot(it->dimension, it->trial_gradient, it->direction),
    };
}

/* Down by the pairs, or along the gradient where they do not lead down. The answer is the slope. */
static double choose_direction(struct iteration *it)
{
    lbfgs_pairs_apply(&it->pairs, it->gradient, it->direction);
    vector_scale(it->dimension, -1.0F, it->direction);
    const double slope = vector_dot(it->dimension, it->direction, it->gradient);
    if (slope < 0.0 || it->pairs.count == 0)
        return slope;
    it->pairs.count = 0;
    return choose_direction(it);
}

/* The first direction is no longer than it need be: nothing is known of the curvature yet. */
static double first_step(const struct iteration *it, double slope)
{
    const double rate = it->chosen->number[OPTIMIZER_LR] * it->weights->factor;
    const double norm = sqrt(-slope); /* of the gradient, where there are no pairs */
    return it->pairs.count == 0 && norm > 1.0 ? rate / norm : rate;
}

static struct line_point search(struct iteration *it, double slope)
{
    const double *number = it->chosen->number;
    const struct line_search search = {
        .decrease = number[DECREASE],
        .curvature = number[CURVATURE],
        .most = (int)number[TRIES],
        .evaluate = look_along,
        .context = it,
    };
    const struct line_point start = {.value = it->weights->scalars[LOSS], .slope = slope};
    struct line_point found = start;
    const double first = first_step(it, slope);

    if (slope < 0.0 && isfinite(slope) && first > 0.0)
        wolfe_search(&search, &start, first, &found);
    if (found.step > 0.0 && found.step != it->looked_at)
        found = look_along(it, found.step);
    return found;
}

/* Where nothing was found, the pairs are to blame: the next iteration begins without them. */
static void move(struct iteration *it, const struct line_point *found)
{
    const size_t d = it->dimension, bytes = d * sizeof(real);

    if (found->step == 0.0) {
        it->pairs.count = 0;
        return;
    }
    vector_combine(d, 1.0F, it->trial, -1.0F, it->weights->value, it->step);
    vector_combine(d, 1.0F, it->trial_gradient, -1.0F, it->gradient, it->change);
    lbfgs_pairs_add(&it->pairs, 1.0, it->step, it->change);
    memcpy(it->weights->value, it->trial, bytes);
    memcpy(it->gradient, it->trial_gradient, bytes);
    it->weights->scalars[LOSS] = found->value;
}

static void tell(const struct iteration *it, double norm, double step)
{
    double *told = it->weights->told;
    const double *scalars = it->weights->scalars;
    const double decay = 0.5 * it->decay * vector_sum_squares(it->dimension, it->weights->value);
    if (!told)
        return;
    told[METRIC_TRAIN_LOSS] = isfinite(scalars[LOSS]) ? scalars[LOSS] - decay : HUGE_VAL;
    told[METRIC_STEP_LENGTH] = step;
    told[METRIC_GRADIENT_NORM] = norm;
    told[METRIC_GRADIENT_SAMPLE] = it->landscape->examples;
    told[METRIC_WORK] = scalars[PASSES] / (double)it->landscape->examples;
}

static void iterate(struct iteration *it)
{
    double *scalars = it->weights->scalars;
    const double passes = it->landscape->passes;

    if (scalars[BEGUN] == 0.0)
        scalars[LOSS] = evaluate(it, it->weights->value, it->gradient);
    scalars[BEGUN] = 1.0;
    const double norm = sqrt(vector_sum_squares(it->dimension, it->gradient));
    const double slope = choose_direction(it);
    const struct line_point found = search(it, slope);
    move(it, &found);
    scalars[PASSES] += it->landscape->passes - passes;
    scalars[PAIR_COUNT] = it->pairs.count;
    scalars[PAIR_NEXT] = it->pairs.next;
    tell(it, norm, found.step);
}

static int drive(const struct chosen *chosen, struct weights *weights, struct landscape *landscape,
                 struct error *err)
{
    struct iteration it = {
        .chosen = chosen,
        .weights = weights,
        .landscape = landscape,
        .dimension = weights->count,
        .decay = chosen->number[OPTIMIZER_WEIGHT_DECAY],
    };
    (void)err;
    lay_out(&it);
    iterate(&it);
    return 0;
}

const struct optimizer lbfgs_optimizer = {
    .name = "lbfgs",
    .help = "limited-memory BFGS on all examples with a Wolfe line search (Liu and Nocedal, 1989)",
    .settings = settings,
    .decay = DECAY_OWN,
    .whole = true,
    .scalar_count = SCALARS,
    .extra = extra,
    .scratch = scratch,
    .drive = drive,
};
