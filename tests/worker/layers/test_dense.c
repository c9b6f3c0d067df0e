#include "support/check.h"

#include "layers/layers.h"
#include "memory.h"

#include <stdlib.h>

enum { WEIGHT, BIAS, IN = 300, OUT = 200 };
enum { HE, XAVIER, LECUN, UNIFORM, ZERO, SPARSE };

/* By hand: W = (1 2; 3 4; 5 6), b = (10 20 30), x = (1, -1): W x + b = (9, 19, 29). With e = (1, 1,
 * 1): dW = e x' = (1 -1; 1 -1; 1 -1), db = e, dx = W' e = (9, 12). */
static void a_dense_layer_multiplies_by_its_rows_of_weights(void **state)
{
    (void)state;
    const float theta[] = {1, 2, 3, 4, 5, 6, 10, 20, 30}, input[] = {1, -1};
    const float ones[] = {1, 1, 1};
    float output[3], gradient[9], d_input[2];
    struct layer layer;
    const struct layer_pass pass = {.rows = 1, .theta = theta, .input = input, .output = output};

    layer_plan(&layer, &dense_layer, 2, (const double[]){[DENSE_OUTPUTS] = 3, [DENSE_INIT] = HE});
    assert_int_equal(layer.parameters, 9);
    layer.kind->forward(&layer, &pass);
    assert_memory_equal(output, ((const float[]){9, 19, 29}), sizeof output);
    layer.kind->backward(&layer, &pass, ones, d_input, gradient);
    assert_memory_equal(gradient, ((const float[]){1, -1, 1, -1, 1, -1, 1, 1, 1}), sizeof gradient);
    assert_memory_equal(d_input, ((const float[]){9, 12}), sizeof d_input);
}

struct moments {
    double mean, deviation, largest;
};

static struct moments moments_of(const float *values, size_t count)
{
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
        squares += (double)values[i] * (double)values[i];
        largest = fmax(largest, fabs((double)values[i]));
    }
    return (struct moments){sum / (double)count, sqrt(squares / (double)count), largest};
}

static void draw(int init, int tensor, uint64_t seed, uint64_t place, float *values)
{
    struct layer layer;
    layer_plan(&layer, &dense_layer, IN,
               (const double[]){[DENSE_OUTPUTS] = OUT, [DENSE_INIT] = init});
    dense_layer.init(&layer, tensor, seed, place, values);
}

/* 60,000 numbers: the deviation is good to 0.3 % (normal) or better. A uniform one within a has
 * deviation a / sqrt(3). */
static void weights_start_with_the_spread_of_their_source(void **state)
{
    (void)state;
    static float values[IN * OUT];
    const struct {
        int init;
        double deviation, bound;
    } cases[] = {
        {HE, sqrt(2.0 / IN), HUGE_VAL},
        {LECUN, sqrt(1.0 / IN), HUGE_VAL},
        {XAVIER, sqrt(2.0 / (IN + OUT)), sqrt(6.0 / (IN + OUT))},
        {UNIFORM, sqrt(1.0 / 3 / IN), sqrt(1.0 / IN)},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        draw(cases[i].init, WEIGHT, 1, 0, values);
        const struct moments moments = moments_of(values, COUNT_OF(values));
        assert_near(moments.deviation, cases[i].deviation, 0.015);
        assert_true(fabs(moments.mean) < 5 * cases[i].deviation / sqrt(IN * OUT));
        assert_true(moments.largest <= cases[i].bound * (1 + 1e-7));
        if (isfinite(cases[i].bound))
            assert_true(moments.largest > 0.99 * cases[i].bound);
        else
            assert_true(moments.largest > 3.5 * cases[i].deviation);
    }
}

static void biases_start_at_zero_but_with_uniform(void **state)
{
    (void)state;
    const int zero[] = {HE, XAVIER, LECUN, ZERO};
    float values[OUT];
    for (size_t i = 0; i < COUNT_OF(zero); i++) {
        values[3] = 1;
        draw(zero[i], BIAS, 1, 1, values);
        assert_true(moments_of(values, OUT).largest == 0);
    }
    draw(UNIFORM, BIAS, 1, 1, values);
    assert_near(moments_of(values, OUT).deviation, sqrt(1.0 / 3 / IN), 0.15);
    assert_true(moments_of(values, OUT).largest <= sqrt(1.0 / IN));
}

/* 15 of each row's 300, at places that differ from row to row; 3,000 normal numbers have a
 * deviation of 1 to within 0.05 in all but one case in ten thousand. */
static void sparse_weights_are_fifteen_a_unit(void **state)
{
    (void)state;
    static float values[IN * OUT];
    int columns[IN] = {0}, used = 0;

    draw(SPARSE, WEIGHT, 7, 0, values);
    for (int row = 0; row < OUT; row++) {
        int count = 0;
        for (int j = 0; j < IN; j++) {
            count += values[row * IN + j] != 0.0F;
            columns[j] += values[row * IN + j] != 0.0F;
        }
        assert_int_equal(count, 15);
    }
    for (int j = 0; j < IN; j++)
        used += columns[j] > 0;
    assert_true(used > IN - 5);
    const struct moments moments = moments_of(values, IN * OUT);
    assert_near(moments.deviation * sqrt(IN / 15.0), 1.0, 0.05);
    draw(SPARSE, BIAS, 7, 1, values);
    assert_true(moments_of(values, OUT).largest == 0.0);
}

static void the_start_is_a_function_of_seed_and_place(void **state)
{
    (void)state;
    static float first[IN * OUT], same[IN * OUT], seed[IN * OUT], place[IN * OUT];
    draw(HE, WEIGHT, 1, 0, first);
    draw(HE, WEIGHT, 1, 0, same);
    draw(HE, WEIGHT, 2, 0, seed);
    draw(HE, WEIGHT, 1, 2, place);
    assert_memory_equal(first, same, sizeof first);
    assert_memory_not_equal(first, seed, sizeof first);
    assert_memory_not_equal(first, place, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_layer_multiplies_by_its_rows_of_weights),
        cmocka_unit_test(weights_start_with_the_spread_of_their_source),
        cmocka_unit_test(biases_start_at_zero_but_with_uniform),
        cmocka_unit_test(sparse_weights_are_fifteen_a_unit),
        cmocka_unit_test(the_start_is_a_function_of_seed_and_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
