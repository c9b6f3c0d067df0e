#include "support/choose.h"

#include "memory.h"
#include "schedules.h"

enum { STEPS = 20 };

static double factor_at(const char *name, const char *settings, int64_t k, int64_t total)
{
    const struct schedule *schedule = schedule_find(name);
    assert_non_null(schedule);
    struct chosen chosen = choose(schedule->settings, settings);
    const double factor = schedule_factor(schedule, &chosen, k, total);
    chosen_release(&chosen);
    return factor;
}

/* Checks s(0), s(1), … against a list that ends with -1. */
static void expect_factors(const char *name, const char *settings, int64_t total,
                           const double *factors)
{
    for (int64_t k = 0; factors[k] >= 0.0; k++) {
        const double got = factor_at(name, settings, k, total);
        if (fabs(got - factors[k]) > 1e-12)
            fail_msg("%s %s: factor %d is %.15g, not %.15g", name, settings, (int)k, got,
                     factors[k]);
    }
}

#define EXPECT_FACTORS(name, settings, total, ...)                                                 \
    expect_factors(name, settings, total, (const double[]){__VA_ARGS__, -1.0})

/* --- torch --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *settings;
    double factors[STEPS];
} torch_cases[] = {
    /* printed by tests/reference/schedules.py with torch 1.13.0 */
    {"polynomial",
     "{\"power\": 3}",
     {1,     0.857375, 0.729, 0.614125, 0.512, 0.421875, 0.343, 0.274625, 0.216, 0.166375,
      0.125, 0.091125, 0.064, 0.042875, 0.027, 0.015625, 0.008, 0.003375, 0.001, 0.000125}},
    {"cosine",
     "{\"floor\": 0.1}",
     {1,
      0.994459753268,
      0.977975432333,
      0.950952935885,
      0.914057647469,
      0.868198051534,
      0.814503363532,
      0.754295724883,
      0.689057647469,
      0.620395509268,
      0.55,
      0.479604490732,
      0.410942352531,
      0.345704275117,
      0.285496636468,
      0.231801948466,
      0.185942352531,
      0.149047064115,
      0.122024567667,
      0.105540246732}},
    {"step", "{\"at\": [0.25, 0.7], \"gamma\": 0.2}", {1,    1,    1,    1,    1,    0.2, 0.2,
                                                       0.2,  0.2,  0.2,  0.2,  0.2,  0.2, 0.2,
                                                       0.04, 0.04, 0.04, 0.04, 0.04, 0.04}},
    {"exponential",
     "{\"gamma\": 0.9}",
     {1,
      0.9,
      0.81,
      0.729,
      0.6561,
      0.59049,
      0.531441,
      0.4782969,
      0.43046721,
      0.387420489,
      0.3486784401,
      0.31381059609,
      0.282429536481,
      0.254186582833,
      0.22876792455,
      0.205891132095,
      0.185302018885,
      0.166771816997,
      0.150094635297,
      0.135085171767}},
    {"cosine_restarts",
     "{\"first_cycle\": 0.15, \"multiplier\": 2}",
     {1,
      0.75,
      0.25,
      1,
      0.933012701892,
      0.75,
      0.5,
      0.25,
      0.0669872981078,
      1,
      0.982962913145,
      0.933012701892,
      0.853553390593,
      0.75,
      0.629409522551,
      0.5,
      0.370590477449,
      0.25,
      0.146446609407,
      0.0669872981078}},
    {"cosine_restarts",
     "{\"first_cycle\": 0.25, \"floor\": 0.2}",
     {1, 0.92360679775, 0.72360679775, 0.47639320225, 0.27639320225,
      1, 0.92360679775, 0.72360679775, 0.47639320225, 0.27639320225,
      1, 0.92360679775, 0.72360679775, 0.47639320225, 0.27639320225,
      1, 0.92360679775, 0.72360679775, 0.47639320225, 0.27639320225}},
    {"one_cycle",
     "{}",
     {0.04,
      0.1316718427,
      0.3716718427,
      0.6683281573,
      0.9083281573,
      1,
      0.987464006235,
      0.950484632013,
      0.890916177571,
      0.81174565395,
      0.716943001791,
      0.611262021936,
      0.500002,
      0.388741978064,
      0.283060998209,
      0.18825834605,
      0.109087822429,
      0.0495193679865,
      0.0125399937649,
      4e-06}},
    {"one_cycle",
     "{\"peak_at\": 0.4, \"start_divisor\": 10, \"end_divisor\": 100, \"shape\": \"linear\"}",
     {0.1,
      0.228571428571,
      0.357142857143,
      0.485714285714,
      0.614285714286,
      0.742857142857,
      0.871428571429,
      1,
      0.91675,
      0.8335,
      0.75025,
      0.667,
      0.58375,
      0.5005,
      0.41725,
      0.334,
      0.25075,
      0.1675,
      0.08425,
      0.001}},
};

static void factors_are_those_of_torch(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(torch_cases); i++) {
        for (int k = 0; k < STEPS; k++)
            assert_near(factor_at(torch_cases[i].name, torch_cases[i].settings, k, STEPS),
                        torch_cases[i].factors[k], 1e-9);
    }
}

/* --- by hand ------------------------------------------------------------------------------- */

static void linear_falls_in_equal_steps(void **state)
{
    (void)state;
    EXPECT_FACTORS("linear", "{}", 4, 1, 0.75, 0.5, 0.25, 0.25, 0.25);
    EXPECT_FACTORS("linear", "{\"floor\": 0.2}", 4, 1, 0.8, 0.6, 0.4);
}

static void constant_stays(void **state)
{
    (void)state;
    EXPECT_FACTORS("constant", "{}", 3, 1, 1, 1, 1, 1);
}

/* The factor min(1, (k+1)/T_w) goes onto the schedule; T_w = round(0.5 * 4) = 2. */
static void warmup_multiplies(void **state)
{
    (void)state;
    EXPECT_FACTORS("constant", "{\"warmup\": 0.5}", 4, 0.5, 1, 1, 1);
    EXPECT_FACTORS("linear", "{\"warmup\": 0.5}", 4, 0.5, 0.75, 0.5, 0.25);
}

/* Two steps up, then the whole line over the remaining four. */
static void warmup_may_come_before(void **state)
{
    (void)state;
    EXPECT_FACTORS("linear", "{\"warmup\": 0.3333, \"warmup_mode\": \"before\"}", 6, 0.5, 1, 1,
                   0.75, 0.5, 0.25);
}

static void warmup_of_almost_all_steps_leaves_no_gap(void **state)
{
    (void)state;
    EXPECT_FACTORS("linear", "{\"warmup\": 0.99, \"warmup_mode\": \"before\"}", 4, 0.25, 0.5, 0.75,
                   1, 1);
}

/* 0.55 * 100 is 55.00000000000001 in doubles; the fall is at step 55 all the same. */
static void steps_fall_where_they_should(void **state)
{
    (void)state;
    assert_true(factor_at("step", "{\"at\": [0.55]}", 54, 100) == 1.0);
    assert_true(factor_at("step", "{\"at\": [0.55]}", 55, 100) == 0.1);
    assert_near(factor_at("step", "{\"at\": [0.55], \"floor\": 0.5}", 99, 100), 0.55, 1e-12);
}

/* n = 3 of T = 10: j = 1, 2, 3 at k = 7, 8, 9. */
static void wsd_has_three_conventions(void **state)
{
    (void)state;
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.3}", 10, 1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.3, \"progress\": \"j/n\"}", 10, 1, 1, 1, 1, 1, 1, 1,
                   2.0 / 3.0, 1.0 / 3.0, 0);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.3, \"progress\": \"(j-1)/n\"}", 10, 1, 1, 1, 1, 1, 1, 1,
                   1, 2.0 / 3.0, 1.0 / 3.0);
}

/* cos(pi/4) = 0.7071…: (1 + 0.7071)/2 = 0.853553390593274; 1 - sqrt(1/4) = 1/2. */
static void wsd_has_three_shapes(void **state)
{
    (void)state;
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.75, \"shape\": \"cosine\"}", 4, 1, 0.853553390593274,
                   0.5, 0.146446609406726);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.75, \"shape\": \"1-sqrt\"}", 4, 1, 0.5,
                   0.292893218813452, 0.133974596215561);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 0.75, \"floor\": 0.2}", 4, 1, 0.8, 0.6, 0.4);
}

/* n = 4 of T = 4, j = 1 … 4, progress 1/4, 1/2, 3/4, 1. Mirror cosine: 2(1 - p) - (1 + cos(pi p))/2
 * = 1.5 - 0.853553390593274, 1 - 1/2, 0.5 - 0.146446609406726, 0. Exponential with f = 1/16: 1/2 to
 * the power of the step. Lowered linear by default: progress j/5 of 0.7. */
static void wsd_has_the_other_shapes(void **state)
{
    (void)state;
    EXPECT_FACTORS("wsd", "{\"cooldown\": 1, \"shape\": \"mirror-cosine\"}", 4, 0.646446609406726,
                   0.5, 0.353553390593274, 0);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 1, \"shape\": \"square\"}", 4, 0.9375, 0.75, 0.4375, 0);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 1, \"shape\": \"exponential\", \"floor\": 0.0625}", 4,
                   0.5, 0.25, 0.125, 0.0625);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 1, \"shape\": \"lowered-linear\"}", 4, 0.56, 0.42, 0.28,
                   0.14);
    EXPECT_FACTORS("wsd", "{\"cooldown\": 1, \"shape\": \"square\", \"progress\": \"(j-1)/n\"}", 4,
                   1, 0.9375, 0.75, 0.4375);
}

/* (1 - k/4)^(2 * 1.5 - 1) = 1, 9/16, 1/4, 1/16. */
static void power_decay_follows_its_exponent(void **state)
{
    (void)state;
    EXPECT_FACTORS("power_decay", "{\"exponent\": 1.5}", 4, 1, 0.5625, 0.25, 0.0625);
    EXPECT_FACTORS("power_decay", "{}", 4, 1, 0.75, 0.5, 0.25);
}

/* Half cycles of 2 of 8 steps: up over 0, 1, at the peak at 2, down to 4. The second cycle is half
 * as high, or under 0.5^k: 0.5 * 0.5, 0.25, 0.5 * 0.125, then 0.5 * 2^-5, 2^-6, 0.5 * 2^-7. */
static void cyclical_goes_up_and_down(void **state)
{
    (void)state;
    EXPECT_FACTORS("cyclical", "{\"half_cycle\": 0.25}", 8, 0, 0.5, 1, 0.5, 0, 0.5, 1, 0.5);
    EXPECT_FACTORS("cyclical", "{\"half_cycle\": 0.25, \"shape\": \"triangular2\"}", 8, 0, 0.5, 1,
                   0.5, 0, 0.25, 0.5, 0.25);
    EXPECT_FACTORS("cyclical", "{\"half_cycle\": 0.25, \"shape\": \"exp-range\", \"gamma\": 0.5}",
                   8, 0, 0.25, 0.25, 0.0625, 0, 0.015625, 0.015625, 0.00390625);
    EXPECT_FACTORS("cyclical", "{\"half_cycle\": 0.25, \"floor\": 0.5}", 4, 0.5, 1, 0.5, 1);
}

/* 0.5 of 4 steps rises: 1/2, 1; times 1, 9/16, 1/4, 1/16. "rcnn" was fitted with no rise and 1.5,
 * "gpt" with 0.28 and 1: 0.28 of 25 steps is 7, so step 4 has 5/7 * 21/25. */
static void hybrid_rises_and_falls(void **state)
{
    (void)state;
    EXPECT_FACTORS("hybrid", "{\"rise\": 0.5, \"power\": 2}", 4, 0.5, 0.5625, 0.25, 0.0625);
    EXPECT_FACTORS("hybrid", "{\"fit\": \"rcnn\"}", 4, 1, 0.649519052838329, 0.353553390593274,
                   0.125);
    assert_near(factor_at("hybrid", "{\"fit\": \"gpt\"}", 4, 25), 0.6, 1e-12);
    assert_near(factor_at("hybrid", "{\"fit\": \"gpt\"}", 20, 25), 0.2, 1e-12);
}

/* Entry k at step k where there are as many; straight lines where there are not; the ends stay. */
static void refined_goes_along_its_curve(void **state)
{
    static const char *const curve = "{\"curve\": [0.5, 1, 0.75, 0]}";
    (void)state;
    EXPECT_FACTORS("refined", curve, 4, 0.5, 1, 0.75, 0);
    EXPECT_FACTORS("refined", curve, 7, 0.5, 0.75, 1, 0.875, 0.75, 0.375, 0);
    EXPECT_FACTORS("refined", curve, 2, 0.5, 0);
    EXPECT_FACTORS("refined", curve, 1, 0.5);
}

/* b/(b+k) with b = 2: 1, 2/3, 1/2; and their roots. */
static void inverse_schedules_follow_their_offset(void **state)
{
    (void)state;
    EXPECT_FACTORS("inverse_time", "{\"offset\": 2}", 3, 1, 2.0 / 3.0, 0.5);
    EXPECT_FACTORS("inverse_sqrt", "{\"offset\": 2}", 3, 1, 0.816496580927726, 0.707106781186548);
}

/* 0.25^(k/4): 1, 0.7071, 0.5, 0.3536. */
static void exponential_reaches_its_ratio(void **state)
{
    (void)state;
    EXPECT_FACTORS("exponential", "{\"ratio\": 0.25}", 4, 1, 0.707106781186548, 0.5,
                   0.353553390593274);
}

static void piecewise_joins_its_points(void **state)
{
    static const char *const points = "{\"at\": [0.2, 0.4, 0.8], \"factors\": [0.5, 1, 0]}";
    static const char *const steps =
        "{\"at\": [0.2, 0.4, 0.8], \"factors\": [0.5, 1, 0], \"between\": \"constant\"}";
    (void)state;
    EXPECT_FACTORS("piecewise", points, 10, 0.5, 0.5, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0, 0);
    EXPECT_FACTORS("piecewise", steps, 10, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1, 0, 0);
}

static void piecewise_needs_a_factor_for_each_point(void **state)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_t *described = settings_describe(schedule_find("piecewise")->settings);
    json_t *given = json_loads("{\"at\": [0, 1], \"factors\": [1]}", 0, NULL);
    (void)state;

    json_decref(settings_resolve(NULL, described, given, "/schedule", &problems));
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, "/schedule/factors");
    assert_says(problems.list[0].detail, "as many entries as \"at\"");
    json_decref(described);
    json_decref(given);
}

/* --- all of them --------------------------------------------------------------------------- */

static const char *least_settings(const struct schedule *schedule)
{
    return strcmp(schedule->name, "piecewise") == 0 ? "{\"at\": [0, 1], \"factors\": [1, 0]}"
                                                    : "{}";
}

static void each_is_found_and_begins_with_the_common_settings(void **state)
{
    (void)state;
    for (int i = 0; schedules[i]; i++) {
        assert_ptr_equal(schedule_find(schedules[i]->name), schedules[i]);
        assert_string_equal(schedules[i]->settings[SCHEDULE_WARMUP].name, "warmup");
        assert_string_equal(schedules[i]->settings[SCHEDULE_WARMUP_MODE].name, "warmup_mode");
        assert_true(strlen(schedules[i]->help) > 5);
    }
    assert_null(schedule_find("cosinus"));
}

static void check_range(const struct schedule *schedule, struct chosen *chosen, int64_t total)
{
    const double last = schedule_factor(schedule, chosen, total - 1, total);
    for (int64_t k = 0; k < total; k++) {
        const double factor = schedule_factor(schedule, chosen, k, total);
        if (!(factor >= 0.0 && factor <= 1.0))
            fail_msg("%s: factor %d of %d is %g", schedule->name, (int)k, (int)total, factor);
    }
    assert_true(schedule_factor(schedule, chosen, total, total) == last);
    assert_true(schedule_factor(schedule, chosen, INT64_C(1000000000000), total) == last);
}

static void each_stays_between_zero_and_one_and_stays_past_the_end(void **state)
{
    static const int64_t totals[] = {1, 2, 3, 7, 100, 1001};
    (void)state;

    for (int i = 0; schedules[i]; i++) {
        struct chosen chosen = choose(schedules[i]->settings, least_settings(schedules[i]));
        for (size_t j = 0; j < COUNT_OF(totals); j++) {
            for (int mode = 0; mode < 2; mode++) {
                chosen.number[SCHEDULE_WARMUP_MODE] = mode;
                chosen.number[SCHEDULE_WARMUP] = 0.0;
                check_range(schedules[i], &chosen, totals[j]);
                chosen.number[SCHEDULE_WARMUP] = 0.3;
                check_range(schedules[i], &chosen, totals[j]);
            }
        }
        chosen_release(&chosen);
    }
}

static void each_keeps_to_its_floor(void **state)
{
    (void)state;
    for (int i = 0; schedules[i]; i++) {
        const char *name = schedules[i]->settings[SCHEDULE_FLOOR].name;
        if (!name || strcmp(name, "floor") != 0)
            continue;
        struct chosen chosen = choose(schedules[i]->settings, "{\"floor\": 0.25}");
        for (int64_t k = 0; k < 50; k++)
            assert_true(schedule_factor(schedules[i], &chosen, k, 50) >= 0.25);
        chosen_release(&chosen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_those_of_torch),
        cmocka_unit_test(linear_falls_in_equal_steps),
        cmocka_unit_test(constant_stays),
        cmocka_unit_test(warmup_multiplies),
        cmocka_unit_test(warmup_may_come_before),
        cmocka_unit_test(warmup_of_almost_all_steps_leaves_no_gap),
        cmocka_unit_test(steps_fall_where_they_should),
        cmocka_unit_test(wsd_has_three_conventions),
        cmocka_unit_test(wsd_has_three_shapes),
        cmocka_unit_test(wsd_has_the_other_shapes),
        cmocka_unit_test(power_decay_follows_its_exponent),
        cmocka_unit_test(cyclical_goes_up_and_down),
        cmocka_unit_test(hybrid_rises_and_falls),
        cmocka_unit_test(refined_goes_along_its_curve),
        cmocka_unit_test(inverse_schedules_follow_their_offset),
        cmocka_unit_test(exponential_reaches_its_ratio),
        cmocka_unit_test(piecewise_joins_its_points),
        cmocka_unit_test(piecewise_needs_a_factor_for_each_point),
        cmocka_unit_test(each_is_found_and_begins_with_the_common_settings),
        cmocka_unit_test(each_stays_between_zero_and_one_and_stays_past_the_end),
        cmocka_unit_test(each_keeps_to_its_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
