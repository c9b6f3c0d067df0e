#include "math/noise.h"

#include "math/clones.h"
#include "math/random_bulk.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>

bool noise_init(struct noise *noise, uint64_t seed, double nu, size_t period,
                const double *deviation, size_t count)
{
    assert(count == 1 || count == period);
    *noise = (struct noise){.seed = seed, .nu = nu, .period = period, .silent = true};
    noise->deviation = aligned_block(period + NOISE_TURN, sizeof(real));
    if (!noise->deviation)
        return false;
    for (size_t i = 0; i < period + NOISE_TURN; i++) {
        noise->deviation[i] = (real)deviation[i % period % count];
        noise->silent &= noise->deviation[i] == 0.0F;
    }
    return true;
}

void noise_release(struct noise *noise)
{
    free(noise->deviation);
    *noise = (struct noise){0};
}

const real *noise_deviations(const struct noise *noise, size_t from)
{
    return noise->deviation + from % noise->period;
}

KERNEL_CLONES static void add_scaled(size_t count, const real *restrict deviation,
                                     const float *restrict draws, real *restrict vector)
{
    for (size_t i = 0; i < count; i++)
        vector[i] += deviation[i] * (real)draws[i];
}

void noise_add(const struct noise *noise, uint64_t step, size_t count, real *vector)
{
    float draws[NOISE_TURN];

    if (noise->silent)
        return;
    for (size_t from = 0; from < count; from += NOISE_TURN) {
        const size_t length = count - from < NOISE_TURN ? count - from : NOISE_TURN;
        if (isinf(noise->nu))
            random_normals_from(noise->seed, RANDOM_NOISE, step, from, length, draws);
        else
            random_students_from(noise->seed, RANDOM_NOISE, step, from, noise->nu, length, draws);
        add_scaled(length, noise_deviations(noise, from), draws, vector + from);
    }
}

void noise_normals(const struct noise *noise, uint64_t step, size_t from, size_t count,
                   float *normals)
{
    assert(count <= NOISE_TURN);
    random_normals_from(noise->seed, RANDOM_NOISE, step, from, count, normals);
}

double noise_spread(const struct noise *noise)
{
    if (isinf(noise->nu))
        return 1.0;
    return noise->nu > 2.0 ? sqrt(noise->nu / (noise->nu - 2.0)) : HUGE_VAL;
}
