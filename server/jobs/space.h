/*
 * A search space: named parameters, what values they take, and when they apply.
 *
 *     {"/optimizer/lr": {"type": "float", "low": 1e-5, "high": 1, "scale": "log"},
 *      "/optimizer/type": {"type": "choice", "values": ["adamw", "nesterov"]},
 *      "/optimizer/momentum": {"type": "float", "low": 0.5, "high": 0.99,
 *                              "when": {"/optimizer/type": ["nesterov"]}},
 *      "/batch_size": {"type": "int", "low": 32, "high": 512, "step": 32}}
 *
 * A point is `double values[count]`, in the user's unit: of a float or an int the number itself, of
 * a choice the place of its value, NaN where the parameter does not apply. Parameters stand in an
 * order in which those that a condition names come before it: a walk from 0 up knows what applies.
 *
 * The unit cube: every parameter has one coordinate u in [0, 1], whether it applies or not
 * (Bergstra et al., NeurIPS 2011):
 *     float       (x - low) / (high - low), of logarithms with scale "log"; with a step as an int
 *     int         with step s: [low - s/2, high + s/2] is the interval (logarithms of it with scale
 *                 "log"); back: rounded to low + k s and clipped
 *     choice      place i of n: the middle (i + 0.5) / n; back: floor(u n)
 */
#ifndef SPACE_H
#define SPACE_H

#include "problems.h"
#include "random.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { PARAMETERS_MAX = 128, CHOICES_MAX = 1024, CONDITIONS_MAX = 8, PARAMETER_NAME_BYTES = 200 };
enum { OBJECTIVES_MAX = 8, CONSTRAINTS_MAX = 8 }; /* of a search */

enum parameter_type { PARAMETER_FLOAT, PARAMETER_INT, PARAMETER_CHOICE, PARAMETER_TYPES };
extern const char *const parameter_type_names[PARAMETER_TYPES];

/* It applies where the other parameter does and has one of those values. */
struct condition {
    int parameter;    /* one before it */
    uint8_t *allowed; /* [choices] of a choice: 1 where allowed; NULL: of a number, see below */
    double low, high; /* of a number: {"/x": {"at_least": 1, "at_most": 3}}; ends included */
};

struct parameter {
    char *name; /* a JSON pointer into the base, or free where the runner is external */
    enum parameter_type type;
    bool log;
    bool ordered;     /* choice: neighbours are alike ("ordered": true) */
    double low, high; /* float, int; of a choice 0 and count - 1 */
    double step;      /* int: at least 1; float: 0 where there is none */
    double tens; /* float with a step: power of ten that makes low and step whole; 0: none does */
    json_t *values;               /* choice: a list, any JSON values, no two the same */
    int choices;                  /* how many; 0 for numbers */
    struct condition *conditions; /* [condition_count], all must hold */
    int condition_count;
};

struct space {
    struct parameter *parameters; /* [count] */
    int count;
};

/* Reads the object under `pointer` ("/space"). Problems name the field and what is accepted: empty
 * or reversed ranges, log over zero or less, an int that is not whole, a step that does not lead
 * from low to high is fine (the last value is the largest below), no values, the same value twice,
 * a condition on an unknown parameter, on itself or in a circle, a value no parameter has.
 * With problems, *space is empty. The caller releases it. */
void space_read(const json_t *object, const char *pointer, struct space *space,
                struct problems *problems);
void space_release(struct space *space);
json_t *space_json(const struct space *space); /* as it can be read again */

int space_find(const struct space *space, const char *name); /* -1: none */
/* A problem at `pointer`, member `name`: no such parameter, with the nearest one. */
void space_refuse_unknown(const struct space *space, const char *pointer, const char *name,
                          struct problems *problems);
/* Whether parameter i applies at the point; its conditions' parameters must be set before. */
bool space_applies(const struct space *space, int i, const double *values);
/* One value only: nothing to search. */
bool parameter_is_fixed(const struct parameter *parameter);
/* How many values it takes; 0: a float without a step. */
uint64_t parameter_size(const struct parameter *parameter);
/* Value number `place`, from 0, the place of the value nearest to a number, and that of the first
 * value at or above a number (the size where there is none). Not of a float without a step. */
double parameter_value(const struct parameter *parameter, uint64_t place);
uint64_t parameter_place(const struct parameter *parameter, double value);
uint64_t parameter_place_from(const struct parameter *parameter, double least);
/* The place of a choice's value, 1 and 1.0 being the same; -1: none. */
int parameter_choice(const struct parameter *parameter, const json_t *value);
/* A number on its axis: ln x with scale "log", else x; ends of the (widened) axis. */
double parameter_axis(const struct parameter *parameter, double value);
void parameter_ends(const struct parameter *parameter, double *out_low, double *out_high);

/* Between a point and the cube, u [count]. What does not apply has u = 0.5 one way and is NaN the
 * other way. unit -> values -> unit -> values ends where it was, a float without a step to within
 * rounding. u outside [0, 1] is clipped. */
double parameter_to_unit(const struct parameter *parameter, double value);
double parameter_from_unit(const struct parameter *parameter, double u);
void space_to_unit(const struct space *space, const double *values, double *u);
void space_from_unit(const struct space *space, const double *u, double *values);
/* Sets NaN what does not apply, and the middle of the cube where something that does has none. */
void space_settle(const struct space *space, double *values);

/* Every parameter drawn on its own, uniform on the cube. */
void space_draw(const struct space *space, struct rng *rng, double *values);

/* Whether a float has no step (and more than one value). */
bool space_is_continuous(const struct space *space);
/* How many different points there are; UINT64_MAX stands for itself, for more, and for a continuous
 * space; also where conditions hang together in more than 2^17 ways, which are not walked through.
 * Parameters that do not apply do not make points different. */
uint64_t space_size(const struct space *space);
/* Point number 0 … size - 1 of a space that is not continuous, in the order of a grid whose last
 * parameter changes fastest. */
void space_point(const struct space *space, uint64_t number, double *values);
/* The same values; where one applies, both do. And a hash that agrees with it. */
bool space_same(const struct space *space, const double *a, const double *b);
uint64_t space_hash(const struct space *space, const double *values);

/* {"/optimizer/lr": 0.1, …}: what applies. Choices as their values. */
json_t *space_values_json(const struct space *space, const double *values);
/* The other way. Strict: unknown names, values outside the range or off the step, missing ones
 * (where `partial`, they are NaN: space_settle()), ones that do not apply. False with problems
 * under `pointer`. */
bool space_values_read(const struct space *space, const json_t *object, const char *pointer,
                       bool partial, double *values, struct problems *problems);

/* A choice gets one more value, at the end, so that points from before stay what they are. */
int space_add_choice(struct space *space, int parameter, const json_t *value, struct error *err);

#endif
