/*
 * What every pruning rule owes: the registry is walked, so a new one is held to this unasked.
 */
#include "server/prune/kit.h"

#include "random.h"

#include <stdio.h>

enum { RUNS = 40, STEPS = 24, TABLES = 20 };

/* Each rule with its defaults, and such as need more to act at all. */
static const char *const choices[] = {
    "{'type':'none'}",
    "{'type':'median'}",
    "{'type':'percentile'}",
    "{'type':'percentile','percent':0,'min_runs':1}",
    "{'type':'asha'}",
    "{'type':'asha','min_steps':1,'reduction':2}",
    "{'type':'asha','form':'promotion','min_steps':1}",
    "{'type':'hyperband'}",
    "{'type':'hyperband','min_steps':2,'form':'promotion'}",
    "{'type':'patient','rule':{'type':'median'}}",
    "{'type':'patient','patience':1,'rule':{'type':'asha','min_steps':1}}",
    "{'type':'threshold'}",
    "{'type':'threshold','at_most':1e6}",
    "{'type':'wilcoxon'}",
};

static struct table_kit kit;

static void every_rule_is_walked(void **state)
{
    (void)state;
    for (int i = 0; prune_rules[i]; i++) {
        bool found = false;
        for (size_t k = 0; k < COUNT_OF(choices); k++) {
            struct pruner *pruner = make_pruner(choices[k]);
            found |= pruner->rule == prune_rules[i];
            pruner_free(pruner);
        }
        if (!found)
            fail_msg("\"%s\" is not among the choices of this test", prune_rules[i]->name);
    }
}

static void walk(void (*body)(const struct pruner *pruner, const char *name))
{
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        struct pruner *pruner = make_pruner(choices[i]);
        body(pruner, choices[i]);
        pruner_free(pruner);
    }
}

/* --- tables -------------------------------------------------------------------------------------
 */

/* Curves that fall at different rates and shake, some of which diverge; run `best` lies below all
 * others everywhere. Of some runs only the beginning is there. */
static void make_table(uint64_t seed, int best)
{
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    kit_init(&kit, STEPS);
    kit.table.seed = seed;
    for (int run = 0; run < RUNS; run++) {
        const double rate = 0.05 + rng_uniform(&rng);
        const int seen =
            run == best || rng_below(&rng, 3) > 0 ? STEPS : 1 + (int)rng_below(&rng, STEPS - 1);
        const int diverges = rng_below(&rng, 8) == 0 && run != best ? 3 : STEPS + 1;
        for (int step = 1; step <= seen && step <= diverges; step++) {
            const double value = 2 + exp(-rate * step) + 0.2 * rng_normal(&rng);
            kit_report(&kit, run, step,
                       step == diverges ? (double)NAN
                       : run == best    ? 0.5 / step
                                        : value);
        }
        kit.runs[run].state = diverges <= STEPS ? CURVE_FAILED
                              : seen == STEPS   ? CURVE_DONE
                                                : CURVE_RUNNING;
    }
    kit.runs[best].state = CURVE_RUNNING;
}

static void check_best(const struct pruner *pruner, const char *name)
{
    for (uint64_t seed = 0; seed < TABLES; seed++) {
        const int best = (int)(seed * 7 % RUNS);
        make_table(seed, best);
        for (int count = 1; count <= STEPS; count++) {
            kit.runs[best].count = count;
            if (!pruner_pauses(pruner) && stops(&kit, pruner, best))
                fail_msg("%s stops the best run at step %d", name, count);
        }
    }
}

static void the_best_run_is_never_stopped(void **state)
{
    (void)state;
    walk(check_best);
}

/* All stand as they come to their rungs; whoever goes on reports up to the next. The best of those
 * that are compared has to end. */
static void check_pausing(const struct pruner *pruner, const char *name)
{
    if (!pruner_pauses(pruner))
        return;
    make_table(3, 11);
    for (int run = 0; run < RUNS; run++)
        while (kit.runs[run].count < STEPS)
            kit_report(&kit, run, kit.runs[run].count + 1, 3);
    for (int run = 0; run < RUNS; run++)
        kit.runs[run] = (struct run_curve){.points = kit.points[run], .number = run};
    kit.table.closing = true;
    for (int turn = 0, next = 0, rung = 0; turn < 1000; turn++) {
        int run = pruner_promote(pruner, &kit.table, &rung);
        if (run >= 0)
            kit.runs[run].rung = rung + 1;
        else if (next < RUNS)
            run = next++;
        else
            break;
        const double until = pruner_pause_at(pruner, &kit.table, run);
        kit.runs[run].state = until > 0 ? CURVE_PAUSED : CURVE_DONE;
        kit.runs[run].count = until > 0 ? (int)ceil(until) : STEPS;
    }
    if (kit.runs[11].state != CURVE_DONE)
        fail_msg("%s leaves the best run standing", name);
}

static void the_best_run_is_promoted_to_its_end(void **state)
{
    (void)state;
    walk(check_pausing);
}

/* --- little to go by ----------------------------------------------------------------------------
 */

static void check_empty(const struct pruner *pruner, const char *name)
{
    int rung;
    kit_init(&kit, STEPS);
    if (pruner_pauses(pruner))
        assert_int_equal(pruner_promote(pruner, &kit.table, &rung), -1);
    kit.table.count = 3; /* runs without a point */
    for (int run = 0; run < 3; run++) {
        if (!pruner_pauses(pruner) && stops(&kit, pruner, run))
            fail_msg("%s stops a run that has said nothing", name);
        if (pruner_pauses(pruner))
            assert_true(pruner_pause_at(pruner, &kit.table, run) >= 0);
    }
    if (pruner_pauses(pruner))
        assert_int_equal(pruner_promote(pruner, &kit.table, &rung), -1);
}

static void empty_tables_are_borne(void **state)
{
    (void)state;
    walk(check_empty);
}

static void check_one(const struct pruner *pruner, const char *name)
{
    if (pruner_pauses(pruner))
        return;
    kit_init(&kit, STEPS);
    for (int step = 1; step <= STEPS; step++) {
        kit_report(&kit, 0, step, 10 - step);
        if (stops(&kit, pruner, 0))
            fail_msg("%s stops the only run there is", name);
    }
}

static void a_run_alone_goes_on(void **state)
{
    (void)state;
    walk(check_one);
}

/* --- what is no number --------------------------------------------------------------------------
 */

static void check_nan(const struct pruner *pruner, const char *name)
{
    bool stopped = false;
    if (pruner_pauses(pruner))
        return;
    kit_init(&kit, STEPS);
    for (int run = 0; run < 8; run++)
        for (int step = 1; step <= STEPS; step++)
            kit_report(&kit, run, step, 1);
    for (int run = 0; run < 8; run++)
        kit.runs[run].state = CURVE_DONE;
    for (int step = 1; step < STEPS && !stopped; step++) {
        kit_report(&kit, 8, step, (double)NAN);
        stopped = stops(&kit, pruner, 8);
    }
    if (pruner->rule->stops_at_nan && !stopped)
        fail_msg("%s does not stop a run that is no number", name);
    if (strcmp(pruner->rule->name, "none") == 0 || pruner->rule->takes_parts)
        assert_false(stopped);
}

static void a_value_that_is_no_number_stops_where_that_is_said(void **state)
{
    (void)state;
    walk(check_nan);
}

/* --- purity -------------------------------------------------------------------------------------
 */

static void check_repeat(const struct pruner *pruner, const char *name)
{
    make_table(9, 4);
    if (pruner_pauses(pruner))
        return;
    for (int run = 0; run < RUNS; run++) {
        const bool before = stops(&kit, pruner, run);
        for (int other = 0; other < RUNS; other++)
            stops(&kit, pruner, other);
        if (stops(&kit, pruner, run) != before)
            fail_msg("%s changes its mind about run %d", name, run);
    }
}

static void the_same_table_gives_the_same_verdict(void **state)
{
    (void)state;
    walk(check_repeat);
}

/* Maximised is minimised with the sign turned. */
static void check_sign(const struct pruner *pruner, const char *name)
{
    if (pruner_pauses(pruner) || strcmp(pruner->rule->name, "threshold") == 0)
        return;
    make_table(10, 4);
    for (int run = 0; run < RUNS; run++) {
        char less[PRUNE_WHY_BYTES], more[PRUNE_WHY_BYTES];
        kit.table.maximize = false;
        const enum prune_verdict verdict = pruner_look(pruner, &kit.table, run, less);
        kit.table.maximize = true;
        if (pruner_look(pruner, &kit.table, run, more) != verdict)
            fail_msg("%s asks for the sign of run %d", name, run);
    }
}

static void the_sign_is_only_shown(void **state)
{
    (void)state;
    walk(check_sign);
}

static void everything_says_what_it_is(void **state)
{
    (void)state;
    for (int i = 0; prune_rules[i]; i++) {
        const struct prune_rule *rule = prune_rules[i];
        const size_t bytes = strlen(rule->help);
        assert_true(bytes > 0 && rule->help[bytes - 1] != '.');
        assert_true(!rule->pauses == !rule->promote && !rule->pauses == !rule->pause_at);
        for (const struct setting *setting = rule->settings; setting->name; setting++)
            assert_non_null(setting->help);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(rule->name, prune_rules[k]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_is_walked),
        cmocka_unit_test(the_best_run_is_never_stopped),
        cmocka_unit_test(the_best_run_is_promoted_to_its_end),
        cmocka_unit_test(empty_tables_are_borne),
        cmocka_unit_test(a_run_alone_goes_on),
        cmocka_unit_test(a_value_that_is_no_number_stops_where_that_is_said),
        cmocka_unit_test(the_same_table_gives_the_same_verdict),
        cmocka_unit_test(the_sign_is_only_shown),
        cmocka_unit_test(everything_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
