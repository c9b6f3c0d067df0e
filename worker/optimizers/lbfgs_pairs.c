#include "optimizers/lbfgs_pairs.h"

#include "math/vectors.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { PIECE = 2048 }; /* numbers that a turn works on while they are in the nearest cache */

size_t lbfgs_pairs_room(size_t dimension, int most)
{
    return 2 * (size_t)most * dimension;
}

static real *step_at(const struct lbfgs_pairs *pairs, int place)
{
    return pairs->steps + (size_t)place * pairs->dimension;
}

static real *change_at(const struct lbfgs_pairs *pairs, int place)
{
    return pairs->changes + (size_t)place * pairs->dimension;
}

/* Of the pair that is `age` younger ones away from the newest. */
static int place_of(const struct lbfgs_pairs *pairs, int age)
{
    return (pairs->next + 2 * pairs->most - 1 - age) % pairs->most;
}

static double inner_at(const struct lbfgs_pairs *pairs, int place)
{
    return vector_dot(pairs->dimension, step_at(pairs, place), change_at(pairs, place));
}

static void set_scaling(struct lbfgs_pairs *pairs)
{
    const int newest = place_of(pairs, 0);
    if (pairs->count > 0)
        pairs->scaling =
            pairs->inner[newest] / vector_sum_squares(pairs->dimension, change_at(pairs, newest));
}

struct lbfgs_pairs lbfgs_pairs_over(real *room, size_t dimension, int most, int count, int next)
{
    struct lbfgs_pairs pairs = {
        .dimension = dimension,
        .most = most,
        .count = count,
        .next = next,
        .steps = room,
        .changes = room + (size_t)most * dimension,
        .scaling = 1.0,
    };
    assert(most >= 1 && most <= PAIRS_MAX && count <= most);
    for (int age = 0; age < count; age++)
        pairs.inner[place_of(&pairs, age)] = inner_at(&pairs, place_of(&pairs, age));
    set_scaling(&pairs);
    return pairs;
}

/* The place is written first, then looked at: the oldest pair is gone in any case, which matters
 * only where a solve breaks down. */
bool lbfgs_pairs_add(struct lbfgs_pairs *pairs, double scale, const real *step, const real *change)
{
    const int place = pairs->next;
    const size_t dimension = pairs->dimension;

    vector_combine(dimension, (real)scale, step, 0.0F, step, step_at(pairs, place));
    vector_combine(dimension, (real)scale, change, 0.0F, change, change_at(pairs, place));
    const double inner = inner_at(pairs, place);
    if (!(inner > 0.0) || !isfinite(inner)) {
        pairs->count -= pairs->count == pairs->most;
        return false;
    }
    pairs->inner[place] = inner;
    pairs->next = (place + 1) % pairs->most;
    pairs->count += pairs->count < pairs->most;
    set_scaling(pairs);
    return true;
}

static void move_pair(struct lbfgs_pairs *pairs, int from, int to)
{
    const size_t bytes = pairs->dimension * sizeof(real);
    memcpy(step_at(pairs, to), step_at(pairs, from), bytes);
    memcpy(change_at(pairs, to), change_at(pairs, from), bytes);
    pairs->inner[to] = pairs->inner[from];
}

/* Each one goes to a place that is free by then: those that stay keep their order. */
void lbfgs_pairs_thin(struct lbfgs_pairs *pairs)
{
    const int oldest = pairs->count - 1, first = place_of(pairs, oldest);
    const int left = (pairs->count + 1) / 2;

    for (int i = 0; i < left; i++) {
        const int from = place_of(pairs, oldest - 2 * i), to = (first + i) % pairs->most;
        if (from != to)
            move_pair(pairs, from, to);
    }
    pairs->count = left;
    pairs->next = (first + left) % pairs->most;
}

void lbfgs_pairs_copy(const struct lbfgs_pairs *from, struct lbfgs_pairs *to)
{
    real *steps = to->steps, *changes = to->changes;
    const size_t bytes = (size_t)from->most * from->dimension * sizeof(real);

    assert(to->dimension == from->dimension && to->most == from->most);
    memcpy(steps, from->steps, bytes);
    memcpy(changes, from->changes, bytes);
    *to = *from;
    to->steps = steps;
    to->changes = changes;
}

/* vector = scale * vector + factor * along, and the dot product of what came out with `against`:
 * one way through memory instead of two. */
static double add_and_dot(size_t dimension, double scale, double factor, const real *along,
                          const real *against, real *vector)
{
    double sum = 0.0;
    for (size_t from = 0; from < dimension; from += PIECE) {
        const size_t left = dimension - from, count = left < PIECE ? left : PIECE;
        vector_add_scaled(count, (real)factor, along + from, vector + from);
        if (scale != 1.0)
            vector_scale(count, (real)scale, vector + from);
        if (against)
            sum += vector_dot(count, against + from, vector + from);
    }
    return sum;
}

/* The two loops, from the newest pair to the oldest and back. Each way through memory ends with the
 * dot product that the next one begins with. */
void lbfgs_pairs_apply(const struct lbfgs_pairs *pairs, const real *vector, real *out)
{
    const size_t dimension = pairs->dimension;
    const int count = pairs->count;
    double factor[PAIRS_MAX] = {0};

    memcpy(out, vector, dimension * sizeof(real));
    if (count == 0)
        return;
    double inner = vector_dot(dimension, step_at(pairs, place_of(pairs, 0)), out);
    for (int age = 0; age < count; age++) {
        const bool oldest = age + 1 == count;
        const int place = place_of(pairs, age), older = place_of(pairs, age + 1);
        factor[age] = inner / pairs->inner[place];
        inner = add_and_dot(dimension, oldest ? pairs->scaling : 1.0, -factor[age],
                            change_at(pairs, place),
                            oldest ? change_at(pairs, place) : step_at(pairs, older), out);
    }
    for (int age = count - 1; age >= 0; age--) {
        const int place = place_of(pairs, age);
        const double back = inner / pairs->inner[place];
        inner = add_and_dot(dimension, 1.0, factor[age] - back, step_at(pairs, place),
                            age > 0 ? change_at(pairs, place_of(pairs, age - 1)) : NULL, out);
    }
}
