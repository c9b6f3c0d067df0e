/* When a search ends before its budget: each rule on histories made by hand. */
#include "kit.h"

#include "search/regret_bound.h"
#include "search/stop.h"

#include <math.h>

/* What a rule says of a study; NULL: it goes on. Settings as JSON, ' for ". The caller frees it. */
static char *look_at(const char *rule_name, const char *settings, const struct study *study,
                     double sign)
{
    AUTO_PROBLEMS struct problems problems = {0};
    const struct stop_rule *rule = stop_find(rule_name);
    json_auto_t *described = settings_describe(rule->settings);
    json_auto_t *given = loads(settings);
    json_auto_t *resolved = settings_resolve(NULL, described, given, "", &problems);
    struct chosen chosen;
    assert_int_equal(problems.found, 0);
    chosen_read(rule->settings, resolved, &chosen);
    char *why = rule->look(&chosen, study_history(study), 1, sign);
    chosen_release(&chosen);
    return why;
}

static void assert_ends(const char *rule, const char *settings, const struct study *study,
                        const char *why)
{
    AUTO_FREE char *said = look_at(rule, settings, study, 1);
    if (!said)
        fail_msg("%s goes on", rule);
    assert_string_equal(said, why);
}

static void assert_goes_on(const char *rule, const char *settings, const struct study *study)
{
    AUTO_FREE char *said = look_at(rule, settings, study, 1);
    if (said)
        fail_msg("%s ends: %s", rule, said);
}

static void tell_next(struct study *study, double objective, double constraint, double error,
                      enum trial_state state)
{
    const struct study_proposal proposal = next_proposal(study);
    study_tell(
        study, proposal.number,
        &(struct told){
            .state = state, .objective = &objective, .constraint = &constraint, .error = error});
}

static void tell_one(struct study *study, double objective)
{
    tell_next(study, objective, 0, 0, TRIAL_DONE);
}

#define LINE "{'x': {'type': 'float', 'low': 0, 'high': 1}}"

static struct study *line_study(void)
{
    return plain_study(LINE, "random");
}

/* With one constraint. */
static struct study *limited_study(void)
{
    return make_study(&(struct wanted){.space = LINE, .algorithm = "random", .constraints = 1});
}

/* --- none, target, stagnation -------------------------------------------------------------------
 */

static void none_spends_the_whole_budget(void **state)
{
    (void)state;
    struct study *study = line_study();
    for (int i = 0; i < 50; i++)
        tell_one(study, 0);
    assert_goes_on("none", "{}", study);
    study_free(study);
}

static void a_target_is_reached_at_its_value(void **state)
{
    (void)state;
    struct study *study = line_study();
    assert_goes_on("target", "{'value': 0.5}", study);
    tell_one(study, 0.75);
    assert_goes_on("target", "{'value': 0.5}", study);
    tell_one(study, 0.5);
    assert_ends("target", "{'value': 0.5}", study, "run 1 reached 0.5, and the target is 0.5");
    study_free(study);
}

/* Objectives come with their sign flipped. */
static void a_target_to_be_maximised_is_reached_from_below(void **state)
{
    (void)state;
    struct study *study = line_study();
    tell_one(study, -0.8);
    AUTO_FREE char *below = look_at("target", "{'value': 0.9}", study, -1);
    assert_null(below);
    tell_one(study, -0.95);
    AUTO_FREE char *above = look_at("target", "{'value': 0.9}", study, -1);
    assert_string_equal(above, "run 1 reached 0.95, and the target is 0.9");
    study_free(study);
}

static void who_breaks_a_constraint_reaches_no_target(void **state)
{
    (void)state;
    struct study *study = limited_study();
    tell_next(study, 0.1, 0.01, 0, TRIAL_DONE);
    tell_next(study, 0.1, (double)NAN, 0, TRIAL_DONE);
    tell_next(study, 0.1, -1, 0, TRIAL_PRUNED);
    assert_goes_on("target", "{'value': 0.5}", study);
    tell_next(study, 0.4, 0, 0, TRIAL_DONE);
    assert_ends("target", "{'value': 0.5}", study, "run 3 reached 0.4, and the target is 0.5");
    study_free(study);
}

static void stagnation_counts_from_the_last_gain(void **state)
{
    (void)state;
    struct study *study = line_study();
    static const double values[] = {3, 2, 2, 5, 1.5, 4, 1.5};
    for (size_t i = 0; i < COUNT_OF(values); i++)
        tell_one(study, values[i]);
    assert_goes_on("stagnation", "{'runs': 3}", study);
    assert_ends("stagnation", "{'runs': 2}", study, "the last 2 runs brought nothing better");
    study_free(study);
}

/* From 2 to 1.5 is no gain of more than 1: the last one was the first value. */
static void a_small_gain_is_none(void **state)
{
    (void)state;
    struct study *study = line_study();
    static const double values[] = {2, 1.5, 1.25};
    for (size_t i = 0; i < COUNT_OF(values); i++)
        tell_one(study, values[i]);
    assert_ends("stagnation", "{'runs': 2, 'gain': 1}", study,
                "the last 2 runs brought nothing better");
    assert_goes_on("stagnation", "{'runs': 2, 'gain': 0.1}", study);
    study_free(study);
}

static void a_search_without_any_result_does_not_stagnate(void **state)
{
    (void)state;
    struct study *study = line_study();
    for (int i = 0; i < 40; i++)
        tell_next(study, (double)NAN, 0, 0, TRIAL_FAILED);
    assert_goes_on("stagnation", "{'runs': 10}", study);
    study_free(study);
}

/* --- the regret bound ---------------------------------------------------------------------------
 */

/* By hand: 0.4 ln(2 * 20^2 * pi^2 / 0.6) = 0.4 ln 13159.5 = 3.793959. */
static void beta_is_that_of_the_paper(void **state)
{
    (void)state;
    assert_float_equal(regret_beta(2, 20), 3.793959, 1e-6);
}

static double bowl(const struct study_proposal *proposal)
{
    return (proposal->values[0] - 0.3) * (proposal->values[0] - 0.3);
}

static double slope(const struct study_proposal *proposal)
{
    return -proposal->values[0];
}

static struct study *play(const char *space, double (*objective)(const struct study_proposal *),
                          int runs, double error, uint64_t seed)
{
    struct study *study =
        make_study(&(struct wanted){.space = space, .algorithm = "random", .seed = seed});
    for (int i = 0; i < runs; i++) {
        const struct study_proposal proposal = next_proposal(study);
        const double value = objective(&proposal);
        study_tell(study, proposal.number,
                   &(struct told){.state = TRIAL_DONE, .objective = &value, .error = error});
    }
    return study;
}

static void what_is_known_all_over_can_gain_little(void **state)
{
    (void)state;
    struct study *study = play(LINE, bowl, 40, 0, 1);
    struct regret regret;
    assert_true(regret_bound(study_history(study), 1, &regret));
    assert_int_equal(regret.runs, 20);
    assert_true(regret.bound >= 0 && regret.bound < 1e-3);
    AUTO_FREE char *why = look_at("regret_bound", "{'error': 0.001}", study, 1);
    assert_non_null(why);
    assert_says(why, "on the best 20 runs");
    assert_says(why, "the error of 0.001");
    study_free(study);
}

static void twenty_runs_do_not_know_a_cube(void **state)
{
    (void)state;
    const char *space = "{'x': {'type': 'float', 'low': 0, 'high': 1}, 'y': {'type': 'float', "
                        "'low': 0, 'high': 1}, 'z': {'type': 'float', 'low': 0, 'high': 1}}";
    struct study *study = play(space, slope, 20, 0, 1);
    assert_goes_on("regret_bound", "{'error': 0.001}", study);
    study_free(study);
}

static void fewer_than_twenty_runs_say_nothing(void **state)
{
    (void)state;
    struct study *study = limited_study();
    struct regret regret;
    for (int i = 0; i < 19; i++)
        tell_next(study, i, -1, 0, TRIAL_DONE);
    for (int i = 0; i < 10; i++) {
        tell_next(study, i, 1, 0, TRIAL_DONE);
        tell_next(study, (double)NAN, -1, 0, TRIAL_FAILED);
        tell_next(study, i, -1, 0, TRIAL_PRUNED);
    }
    assert_false(regret_bound(study_history(study), 1, &regret));
    assert_goes_on("regret_bound", "{'error': 1000}", study);
    study_free(study);
}

static void values_that_are_all_the_same_say_nothing(void **state)
{
    (void)state;
    struct study *study = line_study();
    for (int i = 0; i < 30; i++)
        tell_one(study, 7);
    assert_goes_on("regret_bound", "{'error': 1000}", study);
    study_free(study);
}

/* 0.1 of an error is much of a bowl between 0 and 0.49, 1e-9 is nothing. */
static void the_error_that_was_told_decides_where_none_is_asked_for(void **state)
{
    (void)state;
    struct study *loose = play(LINE, bowl, 40, 0.1, 1);
    struct study *tight = play(LINE, bowl, 40, 1e-9, 1);
    AUTO_FREE char *why = look_at("regret_bound", "{}", loose, 1);
    assert_non_null(why);
    assert_says(why, "the error of 0.1");
    assert_goes_on("regret_bound", "{}", tight);
    study_free(loose);
    study_free(tight);
}

static void the_same_history_gives_the_same_bound(void **state)
{
    (void)state;
    struct study *study = play(LINE, bowl, 50, 0, 4);
    struct regret first, second;
    assert_true(regret_bound(study_history(study), 9, &first));
    assert_true(regret_bound(study_history(study), 9, &second));
    assert_memory_equal(&first.bound, &second.bound, sizeof first.bound);
    study_free(study);
}

/* Branin on the unit square; its least value is 0.397887. */
static double branin(const struct study_proposal *proposal)
{
    const double pi = 3.14159265358979323846;
    const double x = 15 * proposal->values[0] - 5, y = 15 * proposal->values[1];
    const double a = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
    return a * a + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10;
}

/* The paper's bound holds with high probability. */
static void the_bound_is_above_what_the_best_run_lacks(void **state)
{
    (void)state;
    const char *space = "{'x': {'type': 'float', 'low': 0, 'high': 1}, "
                        "'y': {'type': 'float', 'low': 0, 'high': 1}}";
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct study *study = play(space, branin, 50, 0, seed);
        const struct history *history = study_history(study);
        struct regret regret;
        assert_true(regret_bound(history, seed, &regret));
        const double best = history->trials[history_best(history)].objective[0];
        assert_true(regret.bound >= best - 0.397887);
        study_free(study);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_spends_the_whole_budget),
        cmocka_unit_test(a_target_is_reached_at_its_value),
        cmocka_unit_test(a_target_to_be_maximised_is_reached_from_below),
        cmocka_unit_test(who_breaks_a_constraint_reaches_no_target),
        cmocka_unit_test(stagnation_counts_from_the_last_gain),
        cmocka_unit_test(a_small_gain_is_none),
        cmocka_unit_test(a_search_without_any_result_does_not_stagnate),
        cmocka_unit_test(beta_is_that_of_the_paper),
        cmocka_unit_test(what_is_known_all_over_can_gain_little),
        cmocka_unit_test(twenty_runs_do_not_know_a_cube),
        cmocka_unit_test(fewer_than_twenty_runs_say_nothing),
        cmocka_unit_test(values_that_are_all_the_same_say_nothing),
        cmocka_unit_test(the_error_that_was_told_decides_where_none_is_asked_for),
        cmocka_unit_test(the_same_history_gives_the_same_bound),
        cmocka_unit_test(the_bound_is_above_what_the_best_run_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
