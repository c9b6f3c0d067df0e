/*
 * Settings as data: the numbers and choices of an optimizer, schedule, model, data-set format or of
 * the specification itself. One table serves the check of what a person sent, the defaults, the
 * catalogue that the API and the page read, --help, and the numbers that the code gets.
 *
 * A table ends with an entry whose name is NULL. In code, the place of a setting in its table is
 * its index in `struct chosen`.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>

enum setting_type {
    SETTING_NUMBER,   /* a finite double */
    SETTING_INTEGER,  /* a whole number; 3.0 is accepted */
    SETTING_FLAG,     /* true or false */
    SETTING_CHOICE,   /* one of `choices` */
    SETTING_TEXT,     /* up to `high` bytes of UTF-8 */
    SETTING_NUMBERS,  /* a list of finite doubles, each within low … high */
    SETTING_INTEGERS, /* a list of whole numbers, each within low … high */
    SETTING_PLUGIN,   /* {"type": NAME, settings of that entry …}, NAME from `registry` */
    SETTING_NAME,     /* NAME alone, from `registry` */
    SETTING_OBJECT,   /* a small object with `members` */
};

struct setting {
    const char *name;
    enum setting_type type;
    bool required;              /* else the default below, or null, is laid in */
    bool nullable;              /* null is accepted; with no other default, null is the default */
    bool absent;                /* no default: left out where it is not given */
    bool rising;                /* list entries must increase */
    bool above_low, below_high; /* the end itself is outside the range */
    double low, high;           /* the range of a number or of each list entry */
    double fallback;            /* default of a number, integer or flag */
    const char *fallback_text;  /* default of the other types, lists and objects as JSON text */
    int least, most;            /* how many entries a list has */
    const char *not_below;      /* a number before this one: at least that, where both are given */
    const char *as_many_as; /* a list before this one, of the same length where both are given */
    const char *choices;    /* "relu|tanh|gelu" */
    const char *registry;   /* of SETTING_PLUGIN and SETTING_NAME: "optimizer" */
    const struct setting *members; /* of SETTING_OBJECT */
    const char *with; /* belongs only to objects that have this member: "dataset", "problem" */
    const char *unit; /* "s", "steps", … or NULL */
    const char *help; /* one sentence, no full stop */
};

/* The table as the catalogue shows it:
 * [{"name", "type", "required", "nullable", "low", "high", "above_low", "below_high", "default",
 *   "least", "most", "rising", "not_below", "as_many_as", "choices": […], "registry", "members":
 * […], "with", "unit", "help"}], absent where it says nothing. */
json_t *settings_describe(const struct setting *settings);

/* Two values of a plug-in that do not go together. A list ends with an entry whose setting is NULL.
 */
struct conflict {
    const char *setting, *is;     /* a value as JSON text: "0", "null", "\"tensor\"" */
    const char *other, *other_is; /* of another setting */
    const char *words;            /* what would work; shown at the first of the two */
};
/* [{"setting", "is", "other", "other_is", "words"}]; NULL: an empty list. */
json_t *conflicts_describe(const struct conflict *conflicts);

/* What a person chose, every default laid in: number[i] for numbers, integers, flags (0 or 1) and
 * choices (the place in `choices`; NaN for null), list[i] with count[i] entries for lists. Of an
 * object, number[i] is 1 and object[i] what was chosen for its members; NaN and none for null. */
struct chosen {
    double *number;
    double **list;
    int *count;
    struct chosen *object;
    int settings; /* how many */
};

/* `object` has been resolved against the same table (spec.h); wrong types assert. */
void chosen_read(const struct setting *settings, const json_t *object, struct chosen *chosen);
void chosen_release(struct chosen *chosen);

#endif
