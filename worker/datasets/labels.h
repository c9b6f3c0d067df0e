/*
 * The labels of a data set as they come, and the classes they make: every different label is one
 * class, numbers before texts, numbers by value ("1", "1.0" and "+1" are one), texts by bytes.
 */
#ifndef LABELS_H
#define LABELS_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LABEL_TEXT_MAX = 256 };

struct label;

struct labels {
    void *tree;            /* of struct label */
    struct label **places; /* [count] by the order in which they came first */
    uint32_t count, room;
};

/* *place: how many different labels came before the first like this one. ERROR_TOO_LARGE beyond
 * `most` different ones, ERROR_INVALID for text longer than LABEL_TEXT_MAX. */
int labels_add_number(struct labels *labels, double number, uint32_t most, uint32_t *place,
                      struct error *err);
int labels_add_text(struct labels *labels, const char *text, size_t bytes, uint32_t most,
                    uint32_t *place, struct error *err);
void labels_release(struct labels *labels);

/* True where no label is text; where besides each number is whole. */
bool labels_are_numbers(const struct labels *labels);
bool labels_are_whole(const struct labels *labels);
bool labels_are_mixed(const struct labels *labels); /* some of them text, some not */

/* class_of[place] out, [count]; the names of the classes in their order, a list of texts. */
void labels_sort(struct labels *labels, uint16_t *class_of, json_t **out_names);

#endif
