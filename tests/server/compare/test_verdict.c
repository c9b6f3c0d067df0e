/* Expected values: by hand, and the tests of the parts. Simulated comparisons: seeds of the arms
 * share a large common part, as initial weights and the order of batches give. */
#include "support/check.h"

#include "compare/sentences.h"
#include "compare/sequential.h"
#include "compare/verdict.h"
#include "memory.h"
#include "random.h"

#include <stdlib.h>
#include <time.h>

static const char *const names[] = {"linear", "cosine", "wsd", "constant"};

static struct comparison comparison_of(const double *values, int arm_count, int seed_count)
{
    return (struct comparison){.names = names,
                               .arm_count = arm_count,
                               .seed_count = seed_count,
                               .values = values,
                               .baseline = 1,
                               .metric = "valid_loss",
                               .level = 0.05,
                               .draws = 200,
                               .seed = 1};
}

static void assert_sentence(const struct comparison *comparison, const char *want)
{
    struct comparison_verdict verdict = verdict_of(comparison);
    AUTO_FREE char *sentence = comparison_sentence(comparison, &verdict);
    assert_string_equal(sentence, want);
    verdict_release(&verdict);
}

static enum verdict verdict_on_first(const struct comparison *comparison)
{
    struct comparison_verdict verdict = verdict_of(comparison);
    const enum verdict first = verdict.pairs[0].judged[FAMILY_BASELINE].verdict;
    verdict_release(&verdict);
    return first;
}

/* --- who wins ------------------------------------------------------------------------------ */

/* cosine = linear + 0.0031 on average; wsd within 0.0002 of linear; the baseline is linear. */
static const double three[3][10] = {
    {.2700, .2721, .2685, .2710, .2693, .2732, .2668, .2705, .2714, .2699},
    {.2731, .2755, .2709, .2747, .2712, .2778, .2691, .2743, .2738, .2733},
    {.2701, .2720, .2686, .2708, .2694, .2731, .2670, .2704, .2715, .2698}};

static void a_clear_winner_beats_and_a_twin_is_equivalent(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 3, 10);
    comparison.baseline = 0;
    comparison.within = 0.001;
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_int_equal(verdict.pair_count, 3);
    assert_int_equal(verdict.family_size[FAMILY_BASELINE], 2);
    assert_int_equal(verdict.family_size[FAMILY_ALL], 3);

    const struct pair_verdict *cosine = &verdict.pairs[0], *wsd = &verdict.pairs[1];
    assert_int_equal(cosine->first, 1);
    assert_int_equal(cosine->second, 0);
    assert_int_equal(cosine->losses, 10);
    assert_near(cosine->t.mean, -0.00310, 1e-9);
    assert_near(cosine->rank.p, 2.0 / 1024, 1e-12);
    assert_near(cosine->judged[FAMILY_BASELINE].p, 4.0 / 1024, 1e-12);
    assert_near(cosine->judged[FAMILY_ALL].p, 6.0 / 1024, 1e-12);
    assert_int_equal(cosine->judged[FAMILY_BASELINE].verdict, VERDICT_WORSE);
    assert_int_equal(wsd->judged[FAMILY_BASELINE].verdict, VERDICT_EQUIVALENT);
    assert_int_equal(verdict.pairs[2].judged[FAMILY_ALL].verdict, VERDICT_WORSE); /* cosine, wsd */
    assert_true(cosine->bca.low < -0.0025 && cosine->bca.high > -0.0037);
    assert_true(cosine->bca.high < 0 && cosine->probability == 0);
    assert_true(verdict_is_settled(&verdict, 0) && verdict_is_settled(&verdict, 2));
    verdict_release(&verdict);
}

static void the_sentence_names_winner_size_and_certainty(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 3, 10);
    comparison.baseline = 0;
    comparison.within = 0.001;
    assert_sentence(&comparison,
                    "linear beats cosine by 0.0031 ± 0.0003 (valid_loss, 10 seeds, p = 0.004 after "
                    "Holm); linear and wsd are equivalent within 0.001");
}

static void the_goal_turns_the_verdict(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 2, 10);
    assert_int_equal(verdict_on_first(&comparison), VERDICT_BETTER);
    comparison.maximize = true;
    assert_int_equal(verdict_on_first(&comparison), VERDICT_WORSE);
}

static void a_relative_band_is_a_share_of_the_baselines_mean(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 3, 10);
    comparison.baseline = 0;
    comparison.within = 0.01;
    comparison.relative = true;
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_near(verdict.band, 0.0027027, 1e-9);
    assert_int_equal(verdict.pairs[1].judged[FAMILY_BASELINE].verdict, VERDICT_EQUIVALENT);
    verdict_release(&verdict);
}

static void better_by_less_than_the_band_is_better_and_negligible(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 2, 10);
    comparison.within = 0.01;
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_int_equal(verdict.pairs[0].judged[FAMILY_BASELINE].verdict, VERDICT_BETTER);
    assert_true(verdict.pairs[0].negligible);
    verdict_release(&verdict);
    assert_sentence(&comparison, "linear beats cosine by 0.0031 ± 0.0003 (valid_loss, 10 seeds, p "
                                 "= 0.002), less than the 0.01 that counts as none");
}

/* Nine small gains and one loss that outweighs them. */
static void ranks_and_mean_that_disagree_are_undecided(void **state)
{
    (void)state;
    const double values[2][12] = {{0}, {.1, .1, .2, .1, .1, .3, .1, .1, .2, .1, .1, -9}};
    const struct comparison comparison = comparison_of(&values[0][0], 2, 12);
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_true(verdict.pairs[0].rank.p < 0.05 && verdict.pairs[0].t.mean < 0);
    assert_int_equal(verdict.pairs[0].judged[FAMILY_BASELINE].verdict, VERDICT_UNDECIDED);
    verdict_release(&verdict);
}

/* --- too little to say --------------------------------------------------------------------- */

static void five_seeds_cannot_and_six_can(void **state)
{
    (void)state;
    const double values[2][6] = {{1, 2, 3, 4, 5, 6}, {2, 4, 6, 8, 10, 12}};
    const double five[2][5] = {{1, 2, 3, 4, 5}, {2, 4, 6, 8, 10}};
    const struct comparison few = comparison_of(&five[0][0], 2, 5);
    const struct comparison enough = comparison_of(&values[0][0], 2, 6);
    assert_int_equal(verdict_on_first(&few), VERDICT_UNDECIDED);
    assert_int_equal(verdict_on_first(&enough), VERDICT_BETTER);
    assert_sentence(&few, "linear and cosine are undecided, the first ahead by 3.0 ± 0.7 "
                          "(valid_loss, 5 seeds, p = 0.062): 5 seeds cannot reach p < 0.05 by this "
                          "test; it takes 6");
}

static void more_arms_take_more_seeds(void **state)
{
    (void)state;
    const double values[4][6] = {{1, 2, 3, 4, 5, 6}, {2, 4, 6, 8, 10, 12}, {3}, {4}};
    const struct comparison comparison = comparison_of(&values[0][0], 4, 6);
    assert_sentence(&comparison,
                    "6 seeds cannot reach p < 0.05 after Holm over 3 comparisons; it takes 7");
}

static void equal_bits_are_equivalent_only_within_a_band(void **state)
{
    (void)state;
    const double values[2][6] = {{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}};
    struct comparison comparison = comparison_of(&values[0][0], 2, 6);
    assert_sentence(&comparison, "linear and cosine are undecided, the same with every seed "
                                 "(valid_loss, 6 seeds, p = 1): only 0 of 6 seeds differ, it takes "
                                 "6");
    comparison.within = 0.001;
    assert_int_equal(verdict_on_first(&comparison), VERDICT_EQUIVALENT);
    comparison.seed_count = 2; /* the values of the second arm are then 3 and 4 */
    assert_int_equal(verdict_on_first(&comparison), VERDICT_UNDECIDED);
}

static void arms_without_a_common_seed_are_told_so(void **state)
{
    (void)state;
    const double values[2][2] = {{1, 2}, {3, 4}};
    const bool absent[2][2] = {{true, false}, {false, true}};
    struct comparison comparison = comparison_of(&values[0][0], 2, 2);
    comparison.absent = &absent[0][0];
    assert_sentence(&comparison, "cosine and linear have no seed in common yet");
    comparison.seed_count = 0;
    assert_sentence(&comparison, "cosine and linear have no seed in common yet");
    comparison.arm_count = 1;
    comparison.baseline = 0;
    assert_sentence(&comparison, "there is only one arm");
}

/* The effect of the test of paired t: 0.98 by 0.914; statsmodels asks for 12.1 pairs for a d_z of
 * 0.898; by 3/pi 13.6, so 14. */
static void an_undecided_pair_says_how_many_seeds_would_tell(void **state)
{
    (void)state;
    const double gains[] = {1.1, -0.4, 2.5, 3.2, -0.9, 4.1, 0.3, 5.0};
    double values[2][8] = {{0}};
    for (int i = 0; i < 8; i++)
        values[1][i] = gains[i];
    const struct comparison comparison = comparison_of(&values[0][0], 2, 8);
    struct comparison_verdict verdict = verdict_of(&comparison);
    const struct judgement *judged = &verdict.pairs[0].judged[FAMILY_BASELINE];
    const int n = paired_n_for(verdict.pairs[0].unbiased, 0.05, 0.8, 1000);
    assert_int_equal(judged->verdict, VERDICT_UNDECIDED);
    assert_int_equal(judged->seeds_needed, (int)ceil(n * acos(-1.0) / 3));
    AUTO_FREE char *sentence =
        pair_sentence(&comparison, &verdict, &verdict.pairs[0], FAMILY_BASELINE);
    assert_says(sentence, "seeds would tell with a chance of 80 %");
    verdict_release(&verdict);
}

/* --- failures and absences ----------------------------------------------------------------- */

static void a_failed_run_is_the_worst_and_takes_the_mean_away(void **state)
{
    (void)state;
    double values[2][8];
    for (int i = 0; i < 8; i++) {
        values[0][i] = 1 + 0.01 * i;
        values[1][i] = 1.1 + 0.02 * i;
    }
    values[1][3] = (double)NAN;
    values[1][5] = (double)INFINITY;
    const struct comparison comparison = comparison_of(&values[0][0], 2, 8);
    struct comparison_verdict verdict = verdict_of(&comparison);
    const struct pair_verdict *pair = &verdict.pairs[0];
    assert_int_equal(pair->second_failed, 2);
    assert_int_equal(pair->wins, 8);
    assert_true(isnan(pair->t.mean) && isnan(pair->bca.low) && isnan(pair->probability));
    assert_true(isnan(pair->effect) && isnan(pair->judged[FAMILY_BASELINE].equivalence_p));
    assert_true(isfinite(pair->median));
    assert_near(pair->rank.p, 1.0 / 128, 1e-15);
    assert_int_equal(pair->judged[FAMILY_BASELINE].verdict, VERDICT_BETTER);
    assert_int_equal(pair->judged[FAMILY_BASELINE].seeds_needed, -1);
    verdict_release(&verdict);
    assert_sentence(&comparison, "linear beats cosine with 8 of 8 seeds, cosine failed with 2 "
                                 "(valid_loss, 8 seeds, p = 0.008)");
}

static void a_seed_with_which_both_failed_is_a_tie(void **state)
{
    (void)state;
    const double bad = (double)NAN;
    const double values[2][7] = {{1, 2, 3, 4, 5, 6, bad}, {2, 4, 6, 8, 10, 12, bad}};
    const struct comparison comparison = comparison_of(&values[0][0], 2, 7);
    struct comparison_verdict verdict = verdict_of(&comparison);
    const struct pair_verdict *pair = &verdict.pairs[0];
    assert_true(pair->seeds == 7 && pair->ties == 1 && pair->both_failed == 1 && pair->t.n == 6);
    assert_near(pair->t.mean, 3.5, 1e-15);
    assert_near(pair->rank.p, 0.03125, 0);
    verdict_release(&verdict);
}

static void absent_runs_leave_the_common_seeds(void **state)
{
    (void)state;
    double values[3][10];
    bool absent[3][10] = {{false}};
    memcpy(values, three, sizeof values);
    absent[1][9] = absent[2][0] = absent[2][1] = true;
    values[1][9] = 77; /* must not be read */
    struct comparison comparison = comparison_of(&values[0][0], 3, 10);
    comparison.baseline = 0;
    comparison.absent = &absent[0][0];
    struct comparison_verdict verdict = verdict_of(&comparison);
    assert_int_equal(verdict.pairs[0].seeds, 9);
    assert_int_equal(verdict.pairs[1].seeds, 8);
    assert_int_equal(verdict.pairs[2].seeds, 7);
    for (int i = 0; i < 3; i++)
        assert_true(isfinite(verdict.pairs[i].bca.low) && isfinite(verdict.pairs[i].probability));
    verdict_release(&verdict);

    /* The pair alone, with its own seeds only, says the same to the bit. */
    double alone[2][7];
    for (int i = 0; i < 7; i++) {
        alone[0][i] = three[1][i + 2];
        alone[1][i] = three[2][i + 2];
    }
    const struct comparison pair = comparison_of(&alone[0][0], 2, 7);
    struct comparison_verdict again = verdict_of(&pair), whole = verdict_of(&comparison);
    assert_memory_equal(&again.pairs[0].bca, &whole.pairs[2].bca, sizeof again.pairs[0].bca);
    assert_memory_equal(&again.pairs[0].t, &whole.pairs[2].t, sizeof again.pairs[0].t);
    assert_true(again.pairs[0].probability == whole.pairs[2].probability);
    verdict_release(&again);
    verdict_release(&whole);
}

/* --- several looks ------------------------------------------------------------------------- */

static void looks_raise_p_and_widen_intervals(void **state)
{
    (void)state;
    struct comparison comparison = comparison_of(&three[0][0], 2, 10);
    struct comparison_verdict once = verdict_of(&comparison);
    comparison.looks = 5;
    struct comparison_verdict five = verdict_of(&comparison);
    const struct pair_verdict *a = &once.pairs[0], *b = &five.pairs[0];
    assert_true(isnan(once.boundary));
    assert_true(fabs(five.boundary - 2.413) < 0.0006);
    assert_near(b->judged[FAMILY_BASELINE].p, sequential_p(a->rank.p, 5), 1e-12);
    assert_true(b->judged[FAMILY_BASELINE].p > 2 * a->rank.p);
    assert_true(b->t.low < a->t.low && b->t.high > a->t.high);
    assert_int_equal(b->judged[FAMILY_BASELINE].seeds_for_level, 7); /* 1/64 < 0.0158 < 1/32 */
    verdict_release(&once);
    verdict_release(&five);
    assert_sentence(&comparison, "linear beats cosine by 0.0031 ± 0.0003 (valid_loss, 10 seeds, p "
                                 "= 0.007 over 5 looks)");
}

/* --- simulated comparisons ----------------------------------------------------------------- */

/* Each arm's value: shift of the arm + a part that the seed's arms share + its own noise. */
static void simulate(struct rng *rng, int arm_count, int seed_count, const double *shift,
                     double *values)
{
    for (int seed = 0; seed < seed_count; seed++) {
        const double shared = 0.3 + 0.02 * rng_normal(rng);
        for (int arm = 0; arm < arm_count; arm++)
            values[arm * seed_count + seed] =
                shared + (shift ? shift[arm] : 0) + 0.004 * rng_normal(rng);
    }
}

/* Of pairs in a family, whether any is better or worse. */
static bool claims(const struct comparison_verdict *verdict, enum family family)
{
    bool any = false;
    for (int i = 0; i < verdict->family_size[family]; i++) {
        const enum verdict on = verdict->pairs[i].judged[family].verdict;
        any |= on == VERDICT_BETTER || on == VERDICT_WORSE;
    }
    return any;
}

static void two_equal_arms_are_equivalent_and_at_most_once_in_twenty_different(void **state)
{
    (void)state;
    int wrong = 0, equivalent = 0;
    for (uint64_t repeat = 0; repeat < 20; repeat++) {
        struct rng rng = rng_stream(repeat, RANDOM_TEST, 10);
        double values[2][20];
        simulate(&rng, 2, 20, NULL, &values[0][0]);
        struct comparison comparison = comparison_of(&values[0][0], 2, 20);
        comparison.within = 0.006;
        const enum verdict on = verdict_on_first(&comparison);
        wrong += on == VERDICT_BETTER || on == VERDICT_WORSE;
        equivalent += on == VERDICT_EQUIVALENT;
    }
    assert_true(wrong <= 1);
    assert_true(equivalent >= 18);
}

/* 3 standard errors of 1,000 repeats at 0.05 are 0.0207. */
static void equal_arms_are_told_apart_in_at_most_five_of_a_hundred_comparisons(void **state)
{
    (void)state;
    enum { REPEATS = 1000, ARMS = 4, SEEDS = 12 };
    struct rng rng = rng_stream(11, RANDOM_TEST, 0);
    int wrong[FAMILIES] = {0};

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double values[ARMS * SEEDS];
        simulate(&rng, ARMS, SEEDS, NULL, values);
        struct comparison comparison = comparison_of(values, ARMS, SEEDS);
        comparison.draws = 1;
        struct comparison_verdict verdict = verdict_of(&comparison);
        for (int family = 0; family < FAMILIES; family++)
            wrong[family] += claims(&verdict, (enum family)family);
        verdict_release(&verdict);
    }
    assert_true(wrong[FAMILY_BASELINE] <= REPEATS * 0.05 + 20.7);
    assert_true(wrong[FAMILY_ALL] <= REPEATS * 0.05 + 20.7);
    assert_true(wrong[FAMILY_BASELINE] >= REPEATS * 0.01); /* nor is it asleep */
}

/* A difference as large as the band lies on its edge: a claim of equivalence is wrong, and comes in
 * at most 5 of 100. */
static void arms_that_differ_by_the_band_are_seldom_called_equivalent(void **state)
{
    (void)state;
    enum { REPEATS = 1000, SEEDS = 30 };
    struct rng rng = rng_stream(12, RANDOM_TEST, 0);
    int wrong = 0;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double values[2 * SEEDS];
        simulate(&rng, 2, SEEDS, (const double[]){0.004, 0}, values);
        struct comparison comparison = comparison_of(values, 2, SEEDS);
        comparison.draws = 1;
        comparison.within = 0.004;
        wrong += verdict_on_first(&comparison) == VERDICT_EQUIVALENT;
    }
    assert_true(wrong <= REPEATS * 0.05 + 20.7);
}

/* seeds_needed keeps its word: with that many seeds 8 of 10 comparisons at a true d_z of 1 find it.
 * 3 standard errors of 600 repeats are 0.049; the ranks' efficiency is an asymptotic one. */
static void the_power_asked_for_is_the_power_had(void **state)
{
    (void)state;
    enum { REPEATS = 600 };
    const int seeds = (int)ceil(paired_n_for(1, 0.05, 0.8, 100) * acos(-1.0) / 3);
    const double shift[] = {-0.004 * sqrt(2), 0}; /* the difference of two noises of 0.004 */
    struct rng rng = rng_stream(13, RANDOM_TEST, 0);
    double values[2 * 32];
    int found = 0;

    assert_int_equal(seeds, 11);
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        simulate(&rng, 2, seeds, shift, values);
        struct comparison comparison = comparison_of(values, 2, seeds);
        comparison.draws = 1;
        found += verdict_on_first(&comparison) == VERDICT_BETTER;
    }
    assert_true(fabs((double)found / REPEATS - VERDICT_POWER) < 0.049 + 0.02);
}

/* --- the whole ----------------------------------------------------------------------------- */

static void the_same_values_and_seed_give_the_same_verdict_to_the_bit(void **state)
{
    (void)state;
    const struct comparison comparison = comparison_of(&three[0][0], 3, 10);
    struct comparison_verdict a = verdict_of(&comparison), b = verdict_of(&comparison);
    for (int i = 0; i < 3; i++) {
        assert_memory_equal(&a.pairs[i].bca, &b.pairs[i].bca, sizeof a.pairs[i].bca);
        assert_true(a.pairs[i].probability == b.pairs[i].probability);
    }
    verdict_release(&a);
    verdict_release(&b);
}

static void every_pair_of_64_arms_of_50_seeds_is_there(void **state)
{
    (void)state;
    enum { ARMS = 64, SEEDS = 50 };
    static double values[ARMS * SEEDS];
    const char *many[ARMS];
    struct rng rng = rng_stream(14, RANDOM_TEST, 0);
    simulate(&rng, ARMS, SEEDS, NULL, values);
    for (int i = 0; i < ARMS; i++)
        many[i] = "arm";
    struct comparison comparison = comparison_of(values, ARMS, SEEDS);
    comparison.names = many;
    comparison.draws = 0;
    comparison.within = 0.001;

    const clock_t start = clock();
    struct comparison_verdict verdict = verdict_of(&comparison);
    print_message("64 arms of 50 seeds: %.2f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    assert_int_equal(verdict.pair_count, 2016);
    for (int i = 0; i < verdict.pair_count; i++) {
        const struct pair_verdict *pair = &verdict.pairs[i];
        assert_true(pair->first != pair->second && pair->seeds == SEEDS);
        assert_true(pair->bca.low < pair->t.mean && pair->t.mean < pair->bca.high);
        assert_true(i < ARMS - 1 ? pair->second == 1 : pair->first < pair->second);
    }
    AUTO_FREE char *sentence = comparison_sentence(&comparison, &verdict);
    assert_says(sentence, "; and 55 more");
    verdict_release(&verdict);
}

/* NaN, or a probability. */
static void assert_probability(double p)
{
    assert_true(isnan(p) || (p >= 0 && p <= 1));
}

static void assert_sound(const struct comparison *comparison)
{
    struct comparison_verdict verdict = verdict_of(comparison);
    for (int i = 0; i < verdict.pair_count; i++) {
        const struct pair_verdict *pair = &verdict.pairs[i];
        assert_int_equal(pair->wins + pair->losses + pair->ties, pair->seeds);
        assert_true(pair->first_failed + pair->second_failed + pair->both_failed <= pair->seeds);
        assert_probability(pair->rank.p);
        assert_probability(pair->t.p);
        assert_probability(pair->probability);
        for (int family = i < verdict.family_size[FAMILY_BASELINE] ? 0 : FAMILY_ALL;
             family < FAMILIES; family++) {
            assert_probability(pair->judged[family].p);
            assert_probability(pair->judged[family].equivalence_p);
            free(pair_sentence(comparison, &verdict, pair, (enum family)family));
        }
    }
    free(comparison_sentence(comparison, &verdict));
    verdict_release(&verdict);
}

static void whatever_the_values_the_verdict_is_sound(void **state)
{
    (void)state;
    const double wild[] = {(double)NAN,
                           (double)INFINITY,
                           -(double)INFINITY,
                           1e308,
                           -1e308,
                           1e-310,
                           0,
                           -0.0,
                           1e103,
                           1,
                           2,
                           3};
    struct rng rng = rng_stream(15, RANDOM_TEST, 0);
    for (int repeat = 0; repeat < 300; repeat++) {
        double values[4 * 30];
        bool absent[4 * 30];
        const uint32_t kinds = 1 + rng_below(&rng, COUNT_OF(wild));
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            values[i] = wild[rng_below(&rng, kinds)] + (repeat % 2 ? 0 : rng_normal(&rng));
            absent[i] = rng_below(&rng, 4) == 0;
        }
        struct comparison comparison =
            comparison_of(values, 2 + (int)rng_below(&rng, 3), (int)rng_below(&rng, 31));
        comparison.absent = repeat % 3 ? absent : NULL;
        comparison.draws = 20;
        comparison.within = rng_below(&rng, 2);
        comparison.relative = rng_below(&rng, 2);
        comparison.looks = (int)rng_below(&rng, 3);
        assert_sound(&comparison);
    }
}

static void several_tasks_in_words(void **state)
{
    (void)state;
    const double values[5][3] = {{1, 2, 3}, {1, 3, 4}, {2, 3, 9}, {4, 5, 6}, {1, 2, 3}};
    double ranks[3];
    const struct friedman friedman = friedman_test(&values[0][0], NULL, 5, 3, false, 0.05, ranks);
    AUTO_FREE char *sentence = friedman_sentence(&friedman, names, ranks, 3);
    assert_string_equal(sentence,
                        "over 5 tasks the arms differ (Friedman, p < 0.001): linear ranks best (1);"
                        " within the critical difference of it: cosine, that is 1.48");
    const struct friedman one = friedman_test(&values[0][0], NULL, 1, 3, false, 0.05, ranks);
    AUTO_FREE char *few = friedman_sentence(&one, names, ranks, 3);
    assert_says(few, "1 task cannot tell");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_winner_beats_and_a_twin_is_equivalent),
        cmocka_unit_test(the_sentence_names_winner_size_and_certainty),
        cmocka_unit_test(the_goal_turns_the_verdict),
        cmocka_unit_test(a_relative_band_is_a_share_of_the_baselines_mean),
        cmocka_unit_test(better_by_less_than_the_band_is_better_and_negligible),
        cmocka_unit_test(ranks_and_mean_that_disagree_are_undecided),
        cmocka_unit_test(five_seeds_cannot_and_six_can),
        cmocka_unit_test(more_arms_take_more_seeds),
        cmocka_unit_test(equal_bits_are_equivalent_only_within_a_band),
        cmocka_unit_test(arms_without_a_common_seed_are_told_so),
        cmocka_unit_test(an_undecided_pair_says_how_many_seeds_would_tell),
        cmocka_unit_test(a_failed_run_is_the_worst_and_takes_the_mean_away),
        cmocka_unit_test(a_seed_with_which_both_failed_is_a_tie),
        cmocka_unit_test(absent_runs_leave_the_common_seeds),
        cmocka_unit_test(looks_raise_p_and_widen_intervals),
        cmocka_unit_test(two_equal_arms_are_equivalent_and_at_most_once_in_twenty_different),
        cmocka_unit_test(equal_arms_are_told_apart_in_at_most_five_of_a_hundred_comparisons),
        cmocka_unit_test(arms_that_differ_by_the_band_are_seldom_called_equivalent),
        cmocka_unit_test(the_power_asked_for_is_the_power_had),
        cmocka_unit_test(the_same_values_and_seed_give_the_same_verdict_to_the_bit),
        cmocka_unit_test(every_pair_of_64_arms_of_50_seeds_is_there),
        cmocka_unit_test(whatever_the_values_the_verdict_is_sound),
        cmocka_unit_test(several_tasks_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
