/* Studies: what is proposed once, told, corrected, filled in again and checked. */
#include "server/search/kit.h"

static const char *const continuous =
    "{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':-1,'high':1}}";
static const char *const small =
    "{'kind':{'type':'choice','values':['a','b','c']},"
    "'n':{'type':'int','low':1,'high':4,'when':{'kind':['a','b']}}}"; /* 4 + 4 + 1 points */

/* --- every point once ---------------------------------------------------------------------------
 */

static void check_exhausts(const char *text, const char *algorithm, uint64_t seed, int size)
{
    struct study *study =
        make_study(&(struct wanted){.space = text, .algorithm = algorithm, .seed = seed});
    const struct space *space = study_space(study);
    for (int i = 0; i < size; i++) {
        const struct study_proposal proposal = next_proposal(study);
        assert_int_equal(proposal.number, i);
        for (int k = 0; k < i; k++)
            assert_false(
                space_same(space, study_history(study)->trials[k].values, proposal.values));
        if (i % 3 == 0) /* the others are still under way */
            tell_value(study, i, i);
    }
    struct study_proposal none;
    assert_int_equal(study_propose(study, &none), -1);
    assert_int_equal(study_history(study)->count, size);
    study_free(study);
}

static void a_small_space_gives_every_point_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        check_exhausts(small, "random", seed, 9);
        check_exhausts(small, "grid", seed, 9);
    }
}

/* One of two values in nearly all draws: most of the 500 points are found by walking there. */
static void a_point_that_is_hard_to_draw_is_found(void **state)
{
    (void)state;
    check_exhausts("{'a':{'type':'int','low':1,'high':500,'scale':'log'}}", "random", 1, 500);
    check_exhausts("{'a':{'type':'choice','values':[0,1]},"
                   "'b':{'type':'int','low':1,'high':30,'when':{'a':[1]}},"
                   "'c':{'type':'int','low':1,'high':6,'when':{'b':{'at_least':30}}}}",
                   "random", 1, 1 + 29 + 6);
}

/* 5 of x, ends included, times 3 of k; a float with a step keeps it. */
static void a_grid_spreads_points_over_what_is_continuous(void **state)
{
    (void)state;
    struct study *study = make_study(
        &(struct wanted){.space = "{'x':{'type':'float','low':0.01,'high':100,'scale':'log'},"
                                  "'k':{'type':'float','low':0,'high':1,'step':0.5}}",
                         .algorithm = "grid",
                         .seed = 3});
    const double xs[] = {0.01, 0.1, 1, 10, 100};
    int times[5] = {0};
    for (int i = 0; i < 15; i++) {
        const struct study_proposal proposal = next_proposal(study);
        int place = 0;
        while (place < 4 && fabs(proposal.values[0] / xs[place] - 1) > 1e-12)
            place++;
        assert_near(proposal.values[0], xs[place], 1e-12);
        assert_near(proposal.values[1] * 2, round(proposal.values[1] * 2), 0);
        times[place]++;
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(times[i], 3);
    struct study_proposal none;
    assert_int_equal(study_propose(study, &none), -1);
    AUTO_FREE char *words = study_explain(study);
    assert_says(words, "15 points");
    study_free(study);
}

/* 1, 6, 32, 178, 1000; of four there is nothing to leave out. */
static void a_grid_leaves_out_whole_numbers_on_a_log_scale(void **state)
{
    (void)state;
    check_exhausts("{'n':{'type':'int','low':1,'high':1000,'scale':'log'}}", "grid", 1, 5);
    check_exhausts("{'n':{'type':'int','low':1,'high':4,'scale':'log'}}", "grid", 1, 4);
    check_exhausts("{'n':{'type':'int','low':1,'high':1000}}", "grid", 1, 1000);
}

/* x at 0, 0.25, 0.5, 0.75, 1; n where x is at most 0.5: three times 2 and twice 1. */
static void a_grid_keeps_conditions_on_what_it_spreads(void **state)
{
    (void)state;
    struct study *study =
        make_study(&(struct wanted){.space = "{'x':{'type':'float','low':0,'high':1},"
                                             "'n':{'type':'int','low':1,'high':2,'when':"
                                             "{'x':{'at_most':0.5}}}}",
                                    .algorithm = "grid"});
    for (int i = 0; i < 8; i++) {
        const double *values = next_proposal(study).values;
        assert_int_equal(isnan(values[1]), values[0] > 0.5);
    }
    struct study_proposal none;
    assert_int_equal(study_propose(study, &none), -1);
    study_free(study);
}

static void a_grid_passes_over_what_was_tried_by_hand(void **state)
{
    (void)state;
    struct study *study = plain_study(small, "grid");
    study_enqueue(study, (const double[]){1, 3});
    assert_string_equal(next_proposal(study).how, "enqueued");
    for (int i = 1; i < 9; i++) {
        const struct study_proposal proposal = next_proposal(study);
        assert_false(proposal.values[0] == 1 && proposal.values[1] == 3);
    }
    struct study_proposal none;
    assert_int_equal(study_propose(study, &none), -1);
    study_free(study);
}

/* 5^14 points are more than 2^32. Places 0 to 4 of fourteen, 100 times: sd of the mean 0.04. */
static void a_grid_that_is_too_large_is_drawn_from(void **state)
{
    (void)state;
    json_auto_t *object = json_object();
    for (int i = 0; i < 14; i++) {
        char name[24];
        snprintf(name, sizeof name, "x%d", i);
        json_object_set_new(object, name,
                            json_pack("{s:s, s:i, s:i}", "type", "float", "low", 0, "high", 4));
    }
    AUTO_FREE char *text = json_compact(object);
    struct study *study =
        make_study(&(struct wanted){.space = text, .algorithm = "grid", .seed = 5});
    double sum = 0;
    for (int i = 0; i < 100; i++) {
        const struct study_proposal proposal = next_proposal(study);
        for (int k = 0; k < 14; k++) {
            assert_near(proposal.values[k], round(proposal.values[k]), 0);
            sum += proposal.values[k];
        }
    }
    assert_near(sum / 1400, 2, 0.1);
    study_free(study);
}

/* --- by hand ------------------------------------------------------------------------------------
 */

static void what_is_enqueued_comes_first_in_its_order(void **state)
{
    (void)state;
    struct study *study = plain_study(continuous, "random");
    study_enqueue(study, (const double[]){0.25, 0.5});
    study_enqueue(study, (const double[]){0.75, -0.5});
    struct study_proposal proposal = next_proposal(study);
    assert_near(proposal.values[0], 0.25, 0);
    assert_string_equal(proposal.how, "enqueued");
    assert_int_equal(proposal.memo_count, 0);
    assert_int_equal(proposal.parent, -1);
    proposal = next_proposal(study);
    assert_near(proposal.values[1], -0.5, 0);
    proposal = next_proposal(study);
    assert_int_equal(proposal.number, 2);
    assert_string_equal(proposal.how, "random");
    study_free(study);
}

static void what_was_told_is_in_the_history(void **state)
{
    (void)state;
    struct study *study = make_study(&(struct wanted){
        .space = continuous, .algorithm = "random", .objectives = 2, .constraints = 1});
    const struct history *history = study_history(study);
    for (int i = 0; i < 4; i++)
        next_proposal(study);
    assert_int_equal(history->trials[1].state, TRIAL_PENDING);
    assert_true(isnan(history->trials[1].objective[1]));
    assert_true(isnan(history->trials[1].constraint[0]));

    const struct told done = {TRIAL_DONE, (const double[]){1, 2}, (const double[]){-3}, 0.5, 0};
    const struct told broken = {TRIAL_DONE, (const double[]){0, 1}, (const double[]){2}, 0, 0};
    const struct told failed = {TRIAL_FAILED, NULL, NULL, 0, 7};
    study_tell(study, 2, &done);
    study_tell(study, 0, &failed);
    study_tell(study, 3, &broken);
    assert_int_equal(history->told_count, 3);
    assert_int_equal(history->told[0], 2);
    assert_int_equal(history->told[1], 0);
    assert_near(history->trials[2].objective[1], 2, 0);
    assert_near(history->trials[2].constraint[0], -3, 0);
    assert_near(history->trials[2].error, 0.5, 0);
    assert_int_equal(history->trials[0].state, TRIAL_FAILED);
    assert_true(isnan(history->trials[0].objective[0]));
    assert_near(trial_violation(history, &history->trials[2]), 0, 0);
    assert_near(trial_violation(history, &history->trials[3]), 2, 0);
    assert_true(isinf(trial_violation(history, &history->trials[0])));
    assert_true(isinf(trial_violation(history, &history->trials[1])));
    assert_int_equal(history_best(history), 2); /* number 3 is less, and breaks the constraint */
    assert_int_equal(next_proposal(study).seen, 3);
    study_free(study);
}

static void what_is_no_number_has_failed(void **state)
{
    (void)state;
    struct study *study =
        make_study(&(struct wanted){.space = continuous, .algorithm = "random", .constraints = 1});
    const struct history *history = study_history(study);
    const double nan = (double)NAN;
    const struct told tells[] = {{TRIAL_DONE, &nan, (const double[]){0}, 0, 0},
                                 {TRIAL_PRUNED, (const double[]){HUGE_VAL}, NULL, 0, 3},
                                 {TRIAL_DONE, (const double[]){1}, &nan, nan, 0}};
    for (int i = 0; i < 3; i++)
        study_tell(study, next_proposal(study).number, &tells[i]);
    assert_int_equal(history->trials[0].state, TRIAL_FAILED);
    assert_int_equal(history->trials[1].state, TRIAL_FAILED);
    assert_true(isnan(history->trials[1].objective[0]));
    assert_int_equal(history->trials[2].state, TRIAL_DONE); /* and is not known to be feasible */
    assert_near(history->trials[2].error, 0, 0);
    assert_int_equal(history_best(history), -1);
    study_free(study);
}

static void a_correction_keeps_its_place(void **state)
{
    (void)state;
    struct study *study = plain_study(continuous, "random");
    const struct history *history = study_history(study);
    for (int i = 0; i < 3; i++)
        next_proposal(study);
    tell_value(study, 1, 5);
    tell_value(study, 0, 4);
    tell_value(study, 1, 3);
    assert_int_equal(history->told_count, 2);
    assert_int_equal(history->told[0], 1);
    assert_near(history->trials[1].objective[0], 3, 0);
    assert_int_equal(history_best(history), 1);
    study_free(study);
}

static void a_deleted_run_is_neither_waited_for_nor_known(void **state)
{
    (void)state;
    struct study *study = plain_study(continuous, "random");
    const struct history *history = study_history(study);
    for (int i = 0; i < 3; i++)
        tell_value(study, next_proposal(study).number, 3 - i);
    study_forget(study, 1);
    assert_int_equal(history->told_count, 2);
    assert_int_equal(history->told[0], 0);
    assert_int_equal(history->told[1], 2);
    assert_int_equal(history->trials[1].state, TRIAL_GONE);
    assert_true(isnan(history->trials[1].objective[0]));
    assert_int_equal(history->count, 3);

    tell_value(study, 1, -1); /* written in again by hand: where it stood, as after a restart */
    assert_int_equal(history->told_count, 3);
    assert_int_equal(history->told[1], 1);
    assert_int_equal(history->told[2], 2);
    assert_int_equal(history_best(history), 1);
    study_free(study);
}

static void earlier_searches_are_kept_apart(void **state)
{
    (void)state;
    struct study *study = plain_study(continuous, "random");
    const struct told done = {TRIAL_DONE, (const double[]){1}, NULL, 0, 0};
    for (int i = 0; i < 100; i++)
        study_add_earlier(study, (const double[]){i / 100.0, 0}, &done);
    const struct history *history = study_history(study);
    assert_int_equal(history->count, 0);
    assert_int_equal(history->earlier_count, 100);
    assert_near(history->earlier[99].values[0], 0.99, 0);
    assert_near(history->earlier[99].objective[0], 1, 0);
    study_free(study);
}

static void a_new_choice_is_searched(void **state)
{
    (void)state;
    struct error err;
    struct study *study = plain_study(small, "grid");
    json_auto_t *value = json_string("d");
    struct study_proposal none;
    for (int i = 0; i < 9; i++)
        next_proposal(study);
    assert_int_equal(study_propose(study, &none), -1);
    assert_int_equal(study_add_choice(study, 0, value, &err), 0);
    assert_near(next_proposal(study).values[0], 3, 0); /* without n */
    assert_int_equal(study_propose(study, &none), -1);
    assert_int_equal(study_add_choice(study, 1, value, &err), -1);
    study_free(study);
}

/* --- once more ----------------------------------------------------------------------------------
 */

static void restore_from(struct study *into, const struct study *from)
{
    const struct history *history = study_history(from);
    for (int i = 0; i < history->count; i++)
        study_restore(into, history->trials[i].values, history->trials[i].memo,
                      history->trials[i].memo_count);
    for (int i = 0; i < history->told_count; i++) {
        const struct trial *trial = &history->trials[history->told[i]];
        const struct told told = {trial->state, trial->objective, trial->constraint, trial->error,
                                  trial->step};
        study_tell(into, history->told[i], &told);
    }
}

static void a_study_that_is_filled_in_again_goes_on_as_it_was(void **state)
{
    (void)state;
    const char *const algorithms[] = {"random", "grid"};
    for (size_t a = 0; a < COUNT_OF(algorithms); a++) {
        const struct wanted wanted = {.space = small, .algorithm = algorithms[a], .seed = 11};
        struct study *study = make_study(&wanted), *again = make_study(&wanted);
        for (int i = 0; i < 5; i++) {
            next_proposal(study);
            if (i % 2)
                tell_value(study, i - 1, i);
        }
        restore_from(again, study);
        for (int i = 5; i < 9; i++) {
            const struct study_proposal one = next_proposal(study), other = next_proposal(again);
            assert_true(space_same(study_space(study), one.values, other.values));
            assert_string_equal(one.how, other.how);
            assert_int_equal(one.seen, other.seen);
        }
        study_free(again);
        study_free(study);
    }
}

static void a_check_finds_what_was_not_proposed(void **state)
{
    (void)state;
    const struct wanted wanted = {.space = continuous, .algorithm = "random", .seed = 12};
    struct study *study = make_study(&wanted), *forged = make_study(&wanted);
    int seen[10];
    for (int i = 0; i < 10; i++) {
        seen[i] = next_proposal(study).seen;
        tell_value(study, i, i);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(study_check(study, i, seen[i]), 1);
    assert_int_equal(study_check(study, 3, 4), 0); /* its own result cannot have been known */
    assert_int_equal(study_check(study, 3, 11), 0);

    study_restore(forged, study_history(study)->trials[0].values, NULL, 0);
    study_restore(forged, (const double[]){0.5, 0.5}, NULL, 0);
    study_restore(forged, study_history(study)->trials[0].values, (const double[]){1}, 1);
    assert_int_equal(study_check(forged, 0, 0), 1);
    assert_int_equal(study_check(forged, 1, 0), 0);
    assert_int_equal(study_check(forged, 2, 0), 0);
    study_free(forged);
    study_free(study);
}

/* --- who can ------------------------------------------------------------------------------------
 */

static int check(const char *name, const char *text, int objectives, int constraints,
                 struct error *err)
{
    const struct search_algorithm numbers_only = {.name = "numbers", .can = CAN_NUMBERS},
                                  enumerates = {.name = "counts", .can = CAN_ENUMERATE};
    struct space space = make_space(text);
    const struct search_algorithm *algorithm =
        strcmp(name, "numbers") == 0 ? &numbers_only : &enumerates;
    const int result = search_check(algorithm, &space, objectives, constraints, err);
    space_release(&space);
    return result;
}

static void what_an_algorithm_cannot_is_named_with_those_that_can(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(check("numbers", continuous, 1, 0, &err), 0);
    assert_int_equal(check("numbers", small, 1, 0, &err), -1);
    assert_says(err.sentence, "\"numbers\" cannot search choices without an order (\"kind\")");
    assert_says(err.sentence, "random, grid");
    assert_int_equal(check("numbers",
                           "{'a':{'type':'choice','values':[1,2],'ordered':true},"
                           "'b':{'type':'choice','values':['x']}}",
                           1, 0, &err),
                     0);
    assert_int_equal(check("numbers",
                           "{'a':{'type':'int','low':1,'high':3},"
                           "'b':{'type':'int','low':1,'high':3,'when':{'a':{'at_least':2}}}}",
                           1, 0, &err),
                     -1);
    assert_says(err.sentence, "do not always apply (\"b\")");
    assert_int_equal(check("numbers", continuous, 2, 0, &err), -1);
    assert_says(err.sentence, "2 objectives at once");
    assert_int_equal(check("numbers", continuous, 1, 1, &err), -1);
    assert_says(err.sentence, "constraints");
    assert_int_equal(check("counts", continuous, 1, 0, &err), -1);
    assert_says(err.sentence, "finitely many points, and \"x\" has no step");
    assert_int_equal(check("counts", "{'a':{'type':'int','low':1,'high':3}}", 1, 0, &err), 0);
}

static void the_description_names_every_algorithm(void **state)
{
    (void)state;
    json_auto_t *described = search_describe();
    assert_null(search_find("rendom"));
    for (int i = 0; search_algorithms[i]; i++) {
        assert_ptr_equal(search_find(search_algorithms[i]->name), search_algorithms[i]);
        assert_true(
            json_is_array(json_object_get(json_array_get(described, (size_t)i), "settings")));
    }
    assert_null(search_algorithms[json_array_size(described)]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_space_gives_every_point_once),
        cmocka_unit_test(a_point_that_is_hard_to_draw_is_found),
        cmocka_unit_test(a_grid_spreads_points_over_what_is_continuous),
        cmocka_unit_test(a_grid_leaves_out_whole_numbers_on_a_log_scale),
        cmocka_unit_test(a_grid_keeps_conditions_on_what_it_spreads),
        cmocka_unit_test(a_grid_passes_over_what_was_tried_by_hand),
        cmocka_unit_test(a_grid_that_is_too_large_is_drawn_from),
        cmocka_unit_test(what_is_enqueued_comes_first_in_its_order),
        cmocka_unit_test(what_was_told_is_in_the_history),
        cmocka_unit_test(what_is_no_number_has_failed),
        cmocka_unit_test(a_correction_keeps_its_place),
        cmocka_unit_test(a_deleted_run_is_neither_waited_for_nor_known),
        cmocka_unit_test(earlier_searches_are_kept_apart),
        cmocka_unit_test(a_new_choice_is_searched),
        cmocka_unit_test(a_study_that_is_filled_in_again_goes_on_as_it_was),
        cmocka_unit_test(a_check_finds_what_was_not_proposed),
        cmocka_unit_test(what_an_algorithm_cannot_is_named_with_those_that_can),
        cmocka_unit_test(the_description_names_every_algorithm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
