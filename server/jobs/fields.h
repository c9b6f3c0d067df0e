/*
 * Small readers for the members of a body: each adds a problem that says what is accepted.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Refuses members other than the `count` known ones, with the nearest of them. */
void fields_refuse_unknown(const json_t *object, const char *pointer, const char *const *known,
                           int count, struct problems *problems);

/* The member as text of 1 to `most` bytes without control characters; NULL where it is absent, or
 * wrong, which is a problem (as is absence where `required`). Borrowed. */
const char *fields_text(const json_t *object, const char *pointer, const char *key, int most,
                        bool required, struct problems *problems);

/* The member as one of `names`; -1 where it is absent or wrong. */
int fields_choice(const json_t *object, const char *pointer, const char *key,
                  const char *const *names, int count, struct problems *problems);

/* A word that is none of the names: a problem with all of them and the nearest. */
void fields_unknown_word(const char *pointer, const char *key, const char *what, const char *word,
                         const char *const *names, int count, struct problems *problems);

/* Whether a value is a whole number within low … high, written as 3 or 3.0. */
bool fields_is_whole(const json_t *value, int64_t low, int64_t high, int64_t *out);

/* A whole number within low … high; `fallback` where it is absent or wrong. */
int64_t fields_integer(const json_t *object, const char *pointer, const char *key, int64_t low,
                       int64_t high, int64_t fallback, struct problems *problems);

#endif
