#include "objectives/problem_landscape.h"

static struct problem_landscape *landscape_of(struct landscape *landscape)
{
    return (struct problem_landscape *)landscape;
}

static double loss(struct landscape *landscape, const real *theta, struct sample sample)
{
    const struct problem_landscape *self = landscape_of(landscape);
    (void)sample;
    landscape->passes += 1.0;
    return self->kind->value(self->chosen, landscape->dimension, theta, NULL);
}

/* The problem is its only example. */
static double gradient(struct landscape *landscape, const real *theta, struct sample sample,
                       real *out, real *squares)
{
    const struct problem_landscape *self = landscape_of(landscape);
    (void)sample;
    const double value = self->kind->value(self->chosen, landscape->dimension, theta, out);
    for (size_t i = 0; squares && i < landscape->dimension; i++)
        squares[i] = out[i] * out[i];
    landscape->passes += squares ? 4.0 : 3.0;
    return value;
}

static void curve_at(struct landscape *landscape, const real *theta, struct sample sample)
{
    (void)sample;
    landscape_of(landscape)->curved_at = theta;
}

static void product(struct landscape *landscape, const real *direction, real *out)
{
    const struct problem_landscape *self = landscape_of(landscape);
    self->kind->curvature(self->chosen, landscape->dimension, self->curved_at, direction, out);
    landscape->passes += 4.0;
}

static const struct landscape_methods methods = {
    .loss = loss,
    .gradient = gradient,
    .curve_at = curve_at,
    .product = product,
};

void problem_landscape_init(struct problem_landscape *landscape, const struct problem_kind *kind,
                            const struct chosen *chosen, size_t axes)
{
    *landscape = (struct problem_landscape){
        .landscape =
            {
                .methods = &methods,
                .dimension = axes,
                .examples = 1,
                .has_curvature = kind->curvature != NULL,
                .has_squares = true,
            },
        .kind = kind,
        .chosen = chosen,
    };
}
