/*
 * Six optimizers on MNIST by softmax regression, against the published logs of hypergradient
 * descent (Baydin et al., 2018, arXiv 1703.04782; AV-2 of the acceptance values). Initialisation
 * and shuffle are ours, and the published logs are one seed's: means of five seeds stand beside
 * them.
 */
#include "reproduce/asking.h"

#include "json.h"
#include "memory.h"

#include <stdio.h>

enum { STEPS_PER_EPOCH = 469, EPOCHS = 10, SEEDS = 5, EARLY = 20 };

#define PAPER_FORM "adam_hd, one hypergradient"

/* Of both, at the last epoch. */
static const double LOSS_BAND = 0.03, PEAK_BAND = 0.15;
static const double LOW_LOSS = 0.29;

struct reference {
    const char *arm;
    double train, test;   /* last epoch: mean of the batches' losses, loss of the test part */
    double first[2];      /* the same of the first epoch */
    double low_iteration; /* the first whose batch has a loss of .29 or less */
    double peak;          /* of alpha; 0: it does not learn */
    int peak_iteration;
    double last_alpha;
};

/* Labels of iterations as published: the first batch is 2. */
static const struct reference references[] = {
    {"sgd", .3957, .3737, {1.2041, .7690}, 2665, 0, 0, 0},
    {"sgd_hd", .2934, .2878, {.4170, .3158}, 167, .04706, 15, .00213},
    {"nesterov", .2893, .2846, {.5677, .3717}, 380, 0, 0, 0},
    {"sgdn_hd", .2612, .2719, {.3608, .2792}, 38, .04872, 5, -.00020},
    {"adam", .2590, .2719, {.4312, .2979}, 167, 0, 0, 0},
    {"adam_hd", .2583, .2723, {.4207, .2953}, 128, .001161, 271, .00103},
};

#define OPTIMIZER(type, more)                                                                      \
    "{'name': '" type "', 'patch': {'optimizer': {'type': '" type                                  \
    "', 'lr': 0.001, 'weight_decay': 0.0001" more "}}}"

/* The published program adapts Adam's rate tensor by tensor; the paper's form stands beside it. */
static const char comparison[] =
    "{'kind': 'compare', 'name': 'hypergradient descent on MNIST', 'base': {"
    "   'dataset': 'mnist', 'standardize': 'global', 'epochs': 10, 'batch_size': 128,"
    "   'model': {'type': 'softmax', 'init': 'uniform'}, 'report_every_steps': 1, "
    "'norms_every_steps': 1000000,"
    "   'optimizer': {'type': 'sgd', 'lr': 0.001}},"
    " 'arms': [" OPTIMIZER("sgd", "") "," OPTIMIZER("sgd_hd", ", 'hyper_lr': 0.001") "," OPTIMIZER(
        "nesterov",
        "") "," OPTIMIZER("sgdn_hd",
                          ", 'hyper_lr': 0.001") "," OPTIMIZER("adam",
                                                               "") "," OPTIMIZER("adam_hd",
                                                                                 ", 'hyper_lr': "
                                                                                 "1e-7, 'scope': "
                                                                                 "'tensor'") ","
                                                                                             "  "
                                                                                             "{'"
                                                                                             "name'"
                                                                                             ": "
                                                                                             "'adam"
                                                                                             "_hd, "
                                                                                             "one "
                                                                                             "hyper"
                                                                                             "gradi"
                                                                                             "ent',"
                                                                                             " '"
                                                                                             "patch"
                                                                                             "': "
                                                                                             "{'"
                                                                                             "optim"
                                                                                             "izer'"
                                                                                             ": "
                                                                                             "{'"
                                                                                             "type'"
                                                                                             ": "
                                                                                             "'adam"
                                                                                             "_hd',"
                                                                                             "   "
                                                                                             "'lr':"
                                                                                             " 0."
                                                                                             "001, "
                                                                                             "'hype"
                                                                                             "r_lr'"
                                                                                             ": "
                                                                                             "1e-7,"
                                                                                             " '"
                                                                                             "weigh"
                                                                                             "t_"
                                                                                             "decay"
                                                                                             "': "
                                                                                             "0."
                                                                                             "0001}"
                                                                                             "}}],"
                                                                                             " '"
                                                                                             "seeds"
                                                                                             "': "
                                                                                             "[1, "
                                                                                             "2, "
                                                                                             "3, "
                                                                                             "4, "
                                                                                             "5], "
                                                                                             "'metr"
                                                                                             "ic': "
                                                                                             "{'"
                                                                                             "name'"
                                                                                             ": "
                                                                                             "'vali"
                                                                                             "d_"
                                                                                             "loss'"
                                                                                             ", "
                                                                                             "'goal"
                                                                                             "': "
                                                                                             "'mini"
                                                                                             "mize'"
                                                                                             ", "
                                                                                             "'at':"
                                                                                             " '"
                                                                                             "last'"
                                                                                             "}}";

/* Mean over the steps of an epoch, counted from 0. */
static double epoch_mean(const struct curve *loss, int epoch)
{
    double sum = 0;
    int count = 0;
    for (size_t i = 0; i < loss->count; i++) {
        const double step = loss->x[i];
        if (step > epoch * STEPS_PER_EPOCH && step <= (epoch + 1) * STEPS_PER_EPOCH) {
            sum += loss->y[i];
            count++;
        }
    }
    return count == STEPS_PER_EPOCH ? sum / count : UNKNOWN;
}

/* Published labels are one more than our steps. */
static double first_low(const struct curve *loss)
{
    for (size_t i = 0; i < loss->count; i++)
        if (loss->y[i] <= LOW_LOSS)
            return loss->x[i] + 1;
    return UNKNOWN;
}

static size_t peak_of(const struct curve *alpha)
{
    size_t best = 0;
    for (size_t i = 1; i < alpha->count; i++)
        if (alpha->y[i] > alpha->y[best])
            best = i;
    return best;
}

/* What one run gave. */
enum figure { TRAIN, TEST, FIRST_TRAIN, FIRST_TEST, LOW, PEAK, PEAK_AT, LAST, LEAST, FIGURES };

static void measure_alpha(const struct curve *alpha, double *figures)
{
    const size_t peak = peak_of(alpha);
    figures[PEAK] = alpha->y[peak];
    figures[PEAK_AT] = alpha->x[peak] + 1;
    figures[LAST] = alpha->y[alpha->count - 1];
    figures[LEAST] = HUGE_VAL;
    for (size_t i = 0; i < alpha->count; i++)
        figures[LEAST] = fmin(figures[LEAST], alpha->y[i]);
}

/* alpha: of this run, NULL: not wanted. */
static int measure(const struct reproduction *all, int64_t run, const char *arm, double *figures,
                   struct curve *out_alpha, struct error *err)
{
    struct curve train = {0}, test = {0}, alpha = {0};
    const bool got = ask_curve(all, run, "train_loss", "", &train, err) == 0 &&
                     ask_curve(all, run, "valid_loss", "", &test, err) == 0 &&
                     ask_curve(all, run, "lr", arm, &alpha, err) == 0;
    if (got) {
        figures[TRAIN] = epoch_mean(&train, EPOCHS - 1);
        figures[TEST] = test.y[test.count - 1];
        figures[FIRST_TRAIN] = epoch_mean(&train, 0);
        figures[FIRST_TEST] = test.y[0];
        figures[LOW] = first_low(&train);
        measure_alpha(&alpha, figures);
    }
    curve_release(&train);
    curve_release(&test);
    if (got && out_alpha)
        *out_alpha = alpha;
    else
        curve_release(&alpha);
    return got ? 0 : -1;
}

/* Over an arm's seeds. */
struct summary {
    double mean[FIGURES], low[FIGURES], high[FIGURES];
};

static int summarize(const struct reproduction *all, int64_t job, const char *arm,
                     struct summary *out, struct curve *alpha, struct error *err)
{
    int64_t runs[SEEDS];
    const int count = ask_runs_of(all, job, arm, runs, SEEDS, err);
    if (count < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        double figures[FIGURES];
        if (measure(all, runs[i], arm, figures, i == 0 ? alpha : NULL, err) < 0)
            return -1;
        for (int f = 0; f < FIGURES; f++) {
            out->mean[f] = (i ? out->mean[f] : 0) + figures[f] / count;
            out->low[f] = i ? fmin(out->low[f], figures[f]) : figures[f];
            out->high[f] = i ? fmax(out->high[f], figures[f]) : figures[f];
        }
    }
    return 0;
}

static void rows_of_loss(struct table *table, const struct reference *reference,
                         const struct summary *ours)
{
    const char *arm = reference->arm;
    char wanted[64], found[64];
    table_near(table, ours->mean[TRAIN], reference->train, LOSS_BAND, 4,
               "%s: train loss, mean of epoch 10", arm);
    table_near(table, ours->mean[TEST], reference->test, LOSS_BAND, 4,
               "%s: test loss after epoch 10", arm);
    snprintf(wanted, sizeof wanted, "%.4f / %.4f", reference->first[0], reference->first[1]);
    snprintf(found, sizeof found, "%.4f / %.4f", ours->mean[FIRST_TRAIN], ours->mean[FIRST_TEST]);
    table_row(table, SHOWN, wanted, found, "%s: train / test loss of epoch 1", arm);
    snprintf(wanted, sizeof wanted, "%g", reference->low_iteration);
    snprintf(found, sizeof found, "%.0f (%g ... %g)", ours->mean[LOW], ours->low[LOW],
             ours->high[LOW]);
    table_row(table, SHOWN, wanted, found, "%s: first iteration with a batch's loss <= .29", arm);
}

static void rows_of_alpha(struct table *table, const struct reference *reference,
                          const struct summary *ours)
{
    const char *arm = reference->arm;
    char wanted[64], found[64];
    table_near(table, ours->mean[PEAK], reference->peak, PEAK_BAND, 4, "%s: peak of alpha", arm);
    table_note(table, "%s: that peak is %.4g ... %.4g over the seeds; the reference is one seed's.",
               arm, ours->low[PEAK], ours->high[PEAK]);
    snprintf(found, sizeof found, "%.0f (%g ... %g)", ours->mean[PEAK_AT], ours->low[PEAK_AT],
             ours->high[PEAK_AT]);
    if (reference->peak_iteration <= EARLY) {
        snprintf(wanted, sizeof wanted, "%d, the first %d", reference->peak_iteration, EARLY);
        table_holds(table, ours->mean[PEAK_AT] <= EARLY, wanted, found,
                    "%s: iteration of that peak", arm);
    } else {
        snprintf(wanted, sizeof wanted, "%d", reference->peak_iteration);
        table_row(table, SHOWN, wanted, found, "%s: iteration of that peak", arm);
    }
    snprintf(wanted, sizeof wanted, "%.5f", reference->last_alpha);
    snprintf(found, sizeof found, "%.5f (least %.5f)", ours->mean[LAST], ours->low[LEAST]);
    table_row(table, SHOWN, wanted, found, "%s: alpha at the end", arm);
}

static int lay_out(struct reproduction *all, int64_t job, const struct reference *reference,
                   struct curve *alpha, struct error *err)
{
    struct summary ours;
    if (summarize(all, job, reference->arm, &ours, alpha, err) < 0)
        return -1;
    rows_of_loss(&all->table, reference, &ours);
    if (reference->peak > 0)
        rows_of_alpha(&all->table, reference, &ours);
    return 0;
}

static int row_of_paper_form(struct reproduction *all, int64_t job, struct curve *alpha,
                             struct error *err)
{
    struct summary ours;
    if (summarize(all, job, PAPER_FORM, &ours, alpha, err) < 0)
        return -1;
    char found[64];
    snprintf(found, sizeof found, "%.6f @ %.0f", ours.mean[PEAK], ours.mean[PEAK_AT]);
    table_row(&all->table, SHOWN, "about .001083", found,
              "adam_hd as in the paper, one hypergradient: peak of alpha");
    return 0;
}

/* Curves of SGD in one chart, Adam's, which are fifty times lower, in another. */
static void draw(struct table *table, struct curve *alphas, size_t count)
{
    struct chart *chart = NULL;
    for (int adams = 0; adams < 2; adams++) {
        chart = table_chart(table,
                            adams ? "The rate that adam_hd learns"
                                  : "The rate that sgd_hd and sgdn_hd learn",
                            "step", "alpha");
        chart->log_x = true;
        for (size_t i = 0; i < count; i++)
            if (alphas[i].name && (i >= 4) == adams)
                chart_add(chart, alphas[i]);
    }
}

static int run(struct reproduction *all, struct error *err)
{
    int64_t job;
    struct curve alphas[COUNT_OF(references) + 1] = {0};
    const int there = ask_mnist(all, err);
    if (there < 0)
        return -1;
    if (there == 0) {
        table_row(&all->table, SKIPPED, "-", "-", "$SWEEPD_TEST_DATA has no mnist/");
        return 0;
    }
    if (ask_run(all, "MNIST, seven arms", &job, err, "%s", comparison) < 0)
        return -1;
    int outcome = 0;
    for (size_t i = 0; i < COUNT_OF(references) && outcome == 0; i++)
        outcome = lay_out(all, job, &references[i], &alphas[i], err);
    if (outcome == 0)
        outcome = row_of_paper_form(all, job, &alphas[COUNT_OF(references)], err);
    draw(&all->table, alphas, COUNT_OF(alphas));
    return outcome;
}

const struct part hypergradient_part = {
    .name = "hypergradient",
    .title = "Hypergradient descent on MNIST",
    .about =
        "Softmax regression 784-10, batch 128, 10 epochs, weight decay 1e-4, first rate .001; "
        "means of seeds 1 … 5 against the logs published with arXiv 1703.04782, which are of one "
        "seed.",
    .run = run,
};
