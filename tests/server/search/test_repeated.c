/* Points that are tried with several seeds: what the study hears of them. */
#include "server/search/kit.h"
#include "server/search/within.h"

#include "search/repeated.h"

static const char *const space =
    "{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':-1,'high':1}}";

enum { TRIES = 3 };

static struct repeated *make_repeated(const char *algorithm, int tries)
{
    return repeated_new(make_study(&(struct wanted){
                            .space = space, .algorithm = algorithm, .constraints = 1, .seed = 4}),
                        tries);
}

static struct study_proposal propose(struct repeated *repeated)
{
    struct study_proposal proposal;
    assert_int_equal(repeated_propose(repeated, &proposal), 0);
    return proposal;
}

static void tell(struct repeated *repeated, int number, enum trial_state state, double value,
                 double constraint)
{
    repeated_tell(repeated, number, &(struct told){state, &value, &constraint, 0, number});
}

static const struct trial *point_of(const struct repeated *repeated, int point)
{
    return &repeated_history(repeated)->trials[point];
}

static void each_point_is_proposed_once_for_each_seed(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    for (int number = 0; number < 3 * TRIES; number++) {
        const struct study_proposal proposal = propose(repeated);
        assert_int_equal(proposal.number, number);
        assert_int_equal(strcmp(proposal.how, "repeat") == 0, number % TRIES != 0);
        assert_memory_equal(proposal.values, point_of(repeated, number / TRIES)->values,
                            2 * sizeof(double));
        assert_ptr_equal(repeated_values(repeated, number), proposal.values);
    }
    assert_int_equal(repeated_history(repeated)->count, 3);
    repeated_free(repeated);
}

/* (1 + 2 + 6) / 3; deviations -2, -1, 3: the square root of 14 / 2 / 3. */
static void the_study_hears_the_mean_and_its_standard_error_once_all_have_ended(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    for (int number = 0; number < TRIES; number++)
        propose(repeated);
    tell(repeated, 2, TRIAL_DONE, 6, -1);
    tell(repeated, 0, TRIAL_DONE, 1, 0.5);
    assert_int_equal(point_of(repeated, 0)->state, TRIAL_PENDING);
    assert_int_equal(repeated_history(repeated)->told_count, 0);
    tell(repeated, 1, TRIAL_DONE, 2, 1.1);

    const struct trial *point = point_of(repeated, 0);
    assert_int_equal(point->state, TRIAL_DONE);
    assert_within(point->objective[0], 3, 1e-15);
    assert_within(point->constraint[0], 0.2, 1e-15);
    assert_within(point->error, 1.5275252316519468, 1e-15);
    assert_int_equal(point->step, 2);

    tell(repeated, 2, TRIAL_DONE, 3, -1); /* corrected */
    assert_within(point->objective[0], 2, 1e-15);
    assert_int_equal(repeated_history(repeated)->told_count, 1);
    repeated_free(repeated);
}

static void one_failure_makes_the_point_a_failure(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    for (int number = 0; number < TRIES; number++)
        propose(repeated);
    tell(repeated, 0, TRIAL_DONE, 1, 0);
    tell(repeated, 1, TRIAL_FAILED, (double)NAN, (double)NAN);
    tell(repeated, 2, TRIAL_DONE, 2, 0);
    assert_int_equal(point_of(repeated, 0)->state, TRIAL_FAILED);
    assert_true(isnan(point_of(repeated, 0)->objective[0]));
    repeated_free(repeated);
}

/* The third was left out: the point counts as pruned, with the mean of the others. */
static void seeds_that_are_left_out_have_no_say_in_the_mean(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    for (int number = 0; number < TRIES; number++)
        propose(repeated);
    tell(repeated, 0, TRIAL_DONE, 1, 0);
    tell(repeated, 1, TRIAL_DONE, 2, 0);
    tell(repeated, 2, TRIAL_PRUNED, (double)NAN, (double)NAN);

    const struct trial *point = point_of(repeated, 0);
    assert_int_equal(point->state, TRIAL_PRUNED);
    assert_within(point->objective[0], 1.5, 1e-15);
    assert_within(point->error, 0.5, 1e-15); /* sqrt(0.5 / 2) */
    repeated_free(repeated);
}

static void tries_that_are_gone_do_not_count(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    for (int number = 0; number < 2 * TRIES; number++)
        propose(repeated);
    tell(repeated, 0, TRIAL_DONE, 1, 0);
    repeated_forget(repeated, 1);
    tell(repeated, 2, TRIAL_DONE, 4, 0);
    assert_int_equal(point_of(repeated, 0)->state, TRIAL_DONE);
    assert_within(point_of(repeated, 0)->objective[0], 2.5, 1e-15);
    for (int number = TRIES; number < 2 * TRIES; number++)
        repeated_forget(repeated, number);
    assert_int_equal(point_of(repeated, 1)->state, TRIAL_GONE);
    assert_int_equal(repeated_history(repeated)->told_count, 1);
    repeated_free(repeated);
}

/* Nothing ends in the middle of a point. */
static void what_people_want_is_counted_in_tries(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", TRIES);
    repeated_enqueue(repeated, (const double[]){0.25, 0.5});
    assert_int_equal(repeated_enqueued(repeated), TRIES);
    for (int number = 0; number < TRIES; number++) {
        assert_within(propose(repeated).values[0], 0.25, 0);
        assert_int_equal(repeated_enqueued(repeated), TRIES - 1 - number);
    }
    propose(repeated);
    assert_int_equal(repeated_enqueued(repeated), TRIES - 1);
    repeated_set_budget(repeated, 13, 4);
    assert_int_equal(repeated_history(repeated)->budget, 5);
    assert_int_equal(repeated_history(repeated)->parallel, 2);
    repeated_free(repeated);
}

/* Told as they come, seven under way; then filled in again, and asked once more. */
static void one_that_is_filled_in_again_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    enum { RUNS = 45, BEHIND = 7 };
    struct repeated *one = make_repeated("gp", TRIES), *again = make_repeated("gp", TRIES);
    struct study_proposal proposals[RUNS];

    for (int i = 0; i < RUNS; i++) {
        proposals[i] = propose(one);
        if (i >= BEHIND)
            tell(one, i - BEHIND, TRIAL_DONE, proposals[i - BEHIND].values[0] + 0.1 * (i % TRIES),
                 -1);
    }
    for (int i = 0; i < RUNS; i++)
        repeated_restore(again, proposals[i].values, proposals[i].memo, proposals[i].memo_count);
    for (int i = BEHIND; i < RUNS; i++)
        tell(again, i - BEHIND, TRIAL_DONE, proposals[i - BEHIND].values[0] + 0.1 * (i % TRIES),
             -1);
    for (int i = 0; i < RUNS; i++)
        assert_int_equal(repeated_check(again, i, proposals[i].seen), 1);
    for (int i = 0; i < TRIES; i++)
        assert_memory_equal(propose(one).values, propose(again).values, 2 * sizeof(double));

    struct repeated *forged = make_repeated("gp", TRIES);
    repeated_restore(forged, proposals[0].values, proposals[0].memo, proposals[0].memo_count);
    repeated_restore(forged, (const double[]){0.1, 0.2}, NULL, 0);
    assert_int_equal(repeated_check(forged, 1, 0), 0);
    repeated_free(forged);
    repeated_free(one);
    repeated_free(again);
}

static void with_one_seed_the_study_hears_what_is_told(void **state)
{
    (void)state;
    struct repeated *repeated = make_repeated("random", 1);
    for (int number = 0; number < 2; number++) {
        assert_string_equal(propose(repeated).how, "random");
        repeated_tell(repeated, number,
                      &(struct told){TRIAL_DONE, &(double){number}, &(double){-1}, 0.25, 7});
        assert_within(point_of(repeated, number)->error, 0.25, 0);
    }
    repeated_forget(repeated, 0);
    assert_int_equal(repeated_history(repeated)->told_count, 1);
    repeated_free(repeated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_point_is_proposed_once_for_each_seed),
        cmocka_unit_test(the_study_hears_the_mean_and_its_standard_error_once_all_have_ended),
        cmocka_unit_test(one_failure_makes_the_point_a_failure),
        cmocka_unit_test(seeds_that_are_left_out_have_no_say_in_the_mean),
        cmocka_unit_test(tries_that_are_gone_do_not_count),
        cmocka_unit_test(what_people_want_is_counted_in_tries),
        cmocka_unit_test(one_that_is_filled_in_again_goes_on_with_the_same_bits),
        cmocka_unit_test(with_one_seed_the_study_hears_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
