/*
 * Objectives: what an optimizer minimises. `supervised` is a model on a data set with a loss; the
 * others are analytic problems. An objective owns its scratch; theta and gradient are its caller's.
 */
#ifndef OBJECTIVES_H
#define OBJECTIVES_H

#include "landscape.h"
#include "math/real.h"
#include "math/tensor.h"
#include "metrics.h"
#include "settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evaluation {
    double loss;
    double accuracy; /* NaN where there is none (regression, problems) */
    bool has_accuracy;
};

enum part { PART_TRAIN, PART_VALID };

struct objective;

struct objective_methods {
    /* theta [d] out, a pure function of the seed. */
    void (*init)(struct objective *objective, real *theta);
    /* Mean loss of the batch of step k = 0, 1, … and its gradient [d]; *samples: examples in it
     * (0: there are no examples, the loss is exact). */
    double (*loss_gradient)(struct objective *objective, const real *theta, uint64_t k,
                            real *gradient, uint32_t *samples);
    /* Mean loss over a whole part; false where the objective has no such part. `alive` is called
     * now and then with its context, so that long evaluations still answer. */
    bool (*evaluate)(struct objective *objective, const real *theta, enum part part,
                     void (*alive)(void *), void *alive_context, struct evaluation *out);
    /* What it has to say of theta after step k beside its loss, as metrics [METRICS]; entries that
     * it leaves alone are not reported. NULL: nothing. */
    void (*measure)(struct objective *objective, const real *theta, uint64_t k, double *metrics);
    /* How noisy the gradient of step k's batch is at theta (noise_probe.h), as metrics [METRICS].
     * It changes nothing for what follows. NULL: there are no batches. */
    void (*probe)(struct objective *objective, const real *theta, uint64_t k, void (*alive)(void *),
                  void *alive_context, double *metrics);
    void (*free)(struct objective *objective);
};

struct objective {
    const struct objective_methods *methods;
    size_t dimension;         /* d */
    uint64_t steps_per_epoch; /* 0: has no epochs */
    const struct tensor *tensors;
    int tensor_count;
    uint32_t replicas;         /* of a problem: independent copies that theta holds side by side */
    const struct noise *noise; /* its own: the law of a problem's gradient noise; NULL: examples */
    struct landscape *landscape; /* its own, for optimizers that drive it; NULL: cannot be */
};

/* Builds the objective of a resolved specification. data: path of the cache file, NULL for
 * built-ins (kept in the folder `cache`) and problems. Checks what only the data can tell (a loss
 * that does not suit its labels). The caller frees with objective->methods->free(). */
int objective_open(const json_t *spec, const char *data, const char *cache,
                   struct objective **out_objective, struct error *err);

/*
 * An analytic problem. Its settings are under the spec's "problem". It has no data: each gradient
 * is exact, or has noise on it (RANDOM_NOISE, by step), Gaussian or Student's t; `evaluate` is the
 * exact value.
 *
 * "replicas" R trains as many independent copies at once: theta is [R][axes], all start at the same
 * point, the loss is the mean over them, and `measure` says how it is spread. The first copies are
 * the same, bit for bit, however many there are. Under "dynamics": "sde" the gradient stays exact:
 * the noise is the integrator's (dynamics/dynamics.h).
 *
 * To add one: write worker/objectives/problems/NAME.c and put its name into the list in problems.c.
 */
struct problem_kind {
    const char *name;
    const char *help;
    const struct setting *settings; /* the first ones are PROBLEM_SETTINGS */
    int size; /* the setting that says how many axes there are: an integer, or a list of as many */
    void (*start)(const struct chosen *chosen, size_t axes, real *theta);
    /* The value at theta [axes]; with gradient [axes] not NULL the exact gradient too. */
    double (*value)(const struct chosen *chosen, size_t axes, const real *theta, real *gradient);
    /* A positive semidefinite curvature at theta, times a direction: the Hessian where that is one,
     * else that of Gauss and Newton. Both [axes]. NULL: the problem gives none. */
    void (*curvature)(const struct chosen *chosen, size_t axes, const real *theta,
                      const real *direction, real *product);
};

enum { PROBLEM_NOISE, PROBLEM_NOISE_DEVIATION, PROBLEM_NOISE_NU, PROBLEM_OWN };
#define PROBLEM_SETTINGS                                                                           \
    {.name = "noise",                                                                              \
     .type = SETTING_NUMBER,                                                                       \
     .low = 0,                                                                                     \
     .high = 1e6,                                                                                  \
     .help = "standard deviation of the noise on each entry of the gradient"},                     \
        {.name = "noise_deviation",                                                                \
         .type = SETTING_NUMBERS,                                                                  \
         .nullable = true,                                                                         \
         .low = 0,                                                                                 \
         .high = 1e6,                                                                              \
         .least = 1,                                                                               \
         .most = 10000,                                                                            \
         .help = "instead of noise: one for each axis, such as [0.1, 0.2]"},                       \
    {                                                                                              \
        .name = "noise_nu", .type = SETTING_NUMBER, .nullable = true, .low = 1, .high = 1e6,       \
        .help = "the noise is Student's t with so many degrees of freedom, noise its scale; "      \
                "null: Gaussian"                                                                   \
    }

/* The setting "start" of a problem that begins at `usual` along each of its axes, which are as many
 * as the list `axes` has entries; both as text. */
#define PROBLEM_START(axes, usual)                                                                 \
    {                                                                                              \
        .name = "start", .type = SETTING_NUMBERS, .nullable = true, .low = -1e12, .high = 1e12,    \
        .least = 1, .most = 10000, .as_many_as = (axes),                                           \
        .help = "where it begins; null: " usual " along each axis"                                 \
    }
/* theta [axes] out: what was given under that setting, or `usual`. */
void problem_start(const struct chosen *chosen, int setting, size_t axes, double usual,
                   real *theta);

extern const struct problem_kind *const problem_kinds[]; /* ends with NULL */

/* objectives/problems.c */
int problem_open(const json_t *spec, struct objective **out_objective, struct error *err);

/* objectives/supervised.c */
int supervised_open(const json_t *spec, const char *data, const char *cache,
                    struct objective **out_objective, struct error *err);

#endif
