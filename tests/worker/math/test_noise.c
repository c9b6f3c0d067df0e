/* Noise on gradients: its law against distribution functions in closed form, and which number of
 * the stream goes where. */
#include "support/check.h"

#include "math/noise.h"
#include "math/random_bulk.h"
#include "memory.h"

#include <stdlib.h>

enum { DRAWS = 200000 };
static float draws[DRAWS];

static const double pi = 3.14159265358979323846;

static double normal(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double cauchy(double x)
{
    return 0.5 + atan(x) / pi;
}

static double student_two(double x)
{
    return 0.5 + 0.5 * x / sqrt(2.0 + x * x);
}

static double student_three(double x)
{
    const double y = x / sqrt(3.0);
    return 0.5 + (atan(y) + y / (1.0 + y * y)) / pi;
}

static int by_size(const void *one, const void *other)
{
    const float a = *(const float *)one, b = *(const float *)other;
    return (a > b) - (a < b);
}

/* Kolmogorov and Smirnov's distance, which is below 1.95 / sqrt(n) in 999 of 1,000 samples. */
static void expect_law(double nu, double deviation, double (*law)(double x))
{
    struct noise noise;
    double distance = 0.0;

    assert_true(noise_init(&noise, 5, nu, 1, &deviation, 1));
    memset(draws, 0, sizeof draws);
    noise_add(&noise, 3, DRAWS, draws);
    qsort(draws, DRAWS, sizeof *draws, by_size);
    for (int i = 0; i < DRAWS; i++) {
        const double share = law((double)draws[i] / deviation);
        distance = fmax(distance, fabs(share - (i + 0.5) / DRAWS));
    }
    print_message("nu %g: distance %.5f\n", nu, distance);
    assert_true(distance < 1.95 / sqrt(DRAWS));
    noise_release(&noise);
}

static void noise_follows_its_law(void **state)
{
    (void)state;
    expect_law(HUGE_VAL, 0.5, normal);
    expect_law(1.0, 2.0, cauchy);
    expect_law(2.0, 0.1, student_two);
    expect_law(3.0, 1.0, student_three);
    expect_law(1e6, 1.0, normal); /* as near as 1e-6 */
}

/* Numbers of Student's t are not independent of their neighbours' words only by mistake: the signs
 * of neighbours agree as often as not. */
static void neighbours_are_independent(void **state)
{
    int agree = 0;
    (void)state;
    random_students_from(1, RANDOM_TEST, 0, 0, 3.0, DRAWS, draws);
    for (int i = 0; i + 1 < DRAWS; i++)
        agree += (draws[i] > 0.0F) == (draws[i + 1] > 0.0F);
    assert_true(fabs(agree - DRAWS / 2.0) < 4.0 * sqrt(DRAWS / 4.0));
}

static void each_axis_has_its_own_deviation(void **state)
{
    enum { AXES = 700, COPIES = 3, COUNT = AXES * COPIES };
    static double deviations[AXES];
    static float ones[COUNT], scaled[COUNT];
    const double one = 1.0;
    struct noise flat, sloped;
    (void)state;

    for (int i = 0; i < AXES; i++)
        deviations[i] = i;
    assert_true(noise_init(&flat, 5, HUGE_VAL, AXES, &one, 1));
    assert_true(noise_init(&sloped, 5, HUGE_VAL, AXES, deviations, AXES));
    memset(ones, 0, sizeof ones);
    memset(scaled, 0, sizeof scaled);
    noise_add(&flat, 9, COUNT, ones);
    noise_add(&sloped, 9, COUNT, scaled);
    for (int i = 0; i < COUNT; i++)
        assert_true(scaled[i] == (float)(i % AXES) * ones[i]);
    noise_release(&flat);
    noise_release(&sloped);
}

static void what_comes_first_does_not_depend_on_how_much_follows(void **state)
{
    static float few[1001], many[5000];
    static const double nus[] = {HUGE_VAL, 3.0};
    const double one = 1.0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(nus); i++) {
        struct noise noise;
        assert_true(noise_init(&noise, 5, nus[i], 7, &one, 1));
        memset(few, 0, sizeof few);
        memset(many, 0, sizeof many);
        noise_add(&noise, 1, COUNT_OF(few), few);
        noise_add(&noise, 1, COUNT_OF(many), many);
        assert_memory_equal(few, many, sizeof few);
        noise_release(&noise);
    }
}

/* What drives an SDE are the draws of normal noise themselves, from any block. */
static void an_sde_is_driven_by_the_same_draws(void **state)
{
    static float noisy[2000];
    float normals[NOISE_TURN];
    const double one = 1.0;
    struct noise noise;
    (void)state;

    assert_true(noise_init(&noise, 5, HUGE_VAL, 1, &one, 1));
    memset(noisy, 0, sizeof noisy);
    noise_add(&noise, 4, COUNT_OF(noisy), noisy);
    noise_normals(&noise, 4, 1024, 77, normals);
    assert_memory_equal(normals, noisy + 1024, 77 * sizeof *normals);
    noise_release(&noise);
}

static void silence_adds_nothing(void **state)
{
    const double none = 0.0;
    float vector[3] = {1.0F, 2.0F, 3.0F};
    struct noise noise;
    (void)state;
    assert_true(noise_init(&noise, 5, HUGE_VAL, 3, &none, 1));
    assert_true(noise.silent);
    noise_add(&noise, 1, 3, vector);
    assert_true(vector[0] == 1.0F && vector[1] == 2.0F && vector[2] == 3.0F);
    noise_release(&noise);
}

/* Var = nu / (nu - 2). */
static void the_spread_is_the_deviation_of_a_scale_of_one(void **state)
{
    struct noise noise = {.nu = 3.0};
    (void)state;
    assert_near(noise_spread(&noise), sqrt(3.0), 1e-15);
    noise.nu = 2.0;
    assert_true(isinf(noise_spread(&noise)));
    noise.nu = HUGE_VAL;
    assert_true(noise_spread(&noise) == 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_follows_its_law),
        cmocka_unit_test(neighbours_are_independent),
        cmocka_unit_test(each_axis_has_its_own_deviation),
        cmocka_unit_test(what_comes_first_does_not_depend_on_how_much_follows),
        cmocka_unit_test(an_sde_is_driven_by_the_same_draws),
        cmocka_unit_test(silence_adds_nothing),
        cmocka_unit_test(the_spread_is_the_deviation_of_a_scale_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
