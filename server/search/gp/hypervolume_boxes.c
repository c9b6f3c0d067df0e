#include "search/gp/hypervolume_boxes.h"

#include "memory.h"
#include "search/fronts/pareto.h"
#include "search/gp/log_ei.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int hypervolume_boxes_points(int objectives)
{
    static const int most[] = {1, 1, 200, 60, 30, 16, 12, 10, 9};
    const int last = (int)COUNT_OF(most) - 1;
    return most[objectives < last ? objectives : last];
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Rising, none twice. */
static void set_edges(struct hypervolume_boxes *boxes, int objective, const double *points,
                      int count, double reference)
{
    double *edges = xcalloc((size_t)count + 2, sizeof *edges);
    int kept = 1;

    for (int i = 0; i < count; i++)
        edges[i + 1] = points[(size_t)i * boxes->objectives + objective];
    qsort(edges + 1, (size_t)count, sizeof *edges, by_value);
    edges[0] = -(double)INFINITY;
    for (int i = 1; i <= count; i++)
        if (edges[i] != edges[kept - 1])
            edges[kept++] = edges[i];
    edges[kept++] = reference;
    boxes->edges[objective] = edges;
    boxes->edge_count[objective] = kept;
    boxes->most_edges = kept > boxes->most_edges ? kept : boxes->most_edges;
}

static uint16_t edge_at(const struct hypervolume_boxes *boxes, int objective, double value)
{
    const double *edges = boxes->edges[objective];
    const double *found =
        bsearch(&value, edges, (size_t)boxes->edge_count[objective], sizeof *edges, by_value);
    return (uint16_t)(found - edges);
}

static uint16_t last_edge(const struct hypervolume_boxes *boxes, int objective)
{
    return (uint16_t)(boxes->edge_count[objective] - 1);
}

static void add_box(struct hypervolume_boxes *boxes, const uint16_t *sides)
{
    const size_t size = (size_t)boxes->objectives * 2;

    if (boxes->count == boxes->room) {
        boxes->room = 2 * boxes->room + 64;
        boxes->sides = xrealloc(boxes->sides, (size_t)boxes->room * size, sizeof *boxes->sides);
    }
    memcpy(boxes->sides + (size_t)boxes->count++ * size, sides, size * sizeof *sides);
}

/* Boxes of the objectives 0 … upto, the others being set in `sides` already. Between two
 * neighbouring values of the last objective, it is the points up to the lower one that dominate,
 * with one objective less. */
static void cut(struct hypervolume_boxes *boxes, const double *points, int count, int upto,
                uint16_t *sides);

/* The points with at most `limit` in the last objective, by their others, best ones only. */
static int project(const double *points, int count, int size, double limit, double *out)
{
    AUTO_FREE double *all = xcalloc((size_t)count * size + 1, sizeof *all);
    AUTO_FREE int *chosen = xcalloc((size_t)count + 1, sizeof *chosen);
    int kept = 0;

    for (int i = 0; i < count; i++)
        if (points[(size_t)i * (size + 1) + size] <= limit)
            memcpy(all + (size_t)kept++ * size, points + (size_t)i * (size + 1),
                   (size_t)size * sizeof *all);
    kept = pareto_best(all, kept, size, chosen);
    for (int i = 0; i < kept; i++)
        memcpy(out + (size_t)i * size, all + (size_t)chosen[i] * size, (size_t)size * sizeof *all);
    return kept;
}

static void cut_slices(struct hypervolume_boxes *boxes, const double *points, int count, int upto,
                       uint16_t *sides)
{
    AUTO_FREE double *values = xcalloc((size_t)count + 1, sizeof *values);
    AUTO_FREE double *below = xcalloc((size_t)count * upto + 1, sizeof *below);

    for (int i = 0; i < count; i++)
        values[i] = points[(size_t)i * (upto + 1) + upto];
    qsort(values, (size_t)count, sizeof *values, by_value);
    sides[2 * upto] = 0;
    sides[2 * upto + 1] = edge_at(boxes, upto, values[0]);
    cut(boxes, NULL, 0, upto - 1, sides);
    for (int i = 0; i < count; i++) {
        if (i + 1 < count && values[i + 1] == values[i])
            continue;
        const int kept = project(points, count, upto, values[i], below);
        sides[2 * upto] = edge_at(boxes, upto, values[i]);
        sides[2 * upto + 1] =
            i + 1 < count ? edge_at(boxes, upto, values[i + 1]) : last_edge(boxes, upto);
        cut(boxes, below, kept, upto - 1, sides);
    }
}

static void cut(struct hypervolume_boxes *boxes, const double *points, int count, int upto,
                uint16_t *sides)
{
    if (count > 0 && upto > 0) {
        cut_slices(boxes, points, count, upto, sides);
        return;
    }
    for (int i = 0; i <= upto; i++) {
        sides[2 * i] = 0;
        sides[2 * i + 1] = last_edge(boxes, i);
    }
    if (count > 0) { /* one objective: up to the least */
        double least = points[0];
        for (int i = 1; i < count; i++)
            least = fmin(least, points[i]);
        sides[1] = edge_at(boxes, 0, least);
    }
    add_box(boxes, sides);
}

static bool is_below(const double *point, const double *reference, int objectives)
{
    for (int i = 0; i < objectives; i++)
        if (!(point[i] < reference[i]))
            return false;
    return true;
}

void hypervolume_boxes_init(struct hypervolume_boxes *boxes, const double *points, int count,
                            int objectives, const double *reference)
{
    const size_t size = (size_t)objectives;
    AUTO_FREE double *below = xcalloc((size_t)count * size + 1, sizeof *below);
    AUTO_FREE uint16_t *sides = xcalloc(2 * size, sizeof *sides);
    int kept = 0;

    for (int i = 0; i < count; i++)
        if (is_below(points + i * size, reference, objectives))
            memcpy(below + kept++ * size, points + i * size, size * sizeof *below);

    *boxes = (struct hypervolume_boxes){.objectives = objectives};
    boxes->edges = xcalloc(size, sizeof *boxes->edges);
    boxes->edge_count = xcalloc(size, sizeof *boxes->edge_count);
    for (int i = 0; i < objectives; i++)
        set_edges(boxes, i, below, kept, reference[i]);
    cut(boxes, below, kept, objectives - 1, sides);
}

void hypervolume_boxes_release(struct hypervolume_boxes *boxes)
{
    for (int i = 0; i < boxes->objectives; i++)
        free(boxes->edges[i]);
    free(boxes->edges);
    free(boxes->edge_count);
    free(boxes->sides);
    *boxes = (struct hypervolume_boxes){0};
}

/* Expected improvement below each edge of one objective: the logarithm of its share of that below
 * the reference. Returns the logarithm of the latter. */
static double improvements(const double *edges, int count, double mean, double sigma,
                           double *log_shares)
{
    double slope;
    const double whole = log_improvement((edges[count - 1] - mean) / sigma, &slope);

    log_shares[0] = -(double)INFINITY;
    for (int i = 1; i < count; i++)
        log_shares[i] = log_improvement((edges[i] - mean) / sigma, &slope) - whole;
    return whole + log(sigma);
}

static double sum_of_boxes(const struct hypervolume_boxes *boxes, const double *shares)
{
    const int objectives = boxes->objectives;
    double sum = 0;

    for (int i = 0; i < boxes->count; i++) {
        const uint16_t *sides = boxes->sides + (size_t)i * objectives * 2;
        double part = 1;
        for (int k = 0; k < objectives; k++) {
            const double *share = shares + (size_t)k * boxes->most_edges;
            part *= share[sides[2 * k + 1]] - share[sides[2 * k]];
        }
        sum += part;
    }
    return sum;
}

static double log_of_box(const struct hypervolume_boxes *boxes, const double *log_shares,
                         const uint16_t *sides)
{
    double logarithm = 0;

    for (int k = 0; k < boxes->objectives; k++) {
        const double *share = log_shares + (size_t)k * boxes->most_edges;
        const double high = share[sides[2 * k + 1]], low = share[sides[2 * k]];
        if (!(high > low))
            return -(double)INFINITY;
        logarithm += high + log1p(-exp(low - high));
    }
    return logarithm;
}

/* Where the sum itself is rounded to 0: that of the largest one, its greatest part. */
static double log_of_largest(const struct hypervolume_boxes *boxes, const double *log_shares)
{
    double largest = -(double)INFINITY;

    for (int i = 0; i < boxes->count; i++)
        largest = fmax(largest, log_of_box(boxes, log_shares,
                                           boxes->sides + (size_t)i * boxes->objectives * 2));
    return largest;
}

double hypervolume_log_improvement(const struct hypervolume_boxes *boxes, const double *mean,
                                   const double *sigma)
{
    const size_t count = (size_t)boxes->objectives * boxes->most_edges;
    AUTO_FREE double *log_shares = xcalloc(count, sizeof *log_shares);
    AUTO_FREE double *shares = xcalloc(count, sizeof *shares);
    double whole = 0;

    for (int k = 0; k < boxes->objectives; k++)
        whole += improvements(boxes->edges[k], boxes->edge_count[k], mean[k], sigma[k],
                              log_shares + (size_t)k * boxes->most_edges);
    for (size_t i = 0; i < count; i++)
        shares[i] = exp(log_shares[i]);
    const double sum = sum_of_boxes(boxes, shares);
    return whole + (sum > 1e-280 ? log(sum) : log_of_largest(boxes, log_shares));
}
