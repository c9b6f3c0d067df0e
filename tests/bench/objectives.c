#include "bench/objectives.h"

#include <math.h>
#include <stddef.h>

/* --- smooth ones --------------------------------------------------------------------------------
 * Surjanovic and Bingham, Virtual Library of Simulation Experiments, has all of them.
 */

static double branin(const double *x)
{
    const double valley = x[1] - 5.1 / (4 * M_PI * M_PI) * x[0] * x[0] + 5 / M_PI * x[0] - 6;
    return valley * valley + 10 * (1 - 1 / (8 * M_PI)) * cos(x[0]) + 10;
}

static double hartmann6(const double *x)
{
    static const double weight[4] = {1, 1.2, 3, 3.2};
    static const double scale[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                       {0.05, 10, 17, 0.1, 8, 14},
                                       {3, 3.5, 1.7, 10, 17, 8},
                                       {17, 8, 0.05, 10, 0.1, 14}};
    static const double place[4][6] = {{1312, 1696, 5569, 124, 8283, 5886},
                                       {2329, 4135, 8307, 3736, 1004, 9991},
                                       {2348, 1451, 3522, 2883, 3047, 6650},
                                       {4047, 8828, 8732, 5743, 1091, 381}};
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        double far = 0;
        for (int j = 0; j < 6; j++)
            far += scale[i][j] * pow(x[j] - 1e-4 * place[i][j], 2);
        sum -= weight[i] * exp(-far);
    }
    return sum;
}

static double rosenbrock10(const double *x)
{
    double sum = 0;
    for (int i = 0; i < 9; i++)
        sum += 100 * pow(x[i + 1] - x[i] * x[i], 2) + pow(1 - x[i], 2);
    return sum;
}

static double ackley10(const double *x)
{
    double squares = 0, waves = 0;
    for (int i = 0; i < 10; i++) {
        squares += x[i] * x[i];
        waves += cos(2 * M_PI * x[i]);
    }
    return -20 * exp(-0.2 * sqrt(squares / 10)) - exp(waves / 10) + 20 + M_E;
}

static double levy10(const double *x)
{
    double w[10], sum;
    for (int i = 0; i < 10; i++)
        w[i] = 1 + (x[i] - 1) / 4;
    sum = pow(sin(M_PI * w[0]), 2);
    for (int i = 0; i < 9; i++)
        sum += pow(w[i] - 1, 2) * (1 + 10 * pow(sin(M_PI * w[i] + 1), 2));
    return sum + pow(w[9] - 1, 2) * (1 + pow(sin(2 * M_PI * w[9]), 2));
}

static double griewank5(const double *x)
{
    double squares = 0, waves = 1;
    for (int i = 0; i < 5; i++) {
        squares += x[i] * x[i];
        waves *= cos(x[i] / sqrt(i + 1));
    }
    return squares / 4000 - waves + 1;
}

static double styblinski_tang8(const double *x)
{
    double sum = 0;
    for (int i = 0; i < 8; i++)
        sum += pow(x[i], 4) - 16 * x[i] * x[i] + 5 * x[i];
    return sum / 2;
}

/* Ten times steeper along each next coordinate, 1 to 1000. */
static double quadratic4(const double *x)
{
    double sum = 0, steep = 1;
    for (int i = 0; i < 4; i++, steep *= 10)
        sum += steep * x[i] * x[i];
    return sum;
}

/* --- like training ------------------------------------------------------------------------------
 */

/* A loss between `floor` and that of guessing: what is wrong adds up and saturates. */
static double loss_of(double floor, double wrong)
{
    const double guessing = 2.3;
    return floor + guessing * (1 - exp(-wrong / guessing));
}

/* Too small a rate costs time, too large a one soon everything; in powers of ten. */
static double rate_error(double off)
{
    return off > 0 ? 0.35 * off * off + 1.5 * off * off * off : 0.35 * off * off;
}

/* Least 0.05: nesterov, momentum 0.92, linear, batch 96, width 315, dropout 0.1, decay 10^-3.2, and
 * the rate that goes with them. adamw is easier to get right, and 0.02 worse in the end. */
static double training(const double *x)
{
    enum { RATE, OPTIMIZER, MOMENTUM, SECOND, BATCH, WIDTH, DROPOUT, DECAY, SCHEDULE };
    enum { ADAMW, NESTEROV, LION };
    static const double optimizer_floor[] = {0.02, 0, 0.035}, optimizer_rate[] = {-3, -1.2, -3.8};
    static const double schedule_floor[] = {0.03, 0, 0.008}, schedule_rate[] = {0, 0.25, 0.15};
    const int optimizer = (int)x[OPTIMIZER], schedule = (int)x[SCHEDULE];
    const double batch = log10(x[BATCH] / 96), width = log2(x[WIDTH] / 315);
    double best_rate = optimizer_rate[optimizer] + schedule_rate[schedule];
    double wrong = optimizer_floor[optimizer] + schedule_floor[schedule];

    if (optimizer == NESTEROV) { /* the rate over (1 - momentum) is what counts */
        const double memory = log10((1 - x[MOMENTUM]) / 0.08);
        best_rate += memory + batch;
        wrong += 0.12 * memory * memory;
    } else {
        best_rate += 0.5 * batch;
        wrong += 0.01 * pow(log10((1 - x[SECOND]) / 0.02), 2);
    }
    wrong += rate_error(log10(x[RATE]) - best_rate);
    wrong += 0.08 * batch * batch + 0.012 * width * width;
    wrong += 0.6 * pow(x[DROPOUT] - fmax(0.1 + 0.06 * width, 0), 2);
    wrong += 0.01 * pow(log10(x[DECAY]) + 3.2, 2);
    return loss_of(0.05, wrong);
}

/* Least 0.1: three layers of 180, 128 and 90, gelu, batch norm, batch 64, warmup 0.08, clip 1,
 * smoothing 0.06, averaged with 1 - 10^-2.3, and the rate that goes with them. */
static double architecture(const double *x)
{
    enum {
        DEPTH,
        WIDTH,
        ACTIVATION = 6,
        NORM,
        RATE,
        BATCH,
        WARMUP,
        CLIP,
        SMOOTHING,
        EMA,
        EMA_DECAY
    };
    enum { NONE, BATCH_NORM, LAYER_NORM };
    static const double depth_floor[] = {0.05, 0.012, 0, 0.01, 0.03};
    static const double activation_floor[] = {0.006, 0, 0.02, 0.003};
    static const double norm_floor[] = {0.03, 0, 0.01};
    static const double taper[] = {-0.49185309632967, -0.50814690367033, -0.5, -0.5};
    const int depth = (int)x[DEPTH], norm = (int)x[NORM];
    double wrong = depth_floor[depth - 1] + activation_floor[(int)x[ACTIVATION]] + norm_floor[norm];
    double capacity = -log2(180) - log2(128) - log2(90);

    for (int i = 0; i < depth; i++)
        capacity += log2(x[WIDTH + i]);
    for (int i = 1; i < depth; i++)
        wrong += 0.01 * pow(log2(x[WIDTH + i] / x[WIDTH + i - 1]) - taper[i - 1], 2);
    wrong += 0.004 * capacity * capacity;

    const double best_rate = (norm == NONE ? -2.4 - 0.25 * (depth - 1) : -2.2) -
                             (x[ACTIVATION] == 2 ? 0.2 : 0) + 0.5 * log10(x[BATCH] / 64);
    const double off = log10(x[RATE]) - best_rate;
    wrong += rate_error(off - 2 * (x[WARMUP] - 0.08)); /* longer warmups bear larger rates */
    wrong += 0.8 * pow(x[WARMUP] - 0.08, 2) + 0.03 * pow(x[CLIP] - 1, 2);
    wrong += 0.01 * pow(log2(x[BATCH] / 64), 2) * (norm == BATCH_NORM && x[BATCH] < 64 ? 3 : 1);
    wrong += 2 * pow(x[SMOOTHING] - 0.06, 2);
    wrong += x[EMA] == 0 ? 0.015 : 0.03 * pow(log10(1 - x[EMA_DECAY]) + 2.3, 2);
    return loss_of(0.1, wrong);
}

/* --- the list -----------------------------------------------------------------------------------
 */

#define FLOAT(name, low, high)                                                                     \
    "\"" name "\": {\"type\": \"float\", \"low\": " low ", \"high\": " high "}"
#define FIVE(low, high)                                                                            \
    FLOAT("a", low, high)                                                                          \
    ", " FLOAT("b", low, high) ", " FLOAT("c", low, high) ", " FLOAT("d", low, high) ", " FLOAT(   \
        "e", low, high)
#define EIGHT(low, high)                                                                           \
    FIVE(low, high)                                                                                \
    ", " FLOAT("f", low, high) ", " FLOAT("g", low, high) ", " FLOAT("h", low, high)
#define TEN(low, high) EIGHT(low, high) ", " FLOAT("i", low, high) ", " FLOAT("j", low, high)

static const char training_space[] =
    "{\"lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 1, \"scale\": \"log\"},"
    " \"optimizer\": {\"type\": \"choice\", \"values\": [\"adamw\", \"nesterov\", \"lion\"]},"
    " \"momentum\": {\"type\": \"float\", \"low\": 0.5, \"high\": 0.99,"
    "                \"when\": {\"optimizer\": [\"nesterov\"]}},"
    " \"beta2\": {\"type\": \"float\", \"low\": 0.9, \"high\": 0.999,"
    "             \"when\": {\"optimizer\": [\"adamw\", \"lion\"]}},"
    " \"batch_size\": {\"type\": \"int\", \"low\": 32, \"high\": 512, \"step\": 32},"
    " \"width\": {\"type\": \"int\", \"low\": 16, \"high\": 1024, \"scale\": \"log\"},"
    " \"dropout\": {\"type\": \"float\", \"low\": 0, \"high\": 0.6},"
    " \"weight_decay\": {\"type\": \"float\", \"low\": 1e-6, \"high\": 0.1, \"scale\": \"log\"},"
    " \"schedule\": {\"type\": \"choice\", \"values\": [\"constant\", \"linear\", \"cosine\"]}}";

#define WIDTH(name, depth)                                                                         \
    " \"" name "\": {\"type\": \"int\", \"low\": 16, \"high\": 512, \"scale\": \"log\","           \
    "            \"when\": {\"depth\": {\"at_least\": " depth "}}},"
static const char architecture_space[] =
    "{\"depth\": {\"type\": \"int\", \"low\": 1, \"high\": 5}," WIDTH("width1", "1")
        WIDTH("width2", "2") WIDTH("width3", "3") WIDTH("width4", "4") WIDTH(
            "width5",
            "5") " \"activation\": {\"type\": \"choice\", \"values\": [\"relu\", \"gelu\", "
                 "\"tanh\", \"swish\"]},"
                 " \"norm\": {\"type\": \"choice\", \"values\": [\"none\", \"batch\", \"layer\"]},"
                 " \"lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 1, \"scale\": \"log\"},"
                 " \"batch_size\": {\"type\": \"int\", \"low\": 16, \"high\": 1024, \"scale\": "
                 "\"log\"},"
                 " \"warmup\": {\"type\": \"float\", \"low\": 0, \"high\": 0.3},"
                 " \"clip\": {\"type\": \"float\", \"low\": 0.25, \"high\": 2, \"step\": 0.25},"
                 " \"smoothing\": {\"type\": \"float\", \"low\": 0, \"high\": 0.2},"
                 " \"ema\": {\"type\": \"choice\", \"values\": [false, true]},"
                 " \"ema_decay\": {\"type\": \"float\", \"low\": 0.9, \"high\": 0.9999,"
                 "                 \"when\": {\"ema\": [true]}}}";

const struct objective objectives[] = {
    {.name = "branin",
     .space = "{" FLOAT("a", "-5", "10") ", " FLOAT("b", "0", "15") "}",
     .value = branin,
     .dimensions = 2,
     .minimum = 0.39788735772973816, /* 5 / (4 pi) */
     .target = 1e-8},
    {.name = "hartmann6",
     .space = "{" FIVE("0", "1") ", " FLOAT("f", "0", "1") "}",
     .value = hartmann6,
     .dimensions = 6,
     .minimum = -3.322368011415515, /* polished with scipy to 1e-15 */
     .target = 1e-6},
    {.name = "rosenbrock10",
     .space = "{" TEN("-5", "10") "}",
     .value = rosenbrock10,
     .dimensions = 10,
     .target = 14},
    {.name = "ackley10",
     .space = "{" TEN("-32.768", "32.768") "}",
     .value = ackley10,
     .dimensions = 10,
     .target = 4,
     .moved = 19.6},
    {.name = "levy10",
     .space = "{" TEN("-10", "10") "}",
     .value = levy10,
     .dimensions = 10,
     .target = 1.2,
     .moved = 6},
    {.name = "training",
     .space = training_space,
     .value = training,
     .dimensions = 9,
     .minimum = 0.05,
     .target = 0.005},
    {.name = "architecture",
     .space = architecture_space,
     .value = architecture,
     .dimensions = 15,
     .minimum = 0.1,
     .target = 0.005},
    {.name = "griewank5",
     .space = "{" FIVE("-60", "60") "}",
     .value = griewank5,
     .dimensions = 5,
     .target = 0.5,
     .moved = 36,
     .held_out = true},
    {.name = "styblinski8",
     .space = "{" EIGHT("-5", "5") "}",
     .value = styblinski_tang8,
     .dimensions = 8,
     .minimum = -313.3293256301, /* 8 times -39.16616570377 */
     .target = 30,
     .held_out = true},
    {.name = "noisy4",
     .space = "{" FLOAT("a", "-1", "1") ", " FLOAT("b", "-1", "1") ", " FLOAT(
         "c", "-1", "1") ", " FLOAT("d", "-1", "1") "}",
     .value = quadratic4,
     .dimensions = 4,
     .target = 0.5,
     .moved = 0.6,
     .noise = 0.3,
     .held_out = true},
    {0},
};

const struct objective *objective_at(int place)
{
    return objectives[place].name ? &objectives[place] : NULL;
}

/* --- values -------------------------------------------------------------------------------------
 */

/* Uniform in [0, 1) by (seed, place): SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static double draw(uint64_t seed, uint64_t place)
{
    uint64_t z = (seed + 1) * 0xbf58476d1ce4e5b9U + place * 0x9e3779b97f4a7c15U;
    for (int round = 0; round < 2; round++) {
        z += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        z ^= z >> 31;
    }
    return (double)(z >> 11) * 0x1p-53;
}

double objective_tell(const struct objective *objective, uint64_t seed, int evaluation,
                      const double *x, double *out_true)
{
    double moved[OBJECTIVE_DIMENSIONS];

    for (int i = 0; i < objective->dimensions; i++)
        moved[i] = x[i] - objective->moved * (2 * draw(seed, (uint64_t)i) - 1);
    *out_true = objective->value(moved);
    if (objective->noise <= 0)
        return *out_true;
    const double u = 1 - draw(seed, 100 + 2 * (uint64_t)evaluation);
    const double v = draw(seed, 101 + 2 * (uint64_t)evaluation);
    return *out_true + objective->noise * sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}
