/*
 * Rules that pause: a run stops at a rung with a checkpoint and waits, having begun; when a place
 * is free the best ones go on. What is to be done follows from the states of the runs and their
 * curves, so a restart only has to look.
 */
#include "workers/search_population.h"
#include "workers/search_prune.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool stands(const struct run *run)
{
    return run->position.state == RUN_WAITING && run->position.attempt > 0 && !run->releasing;
}

bool search_pauses(const struct run *run)
{
    const struct search *search = run->job->search;
    return search && search->pruning && pruner_pauses(search->pruning->pruner);
}

/* --- where to stop -------------------------------------------------------------------------------
 */

/* The next multiple of `every` at `at` of `whole` or behind it, as a fraction; 0: only the end. */
static double round_up(double at, double whole, double every)
{
    const double units = ceil(at * whole / every - 1e-9) * every;
    return units < whole ? fmax(units, every) / whole : 0;
}

/* The rung lies where the metric is reported, never before: a worker stops at ends of epochs where
 * there are several (rung_step()). */
static double place_pause(double at, const struct run *run, const json_t *spec)
{
    const char *metric = run->job->search->plan->objectives[0].name;
    const double epochs = (double)json_integer_at(spec, "epochs", 0);
    const bool evaluated = strncmp(metric, "valid_", 6) == 0;
    const double every = evaluated ? (double)json_integer_at(spec, "evaluate_every_epochs", 1) : 1;
    if (epochs >= 2)
        return round_up(at, epochs, every);
    const double steps = (double)run->steps;
    return steps > 0 ? round_up(at, steps, (double)json_integer_at(spec, "report_every_steps", 20))
                     : at;
}

static double next_rung(const struct run *run)
{
    int at;
    struct search *search = run->job->search;
    struct prune_table table = search_prune_table(search, run->number, &at);
    const double progress = pruner_pause_at(search->pruning->pruner, &table, at);
    free((void *)(uintptr_t)table.runs);
    return progress;
}

double search_pause_at(struct run *run, const json_t *spec)
{
    if (search_is_population(run->job->search))
        return search_generation_end(spec);
    if (!search_pauses(run))
        return 0;
    if (run->steps == 0) /* its worker will say so; only epochs need a data set to be counted */
        run->steps = json_integer_at(spec, "steps", json_integer_at(spec, "iterations", 0));
    const struct pruning *pruning = run->job->search->pruning;
    const double progress = next_rung(run); /* makes room for its curve, too */
    const double at = pruning->most > 0 && progress > 0 && progress < pruning->most
                          ? place_pause(progress / pruning->most, run, spec)
                          : 0;
    pruning->curves[run->number].pauses_now = pruning->most > 0;
    return at;
}

/* The first runs begin before it is known how long runs are, so theirs is not known beforehand. */
void search_pause_late(struct run *run)
{
    const struct pruning *pruning = run->job->search->pruning;
    struct kept_curve *curve = &pruning->curves[run->number];
    if (run->position.state != RUN_RUNNING || curve->pauses_now || run->stopping)
        return;
    const double progress = next_rung(run);
    const double done = curve->points[curve->count - 1].progress;
    if (pruning->most <= 0 || progress <= 0 || done < progress || done >= pruning->most)
        return;
    curve->pauses_now = true;
    stop_run(run, "rung");
}

/* --- going on ------------------------------------------------------------------------------------
 */

struct promotion {
    struct search *search;
    struct run *run;
    int rung; /* that it has passed then */
};

static void write_promotion(void *context);

static void promotion_written(void *context, double objective, const struct error *err)
{
    struct promotion *promotion = context;
    struct search *search = promotion->search;
    struct conductor *conductor = search->conductor;
    struct run *run = promotion->run;
    struct job *job = search->job;
    (void)objective;

    if (err && err->kind != ERROR_CONFLICT) {
        log_line("run %" PRId64 ": that it goes on is not on disk yet: %s", run->id, err->sentence);
        again_later(conductor, conductor->options.retry_ms, write_promotion, free, promotion);
        return; /* keeps its hold on the job */
    }
    search->pruning->promoting--;
    run->releasing = false;
    if (!err && run->position.state == RUN_WAITING) { /* else it was cancelled meanwhile */
        job_move(run, EVENT_RELEASED, NULL);
        publish_run(conductor, run);
        queue_run(conductor, run);
    }
    publish_job(conductor, job);
    free(promotion);
    search_step(search);
    drop_job(conductor, job);
}

static void write_promotion(void *context)
{
    const struct promotion *promotion = context;
    struct run_position position = promotion->run->position;
    run_apply(&position, EVENT_RELEASED, NULL);
    const struct run_timing timing = job_timing(promotion->run);
    const struct run_change change = {
        .run = promotion->run->id,
        .position = position,
        .step = -1,
        .rung = promotion->rung,
        .now_ms = wall_ms(),
        .timing = &timing,
        .job = job_change_of(promotion->search->job),
    };
    store_change_run(promotion->search->conductor->store, &change, promotion_written, context);
}

static void promote(struct search *search, struct run *run, int rung)
{
    struct promotion *promotion = xcalloc(1, sizeof *promotion);
    *promotion = (struct promotion){search, run, rung + 1};
    run->releasing = true;
    run->rung = rung + 1;
    search->pruning->promoting++;
    hold_job(search->job);
    write_promotion(promotion);
}

static int find_promotion(struct search *search, bool closing, int *out_rung)
{
    int none;
    struct prune_table table = search_prune_table(search, -1, &none);
    table.closing = closing;
    const int at = pruner_promote(search->pruning->pruner, &table, out_rung);
    free((void *)(uintptr_t)table.runs);
    return at;
}

/* --- the end -------------------------------------------------------------------------------------
 */

/* Where it stands, and with what. */
static char *rest_words(const struct search *search, const struct run *run)
{
    const struct kept_curve *curve = &search->pruning->curves[run->number];
    const struct prune_table sign = {.maximize = search->plan->objectives[0].maximize};
    if (curve->count == 0)
        return xprintf("%s: others went on", search->pruning->pruner->rule->name);
    return xprintf("%s: %s %.6g at step %" PRId64 ", at rung %d, and others went on",
                   search->pruning->pruner->rule->name, search->plan->objectives[0].name,
                   prune_shown(&sign, curve->points[curve->count - 1].value),
                   curve->steps[curve->count - 1], run->rung + 1);
}

void search_prune_rest(struct search *search)
{
    if (!search->pruning || search_count_standing(search) <= 0)
        return;
    for (int i = 0; i < search->proposed; i++) {
        struct run *run = &search->job->runs[i];
        if (!stands(run) || run->endings > 0)
            continue;
        AUTO_FREE char *message = rest_words(search, run);
        end_run(search->conductor, run, EVENT_PRUNED, "pruned", message, -1);
    }
}

int search_count_standing(const struct search *search)
{
    const struct job *job = search->job;
    return job->counts[RUN_WAITING] - (job->run_count - search->proposed);
}

/* Whose stop is being written down. */
static bool any_settles(const struct search *search)
{
    for (int i = 0; i < search->proposed; i++)
        if (stands(&search->job->runs[i]) && search->job->runs[i].endings > 0)
            return true;
    return false;
}

/* Of a rule that does not pause (any more), the first; the rung stays open. */
static int find_standing(const struct search *search, int *out_rung)
{
    for (int i = 0; i < search->proposed; i++) {
        const struct run *run = &search->job->runs[i];
        *out_rung = run->rung;
        if (stands(run) && run->endings == 0)
            return i;
    }
    return -1;
}

void search_promote(struct search *search, int places, bool closing)
{
    const struct pruning *pruning = search->pruning;
    if (!pruning || search_count_standing(search) <= 0)
        return;
    const bool pauses = pruner_pauses(pruning->pruner);
    closing = closing && pruning->promoting == 0 && !any_settles(search);
    for (; places > 0; places--) {
        int rung;
        const int at = pauses ? find_promotion(search, closing && pruning->promoting == 0, &rung)
                              : find_standing(search, &rung);
        if (at < 0)
            break;
        promote(search, &search->job->runs[at], rung);
    }
    if (closing && pruning->promoting == 0)
        search_prune_rest(search);
}
