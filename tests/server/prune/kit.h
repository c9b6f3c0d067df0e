/* Tables of curves for tests of pruning rules. */
#ifndef PRUNE_KIT_H
#define PRUNE_KIT_H

#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "prune/pruner.h"
#include "spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KIT_RUNS = 64, KIT_POINTS = 128 };

struct table_kit {
    struct run_curve runs[KIT_RUNS];
    struct curve_point points[KIT_RUNS][KIT_POINTS];
    struct prune_table table;
};

static inline void kit_init(struct table_kit *kit, double most)
{
    *kit = (struct table_kit){.table = {.runs = kit->runs, .most = most, .seed = 7}};
    for (int i = 0; i < KIT_RUNS; i++)
        kit->runs[i] = (struct run_curve){.points = kit->points[i], .number = i};
}

static inline void kit_report(struct table_kit *kit, int run, double progress, double value)
{
    kit->points[run][kit->runs[run].count++] =
        (struct curve_point){progress, kit->table.maximize ? -value : value};
    if (run >= kit->table.count)
        kit->table.count = run + 1;
}

/* Values at 1, 2, 3, …, and what became of the run. */
#define kit_curve(kit, run, state, ...)                                                            \
    kit_add_curve((kit), (run), (state), (const double[]){__VA_ARGS__},                            \
                  (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

static inline void kit_add_curve(struct table_kit *kit, int run, enum curve_state state,
                                 const double *values, int count)
{
    kit->runs[run].count = 0;
    kit->runs[run].state = state;
    for (int i = 0; i < count; i++)
        kit_report(kit, run, i + 1, values[i]);
}

/* JSON with ' for "; every default laid in, as the plan of a job does it. The caller frees it. */
static inline struct pruner *make_pruner(const char *text)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *quoted = xstrdup(text);
    for (char *c = quoted; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_auto_t *choice = json_loads(quoted, 0, NULL);
    json_auto_t *catalog = json_pack("{s:{s:o}}", "registries", "prune", prune_describe());
    const struct setting whole[] = {
        {.name = "pruner", .type = SETTING_PLUGIN, .required = true, .registry = "prune"}, {0}};
    json_auto_t *settings = settings_describe(whole);
    json_auto_t *body = json_pack("{s:O}", "pruner", choice);
    json_auto_t *all = settings_resolve(catalog, settings, body, "", &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    return pruner_new(json_object_get(all, "pruner"));
}

static inline bool stops(const struct table_kit *kit, const struct pruner *pruner, int run)
{
    char why[PRUNE_WHY_BYTES];
    return pruner_look(pruner, &kit->table, run, why) == PRUNE_STOP;
}

static inline void assert_stops_because(const struct table_kit *kit, const char *rule, int run,
                                        const char *words)
{
    char why[PRUNE_WHY_BYTES] = "";
    struct pruner *pruner = make_pruner(rule);
    assert_int_equal(pruner_look(pruner, &kit->table, run, why), PRUNE_STOP);
    assert_string_equal(why, words);
    pruner_free(pruner);
}

/* --- the table of tests/reference/pruners.py -----------------------------------------------------
 */

enum { REFERENCE_RUNS = 16, REFERENCE_STEPS = 9 };

static inline double reference_value(int run, int step)
{
    return (7 * run + 3 * step * step + 5 * run * step) % 23 + 0.01 * run;
}

/* Where one run after the other is stopped; 0: it ends. */
static inline void assert_stopped_at(const char *rule, bool maximize, const int *expected)
{
    struct table_kit *kit = xcalloc(1, sizeof *kit);
    struct pruner *pruner = make_pruner(rule);
    kit_init(kit, REFERENCE_STEPS);
    kit->table.maximize = maximize;
    for (int run = 0; run < REFERENCE_RUNS; run++) {
        int stopped = 0;
        for (int step = 1; step <= REFERENCE_STEPS && !stopped; step++) {
            kit_report(kit, run, step, reference_value(run, step));
            stopped = stops(kit, pruner, run) ? step : 0;
        }
        kit->runs[run].state = stopped ? CURVE_PRUNED : CURVE_DONE;
        if (stopped != expected[run])
            fail_msg("%s, %s: run %d is stopped at %d, not %d", rule,
                     maximize ? "maximized" : "minimized", run, stopped, expected[run]);
    }
    pruner_free(pruner);
    free(kit);
}

#endif
