#include "optimizers/conjugate_gradients.h"

#include "math/vectors.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Several loops over the same piece while it is in the nearest cache, instead of over all. */
enum { PIECE = 2048 };

/* --- which iterates to keep --------------------------------------------------------------------*/

struct cg_keeping cg_keeping_begin(void)
{
    return (struct cg_keeping){.next = 5.0};
}

bool cg_keeps(struct cg_keeping *keeping, int iteration)
{
    if (iteration != (int)ceil(keeping->next))
        return false;
    keeping->next *= 1.3;
    return true;
}

int cg_kept_most(int most)
{
    struct cg_keeping keeping = cg_keeping_begin();
    int kept = 1; /* the last one */
    for (int i = 1; i <= most; i++)
        kept += cg_keeps(&keeping, i);
    return kept;
}

/* --- the solve ---------------------------------------------------------------------------------*/

struct solve {
    const struct linear_system *system;
    size_t dimension;
    real *x, *residual, *direction, *product;
    real *preconditioned; /* the residual itself where there is no preconditioner */
    double inner;         /* residual . preconditioned */
};

static size_t piece_at(const struct solve *solve, size_t from)
{
    const size_t left = solve->dimension - from;
    return left < PIECE ? left : PIECE;
}

size_t cg_scratch(size_t dimension)
{
    return 4 * dimension;
}

static void precondition(const struct solve *solve)
{
    if (solve->system->precondition)
        solve->system->precondition(solve->system->context, solve->residual, solve->preconditioned);
}

/* x'(r - b) / 2 with b = -g: the value without another product. */
static double value_now(const struct solve *solve)
{
    return 0.5 * (vector_dot(solve->dimension, solve->x, solve->residual) +
                  vector_dot(solve->dimension, solve->x, solve->system->gradient));
}

/* direction = beta * direction - preconditioned; the answer is the slope along it, which is -inner
 * but for rounding. */
static double set_direction(struct solve *solve, double beta)
{
    double slope = 0.0;
    for (size_t from = 0; from < solve->dimension; from += PIECE) {
        const size_t count = piece_at(solve, from);
        real *direction = solve->direction + from;
        vector_combine(count, -1.0F, solve->preconditioned + from, (real)beta, direction,
                       direction);
        slope += vector_dot(count, solve->residual + from, direction);
    }
    return slope;
}

static void begin(struct solve *solve)
{
    const struct linear_system *system = solve->system;
    const size_t bytes = solve->dimension * sizeof(real);

    memcpy(solve->residual, system->gradient, bytes);
    if (vector_sum_squares(solve->dimension, solve->x) != 0.0) {
        system->apply(system->context, solve->x, solve->product);
        vector_add_scaled(solve->dimension, 1.0F, solve->product, solve->residual);
    }
    precondition(solve);
    solve->inner = vector_dot(solve->dimension, solve->residual, solve->preconditioned);
    vector_fill(solve->dimension, 0.0F, solve->direction); /* beta 0 would leave a NaN there */
    set_direction(solve, 0.0);
}

/* x and residual one step on; the answer is the value there. */
static double move(struct solve *solve, double step)
{
    double twice = 0.0;
    for (size_t from = 0; from < solve->dimension; from += PIECE) {
        const size_t count = piece_at(solve, from);
        real *x = solve->x + from, *residual = solve->residual + from;
        vector_add_scaled(count, (real)step, solve->direction + from, x);
        vector_add_scaled(count, (real)step, solve->product + from, residual);
        twice +=
            vector_dot(count, x, residual) + vector_dot(count, x, solve->system->gradient + from);
    }
    return 0.5 * twice;
}

/* The next direction, conjugate to the last. Since the residual changed by step * product, the
 * flexible beta (r+ - r)'y+ / r'y needs no old residual. Where the residual is all rounding, that
 * beta can take away nearly all of the direction, and the next step would be without bounds: it
 * begins anew down the residual instead. */
static void turn(struct solve *solve, double step)
{
    double inner = 0.0, across = 0.0;

    precondition(solve);
    for (size_t from = 0; from < solve->dimension; from += PIECE) {
        const size_t count = piece_at(solve, from);
        const real *preconditioned = solve->preconditioned + from;
        inner += vector_dot(count, preconditioned, solve->residual + from);
        across += vector_dot(count, preconditioned, solve->product + from);
    }
    if (!(set_direction(solve, step * across / solve->inner) <= -0.5 * inner))
        set_direction(solve, 0.0);
    solve->inner = inner;
}

/* Martens' rule: the last k iterations have brought less than k * 0.0005 of it all. */
static bool is_enough(const double *value, int i, int least)
{
    const int tenth = (int)ceil(0.1 * i), k = tenth > 10 ? tenth : 10;
    return i > k && i >= least && value[i - k] < 0.0 &&
           (value[i] - value[i - k]) / value[i] < k * 5e-4;
}

static void keep(const struct solve *solve, int iteration, real *iterates,
                 struct cg_solution *solution)
{
    assert(solution->kept < CG_KEPT_MAX);
    memcpy(iterates + (size_t)solution->kept * solve->dimension, solve->x,
           solve->dimension * sizeof(real));
    solution->at[solution->kept++] = iteration;
}

static void keep_last(const struct solve *solve, real *iterates, struct cg_solution *solution)
{
    if (solution->kept == 0 || solution->at[solution->kept - 1] != solution->iterations)
        keep(solve, solution->iterations, iterates, solution);
}

/* One iteration; false where there is no way down any more. */
static bool iterate(struct solve *solve, struct cg_solution *solution)
{
    const struct linear_system *system = solve->system;

    if (solve->inner == 0.0)
        return false; /* solved to the last digit */
    system->apply(system->context, solve->direction, solve->product);
    const double curvature = vector_dot(solve->dimension, solve->direction, solve->product);
    const double step = solve->inner / curvature;
    solution->fell = !(curvature > 0.0 && isfinite(step));
    if (solution->fell)
        return false;
    solution->value[++solution->iterations] = move(solve, step);
    if (system->moved)
        system->moved(system->context, step, solve->direction, solve->product);
    turn(solve, step);
    return true;
}

void cg_solve(const struct linear_system *system, int least, int most, real *x, real *iterates,
              real *scratch, struct cg_solution *solution)
{
    const size_t dimension = system->dimension;
    struct cg_keeping keeping = cg_keeping_begin();
    struct solve solve = {
        .system = system,
        .dimension = dimension,
        .x = x,
        .residual = scratch,
        .direction = scratch + dimension,
        .product = scratch + 2 * dimension,
        .preconditioned = system->precondition ? scratch + 3 * dimension : scratch,
    };

    assert(most <= CG_ITERATIONS_MAX);
    solution->iterations = solution->kept = 0;
    solution->fell = false;
    begin(&solve);
    solution->value[0] = value_now(&solve);
    while (solution->iterations < most && iterate(&solve, solution)) {
        const int i = solution->iterations;
        if (cg_keeps(&keeping, i))
            keep(&solve, i, iterates, solution);
        if (is_enough(solution->value, i, least))
            break;
    }
    keep_last(&solve, iterates, solution);
}
