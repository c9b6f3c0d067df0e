/*
 * The hypergradient family in double: the digits of training.md AV-1, tests/reference's
 * hypergradient.py and hdm.py, and closed forms against differences (AV-16).
 */
#include "worker/stepping.h"

#include "math/vectors.h"
#include "memory.h"
#include "objectives/objectives.h"
#include "optimizers/ultimate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- AV-1 ---------------------------------------------------------------------------------- */

/* f(x) = 1/2 (x1^2 + 4 x2^2) from (1, -2) */
static struct objective *open_bowl(void)
{
    struct objective *objective = NULL;
    json_t *spec =
        json_pack("{s:{s:s, s:f, s:[f, f], s:[f, f]}, s:i}", "problem", "type", "quadratic",
                  "noise", 0.0, "eigenvalues", 1.0, 4.0, "start", 1.0, -2.0, "seed", 1);
    assert_int_equal(problem_open(spec, &objective, NULL), 0);
    json_decref(spec);
    return objective;
}

struct course {
    double rate[11]; /* behind step t = 1 … 10 */
    double theta[2]; /* behind step 10 */
};

static struct course walk(const char *name, const char *settings)
{
    struct objective *bowl = open_bowl();
    const struct pieces pieces = {bowl->dimension, bowl->tensors, bowl->tensor_count};
    struct stepper stepper = stepper_on(name, settings, &pieces);
    struct course course = {0};
    uint32_t samples;

    bowl->methods->init(bowl, course.theta);
    for (int64_t t = 1; t <= 10; t++) {
        double gradient[2], told[METRICS];
        bowl->methods->loss_gradient(bowl, course.theta, (uint64_t)t - 1, gradient, &samples);
        const struct step step = {.theta = course.theta,
                                  .gradient = gradient,
                                  .factor = 1.0,
                                  .scale = 1.0,
                                  .t = t,
                                  .told = told};
        stepper_step(&stepper, &step);
        course.rate[t] = told[METRIC_LR];
    }
    stepper_release(&stepper);
    bowl->methods->free(bowl);
    return course;
}

static void expect(const struct course *got, const double rates[3], const double theta[2])
{
    assert_near(got->rate[2], rates[0], 1e-12);
    assert_near(got->rate[3], rates[1], 1e-12);
    assert_near(got->rate[10], rates[2], 1e-12);
    assert_near(got->theta[0], theta[0], 1e-12);
    assert_near(got->theta[1], theta[1], 1e-12);
}

static void ten_steps_on_the_bowl_have_the_published_digits(void **state)
{
    (void)state;
    struct course course = walk("sgd_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.001}");
    expect(&course, (const double[]){0.07243, 0.115233130429, 0.13906065502198364},
           (const double[]){0.2886868189352677, -0.002758226299928448});
    course = walk("sgd_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.1, \"rule\": \"multiplicative\"}");
    expect(&course,
           (const double[]){0.010999992610739045, 0.012099981347080091, 0.023578913602753743},
           (const double[]){0.8515022277816882, -1.033253426890392});
    course = walk("sgdn_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.0001}");
    expect(&course, (const double[]){0.02142223, 0.03323136042733896, 0.033340533582825266},
           (const double[]){-0.03318446985693713, 0.5597215791651652});
    course = walk("adam_hd", "{\"lr\": 0.01, \"hyper_lr\": 0.0001}");
    expect(&course, (const double[]){0.01089499999803, 0.011784420574919015, 0.017807655182844672},
           (const double[]){0.861244198013247, -1.8608587102321181});
}

/* --- against hypergradient.py -------------------------------------------------------------- */

enum { DIMENSION = 5, SEEN = 3, TOLD = 3 };

static const double eigenvalues[DIMENSION] = {1.0, 4.0, 0.25, 2.0, 0.5};
static const double start[DIMENSION] = {1.0, -2.0, 3.0, 0.5, -1.0};

static const struct {
    const char *name, *settings;
    /* Behind steps 1, 7 and 20: the rate, the fractions that it adapts, theta. */
    double rows[SEEN][TOLD + DIMENSION];
} cases[] = {
    /* printed by tests/reference/hypergradient.py */
    {"sgd_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.002, \"weight_decay\": 0.1, \"transition\": {\"to\": 0.1, "
     "\"power\": 2.0}}",
     {{0.02, 0, 0, 0.9703515781271551, -1.834711555057045, 2.988040721420171, 0.4874810003171041,
       -0.9878761133653711},
      {0.08806797087548447, 0, 0, 0.5795138815755215, -0.1081519046702692, 2.371959836857392,
       0.04108981170211866, -0.7504804068300672},
      {0.05278017587662465, 0, 0, 0.151855926593836, -0.005162199498973213, 1.790527813284506,
       0.05259821783860535, -0.4101548031962181}}},
    {"sgd_hd",
     "{\"lr\": 0.0, \"hyper_lr\": 0.004, \"scope\": \"tensor\"}",
     {{0, 0, 0, 1, -2, 3, 0.5, -1},
      {0.2417718740942908, 0, 0, 0.3331748184798309, -0.1135636710735808, 1.8935234495822,
       -0.07373185579175887, -0.5319125971757993},
      {0.1678669831023318, 0, 0, -0.111225135192129, 0.06086067057694683, 1.108977067493682,
       0.1140234308740733, -0.07296561169592906}}},
    {"sgd_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.05, \"rule\": \"normalized\"}",
     {{0.02, 0, 0, 0.9723515781271551, -1.838711555057045, 2.994040721420171, 0.4884810003171041,
       -0.9898761133653711},
      {0.017, 0, 0, 0.8926067795143217, -1.158897729647964, 2.904850023018653, 0.3698814828613911,
       -0.9524300767307631},
      {0.07523418356056868, 0, 0, 0.4196026043568308, -0.06312770271037932, 2.52501382006765,
       0.1557452585723703, -0.6746363382590622}}},
    {"sgdn_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.05, \"rule\": \"multiplicative\", \"scope\": \"tensor\", "
     "\"weight_decay\": 0.1}",
     {{0.02, 0, 0, 0.9436679984415948, -1.685951954608385, 2.977277370698324, 0.4762139006024977,
       -0.9769646153942051},
      {0.02617540824637881, 0, 0, 0.4663863319037609, 0.7692771547285706, 2.396243535254372,
       -0.05344082653364078, -0.7352351566213022},
      {0.02219607610349461, 0, 0, -0.3153082987768315, -0.2962457860837104, 0.6095952988445736,
       0.02050924673556478, 0.1195097127420383}}},
    {"sgdn_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.0005, \"min_lr\": 0.015, \"max_lr\": 0.03}",
     {{0.02, 0, 0, 0.9474679984415947, -1.693551954608385, 2.988677370698324, 0.4781139006024978,
       -0.9807646153942051},
      {0.01275, 0, 0, 0.532765268324553, 0.6602150437003582, 2.643055571776054,
       -0.0001398885522045715, -0.8389337051237175},
      {0.01464087904320099, 0, 0, -0.1787306635105317, -0.2509856485047163, 1.573801400710458,
       -0.06614143092499852, -0.2122406148538354}}},
    {"adam_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.0005, \"weight_decay\": 0.1}",
     {{0.02, 0, 0, 0.9800000001349144, -1.9800000000242, 2.980000000334468, 0.4800000003195143,
       -0.9800000003299272},
      {0.04540166438373171, 0, 0, 0.7848845360294937, -1.766379415457729, 2.765707790415399,
       0.2671523073989545, -0.8003343174815462},
      {0.05308143180691322, 0, 0, 0.1989426608029934, -1.105533932663116, 2.113217097615809,
       -0.1229421499475749, -0.2557437723165524}}},
    {"adam_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.0005, \"scope\": \"tensor\", \"weight_decay\": 0.1}",
     {{0.02, 0, 0, 0.980000004266368, -1.980000000765275, 2.980000010576812, 0.4800000101039257,
       -0.9800000104332087},
      {0.04540627343971958, 0, 0, 0.7857027026409259, -1.767286604369134, 2.766625216167933,
       0.2680529577930849, -0.8003252545913574},
      {0.05311970903008754, 0, 0, 0.2002758482515882, -1.107264061740398, 2.115034710658544,
       -0.1225329416238674, -0.2555014038822924}}},
    {"adam_hd",
     "{\"lr\": 0.02, \"hyper_lr\": 0.05, \"rule\": \"normalized\"}",
     {{0.02, 0, 0, 0.9800000001446737, -1.9800000000248, 2.980000000671222, 0.4800000003472524,
       -0.9800000003951052},
      {0.017, 0, 0, 0.8802952794624165, -1.870819951278049, 2.873727762722614, 0.3713010818882302,
       -0.8986561204906457},
      {0.08229111654600194, 0, 0, 0.3208427354999643, -1.259580271848217, 2.300497497542025,
       -0.0779284689213352, -0.3973134483772279}}},
    {"adam_ultimate",
     "{\"lr\": 0.02, \"beta1\": 0.8, \"beta2\": 0.97, \"upper\": {\"lr\": 0.0002, \"beta1\": 0.05, "
     "\"beta2\": 0.02}}",
     {{0.02, 0.8, 0.97, 0.9800000018365543, -1.980000000074517, 2.980000037089708,
       0.4800000100944687, -0.9800000130138308},
      {0.02790168642507628, 0.8154955783373257, 0.9690346578978555, 0.8456555729988608,
       -1.828573596666051, 2.827609735908046, 0.3268283092560305, -0.867936471431871},
      {0.02865690469476697, 0.8357637030636837, 0.9660784534358212, 0.4914881257884847,
       -1.442517108021725, 2.466790127207295, 0.05742507531080403, -0.5504485124303861}}},
    {"momentum_ultimate",
     "{\"lr\": 0.02, \"momentum\": 0.8, \"upper\": {\"lr\": 0.0002, \"momentum\": 0.05}}",
     {{0.02, 0.8, 0, 0.9723515781271551, -1.838711555057045, 2.994040721420171, 0.4884810003171041,
       -0.9898761133653711},
      {0.03557878243537197, 0.7804336435678672, 0, 0.404308919262683, 1.19310174085698,
       2.495555418325219, -0.1663995488446053, -0.7863912509736146},
      {0.02892626313696663, 0.7760025398407846, 0, -0.1181230332043995, 0.00241541241997148,
       1.39640780491374, 0.0463561235271312, -0.1429797385228043}}},
};

/* As in hypergradient.py: two tensors, a bowl that is shaken, and a factor that falls. */
static void shaken_step(struct stepper *stepper, double *theta, int64_t t, double *told)
{
    double gradient[DIMENSION];
    for (int i = 0; i < DIMENSION; i++)
        gradient[i] = eigenvalues[i] * theta[i] + cos(0.7 * (double)t + (double)i) / 2.0;
    const struct step step = {.theta = theta,
                              .gradient = gradient,
                              .factor = 1.0 - (double)(t - 1) / 40.0,
                              .scale = 1.0,
                              .t = t,
                              .told = told};
    stepper_step(stepper, &step);
}

static double first_fraction(const double *told)
{
    return isnan(told[METRIC_MOMENTUM]) ? told[METRIC_BETA1] : told[METRIC_MOMENTUM];
}

static void expect_row(const double *row, const double *told, const double *theta)
{
    assert_near(told[METRIC_LR], row[0], 1e-12);
    if (row[1] > 0.0)
        assert_near(first_fraction(told), row[1], 1e-12);
    if (row[2] > 0.0)
        assert_near(told[METRIC_BETA2], row[2], 1e-12);
    for (int i = 0; i < DIMENSION; i++)
        assert_near(theta[i], row[TOLD + i], 1e-10);
}

static void every_rule_scope_and_level_is_that_of_the_reference(void **state)
{
    struct two_pieces two;
    (void)state;

    two_pieces_init(&two, DIMENSION);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stepper stepper = stepper_on(cases[i].name, cases[i].settings, &two.pieces);
        const double(*row)[TOLD + DIMENSION] = cases[i].rows;
        double theta[DIMENSION], told[METRICS];
        memcpy(theta, start, sizeof theta);
        for (int64_t t = 1; t <= 20; t++) {
            told[METRIC_MOMENTUM] = (double)NAN;
            shaken_step(&stepper, theta, t, told);
            if (t == 1 || t == 7 || t == 20)
                expect_row(*row++, told, theta);
        }
        stepper_release(&stepper);
    }
}

/* --- AV-16 --------------------------------------------------------------------------------- */

/* The change that Adam makes, written from the paper; the square begins with epsilon's help. */
static double adam_change(double rate, double beta1, double beta2, int t, double mean,
                          double square, double gradient)
{
    const double m = (beta1 * mean + (1.0 - beta1) * gradient) / (1.0 - pow(beta1, t));
    const double v = (beta2 * square + (1.0 - beta2) * gradient * gradient) / (1.0 - pow(beta2, t));
    return -rate * m / (sqrt(v) + 1e-8);
}

/* Central differences of width 1e-6 are good to about 1e-10 here. */
static void the_closed_forms_are_the_derivatives(void **state)
{
    enum { T = 5 };
    static const double points[][3] = {{0.3, 0.05, -0.7}, {-0.2, 0.4, 0.9}, {0.01, 1e-4, 0.02}};
    const double h = 1e-6, rate = 0.05, beta1 = 0.8, beta2 = 0.95;
    (void)state;

    const struct adam_lens lens = adam_lens(rate, beta1, beta2, 1e-8, T);
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        const double m = points[i][0], v = points[i][1], g = points[i][2];
        const struct adam_effect effect = adam_effect(&lens, m, v, g);
        assert_near(-effect.direction,
                    (adam_change(rate + h, beta1, beta2, T, m, v, g) -
                     adam_change(rate - h, beta1, beta2, T, m, v, g)) /
                        (2.0 * h),
                    1e-8);
        assert_near(effect.by_beta1,
                    (adam_change(rate, beta1 + h, beta2, T, m, v, g) -
                     adam_change(rate, beta1 - h, beta2, T, m, v, g)) /
                        (2.0 * h),
                    1e-8);
        assert_near(effect.by_beta2,
                    (adam_change(rate, beta1, beta2 + h, T, m, v, g) -
                     adam_change(rate, beta1, beta2 - h, T, m, v, g)) /
                        (2.0 * h),
                    1e-8);
    }
}

/* What the last step did with the rate, as the metric tells it one step later: the gradients here
 * do not depend on theta, so that theta behind step 4 less that behind step 3 is linear in the
 * rate. */
static void the_hypergradient_told_is_the_derivative_by_the_rate(void **state)
{
    static const char *const names[] = {"sgd_hd", "sgdn_hd", "adam_hd"};
    struct two_pieces two;
    (void)state;

    two_pieces_init(&two, DIMENSION);
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        struct stepper stepper =
            stepper_on(names[n], "{\"lr\": 0.1, \"hyper_lr\": 0}", &two.pieces);
        double theta[DIMENSION], before[DIMENSION], gradient[DIMENSION], told[METRICS];
        memcpy(theta, start, sizeof theta);
        for (int64_t t = 1; t <= 5; t++) {
            if (t == 4)
                memcpy(before, theta, sizeof theta);
            for (int i = 0; i < DIMENSION; i++)
                gradient[i] = cos((double)(t * (i + 1)));
            double change = 0.0, size = 0.0, last = 0.0;
            for (int i = 0; i < DIMENSION && t == 5; i++) {
                const double by_rate = (theta[i] - before[i]) / 0.1;
                change += gradient[i] * by_rate;
                size += gradient[i] * gradient[i];
                last += by_rate * by_rate;
            }
            const struct step step = {.theta = theta,
                                      .gradient = gradient,
                                      .factor = 1.0,
                                      .scale = 1.0,
                                      .t = t,
                                      .told = told};
            stepper_step(&stepper, &step);
            if (t < 5)
                continue;
            assert_near(told[METRIC_HYPERGRADIENT], change, 1e-12);
            assert_near(told[METRIC_HYPERGRADIENT_COSINE], -change / sqrt(size * last), 1e-12);
        }
        stepper_release(&stepper);
    }
}

/* --- hdm on logistic regression ------------------------------------------------------------ */

enum { EXAMPLES_MAX = 2000, FEATURES_MAX = 128 };

struct logistic {
    struct landscape landscape; /* first: it is one */
    int examples, width;        /* width: with the bias column */
    double (*x)[FEATURES_MAX];
    double label[EXAMPLES_MAX];
    int gradients; /* asked for */
};

static double logistic_gradient(struct landscape *landscape, const double *theta,
                                struct sample sample, double *gradient, double *squares)
{
    struct logistic *data = (struct logistic *)landscape;
    double sum = 0.0;

    assert_int_equal(sample.count, landscape->examples);
    assert_null(squares);
    data->gradients++;
    memset(gradient, 0, (size_t)data->width * sizeof *gradient);
    for (int i = 0; i < data->examples; i++) {
        double margin = 0.0;
        for (int j = 0; j < data->width; j++)
            margin += data->x[i][j] * theta[j];
        margin *= data->label[i];
        sum += margin > 0.0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin;
        const double pull = -data->label[i] / (1.0 + exp(margin)) / (double)data->examples;
        for (int j = 0; j < data->width; j++)
            gradient[j] += pull * data->x[i][j];
    }
    return sum / (double)data->examples;
}

static const struct landscape_methods logistic_methods = {.gradient = logistic_gradient};

static void read_example(struct logistic *data, char *line)
{
    char *rest = NULL;
    const int i = data->examples++;
    assert_true(i < EXAMPLES_MAX);
    data->label[i] = strtod(strtok_r(line, " \n", &rest), NULL) > 0.0 ? 1.0 : -1.0;
    for (char *pair = strtok_r(NULL, " \n", &rest); pair; pair = strtok_r(NULL, " \n", &rest)) {
        char *colon = NULL;
        const long feature = strtol(pair, &colon, 10);
        assert_in_range(feature, 1, FEATURES_MAX - 1);
        data->x[i][feature - 1] = strtod(colon + 1, NULL);
        if (feature + 1 > data->width)
            data->width = (int)feature + 1;
    }
}

/* A LIBSVM file with a column of ones behind it; NULL where there is none. */
static struct logistic *open_logistic(const char *name)
{
    const char *folder = getenv("SWEEPD_TEST_DATA");
    AUTO_FREE char *path = xprintf("%s/libsvm/%s", folder ? folder : "../shared/data", name);
    char line[4096];
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("SKIPPED: there is no %s (see $SWEEPD_TEST_DATA)\n", path);
        return NULL;
    }
    struct logistic *data = xcalloc(1, sizeof *data);
    data->x = xcalloc(EXAMPLES_MAX, sizeof *data->x);
    while (fgets(line, sizeof line, file))
        read_example(data, line);
    fclose(file);
    for (int i = 0; i < data->examples; i++)
        data->x[i][data->width - 1] = 1.0;
    data->landscape = (struct landscape){.methods = &logistic_methods,
                                         .dimension = (size_t)data->width,
                                         .examples = (uint32_t)data->examples};
    return data;
}

static void logistic_free(struct logistic *data)
{
    free(data->x);
    free(data);
}

/* The greatest eigenvalue of X'X / n, by the power method. */
static double smoothness(const struct logistic *data)
{
    double v[FEATURES_MAX], next[FEATURES_MAX], value = 0.0;
    for (int j = 0; j < data->width; j++)
        v[j] = 1.0 / sqrt((double)data->width);
    for (int turn = 0; turn < 300; turn++) {
        memset(next, 0, sizeof next);
        for (int i = 0; i < data->examples; i++) {
            double along = 0.0;
            for (int j = 0; j < data->width; j++)
                along += data->x[i][j] * v[j];
            for (int j = 0; j < data->width; j++)
                next[j] += data->x[i][j] * along;
        }
        value = sqrt(vector_sum_squares((size_t)data->width, next));
        for (int j = 0; j < data->width; j++)
            v[j] = next[j] / value;
    }
    return value / (double)data->examples;
}

/* The summed loss behind at most 1,000 gradients, from the unit vector of equal entries.
 *     words  further settings; rate, ball_rate: times the smoothness, and as they are */
static double descend(struct logistic *data, double rate, double ball_rate, const char *words)
{
    const double lipschitz = smoothness(data), examples = (double)data->examples;
    AUTO_FREE char *settings =
        xprintf("{\"hyper_lr\": %.17g, \"momentum_lr\": %.17g, \"lipschitz\": %.17g, "
                "\"tolerance\": %.17g%s}",
                rate / lipschitz, ball_rate, lipschitz, 1e-4 / examples, words);
    const struct pieces pieces = {.dimension = (size_t)data->width};
    struct stepper stepper = stepper_on("hdm", settings, &pieces);
    double theta[FEATURES_MAX], gradient[FEATURES_MAX], told[METRICS], before = HUGE_VAL;
    struct error err;

    for (int j = 0; j < data->width; j++)
        theta[j] = 1.0 / sqrt((double)data->width);
    data->gradients = 0;
    for (int64_t t = 1; t < 1000; t++) {
        const struct step step = {
            .theta = theta, .gradient = gradient, .factor = 1.0, .t = t, .told = told};
        if (stepper_drive(&stepper, &step, &data->landscape, &err) < 0)
            fail_msg("%s", err.sentence);
        assert_true(told[METRIC_TRAIN_LOSS] <= before); /* null steps: it never rises */
        assert_in_range((int)(told[METRIC_MOMENTUM] * 1e4), 0, 9995);
        before = told[METRIC_TRAIN_LOSS];
    }
    assert_true(told[METRIC_WORK] == 3.0 * data->gradients);
    stepper_release(&stepper);
    return before * examples;
}

/* 89.7988811527 is what Newton's method comes to in hdm.py, whose own HDM comes to nine of its
 * digits over the whole grid of rates, with P diagonal or scalar, convex or not. */
static void hdm_finds_the_minimum_on_heart_scale(void **state)
{
    static const double rates[] = {0.1, 1.0, 10.0, 100.0}, ball_rates[] = {1.0, 10.0, 100.0};
    static const char *const forms[] = {"", ", \"convex\": true",
                                        ", \"convex\": true, \"preconditioner\": \"scalar\""};
    struct logistic *data = open_logistic("heart_scale");
    (void)state;
    if (!data)
        skip();
    assert_near(smoothness(data), 3.5922902845698474, 1e-10);
    for (size_t form = 0; form < COUNT_OF(forms); form++)
        for (size_t i = 0; i < COUNT_OF(rates); i++)
            for (size_t j = 0; j < COUNT_OF(ball_rates); j++)
                assert_near(descend(data, rates[i], ball_rates[j], forms[form]), 89.7988811527,
                            1e-9);
    logistic_free(data);
}

/* AV-14: the best of some of the protocol's grid; single points of it end within 1e-5 (as hdm.py
 * does on the first 1,605 lines of a9a.t). */
static void hdm_finds_the_minimum_on_a1a(void **state)
{
    static const double rates[] = {10.0, 100.0}, ball_rates[] = {3.0, 5.0};
    struct logistic *data = open_logistic("a1a");
    double best = HUGE_VAL;
    (void)state;
    if (!data)
        skip();
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        for (size_t j = 0; j < COUNT_OF(ball_rates); j++)
            best = fmin(best, descend(data, rates[i], ball_rates[j], ", \"convex\": true"));
    assert_near(best, 478.0901, 1e-6);
    logistic_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_steps_on_the_bowl_have_the_published_digits),
        cmocka_unit_test(every_rule_scope_and_level_is_that_of_the_reference),
        cmocka_unit_test(the_closed_forms_are_the_derivatives),
        cmocka_unit_test(the_hypergradient_told_is_the_derivative_by_the_rate),
        cmocka_unit_test(hdm_finds_the_minimum_on_heart_scale),
        cmocka_unit_test(hdm_finds_the_minimum_on_a1a),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
