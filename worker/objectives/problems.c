/* Analytic problems as objectives: what all of them share, and their list. */
#include "objectives/objectives.h"

#include "json.h"
#include "memory.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The list: worker/objectives/problems/NAME.c defines NAME_problem. */
#define FOR_EACH_PROBLEM(_)                                                                        \
    _(quadratic)                                                                                   \
    _(rosenbrock)

#define DECLARE(name) extern const struct problem_kind name##_problem;
#define ENTER(name)   &name##_problem,

FOR_EACH_PROBLEM(DECLARE)
const struct problem_kind *const problem_kinds[] = {FOR_EACH_PROBLEM(ENTER) NULL};

struct analytic {
    struct objective objective; /* first: it is an objective */
    const struct problem_kind *kind;
    struct chosen chosen;
    uint64_t seed;
    struct tensor tensor;
};

static struct analytic *analytic_of(struct objective *objective)
{
    return (struct analytic *)objective;
}

static void init(struct objective *objective, real *theta)
{
    const struct analytic *problem = analytic_of(objective);
    problem->kind->start(&problem->chosen, objective->dimension, theta);
}

static void add_noise(const struct analytic *problem, uint64_t k, real *gradient)
{
    const double noise = problem->chosen.number[PROBLEM_NOISE];
    if (noise == 0.0)
        return;
    struct rng rng = rng_stream(problem->seed, RANDOM_NOISE, k);
    for (size_t i = 0; i < problem->objective.dimension; i++)
        gradient[i] += (real)(noise * rng_normal(&rng));
}

static double loss_gradient(struct objective *objective, const real *theta, uint64_t k,
                            real *gradient, uint32_t *samples)
{
    const struct analytic *problem = analytic_of(objective);
    const double value =
        problem->kind->value(&problem->chosen, objective->dimension, theta, gradient);
    add_noise(problem, k, gradient);
    *samples = 0;
    return value;
}

static bool evaluate(struct objective *objective, const real *theta, enum part part,
                     void (*alive)(void *), void *alive_context, struct evaluation *out)
{
    const struct analytic *problem = analytic_of(objective);
    (void)alive;
    (void)alive_context;
    if (part != PART_TRAIN)
        return false;
    *out = (struct evaluation){
        .loss = problem->kind->value(&problem->chosen, objective->dimension, theta, NULL),
        .accuracy = (double)NAN,
    };
    return true;
}

static void free_problem(struct objective *objective)
{
    struct analytic *problem = analytic_of(objective);
    chosen_release(&problem->chosen);
    free(problem);
}

static const struct objective_methods methods = {
    .init = init,
    .loss_gradient = loss_gradient,
    .evaluate = evaluate,
    .free = free_problem,
};

static const struct problem_kind *find_kind(const char *name)
{
    for (int i = 0; problem_kinds[i]; i++) {
        if (strcmp(problem_kinds[i]->name, name) == 0)
            return problem_kinds[i];
    }
    return NULL;
}

int problem_open(const json_t *spec, struct objective **out_objective, struct error *err)
{
    const json_t *choice = json_object_get(spec, "problem");
    const char *name = json_text_at(choice, "type", "");
    const struct problem_kind *kind = find_kind(name);
    if (!kind)
        return error_set(err, "unknown problem \"%.64s\"", name);

    struct analytic *problem = xcalloc(1, sizeof *problem);
    problem->kind = kind;
    problem->seed = (uint64_t)json_integer_at(spec, "seed", 1);
    chosen_read(kind->settings, choice, &problem->chosen);
    const size_t dimension = kind->dimension(&problem->chosen);
    problem->tensor = (struct tensor){
        .name = "x", .rank = 1, .shape = {dimension}, .offset = 0, .count = dimension};
    problem->objective = (struct objective){
        .methods = &methods,
        .dimension = dimension,
        .tensors = &problem->tensor,
        .tensor_count = 1,
    };
    *out_objective = &problem->objective;
    return 0;
}
