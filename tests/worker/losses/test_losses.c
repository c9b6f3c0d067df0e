#include "support/check.h"

#include "losses/losses.h"
#include "memory.h"
#include "random.h"

enum { ROWS = 67, WIDTH = 7, COUNT = ROWS * WIDTH };

static float outputs[COUNT], targets[COUNT], d_outputs[COUNT];
static uint16_t labels[ROWS];

static struct loss_batch random_batch(size_t rows)
{
    struct rng rng = rng_stream(4, RANDOM_TEST, 0);
    for (int i = 0; i < COUNT; i++) {
        outputs[i] = (float)(2 * rng_normal(&rng));
        targets[i] = (float)rng_normal(&rng);
    }
    for (int r = 0; r < ROWS; r++)
        labels[r] = (uint16_t)rng_below(&rng, WIDTH);
    return (struct loss_batch){rows, WIDTH, outputs, labels, targets};
}

static double mean_of(const struct loss *loss, const struct loss_batch *batch)
{
    static float unused[COUNT];
    return loss->sum(batch, unused) / (double)batch->rows;
}

/* --- the contract ------------------------------------------------------------------------------*/

static void every_loss_has_the_gradient_of_its_value(void **state)
{
    (void)state;
    enum { FEW = 3 };
    const float half_step = 1.0F / 64;
    for (const struct loss *const *loss = losses_list; *loss; loss++) {
        const struct loss_batch batch = random_batch(FEW);
        (*loss)->sum(&batch, d_outputs);
        for (int i = 0; i < FEW * WIDTH; i++) {
            const float kept = outputs[i];
            outputs[i] = kept + half_step;
            const double above = mean_of(*loss, &batch);
            outputs[i] = kept - half_step;
            const double below = mean_of(*loss, &batch);
            outputs[i] = kept;
            const double want = (above - below) / (2 * (double)half_step);
            assert_true(fabs((double)d_outputs[i] - want) < 1e-4);
        }
    }
}

/* The Hessian times a vector is the derivative of the gradient along it. */
static void every_loss_has_the_curvature_of_its_gradient(void **state)
{
    (void)state;
    static float along[COUNT], shifted[COUNT], above[COUNT], below[COUNT], product[COUNT];
    const float half_step = 1.0F / 64;
    for (const struct loss *const *loss = losses_list; *loss; loss++) {
        struct loss_batch batch = random_batch(ROWS);
        struct rng rng = rng_stream(4, RANDOM_TEST, 1);
        for (int i = 0; i < COUNT; i++)
            along[i] = (float)rng_normal(&rng);
        (*loss)->curvature(&batch, along, product);

        batch.outputs = shifted;
        for (int i = 0; i < COUNT; i++)
            shifted[i] = outputs[i] + half_step * along[i];
        (*loss)->sum(&batch, above);
        for (int i = 0; i < COUNT; i++)
            shifted[i] = outputs[i] - half_step * along[i];
        (*loss)->sum(&batch, below);
        for (int i = 0; i < COUNT; i++) {
            const double want = ((double)above[i] - (double)below[i]) / (2 * (double)half_step);
            assert_true(fabs((double)product[i] - want) < 3e-4 / ROWS * (1 + fabs(want) * ROWS));
        }
        (*loss)->curvature(&batch, along, along);
    }
}

static void every_loss_lets_not_a_number_through(void **state)
{
    (void)state;
    for (const struct loss *const *loss = losses_list; *loss; loss++) {
        const struct loss_batch batch = random_batch(ROWS);
        outputs[5 * WIDTH + 3] = NAN;
        assert_true(isnan((*loss)->sum(&batch, d_outputs)));
        assert_true(isnan(d_outputs[5 * WIDTH + 3]));
    }
}

static void every_name_is_found_and_no_other(void **state)
{
    (void)state;
    for (const struct loss *const *loss = losses_list; *loss; loss++)
        assert_ptr_equal(loss_find((*loss)->name), *loss);
    assert_null(loss_find("hinge"));
    assert_string_equal(loss_for(true)->name, "cross_entropy");
    assert_string_equal(loss_for(false)->name, "mean_squared");
}

/* --- values by hand ----------------------------------------------------------------------------*/

/* Equal outputs: log 4 for every label. Outputs (0, log 3) and label 1: p = (1/4, 3/4), loss
 * log(4/3), gradient (1/4, -1/4). */
static void cross_entropy_has_its_values_by_hand(void **state)
{
    (void)state;
    const struct loss *loss = loss_find("cross_entropy");
    const float equal[] = {5, 5, 5, 5, -2, -2, -2, -2}, two[] = {0, logf(3)};
    float d[8];

    const struct loss_batch even = {2, 4, equal, (const uint16_t[]){0, 3}, NULL};
    assert_near(loss->sum(&even, d), 2 * log(4), 1e-6);
    assert_near((double)d[0], (0.25 - 1) / 2, 1e-6);
    assert_near((double)d[1], 0.25 / 2, 1e-6);

    const struct loss_batch odd = {1, 2, two, (const uint16_t[]){1}, NULL};
    assert_near(loss->sum(&odd, d), log(4.0 / 3), 1e-6);
    assert_near((double)d[0], 0.25, 1e-6);
    assert_near((double)d[1], -0.25, 1e-6);
}

static void cross_entropy_takes_outputs_beyond_the_range_of_exp(void **state)
{
    (void)state;
    const struct loss *loss = loss_find("cross_entropy");
    const float far[] = {1e4F, 0, -1e4F};
    float d[3];
    const struct loss_batch wrong = {1, 3, far, (const uint16_t[]){2}, NULL};
    const struct loss_batch right = {1, 3, far, (const uint16_t[]){0}, NULL};

    assert_near(loss->sum(&wrong, d), 2e4, 1e-6);
    assert_true(d[0] == 1.0F && d[1] == 0.0F && d[2] == -1.0F);
    assert_true(loss->sum(&right, d) == 0);
    assert_true(d[0] == 0.0F && d[1] == 0.0F && d[2] == 0.0F);
}

/* ((1 - 0)^2 + (2 - 4)^2 + (3 - 3)^2 + (4 - 1)^2) / 4 = 3.5; gradient 2 (o - t) / 4. */
static void mean_squared_is_the_mean_over_rows_and_outputs(void **state)
{
    (void)state;
    const struct loss *loss = loss_find("mean_squared");
    const float o[] = {1, 2, 3, 4}, t[] = {0, 4, 3, 1};
    float d[4];
    const struct loss_batch batch = {2, 2, o, NULL, t};

    assert_near(loss->sum(&batch, d) / 2, 3.5, 1e-12);
    assert_memory_equal(d, ((const float[]){0.5F, -1, 0, 1.5F}), sizeof d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loss_has_the_gradient_of_its_value),
        cmocka_unit_test(every_loss_has_the_curvature_of_its_gradient),
        cmocka_unit_test(every_loss_lets_not_a_number_through),
        cmocka_unit_test(every_name_is_found_and_no_other),
        cmocka_unit_test(cross_entropy_has_its_values_by_hand),
        cmocka_unit_test(cross_entropy_takes_outputs_beyond_the_range_of_exp),
        cmocka_unit_test(mean_squared_is_the_mean_over_rows_and_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
