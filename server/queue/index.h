/*
 * Things by id: a hash table with linear probing, at most three quarters full.
 */
#ifndef INDEX_H
#define INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index_slot {
    int64_t id;
    void *item; /* NULL: free */
};

struct index { /* all zero: empty */
    struct index_slot *slots;
    size_t count, room; /* a power of two */
};

void index_release(struct index *index);                                    /* not the items */
void index_put(struct index *index, int64_t id, void *item /* not NULL */); /* id must be new */
void *index_find(const struct index *index, int64_t id);                    /* NULL: none */
void *index_take(struct index *index, int64_t id); /* out of it; NULL: there was none */

#endif
