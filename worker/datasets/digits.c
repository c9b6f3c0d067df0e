/*
 * Handwritten-like digits. A style's points are shaken, joined by Catmull-Rom curves (1974), put
 * through a random affine map and an elastic one (Simard, Steinkraus and Platt, 2003), and drawn
 * with a pen of random width and softness; then blur, ink strength and noise.
 */
#include "datasets/builtins.h"

#include "datasets/angle.h"
#include "datasets/strokes.h"
#include "random.h"

#include <math.h>

enum { SEED = 1, SIDE = 28, PIXELS = SIDE * SIDE, PIECES = 8, NODES = 5 };

struct point {
    float x, y;
};

/* What makes one example differ from another of its style. */
struct hand {
    struct rng rng;
    float map[2][2], shift[2];   /* affine: from the middle of the strokes to pixels */
    float node[NODES][NODES][2]; /* elastic: pixels that the nodes of a grid move by */
    float radius, softness;      /* of the pen, in pixels */
    float blur, ink, noise;      /* share of the neighbours; of 1; of 1 */
    float distance[SIDE][SIDE];  /* from a pixel to the pen's way, squared */
};

static float between(struct rng *rng, double low, double high)
{
    return (float)(low + (high - low) * rng_uniform(rng));
}

static float spread(struct rng *rng, double deviation, double most)
{
    const double value = deviation * rng_normal(rng);
    return (float)(value > most ? most : value < -most ? -most : value);
}

static void choose_map(struct hand *hand)
{
    struct rng *rng = &hand->rng;
    const double angle = (double)spread(rng, 0.12, 0.3), slant = (double)spread(rng, 0.2, 0.45);
    const double height = (double)between(rng, 16, 22);
    const double width = height * (double)between(rng, 0.6, 0.95);
    const double sine = angle_sine(angle), cosine = angle_cosine(angle);

    /* rotation * (slant * scale); upright letters lean to the right when slant is above 0 */
    hand->map[0][0] = (float)(cosine * width);
    hand->map[0][1] = (float)((-cosine * slant - sine) * height);
    hand->map[1][0] = (float)(sine * width);
    hand->map[1][1] = (float)((-sine * slant + cosine) * height);
    for (int i = 0; i < 2; i++)
        hand->shift[i] = SIDE / 2.0F + spread(rng, 1.3, 2.6);
}

static void choose_elastic(struct hand *hand)
{
    const double strength = (double)between(&hand->rng, 0.2, 1.1);
    for (int row = 0; row < NODES; row++)
        for (int column = 0; column < NODES; column++)
            for (int i = 0; i < 2; i++)
                hand->node[row][column][i] = spread(&hand->rng, strength, 3);
}

static void choose_pen(struct hand *hand)
{
    struct rng *rng = &hand->rng;
    hand->radius = between(rng, 0.7, 1.7);
    hand->softness = between(rng, 0.7, 1.6);
    hand->blur = between(rng, 0, 0.3);
    hand->ink = between(rng, 0.7, 1);
    hand->noise = between(rng, 0, 0.09);
}

static float smooth(float x)
{
    return x * x * (3 - 2 * x);
}

/* Between the four nodes round a place, smoothly. */
static struct point bend(const struct hand *hand, struct point at)
{
    const float spacing = (float)SIDE / (NODES - 1);
    struct point moved = at;
    float x = at.x / spacing, y = at.y / spacing;

    x = x < 0 ? 0 : x > NODES - 1.001F ? NODES - 1.001F : x;
    y = y < 0 ? 0 : y > NODES - 1.001F ? NODES - 1.001F : y;
    const int column = (int)x, row = (int)y;
    const float right = smooth(x - (float)column), below = smooth(y - (float)row);
    const float weight[2][2] = {{(1 - below) * (1 - right), (1 - below) * right},
                                {below * (1 - right), below * right}};
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            moved.x += weight[i][k] * hand->node[row + i][column + k][0];
            moved.y += weight[i][k] * hand->node[row + i][column + k][1];
        }
    }
    return moved;
}

static struct point place(const struct hand *hand, struct point at)
{
    const float x = at.x / 100 - 0.5F, y = at.y / 100 - 0.5F;
    return bend(hand, (struct point){
                          hand->map[0][0] * x + hand->map[0][1] * y + hand->shift[0],
                          hand->map[1][0] * x + hand->map[1][1] * y + hand->shift[1],
                      });
}

static float squared_distance(struct point from, struct point to, float x, float y)
{
    const float along_x = to.x - from.x, along_y = to.y - from.y;
    const float length = along_x * along_x + along_y * along_y;
    float way = length > 0 ? ((x - from.x) * along_x + (y - from.y) * along_y) / length : 0;

    way = way < 0 ? 0 : way > 1 ? 1 : way;
    const float off_x = x - from.x - way * along_x, off_y = y - from.y - way * along_y;
    return off_x * off_x + off_y * off_y;
}

static int within_side(float value)
{
    return value < 0 ? 0 : value > SIDE ? SIDE : (int)value;
}

static float lesser(float a, float b)
{
    return a < b ? a : b;
}

static float greater(float a, float b)
{
    return a > b ? a : b;
}

/* Pixels are at whole numbers and a half. Only those the pen can reach are looked at. */
static void draw_line(struct hand *hand, struct point from, struct point to)
{
    const float reach = hand->radius + hand->softness;
    const int left = within_side(lesser(from.x, to.x) - reach);
    const int right = within_side(greater(from.x, to.x) + reach + 1);
    const int top = within_side(lesser(from.y, to.y) - reach);
    const int bottom = within_side(greater(from.y, to.y) + reach + 1);

    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++)
            hand->distance[row][column] =
                lesser(hand->distance[row][column],
                       squared_distance(from, to, (float)column + 0.5F, (float)row + 0.5F));
}

static float curve(float before, float from, float to, float after, float t)
{
    const float slope_from = (to - before) / 2, slope_to = (after - from) / 2;
    const float bend_2 = 3 * (to - from) - 2 * slope_from - slope_to;
    const float bend_3 = 2 * (from - to) + slope_from + slope_to;
    return from + t * (slope_from + t * (bend_2 + t * bend_3));
}

static void draw_stroke(struct hand *hand, const struct stroke *stroke)
{
    struct point point[STROKE_POINTS_MAX] = {{0}};
    const int last = stroke->count - 1;

    for (int i = 0; i <= last; i++) {
        point[i].x = (float)stroke->point[i][0] + spread(&hand->rng, 2, 5);
        point[i].y = (float)stroke->point[i][1] + spread(&hand->rng, 2, 5);
    }
    struct point from = place(hand, point[0]);
    for (int i = 0; i < last; i++) {
        const struct point before = point[i ? i - 1 : 0];
        const struct point after = point[i + 2 <= last ? i + 2 : last];
        for (int piece = 1; piece <= PIECES; piece++) {
            const float t = (float)piece / PIECES;
            const struct point to = place(
                hand, (struct point){curve(before.x, point[i].x, point[i + 1].x, after.x, t),
                                     curve(before.y, point[i].y, point[i + 1].y, after.y, t)});
            draw_line(hand, from, to);
            from = to;
        }
    }
}

/* 1 under the pen, 0 beyond its soft edge. */
static float ink_at(const struct hand *hand, int row, int column)
{
    const float distance = sqrtf(hand->distance[row][column]);
    const float edge = (hand->radius - distance) / hand->softness + 0.5F;
    return edge < 0 ? 0 : edge > 1 ? 1 : smooth(edge);
}

static void blur_once(float share, const float from[PIXELS], float to[PIXELS], int step, int lines)
{
    for (int line = 0; line < SIDE; line++) {
        const float *source = from + line * lines;
        float *target = to + line * lines;
        for (int i = 0; i < SIDE; i++) {
            const float before = i > 0 ? source[(i - 1) * step] : 0;
            const float after = i < SIDE - 1 ? source[(i + 1) * step] : 0;
            target[i * step] = source[i * step] * (1 - share) + (before + after) * (share / 2);
        }
    }
}

static void finish(struct hand *hand, uint8_t *pixels)
{
    float sharp[PIXELS], blurred[PIXELS];

    for (int i = 0; i < PIXELS; i++)
        sharp[i] = ink_at(hand, i / SIDE, i % SIDE);
    blur_once(hand->blur, sharp, blurred, 1, SIDE);
    blur_once(hand->blur, blurred, sharp, SIDE, 1);
    for (int i = 0; i < PIXELS; i++) {
        const float grain = (float)(rng_u32(&hand->rng) >> 8) * 0x1p-24F - 0.5F;
        const float value = 0.5F + 255 * (sharp[i] * hand->ink + 2 * hand->noise * grain);
        pixels[i] = value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
    }
}

static uint32_t make(uint64_t example, void *features)
{
    const uint32_t label = (uint32_t)(example % DIGITS);
    const struct digit *digit = &digit_strokes[label];
    struct hand hand = {.rng = rng_stream(SEED, RANDOM_DATA, example)};
    const uint32_t style = rng_below(&hand.rng, (uint32_t)digit->styles);

    choose_map(&hand);
    choose_elastic(&hand);
    choose_pen(&hand);
    for (int i = 0; i < PIXELS; i++)
        hand.distance[i / SIDE][i % SIDE] = 4 * PIXELS;
    for (int i = 0; i < STYLE_STROKES_MAX && digit->style[style].stroke[i].count; i++)
        draw_stroke(&hand, &digit->style[style].stroke[i]);
    finish(&hand, features);
    return label;
}

const struct builtin digits_builtin = {
    .name = "digits",
    .help = "handwritten-like digits of 28 x 28 pixels, drawn from strokes; ten classes",
    .version = 1,
    .element = ELEMENT_BYTE,
    .rank = 2,
    .shape = {SIDE, SIDE},
    .classes = DIGITS,
    .train = 12000,
    .valid = 2000,
    .make = make,
};
