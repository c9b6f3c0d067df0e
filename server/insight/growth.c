#include "insight/growth.h"

#include "jobs/space.h"
#include "memory.h"
#include "search/fronts/hypervolume.h"
#include "search/numbers/sobol_points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEED = 1,
    ALL_DRAWS = GROWTH_SCRAMBLES * GROWTH_DRAWS,
    WORD_BITS = 64,
    WORDS = ALL_DRAWS / WORD_BITS,
    BLOCKS = 64, /* of an axis */
    BLOCK = ALL_DRAWS / BLOCKS,
    EFFORT_PART = 8, /* the front at the end takes at most so much of it */
};

/* Rounding may take away what a run that hardly adds anything adds. */
static void add_step(struct growth *growth, int place)
{
    if (growth->count > 0 && growth->volume <= growth->steps[growth->count - 1].volume)
        return;
    growth->steps[growth->count++] = (struct growth_step){place, growth->volume};
}

void growth_release(struct growth *growth)
{
    free(growth->steps);
    growth->steps = NULL;
}

/* --- exact ---------------------------------------------------------------------------------------
 */

/* What nobody dominates so far. */
struct archive {
    double *points; /* [count][objectives] */
    int count, most, objectives;
};

static bool is_at_most(const double *a, const double *b, int objectives)
{
    for (int k = 0; k < objectives; k++)
        if (a[k] > b[k])
            return false;
    return true;
}

/* Those that turn others away come to the front: most are turned away by the first few. */
static bool turns_away(struct archive *archive, const double *point, int64_t *effort)
{
    const size_t width = (size_t)archive->objectives;
    double kept[OBJECTIVES_MAX];
    for (int i = 0; i < archive->count; i++) {
        double *other = archive->points + (size_t)i * width;
        double *nearer = archive->points + (size_t)(i / 2) * width;
        if (!is_at_most(other, point, archive->objectives))
            continue;
        memcpy(kept, other, width * sizeof *kept);
        memcpy(other, nearer, width * sizeof *kept);
        memcpy(nearer, kept, width * sizeof *kept);
        *effort -= 2 * (int64_t)i;
        return true;
    }
    *effort -= 4 * (int64_t)archive->count;
    return false;
}

/* False: there is no room. */
static bool take_in(struct archive *archive, const double *point)
{
    const size_t width = (size_t)archive->objectives;
    int kept = 0;
    for (int i = 0; i < archive->count; i++) {
        const double *other = archive->points + (size_t)i * width;
        if (is_at_most(point, other, archive->objectives))
            continue;
        memmove(archive->points + (size_t)kept++ * width, other, width * sizeof *other);
    }
    archive->count = kept;
    if (kept == archive->most)
        return false;
    memcpy(archive->points + (size_t)archive->count++ * width, point, width * sizeof *point);
    return true;
}

/* Those that nobody before them dominates: each of them makes the volume grow. [told->count] out;
 * -1: too many, or too long. */
static int find_entrants(struct archive *archive, const struct told_points *told, int *entrants,
                         int64_t *effort)
{
    int count = 0;
    for (int i = 0; i < told->count; i++) {
        if (turns_away(archive, told_point(told, i), effort))
            continue;
        if (*effort < 0 || !take_in(archive, told_point(told, i)))
            return -1;
        entrants[count++] = i;
    }
    return count;
}

/* Volumes at some of the entrants, evenly spread: as many as the effort that is left allows, where
 * each takes `each`. The last of them is known. */
static void follow(struct growth *growth, struct archive *archive, const struct told_points *told,
                   const double *reference, const int *entrants, int count, int64_t each,
                   int64_t effort)
{
    const double last = growth->volume;
    const int64_t fitting = 1 + effort / (each + 1);
    int64_t most = fitting < GROWTH_STEPS_MAX ? fitting : GROWTH_STEPS_MAX, next = 0;
    most = count < most ? count : most;

    archive->count = 0;
    for (int i = 0; i < count - 1; i++) {
        const double *point = told_point(told, entrants[i]);
        take_in(archive, point);
        if (i < next * (count - 1) / (most > 1 ? most - 1 : 1) || next + 1 >= most)
            continue;
        next++;
        if (hypervolume_within(archive->points, archive->count, told->objectives, reference,
                               &effort, &growth->volume) == 0)
            add_step(growth, told->places[entrants[i]]);
    }
    growth->volume = last;
    add_step(growth, told->places[entrants[count - 1]]);
}

int growth_exact(struct growth *growth, const struct told_points *told, const double *reference,
                 int most)
{
    const size_t width = (size_t)told->objectives;
    AUTO_FREE int *entrants = xcalloc((size_t)told->count, sizeof *entrants);
    AUTO_FREE double *points = xcalloc((size_t)most * width, sizeof *points);
    struct archive archive = {points, 0, most, told->objectives};
    int64_t effort = GROWTH_EFFORT, end = GROWTH_EFFORT / EFFORT_PART;

    *growth = (struct growth){.steps = NULL};
    const int count = find_entrants(&archive, told, entrants, &effort);
    if (count < 0 || hypervolume_within(archive.points, archive.count, told->objectives, reference,
                                        &end, &growth->volume) < 0)
        return -1;
    const int64_t each = GROWTH_EFFORT / EFFORT_PART - end;
    growth->steps = xcalloc(GROWTH_STEPS_MAX, sizeof *growth->steps);
    follow(growth, &archive, told, reference, entrants, count, each, effort - each);
    return 0;
}

/* --- estimated -----------------------------------------------------------------------------------
 */

typedef uint64_t draw_set[WORDS];

/* Along each axis blocks of draws, and the sets of those that lie in a block or behind it: what a
 * point dominates lies in one such set of each axis. */
struct axis {
    double begins[BLOCKS];
    draw_set behind[BLOCKS];
};

struct draws {
    double *points;    /* [ALL_DRAWS][objectives] one scramble after the other */
    struct axis *axes; /* [objectives] */
    int objectives;
    draw_set left; /* not dominated yet */
    int count;     /* of those */
};

static const double *draw_at(const struct draws *draws, int i)
{
    return draws->points + (int64_t)i * draws->objectives;
}

static void draw_points(struct draws *draws, const double *ideal, const double *reference)
{
    AUTO_FREE struct sobol *sobol = xcalloc(1, sizeof *sobol);
    for (int i = 0; i < ALL_DRAWS; i++) {
        double *draw = draws->points + (int64_t)i * draws->objectives;
        struct rng rng = rng_stream(SEED, RANDOM_SAMPLE, (uint64_t)(i / GROWTH_DRAWS));
        if (i % GROWTH_DRAWS == 0)
            sobol_scrambled(sobol, draws->objectives, &rng);
        sobol_point(sobol, (uint32_t)(i % GROWTH_DRAWS), draw);
        for (int k = 0; k < draws->objectives; k++)
            draw[k] = ideal[k] + draw[k] * (reference[k] - ideal[k]);
    }
}

struct placed {
    double at;
    int draw;
};

static int by_place(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->draw - b->draw;
}

static void fill_axis(struct draws *draws, int k)
{
    AUTO_FREE struct placed *placed = xcalloc(ALL_DRAWS, sizeof *placed);
    struct axis *axis = &draws->axes[k];
    for (int i = 0; i < ALL_DRAWS; i++)
        placed[i] = (struct placed){draw_at(draws, i)[k], i};
    qsort(placed, ALL_DRAWS, sizeof *placed, by_place);
    for (int block = BLOCKS - 1; block >= 0; block--) {
        if (block + 1 < BLOCKS)
            memcpy(axis->behind[block], axis->behind[block + 1], sizeof axis->behind[block]);
        axis->begins[block] = placed[block * BLOCK].at;
        for (int i = block * BLOCK; i < (block + 1) * BLOCK; i++)
            axis->behind[block][placed[i].draw / WORD_BITS] |= 1ULL << placed[i].draw % WORD_BITS;
    }
}

static void draws_init(struct draws *draws, const double *ideal, const double *reference,
                       int objectives)
{
    *draws = (struct draws){
        .points = xcalloc((size_t)ALL_DRAWS * (size_t)objectives, sizeof(double)),
        .axes = xcalloc((size_t)objectives, sizeof(struct axis)),
        .objectives = objectives,
        .count = ALL_DRAWS,
    };
    memset(draws->left, 0xff, sizeof draws->left);
    draw_points(draws, ideal, reference);
    for (int k = 0; k < objectives; k++)
        fill_axis(draws, k);
}

static void draws_release(struct draws *draws)
{
    free(draws->points);
    free(draws->axes);
}

/* The last block that begins before `at`: those before it hold nothing that is at least that. */
static int block_of(const struct axis *axis, double at)
{
    int low = 0, high = BLOCKS - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (axis->begins[middle] < at)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

/* What the point dominates leaves. */
static void take_out(struct draws *draws, const double *point)
{
    draw_set near;
    memcpy(near, draws->left, sizeof near);
    for (int k = 0; k < draws->objectives; k++) {
        const struct axis *axis = &draws->axes[k];
        const uint64_t *behind = axis->behind[block_of(axis, point[k])];
        for (int word = 0; word < WORDS; word++)
            near[word] &= behind[word];
    }
    for (int word = 0; word < WORDS; word++)
        for (uint64_t bits = near[word]; bits; bits &= bits - 1) {
            const int bit = __builtin_ctzll(bits);
            if (!is_at_most(point, draw_at(draws, word * WORD_BITS + bit), draws->objectives))
                continue;
            draws->left[word] &= ~(1ULL << bit);
            draws->count--;
        }
}

/* Of the mean of the scrambles' shares; no finer than one draw tells. */
static double standard_error(const struct draws *draws)
{
    const int words = GROWTH_DRAWS / WORD_BITS;
    const double mean = (double)draws->count / GROWTH_SCRAMBLES;
    double squares = 0;
    for (int i = 0; i < GROWTH_SCRAMBLES; i++) {
        int left = 0;
        for (int word = i * words; word < (i + 1) * words; word++)
            left += __builtin_popcountll(draws->left[word]);
        squares += (left - mean) * (left - mean);
    }
    const double variance = squares / (GROWTH_SCRAMBLES - 1) / GROWTH_SCRAMBLES;
    return fmax(sqrt(variance) / GROWTH_DRAWS, 1.0 / ALL_DRAWS);
}

void growth_estimate(struct growth *growth, const struct told_points *told, const double *ideal,
                     const double *reference)
{
    struct draws draws;
    double box = 1;

    *growth = (struct growth){.steps = xcalloc(ALL_DRAWS, sizeof *growth->steps)};
    draws_init(&draws, ideal, reference, told->objectives);
    for (int k = 0; k < told->objectives; k++)
        box *= reference[k] - ideal[k];
    for (int i = 0; i < told->count && draws.count > 0; i++) {
        const int before = draws.count;
        take_out(&draws, told_point(told, i));
        growth->volume = box * (ALL_DRAWS - draws.count) / ALL_DRAWS;
        if (draws.count < before)
            add_step(growth, told->places[i]);
    }
    growth->error = box * standard_error(&draws);
    draws_release(&draws);
}
