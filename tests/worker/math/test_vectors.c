#include "support/check.h"

#include "math/vectors.h"
#include "memory.h"
#include "random.h"

enum { LONGEST = 70 };

static void fill_with_chance(float *x, size_t count, uint64_t step)
{
    struct rng rng = rng_stream(1, RANDOM_TEST, step);
    for (size_t i = 0; i < count; i++)
        x[i] = (float)rng_normal(&rng);
}

/* Whole numbers, so that every order of adding gives the exact sum: 1 + … + n = n (n + 1) / 2 and
 * 1 + 4 + … + n^2 = n (n + 1) (2n + 1) / 6. */
static void sums_of_every_length_are_exact_where_they_can_be(void **state)
{
    (void)state;
    float up[LONGEST], down[LONGEST], zero[LONGEST] = {0};
    for (size_t i = 0; i < LONGEST; i++) {
        up[i] = (float)(i + 1);
        down[i] = -up[i];
    }
    for (size_t n = 0; n <= LONGEST; n++) {
        const double sum = (double)(n * (n + 1)) / 2;
        const double squares = (double)(n * (n + 1) * (2 * n + 1)) / 6;
        assert_true(vector_sum(n, up) == sum);
        assert_true(vector_sum_absolute(n, down) == sum);
        assert_true(vector_sum_squares(n, down) == squares);
        assert_true(vector_dot(n, up, down) == -squares);
        assert_true(vector_squared_distance(n, up, zero) == squares);
        assert_true(vector_squared_distance(n, up, up) == 0);
    }
}

/* 1e8 + 1 - 1e8 is 0 in float. */
static void sums_are_taken_in_double(void **state)
{
    (void)state;
    float x[33] = {1e8F};
    x[16] = 1.0F;
    x[32] = -1e8F;
    assert_true(vector_sum(33, x) == 1.0);
}

/* The order the header promises, written another way: lane i % 16, then a tree. */
static void the_order_of_a_sum_depends_on_the_length_alone(void **state)
{
    (void)state;
    float x[1003];
    fill_with_chance(x, COUNT_OF(x), 1);
    double lane[16] = {0};
    for (size_t i = 0; i < COUNT_OF(x); i++)
        lane[i % 16] += (double)x[i] * (double)x[i];
    double eight[8], four[4];
    for (int l = 0; l < 8; l++)
        eight[l] = lane[l] + lane[l + 8];
    for (int l = 0; l < 4; l++)
        four[l] = eight[l] + eight[l + 4];
    const double want = (four[0] + four[2]) + (four[1] + four[3]);
    assert_true(vector_sum_squares(COUNT_OF(x), x) == want);
}

static void not_a_number_and_infinities_are_found_anywhere(void **state)
{
    (void)state;
    const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    float x[LONGEST];
    vector_fill(LONGEST, 3.4e38F, x);
    assert_true(vector_is_finite(0, x));
    assert_true(vector_is_finite(LONGEST, x));
    for (size_t i = 0; i < LONGEST; i++) {
        for (size_t k = 0; k < COUNT_OF(bad); k++) {
            x[i] = bad[k];
            assert_false(vector_is_finite(LONGEST, x));
            assert_true(vector_is_finite(i, x));
        }
        x[i] = -1e-45F;
    }
}

static void not_a_number_goes_through_sums(void **state)
{
    (void)state;
    float x[20] = {0};
    x[17] = NAN;
    assert_true(isnan(vector_sum(20, x)));
    assert_true(isnan(vector_sum_squares(20, x)));
    assert_true(isnan(vector_sum_absolute(20, x)));
}

/* By hand: 2 * (1, 2, 3) + (10, 20, 30) = (12, 24, 36), times (1, 2, 3) = (12, 48, 108), / 4. */
static void element_wise_loops_do_what_they_say(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3};
    float y[] = {10, 20, 30};
    vector_add_scaled(3, 2.0F, x, y);
    vector_multiply(3, x, y);
    vector_scale(3, 0.25F, y);
    assert_true(y[0] == 3.0F && y[1] == 12.0F && y[2] == 27.0F);

    vector_combine(3, 2.0F, y, -6.0F, x, y); /* 6 - 6, 24 - 12, 54 - 18 */
    assert_true(y[0] == 0.0F && y[1] == 12.0F && y[2] == 36.0F);
}

/* By hand: six rows (1, 10), (2, 20), … sum to (21, 210). */
static void rows_are_filled_and_summed(void **state)
{
    (void)state;
    float rows[6][2], sums[2];
    for (int r = 0; r < 6; r++) {
        rows[r][0] = (float)(r + 1);
        rows[r][1] = (float)(10 * (r + 1));
    }
    rows_sum(6, 2, &rows[0][0], sums);
    assert_true(sums[0] == 21.0F && sums[1] == 210.0F);

    rows_fill(6, 2, sums, &rows[0][0]);
    rows_sum(5, 2, &rows[0][0], sums);
    assert_true(rows[5][1] == 210.0F && sums[0] == 105.0F && sums[1] == 1050.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_of_every_length_are_exact_where_they_can_be),
        cmocka_unit_test(sums_are_taken_in_double),
        cmocka_unit_test(the_order_of_a_sum_depends_on_the_length_alone),
        cmocka_unit_test(not_a_number_and_infinities_are_found_anywhere),
        cmocka_unit_test(not_a_number_goes_through_sums),
        cmocka_unit_test(element_wise_loops_do_what_they_say),
        cmocka_unit_test(rows_are_filled_and_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
