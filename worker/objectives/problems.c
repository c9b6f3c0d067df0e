/* Analytic problems as objectives: what all of them share, and their list. */
#include "objectives/problem_landscape.h"

#include "json.h"
#include "math/noise.h"
#include "memory.h"
#include "spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The list: worker/objectives/problems/NAME.c defines NAME_problem. */
#define FOR_EACH_PROBLEM(_)                                                                        \
    _(quadratic)                                                                                   \
    _(rosenbrock)                                                                                  \
    _(saddle)                                                                                      \
    _(absolute)

#define DECLARE(name) extern const struct problem_kind name##_problem;
#define ENTER(name)   &name##_problem,

FOR_EACH_PROBLEM(DECLARE)
const struct problem_kind *const problem_kinds[] = {FOR_EACH_PROBLEM(ENTER) NULL};

struct analytic {
    struct objective objective; /* first: it is an objective */
    const struct problem_kind *kind;
    struct chosen chosen;
    size_t axes, replicas;
    struct noise noise;
    bool adds_noise; /* or else an SDE is integrated, which has its own */
    double *losses;  /* [replicas] of the last evaluation */
    struct tensor tensor;
    struct problem_landscape landscape; /* where there is no noise, and one copy */
};

static struct analytic *analytic_of(struct objective *objective)
{
    return (struct analytic *)objective;
}

static void init(struct objective *objective, real *theta)
{
    const struct analytic *problem = analytic_of(objective);
    for (size_t r = 0; r < problem->replicas; r++)
        problem->kind->start(&problem->chosen, problem->axes, theta + r * problem->axes);
}

static double loss_gradient(struct objective *objective, const real *theta, uint64_t k,
                            real *gradient, uint32_t *samples)
{
    const struct analytic *problem = analytic_of(objective);
    const size_t axes = problem->axes;
    double sum = 0.0;

    for (size_t from = 0; from < objective->dimension; from += axes)
        sum += problem->kind->value(&problem->chosen, axes, theta + from, gradient + from);
    if (problem->adds_noise)
        noise_add(&problem->noise, k, objective->dimension, gradient);
    *samples = 0;
    return sum / (double)problem->replicas;
}

/* The loss of each replica, kept; the answer is their mean. */
static double mean_loss(struct analytic *problem, const real *theta)
{
    const size_t axes = problem->axes;
    double sum = 0.0;

    for (size_t r = 0; r < problem->replicas; r++) {
        problem->losses[r] = problem->kind->value(&problem->chosen, axes, theta + r * axes, NULL);
        sum += problem->losses[r];
    }
    return sum / (double)problem->replicas;
}

static bool evaluate(struct objective *objective, const real *theta, enum part part,
                     void (*alive)(void *), void *alive_context, struct evaluation *out)
{
    (void)alive;
    (void)alive_context;
    if (part != PART_TRAIN)
        return false;
    *out = (struct evaluation){
        .loss = mean_loss(analytic_of(objective), theta),
        .accuracy = (double)NAN,
    };
    return true;
}

/* NaN behind all numbers. */
static int by_size(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    const int unordered = (isnan(a) != 0) - (isnan(b) != 0);
    return unordered ? unordered : (a > b) - (a < b);
}

static double deviation_of(const double *losses, size_t count, double mean)
{
    double squares = 0.0;
    for (size_t r = 0; r < count; r++)
        squares += (losses[r] - mean) * (losses[r] - mean);
    return sqrt(squares / (double)(count - 1));
}

/* How the loss is spread over the replicas; a quantile is the least loss that so many have at most.
 */
static void measure(struct objective *objective, const real *theta, uint64_t k, double *metrics)
{
    static const struct {
        enum metric metric;
        double share;
    } quantiles[] = {{METRIC_LOSS_Q05, 0.05},
                     {METRIC_LOSS_Q25, 0.25},
                     {METRIC_LOSS_MEDIAN, 0.5},
                     {METRIC_LOSS_Q75, 0.75},
                     {METRIC_LOSS_Q95, 0.95}};
    struct analytic *problem = analytic_of(objective);
    const size_t replicas = problem->replicas;
    (void)k;

    if (replicas == 1)
        return;
    const double mean = mean_loss(problem, theta);
    metrics[METRIC_LOSS_DEVIATION] = deviation_of(problem->losses, replicas, mean);
    qsort(problem->losses, replicas, sizeof *problem->losses, by_size);
    for (size_t i = 0; i < COUNT_OF(quantiles); i++) {
        const double rank = ceil(quantiles[i].share * (double)replicas);
        metrics[quantiles[i].metric] = problem->losses[(size_t)rank - 1];
    }
}

static void free_problem(struct objective *objective)
{
    struct analytic *problem = analytic_of(objective);
    chosen_release(&problem->chosen);
    noise_release(&problem->noise);
    free(problem->losses);
    free(problem);
}

static const struct objective_methods methods = {
    .init = init,
    .loss_gradient = loss_gradient,
    .evaluate = evaluate,
    .measure = measure,
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

/* The rules that the specification's check holds it to as well (common/spec_problem.c). */
static int check_sizes(const struct analytic *problem, struct error *err)
{
    const size_t deviations = (size_t)problem->chosen.count[PROBLEM_NOISE_DEVIATION];

    if (problem->replicas > PROBLEM_NUMBERS_MAX / problem->axes)
        return error_set(err, "%zu replicas of %zu axes are more than %d numbers",
                         problem->replicas, problem->axes, PROBLEM_NUMBERS_MAX);
    if (deviations > 1 && deviations != problem->axes)
        return error_set(err, "noise_deviation has %zu entries for %zu axes; give 1 or %zu",
                         deviations, problem->axes, problem->axes);
    return 0;
}

static int take_memory(struct analytic *problem, uint64_t seed, struct error *err)
{
    const struct chosen *chosen = &problem->chosen;
    const int given = chosen->count[PROBLEM_NOISE_DEVIATION];
    const double *deviation =
        given > 0 ? chosen->list[PROBLEM_NOISE_DEVIATION] : &chosen->number[PROBLEM_NOISE];
    const double nu = chosen->number[PROBLEM_NOISE_NU];

    problem->losses = aligned_block(problem->replicas, sizeof *problem->losses);
    if (problem->losses && noise_init(&problem->noise, seed, isnan(nu) ? HUGE_VAL : nu,
                                      problem->axes, deviation, given > 0 ? (size_t)given : 1))
        return 0;
    return error_of(err, ERROR_INTERNAL, "not enough memory for %zu axes", problem->axes);
}

static size_t axes_of(const struct problem_kind *kind, const struct chosen *chosen)
{
    return (size_t)chosen->number[kind->size]; /* of a list: how many entries it has */
}

static void describe_theta(struct analytic *problem)
{
    const size_t axes = problem->axes, replicas = problem->replicas, count = axes * replicas;
    problem->tensor = (struct tensor){.name = "x", .rank = 1, .shape = {axes}, .count = count};
    if (replicas > 1) {
        problem->tensor.rank = 2;
        problem->tensor.shape[0] = replicas;
        problem->tensor.shape[1] = axes;
    }
    problem->objective = (struct objective){
        .methods = &methods,
        .dimension = count,
        .tensors = &problem->tensor,
        .tensor_count = 1,
        .replicas = (uint32_t)replicas,
        .noise = &problem->noise,
    };
}

/* One function that gives the same at each look, as optimizers that drive it need. */
static bool is_exact(const struct analytic *problem)
{
    double noise = problem->chosen.number[PROBLEM_NOISE];
    for (int i = 0; i < problem->chosen.count[PROBLEM_NOISE_DEVIATION]; i++)
        noise += problem->chosen.list[PROBLEM_NOISE_DEVIATION][i];
    return noise == 0.0 && problem->replicas == 1;
}

void problem_start(const struct chosen *chosen, int setting, size_t axes, double usual, real *theta)
{
    const bool given = chosen->count[setting] > 0;
    for (size_t i = 0; i < axes; i++)
        theta[i] = (real)(given ? chosen->list[setting][i] : usual);
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
    problem->adds_noise = strcmp(json_text_at(spec, "dynamics", "discrete"), "discrete") == 0;
    chosen_read(kind->settings, choice, &problem->chosen);
    problem->axes = axes_of(kind, &problem->chosen);
    problem->replicas = (size_t)json_integer_at(spec, "replicas", 1);
    describe_theta(problem);
    if (check_sizes(problem, err) < 0 ||
        take_memory(problem, (uint64_t)json_integer_at(spec, "seed", 1), err) < 0) {
        free_problem(&problem->objective);
        return -1;
    }
    if (is_exact(problem)) {
        problem_landscape_init(&problem->landscape, kind, &problem->chosen, problem->axes);
        problem->objective.landscape = &problem->landscape.landscape;
    }
    *out_objective = &problem->objective;
    return 0;
}
