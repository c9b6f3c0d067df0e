#include "queue/heap.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

void heap_init(struct heap *heap, heap_before *before)
{
    *heap = (struct heap){.before = before};
}

void heap_release(struct heap *heap)
{
    free(heap->nodes);
    heap_init(heap, heap->before);
}

static void put(struct heap *heap, size_t place, struct heap_node *node)
{
    heap->nodes[place] = node;
    node->place = place;
}

static void move_up(struct heap *heap, size_t place)
{
    struct heap_node *node = heap->nodes[place];
    while (place > 0 && heap->before(node, heap->nodes[(place - 1) / 2])) {
        put(heap, place, heap->nodes[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(heap, place, node);
}

static void move_down(struct heap *heap, size_t place)
{
    struct heap_node *node = heap->nodes[place];
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->before(heap->nodes[child + 1], heap->nodes[child]))
            child++;
        if (!heap->before(heap->nodes[child], node))
            break;
        put(heap, place, heap->nodes[child]);
        place = child;
    }
    put(heap, place, node);
}

void heap_reserve(struct heap *heap, size_t count)
{
    if (count <= heap->room)
        return;
    heap->room = count > 2 * heap->room ? count : 2 * heap->room;
    heap->nodes = xrealloc(heap->nodes, heap->room, sizeof(struct heap_node *));
}

void heap_add(struct heap *heap, struct heap_node *node)
{
    assert(node->place == NOT_IN_HEAP);
    heap_reserve(heap, heap->count + 1);
    put(heap, heap->count++, node);
    move_up(heap, node->place);
}

void heap_move(struct heap *heap, struct heap_node *node)
{
    assert(node->place < heap->count && heap->nodes[node->place] == node);
    move_up(heap, node->place);
    move_down(heap, node->place);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    const size_t place = node->place;
    assert(place < heap->count && heap->nodes[place] == node);

    struct heap_node *last = heap->nodes[--heap->count];
    node->place = NOT_IN_HEAP;
    if (last == node)
        return;
    put(heap, place, last);
    heap_move(heap, last);
}

struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count ? heap->nodes[0] : NULL;
}

/* --- in order ------------------------------------------------------------------------------- */

/* The next one in order is always a child of one already given out: those candidates, a heap of
 * places, are all that has to be compared. */
static bool goes_first(const struct heap_walk *walk, size_t a, size_t b)
{
    return walk->heap->before(walk->heap->nodes[a], walk->heap->nodes[b]);
}

static void push_place(struct heap_walk *walk, size_t place)
{
    if (place >= walk->heap->count)
        return;
    if (walk->count == walk->room) {
        walk->room = walk->room ? 2 * walk->room : 8;
        walk->candidates = xrealloc(walk->candidates, walk->room, sizeof *walk->candidates);
    }
    size_t at = walk->count++;
    while (at > 0 && goes_first(walk, place, walk->candidates[(at - 1) / 2])) {
        walk->candidates[at] = walk->candidates[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    walk->candidates[at] = place;
}

static size_t pop_place(struct heap_walk *walk)
{
    size_t *candidates = walk->candidates, at = 0;
    const size_t first = candidates[0], moved = candidates[--walk->count];

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= walk->count)
            break;
        if (child + 1 < walk->count && goes_first(walk, candidates[child + 1], candidates[child]))
            child++;
        if (!goes_first(walk, candidates[child], moved))
            break;
        candidates[at] = candidates[child];
        at = child;
    }
    candidates[at] = moved;
    return first;
}

void heap_walk_begin(struct heap_walk *walk, const struct heap *heap)
{
    *walk = (struct heap_walk){.heap = heap};
    push_place(walk, 0);
}

struct heap_node *heap_walk_next(struct heap_walk *walk)
{
    if (walk->count == 0)
        return NULL;
    const size_t place = pop_place(walk);
    push_place(walk, 2 * place + 1);
    push_place(walk, 2 * place + 2);
    return walk->heap->nodes[place];
}

void heap_walk_end(struct heap_walk *walk)
{
    free(walk->candidates);
    *walk = (struct heap_walk){0};
}
