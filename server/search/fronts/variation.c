#include "search/fronts/variation.h"

#include <math.h>

/* How far a child may lie beyond a parent that is `gap` from the other and `room` from the end: the
 * spread factor of a random u, with what would fall outside cut off. */
static double spread(double gap, double room, double eta, double u)
{
    const double most = 1 + 2 * room / gap;
    const double inside = 2 - pow(most, -(eta + 1));

    return u * inside <= 1 ? pow(u * inside, 1 / (eta + 1))
                           : pow(1 / (2 - u * inside), 1 / (eta + 1));
}

double sbx_child(double a, double b, double eta, double u, bool upper)
{
    const double low = fmin(a, b), high = fmax(a, b), gap = high - low;

    if (gap < 1e-14)
        return a;
    const double beta = spread(gap, upper ? 1 - high : low, eta, u);
    const double child = (low + high + (upper ? beta : -beta) * gap) / 2;
    return fmin(fmax(child, 0), 1);
}

double polynomial_mutation(double x, double eta, double u)
{
    const double power = eta + 1;
    double moved;

    if (u < 0.5)
        moved = x + pow(2 * u + (1 - 2 * u) * pow(1 - x, power), 1 / power) - 1;
    else
        moved = x + 1 - pow(2 * (1 - u) + (2 * u - 1) * pow(x, power), 1 / power);
    return fmin(fmax(moved, 0), 1);
}

static bool is_unordered(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_CHOICE && !parameter->ordered;
}

static double crossed(const struct parameter *parameter, double first, double second, double eta,
                      struct rng *rng)
{
    const double u = rng_uniform(rng);
    const bool upper = rng_below(rng, 2) == 1;

    if (is_unordered(parameter))
        return second;
    if (first == second) /* there and back is not always the same bits */
        return first;
    return parameter_from_unit(parameter,
                               sbx_child(parameter_to_unit(parameter, first),
                                         parameter_to_unit(parameter, second), eta, u, upper));
}

void cross(const struct space *space, const double *first, const double *second, double eta,
           struct rng *rng, double *child)
{
    for (int i = 0; i < space->count; i++) {
        const bool crosses = rng_below(rng, 2) == 1;
        const double value = crossed(&space->parameters[i], first[i], second[i], eta, rng);
        if (isnan(first[i]) || isnan(second[i]))
            child[i] = isnan(first[i]) ? second[i] : first[i];
        else
            child[i] = crosses ? value : first[i];
    }
}

/* Any other place with the same chance. */
static double other_choice(const struct parameter *parameter, double value, struct rng *rng)
{
    const double place = rng_below(rng, (uint32_t)parameter->choices - 1);
    return place < value ? place : place + 1;
}

static double next_to(const struct parameter *parameter, double value, bool up)
{
    const uint64_t place = parameter_place(parameter, value);
    const uint64_t last = parameter_size(parameter) - 1;

    if (place == 0)
        up = true;
    else if (place == last)
        up = false;
    return parameter_value(parameter, up ? place + 1 : place - 1);
}

double mutated(const struct parameter *parameter, double value, double eta, struct rng *rng)
{
    const double u = rng_uniform(rng);
    const bool up = u >= 0.5;

    if (parameter_is_fixed(parameter))
        return value;
    if (is_unordered(parameter))
        return other_choice(parameter, value, rng);
    const double moved = parameter_from_unit(
        parameter, polynomial_mutation(parameter_to_unit(parameter, value), eta, u));
    return moved == value && parameter_size(parameter) > 1 ? next_to(parameter, value, up) : moved;
}
