/*
 * The contract of every layer in the registry: its gradients and its directional derivative agree
 * with finite differences, and it repeats bit for bit.
 *
 * Central differences of float functions with step 1/64 are good to about 1e-4; inputs stay that
 * far from the kink of relu.
 */
#include "support/check.h"

#include "layers/layers.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>

enum { ROWS = 3, INPUTS = 5 };
static const float half_step = 1.0F / 64;

/* A layer with its defaults, all its arrays, and a weight for each output: the number that is
 * differentiated is the weighted sum of the outputs. */
struct bench {
    struct layer layer;
    struct layer_pass pass;
    float input[ROWS * INPUTS];
    float *theta, *output, *memory, *weights;
};

static float away_from_zero(struct rng *rng)
{
    const float size = 0.1F + 1.5F * (float)rng_uniform(rng);
    return rng_u32(rng) & 1 ? size : -size;
}

static float *random_vector(struct rng *rng, size_t count)
{
    float *vector = xcalloc(count, sizeof *vector);
    for (size_t i = 0; i < count; i++)
        vector[i] = away_from_zero(rng);
    return vector;
}

static void bench_init(struct bench *bench, const struct layer_kind *kind, bool training)
{
    double chosen[LAYER_SETTINGS_MAX] = {0};
    for (int i = 0; kind->settings[i].name; i++)
        chosen[i] = kind->settings[i].type == SETTING_CHOICE ? 0 : kind->settings[i].fallback;
    layer_plan(&bench->layer, kind, INPUTS, chosen);

    struct rng rng = rng_stream(42, RANDOM_TEST, 1);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        bench->input[i] = away_from_zero(&rng);
    bench->theta = random_vector(&rng, bench->layer.parameters);
    bench->weights = random_vector(&rng, ROWS * bench->layer.outputs);
    bench->output = xcalloc(ROWS * bench->layer.outputs, sizeof(float));
    bench->memory = xcalloc(ROWS * bench->layer.memory, sizeof(float));
    bench->pass = (struct layer_pass){
        .rows = ROWS,
        .training = training,
        .seed = 7,
        .stream = 3,
        .theta = bench->theta,
        .input = bench->input,
        .output = bench->output,
        .memory = bench->memory,
    };
}

static void bench_release(struct bench *bench)
{
    free(bench->theta);
    free(bench->weights);
    free(bench->output);
    free(bench->memory);
}

static double weighted_sum(const struct bench *bench)
{
    double sum = 0;
    bench->layer.kind->forward(&bench->layer, &bench->pass);
    for (size_t i = 0; i < ROWS * bench->layer.outputs; i++)
        sum += (double)bench->weights[i] * (double)bench->output[i];
    return sum;
}

/* d(weighted sum) / d(*number), where number is in the bench's theta or input. */
static double finite_difference(const struct bench *bench, float *number)
{
    const float kept = *number;
    *number = kept + half_step;
    const double above = weighted_sum(bench);
    *number = kept - half_step;
    const double below = weighted_sum(bench);
    *number = kept;
    return (above - below) / (2 * (double)half_step);
}

static void assert_close(const char *name, const char *what, size_t i, double got, double want)
{
    if (!(fabs(got - want) <= 1e-3 * (1 + fabs(want)))) {
        print_error("%s: %s %zu is %.6g, by finite differences %.6g\n", name, what, i, got, want);
        fail();
    }
}

static void check_gradient(const struct layer_kind *kind, bool training)
{
    struct bench bench;
    bench_init(&bench, kind, training);
    AUTO_FREE float *gradient = xcalloc(bench.layer.parameters, sizeof(float));
    float d_input[ROWS * INPUTS];

    weighted_sum(&bench);
    if (kind->slope) {
        memcpy(d_input, bench.weights, sizeof d_input);
        kind->slope(&bench.layer, &bench.pass, d_input);
    } else {
        kind->backward(&bench.layer, &bench.pass, bench.weights, d_input, gradient);
    }
    for (size_t i = 0; i < bench.layer.parameters; i++)
        assert_close(kind->name, "gradient", i, (double)gradient[i],
                     finite_difference(&bench, &bench.theta[i]));
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        assert_close(kind->name, "input gradient", i, (double)d_input[i],
                     finite_difference(&bench, &bench.input[i]));
    bench_release(&bench);
}

static void every_layer_has_the_gradient_of_its_forward(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        check_gradient(*kind, true);
        check_gradient(*kind, false);
    }
}

/* Outputs at theta + t direction, input + t r_input. */
static void shifted_forward(struct bench *bench, const float *direction, const float *r_input,
                            float t, float *outputs)
{
    struct bench shifted = *bench;
    AUTO_FREE float *theta = xcalloc(bench->layer.parameters, sizeof(float));

    for (size_t i = 0; i < bench->layer.parameters; i++)
        theta[i] = bench->theta[i] + t * direction[i];
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        shifted.input[i] = bench->input[i] + (r_input ? t * r_input[i] : 0.0F);
    shifted.pass.theta = theta;
    shifted.pass.input = shifted.input;
    shifted.pass.output = outputs;
    shifted.layer.kind->forward(&shifted.layer, &shifted.pass);
}

static void check_derivative(const struct layer_kind *kind, bool with_input)
{
    struct bench bench;
    bench_init(&bench, kind, true);
    const size_t count = ROWS * bench.layer.outputs;
    struct rng rng = rng_stream(42, RANDOM_TEST, 2);
    AUTO_FREE float *direction = random_vector(&rng, bench.layer.parameters);
    AUTO_FREE float *r_input = random_vector(&rng, ROWS * INPUTS);
    AUTO_FREE float *got = xcalloc(count, sizeof(float));
    AUTO_FREE float *above = xcalloc(count, sizeof(float));
    AUTO_FREE float *below = xcalloc(count, sizeof(float));
    const float *along = with_input ? r_input : NULL;

    shifted_forward(&bench, direction, along, half_step, above);
    shifted_forward(&bench, direction, along, -half_step, below);
    weighted_sum(&bench);
    if (kind->slope) {
        memcpy(got, r_input, count * sizeof *got);
        kind->slope(&bench.layer, &bench.pass, got);
    } else {
        kind->derivative(&bench.layer, &bench.pass, direction, along, got);
    }
    for (size_t i = 0; i < count; i++)
        assert_close(kind->name, "directional derivative", i, (double)got[i],
                     ((double)above[i] - (double)below[i]) / (2 * (double)half_step));
    bench_release(&bench);
}

static void every_layer_has_the_directional_derivative_of_its_forward(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        check_derivative(*kind, true);
        if (!(*kind)->slope)
            check_derivative(*kind, false);
    }
}

static void every_layer_repeats_bit_for_bit(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        struct bench first, second;
        bench_init(&first, *kind, true);
        bench_init(&second, *kind, true);
        weighted_sum(&first);
        weighted_sum(&second);
        assert_memory_equal(first.output, second.output,
                            ROWS * first.layer.outputs * sizeof(float));
        bench_release(&first);
        bench_release(&second);
    }
}

/* One that keeps neither its input nor, as its forerunner, its output is run in place by the model.
 */
static void every_layer_that_may_work_in_place_gives_the_same_there(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        if (!(*kind)->slope || (*kind)->keeps_input)
            continue;
        struct bench apart, in_place;
        bench_init(&apart, *kind, true);
        bench_init(&in_place, *kind, true);
        in_place.pass.output = in_place.input;
        (*kind)->forward(&apart.layer, &apart.pass);
        (*kind)->forward(&in_place.layer, &in_place.pass);
        assert_memory_equal(apart.output, in_place.input, sizeof in_place.input);

        float one[ROWS * INPUTS], other[ROWS * INPUTS];
        memcpy(one, apart.weights, sizeof one);
        memcpy(other, apart.weights, sizeof other);
        (*kind)->slope(&apart.layer, &apart.pass, one);
        (*kind)->slope(&in_place.layer, &in_place.pass, other);
        assert_memory_equal(one, other, sizeof one);
        bench_release(&apart);
        bench_release(&in_place);
    }
}

static void every_layer_lets_not_a_number_through(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        struct bench bench;
        bench_init(&bench, *kind, false);
        bench.input[INPUTS] = NAN; /* the second row's first */
        assert_true(isnan(weighted_sum(&bench)));
        bench_release(&bench);
    }
}

static void every_name_is_found_and_no_other(void **state)
{
    (void)state;
    for (const struct layer_kind *const *kind = layer_kinds; *kind; kind++) {
        assert_ptr_equal(layer_kind_find((*kind)->name), *kind);
        assert_true((*kind)->help && *(*kind)->help);
    }
    assert_null(layer_kind_find("convolution of the third kind"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_has_the_gradient_of_its_forward),
        cmocka_unit_test(every_layer_has_the_directional_derivative_of_its_forward),
        cmocka_unit_test(every_layer_repeats_bit_for_bit),
        cmocka_unit_test(every_layer_that_may_work_in_place_gives_the_same_there),
        cmocka_unit_test(every_layer_lets_not_a_number_through),
        cmocka_unit_test(every_name_is_found_and_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
