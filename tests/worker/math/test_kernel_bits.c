/*
 * The bits of every kernel of ours that decides a run's numbers, kept as digests. The release build
 * runs the clones for this machine's instruction set, the sanitizers' builds run plain ones, and
 * both must find the same. Where a change of bits is wanted, raise KERNELS_VERSION and keep the new
 * digests.
 */
#include "support/check.h"

#include "layers/layers.h"
#include "losses/losses.h"
#include "math/clones.h"
#include "math/random_bulk.h"
#include "math/vectors.h"
#include "memory.h"

enum { ROWS = 13, WIDTH = 77, COUNT = ROWS * WIDTH };

static float x[COUNT], y[COUNT];

static uint32_t digest_of(const void *data, size_t bytes)
{
    const uint8_t *byte = data;
    uint32_t digest = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < bytes; i++)
        digest = (digest ^ byte[i]) * 16777619U;
    return digest;
}

static void assert_digest(const char *name, const void *data, size_t bytes, uint32_t want)
{
    const uint32_t got = digest_of(data, bytes);
    if (got != want) {
        print_error("%s has digest 0x%08x, not 0x%08x\n", name, got, want);
        fail();
    }
}

static void draw(void)
{
    random_normals(1, RANDOM_TEST, 0, 2.0, COUNT, x);
    random_normals(1, RANDOM_TEST, 1, 2.0, COUNT, y);
}

static void draws_keep_their_bits(void **state)
{
    (void)state;
    draw();
    assert_digest("random_normals", x, sizeof x, 0x13d9c493);
    random_uniforms(1, RANDOM_TEST, 2, 0.3, COUNT, x);
    assert_digest("random_uniforms", x, sizeof x, 0x9582f3e2);
    random_normals_from(1, RANDOM_TEST, 3, 64, COUNT, x);
    assert_digest("random_normals_from", x, sizeof x, 0xcbc7f84d);
    random_students_from(1, RANDOM_TEST, 4, 64, 3.0, COUNT, x);
    assert_digest("random_students_from", x, sizeof x, 0x36d14581);
}

static void sums_keep_their_bits(void **state)
{
    (void)state;
    draw();
    const double sums[] = {vector_sum(COUNT, x), vector_sum_squares(COUNT, x),
                           vector_sum_absolute(COUNT, x), vector_dot(COUNT, x, y),
                           vector_squared_distance(COUNT, x, y)};
    assert_digest("sums", sums, sizeof sums, 0xa2e79a14);
    float columns[WIDTH];
    rows_sum(ROWS, WIDTH, x, columns);
    assert_digest("rows_sum", columns, sizeof columns, 0x601e1b9b);
}

static void loops_keep_their_bits(void **state)
{
    (void)state;
    draw();
    vector_add_scaled(COUNT, 0.3F, x, y);
    vector_combine(COUNT, 0.7F, x, 1e-4F, y, x);
    vector_multiply(COUNT, x, y);
    vector_scale(COUNT, 0.9F, y);
    assert_digest("loops", y, sizeof y, 0x5ae5de4b);
}

static void check_layer(const char *name, uint32_t output, uint32_t slope)
{
    static float memory[COUNT], out[COUNT];
    struct layer layer;
    const struct layer_pass pass = {
        .rows = ROWS, .training = true, .seed = 1, .input = x, .output = out, .memory = memory};
    draw();
    layer_plan(&layer, layer_kind_find(name), WIDTH, (const double[]){0.3});
    layer.kind->forward(&layer, &pass);
    layer.kind->slope(&layer, &pass, y);
    assert_digest(name, out, sizeof out, output);
    assert_digest(name, y, sizeof y, slope);
}

static void layers_keep_their_bits(void **state)
{
    (void)state;
    check_layer("relu", 0xe9f65ed9, 0x36ed1746);
    check_layer("tanh", 0xfacbff64, 0x08107658);
    check_layer("sigmoid", 0x93f6c138, 0x1fe1ec01);
    check_layer("gelu", 0xaf026a25, 0x2a31653b);
    check_layer("dropout", 0xd2fe0cb5, 0x970db8bd);
}

static void check_loss(const char *name, uint32_t value, uint32_t gradient)
{
    static float d[COUNT];
    uint16_t labels[ROWS];
    for (int r = 0; r < ROWS; r++)
        labels[r] = (uint16_t)(5 * r);
    draw();
    const struct loss_batch batch = {ROWS, WIDTH, x, labels, y};
    const double sum = loss_find(name)->sum(&batch, d);
    assert_digest(name, &sum, sizeof sum, value);
    assert_digest(name, d, sizeof d, gradient);
}

static void losses_keep_their_bits(void **state)
{
    (void)state;
    check_loss("cross_entropy", 0x9f250cee, 0x66eff639);
    check_loss("mean_squared", 0x76b4dc9f, 0xc2ef12b4);
}

static void the_version_is_the_one_of_these_digests(void **state)
{
    (void)state;
    assert_int_equal(KERNELS_VERSION, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_keep_their_bits),
        cmocka_unit_test(sums_keep_their_bits),
        cmocka_unit_test(loops_keep_their_bits),
        cmocka_unit_test(layers_keep_their_bits),
        cmocka_unit_test(losses_keep_their_bits),
        cmocka_unit_test(the_version_is_the_one_of_these_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
