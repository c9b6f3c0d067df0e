/* Who is asked when nobody chose. The contract tests hold auto to all that any search owes. */
#include "server/search/kit.h"

#include <math.h>
#include <stdio.h>

static const char two_floats[] = "{'x':{'type':'float','low':-1,'high':1},"
                                 "'y':{'type':'float','low':-1,'high':1}}";
static const char mixed[] = "{'x':{'type':'float','low':-1,'high':1},"
                            "'kind':{'type':'choice','values':['a','b','c']}}";
static const char twelve_points[] = "{'n':{'type':'int','low':1,'high':4},"
                                    "'kind':{'type':'choice','values':['a','b','c']}}";
/* 2,000 of them */
static const char many_points[] = "{'n':{'type':'int','low':1,'high':2000}}";

static struct study *begin(const char *space, int objectives, int parallel)
{
    json_auto_t *chosen = json_object();
    struct study_options options = {
        .space = make_space(space),
        .objectives = objectives,
        .algorithm = search_find("auto"),
        .chosen = chosen,
        .seed = 3,
        .budget = 60,
        .parallel = parallel,
    };
    return study_new(&options);
}

static void assert_explained(struct study *study, const char *word)
{
    AUTO_FREE char *sentence = study_explain(study);
    assert_non_null(sentence);
    if (!strstr(sentence, word))
        fail_msg("no \"%s\" in: %s", word, sentence);
}

static double bowl(const double *values)
{
    return pow(values[0] - 0.3, 2) + (isnan(values[1]) ? 0 : pow(values[1] + 0.2, 2));
}

/* Told at once, without a proposal of its own. */
static void fill(struct study *study, int count)
{
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    for (int i = 0; i < count; i++) {
        double values[PARAMETERS_MAX];
        space_draw(study_space(study), &rng, values);
        study_restore(study, values, NULL, 0);
        tell_value(study, study_history(study)->count - 1, bowl(values));
    }
}

static void a_space_that_the_budget_covers_is_walked_through(void **state)
{
    (void)state;
    struct study *study = begin(twelve_points, 1, 1);
    struct study_proposal proposal;

    for (int i = 0; i < 12; i++) {
        proposal = next_proposal(study);
        assert_string_equal(proposal.how, "grid");
        tell_value(study, proposal.number, i);
    }
    assert_int_equal(study_propose(study, &proposal), -1);
    assert_explained(study, "12 points");
    study_free(study);
}

static void more_points_than_the_budget_are_not_a_grid(void **state)
{
    (void)state;
    struct study *study = begin(many_points, 1, 1);
    assert_string_equal(next_proposal(study).how, "start");
    assert_explained(study, "gp");
    study_free(study);
}

static void one_objective_is_modelled_and_several_too(void **state)
{
    (void)state;
    struct study *study = begin(two_floats, 1, 1);
    assert_explained(study, "gp");
    study_free(study);

    study = begin(two_floats, 2, 1);
    assert_explained(study, "ehvi");
    study_free(study);

    study = begin(two_floats, 6, 1);
    assert_explained(study, "nsga2");
    study_free(study);
}

static void many_who_ask_at_once_do_not_wait_for_one_model(void **state)
{
    (void)state;
    struct study *study = begin(mixed, 1, 64);
    assert_explained(study, "many ask at once");
    study_free(study);
}

/* Hurried from 25 to 34: the model is left out then, and asked again behind. A study that is filled
 * in again knows which ones were, and makes them the same. */
static void in_a_hurry_the_model_is_left_out(void **state)
{
    (void)state;
    enum { FIRST = 25, LAST = 35, END = 40 };
    struct study *study = begin(two_floats, 1, 1), *again = begin(two_floats, 1, 1);
    struct study_proposal proposals[END];

    for (int i = 0; i < END; i++) {
        study_set_hurry(study, i >= FIRST && i < LAST);
        proposals[i] = next_proposal(study);
        assert_int_equal(study_was_hurried(proposals[i].memo, proposals[i].memo_count),
                         i >= FIRST && i < LAST);
        if (i >= FIRST) /* neither tpe nor nsga2 writes anything down: there is the mark alone */
            assert_int_equal(proposals[i].memo_count == 1, i < LAST);
        tell_value(study, i, bowl(proposals[i].values));
        if (i == LAST - 1)
            assert_explained(study, "tpe and nsga2");
    }
    for (int i = 0; i < END; i++)
        study_restore(again, proposals[i].values, proposals[i].memo, proposals[i].memo_count);
    for (int i = 0; i < END; i++)
        tell_value(again, i, bowl(proposals[i].values));
    for (int i = 0; i < END; i++)
        assert_int_equal(study_check(again, i, proposals[i].seen), 1);
    study_free(study);
    study_free(again);
}

/* Milliseconds are not measured here; that the model is no longer asked is. */
static void after_many_results_proposals_are_quick(void **state)
{
    (void)state;
    struct study *study = begin(two_floats, 1, 1);
    fill(study, 500);
    for (int i = 0; i < 20; i++) {
        struct study_proposal proposal = next_proposal(study);
        /* Of cmaes: four numbers and two coordinates; nsga2 writes nothing down. */
        assert_int_equal(proposal.memo_count, proposal.number % 4 == 0 ? 0 : 6);
        tell_value(study, proposal.number, bowl(proposal.values));
    }
    assert_explained(study, "cmaes");
    study_free(study);
}

/* 500 random results in a square of side 2: the best 10 % of a bowl lie within 0.36 of its middle
 * (pi r^2 / 4 = 0.1), which is where draws begin. Of a start in the middle of the square, 0.36 away
 * and 0.33 wide, none of 20 would be so near on the mean after so few. */
static void it_goes_on_where_the_model_ended(void **state)
{
    (void)state;
    struct study *study = begin(two_floats, 1, 1);
    double sum = 0;
    fill(study, 500);
    for (int i = 0; i < 60; i++) {
        struct study_proposal proposal = next_proposal(study);
        const double value = bowl(proposal.values);
        sum += i >= 40 ? sqrt(value) : 0;
        tell_value(study, proposal.number, value);
    }
    assert_true(sum / 20 < 0.2);
    study_free(study);
}

/* By the two that follow the model, in turns. */
static void every_proposal_can_be_made_again(void **state)
{
    (void)state;
    enum { FIRST = 500, LAST = 512 };
    struct study *study = begin(mixed, 1, 1);
    fill(study, FIRST);
    for (int i = FIRST; i < LAST; i++) {
        struct study_proposal proposal = next_proposal(study);
        tell_value(study, proposal.number, bowl(proposal.values));
    }
    for (int i = FIRST; i < LAST; i++)
        assert_int_equal(study_check(study, i, i), 1);
    study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_space_that_the_budget_covers_is_walked_through),
        cmocka_unit_test(more_points_than_the_budget_are_not_a_grid),
        cmocka_unit_test(one_objective_is_modelled_and_several_too),
        cmocka_unit_test(many_who_ask_at_once_do_not_wait_for_one_model),
        cmocka_unit_test(in_a_hurry_the_model_is_left_out),
        cmocka_unit_test(after_many_results_proposals_are_quick),
        cmocka_unit_test(it_goes_on_where_the_model_ended),
        cmocka_unit_test(every_proposal_can_be_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
