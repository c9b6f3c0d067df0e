/*
 * Lists of seeds: distinct whole numbers 0 … 2^53, which every client's numbers can hold.
 */
#ifndef SEEDS_H
#define SEEDS_H

#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct seed_list { /* all zero: none */
    int count;
    uint64_t *seeds;  /* [count] as they were given */
    uint64_t *sorted; /* [count] */
};

/* The member `key`: a list of 1 to `most` seeds. Empty where it is absent, which is a problem if
 * it is `required`, and where it is wrong, which always is. */
struct seed_list seeds_read(const json_t *object, const char *pointer, const char *key, int most,
                            bool required, struct problems *problems);
void seeds_release(struct seed_list *list);

bool seeds_have(const struct seed_list *list, uint64_t seed);

/* A list of one: the smallest seed from 1 upwards that the other list does not have. */
struct seed_list seeds_apart_from(const struct seed_list *other);

#endif
