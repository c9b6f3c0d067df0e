/* Round clouds in the plane that overlap a little: the quickest data set to learn. */
#include "datasets/builtins.h"

#include "random.h"

enum { CLASSES = 3, SEED = 1 };

static uint32_t make(uint64_t example, void *features)
{
    static const float centre[CLASSES][2] = {{-1.5F, -1.0F}, {1.5F, -1.0F}, {0.0F, 1.6F}};
    struct rng rng = rng_stream(SEED, RANDOM_DATA, example);
    const uint32_t label = (uint32_t)(example % CLASSES);
    float *point = features;

    for (int i = 0; i < 2; i++)
        point[i] = centre[label][i] + (float)(0.7 * rng_normal(&rng));
    return label;
}

const struct builtin gaussians_builtin = {
    .name = "gaussians",
    .help = "three round clouds of points in the plane, overlapping a little",
    .version = 1,
    .element = ELEMENT_FLOAT,
    .rank = 1,
    .shape = {2},
    .classes = CLASSES,
    .train = 3000,
    .valid = 1000,
    .make = make,
};
