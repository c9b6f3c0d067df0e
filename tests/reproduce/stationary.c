/*
 * Where noisy descent on a quadratic comes to rest, against the closed forms of the SDE lens
 * (Compagnoni et al., 2025, arXiv 2411.15958; AV-8 and AV-9 of the acceptance values): 400
 * replicas, mean over them and over the steps behind a burn-in.
 */
#include "reproduce/asking.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the theory leaves out grows with the rate. */
static const double BAND_AT_001 = 0.03, BAND_AT_01 = 0.08, THEORY_BAND = 1e-3, SLOPE_BAND = 0.05;

struct setting_case {
    const char *name;
    const char *optimizer; /* without its rate */
    double lr;
    double noise;      /* times (.1, .2) */
    int nu;            /* 0: normal noise */
    double prediction; /* 0: only for a slope */
};

static const struct setting_case cases[] = {
    {"sgd", "'type': 'sgd'", .01, 1, 0, 1.2614e-4},
    {"sgd", "'type': 'sgd'", .001, 1, 0, 1.2511e-5},
    {"signsgd", "'type': 'signsgd'", .01, 1, 0, 9.039e-4},
    {"signsgd", "'type': 'signsgd'", .001, 1, 0, 9.363e-5},
    {"signsgd", "'type': 'signsgd'", .001, 1, 1, 1.178e-4},
    {"signsgd", "'type': 'signsgd'", .001, 1, 3, 1.0202e-4},
    {"rmsprop", "'type': 'rmsprop', 'rho': 0.999", .01, 1, 0, 7.500e-4},
    {"rmsprop", "'type': 'rmsprop', 'rho': 0.999", .001, 1, 0, 7.500e-5},
    {"rmspropw, decay 1", "'type': 'rmspropw', 'rho': 0.999, 'weight_decay': 1", .01, 1, 0,
     6.818e-4},
    {"adam", "'type': 'adam'", .01, 1, 0, 7.500e-4},
    {"adam", "'type': 'adam'", .001, 1, 0, 7.500e-5},
    {"adamw, decay 1", "'type': 'adamw', 'weight_decay': 1", .01, 1, 0, 6.198e-4},
    {"adamw, decay 4", "'type': 'adamw', 'weight_decay': 4", .01, 1, 0, 3.827e-4},
    {"sgd", "'type': 'sgd'", .001, .5, 0, 0},
    {"sgd", "'type': 'sgd'", .001, 2, 0, 0},
    {"sgd", "'type': 'sgd'", .0005, 1, 0, 0},
    {"sgd", "'type': 'sgd'", .002, 1, 0, 0},
    {"signsgd", "'type': 'signsgd'", .001, .5, 0, 0},
    {"signsgd", "'type': 'signsgd'", .001, 2, 0, 0},
    {"signsgd", "'type': 'signsgd'", .0005, 1, 0, 0},
    {"signsgd", "'type': 'signsgd'", .002, 1, 0, 0},
    {"adam", "'type': 'adam'", .001, .5, 0, 0},
    {"adam", "'type': 'adam'", .001, 2, 0, 0},
    {"adam", "'type': 'adam'", .0005, 1, 0, 0},
    {"adam", "'type': 'adam'", .002, 1, 0, 0},
};
enum { CASES = COUNT_OF(cases) };

/* --- one comparison of all of them ------------------------------------------------------------ */

static void write_arm(const struct setting_case *one, int number, FILE *out)
{
    fprintf(out,
            "%s{'name': '%d', 'patch': {'optimizer': {%s, 'lr': %g}, 'problem': {"
            "'noise_deviation': [%g, %g]",
            number ? ", " : "", number, one->optimizer, one->lr, .1 * one->noise, .2 * one->noise);
    if (one->nu)
        fprintf(out, ", 'noise_nu': %d", one->nu);
    fputs("}}}", out);
}

static char *arms(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    for (int i = 0; i < CASES; i++)
        write_arm(&cases[i], i, out);
    fclose(out);
    return text;
}

static int measure(struct reproduction *all, double *losses, struct error *err)
{
    AUTO_FREE char *text = arms();
    int64_t job;
    if (ask_run(all, "noisy descent", &job, err,
                "{'kind': 'compare', 'name': 'where noisy descent comes to rest', 'base': {"
                "  'problem': {'type': 'quadratic', 'eigenvalues': [1, 2], 'start': [0, 0]},"
                "  'optimizer': {'type': 'sgd', 'lr': 0.01}, 'replicas': 400, 'steps': 60000,"
                "  'burn_in': 0.25, 'report_every_steps': 60000}, 'arms': [%s], 'seeds': [1],"
                " 'metric': {'name': 'loss_average', 'goal': 'minimize', 'at': 'last'}}",
                text) < 0)
        return -1;
    json_auto_t *report = NULL;
    if (ask_get(all, &report, err, "/api/v1/jobs/%lld/report", (long long)job) < 0)
        return -1;
    for (int i = 0; i < CASES; i++)
        losses[i] = ask_number(json_array_get(json_object_get(report, "arms"), (size_t)i), "/mean");
    return 0;
}

/* --- predictions ------------------------------------------------------------------------------ */

static int predict(const struct reproduction *all, const struct setting_case *one, double *out,
                   struct error *err)
{
    json_auto_t *answer = NULL;
    AUTO_FREE char *nu = one->nu ? xprintf(", 'nu': %d", one->nu) : xstrdup("");
    if (ask_post(all, "/api/v1/theory", &answer, err,
                 "{'optimizer': {%s, 'lr': %g}, 'noise': {'deviation': [%g, %g]%s},"
                 " 'curvatures': [1, 2]}",
                 one->optimizer, one->lr, .1 * one->noise, .2 * one->noise, nu) < 0)
        return -1;
    *out = ask_number(answer, "/stationary/0/loss"); /* the most exact form comes first */
    return 0;
}

static int rows_of_case(struct reproduction *all, const struct setting_case *one, double loss,
                        struct error *err)
{
    double predicted;
    if (predict(all, one, &predicted, err) < 0)
        return -1;
    AUTO_FREE char *noise = one->nu ? xprintf(", t_%d noise", one->nu) : xstrdup("");
    table_near(&all->table, predicted, one->prediction, THEORY_BAND, 4,
               "%s, rate %g%s: /theory's stationary loss", one->name, one->lr, noise);
    table_near(&all->table, loss, one->prediction, one->lr > .005 ? BAND_AT_01 : BAND_AT_001, 4,
               "%s, rate %g%s: measured", one->name, one->lr, noise);
    return 0;
}

/* --- slopes ----------------------------------------------------------------------------------- */

static double abscissa(const struct setting_case *one, bool over_noise)
{
    return over_noise ? one->noise : one->lr;
}

/* Cases of one optimizer that differ in the one thing alone, in rising order of it. */
static struct curve points_of(const char *name, bool over_noise, const double *losses)
{
    struct curve curve = curve_make(name, CASES);
    curve.count = 0;
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < CASES; i++) {
            const double x = abscissa(&cases[i], over_noise);
            const double usual = over_noise ? 1 : .001;
            const bool other_is_usual =
                over_noise ? cases[i].lr == .001 : cases[i].noise == 1 && cases[i].lr < .005;
            const int place = x < usual ? 0 : x == usual ? 1 : 2;
            if (strcmp(cases[i].name, name) != 0 || cases[i].nu || !other_is_usual || place != pass)
                continue;
            curve.x[curve.count] = over_noise ? .1 * x : x;
            curve.y[curve.count++] = losses[i];
        }
    return curve;
}

/* Of log y over log x, by least squares. */
static double slope_of(const struct curve *curve)
{
    double x_mean = 0, y_mean = 0, above = 0, below = 0;
    for (size_t i = 0; i < curve->count; i++) {
        x_mean += log(curve->x[i]) / (double)curve->count;
        y_mean += log(curve->y[i]) / (double)curve->count;
    }
    for (size_t i = 0; i < curve->count; i++) {
        const double x = log(curve->x[i]) - x_mean;
        above += x * (log(curve->y[i]) - y_mean);
        below += x * x;
    }
    return above / below;
}

static void rows_of_slopes(struct table *table, bool over_noise, const double *losses)
{
    static const char *const names[] = {"sgd", "signsgd", "adam"};
    static const double over_noise_slopes[] = {2, 1, 1};
    const char *what = over_noise ? "noise" : "rate";
    AUTO_FREE char *title = xprintf("Stationary loss over the %s", what);
    struct chart *chart = table_chart(
        table, title, over_noise ? "deviation of the noise, first axis" : "learning rate", "loss");
    chart->log_x = chart->log_y = true;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct curve points = points_of(names[i], over_noise, losses);
        const double wanted = over_noise ? over_noise_slopes[i] : 1, slope = slope_of(&points);
        AUTO_FREE char *reference = xprintf("%g, within %g", wanted, SLOPE_BAND);
        AUTO_FREE char *found = xprintf("%.3f", slope);
        table_holds(table, fabs(slope - wanted) <= SLOPE_BAND, reference, found,
                    "%s: slope of log loss over log %s, %zu points", names[i], what, points.count);
        chart_add(chart, points);
    }
}

static int run(struct reproduction *all, struct error *err)
{
    double losses[CASES];
    if (measure(all, losses, err) < 0)
        return -1;
    for (int i = 0; i < CASES; i++)
        if (cases[i].prediction > 0 && rows_of_case(all, &cases[i], losses[i], err) < 0)
            return -1;
    rows_of_slopes(&all->table, true, losses);
    rows_of_slopes(&all->table, false, losses);
    return 0;
}

const struct part stationary_part = {
    .name = "stationary",
    .title = "Where noisy descent comes to rest",
    .about =
        "f = (x1^2 + 2 x2^2)/2, noise (.1, .2) along the axes, 400 replicas, 60,000 steps, mean "
        "behind the first quarter, against the stationary laws of arXiv 2411.15958 (adamw: with "
        "the corrected factor) and POST /api/v1/theory.",
    .run = run,
};
