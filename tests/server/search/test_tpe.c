#include "search/tpe/groups.h"

#include "server/search/kit.h"

#include <stdio.h>

/* --- the two groups ------------------------------------------------------------------------------
 */

enum { TRIALS_MAX = 5000 };

/* A history in the test's own hands. */
struct tale {
    struct history history;
    struct trial trials[TRIALS_MAX];
    double objective[TRIALS_MAX][2];
    double constraint[TRIALS_MAX][1];
    int told[TRIALS_MAX];
};

static struct tale *make_tale(int objectives, int constraints)
{
    struct tale *tale = xcalloc(1, sizeof *tale);
    tale->history = (struct history){.objectives = objectives,
                                     .constraints = constraints,
                                     .trials = tale->trials,
                                     .told = tale->told};
    return tale;
}

static struct trial *propose(struct tale *tale)
{
    const int k = tale->history.count++;
    tale->trials[k] = (struct trial){
        .state = TRIAL_PENDING, .objective = tale->objective[k], .constraint = tale->constraint[k]};
    return &tale->trials[k];
}

static struct trial *tell(struct tale *tale, double first, double second)
{
    struct trial *trial = propose(tale);
    const int k = tale->history.count - 1;
    tale->objective[k][0] = first;
    tale->objective[k][1] = second;
    trial->state = TRIAL_DONE;
    tale->told[tale->history.told_count++] = k;
    return trial;
}

static int best_of(const struct tale *tale, double share, int *best)
{
    struct tpe_groups *groups = tpe_groups_new();
    tpe_groups_update(groups, &tale->history);
    const int count = tpe_groups_best(groups, &tale->history, share, best);
    tpe_groups_free(groups);
    return count;
}

static void a_tenth_is_good_and_twenty_five_at_most(void **state)
{
    (void)state;
    const int want[][2] = {{1, 1}, {10, 1}, {11, 2}, {240, 24}, {250, 25}, {300, 25}};
    struct tale *tale = make_tale(1, 0);
    int best[TPE_FRONT_MOST];

    for (size_t i = 0; i < COUNT_OF(want); i++) {
        while (tale->history.count < want[i][0])
            tell(tale, -tale->history.count, 0);
        assert_int_equal(best_of(tale, 0.1, best), want[i][1]);
        for (int k = 0; k < want[i][1]; k++) /* the last ones have the least values */
            assert_int_equal(best[k], want[i][0] - want[i][1] + k);
    }
    free(tale);
}

/* In this order: the least value that keeps the constraints; a pruned one that came far, one that
 * did not; the lesser violation; never those that failed or are under way. */
static void good_ones_come_before_pruned_infeasible_and_failed_ones(void **state)
{
    (void)state;
    enum { FAILED, LONG_PRUNED, GOOD, WORSE, BREACH, SMALL_BREACH, SHORT_PRUNED, PENDING };
    static const int order[] = {GOOD, WORSE, LONG_PRUNED, SHORT_PRUNED, SMALL_BREACH, BREACH};
    struct tale *tale = make_tale(1, 1);
    int best[TPE_FRONT_MOST];

    tell(tale, (double)NAN, 0)->state = TRIAL_FAILED;
    *tell(tale, 9, 0) = (struct trial){
        TRIAL_PRUNED, NULL, tale->objective[1], tale->constraint[1], 0, 100, NULL, 0};
    tell(tale, 5, 0);
    tell(tale, 6, 0);
    tell(tale, 1, 0);
    tale->constraint[BREACH][0] = 2;
    tell(tale, 2, 0);
    tale->constraint[SMALL_BREACH][0] = 1;
    *tell(tale, 0, 0) =
        (struct trial){TRIAL_PRUNED, NULL, tale->objective[6], tale->constraint[6], 0, 10, NULL, 0};
    propose(tale);

    for (int count = 1; count <= 6; count++) {
        bool is_best[PENDING + 1] = {false};
        assert_int_equal(best_of(tale, count / 7.0, best), count);
        for (int i = 0; i < count; i++)
            is_best[best[i]] = true;
        for (int i = 0; i < count; i++)
            assert_true(is_best[order[i]]);
    }
    assert_int_equal(best_of(tale, 0.999, best), 6); /* the failed one is never good */
    free(tale);
}

static void of_several_objectives_the_first_front_is_good(void **state)
{
    (void)state;
    struct tale *tale = make_tale(2, 0);
    int best[TPE_FRONT_MOST];

    for (int i = 0; i < 1000; i++) {
        const double along = (double)(i * 7 % 20), away = 1 + i * 13 % 49;
        tell(tale, along + away, 19 - along + away);
    }
    for (int i = 0; i < 20; i++) /* the front: along the edge itself */
        tell(tale, i, 19 - i);
    assert_int_equal(best_of(tale, 20.0 / 1020, best), 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(best[i], 1000 + i);
    free(tale);
}

static void groups_do_not_depend_on_when_one_looks(void **state)
{
    (void)state;
    for (int objectives = 1; objectives <= 2; objectives++) {
        struct tale *tale = make_tale(objectives, 0);
        struct tpe_groups *often = tpe_groups_new();
        struct rng rng = rng_stream(1, RANDOM_TEST, 0);
        int best[TPE_FRONT_MOST], again[TPE_FRONT_MOST];

        for (int i = 0; i < 1500; i++) {
            struct trial *trial = tell(tale, floor(50 * rng_uniform(&rng)), rng_uniform(&rng));
            if (i % 9 == 4)
                trial->state = TRIAL_FAILED;
            if (i % 3 == 0)
                tpe_groups_update(often, &tale->history);
        }
        tpe_groups_update(often, &tale->history);
        const int count = tpe_groups_best(often, &tale->history, 0.1, best);
        assert_int_equal(best_of(tale, 0.1, again), count);
        assert_memory_equal(best, again, (size_t)count * sizeof *best);
        tpe_groups_free(often);
        free(tale);
    }
}

/* A deleted one stands for nothing; those under way count as no good. */
static void all_others_are_the_rest_and_those_under_way(void **state)
{
    (void)state;
    struct tale *tale = make_tale(1, 0);
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    const int best[] = {2, 5}, want[] = {0, 1, 3, 6, 7};
    int others[TPE_OTHERS_MOST];
    double stand_for[TPE_OTHERS_MOST];

    for (int i = 0; i < 7; i++)
        tell(tale, i, 0);
    propose(tale);
    tale->trials[4].state = TRIAL_GONE;
    assert_int_equal(tpe_groups_others(&tale->history, best, 2, &rng, others, stand_for), 5);
    assert_memory_equal(others, want, sizeof want);
    for (int i = 0; i < 5; i++)
        assert_near(stand_for[i], 1, 0);
    free(tale);
}

static void of_many_others_the_newer_and_some_of_the_older_stand_for_all(void **state)
{
    (void)state;
    struct tale *tale = make_tale(1, 0);
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    int others[TPE_OTHERS_MOST];
    double stand_for[TPE_OTHERS_MOST], sum = 0;

    while (tale->history.count < TRIALS_MAX)
        tell(tale, 0, 0);
    const int count = tpe_groups_others(&tale->history, NULL, 0, &rng, others, stand_for);
    assert_int_equal(count, 2000);
    for (int i = 0; i < count; i++) {
        sum += stand_for[i];
        assert_true(i == 0 || others[i] > others[i - 1]);
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(others[1000 + i], 4000 + i);
    assert_near(sum, TRIALS_MAX, 1e-12);
    free(tale);
}

/* --- proposals -----------------------------------------------------------------------------------
 */

#define SQUARE "{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':0,'high':1}}"

static double bowl(const double *values)
{
    return pow(values[0] - 0.7, 2) + pow(values[1] - 0.2, 2);
}

static void tell_bowls(struct study *study, int count)
{
    for (int i = 0; i < count; i++) {
        const struct study_proposal proposal = next_proposal(study);
        tell_value(study, proposal.number, bowl(proposal.values));
    }
}

static void ten_runs_have_to_end_before_a_model_is_made(void **state)
{
    (void)state;
    struct study *study = plain_study(SQUARE, "tpe");
    for (int i = 0; i < 12; i++) { /* two of them fail */
        const struct study_proposal proposal = next_proposal(study);
        const struct told failed = {TRIAL_FAILED, (const double[]){(double)NAN}, NULL, 0, 0};
        assert_string_equal(proposal.how, "start");
        if (i < 2)
            study_tell(study, i, &failed);
        else
            tell_value(study, i, bowl(proposal.values));
    }
    assert_string_equal(next_proposal(study).how, "model");
    study_free(study);
}

static void twenty_four_candidates_and_a_tenth_are_the_defaults(void **state)
{
    (void)state;
    json_auto_t *chosen = resolve(search_find("tpe"), "{}");
    assert_int_equal(json_integer_value(json_object_get(chosen, "startup")), 10);
    assert_int_equal(json_integer_value(json_object_get(chosen, "candidates")), 24);
    assert_near(json_number_value(json_object_get(chosen, "gamma")), 0.1, 0);
    assert_true(json_is_true(json_object_get(chosen, "multivariate")));
}

/* Runs of an earlier search count like ended ones. */
static void earlier_searches_spare_the_start(void **state)
{
    (void)state;
    struct study *study = plain_study(SQUARE, "tpe");
    double sum = 0;

    for (int i = 0; i < 100; i++) {
        const double at[] = {i % 10 / 9.0, i / 10 / 9.0}, value = bowl(at), constraint = 0;
        const struct told told = {TRIAL_DONE, &value, &constraint, 0, 0};
        study_add_earlier(study, at, &told);
    }
    for (int i = 0; i < 20; i++) {
        const struct study_proposal proposal = next_proposal(study);
        assert_string_equal(proposal.how, "model");
        sum += bowl(proposal.values) / 20;
        tell_value(study, i, bowl(proposal.values));
    }
    /* Of points anywhere: 1/12 + 0.2^2 + 1/12 + 0.3^2 = 0.297. */
    assert_true(sum < 0.297 / 3);
    study_free(study);
}

static double nearest_pair(double points[][2], int count)
{
    double least = 2;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            least = fmin(least, hypot(points[i][0] - points[j][0], points[i][1] - points[j][1]));
    return least;
}

static void askers_at_once_get_points_apart(void **state)
{
    (void)state;
    double points[8][2];
    struct study *study = plain_study(SQUARE, "tpe");

    tell_bowls(study, 40);
    for (int i = 0; i < 8; i++) {
        const struct study_proposal proposal = next_proposal(study);
        memcpy(points[i], proposal.values, sizeof points[i]);
    }
    assert_true(nearest_pair(points, 8) > 0.005);
    study_free(study);
}

/* Good: kind b with b's own number near 0.9. */
static void conditional_parameters_are_learned_where_they_apply(void **state)
{
    (void)state;
    struct study *study =
        plain_study("{'kind':{'type':'choice','values':['a','b','c']},"
                    "'of_b':{'type':'float','low':0,'high':1,'when':{'kind':['b']}},"
                    "'of_c':{'type':'float','low':0,'high':1,'when':{'kind':['c']}}}",
                    "tpe");
    int near = 0;

    for (int i = 0; i < 100; i++) {
        const struct study_proposal proposal = next_proposal(study);
        const double of_b = proposal.values[1];
        near += i >= 70 && fabs(of_b - 0.9) < 0.1;
        tell_value(study, i, isnan(of_b) ? 1 : fabs(of_b - 0.9));
    }
    assert_true(near >= 15); /* by chance: 30 / 3 / 5 = 2 */
    study_free(study);
}

/* The bowl's middle, (0.7, 0.2), is forbidden: the best that is allowed is (0.5, 0.2) with 0.04. */
static void constraints_are_learned(void **state)
{
    (void)state;
    struct study *study =
        make_study(&(struct wanted){.space = SQUARE, .algorithm = "tpe", .constraints = 1});
    int near = 0;
    double best = 1;

    for (int i = 0; i < 100; i++) {
        const struct study_proposal proposal = next_proposal(study);
        const double value = bowl(proposal.values), excess = proposal.values[0] - 0.5;
        const struct told told = {TRIAL_DONE, &value, &excess, 0, 0};
        near += i >= 70 && fabs(excess) < 0.1 && fabs(proposal.values[1] - 0.2) < 0.1;
        best = excess <= 0 ? fmin(best, value) : best;
        study_tell(study, i, &told);
    }
    assert_true(near >= 15); /* of 30; by chance 1 */
    assert_true(best < 0.045);
    study_free(study);
}

/* A model of five numbers, logs and whole ones among them, leaves a fifth of what chance does. */
static void a_bowl_is_found_far_better_than_by_chance(void **state)
{
    (void)state;
    const char *space =
        "{'a':{'type':'float','low':1e-5,'high':1,'scale':'log'},"
        "'b':{'type':'float','low':-5,'high':5},'c':{'type':'float','low':0,'high':1},"
        "'d':{'type':'int','low':1,'high':1000,'scale':'log'},"
        "'e':{'type':'int','low':0,'high':400,'step':4}}";
    const char *algorithms[] = {"random", "tpe"};
    double logs[2] = {0};

    for (int a = 0; a < 2; a++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct study *study = make_study(
                &(struct wanted){.space = space, .algorithm = algorithms[a], .seed = seed});
            double best = 10;
            for (int i = 0; i < 100; i++) {
                const struct study_proposal proposal = next_proposal(study);
                double u[5], value = 0;
                space_to_unit(study_space(study), proposal.values, u);
                for (int k = 0; k < 5; k++)
                    value += pow(u[k] - 0.15 * (k + 1), 2);
                best = fmin(best, value);
                tell_value(study, i, value);
            }
            logs[a] += log(best) / 5;
            study_free(study);
        }
    assert_true(logs[1] < logs[0] - log(5));
}

static void each_parameter_alone_is_a_setting(void **state)
{
    (void)state;
    struct study *together = plain_study(SQUARE, "tpe");
    struct study *alone = make_study(&(struct wanted){
        .space = SQUARE, .algorithm = "tpe", .settings = "{'multivariate':false}"});
    bool differ = false;

    for (int i = 0; i < 60; i++) {
        const struct study_proposal one = next_proposal(together), other = next_proposal(alone);
        differ = differ || one.values[0] != other.values[0];
        tell_value(together, i, bowl(one.values));
        tell_value(alone, i, bowl(other.values));
    }
    assert_true(differ);
    assert_true(study_history(alone)->trials[history_best(study_history(alone))].objective[0] <
                0.01);
    study_free(together);
    study_free(alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenth_is_good_and_twenty_five_at_most),
        cmocka_unit_test(good_ones_come_before_pruned_infeasible_and_failed_ones),
        cmocka_unit_test(of_several_objectives_the_first_front_is_good),
        cmocka_unit_test(groups_do_not_depend_on_when_one_looks),
        cmocka_unit_test(all_others_are_the_rest_and_those_under_way),
        cmocka_unit_test(of_many_others_the_newer_and_some_of_the_older_stand_for_all),
        cmocka_unit_test(ten_runs_have_to_end_before_a_model_is_made),
        cmocka_unit_test(twenty_four_candidates_and_a_tenth_are_the_defaults),
        cmocka_unit_test(earlier_searches_spare_the_start),
        cmocka_unit_test(askers_at_once_get_points_apart),
        cmocka_unit_test(conditional_parameters_are_learned_where_they_apply),
        cmocka_unit_test(constraints_are_learned),
        cmocka_unit_test(a_bowl_is_found_far_better_than_by_chance),
        cmocka_unit_test(each_parameter_alone_is_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
