/*
 * The tuning grid: every combination of the values listed for some pointers into a specification.
 * Points count 0, 1, … with the last pointer's value changing fastest.
 */
#ifndef GRID_H
#define GRID_H

#include "error.h"
#include "problems.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { GRID_AXES_MAX = 16 };

struct grid_axis {
    const char *pointer; /* "/optimizer/lr" */
    const json_t *values;
    uint64_t count;
};

/* Borrows from the body; all zero: nothing is tuned, one point. */
struct grid {
    struct grid_axis axes[GRID_AXES_MAX];
    int axis_count;
    uint64_t point_count; /* UINT64_MAX stands for itself and all that is more */
};

/* Reads {"/optimizer/lr": [0.01, 0.1], …}. False with problems at /tune/over where it is wrong. */
bool grid_read(const json_t *over, struct grid *grid, struct problems *problems);

/* Which of an axis's values a point has. */
uint64_t grid_index(const struct grid *grid, int axis, uint64_t point);

/* How far apart two points are that differ by one step along an axis. */
uint64_t grid_stride(const struct grid *grid, int axis);

/* {"/optimizer/lr": 0.1, …} of a point; the caller owns it. */
json_t *grid_values(const struct grid *grid, uint64_t point);

/* A copy of the specification with a point's values in place; NULL, with the axis, where a pointer
 * does not lead into it. */
json_t *grid_apply(const struct grid *grid, uint64_t point, const json_t *spec, int *out_axis,
                   struct error *err);

/* Both stop at UINT64_MAX. */
uint64_t multiply_capped(uint64_t a, uint64_t b);
uint64_t add_capped(uint64_t a, uint64_t b);

#endif
