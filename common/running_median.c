/*
 * Two heaps over the slots of a ring: the lower half of the window with its largest on top, which
 * is the median, and the upper half with its smallest on top. A new value takes the oldest one's
 * slot and its place in whichever heap that was, and moves up or down from there; so the heaps keep
 * their sizes, and at most the two tops change sides.
 */
#include "running_median.h"

#include "memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct heap {
    const double *value; /* of each slot */
    uint32_t *slot;      /* [count], the top first */
    uint32_t *place;     /* of each slot, in its heap */
    uint32_t count;
    double sign; /* 1: smallest on top, -1: largest */
};

struct window {
    double *value;   /* [width], by slot */
    uint32_t *place; /* [width] */
    bool *is_lower;  /* [width], which heap a slot is in */
    uint32_t *slots; /* [width], of both heaps */
    struct heap lower, upper;
};

static double key(const struct heap *heap, uint32_t place)
{
    return heap->sign * heap->value[heap->slot[place]];
}

static void put(struct heap *heap, uint32_t place, uint32_t slot)
{
    heap->slot[place] = slot;
    heap->place[slot] = place;
}

static uint32_t rise(struct heap *heap, uint32_t place)
{
    const uint32_t slot = heap->slot[place];
    const double mine = key(heap, place);
    while (place > 0 && key(heap, (place - 1) / 2) > mine) {
        put(heap, place, heap->slot[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(heap, place, slot);
    return place;
}

static void sink(struct heap *heap, uint32_t place)
{
    const uint32_t slot = heap->slot[place];
    const double mine = key(heap, place);
    for (uint32_t child; (child = 2 * place + 1) < heap->count; place = child) {
        if (child + 1 < heap->count && key(heap, child + 1) < key(heap, child))
            child++;
        if (key(heap, child) >= mine)
            break;
        put(heap, place, heap->slot[child]);
    }
    put(heap, place, slot);
}

/* The two tops on their sides: none of the lower half is above any of the upper. */
static void trade_tops(struct window *window)
{
    struct heap *lower = &window->lower, *upper = &window->upper;
    if (upper->count == 0 || -key(lower, 0) <= key(upper, 0))
        return;
    const uint32_t down = upper->slot[0], up = lower->slot[0];
    put(lower, 0, down);
    put(upper, 0, up);
    window->is_lower[down] = true;
    window->is_lower[up] = false;
    sink(lower, 0);
    sink(upper, 0);
}

static void replace(struct window *window, uint32_t slot, double value)
{
    struct heap *heap = window->is_lower[slot] ? &window->lower : &window->upper;
    window->value[slot] = value;
    sink(heap, rise(heap, window->place[slot]));
    trade_tops(window);
}

struct ranked {
    double value;
    uint32_t slot;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    return (left->value > right->value) - (left->value < right->value);
}

/* Sorted slots are heaps already: the lower half from its largest, the upper from its smallest. */
static void window_fill(struct window *window, uint32_t width)
{
    AUTO_FREE struct ranked *ranked = xcalloc(width, sizeof *ranked);
    const uint32_t half = width / 2;

    for (uint32_t i = 0; i < width; i++)
        ranked[i] = (struct ranked){window->value[i], i};
    qsort(ranked, width, sizeof *ranked, by_value);
    for (uint32_t i = 0; i <= half; i++) {
        put(&window->lower, i, ranked[half - i].slot);
        window->is_lower[ranked[i].slot] = true;
    }
    for (uint32_t i = 0; i < half; i++)
        put(&window->upper, i, ranked[half + 1 + i].slot);
}

static void window_init(struct window *window, uint32_t width)
{
    const uint32_t half = width / 2;
    window->value = xcalloc(width, sizeof *window->value);
    window->place = xcalloc(width, sizeof *window->place);
    window->is_lower = xcalloc(width, sizeof *window->is_lower);
    window->slots = xcalloc(width, sizeof *window->slots);
    window->lower = (struct heap){window->value, window->slots, window->place, half + 1, -1.0};
    window->upper =
        (struct heap){window->value, window->slots + half + 1, window->place, half, 1.0};
}

static void window_release(struct window *window)
{
    free(window->value);
    free(window->place);
    free(window->is_lower);
    free(window->slots);
}

/* Beyond the ends: the first value to the left, the mirror to the right. */
static double value_at(const double *values, int64_t count, int64_t i)
{
    const int64_t inside = i < count ? i : 2 * (count - 1) - i;
    return values[inside > 0 ? inside : 0];
}

void running_median(const double *values, size_t count, size_t width, double *out)
{
    assert(count >= 1 && width % 2 == 1 && count <= INT32_MAX && width <= INT32_MAX);
    const int64_t half = (int64_t)width / 2, length = (int64_t)count;
    struct window window;

    window_init(&window, (uint32_t)width);
    for (int64_t i = -half; i <= half; i++)
        window.value[i + half] = value_at(values, length, i);
    window_fill(&window, (uint32_t)width);

    for (int64_t i = 0, oldest = 0; i < length; i++) {
        out[i] = -key(&window.lower, 0);
        replace(&window, (uint32_t)oldest, value_at(values, length, i + half + 1));
        oldest = oldest + 1 < (int64_t)width ? oldest + 1 : 0;
    }
    window_release(&window);
}
