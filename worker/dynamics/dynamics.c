#include "dynamics/dynamics.h"

#include "json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The list: a file of worker/dynamics/ defines NAME_dynamics. */
#define FOR_EACH_DYNAMICS(_)                                                                       \
    _(sgd)                                                                                         \
    _(signsgd)                                                                                     \
    _(rmsprop)                                                                                     \
    _(rmspropw)                                                                                    \
    _(adam)                                                                                        \
    _(adamw)

#define DECLARE(name) extern const struct dynamics_kind name##_dynamics;
#define ENTER(name)   &name##_dynamics,

FOR_EACH_DYNAMICS(DECLARE)
const struct dynamics_kind *const dynamics_kinds[] = {FOR_EACH_DYNAMICS(ENTER) NULL};

#define NAME(name) ", " #name
static const char names[] = FOR_EACH_DYNAMICS(NAME); /* ", sgd, signsgd, …" */

const struct dynamics_kind *dynamics_find(const char *optimizer)
{
    for (int i = 0; dynamics_kinds[i]; i++) {
        if (strcmp(dynamics_kinds[i]->optimizer, optimizer) == 0)
            return dynamics_kinds[i];
    }
    return NULL;
}

static double number_named(const struct optimizer *optimizer, const struct chosen *chosen,
                           const char *name)
{
    int place = 0;
    while (optimizer->settings[place].name && strcmp(optimizer->settings[place].name, name) != 0)
        place++;
    assert(optimizer->settings[place].name);
    return chosen->number[place];
}

static double number_of(const json_t *value)
{
    return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

static int check_settings(const struct dynamics_kind *kind, const struct optimizer *optimizer,
                          const struct chosen *chosen, struct error *err)
{
    json_auto_t *only = json_loads(kind->only ? kind->only : "{}", 0, NULL);
    const char *name;
    json_t *value;

    json_object_foreach(only, name, value)
    {
        if (number_named(optimizer, chosen, name) != number_of(value))
            return error_set(err, "the SDE of %s is that of %s", optimizer->name, kind->only);
    }
    return 0;
}

static int check_noise(const struct dynamics_kind *kind, const struct noise *noise,
                       struct error *err)
{
    if (kind->any_noise || isfinite(noise_spread(noise)))
        return 0;
    return error_set(err,
                     "the SDE of %s needs noise with a variance, which Student's t has for "
                     "noise_nu above 2; that of signsgd needs none",
                     kind->optimizer);
}

static bool is_semi_implicit(const struct optimizer *optimizer, const struct chosen *chosen,
                             const char *integrator)
{
    if (integrator)
        return strcmp(integrator, "semi_implicit") == 0;
    return number_named(optimizer, chosen, "beta1") <= 0.95;
}

int dynamics_open(struct dynamics *dynamics, const struct optimizer *optimizer,
                  const struct chosen *chosen, const struct noise *noise, const char *integrator,
                  struct error *err)
{
    const struct dynamics_kind *kind = dynamics_find(optimizer->name);
    if (!kind)
        return error_set(err, "there is no SDE of %s; take one of %s", optimizer->name, names + 2);
    if (!noise)
        return error_set(err, "an SDE needs a problem whose gradient is known; a data set's is "
                              "not");
    if (check_settings(kind, optimizer, chosen, err) < 0 || check_noise(kind, noise, err) < 0)
        return -1;
    *dynamics = (struct dynamics){
        .kind = kind, .chosen = chosen, .noise = noise, .spread = (real)noise_spread(noise)};
    if (kind->has_integrators)
        dynamics->semi_implicit = is_semi_implicit(optimizer, chosen, integrator);
    return kind->prepare ? kind->prepare(dynamics, err) : 0;
}

void dynamics_close(struct dynamics *dynamics)
{
    free(dynamics->table);
    *dynamics = (struct dynamics){0};
}

void dynamics_step(const struct dynamics *dynamics, real rate, size_t from, struct weights *weights)
{
    const struct noise *noise = dynamics->noise;
    float normals[NOISE_TURN];
    const struct drive drive = {noise_deviations(noise, from), normals};

    noise_normals(noise, (uint64_t)weights->step - 1, from, weights->count, normals);
    dynamics->kind->step(dynamics, rate, &drive, weights);
}
