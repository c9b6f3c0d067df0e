#include "optimizers/hypergradient.h"

#include "math/vectors.h"

/* The scalars that a checkpoint holds. */
enum { RATE, SQUARES /* S */, NORM_BEFORE /* |g_{t-1}|^2 */ };

enum { SCOPE_GLOBAL, SCOPE_TENSOR };
enum { TRANSITION_TO, TRANSITION_POWER };
enum { WARM_UP_STEPS = 10 }; /* of the normalized rule: S is gathered, the rate stands still */

const struct setting hyper_transition[] = {
    [TRANSITION_TO] = {.name = "to",
                       .type = SETTING_NUMBER,
                       .required = true,
                       .low = 0,
                       .high = 1e6,
                       .help = "the fixed learning rate at the end"},
    [TRANSITION_POWER] = {.name = "power",
                          .type = SETTING_NUMBER,
                          .low = 0,
                          .above_low = true,
                          .high = 100,
                          .fallback = 2,
                          .help = "the learned rate's share at step t is 1 / t^power; convergence "
                                  "is proved for more than 1"},
    {0},
};

const struct conflict hyper_conflicts[] = {
    {"lr", "0", "rule", "\"multiplicative\"",
     "0 never changes under the rule \"multiplicative\"; begin with a positive lr such as 0.001, "
     "or "
     "take the rule \"additive\""},
    {"rule", "\"normalized\"", "scope", "\"tensor\"",
     "\"normalized\" is for the scope \"global\"; with the scope \"tensor\" take \"additive\" or "
     "\"multiplicative\""},
    {0},
};

static double hyper_lr(const struct hyper_method *method, const struct chosen *chosen)
{
    const double usual[HYPER_RULES] = {method->additive_lr, 0.05, 0.01};
    const double given = chosen->number[HYPER_LR];
    return isnan(given) ? usual[(int)chosen->number[HYPER_RULE]] : given;
}

/* A view of some of the parameters. */
static struct weights part_of(const struct weights *weights, size_t from, size_t count)
{
    struct weights part = *weights;
    part.count = count;
    part.value += from;
    part.gradient += from;
    for (int i = 0; i < OPTIMIZER_MEMORY_MAX; i++)
        part.memory[i] = part.memory[i] ? part.memory[i] + from : NULL;
    return part;
}

/* What a rule or a metric looks at: g_t . D_{t-1}, and both squared norms. */
struct sight {
    double dot, gradient, direction;
};

static void add(struct sight *sums, const struct sight *more)
{
    sums->dot += more->dot;
    sums->gradient += more->gradient;
    sums->direction += more->direction;
}

/* The additive rule does without norms, which is most steps' case. */
static bool wants_norms(const struct chosen *chosen, const struct weights *weights)
{
    return weights->told || chosen->number[HYPER_RULE] != HYPER_ADDITIVE;
}

/* Block by block, so that the gradient with its decay is made in the cache and no pass over memory
 * writes it. */
static struct sight look(const struct hyper_method *method, const struct chosen *chosen,
                         const struct weights *weights)
{
    const real decay = (real)chosen->number[OPTIMIZER_WEIGHT_DECAY];
    const bool norms = wants_norms(chosen, weights);
    real decayed[OPTIMIZER_BLOCK], room[OPTIMIZER_BLOCK];
    struct sight sums = {0};

    for (size_t from = 0; from < weights->count; from += OPTIMIZER_BLOCK) {
        const size_t left = weights->count - from;
        const size_t count = left < OPTIMIZER_BLOCK ? left : OPTIMIZER_BLOCK;
        const real *gradient = weights->gradient + from;
        if (decay != 0.0F) {
            vector_combine(count, 1.0F, gradient, decay, weights->value + from, decayed);
            gradient = decayed;
        }
        const real *direction = method->direction(chosen, weights, from, count, room);
        sums.dot += vector_dot(count, gradient, direction);
        if (!norms)
            continue;
        sums.gradient += vector_sum_squares(count, gradient);
        sums.direction += vector_sum_squares(count, direction);
    }
    return sums;
}

static double normalized_change(double rate, const struct sight *sight, struct weights *weights)
{
    double *scalars = weights->scalars;
    const double before = scalars[NORM_BEFORE];
    const double h = before > 0.0 ? sight->dot / before : 0.0;
    const double squares = scalars[SQUARES] + h * h;

    scalars[NORM_BEFORE] = sight->gradient;
    if (!isfinite(squares))
        return 0.0;
    scalars[SQUARES] = squares;
    return weights->step > WARM_UP_STEPS && h != 0.0 ? rate * h / sqrt(squares) : 0.0;
}

/* What the rule adds to the learned rate. */
static double change(const struct hyper_method *method, const struct chosen *chosen,
                     const struct sight *sight, struct weights *weights)
{
    const double rate = hyper_lr(method, chosen);
    const double norms = sqrt(sight->gradient) * sqrt(sight->direction);

    switch ((enum hyper_rule)chosen->number[HYPER_RULE]) {
    case HYPER_MULTIPLICATIVE:
        return norms > 0.0 ? weights->scalars[RATE] * rate * (sight->dot / norms) : 0.0;
    case HYPER_NORMALIZED:
        return normalized_change(rate, sight, weights);
    case HYPER_ADDITIVE:
    case HYPER_RULES:
        break;
    }
    return rate * sight->dot;
}

static double bounded(const struct chosen *chosen, double rate)
{
    const double low = chosen->number[HYPER_MIN_LR], high = chosen->number[HYPER_MAX_LR];
    if (rate < low) /* false where there is no bound: NaN */
        return low;
    return rate > high ? high : rate;
}

static void adapt(const struct hyper_method *method, const struct chosen *chosen,
                  const struct sight *sight, struct weights *weights)
{
    double *rate = &weights->scalars[RATE];
    const double next = *rate + change(method, chosen, sight, weights);
    if (isfinite(next))
        *rate = bounded(chosen, next);
}

/* The learned rate, on its way to the fixed one, times the schedule's factor. */
static double rate_at(const struct chosen *chosen, const struct weights *weights)
{
    const double *transition = chosen->object[HYPER_TRANSITION].number;
    double rate = weights->scalars[RATE];

    if (transition) {
        const double share = pow((double)weights->step, -transition[TRANSITION_POWER]);
        rate = share * rate + (1.0 - share) * transition[TRANSITION_TO];
    }
    return rate * weights->factor;
}

static void tell(const struct chosen *chosen, const struct sight *sight,
                 const struct weights *weights)
{
    if (!weights->told)
        return;
    const double norms = sqrt(sight->gradient) * sqrt(sight->direction);
    weights->told[METRIC_LR] = rate_at(chosen, weights);
    weights->told[METRIC_HYPERGRADIENT] = -sight->dot;
    if (norms > 0.0)
        weights->told[METRIC_HYPERGRADIENT_COSINE] = sight->dot / norms;
}

const real *hyper_kept_direction(const struct chosen *chosen, const struct weights *weights,
                                 size_t from, size_t count, real *room)
{
    (void)chosen;
    (void)count;
    (void)room;
    return weights->memory[0] + from;
}

void hyper_step(const struct hyper_method *method, const struct chosen *chosen,
                struct weights *weights)
{
    const bool one = chosen->number[HYPER_SCOPE] == SCOPE_GLOBAL || weights->tensor_count == 0;
    struct sight sums = {0};

    if (weights->step == 1)
        weights->scalars[RATE] = bounded(chosen, chosen->number[OPTIMIZER_LR]);
    for (int i = 0; i < (one ? 1 : weights->tensor_count); i++) {
        struct weights part =
            one ? *weights
                : part_of(weights, weights->tensors[i].offset, weights->tensors[i].count);
        const struct sight sight = look(method, chosen, &part);
        adapt(method, chosen, &sight, &part);
        method->move(chosen, (real)rate_at(chosen, &part), &part);
        add(&sums, &sight);
    }
    tell(chosen, &sums, weights);
}
