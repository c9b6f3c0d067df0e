/*
 * The formats that data sets are uploaded in. To add one, write worker/datasets/NAME.c with a
 * struct format and add its line to formats.c; the catalogue, the refusals and the truncation test
 * follow from the list.
 */
#ifndef FORMATS_H
#define FORMATS_H

#include "datasets/input.h"
#include "datasets/table.h"
#include "settings.h"

struct upload {
    const json_t *settings; /* resolved against those of the format */
    const json_t *parts;    /* {"train_features": path, …}, only known ones, none missing */
};

struct format_part {
    const char *name; /* NULL ends the list */
    bool required;
    const char *help;
};

struct format {
    const char *name, *help;
    const struct format_part *parts;
    const struct setting *settings; /* FORMAT_SETTINGS among them */

    /* Adds every example of the upload to the table; bounded memory whatever the files hold. An
     * error names the part and the place. */
    int (*parse)(const struct upload *upload, struct table *table, struct error *err);
};

/* The visible list, ended by NULL. */
extern const struct format *const formats[];

const struct format *format_find(const char *name); /* or NULL */

/* Opens a part's file and makes it the part at hand. */
int upload_open(const struct upload *upload, const char *part, struct table *table,
                struct input *input, struct error *err);
bool upload_has(const struct upload *upload, const char *part);

/* "task" of the settings: TASK_AUTO where there is none. */
enum task upload_task(const struct upload *upload);

/* Puts "PART: " before a sentence that does not name its place yet. */
int upload_refuse(const struct table *table, const struct error *why, struct error *err);

/* Settings of every format; they fill table.valid_fraction and table.seed. */
#define FORMAT_SETTINGS                                                                            \
    {.name = "valid_fraction",                                                                     \
     .type = SETTING_NUMBER,                                                                       \
     .low = 0,                                                                                     \
     .high = 0.9,                                                                                  \
     .fallback = 0.1,                                                                              \
     .help = "share of the training examples kept for validation where no file is given for it"},  \
    {                                                                                              \
        .name = "seed", .type = SETTING_INTEGER, .low = 0, .high = 9007199254740991,               \
        .fallback = 1, .help = "seed of that split"                                                \
    }

#define FORMAT_TASK                                                                                \
    {                                                                                              \
        .name = "task", .type = SETTING_CHOICE, .choices = "auto|class|regression",                \
        .fallback_text = "auto",                                                                   \
        .help = "what labels are; auto: classes where they are text or at most 100 different "     \
                "whole numbers, else numbers to predict"                                           \
    }

#endif
