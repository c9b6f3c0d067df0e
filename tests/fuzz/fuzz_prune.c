/* side: server */
/*
 * Bytes as curves of any values that come in run by run, under any rule: it answers after each
 * point, and where it pauses, at places and rungs that are there.
 */
#include "prune/pruner.h"
#include "take.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { RUNS_MOST = 16, POINTS_MOST = 64, REPORTS_MOST = 200 };

struct curves {
    struct run_curve runs[RUNS_MOST];
    struct curve_point points[RUNS_MOST][POINTS_MOST];
    struct prune_table table;
};

static struct pruner *pruner_take(struct bytes *bytes, bool allow_inner)
{
    int count = 0;
    while (prune_rules[count])
        count++;
    const struct prune_rule *rule = prune_rules[take(bytes, count)];
    json_auto_t *choice = take_settings(bytes, rule->name, rule->settings);
    json_object_del(choice, "rule");
    struct pruner *pruner = pruner_new(choice);
    if (allow_inner && strcmp(rule->name, "patient") == 0)
        pruner->inner = pruner_take(bytes, false);
    return pruner;
}

static void begin(struct curves *curves, struct bytes *bytes)
{
    static const double most[] = {0, 100, 1e9};
    memset(curves, 0, sizeof *curves);
    for (int i = 0; i < RUNS_MOST; i++)
        curves->runs[i] = (struct run_curve){.points = curves->points[i], .number = i};
    curves->table = (struct prune_table){
        .runs = curves->runs,
        .most = most[take(bytes, 3)],
        .open = take(bytes, 2) == 0,
        .maximize = take(bytes, 2) == 0,
        .seed = (uint64_t)take(bytes, 256),
        .closing = take(bytes, 4) == 0,
    };
}

static void promote(struct curves *curves, const struct pruner *pruner)
{
    int rung = -1;
    const int at = pruner_promote(pruner, &curves->table, &rung);
    if (at < 0)
        return;
    assert(at < curves->table.count && curves->runs[at].state == CURVE_PAUSED);
    assert(rung > curves->runs[at].rung || rung == curves->runs[at].rung);
    curves->runs[at].state = CURVE_RUNNING;
    curves->runs[at].rung = rung;
}

static void look(struct curves *curves, const struct pruner *pruner, int at)
{
    struct run_curve *run = &curves->runs[at];
    char why[PRUNE_WHY_BYTES] = "";
    if (pruner_pauses(pruner)) {
        const double wait = pruner_pause_at(pruner, &curves->table, at);
        assert(wait >= 0);
        if (wait > 0 && curve_progress(run) >= wait)
            run->state = CURVE_PAUSED;
    } else if (pruner_look(pruner, &curves->table, at, why) == PRUNE_STOP) {
        assert(why[0] && memchr(why, '\0', sizeof why));
        run->state = CURVE_PRUNED;
    }
}

/* A report of a run, or the first one of a new run. */
static void report(struct curves *curves, const struct pruner *pruner, struct bytes *bytes)
{
    const int at = take(bytes, RUNS_MOST) % (curves->table.count + 1);
    struct run_curve *run = &curves->runs[at < RUNS_MOST ? at : 0];
    const double before = curve_progress(run);
    const double next = before + 1 + take(bytes, 32) * (take(bytes, 8) == 0 ? 1e6 : 1);
    const double value = take_number(bytes);

    if (at == curves->table.count && at < RUNS_MOST)
        curves->table.count++;
    if (run->state != CURVE_RUNNING || run->count == POINTS_MOST)
        return;
    curves->points[run - curves->runs][run->count++] = (struct curve_point){next, value};
    look(curves, pruner, (int)(run - curves->runs));
}

static void end(struct curves *curves, struct bytes *bytes)
{
    static const enum curve_state states[] = {CURVE_DONE, CURVE_FAILED, CURVE_RUNNING};
    if (curves->table.count > 0)
        curves->runs[take(bytes, curves->table.count)].state = states[take(bytes, 3)];
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct curves curves;
    struct bytes left = {bytes, count};
    struct pruner *pruner = pruner_take(&left, true);
    begin(&curves, &left);
    if (strcmp(pruner->rule->name, "patient") == 0 && !pruner->inner)
        left.left = 0;
    for (int i = 0; left.left > 0 && i < REPORTS_MOST; i++) {
        const int what = take(&left, 8);
        if (what == 0)
            end(&curves, &left);
        else if (what == 1 && pruner_pauses(pruner))
            promote(&curves, pruner);
        else
            report(&curves, pruner, &left);
    }
    pruner_free(pruner);
    return 0;
}
