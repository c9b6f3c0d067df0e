/*
 * One training step (gather from bytes, forward, loss, backward, nesterov with weight decay) beside
 * its bare sgemm calls, by turns in one run: batch 128 on 60,000 examples of 784 bytes, one thread.
 * The ratio is the median over all turns, since machines are noisy. Below it the step of an
 * optimizer that learns its rate beside that of the plain one, in the same way.
 */
#include "math/blas.h"
#include "memory.h"
#include "objectives/supervised.h"
#include "random.h"
#include "stepper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BATCH = 128,
    FEATURES = 784,
    CLASSES = 10,
    EXAMPLES = 60000,
    LAYERS_MAX = 3,
    TURNS_MAX = 2000
};

struct bench_case {
    const char *name, *model;
    int layers;
    size_t widths[LAYERS_MAX + 1];
    int turns;
    double limit; /* of the ratio */
};

static const struct bench_case cases[] = {
    {"mlp 784-1000-1000-10",
     "{\"type\": \"mlp\", \"hidden\": [1000, 1000], \"activation\": \"relu\", \"dropout\": 0.0, "
     "\"init\": \"he\"}",
     3,
     {FEATURES, 1000, 1000, CLASSES},
     120,
     1.15},
    {"mlp 784-128-10",
     "{\"type\": \"mlp\", \"hidden\": [128], \"activation\": \"relu\", \"dropout\": 0.0, \"init\": "
     "\"he\"}",
     2,
     {FEATURES, 128, CLASSES},
     1500,
     1.6},
    {"softmax 784-10",
     "{\"type\": \"softmax\", \"init\": \"zero\"}",
     1,
     {FEATURES, CLASSES},
     2000,
     2.5},
};

static struct dataset make_data(void)
{
    const size_t bytes = (size_t)EXAMPLES * FEATURES;
    uint8_t *features = xcalloc(bytes, 1); /* on small pages, as a mapped file is */
    uint16_t *labels = xcalloc(EXAMPLES, sizeof *labels);
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);

    for (size_t i = 0; i < bytes; i += 4) {
        const uint32_t word = rng_u32(&rng);
        memcpy(features + i, &word, sizeof word);
    }
    for (int i = 0; i < EXAMPLES; i++)
        labels[i] = (uint16_t)rng_below(&rng, CLASSES);
    return (struct dataset){
        .rank = 2,
        .shape = {28, 28},
        .feature_count = FEATURES,
        .classes = CLASSES,
        .train = {.count = EXAMPLES, .bytes = features, .labels = labels},
        .mean = 127.5,
        .deviation = 73.9,
    };
}

/* --- a training step ---------------------------------------------------------------------------*/

struct bench {
    struct objective *objective;
    struct stepper stepper;
    float *theta, *gradient;
    /* For the bare products: the batch, and by layer the outputs and what comes back to them. */
    float *outputs[LAYERS_MAX + 1], *deltas[LAYERS_MAX + 1];
};

static void must(int result, const struct error *err)
{
    if (result == 0)
        return;
    fprintf(stderr, "%s\n", err->sentence);
    exit(1);
}

static void bench_init(struct bench *bench, const struct bench_case *chosen,
                       const struct dataset *data, const char *settings)
{
    json_auto_t *spec = json_pack("{s:s, s:n, s:i, s:i}", "standardize", "global", "loss",
                                  "batch_size", BATCH, "seed", 1);
    json_auto_t *optimizer = json_loads(settings, 0, NULL);
    struct error err;

    json_object_set_new(spec, "model", json_loads(chosen->model, 0, NULL));
    must(supervised_over(spec, data, &bench->objective, &err), &err);
    const size_t dimension = bench->objective->dimension;
    const struct pieces pieces = {dimension, bench->objective->tensors,
                                  bench->objective->tensor_count};
    must(stepper_init(&bench->stepper, optimizer, &pieces, &err), &err);
    bench->theta = aligned_block(dimension, sizeof(float));
    bench->gradient = aligned_block(dimension, sizeof(float));
    bench->objective->methods->init(bench->objective, bench->theta);
    for (int i = 0; i <= chosen->layers; i++) {
        bench->outputs[i] = aligned_block(BATCH * chosen->widths[i], sizeof(float));
        bench->deltas[i] = aligned_block(BATCH * chosen->widths[i], sizeof(float));
        for (size_t j = 0; j < BATCH * chosen->widths[i]; j++)
            bench->outputs[i][j] = bench->deltas[i][j] = (float)(j % 97) / 97.0F - 0.5F;
    }
}

static void bench_release(struct bench *bench)
{
    for (int i = 0; i <= LAYERS_MAX; i++) {
        free(bench->outputs[i]);
        free(bench->deltas[i]);
    }
    free(bench->theta);
    free(bench->gradient);
    stepper_release(&bench->stepper);
    bench->objective->methods->free(bench->objective);
}

static void train_step(struct bench *bench, int64_t k)
{
    uint32_t samples;
    bench->objective->methods->loss_gradient(bench->objective, bench->theta, (uint64_t)k,
                                             bench->gradient, &samples);
    const struct step step = {.theta = bench->theta,
                              .gradient = bench->gradient,
                              .factor = 1.0,
                              .scale = 1.0,
                              .t = k + 1};
    stepper_step(&bench->stepper, &step);
}

/* The same products in the same places, with nothing between them. */
static void bare_products(struct bench *bench, const struct bench_case *chosen)
{
    const struct tensor *tensors = bench->objective->tensors;

    for (int i = 0; i < chosen->layers; i++)
        multiply_transposed(BATCH, chosen->widths[i + 1], chosen->widths[i], bench->outputs[i],
                            bench->theta + tensors[2 * i].offset, 0.0F, bench->outputs[i + 1]);
    for (int i = chosen->layers - 1; i >= 0; i--) {
        transposed_multiply(chosen->widths[i + 1], chosen->widths[i], BATCH, bench->deltas[i + 1],
                            bench->outputs[i], 0.0F, bench->gradient + tensors[2 * i].offset);
        if (i > 0)
            multiply(BATCH, chosen->widths[i], chosen->widths[i + 1], bench->deltas[i + 1],
                     bench->theta + tensors[2 * i].offset, 0.0F, bench->deltas[i]);
    }
}

/* --- timing ------------------------------------------------------------------------------------*/

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* leaves out what neighbours take */
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return values[count / 2];
}

static void measure(const struct bench_case *chosen, const struct dataset *data)
{
    static double step_us[TURNS_MAX], bare_us[TURNS_MAX], ratio[TURNS_MAX];
    const int warm_up = chosen->turns / 10;
    struct bench bench = {0};

    bench_init(&bench, chosen, data,
               "{\"type\": \"nesterov\", \"lr\": 0.001, \"momentum\": 0.9, \"weight_decay\": "
               "0.0001}");
    for (int turn = -warm_up; turn < chosen->turns; turn++) {
        const double start = now_us();
        train_step(&bench, turn + warm_up);
        const double middle = now_us();
        bare_products(&bench, chosen);
        const double end = now_us();
        if (turn < 0)
            continue;
        step_us[turn] = middle - start;
        bare_us[turn] = end - middle;
        ratio[turn] = step_us[turn] / bare_us[turn];
    }
    const double found = median(ratio, chosen->turns);
    printf("%-22s %10.1f %10.1f %8.3f %8.2f  %s\n", chosen->name, median(step_us, chosen->turns),
           median(bare_us, chosen->turns), found, chosen->limit,
           found <= chosen->limit ? "kept" : "ABOVE THE LIMIT");
    bench_release(&bench);
}

/* --- the cost of a learned rate
 * ------------------------------------------------------------------*/

#define HYPER                                                                                      \
    "\"weight_decay\": 0.0001, \"hyper_lr\": 1e-7, \"rule\": \"additive\", \"scope\": "            \
    "\"global\", "                                                                                 \
    "\"transition\": null, \"min_lr\": null, \"max_lr\": null"

static const struct {
    const char *name, *plain, *learned;
} pairs[] = {
    {"sgd_hd by sgd", "{\"type\": \"sgd\", \"lr\": 0.001, \"weight_decay\": 0.0001}",
     "{\"type\": \"sgd_hd\", \"lr\": 0.001, " HYPER "}"},
    {"sgdn_hd by nesterov",
     "{\"type\": \"nesterov\", \"lr\": 0.001, \"momentum\": 0.9, \"weight_decay\": 0.0001}",
     "{\"type\": \"sgdn_hd\", \"lr\": 0.001, \"momentum\": 0.9, " HYPER "}"},
    {"adam_hd by adam",
     "{\"type\": \"adam\", \"lr\": 0.001, \"beta1\": 0.9, \"beta2\": 0.999, \"epsilon\": 1e-8, "
     "\"amsgrad\": false, \"weight_decay\": 0.0001}",
     "{\"type\": \"adam_hd\", \"lr\": 0.001, \"beta1\": 0.9, \"beta2\": 0.999, \"epsilon\": "
     "1e-8, " HYPER "}"},
};

static void measure_pair(const char *name, const char *plain, const char *learned,
                         const struct dataset *data)
{
    enum { TURNS = 60, WARM_UP = 6 };
    static double plain_us[TURNS_MAX], learned_us[TURNS_MAX], ratio[TURNS_MAX];
    static const double limit = 1.10;
    struct bench one = {0}, other = {0};

    bench_init(&one, &cases[0], data, plain);
    bench_init(&other, &cases[0], data, learned);
    for (int turn = -WARM_UP; turn < TURNS; turn++) {
        const double start = now_us();
        train_step(&one, turn + WARM_UP);
        const double middle = now_us();
        train_step(&other, turn + WARM_UP);
        const double end = now_us();
        if (turn < 0)
            continue;
        plain_us[turn] = middle - start;
        learned_us[turn] = end - middle;
        ratio[turn] = learned_us[turn] / plain_us[turn];
    }
    const double found = median(ratio, TURNS);
    printf("%-22s %10.1f %10.1f %8.3f %8.2f  %s\n", name, median(learned_us, TURNS),
           median(plain_us, TURNS), found, limit, found <= limit ? "kept" : "ABOVE THE LIMIT");
    bench_release(&one);
    bench_release(&other);
}

int main(void)
{
    struct dataset data = make_data();

    blas_set_threads(1);
    printf("one training step, batch %d, %d thread(s), kernels %s, OpenBLAS %s\n\n", BATCH,
           blas_threads(), blas_core(), blas_version());
    printf("%-22s %10s %10s %8s %8s\n", "model", "step us", "sgemm us", "ratio", "at most");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        measure(&cases[i], &data);
    printf("\n%-22s %10s %10s %8s %8s\n", "mlp 784-1000-1000-10", "learned us", "plain us", "ratio",
           "at most");
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        measure_pair(pairs[i].name, pairs[i].plain, pairs[i].learned, &data);
    return 0;
}
