/*
 * What a comparison's report claims, from the POST to the sentence: that the better arm wins, that
 * arms which do the same are equivalent, and that chance rarely makes a winner.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *report_of(const char *body, const char *query)
{
    const int64_t job = api_submit(port, body);
    json_decref(api_await_job(port, job, "succeeded"));
    return api_get(port, "/api/v1/jobs/%lld/report%s", (long long)job, query);
}

#define ON_DIGITS                                                                                  \
    "'base': {'dataset': 'digits', 'model': {'type': 'softmax'}, 'epochs': 4,"                     \
    "   'optimizer': {'type': 'nesterov', 'lr': 0.03}}"

static void linear_beats_constant_on_digits(void **state)
{
    (void)state;
    json_auto_t *report =
        report_of("{'kind': 'compare', " ON_DIGITS ", 'baseline': 'constant',"
                  " 'arms': [{'name': 'constant', 'patch': {'schedule': 'constant'}},"
                  "          {'name': 'linear', 'patch': {'schedule': 'linear'}}],"
                  " 'tune': {'over': {'/optimizer/lr': [0.01, 0.03, 0.1]}, 'seeds': [101]},"
                  " 'seeds': [1, 2, 3, 4, 5, 6, 7, 8]}",
                  "");

    assert_string_equal(api_text(report, "/pairs/0/first"), "linear");
    assert_string_equal(api_text(report, "/pairs/0/baseline/verdict"), "better");
    assert_true(api_number(report, "/pairs/0/baseline/p") < 0.05);
    assert_true(api_number(report, "/pairs/0/gain/interval/0") > 0);
    assert_says(api_text(report, "/sentence"), "linear beats constant by 0.");
    print_message("%s\n", api_text(report, "/sentence"));
}

static void arms_that_do_the_same_are_equivalent(void **state)
{
    (void)state;
    json_auto_t *report =
        report_of("{'kind': 'compare', " ON_DIGITS ", 'equivalent_within': {'relative': 0.01},"
                  " 'arms': [{'name': 'one', 'patch': {}}, {'name': 'twin', 'patch': {}},"
                  "          {'name': 'hardly', 'patch': {'optimizer': {'lr': 0.03001}}}],"
                  " 'seeds': [1, 2, 3, 4, 5, 6]}",
                  "?pairs=baseline");

    const double band = api_number(report, "/judging/equivalent_within");
    assert_near(band, 0.01 * api_number(report, "/arms/0/mean"), 1e-12);
    assert_int_equal(api_size(report, "/pairs"), 2);
    for (int i = 0; i < 2; i++) {
        const json_t *pair = json_array_get(api_at(report, "/pairs"), (size_t)i);
        assert_true(api_number(pair, "/gain/interval/0") > -band);
        assert_true(api_number(pair, "/gain/interval/1") < band);
    }
    assert_string_equal(api_text(report, "/pairs/0/baseline/verdict"), "equivalent");
    assert_says(api_text(report, "/sentence"), "one and twin are equivalent within 0.");
    print_message("%s\n", api_text(report, "/sentence"));
}

/* A bowl of curvature 1 without noise: the loss is (1 - rate)^(2 step)/2. With rate 0.1 it is below
 * 0.05 at step 11 (0.0492; 0.0608 at 10), with 0.01 not within 100 (0.067). */
static void the_target_is_found_among_many_rows(void **state)
{
    (void)state;
    json_auto_t *report = report_of(
        "{'kind': 'compare', 'base': {'problem': {'type': 'quadratic', 'eigenvalues': [1],"
        "   'start': [1]}, 'optimizer': {'type': 'sgd', 'lr': 0.1}, 'steps': 5000,"
        "   'report_every_steps': 1},"
        " 'arms': [{'name': 'quick', 'patch': {}},"
        "          {'name': 'slow', 'patch': {'optimizer': {'lr': 0.01}, 'steps': 100}}],"
        " 'seeds': [1, 2, 3], 'target': 0.05}",
        "");
    const double above = pow(0.9, 20) / 2, below = pow(0.9, 22) / 2;

    assert_int_equal(api_integer(report, "/arms/0/target/reached"), 3);
    assert_near(api_number(report, "/arms/0/target/median_step"),
                10 + (above - 0.05) / (above - below), 1e-4);
    assert_true(api_number(report, "/arms/0/target/median_seconds") >= 0);
    assert_int_equal(api_integer(report, "/arms/1/target/reached"), 0);
    assert_int_equal(api_integer(report, "/arms/1/target/censored"), 3);
    assert_true(api_is_null(report, "/arms/1/target/median_step"));
    assert_near(api_number(report, "/arms/1/target/values/0/step"), 100, 0);
    api_assert_equal(
        json_array_get(api_at(report, "/warnings"), 0),
        "'unequal budgets: arm \\\"slow\\\" trains 100 steps, the baseline \\\"quick\\\" "
        "5000'");
}

/* 12,000 examples in batches of 100: 120 steps an epoch, however the length is given; each takes
 * longer than rows wait for others to leave with, so that their times differ. */
static void curves_lie_along_steps_epochs_or_seconds(void **state)
{
    (void)state;
    const int64_t job = api_submit(
        port, "{'kind': 'compare', 'base': {'dataset': 'digits',"
              "   'model': {'type': 'mlp', 'hidden': [256]},"
              "   'optimizer': {'type': 'sgd', 'lr': 0.1}, 'batch_size': 100},"
              " 'arms': [{'name': 'by epochs', 'patch': {'epochs': 3}},"
              "          {'name': 'by steps', 'patch': {'steps': 360}}], 'seeds': [1, 2, 3]}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *epochs = api_get(port, "/api/v1/jobs/%lld/report?by=epoch", (long long)job);
    json_auto_t *seconds =
        api_get(port, "/api/v1/jobs/%lld/report?by=wall_time&band=quantiles", (long long)job);
    json_auto_t *work = api_get(port, "/api/v1/jobs/%lld/report?by=work", (long long)job);

    for (int arm = 0; arm < 2; arm++) {
        const json_t *curve =
            api_at(json_array_get(api_at(epochs, "/arms"), (size_t)arm), "/curve");
        assert_int_equal(api_size(curve, "/x"), 3);
        assert_near(api_number(curve, "/x/2"), 3, 0);
    }
    assert_string_equal(api_text(seconds, "/arms/0/curve/band"), "quantiles");
    assert_true(api_size(seconds, "/arms/0/curve/x") >= 3);
    assert_int_equal(api_size(seconds, "/arms/0/curve/median"),
                     api_size(seconds, "/arms/0/curve/x"));
    assert_int_equal(api_size(work, "/arms/0/curve/x"), 0);
}

/* The axes of a bowl change places: the two arms have the same law, and not the same noise. */
#define BOWLS                                                                                      \
    "'base': {'problem': {'type': 'quadratic', 'noise': 1}, 'steps': 50,"                          \
    "   'optimizer': {'type': 'sgd', 'lr': 0.1}},"                                                 \
    " 'arms': [{'name': 'flat first', 'patch': {'problem': {'eigenvalues': [1, 3], 'start': [1, "  \
    "2]}}},"                                                                                       \
    "          {'name': 'steep first', 'patch': {'problem': {'eigenvalues': [3, 1], 'start': [2, " \
    "1]}}}]"

static void chance_makes_at_most_one_winner_in_twenty(void **state)
{
    (void)state;
    enum { REPEATS = 20, SEEDS = 8 };
    int64_t jobs[REPEATS];
    int wins = 0;

    for (int i = 0; i < REPEATS; i++) {
        char seeds[200] = "";
        for (int j = 0; j < SEEDS; j++)
            snprintf(seeds + strlen(seeds), sizeof seeds - strlen(seeds), "%s%d", j ? ", " : "",
                     1 + i * SEEDS + j);
        AUTO_FREE char *body = xprintf("{'kind': 'compare', " BOWLS ", 'seeds': [%s]}", seeds);
        jobs[i] = api_submit(port, body);
    }
    for (int i = 0; i < REPEATS; i++) {
        json_decref(api_await_job(port, jobs[i], "succeeded"));
        json_auto_t *report = api_get(port, "/api/v1/jobs/%lld/report", (long long)jobs[i]);
        const char *verdict = api_text(report, "/pairs/0/baseline/verdict");
        assert_int_equal(api_integer(report, "/pairs/0/seeds"), SEEDS);
        assert_int_equal(api_integer(report, "/pairs/0/ties"), 0);
        wins += strcmp(verdict, "better") == 0 || strcmp(verdict, "worse") == 0;
    }
    print_message("%d of %d comparisons of equal arms have a winner\n", wins, REPEATS);
    assert_true(wins <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_beats_constant_on_digits),
        cmocka_unit_test(arms_that_do_the_same_are_equivalent),
        cmocka_unit_test(the_target_is_found_among_many_rows),
        cmocka_unit_test(curves_lie_along_steps_epochs_or_seconds),
        cmocka_unit_test(chance_makes_at_most_one_winner_in_twenty),
    };
    return cmocka_run_group_tests(tests, start_service, end_service);
}
