#include "server/search/kit.h"

#include "search/population.h"

static const char *const rate =
    "{'/optimizer/lr':{'type':'float','low':1e-4,'high':1,'scale':'log'}}";
#define FAILED (double)NAN

static const char *const ten = "{'population':10}";

/* A whole generation: member i ends with `values[i]`; NaN fails. */
static void train(struct study *study, const double *values, int members)
{
    const int first = study_history(study)->count;
    for (int i = 0; i < members; i++)
        next_proposal(study);
    for (int i = members - 1; i >= 0; i--) /* in any order */
        tell_value(study, first + i, values[i]);
}

static struct study *population(const char *space, const char *settings, uint64_t seed)
{
    return make_study(
        &(struct wanted){.space = space, .algorithm = "pbt", .settings = settings, .seed = seed});
}

/* --- constants ----------------------------------------------------------------------------------
 */

/* Jaderberg et al. (2017): a population of 20, the worst 20 % replaced; resampled with probability
 * 0.25 (Ray Tune, Syne Tune). */
static void the_constants_are_those_of_the_paper(void **state)
{
    (void)state;
    json_auto_t *chosen = resolve(search_find("pbt"), "{}");
    assert_int_equal(json_integer_at(chosen, "population", 0), 20);
    assert_true(json_number_at(chosen, "quantile", 0) == 0.2);
    assert_true(json_number_at(chosen, "resample", 0) == 0.25);
    assert_true(json_number_at(chosen, "interval", 0) == 0.2);
}

/* --- generations --------------------------------------------------------------------------------
 */

/* 10 members with losses 0 … 9: 8 and 9 are the worst fifth, 0 and 1 the best. */
static void the_worst_fifth_goes_on_from_the_best(void **state)
{
    (void)state;
    const double losses[] = {5, 9, 0, 3, 4, 8, 6, 7, 1, 2};
    struct study *study = population(rate, ten, 1);
    train(study, losses, 10);
    for (int i = 0; i < 10; i++) {
        const struct study_proposal next = next_proposal(study);
        const double *before = study_history(study)->trials[i].values;
        if (i == 1 || i == 5) {
            assert_true(next.parent == 2 || next.parent == 8);
            assert_string_equal(next.how, "perturbed");
        } else {
            assert_int_equal(next.parent, i);
            assert_string_equal(next.how, "kept");
            assert_true(next.values[0] == before[0]);
        }
    }
    study_free(study);
}

static void those_that_failed_give_way_and_are_never_copied(void **state)
{
    (void)state;
    const double losses[] = {FAILED, 1, FAILED, FAILED, 2, FAILED, FAILED, FAILED, 3, FAILED};
    struct study *study = population(rate, ten, 2);
    train(study, losses, 10);
    for (int i = 0; i < 10; i++) {
        const int parent = next_proposal(study).parent;
        if (losses[i] > 0)
            assert_int_equal(parent, i);
        else
            assert_true(parent == 1 || parent == 4);
    }
    study_free(study);
}

static void where_all_failed_the_next_generation_begins_anew(void **state)
{
    (void)state;
    const double losses[] = {FAILED, FAILED};
    struct study *study = population(rate, "{'population':2}", 3);
    train(study, losses, 2);
    const struct study_proposal next = next_proposal(study);
    assert_int_equal(next.parent, -1);
    assert_string_equal(next.how, "start");
    study_free(study);
}

/* What breaks a constraint is behind what keeps all. */
static void members_that_break_a_constraint_are_the_worst(void **state)
{
    (void)state;
    struct study *study = make_study(&(struct wanted){
        .space = rate, .algorithm = "pbt", .settings = "{'population':4}", .constraints = 1});
    for (int i = 0; i < 4; i++) {
        const double objective = i, constraint = i == 0 ? 0.5 : -1;
        next_proposal(study);
        study_tell(study, i, &(struct told){TRIAL_DONE, &objective, &constraint, 0, 0});
    }
    assert_int_equal(next_proposal(study).parent, 1);
    assert_int_equal(next_proposal(study).parent, 1);
    assert_int_equal(next_proposal(study).parent, 2);
    assert_int_equal(next_proposal(study).parent, 3);
    study_free(study);
}

static void it_ends_with_the_last_generation(void **state)
{
    (void)state;
    const double losses[] = {1, 2, 3};
    struct study_proposal more;
    struct study *study = population(rate, "{'population':3,'interval':0.4}", 4);
    for (int generation = 0; generation < 3; generation++)
        train(study, losses, 3);
    assert_int_equal(study_propose(study, &more), -1);
    study_free(study);
}

static void it_says_how_far_it_is(void **state)
{
    (void)state;
    struct study *study = population(rate, "{'population':3,'interval':0.4}", 4);
    assert_null(study_explain(study));
    for (int i = 0; i < 4; i++)
        next_proposal(study);
    AUTO_FREE char *words = study_explain(study);
    assert_string_equal(words, "a population of 3 in generation 2 of 3");
    study_free(study);
}

/* --- earlier searches ----------------------------------------------------------------------------
 */

static void add_earlier(struct study *study, double rate_value, double value)
{
    study_add_earlier(study, &rate_value, &(struct told){TRIAL_DONE, &value, NULL, 0, -1});
}

/* A population of 4 begins with 2 of the best 4 points: 0.01, the best, and of 0.011, 0.012 and 0.5
 * the one that lies farthest from it. */
static void half_of_it_begins_where_earlier_searches_were_best(void **state)
{
    (void)state;
    struct study *study = population(rate, "{'population':4}", 5);
    add_earlier(study, 0.5, 4);
    add_earlier(study, 0.0001, 5); /* the farthest, and not good */
    add_earlier(study, 0.011, 2);
    add_earlier(study, 0.01, 1);
    add_earlier(study, 0.01, 1.5); /* the same point */
    add_earlier(study, 0.012, 3);
    const struct study_proposal best = next_proposal(study);
    assert_true(best.values[0] == 0.01);
    assert_string_equal(best.how, "earlier");
    assert_int_equal(best.parent, -1);
    assert_true(next_proposal(study).values[0] == 0.5);
    assert_string_equal(next_proposal(study).how, "start");
    assert_string_equal(next_proposal(study).how, "start");
    study_free(study);
}

/* What is enqueued comes first, and is not tried twice. */
static void earlier_points_that_are_enqueued_are_not_begun_with_again(void **state)
{
    (void)state;
    const double enqueued[] = {0.5, 0.25};
    struct study *study = population(rate, "{'population':4}", 5);
    add_earlier(study, 0.01, 1);
    add_earlier(study, 0.5, 2);
    study_enqueue(study, &enqueued[0]);
    study_enqueue(study, &enqueued[1]);
    assert_true(next_proposal(study).values[0] == 0.5);
    assert_true(next_proposal(study).values[0] == 0.25);
    assert_true(next_proposal(study).values[0] == 0.01);
    assert_string_equal(next_proposal(study).how, "start");
    study_free(study);
}

/* --- budgets -------------------------------------------------------------------------------------
 */

static void assert_fits(const char *asked, int runs, bool changed, int members, int generations)
{
    struct population population;
    json_auto_t *given = loads(asked);
    struct search_plan plan = {.budget.runs = runs,
                               .algorithm = resolve(search_find("pbt"), asked)};
    json_object_set_new(plan.algorithm, "type", json_string("pbt"));
    assert_int_equal(population_fit(given, &plan), changed);
    assert_true(population_of(&plan, &population));
    assert_int_equal(population.members, members);
    assert_int_equal(population.generations, generations);
    json_decref(plan.algorithm);
}

/* 20 members in 5 generations are 100 runs. */
static void a_small_budget_gets_fewer_generations_then_fewer_members(void **state)
{
    (void)state;
    assert_fits("{}", 100, false, 20, 5);
    assert_fits("{}", 99, true, 20, 4);
    assert_fits("{}", 60, true, 20, 3);
    assert_fits("{}", 45, true, 20, 2);
    assert_fits("{}", 39, true, 19, 2);
    assert_fits("{}", 4, true, 2, 2);
    assert_fits("{}", 3, true, 2, 2); /* population_check() refuses it */
    assert_fits("{'interval': 0.25}", 60, true, 15, 4);
    assert_fits("{'population': 20}", 60, false, 20, 5);
}

static void it_says_that_its_budget_has_room_for_no_more(void **state)
{
    (void)state;
    struct study *study = population(rate, "{'population':20,'interval':0.3333333333333333}", 4);
    next_proposal(study);
    AUTO_FREE char *words = study_explain(study);
    assert_string_equal(words, "a population of 20 in generation 1 of 3, as many as its budget of "
                               "60 runs has room for");
    study_free(study);
}

/* --- explore ------------------------------------------------------------------------------------
 */

enum { COPIES = 4000 };

/* Values of copies of a member that has `value`: half of each population of two. */
static int copies_of(const char *space, double value, const char *settings, double *copies)
{
    for (int i = 0; i < COPIES; i++) {
        struct study *study = population(space, settings, (uint64_t)i);
        study_enqueue(study, &value);
        train(study, (const double[]){1, 2}, 2);
        next_proposal(study);
        const struct study_proposal copy = next_proposal(study);
        assert_int_equal(copy.parent, 0);
        copies[i] = copy.values[0];
        study_free(study);
    }
    return COPIES;
}

/* Three in four of the copies, half of them either way; the rest is drawn anew. Four standard
 * deviations of such a count of 4,000 are 0.031 of it. */
static void a_copy_takes_four_fifths_or_six_fifths_or_is_drawn_anew(void **state)
{
    (void)state;
    static double copies[COPIES];
    const int count = copies_of(rate, 0.01, "{'population':2}", copies);
    int down = 0, up = 0;
    for (int i = 0; i < count; i++) {
        down += copies[i] == 0.01 * 0.8;
        up += copies[i] == 0.01 * 1.2;
        assert_true(copies[i] >= 1e-4 && copies[i] <= 1);
    }
    assert_in_range(down, 0.344 * count, 0.406 * count);
    assert_in_range(up, 0.344 * count, 0.406 * count);
}

static void a_copy_stays_within_the_bounds(void **state)
{
    (void)state;
    static double copies[COPIES];
    const int count = copies_of(rate, 0.9, "{'population':2,'resample':0}", copies);
    for (int i = 0; i < count; i++)
        assert_true(copies[i] == 1 || copies[i] == 0.9 * 0.8);
}

/* 3 of 1 … 9: 2.4 and 3.6 lie next to 2 and 4. 100 of 1 … 1000: 80 and 120. 1 turns back at its end
 * where 0.8 is cut off there. */
static void whole_numbers_go_to_the_nearest_and_never_stay(void **state)
{
    (void)state;
    static double copies[COPIES];
    static const struct {
        const char *space;
        double value, down, up;
    } cases[] = {
        {"{'/x':{'type':'int','low':1,'high':9}}", 3, 2, 4},
        {"{'/x':{'type':'int','low':1,'high':1000}}", 100, 80, 120},
        {"{'/x':{'type':'int','low':1,'high':9}}", 1, 2, 2},
        {"{'/x':{'type':'choice','values':['a','b','c']}}", 1, 0, 2},
        {"{'/x':{'type':'choice','values':['a','b','c']}}", 2, 1, 1},
    };
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const int count =
            copies_of(cases[c].space, cases[c].value, "{'population':2,'resample':0}", copies);
        int down = 0, up = 0;
        for (int i = 0; i < count; i++) {
            down += copies[i] == cases[c].down;
            up += copies[i] == cases[c].up;
        }
        assert_int_equal(cases[c].down == cases[c].up ? down : down + up, count);
        assert_true(down > 0 && up > 0);
    }
}

/* --- where generations end ----------------------------------------------------------------------
 */

static double end_of(const char *metric, const char *spec_text, double interval, int generation)
{
    struct search_plan plan = {.objective_count = 1};
    json_auto_t *spec = loads(spec_text);
    const struct population members = population_chosen(4, interval);
    snprintf(plan.objectives[0].name, sizeof plan.objectives[0].name, "%s", metric);
    return population_end(&plan, &members, generation, spec);
}

/* A fifth of 12 epochs is 2.4: the third. Every second epoch evaluated: the fourth. 0.3 of 1,000
 * steps, reported every 40: 320. */
static void a_generation_ends_where_its_metric_is_reported(void **state)
{
    (void)state;
    const char *epochs = "{'epochs':12,'evaluate_every_epochs':1}";
    const char *second = "{'epochs':12,'evaluate_every_epochs':2}";
    const char *steps = "{'steps':1000,'report_every_steps':40}";
    assert_true(end_of("valid_loss", epochs, 0.2, 0) == 3.0 / 12);
    assert_true(end_of("valid_loss", epochs, 0.2, 1) == 5.0 / 12);
    assert_true(end_of("valid_loss", second, 0.2, 0) == 4.0 / 12);
    assert_true(end_of("train_loss", second, 0.2, 0) == 3.0 / 12);
    assert_true(end_of("valid_loss", epochs, 0.2, 4) == 1);
    assert_true(end_of("train_loss", steps, 0.3, 0) == 0.32);
    assert_true(end_of("train_loss", steps, 0.3, 3) == 1);
}

/* 0.3, 0.6, 0.9, 1: four. Member 9 of 4 in each is of the third generation, which waits for 8. */
static void a_generation_waits_for_the_one_before(void **state)
{
    (void)state;
    const struct population members = population_chosen(4, 0.3);
    assert_int_equal(members.generations, 4);
    assert_int_equal(population_chosen(4, 0.1).generations, 10);
    assert_int_equal(population_waits_for(&members, 3), 0);
    assert_int_equal(population_waits_for(&members, 4), 4);
    assert_int_equal(population_waits_for(&members, 9), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_constants_are_those_of_the_paper),
        cmocka_unit_test(the_worst_fifth_goes_on_from_the_best),
        cmocka_unit_test(those_that_failed_give_way_and_are_never_copied),
        cmocka_unit_test(where_all_failed_the_next_generation_begins_anew),
        cmocka_unit_test(members_that_break_a_constraint_are_the_worst),
        cmocka_unit_test(it_ends_with_the_last_generation),
        cmocka_unit_test(half_of_it_begins_where_earlier_searches_were_best),
        cmocka_unit_test(earlier_points_that_are_enqueued_are_not_begun_with_again),
        cmocka_unit_test(a_small_budget_gets_fewer_generations_then_fewer_members),
        cmocka_unit_test(it_says_that_its_budget_has_room_for_no_more),
        cmocka_unit_test(it_says_how_far_it_is),
        cmocka_unit_test(a_copy_takes_four_fifths_or_six_fifths_or_is_drawn_anew),
        cmocka_unit_test(a_copy_stays_within_the_bounds),
        cmocka_unit_test(whole_numbers_go_to_the_nearest_and_never_stay),
        cmocka_unit_test(a_generation_ends_where_its_metric_is_reported),
        cmocka_unit_test(a_generation_waits_for_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
