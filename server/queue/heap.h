/*
 * A binary heap (Williams, 1964) of things that know their place, so that any of them can leave or
 * move: O(log n) each. The node is the first member of whatever stands in the heap.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOT_IN_HEAP SIZE_MAX

struct heap_node {
    size_t place; /* in the heap it stands in, or NOT_IN_HEAP */
};

typedef bool heap_before(const struct heap_node *a, const struct heap_node *b);

struct heap {
    struct heap_node **nodes;
    size_t count, room;
    heap_before *before; /* a strict total order */
};

void heap_init(struct heap *heap, heap_before *before);
void heap_release(struct heap *heap); /* not what stands in it; ready for use again afterwards */

/* Room for that many, so that adding allocates nothing. */
void heap_reserve(struct heap *heap, size_t count);
void heap_add(struct heap *heap, struct heap_node *node);
void heap_remove(struct heap *heap, struct heap_node *node); /* which stands in it */
void heap_move(struct heap *heap, struct heap_node *node);   /* what it is ordered by has changed */
struct heap_node *heap_first(const struct heap *heap);       /* NULL: empty */

/* Through the heap in order, O(log n) a step for the n steps made so far, whatever its size. The
 * heap must not change meanwhile. */
struct heap_walk {
    const struct heap *heap;
    size_t *candidates;
    size_t count, room;
};
void heap_walk_begin(struct heap_walk *walk, const struct heap *heap);
struct heap_node *heap_walk_next(struct heap_walk *walk); /* NULL: that was all */
void heap_walk_end(struct heap_walk *walk);

#endif
