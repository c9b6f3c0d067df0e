#include "compare/sequential.h"

#include "compare/distributions.h"
#include "compare/root.h"

#include <assert.h>
#include <math.h>

#define BOUNDARY_MAX 8.0

static const double pi = 3.14159265358979323846;

/* --- quadrature ---------------------------------------------------------------------------- */

enum { NODES_MAX = 96 };

struct nodes {
    int count;
    double place[NODES_MAX], weight[NODES_MAX]; /* on 0 … 1 */
};

/* The Legendre polynomial at x by its recurrence (DLMF 18.9.1), and its derivative (18.9.17). */
static double legendre(int degree, double x, double *slope)
{
    double last = 1, value = x;
    for (int n = 2; n <= degree; n++) {
        const double next = ((2 * n - 1) * x * value - (n - 1) * last) / n;
        last = value;
        value = next;
    }
    *slope = degree * (x * value - last) / (x * x - 1);
    return value;
}

/* Gauss and Legendre's rule: the zeros by Newton's method from DLMF 18.16.2, weights by 3.5.6. */
static struct nodes gauss_nodes(int count)
{
    struct nodes nodes = {.count = count};
    for (int i = 0; i < count; i++) {
        double x = cos(pi * (i + 0.75) / (count + 0.5)), slope = 1;
        for (int step = 0; step < 8; step++)
            x -= legendre(count, x, &slope) / slope;
        legendre(count, x, &slope);
        nodes.place[i] = 0.5 * (1 + x);
        nodes.weight[i] = 1 / ((1 - x * x) * slope * slope);
    }
    return nodes;
}

/* --- the walk ------------------------------------------------------------------------------ */

/* The density of the walk's place after `look` steps without a crossing, at the nodes of
 * 0 … boundary * sqrt(look): it is even. */
struct walk {
    double end, density[NODES_MAX];
};

static double walk_alive(const struct nodes *nodes, const struct walk *walk)
{
    double mass = 0;
    for (int i = 0; i < nodes->count; i++)
        mass += nodes->weight[i] * walk->density[i];
    return 2 * walk->end * mass;
}

/* phi(s - u) + phi(s + u) = 2 phi(s) exp(-u^2/2) cosh(s u); s u stays below 8^2 * 10, so nothing
 * overflows. */
static struct walk walk_on(const struct nodes *nodes, const struct walk *from, double end)
{
    struct walk to = {.end = end};
    double masses[NODES_MAX];

    for (int j = 0; j < nodes->count; j++) {
        const double u = from->end * nodes->place[j];
        masses[j] = from->end * nodes->weight[j] * from->density[j] * exp(-0.5 * u * u);
    }
    for (int i = 0; i < nodes->count; i++) {
        const double s = end * nodes->place[i];
        double sum = 0;
        for (int j = 0; j < nodes->count; j++) {
            const double growth = exp(s * from->end * nodes->place[j]);
            sum += masses[j] * (growth + 1 / growth);
        }
        to.density[i] = sum * exp(-0.5 * s * s) / sqrt(2 * pi);
    }
    return to;
}

static struct walk walk_first(const struct nodes *nodes, double end)
{
    struct walk walk = {.end = end};
    for (int i = 0; i < nodes->count; i++) {
        const double s = end * nodes->place[i];
        walk.density[i] = exp(-0.5 * s * s) / sqrt(2 * pi);
    }
    return walk;
}

double sequential_crossing(int looks, double boundary)
{
    assert(looks >= 1 && looks <= LOOKS_MAX && boundary >= 0);
    if (looks == 1 || boundary > BOUNDARY_MAX)
        return fmin(1, looks * normal_two_sided(boundary));
    if (!(boundary > 0))
        return 1;
    /* Two nodes and a half for each unit of the widest look, a normal density's width. */
    const int count = 16 + (int)(2.5 * boundary * sqrt(looks));
    const struct nodes nodes = gauss_nodes(count < NODES_MAX ? count : NODES_MAX);
    struct walk walk = walk_first(&nodes, boundary);

    for (int look = 2; look <= looks; look++)
        walk = walk_on(&nodes, &walk, boundary * sqrt(look));
    return fmin(1, fmax(0, 1 - walk_alive(&nodes, &walk)));
}

/* --- boundaries ---------------------------------------------------------------------------- */

struct plan {
    int looks;
    double log_level;
};

static double log_excess(double boundary, const void *context)
{
    const struct plan *plan = context;
    return log(sequential_crossing(plan->looks, boundary)) - plan->log_level;
}

double pocock_boundary(int looks, double level)
{
    assert(level >= 1e-12 && level < 1);
    if (looks < 2)
        return -normal_quantile(0.5 * level);
    const struct plan plan = {looks, log(level)};
    return root_of(log_excess, &plan, 0, BOUNDARY_MAX, 1e-12);
}

double pocock_level(int looks, double level)
{
    return looks < 2 ? level : normal_two_sided(pocock_boundary(looks, level));
}

double sequential_p(double p, int looks)
{
    if (looks < 2 || isnan(p) || p <= 0)
        return p;
    const double crossing = sequential_crossing(looks, fmax(0, -normal_quantile(0.5 * p)));
    return fmax(p, crossing);
}
