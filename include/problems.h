/*
 * Everything that is wrong with one piece of input, so that a person mends it in one go: each
 * problem names a field by JSON pointer (RFC 6901) and says what is accepted there.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include "error.h"
#include <jansson.h>

#define PROBLEMS_MAX 50 /* more are counted, not kept */

struct problem {
    char *pointer; /* "" is the whole document */
    char *detail;
};

struct problems {
    struct problem *list;
    int count; /* kept */
    int found; /* kept or not */
};

void problems_release(struct problems *problems); /* ready for use again afterwards */

/* One problem at `pointer`; with `key`, at its member of that name (escaped here). */
void problems_add(struct problems *problems, const char *pointer, const char *key,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* [{"pointer": …, "detail": …}, …] for an application/problem+json body. */
json_t *problems_json(const struct problems *problems);

/* 0 where there are none; else -1 and a sentence with the first one and how many follow. */
int problems_check(const struct problems *problems, struct error *err);

#define AUTO_PROBLEMS __attribute__((cleanup(problems_release)))

#endif
