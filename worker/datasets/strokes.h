/*
 * Digits as a pen writes them: for each a few styles, for each style a few strokes, for each stroke
 * the points a smooth curve goes through. x and y run from 0 to 100, y downwards; strokes end where
 * the pen turns a corner.
 */
#ifndef STROKES_H
#define STROKES_H

#include <stdint.h>

enum { STROKE_POINTS_MAX = 14, STYLE_STROKES_MAX = 4, DIGIT_STYLES_MAX = 4, DIGITS = 10 };

struct stroke {
    int count; /* of points; 0 ends the strokes of a style */
    uint8_t point[STROKE_POINTS_MAX][2];
};

struct style {
    struct stroke stroke[STYLE_STROKES_MAX];
};

struct digit {
    int styles;
    struct style style[DIGIT_STYLES_MAX];
};

extern const struct digit digit_strokes[DIGITS];

#endif
