#include "schedule_bound.h"

#include <assert.h>
#include <math.h>

/* Without the zeros at the end. */
static size_t trim(const double *factors, size_t count)
{
    while (count > 0 && !(factors[count - 1] > 0.0))
        count--;
    return count;
}

/* The three terms at rate 1; count >= 1 and its last factor is above 0. Sums run backwards: taking
 * prefix sums off a total would cancel. */
static struct schedule_bound terms_of(const double *factors, const double *norms, size_t count,
                                      double distance)
{
    double sum = 0.0, squares = 0.0, last = 0.0;
    for (size_t i = count; i-- > 0;) {
        const double norm = norms ? norms[i] : 1.0, moved = factors[i] * norm, behind = sum;
        sum += factors[i];
        squares += moved * moved;
        if (i + 1 < count)
            last += factors[i] * squares / (behind * sum);
    }
    return (struct schedule_bound){
        .distance_term = distance * distance / (2.0 * sum),
        .gradient_term = squares / (2.0 * sum),
        .last_term = 0.5 * last,
        .steps = count,
    };
}

bool schedule_bound(const double *factors, const double *norms, size_t count, double distance,
                    struct schedule_bound *out)
{
    assert(distance > 0.0);
    count = trim(factors, count);
    if (count == 0)
        return false;
    struct schedule_bound bound = terms_of(factors, norms, count, distance);
    const double moving = bound.gradient_term + bound.last_term;
    if (!(moving > 0.0))
        return false;
    bound.base_rate = sqrt(bound.distance_term / moving);
    bound.bound = 2.0 * sqrt(bound.distance_term * moving);
    *out = bound;
    return true;
}

double schedule_bound_at(const struct schedule_bound *bound, double rate)
{
    return bound->distance_term / rate + rate * (bound->gradient_term + bound->last_term);
}

void schedule_bound_prefixes(const double *factors, const double *norms, double distance,
                             double rate, const size_t *ends, size_t end_count, double *out)
{
    for (size_t i = 0; i < end_count; i++) {
        const size_t count = trim(factors, ends[i]);
        if (count == 0) {
            out[i] = (double)NAN;
            continue;
        }
        const struct schedule_bound bound = terms_of(factors, norms, count, distance);
        out[i] = schedule_bound_at(&bound, rate);
    }
}
