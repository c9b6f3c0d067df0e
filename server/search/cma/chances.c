#include "search/cma/chances.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

void chances_init(struct chances *chances, int places, int others, double rate)
{
    *chances = (struct chances){.places = places, .rate = rate};
    chances->share = xcalloc((size_t)places, sizeof *chances->share);
    chances->least = (1 - pow(0.73, 1.0 / others)) / (places - 1);
    for (int i = 0; i < places; i++)
        chances->share[i] = 1.0 / places;
    chances->least = fmin(chances->least, 1.0 / places);
}

void chances_release(struct chances *chances)
{
    free(chances->share);
    *chances = (struct chances){0};
}

int chances_pick(const struct chances *chances, double u)
{
    int place = 0;

    for (; place + 1 < chances->places && u >= chances->share[place]; place++)
        u -= chances->share[place];
    return place;
}

/* What is below the least is raised to it, at the cost of what is above. */
static void keep_all_possible(struct chances *chances)
{
    double raised = 0, spare = 0;

    for (int i = 0; i < chances->places; i++) {
        const double above = chances->share[i] - chances->least;
        if (above < 0) {
            raised -= above;
            chances->share[i] = chances->least;
        } else {
            spare += above;
        }
    }
    for (int i = 0; i < chances->places && raised > 0 && spare > 0; i++)
        chances->share[i] -= raised * (chances->share[i] - chances->least) / spare;
}

void chances_tell(struct chances *chances, const int *places, const double *weights, int count)
{
    double total = 0;

    for (int k = 0; k < count; k++)
        total += places[k] >= 0 ? weights[k] : 0;
    for (int i = 0; i < chances->places; i++)
        chances->share[i] *= 1 - chances->rate * total;
    for (int k = 0; k < count; k++)
        if (places[k] >= 0)
            chances->share[places[k]] += chances->rate * weights[k];
    keep_all_possible(chances);
}
