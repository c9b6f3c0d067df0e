/*
 * The SDEs that stand for optimizers beside the optimizers themselves (Compagnoni et al., 2025,
 * arXiv 2411.15958): mean losses on the way down (AV-8), and where adamw's two integrators come to
 * rest (AV-11).
 */
#include "reproduce/asking.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>

static const double REST_BAND = 0.03;

/* --- on the way down -------------------------------------------------------------------------- */

struct descent {
    const char *name, *optimizer;
    double lr, horizon;
    const char *published; /* largest difference of the mean losses, by independent replicas */
    bool has_closed_form;
};

static const struct descent descents[] = {
    {"signsgd", "'type': 'signsgd'", .01, 3, "1.1e-4", false},
    {"signsgd", "'type': 'signsgd'", .001, 3, "2.3e-5", false},
    {"rmspropw, decay .5", "'type': 'rmspropw', 'rho': 0.999, 'weight_decay': 0.5", .001, 4,
     "1.5e-4", false},
    {"adamw, decay .5", "'type': 'adamw', 'weight_decay': 0.5", .001, 4, "0.7 ... 1.5e-4", false},
    {"sgd", "'type': 'sgd'", .01, 3, "-", true},
};

/* The largest difference over the steps of both, and where. */
static double largest_difference(const struct curve *one, const struct curve *other)
{
    double worst = 0;
    for (size_t i = 0; i < one->count && i < other->count; i++)
        worst = fmax(worst, fabs(one->y[i] - other->y[i]));
    return one->count == other->count ? worst : HUGE_VAL;
}

static void steps_to_time(struct curve *curve, double lr)
{
    for (size_t i = 0; i < curve->count; i++)
        curve->x[i] *= lr;
}

static int add_closed_form(const struct reproduction *all, const struct descent *descent,
                           struct chart *chart, struct error *err)
{
    json_auto_t *answer = NULL;
    if (ask_post(all, "/api/v1/theory", &answer, err,
                 "{'optimizer': {%s, 'lr': %g}, 'noise': {'deviation': [0.1, 0.2]},"
                 " 'curvatures': [1, 2], 'start': [0.5, 0.5]}",
                 descent->optimizer, descent->lr) < 0)
        return -1;
    const json_t *times = json_pointer_get(answer, "/transient/time");
    const json_t *losses = json_pointer_get(answer, "/transient/forms/0/loss");
    struct curve curve = curve_make("closed form", json_array_size(losses));
    for (size_t i = 0; i < curve.count; i++) {
        curve.x[i] = json_number_value(json_array_get(times, i));
        curve.y[i] = json_number_value(json_array_get(losses, i));
        if (curve.x[i] > descent->horizon)
            curve.y[i] = UNKNOWN;
    }
    chart_add(chart, curve);
    return 0;
}

static int descend(const struct reproduction *all, const struct descent *descent,
                   struct curve *discrete, struct curve *sde, struct error *err)
{
    const long steps = lround(descent->horizon / descent->lr);
    int64_t job, runs[2];
    if (ask_run(all, descent->name, &job, err,
                "{'kind': 'compare', 'name': '%s and its SDE', 'base': {"
                "  'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [0.5, 0.5],"
                "    'noise_deviation': [0.1, 0.2]}, 'optimizer': {%s, 'lr': %g},"
                "  'replicas': 4000, 'steps': %ld, 'report_every_steps': %ld},"
                " 'arms': [{'name': 'discrete', 'patch': {}},"
                "          {'name': 'sde', 'patch': {'dynamics': 'sde'}}], 'seeds': [1],"
                " 'metric': {'name': 'train_loss', 'goal': 'minimize', 'at': 'last'}}",
                descent->name, descent->optimizer, descent->lr, steps, steps / 100) < 0 ||
        ask_runs_of(all, job, NULL, runs, 2, err) < 0 ||
        ask_curve(all, runs[0], "train_loss", "discrete", discrete, err) < 0)
        return -1;
    if (ask_curve(all, runs[1], "train_loss", "SDE", sde, err) < 0) {
        curve_release(discrete);
        return -1;
    }
    return 0;
}

static int row_of_descent(struct reproduction *all, const struct descent *descent,
                          struct error *err)
{
    struct curve discrete, sde;
    if (descend(all, descent, &discrete, &sde, err) < 0)
        return -1;
    AUTO_FREE char *found = xprintf("%.1e", largest_difference(&discrete, &sde));
    table_row(&all->table, SHOWN, descent->published, found,
              "%s, rate %g: largest difference to its SDE", descent->name, descent->lr);
    AUTO_FREE char *title =
        xprintf("%s, rate %g: mean loss of 4,000 replicas", descent->name, descent->lr);
    struct chart *chart = table_chart(&all->table, title, "time, rate x steps", "loss");
    chart->log_y = true;
    steps_to_time(&discrete, descent->lr);
    steps_to_time(&sde, descent->lr);
    chart_add(chart, discrete);
    chart_add(chart, sde);
    return descent->has_closed_form ? add_closed_form(all, descent, chart, err) : 0;
}

/* --- at rest ---------------------------------------------------------------------------------- */

enum { RESTS = 6 };

static const struct rest {
    const char *name, *patch;
    double loss;
} rests[RESTS] = {
    {"adamw, beta1 .9, discrete", "{}", 7.04e-5},
    {"adamw, beta1 .9, explicit SDE", "{'dynamics': 'sde', 'integrator': 'explicit'}", 5.68e-5},
    {"adamw, beta1 .9, semi-implicit SDE", "{'dynamics': 'sde', 'integrator': 'semi_implicit'}",
     7.24e-5},
    {"adamw, beta1 .99, discrete", "{'optimizer': {'beta1': 0.99}}", 6.82e-5},
    {"adamw, beta1 .99, explicit SDE",
     "{'optimizer': {'beta1': 0.99}, 'dynamics': 'sde', 'integrator': 'explicit'}", 6.58e-5},
    {"adamw, beta1 .99, semi-implicit SDE",
     "{'optimizer': {'beta1': 0.99}, 'dynamics': 'sde', 'integrator': 'semi_implicit'}", 6.89e-5},
};

static char *arms(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    for (int i = 0; i < RESTS; i++)
        fprintf(out, "%s{'name': '%s', 'patch': %s}", i ? ", " : "", rests[i].name, rests[i].patch);
    fclose(out);
    return text;
}

static int rows_of_rest(struct reproduction *all, struct error *err)
{
    AUTO_FREE char *text = arms();
    int64_t job;
    if (ask_run(all, "adamw and its SDE", &job, err,
                "{'kind': 'compare', 'name': 'where adamw and its SDE come to rest', 'base': {"
                "  'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [0, 0],"
                "    'noise_deviation': [0.1, 0.2]}, 'replicas': 400, 'steps': 60000,"
                "  'burn_in': 0.25, 'report_every_steps': 60000,"
                "  'optimizer': {'type': 'adamw', 'lr': 0.001, 'weight_decay': 0.5}},"
                " 'arms': [%s], 'seeds': [1],"
                " 'metric': {'name': 'loss_average', 'goal': 'minimize', 'at': 'last'}}",
                text) < 0)
        return -1;
    json_auto_t *report = NULL;
    if (ask_get(all, &report, err, "/api/v1/jobs/%lld/report", (long long)job) < 0)
        return -1;
    for (int i = 0; i < RESTS; i++)
        table_near(&all->table,
                   ask_number(json_array_get(json_object_get(report, "arms"), (size_t)i), "/mean"),
                   rests[i].loss, REST_BAND, 4, "%s: stationary loss", rests[i].name);
    return 0;
}

static int run(struct reproduction *all, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(descents); i++)
        if (row_of_descent(all, &descents[i], err) < 0)
            return -1;
    table_note(&all->table,
               "The service drives a run and its SDE with the same draws, the reference did not: "
               "for sgd Euler-Maruyama is the update itself. rmspropw and adamw begin with a mean "
               "square of 0, their SDEs with the first gradient's square and the noise's, which is "
               "the difference seen there.");
    return rows_of_rest(all, err);
}

const struct part dynamics_part = {
    .name = "dynamics",
    .title = "Optimizers and their SDEs",
    .about = "The quadratic of the stationary losses from (.5, .5): the discrete update beside "
             "Euler-Maruyama on the SDE of arXiv 2411.15958, with the rate for a time step.",
    .run = run,
};
