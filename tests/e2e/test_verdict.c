/*
 * What a comparison's report claims, from the POST to the sentence: that the better arm wins, that
 * arms which do the same are equivalent, and that chance rarely makes a winner.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static struct service service;
static int port;

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

static int set_up(void **state)
{
    static const char *const arguments[] = {"--slots", "2", NULL};
    (void)state;
    service_start(&service, arguments);
    port = service.port;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    service_end(&service);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_beats_constant_on_digits),
        cmocka_unit_test(arms_that_do_the_same_are_equivalent),
        cmocka_unit_test(chance_makes_at_most_one_winner_in_twenty),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
