/* Expected values: the C library's functions in double, far more exact than a float can show. */
#include "support/check.h"

#include "math/functions.h"

#include "memory.h"

/* |got - want| in units in the last place of the float nearest to want. */
static double units_off(float got, double want)
{
    const float nearest = (float)want;
    if (isinf(nearest) || isinf(got))
        return got == nearest ? 0 : HUGE_VAL;
    const int exponent = fabsf(nearest) < 0x1p-126F ? -126 : ilogb((double)nearest);
    const double unit = ldexp(1, exponent - 23);
    return fabs((double)got - want) / unit;
}

/* The worst over floats from `low` to `high`, `stride` bit patterns apart. */
static double worst(float (*function)(float), double (*exact)(double), float low, float high,
                    uint32_t stride)
{
    double most = 0;
    for (uint32_t bits = float_bits(low); bits <= float_bits(high); bits += stride) {
        const float x = float_of_bits(bits);
        most = fmax(most, units_off(function(x), exact((double)x)));
    }
    return most;
}

static double worst_both_signs(float (*function)(float), double (*exact)(double), float high)
{
    return fmax(worst(function, exact, 0.0F, high, 997), worst(function, exact, -0.0F, -high, 997));
}

static float exp_of(float x)
{
    return float_exp(x);
}

static float expm1_of(float x)
{
    return float_expm1(x);
}

static float log_of(float x)
{
    return float_log(x);
}

static float tanh_of(float x)
{
    return float_tanh(x);
}

static float erf_of(float x)
{
    return float_erf(x);
}

static void exp_is_within_one_unit(void **state)
{
    (void)state;
    const double most = worst_both_signs(exp_of, exp, 120.0F);
    print_message("exp: %.3f units\n", most);
    assert_true(most <= 1.0);
}

static void expm1_is_within_four_units(void **state)
{
    (void)state;
    const double most = worst_both_signs(expm1_of, expm1, 80.0F);
    print_message("expm1: %.3f units\n", most);
    assert_true(most <= 4.0);
}

static void log_is_within_one_unit(void **state)
{
    (void)state;
    const double most =
        fmax(worst(log_of, log, 1e-45F, 3.4e38F, 997), worst(log_of, log, 0.70F, 1.42F, 7));
    print_message("log: %.3f units\n", most);
    assert_true(most <= 1.0);
}

static void tanh_is_within_two_units(void **state)
{
    (void)state;
    const double most = worst_both_signs(tanh_of, tanh, 20.0F);
    print_message("tanh: %.3f units\n", most);
    assert_true(most <= 2.0);
}

static void erf_is_within_two_units(void **state)
{
    (void)state;
    const double most = worst_both_signs(erf_of, erf, 6.0F);
    print_message("erf: %.3f units\n", most);
    assert_true(most <= 2.0);
}

static void not_a_number_stays_not_a_number(void **state)
{
    (void)state;
    const float signs[] = {NAN, -NAN};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        assert_true(isnan(exp_of(signs[i])));
        assert_true(isnan(log_of(signs[i])));
        assert_true(isnan(tanh_of(signs[i])));
        assert_true(isnan(erf_of(signs[i])));
    }
    assert_true(isnan(log_of(-1.0F)));
    assert_true(isnan(log_of(-INFINITY)));
}

static void the_ends_are_exact(void **state)
{
    (void)state;
    assert_true(exp_of(0.0F) == 1.0F);
    assert_true(exp_of(INFINITY) == INFINITY);
    assert_true(exp_of(-INFINITY) == 0.0F);
    assert_true(exp_of(1000.0F) == INFINITY);
    assert_true(log_of(1.0F) == 0.0F);
    assert_true(log_of(0.0F) == -INFINITY);
    assert_true(log_of(-0.0F) == -INFINITY);
    assert_true(log_of(INFINITY) == INFINITY);
    assert_true(tanh_of(0.0F) == 0.0F && signbit(tanh_of(-0.0F)));
    assert_true(tanh_of(INFINITY) == 1.0F && tanh_of(-INFINITY) == -1.0F);
    assert_true(erf_of(0.0F) == 0.0F && signbit(erf_of(-0.0F)));
    assert_true(erf_of(INFINITY) == 1.0F && erf_of(-INFINITY) == -1.0F);
}

/* Results of this very code, kept so that a compiler or a flag that changes bits is noticed. Then
 * raise KERNELS_VERSION. */
static void the_bits_are_the_ones_of_this_version(void **state)
{
    (void)state;
    uint32_t digest = 2166136261U;
    for (int i = -4000; i <= 4000; i++) {
        const float x = (float)i / 256.0F;
        const float values[] = {float_exp(x), float_log(float_absolute(x) + 0.125F), float_tanh(x),
                                float_erf(x)};
        for (size_t k = 0; k < COUNT_OF(values); k++)
            digest = (digest ^ float_bits(values[k])) * 16777619U;
    }
    assert_int_equal(KERNELS_VERSION, 1);
    assert_int_equal(digest, 0x713cb8a3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_one_unit),
        cmocka_unit_test(expm1_is_within_four_units),
        cmocka_unit_test(log_is_within_one_unit),
        cmocka_unit_test(tanh_is_within_two_units),
        cmocka_unit_test(erf_is_within_two_units),
        cmocka_unit_test(not_a_number_stays_not_a_number),
        cmocka_unit_test(the_ends_are_exact),
        cmocka_unit_test(the_bits_are_the_ones_of_this_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
