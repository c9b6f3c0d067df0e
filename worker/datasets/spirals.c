/* Two spirals wound round each other (after Lang and Witbrock, 1988): no line parts them. */
#include "datasets/builtins.h"

#include "datasets/angle.h"
#include "random.h"

enum { CLASSES = 2, SEED = 1 };

static const double pi = 3.14159265358979324;

/* One and a half turns; the second spiral is the first turned by half a turn. */
static uint32_t make(uint64_t example, void *features)
{
    struct rng rng = rng_stream(SEED, RANDOM_DATA, example);
    const uint32_t label = (uint32_t)(example % CLASSES);
    const double way = rng_uniform(&rng), radius = 0.15 + 0.85 * way;
    double turns = 1.5 * way;
    float *point = features;

    turns -= (int)(turns + 0.5); /* to -1/2 … 1/2 */
    const double side = label == 0 ? radius : -radius;
    point[0] = (float)(side * angle_cosine(2 * pi * turns) + 0.03 * rng_normal(&rng));
    point[1] = (float)(side * angle_sine(2 * pi * turns) + 0.03 * rng_normal(&rng));
    return label;
}

const struct builtin spirals_builtin = {
    .name = "spirals",
    .help = "points along two spirals in the plane, one class each; needs a hidden layer",
    .version = 1,
    .element = ELEMENT_FLOAT,
    .rank = 1,
    .shape = {2},
    .classes = CLASSES,
    .train = 2000,
    .valid = 500,
    .make = make,
};
