/* What looks at a growing comparison find. Expected values: by hand from 2^(1 - n), the p of n
 * seeds that all point one way, against Pocock's nominal 0.0158 of 5 looks at 0.05. */
#include "support/check.h"

#include "compare/looks.h"
#include "compare/sequential.h"
#include "compare/verdict.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>

enum { SEEDS = 50, ARMS = 4 };

static double values[ARMS * SEEDS];
static bool absent[ARMS * SEEDS];
static struct arm_decision decided[ARMS];
static const char *const names[ARMS] = {"base", "one", "two", "three"};

static struct comparison comparison_of(int arm_count, int seed_count)
{
    memset(decided, 0, sizeof decided);
    memset(absent, 0, sizeof absent);
    return (struct comparison){.names = names,
                               .arm_count = arm_count,
                               .seed_count = seed_count,
                               .values = values,
                               .absent = absent,
                               .metric = "valid_loss",
                               .level = 0.05,
                               .looks = 5,
                               .decided = decided,
                               .draws = 10,
                               .seed = 1};
}

/* The arm is ahead of the baseline by more with each seed, as far as that one. */
static void let_win(int arm, int seed_count, int count)
{
    for (int seed = 0; seed < seed_count; seed++) {
        values[seed] = 1;
        values[arm * seed_count + seed] = seed < count ? 0.9 - 0.01 * seed : 1.3 + 0.01 * seed;
    }
}

static enum verdict verdict_of_one(const struct comparison *comparison)
{
    struct look_entry entries[ARMS];
    assert_int_equal(looks_judge(comparison, 1, entries), 1);
    return entries[0].verdict;
}

static void pococks_nominal_level_of_five_looks_is_as_published(void **state)
{
    (void)state;
    assert_true(fabs(pocock_level(5, 0.05) - 0.0158) < 0.00005);
}

static void seven_seeds_one_way_cross_the_boundary_and_six_do_not(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(2, 6);
    let_win(1, 6, 6);
    assert_int_equal(verdict_of_one(&comparison), VERDICT_UNDECIDED); /* 0.03125 */
    comparison = comparison_of(2, 7);
    let_win(1, 7, 7);
    assert_int_equal(verdict_of_one(&comparison), VERDICT_BETTER); /* 0.015625 */
    comparison.maximize = true;
    assert_int_equal(verdict_of_one(&comparison), VERDICT_WORSE);
    comparison.looks = 6; /* nominal 0.0142 */
    assert_int_equal(verdict_of_one(&comparison), VERDICT_UNDECIDED);
}

static void an_entry_tells_seeds_and_p_of_the_look_alone(void **state)
{
    (void)state;
    struct look_entry entries[ARMS];
    struct comparison comparison = comparison_of(2, 9);
    let_win(1, 9, 9);
    absent[8] = absent[9] = true; /* the baseline's last seed, the arm's first one */
    assert_int_equal(looks_judge(&comparison, 3, entries), 1);
    assert_int_equal(entries[0].look, 3);
    assert_int_equal(entries[0].arm, 1);
    assert_int_equal(entries[0].seeds, 7);
    assert_near(entries[0].p, 0.015625, 1e-15);
}

/* By Holm the smallest of two p is held to half of the level: 2^-6 is too much, 2^-9 is not, and
 * makes room for the other. */
static void arms_share_the_level_and_a_decided_one_makes_room(void **state)
{
    (void)state;
    struct look_entry entries[ARMS];
    struct comparison comparison = comparison_of(3, 10);
    let_win(1, 10, 10);
    let_win(2, 10, 10);
    for (int seed = 7; seed < 10; seed++)
        absent[10 + seed] = absent[20 + seed] = true;
    assert_int_equal(looks_judge(&comparison, 1, entries), 2);
    assert_int_equal(entries[0].verdict, VERDICT_UNDECIDED);
    assert_int_equal(entries[1].verdict, VERDICT_UNDECIDED);

    for (int seed = 7; seed < 10; seed++)
        absent[10 + seed] = false;
    assert_int_equal(looks_judge(&comparison, 2, entries), 2);
    assert_int_equal(entries[0].verdict, VERDICT_BETTER);
    assert_int_equal(entries[1].verdict, VERDICT_BETTER);

    decided[1] = (struct arm_decision){1, VERDICT_BETTER};
    assert_int_equal(looks_judge(&comparison, 2, entries), 1);
    assert_int_equal(entries[0].arm, 2);
    assert_int_equal(entries[0].verdict, VERDICT_BETTER);
}

static void an_arm_within_the_band_is_equivalent(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(2, 6);
    for (int seed = 0; seed < 6; seed++) {
        values[seed] = 1 + 0.1 * seed;
        values[6 + seed] = values[seed] + (seed % 2 ? 1e-4 : -1e-4);
    }
    assert_int_equal(verdict_of_one(&comparison), VERDICT_UNDECIDED);
    comparison.within = 0.001;
    assert_int_equal(verdict_of_one(&comparison), VERDICT_EQUIVALENT);
}

static void a_failed_run_counts_as_worst_and_no_seed_decides_nothing(void **state)
{
    (void)state;
    struct look_entry entries[ARMS];
    struct comparison comparison = comparison_of(2, 7);
    for (int seed = 0; seed < 7; seed++) {
        values[seed] = 1;
        values[7 + seed] = (double)NAN;
    }
    assert_int_equal(verdict_of_one(&comparison), VERDICT_WORSE);
    for (int i = 0; i < 14; i++)
        absent[i] = true;
    assert_int_equal(looks_judge(&comparison, 1, entries), 1);
    assert_int_equal(entries[0].verdict, VERDICT_UNDECIDED);
    assert_int_equal(entries[0].seeds, 0);
    assert_true(isnan(entries[0].p));
}

/* --- against the verdict ----------------------------------------------------------------------
 */

/* Seeds share a large part; arm a is ahead by `gain` a. */
static void draw(struct rng *rng, int arm_count, int seed_count, double gain)
{
    for (int seed = 0; seed < seed_count; seed++) {
        const double shared = 3 * rng_normal(rng);
        for (int arm = 0; arm < arm_count; arm++)
            values[arm * seed_count + seed] = shared + rng_normal(rng) - gain * arm;
    }
}

/* Looks take short cuts; what the report says at the same seeds must be the same. */
static void a_look_finds_what_the_verdict_says(void **state)
{
    (void)state;
    struct rng rng = rng_stream(7, RANDOM_TEST, 0);
    int found[VERDICTS] = {0};
    for (int repeat = 0; repeat < 150; repeat++) {
        struct look_entry entries[ARMS];
        struct comparison comparison = comparison_of(ARMS, 6 + repeat % 20);
        comparison.looks = 2 + repeat % 9;
        comparison.within = repeat % 2 ? 1.5 : 0;
        draw(&rng, ARMS, comparison.seed_count, 0.1 * (repeat % 6));
        struct comparison_verdict verdict = verdict_of(&comparison);
        assert_int_equal(looks_judge(&comparison, 1, entries), ARMS - 1);
        for (int i = 0; i < ARMS - 1; i++) {
            assert_int_equal(verdict.pairs[i].first, entries[i].arm);
            assert_int_equal(verdict.pairs[i].judged[FAMILY_BASELINE].verdict, entries[i].verdict);
            found[entries[i].verdict]++;
        }
        verdict_release(&verdict);
    }
    assert_true(found[VERDICT_UNDECIDED] > 20 && found[VERDICT_BETTER] > 20 &&
                found[VERDICT_EQUIVALENT] > 20);
}

static void what_was_decided_stays_decided_in_the_verdict(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(3, 7);
    let_win(1, 7, 7);
    let_win(2, 7, 4);
    decided[2] = (struct arm_decision){1, VERDICT_WORSE};
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_int_equal(verdict.pairs[1].judged[FAMILY_BASELINE].verdict, VERDICT_WORSE);
    assert_int_equal(verdict.pairs[1].judged[FAMILY_ALL].verdict, VERDICT_UNDECIDED);
    verdict_release(&verdict);
}

/* --- how often chance makes a winner -----------------------------------------------------------
 */

/* Whether any of the looks at one comparison calls an arm better or worse. */
static bool calls_a_winner(struct rng *rng, int arm_count, int looks, int seed_count)
{
    static double all[ARMS * SEEDS];
    struct look_entry entries[ARMS * LOOKS_MAX];
    int count = 0;

    draw(rng, arm_count, seed_count, 0);
    memcpy(all, values, sizeof all);
    struct comparison comparison = comparison_of(arm_count, seed_count);
    comparison.values = all;
    comparison.looks = looks;
    for (int look = 1; look <= looks; look++) {
        for (int i = 0; i < arm_count * seed_count; i++) {
            const int until = decided[i / seed_count].look ? decided[i / seed_count].look : look;
            absent[i] = looks_of_seed(seed_count, looks, i % seed_count) > until;
        }
        count += looks_judge(&comparison, look, &entries[count]);
        looks_decisions(entries, count, arm_count, decided);
    }
    for (int arm = 0; arm < arm_count; arm++)
        if (decided[arm].look)
            return true;
    return false;
}

static double share_of_winners(uint64_t seed, int arm_count, int looks, int seed_count)
{
    enum { REPEATS = 2000 };
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    int winners = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++)
        winners += calls_a_winner(&rng, arm_count, looks, seed_count);
    print_message("%d arms, %d looks, %d seeds: %.4f\n", arm_count, looks, seed_count,
                  (double)winners / REPEATS);
    return (double)winners / REPEATS;
}

/* 2,000 comparisons without a difference: 99.9 % of such counts lie within 3.29 errors of 0.05,
 * sqrt(0.05 0.95/2000) = 0.00487 each. With ranks of few seeds, and Holm over several arms that
 * share a baseline, the chance is less. */
static void chance_makes_a_winner_as_often_as_the_level_says(void **state)
{
    (void)state;
    const double band = 3.29 * 0.00487;
    const double one = share_of_winners(1, 2, 5, 50), few = share_of_winners(2, 2, 5, 20);
    const double three = share_of_winners(3, 4, 5, 30), uneven = share_of_winners(4, 2, 10, 11);
    assert_true(fabs(one - 0.05) < band);
    assert_true(few < 0.05 + band && few > 0.02);
    assert_true(three < 0.05 + band && three > 0.01);
    assert_true(uneven < 0.05 + band);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pococks_nominal_level_of_five_looks_is_as_published),
        cmocka_unit_test(seven_seeds_one_way_cross_the_boundary_and_six_do_not),
        cmocka_unit_test(an_entry_tells_seeds_and_p_of_the_look_alone),
        cmocka_unit_test(arms_share_the_level_and_a_decided_one_makes_room),
        cmocka_unit_test(an_arm_within_the_band_is_equivalent),
        cmocka_unit_test(a_failed_run_counts_as_worst_and_no_seed_decides_nothing),
        cmocka_unit_test(a_look_finds_what_the_verdict_says),
        cmocka_unit_test(what_was_decided_stays_decided_in_the_verdict),
        cmocka_unit_test(chance_makes_a_winner_as_often_as_the_level_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
