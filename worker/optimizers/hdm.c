/*
 * Hypergradient descent with heavy ball and null step (HDM; Chu, Gao, Ye and Udell, 2025, arXiv
 * 2502.11229; the theory is Gao, Chu, Ye and Udell, 2025, arXiv 2411.01803). It drives the whole
 * objective, without noise: one gradient an iteration.
 *
 *     ahead = theta - P gradient + b (theta - the theta before); P and b then take a step of
 *     AdaGrad down the derivative of f(ahead), normalised by |gradient|^2; theta moves ahead only
 *     where f is less there (else a null step: P and b have learned, theta stays).
 *
 * After enough good steps the smoothness L is guessed from the gradients seen, and P's rate becomes
 * 1/L. Where f(ahead) or its gradient is not finite, P is halved instead, and b is left alone.
 */
#include "optimizers/optimizers.h"

#include "math/vectors.h"

#include <string.h>

enum {
    STEP_LR = OPTIMIZER_OWN,
    BALL_LR,
    PRECONDITIONER,
    MOMENTUM,
    CONVEX,
    LIPSCHITZ,
    TOLERANCE,
    PLANNED,
};
enum { DIAGONAL, SCALAR };

/* The memory; the last two only where P is diagonal. */
enum { BEFORE, GRADIENT, P, P_SQUARES, MEMORY };

/* The scalars; ONE_P and ONE_SQUARES are P where it is a scalar. */
enum {
    LOSS,
    BALL,         /* b */
    BALL_SQUARES, /* S_b */
    RATE,         /* eta_P */
    FIRST_RATE,   /* eta_P0 */
    SMOOTHNESS,   /* L; NaN: unknown */
    GUESSED,
    GOOD_STEPS,
    RATIOS,      /* the sum of |gradient change| / |theta change| … */
    RATIO_COUNT, /* … and how many */
    ONE_P,
    ONE_SQUARES,
    WORK,
    SCALARS,
};

static const struct setting settings[] = {
    {.name = "lr",
     .type = SETTING_NUMBER,
     .low = 0,
     .above_low = true,
     .high = 1e6,
     .fallback = 1,
     .help = "scale on the step along P's direction; P learns what the rate should be"},
    {.name = "weight_decay",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e3,
     .help = "adds half of it times the squared weights to the loss"},
    {.name = "hyper_lr",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 0,
     .above_low = true,
     .high = 1e12,
     .help = "how fast P learns; null: 2 / lipschitz (convex: 10 / lipschitz), or 0.1 without it"},
    {.name = "momentum_lr",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e12,
     .fallback = 1,
     .help = "how fast the heavy ball's coefficient learns"},
    {.name = "preconditioner",
     .type = SETTING_CHOICE,
     .choices = "diagonal|scalar",
     .fallback_text = "diagonal",
     .help = "P: a rate for each parameter, or one for all"},
    OPTIMIZER_FRACTION("momentum", 0.95, "the heavy ball's coefficient to begin with"),
    {.name = "convex",
     .type = SETTING_FLAG,
     .help = "the loss is convex: P stays within 0 and 1e10 / lipschitz, which must be given"},
    {.name = "lipschitz",
     .type = SETTING_NUMBER,
     .nullable = true,
     .low = 1e-30, /* P begins at about 1 / this, which must be finite */
     .high = 1e30,
     .help = "smoothness of the mean loss: its greatest curvature; null: not known"},
    {.name = "tolerance",
     .type = SETTING_NUMBER,
     .low = 0,
     .high = 1e6,
     .fallback = 1e-6,
     .help = "nothing moves any more once no entry of the gradient is this large"},
    {.name = "planned",
     .type = SETTING_INTEGER,
     .low = 1,
     .high = 1e9,
     .fallback = 1000,
     .unit = "iterations",
     .help = "of the run: the smoothness is guessed after a quarter of them, at most 200"},
    {0},
};

static const struct conflict conflicts[] = {
    {"convex", "true", "lipschitz", "null",
     "needs \"lipschitz\", the smoothness of the mean loss, to bound the rates; give it, or leave "
     "convex off"},
    {0},
};

static int accepts(const struct chosen *chosen, const struct landscape *landscape,
                   struct error *err)
{
    (void)chosen;
    if (!landscape)
        return error_set(err, "hdm drives the objective itself, which this one does not offer; "
                              "take a data set, or a problem without noise and replicas");
    return 0;
}

/* One iteration at work. */
struct work {
    const struct chosen *chosen;
    struct weights *weights;
    struct landscape *landscape;
    double *scalars;
    real *ahead, *ahead_gradient; /* [count] */
    double decay;
    bool diagonal;
};

/* f with its decay, and its gradient, over the whole part. */
static double evaluate(const struct work *work, const real *theta, real *gradient)
{
    enum { PASSES = 3 }; /* of a gradient, in forward passes */
    const size_t count = work->weights->count;
    const struct sample all = {.count = work->landscape->examples};
    const double loss =
        work->landscape->methods->gradient(work->landscape, theta, all, gradient, NULL);

    work->scalars[WORK] += PASSES;
    if (work->decay == 0.0)
        return loss;
    vector_add_scaled(count, (real)work->decay, theta, gradient);
    return loss + 0.5 * work->decay * vector_sum_squares(count, theta);
}

static double first_rate(const struct chosen *chosen)
{
    const double smoothness = chosen->number[LIPSCHITZ];
    if (!isnan(chosen->number[STEP_LR]))
        return chosen->number[STEP_LR];
    if (isnan(smoothness))
        return 0.1;
    return (chosen->number[CONVEX] > 0.0 ? 10.0 : 2.0) / smoothness;
}

static int begin(const struct work *work, struct error *err)
{
    const struct weights *weights = work->weights;
    double *scalars = work->scalars;

    memcpy(weights->memory[BEFORE], weights->value, weights->count * sizeof(real));
    scalars[BALL] = work->chosen->number[MOMENTUM];
    scalars[RATE] = scalars[FIRST_RATE] = first_rate(work->chosen);
    scalars[SMOOTHNESS] = work->chosen->number[LIPSCHITZ];
    scalars[LOSS] = evaluate(work, weights->value, weights->memory[GRADIENT]);
    if (isfinite(scalars[LOSS]) && vector_is_finite(weights->count, weights->memory[GRADIENT]))
        return 0;
    return error_set(err, "the loss or its gradient is not finite at the first weights");
}

static double largest(size_t count, const real *x)
{
    double most = 0.0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)x[i]));
    return most;
}

/* --- looking ahead ------------------------------------------------------------------------- */

KERNEL_CLONES static void look_along(size_t count, const real *restrict value,
                                     const real *restrict before, const real *restrict gradient,
                                     const real *restrict p, real scale, real one, real ball,
                                     real *restrict ahead)
{
    for (size_t i = 0; i < count; i++)
        ahead[i] =
            value[i] - (p ? scale * p[i] : one) * gradient[i] + ball * (value[i] - before[i]);
}

static void look_ahead(const struct work *work)
{
    const struct weights *weights = work->weights;
    const double scale = work->chosen->number[OPTIMIZER_LR] * weights->factor;
    look_along(weights->count, weights->value, weights->memory[BEFORE], weights->memory[GRADIENT],
               work->diagonal ? weights->memory[P] : NULL, (real)scale,
               (real)(scale * work->scalars[ONE_P]), (real)work->scalars[BALL], work->ahead);
}

/* --- learning ------------------------------------------------------------------------------ */

/* One entry of P down its normalised derivative. */
struct learner {
    double rate, norm, low, high;
};

KERNEL_INLINE double learn_entry(const struct learner *learner, double product, double p,
                                 double *squares)
{
    const double r = -product / learner->norm;
    *squares += r * r;
    const double next = p - learner->rate * r / (sqrt(*squares) + 1e-12);
    return fmin(fmax(next, learner->low), learner->high);
}

static void learn_diagonal(const struct learner *learner, const struct work *work)
{
    const struct weights *weights = work->weights;
    const real *gradient = weights->memory[GRADIENT];
    real *p = weights->memory[P], *squares = weights->memory[P_SQUARES];

    for (size_t i = 0; i < weights->count; i++) {
        double sum = (double)squares[i];
        const double product = (double)work->ahead_gradient[i] * (double)gradient[i];
        p[i] = (real)learn_entry(learner, product, (double)p[i], &sum);
        squares[i] = (real)sum;
    }
}

static void learn_p(const struct work *work, double norm)
{
    const struct weights *weights = work->weights;
    double *scalars = work->scalars;
    const bool convex = work->chosen->number[CONVEX] > 0.0;
    const struct learner learner = {
        .rate = scalars[RATE],
        .norm = norm,
        .low = convex ? 0.0 : -HUGE_VAL,
        .high = convex ? 1e10 / scalars[SMOOTHNESS] : HUGE_VAL,
    };

    if (work->diagonal) {
        learn_diagonal(&learner, work);
        return;
    }
    const double product =
        vector_dot(weights->count, work->ahead_gradient, weights->memory[GRADIENT]);
    scalars[ONE_P] = learn_entry(&learner, product, scalars[ONE_P], &scalars[ONE_SQUARES]);
}

/* along: gradient(ahead) . (theta - the theta before) */
static void learn_ball(const struct work *work, double along, double norm)
{
    double *scalars = work->scalars;
    const double q = along / norm;
    scalars[BALL_SQUARES] += q * q;
    const double next =
        scalars[BALL] - work->chosen->number[BALL_LR] * q / (sqrt(scalars[BALL_SQUARES]) + 1e-12);
    scalars[BALL] = fmin(fmax(next, 0.0), 0.9995);
}

static void learn(const struct work *work)
{
    const struct weights *weights = work->weights;
    const size_t count = weights->count;
    const real *value = weights->value, *before = weights->memory[BEFORE];
    const double *scalars = work->scalars;

    const double gone = vector_squared_distance(count, value, before);
    const double smoothness = scalars[SMOOTHNESS];
    const double norm = vector_sum_squares(count, weights->memory[GRADIENT]) +
                        (scalars[GUESSED] > 0.0 ? 0.25 * gone * smoothness * smoothness : 1e-12);
    double along = 0.0;
    for (size_t i = 0; i < count; i++)
        along += (double)work->ahead_gradient[i] * ((double)value[i] - (double)before[i]);
    learn_p(work, norm);
    learn_ball(work, along, norm);
}

/* There is nothing to learn from what is not finite, but that the step was too long. */
static void shrink(const struct work *work)
{
    work->scalars[ONE_P] *= 0.5;
    if (work->diagonal)
        vector_scale(work->weights->count, 0.5F, work->weights->memory[P]);
}

/* Every 50 iterations P learns more slowly, until the smoothness is guessed. */
static void slow_down(const struct work *work)
{
    const bool convex = work->chosen->number[CONVEX] > 0.0;
    double *scalars = work->scalars;

    if (scalars[GUESSED] > 0.0 || work->weights->step % 50 != 49)
        return;
    const double factor = convex ? 0.8 : 0.05, floor = convex ? 1e-3 : 1e-2;
    scalars[RATE] = fmax(factor * scalars[RATE], floor * scalars[FIRST_RATE]);
}

/* --- moving -------------------------------------------------------------------------------- */

static void record_ratio(const struct work *work)
{
    const struct weights *weights = work->weights;
    const double gone = sqrt(vector_squared_distance(weights->count, work->ahead, weights->value));
    if (gone <= 1e-3)
        return;
    const double change = sqrt(
        vector_squared_distance(weights->count, work->ahead_gradient, weights->memory[GRADIENT]));
    work->scalars[RATIOS] += change / gone;
    work->scalars[RATIO_COUNT] += 1.0;
}

/* Ahead where that is lower. */
static void move(const struct work *work, double ahead_loss)
{
    struct weights *weights = work->weights;
    const size_t bytes = weights->count * sizeof(real);
    double *scalars = work->scalars;

    memcpy(weights->memory[BEFORE], weights->value, bytes);
    if (!(ahead_loss < scalars[LOSS])) {
        scalars[GOOD_STEPS] = fmax(0.0, scalars[GOOD_STEPS] - 2.0);
        return;
    }
    record_ratio(work);
    memcpy(weights->value, work->ahead, bytes);
    memcpy(weights->memory[GRADIENT], work->ahead_gradient, bytes);
    scalars[LOSS] = ahead_loss;
    scalars[GOOD_STEPS] += 1.0;
}

static void guess_smoothness(const struct work *work)
{
    const double enough = fmax(fmin(floor(work->chosen->number[PLANNED] / 4.0), 200.0), 20.0);
    double *scalars = work->scalars;

    if (scalars[GOOD_STEPS] <= enough || scalars[GUESSED] > 0.0 || !(scalars[RATIOS] > 0.0))
        return;
    scalars[SMOOTHNESS] = scalars[RATIOS] / scalars[RATIO_COUNT];
    scalars[RATE] = scalars[FIRST_RATE] = 1.0 / scalars[SMOOTHNESS];
    scalars[ONE_SQUARES] = 0.0;
    if (work->diagonal)
        vector_fill(work->weights->count, 0.0F, work->weights->memory[P_SQUARES]);
    scalars[GUESSED] = 1.0;
}

static void iterate(const struct work *work)
{
    look_ahead(work);
    const double loss = evaluate(work, work->ahead, work->ahead_gradient);
    const bool finite =
        isfinite(loss) && vector_is_finite(work->weights->count, work->ahead_gradient);
    if (finite)
        learn(work);
    else
        shrink(work);
    slow_down(work);
    move(work, finite ? loss : HUGE_VAL);
    guess_smoothness(work);
}

static void tell(const struct work *work)
{
    const struct weights *weights = work->weights;
    const real *gradient = weights->memory[GRADIENT];
    const double mean =
        work->diagonal ? vector_sum(weights->count, weights->memory[P]) / (double)weights->count
                       : work->scalars[ONE_P];
    double *told = weights->told;

    if (!told)
        return;
    told[METRIC_LR] = mean * work->chosen->number[OPTIMIZER_LR] * weights->factor;
    told[METRIC_MOMENTUM] = work->scalars[BALL];
    told[METRIC_TRAIN_LOSS] = work->scalars[LOSS];
    told[METRIC_GRADIENT_NORM] = sqrt(vector_sum_squares(weights->count, gradient));
    told[METRIC_GRADIENT_NORM_L1] = vector_sum_absolute(weights->count, gradient);
    told[METRIC_WORK] = work->scalars[WORK];
}

static int drive(const struct chosen *chosen, struct weights *weights, struct landscape *landscape,
                 struct error *err)
{
    const struct work work = {
        .chosen = chosen,
        .weights = weights,
        .landscape = landscape,
        .scalars = weights->scalars,
        .ahead = weights->scratch,
        .ahead_gradient = weights->gradient,
        .decay = chosen->number[OPTIMIZER_WEIGHT_DECAY],
        .diagonal = chosen->number[PRECONDITIONER] == DIAGONAL,
    };

    if (weights->step == 1 && begin(&work, err) < 0)
        return -1;
    if (largest(weights->count, weights->memory[GRADIENT]) >= chosen->number[TOLERANCE])
        iterate(&work);
    tell(&work);
    return 0;
}

static int memory_needed(const struct chosen *chosen)
{
    return chosen->number[PRECONDITIONER] == DIAGONAL ? MEMORY : P;
}

static size_t scratch(const struct chosen *chosen, const struct pieces *pieces)
{
    (void)chosen;
    return pieces->dimension;
}

const struct optimizer hdm_optimizer = {
    .name = "hdm",
    .help = "learned rates with heavy ball and null steps, on the whole training part (Chu et al., "
            "2025)",
    .settings = settings,
    .conflicts = conflicts,
    .decay = DECAY_OWN,
    .memory_per_weight = MEMORY,
    .memory_needed = memory_needed,
    .whole = true,
    .scalar_count = SCALARS,
    .scratch = scratch,
    .drive = drive,
    .accepts = accepts,
};
