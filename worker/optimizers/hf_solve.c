/* The damped quadratic model of Hessian-free optimization and its solution (training.md 6.1
 * to 6.6). */
#include "optimizers/hf_inside.h"

#include "math/vectors.h"

#include <string.h>

double decay_at(const struct iteration *it, const real *theta)
{
    return it->decay == 0.0 ? 0.0 : 0.5 * it->decay * vector_sum_squares(it->dimension, theta);
}

double loss_at(const struct iteration *it, const real *theta, struct sample sample)
{
    const double loss =
        it->landscape->methods->loss(it->landscape, theta, sample) + decay_at(it, theta);
    return isfinite(loss) ? loss : HUGE_VAL;
}

const real *try_step(const struct iteration *it, double rate, const real *delta)
{
    vector_combine(it->dimension, 1.0F, it->weights->value, (real)rate, delta, it->trial);
    return it->trial;
}

void take_gradient(struct iteration *it)
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

void solve(struct iteration *it)
{
    const double *number = it->chosen->number;
    const struct linear_system system = system_of(it);

    vector_combine(it->dimension, (real)number[WARM_START], it->last, 0.0F, it->last, it->solution);
    it->landscape->methods->curve_at(it->landscape, it->weights->value, it->curvature_sample);
    cg_solve(&system, (int)number[CG_LEAST], (int)number[CG_MOST], it->solution, it->iterates,
             it->cg_scratch, &it->cg);
}

/* The new pairs take the place of the old ones where there are half as many as can be at least, and
 * the solve did not break down; the first ones are better than none. */
void keep_pairs(struct iteration *it)
{
    const bool live = it->chosen->number[PRECONDITIONER] == LBFGS_LIVE;
    const bool enough = 2 * it->fresh.count >= it->fresh.most && !it->cg.fell;
    if (!has_pairs(it->chosen) || !(live || enough || it->kept.count == 0))
        return;
    lbfgs_pairs_copy(&it->fresh, &it->kept);
    it->scalars[PAIR_COUNT] = it->kept.count;
    it->scalars[PAIR_NEXT] = it->kept.next;
}
