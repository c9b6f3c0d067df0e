/* The noise of real gradients, against formulas for each example's. */
#include "support/check.h"

#include "json.h"
#include "memory.h"
#include "objectives/supervised.h"

static float feature_mean[2], feature_deviation[2] = {1, 1};

/* y = 2 x0 - x1 + 1, four examples. */
static const float features[] = {0, 0, 1, 0, 0, 1, 1, 1};
static const float targets[] = {1, 3, 0, 2};
static const uint16_t labels[] = {0, 2, 1, 2};

static struct dataset data_of(bool classes)
{
    return (struct dataset){
        .rank = 1,
        .shape = {2},
        .feature_count = 2,
        .classes = classes ? 3 : 0,
        .target_count = classes ? 0 : 1,
        .train = {.count = 4,
                  .floats = features,
                  .targets = classes ? NULL : targets,
                  .labels = classes ? labels : NULL},
        .mean = 0.5,
        .deviation = 0.5,
        .feature_mean = feature_mean,
        .feature_deviation = feature_deviation,
    };
}

static struct objective *open_on(const struct dataset *dataset, const char *model)
{
    AUTO_FREE char *text = xprintf("{\"dataset\": \"line\", \"standardize\": \"none\", \"loss\": "
                                   "null, \"batch_size\": 4, \"seed\": 5, "
                                   "\"probe_noise_every_steps\": 1, \"model\": %s}",
                                   model);
    json_auto_t *spec = json_loads(text, 0, NULL);
    struct objective *objective;
    struct error err;
    assert_non_null(spec);
    if (supervised_over(spec, dataset, &objective, &err) < 0)
        fail_msg("%s", err.sentence);
    return objective;
}

static void probe(struct objective *objective, const float *theta, double metrics[METRICS])
{
    for (int i = 0; i < METRICS; i++)
        metrics[i] = (double)NAN;
    objective->methods->probe(objective, theta, 0, NULL, NULL, metrics);
}

/* At zero the gradients are -2 y (x, 1): (0, 0, -2), (-6, 0, -6), 0 and (-4, -4, -4), whose mean is
 * (-2.5, -1, -3) and whose squared distances from it are 59 in all: tr(S) = 59/3; |G|^2 = 16.25 -
 * 59/12 = 34/3. */
static void a_regression_is_as_by_hand(void **state)
{
    const struct dataset dataset = data_of(false);
    struct objective *objective = open_on(&dataset, "{\"type\": \"softmax\", \"init\": \"zero\"}");
    const float theta[3] = {0};
    double metrics[METRICS];
    (void)state;

    assert_int_equal(objective->dimension, 3);
    probe(objective, theta, metrics);
    assert_near(metrics[METRIC_NOISE_TRACE], 59.0 / 3, 1e-6);
    assert_near(metrics[METRIC_NOISE_SCALE], 59.0 / 34, 1e-6);
    objective->methods->free(objective);
}

/* At zero all three classes are as likely: the gradient of an example is (1/3 - onehot) (x, 1)'. */
static void a_softmax_is_as_its_formula(void **state)
{
    const struct dataset dataset = data_of(true);
    struct objective *objective = open_on(&dataset, "{\"type\": \"softmax\", \"init\": \"zero\"}");
    const float theta[9] = {0};
    double each[4][9], mean[9] = {0}, metrics[METRICS], squares = 0, norm = 0;
    (void)state;

    for (int e = 0; e < 4; e++)
        for (int i = 0; i < 9; i++) {
            const double input = i % 3 == 2 ? 1 : (double)features[e * 2 + i % 3];
            each[e][i] = (1.0 / 3 - (i / 3 == labels[e])) * input;
            mean[i] += each[e][i] / 4;
        }
    for (int i = 0; i < 9; i++) {
        norm += mean[i] * mean[i];
        for (int e = 0; e < 4; e++)
            squares += (each[e][i] - mean[i]) * (each[e][i] - mean[i]);
    }
    probe(objective, theta, metrics);
    assert_near(metrics[METRIC_NOISE_TRACE], squares / 3, 1e-5);
    const double signal = norm - squares / 12;
    if (signal > 0)
        assert_near(metrics[METRIC_NOISE_SCALE], squares / 3 / signal, 1e-4);
    else
        assert_true(isnan(metrics[METRIC_NOISE_SCALE]));
    objective->methods->free(objective);
}

static void the_next_gradient_does_not_notice(void **state)
{
    const struct dataset dataset = data_of(true);
    struct objective *objective =
        open_on(&dataset, "{\"type\": \"mlp\", \"hidden\": [5], \"activation\": \"relu\", "
                          "\"dropout\": 0.3, \"init\": \"he\"}");
    const size_t bytes = objective->dimension * sizeof(float);
    AUTO_FREE float *theta = xcalloc(1, bytes);
    AUTO_FREE float *before = xcalloc(1, bytes);
    AUTO_FREE float *after = xcalloc(1, bytes);
    double metrics[METRICS];
    uint32_t samples;
    (void)state;

    objective->methods->init(objective, theta);
    objective->methods->loss_gradient(objective, theta, 3, before, &samples);
    probe(objective, theta, metrics);
    assert_true(metrics[METRIC_NOISE_TRACE] > 0);
    objective->methods->loss_gradient(objective, theta, 3, after, &samples);
    assert_memory_equal(before, after, bytes);
    objective->methods->free(objective);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_regression_is_as_by_hand),
        cmocka_unit_test(a_softmax_is_as_its_formula),
        cmocka_unit_test(the_next_gradient_does_not_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
