/* The search by Gaussian processes as a whole, on objectives whose optimum is known. */
#include "server/search/play.h"
#include "server/search/within.h"

#include "search/gp/fitted.h"
#include "search/gp/table.h"

static const char two[] = "{\"x\": {\"type\": \"float\", \"low\": -5, \"high\": 10},"
                          "\"y\": {\"type\": \"float\", \"low\": 0, \"high\": 15}}";

static double branin(const double *v)
{
    const double bend = v[1] - 5.1 / (4 * M_PI * M_PI) * v[0] * v[0] + 5 / M_PI * v[0] - 6;
    return bend * bend + 10 * (1 - 1 / (8 * M_PI)) * cos(v[0]) + 10;
}

static void tell(struct play *play, int number, double value)
{
    play_tell(play, number, &value, NULL);
}

/* Its least value by Newton's method: 0.397887357729738... */
static void fifty_runs_find_the_bottom_of_branin_to_eight_digits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct play play = play_begin("gp", two, "{}", 1, 0, 50, seed);
        double best = HUGE_VAL;
        int local = 0;
        play.history.budget = 50;
        while (play.history.count < 50) {
            const int k = play_propose(&play);
            const double value = branin(play.trials[k].values);
            best = fmin(best, value);
            local += strcmp(play.how, "local") == 0;
            tell(&play, k, value);
        }
        assert_in_range(local, 5, 15); /* of the last 15; then there is nothing left to gain */
        assert_true(best - 0.39788735772973816 < 1e-8);
        play_end(&play);
    }
}

static double apart(const struct play *play, int a, int b)
{
    double u[2], v[2];
    space_to_unit(&play->space, play->trials[a].values, u);
    space_to_unit(&play->space, play->trials[b].values, v);
    return fmax(fabs(u[0] - v[0]), fabs(u[1] - v[1]));
}

static void ask_eight_at_once(int64_t budget)
{
    struct play play = play_begin("gp", two, "{}", 1, 0, 40, 1);
    play.history.budget = budget;
    for (int i = 0; i < 30; i++) {
        const int k = play_propose(&play);
        tell(&play, k, branin(play.trials[k].values));
    }
    for (int i = 0; i < 8; i++) {
        const int k = play_propose(&play);
        for (int other = 0; other < k; other++)
            assert_true(apart(&play, k, other) > 1e-12);
    }
    play_end(&play);
}

static void askers_at_once_get_points_apart(void **state)
{
    (void)state;
    ask_eight_at_once(0);
}

static void askers_at_once_get_points_apart_in_the_end_game(void **state)
{
    (void)state;
    ask_eight_at_once(40); /* a known budget ends in it */
}

/* The least of x + y with x y >= 0.25 in the unit square is 1, at (0.5, 0.5). */
static void constraints_are_kept_and_used_up(void **state)
{
    (void)state;
    struct play play = play_begin("gp",
                                  "{\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
                                  "\"y\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}",
                                  "{}", 1, 1, 40, 3);
    double best = HUGE_VAL;
    int kept = 0;
    while (play.history.count < 40) {
        const int k = play_propose(&play);
        const double *v = play.trials[k].values;
        const double value = v[0] + v[1], constraint = 0.25 - v[0] * v[1];
        play_tell(&play, k, &value, &constraint);
        if (constraint <= 0)
            best = fmin(best, value);
        kept += constraint <= 0;
    }
    assert_true(best >= 1 && best < 1.02);
    assert_true(kept > 8);
    play_end(&play);
}

/* Only "b" has the good values, only there is "z", and it wants to be 7 of 0 … 20. */
static void choices_and_conditions_are_learnt(void **state)
{
    (void)state;
    static const char space[] =
        "{\"kind\": {\"type\": \"choice\", \"values\": [\"a\", \"b\", \"c\", \"d\"]},"
        "\"z\": {\"type\": \"int\", \"low\": 0, \"high\": 20, \"when\": {\"kind\": [\"b\"]}},"
        "\"x\": {\"type\": \"float\", \"low\": 1e-4, \"high\": 1, \"scale\": \"log\"}}";
    struct play play = play_begin("gp", space, "{}", 1, 0, 45, 4);
    const int kind = space_find(&play.space, "kind"), z = space_find(&play.space, "z");
    const int x = space_find(&play.space, "x");
    double best = HUGE_VAL;
    while (play.history.count < 45) {
        const int k = play_propose(&play);
        const double *v = play.trials[k].values, off = log10(v[x]) + 2.5;
        const double where = isnan(v[z]) ? 3 + v[kind] : (v[z] - 7) * (v[z] - 7) / 20;
        best = fmin(best, where + off * off);
        tell(&play, k, where + off * off);
    }
    assert_true(best < 0.01); /* z = 7 and x within a quarter of 10^-2.5 */
    play_end(&play);
}

static void runs_that_fail_are_kept_away_from(void **state)
{
    (void)state;
    struct play play = play_begin("gp", two, "{}", 1, 0, 40, 5);
    int failed = 0;
    while (play.history.count < 40) {
        const int k = play_propose(&play);
        const double *v = play.trials[k].values;
        const bool fails = v[0] < 2.5; /* two of the three bottoms */
        failed += fails && k >= 20;
        if (fails)
            play_tell(&play, k, NULL, NULL);
        else
            tell(&play, k, branin(v));
    }
    assert_true(failed <= 8);
    assert_true(history_best(&play.history) >= 0);
    play_end(&play);
}

/* As machines lose runs: it says nothing of the point. */
static void runs_that_fail_by_chance_cost_little_more_than_themselves(void **state)
{
    (void)state;
    struct rng rng = rng_stream(11, RANDOM_SEARCH, 1);
    struct play play = play_begin("gp", two, "{}", 1, 0, 60, 6);
    double best = HUGE_VAL;
    play.history.budget = 60;
    while (play.history.count < 60) {
        const int k = play_propose(&play);
        const double value = branin(play.trials[k].values);
        if (rng_uniform(&rng) < 0.2) {
            play_tell(&play, k, NULL, NULL);
        } else {
            tell(&play, k, value);
            best = fmin(best, value);
        }
    }
    assert_true(best < 0.397887358 + 1e-4);
    play_end(&play);
}

/* --- tables and memos ---------------------------------------------------------------------------
 */

static void of_many_trials_the_best_and_some_others_are_kept(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct play play = play_begin("random", two, "{}", 1, 0, COUNT, 6);
    for (int i = 0; i < COUNT; i++) {
        const int k = play_propose(&play);
        tell(&play, k, (double)((i * 7919) % COUNT));
    }
    struct gp_table table;
    gp_table_init(&table, &play.history);
    assert_int_equal(table.known, GP_TABLE_MOST);
    assert_int_equal(table.finished, COUNT);
    int best = 0;
    for (int i = 0; i < table.known; i++)
        best += table.y[i] < GP_TABLE_BEST;
    assert_true(best == GP_TABLE_BEST);
    gp_table_release(&table);
    play_end(&play);
}

static void failed_and_pruned_trials_have_values_too(void **state)
{
    (void)state;
    struct play play = play_begin("random", two, "{}", 1, 0, 6, 7);
    static const double values[] = {4, 1, 9, 2, 3};
    for (int i = 0; i < 6; i++)
        play_propose(&play);
    for (int i = 0; i < 5; i++)
        tell(&play, i, values[i]);
    play.trials[1].state = TRIAL_PRUNED; /* 1 at a step where others are not so far */
    play.trials[2].state = TRIAL_PRUNED;
    play_tell(&play, 5, NULL, NULL);

    struct gp_table table;
    gp_table_init(&table, &play.history);
    static const double want[] = {4, 3, 9, 2, 3, 9}; /* the median of 4, 2, 3; the worst */
    for (int i = 0; i < 6; i++)
        assert_true(table.y[i] == want[i]);
    assert_true(table.feasible[0] && !table.feasible[1] && !table.feasible[5]);
    assert_int_equal(table.limits, 1); /* of not failing */
    for (int i = 0; i < 6; i++)
        assert_true(table.limited[0][i] == (i == 5 ? 1 : -1));
    gp_table_release(&table);
    play_end(&play);
}

static void a_fit_comes_back_from_its_memo(void **state)
{
    (void)state;
    struct gp_fitted fitted = {.finished = 40, .chosen_at = 31, .limits = 2, .warp = WARP_LOG};
    struct gp_fitted back;
    double memo[MEMO_MAX];
    for (int process = 0; process < 3; process++)
        for (int i = 0; i < gp_fit_count(5); i++)
            fitted.fit[process].log[i] = process - 0.1 * i;
    const int count = gp_fitted_write(&fitted, 5, memo);
    assert_true(gp_fitted_read(&back, 5, memo, count));
    assert_int_equal(back.limits, 2);
    assert_int_equal(back.finished, 40);
    assert_int_equal(back.chosen_at, 31);
    assert_int_equal(back.warp, WARP_LOG);
    for (int process = 0; process < 3; process++)
        assert_memory_equal(back.fit[process].log, fitted.fit[process].log,
                            gp_fit_count(5) * sizeof(double));

    assert_false(gp_fitted_read(&back, 4, memo, count)); /* of another space */
    assert_false(gp_fitted_read(&back, 5, memo, count - 1));
    memo[0] = 0;
    assert_false(gp_fitted_read(&back, 5, memo, count));
    fitted.limits = 8;
    assert_int_equal(gp_fitted_write(&fitted, 256, memo), 0); /* no room */
}

/* Every fourth proposal, once the start is over. */
static void now_and_then_a_choice_is_not_the_best_ones(void **state)
{
    (void)state;
    static const char space[] = "{\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1},"
                                "\"kind\": {\"type\": \"choice\", \"values\": [1, 2, 3]}}";
    struct play play = play_begin("gp", space, "{}", 1, 0, 40, 4);
    double best = HUGE_VAL, best_kind = -1;
    int others = 0;

    play.history.budget = 100;
    while (play.history.count < 40) {
        const int k = play_propose(&play);
        const double *values = play.trials[k].values;
        const double value = pow(values[0] - 0.7, 2) + values[1];
        if (k >= 5)
            assert_int_equal(strcmp(play.how, "other") == 0, k % 4 == 2);
        if (strcmp(play.how, "other") == 0) {
            assert_true(values[1] != best_kind);
            others++;
        }
        best_kind = value < best ? values[1] : best_kind;
        best = fmin(best, value);
        tell(&play, k, value);
    }
    assert_int_equal(others, 9); /* 6, 10, ... 38 */
    assert_true(best < 1e-4);
    play_end(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_runs_find_the_bottom_of_branin_to_eight_digits),
        cmocka_unit_test(askers_at_once_get_points_apart),
        cmocka_unit_test(askers_at_once_get_points_apart_in_the_end_game),
        cmocka_unit_test(constraints_are_kept_and_used_up),
        cmocka_unit_test(choices_and_conditions_are_learnt),
        cmocka_unit_test(now_and_then_a_choice_is_not_the_best_ones),
        cmocka_unit_test(runs_that_fail_are_kept_away_from),
        cmocka_unit_test(runs_that_fail_by_chance_cost_little_more_than_themselves),
        cmocka_unit_test(of_many_trials_the_best_and_some_others_are_kept),
        cmocka_unit_test(failed_and_pruned_trials_have_values_too),
        cmocka_unit_test(a_fit_comes_back_from_its_memo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
