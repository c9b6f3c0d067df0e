#include "support/check.h"

#include "layers/layers.h"
#include "memory.h"

enum { ROWS = 50, WIDTH = 400, COUNT = ROWS * WIDTH };

static float ones[COUNT], output[COUNT], memory[COUNT];

static const float *drop(double rate, bool training, uint64_t seed, uint64_t stream)
{
    struct layer layer;
    const struct layer_pass pass = {.rows = ROWS,
                                    .training = training,
                                    .seed = seed,
                                    .stream = stream,
                                    .input = ones,
                                    .output = output,
                                    .memory = memory};
    for (size_t i = 0; i < COUNT; i++)
        ones[i] = 1;
    layer_plan(&layer, &dropout_layer, WIDTH, (const double[]){[DROPOUT_RATE] = rate});
    layer.kind->forward(&layer, &pass);
    return output;
}

/* The kept ones are scaled by 1 / (1 - 0.2) = 1.25; five standard errors of the dropped part. */
static void training_drops_the_asked_part_and_scales_the_rest(void **state)
{
    (void)state;
    const float *y = drop(0.2, true, 1, 0);
    int dropped = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_true(y[i] == 0.0F || y[i] == 1.25F);
        dropped += y[i] == 0.0F;
    }
    assert_true(fabs((double)dropped / COUNT - 0.2) < 5 * sqrt(0.2 * 0.8 / COUNT));
}

static void evaluation_changes_nothing(void **state)
{
    (void)state;
    const float *y = drop(0.9, false, 1, 0);
    assert_memory_equal(y, ones, sizeof ones);
}

static void a_rate_of_zero_drops_none(void **state)
{
    (void)state;
    const float *y = drop(0, true, 1, 0);
    assert_memory_equal(y, ones, sizeof ones);
}

static void each_step_drops_others_and_the_same_step_the_same(void **state)
{
    (void)state;
    static float first[COUNT];
    memcpy(first, drop(0.5, true, 1, 0), sizeof first);
    assert_memory_equal(drop(0.5, true, 1, 0), first, sizeof first);
    assert_memory_not_equal(drop(0.5, true, 1, 1), first, sizeof first);
    assert_memory_not_equal(drop(0.5, true, 2, 0), first, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_drops_the_asked_part_and_scales_the_rest),
        cmocka_unit_test(evaluation_changes_nothing),
        cmocka_unit_test(a_rate_of_zero_drops_none),
        cmocka_unit_test(each_step_drops_others_and_the_same_step_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
