#include "insight/tree.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct grower {
    const struct bins *bins;
    struct tree *tree;
    uint8_t *low, *high; /* [parameters] of the box at hand */
};

struct split {
    int parameter, bin; /* below that bin: left */
    double gain;
};

/* Into the first free place, since boxes move when the tree grows. */
static void add_leaf(struct grower *grower, double value)
{
    struct tree *tree = grower->tree;
    const size_t width = (size_t)grower->bins->parameters;
    double part = 1;

    for (int i = 0; i < grower->bins->parameters; i++) {
        double side = 0;
        for (int bin = grower->low[i]; bin < grower->high[i]; bin++)
            side += grower->bins->width[(size_t)i * BINS_MAX + (size_t)bin];
        part *= side;
    }
    if (tree->count == tree->room) {
        tree->room = tree->room ? 2 * tree->room : 64;
        tree->leaves = xrealloc(tree->leaves, (size_t)tree->room, sizeof *tree->leaves);
        tree->boxes = xrealloc(tree->boxes, (size_t)tree->room, 2 * width);
    }
    memcpy(tree->boxes + 2 * (size_t)tree->count * width, grower->low, width);
    memcpy(tree->boxes + (2 * (size_t)tree->count + 1) * width, grower->high, width);
    tree->leaves[tree->count++] = (struct leaf){.value = value, .part = part};
}

/* --- splits --------------------------------------------------------------------------------------
 */

struct sums {
    double value;
    int runs;
};

static struct sums sums_of(const struct grower *grower, const int *runs, int count)
{
    struct sums all = {0, count};
    for (int i = 0; i < count; i++)
        all.value += grower->bins->value[runs[i]];
    return all;
}

/* The gain is what the sums' squares over their counts grow by. */
static void look_along(const struct grower *grower, int parameter, const int *runs,
                       const struct sums *all, struct split *best)
{
    const struct bins *bins = grower->bins;
    const uint8_t *place = bins->place + (size_t)parameter * (size_t)bins->runs;
    const int low = grower->low[parameter], high = grower->high[parameter];
    struct sums bin[BINS_MAX] = {{0, 0}}, left = {0, 0};

    if (high - low < 2)
        return;
    for (int i = 0; i < all->runs; i++) {
        bin[place[runs[i]]].value += bins->value[runs[i]];
        bin[place[runs[i]]].runs++;
    }
    for (int i = low; i + 1 < high; i++) {
        left.value += bin[i].value;
        left.runs += bin[i].runs;
        const int right = all->runs - left.runs;
        if (bin[i].runs == 0 || right == 0)
            continue;
        const double rest = all->value - left.value;
        const double gain = left.value * left.value / left.runs + rest * rest / right -
                            all->value * all->value / all->runs;
        if (gain > best->gain)
            *best = (struct split){parameter, i + 1, gain};
    }
}

static bool are_equal(const struct grower *grower, const int *runs, int count)
{
    for (int i = 1; i < count; i++)
        if (grower->bins->value[runs[i]] != grower->bins->value[runs[0]])
            return false;
    return true;
}

static int part_runs(const struct grower *grower, const struct split *split, int *runs, int count)
{
    const uint8_t *place =
        grower->bins->place + (size_t)split->parameter * (size_t)grower->bins->runs;
    int left = 0;
    for (int i = 0; i < count; i++)
        if (place[runs[i]] < split->bin) {
            const int run = runs[i];
            runs[i] = runs[left];
            runs[left++] = run;
        }
    return left;
}

static void grow(struct grower *grower, int *runs, int count)
{
    const struct sums all = sums_of(grower, runs, count);
    struct split best = {-1, 0, 0};

    for (int i = 0; i < grower->bins->parameters && !are_equal(grower, runs, count); i++)
        look_along(grower, i, runs, &all, &best);
    if (best.parameter < 0) {
        add_leaf(grower, all.value / count);
        return;
    }
    const int left = part_runs(grower, &best, runs, count);
    uint8_t *low = &grower->low[best.parameter], *high = &grower->high[best.parameter];
    const uint8_t kept_low = *low, kept_high = *high;
    *high = (uint8_t)best.bin;
    grow(grower, runs, left);
    *high = kept_high;
    *low = (uint8_t)best.bin;
    grow(grower, runs + left, count - left);
    *low = kept_low;
}

void tree_grow(struct tree *tree, const struct bins *bins, int *drawn, int count)
{
    const size_t width = (size_t)bins->parameters;
    AUTO_FREE uint8_t *box = xcalloc(2 * width, 1);
    struct grower grower = {bins, tree, box, box + width};

    *tree = (struct tree){0};
    for (int i = 0; i < bins->parameters; i++)
        grower.high[i] = (uint8_t)bins->count[i];
    grow(&grower, drawn, count);
    for (int i = 0; i < tree->count; i++) {
        tree->leaves[i].low = tree->boxes + 2 * (size_t)i * width;
        tree->leaves[i].high = tree->boxes + (2 * (size_t)i + 1) * width;
    }
}

void tree_release(struct tree *tree)
{
    free(tree->leaves);
    free(tree->boxes);
    *tree = (struct tree){0};
}
