#include "support/check.h"

#include "json.h"
#include "math/vectors.h"
#include "memory.h"
#include "objectives/supervised.h"
#include "random.h"

#include <stdlib.h>

/* --- small data sets in memory -----------------------------------------------------------------*/

enum { FEATURES = 4, CLASSES = 3, TRAIN = 50, VALID = 1100 };

static uint8_t train_bytes[TRAIN * FEATURES], valid_bytes[VALID * FEATURES];
static uint16_t train_labels[TRAIN], valid_labels[VALID];
static float feature_mean[FEATURES], feature_deviation[FEATURES] = {1, 1, 1, 1};

/* Class c shows as a bright feature c among dim ones. */
static void draw_part(uint8_t *bytes, uint16_t *labels, uint32_t count, uint64_t step)
{
    struct rng rng = rng_stream(1, RANDOM_TEST, step);
    for (uint32_t i = 0; i < count; i++) {
        labels[i] = (uint16_t)rng_below(&rng, CLASSES);
        for (uint32_t j = 0; j < FEATURES; j++)
            bytes[i * FEATURES + j] = (uint8_t)rng_below(&rng, 100);
        bytes[i * FEATURES + labels[i]] = (uint8_t)(155 + rng_below(&rng, 100));
    }
}

static struct dataset class_data(void)
{
    draw_part(train_bytes, train_labels, TRAIN, 0);
    draw_part(valid_bytes, valid_labels, VALID, 1);
    return (struct dataset){
        .rank = 1,
        .shape = {FEATURES},
        .feature_count = FEATURES,
        .classes = CLASSES,
        .train = {.count = TRAIN, .bytes = train_bytes, .labels = train_labels},
        .valid = {.count = VALID, .bytes = valid_bytes, .labels = valid_labels},
        .mean = 100,
        .deviation = 50,
        .feature_mean = feature_mean,
        .feature_deviation = feature_deviation,
    };
}

/* y = 2 x0 - x1 + 1, four examples. */
static const float line_features[] = {0, 0, 1, 0, 0, 1, 1, 1};
static const float line_targets[] = {1, 3, 0, 2};

static struct dataset line_data(void)
{
    return (struct dataset){
        .rank = 1,
        .shape = {2},
        .feature_count = 2,
        .target_count = 1,
        .train = {.count = 4, .floats = line_features, .targets = line_targets},
        .mean = 0.5,
        .deviation = 0.5,
        .feature_mean = feature_mean,
        .feature_deviation = feature_deviation,
    };
}

/* --- opening -----------------------------------------------------------------------------------*/

static const char softmax[] =
    "{\"dataset\": \"stripes\", \"standardize\": \"none\", \"loss\": null, \"batch_size\": 16, "
    "\"seed\": 5, \"model\": {\"type\": \"softmax\", \"init\": \"zero\"}}";

static struct objective *open_with(const char *text, const char *member, const char *value,
                                   const struct dataset *dataset)
{
    json_auto_t *spec = json_loads(text, 0, NULL);
    struct objective *objective;
    struct error err;
    if (member)
        json_object_set_new(spec, member, json_loads(value, JSON_DECODE_ANY, NULL));
    if (supervised_over(spec, dataset, &objective, &err) < 0)
        fail_msg("%s", err.sentence);
    return objective;
}

static void close_it(struct objective *objective)
{
    objective->methods->free(objective);
}

static double evaluate(struct objective *objective, const float *theta, enum part part,
                       struct evaluation *evaluation)
{
    assert_true(objective->methods->evaluate(objective, theta, part, NULL, NULL, evaluation));
    return evaluation->loss;
}

/* 15 parameters: 3 x 4 weights and 3 biases. 50 examples by 16: the fourth batch has 2. */
static void it_describes_itself(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    assert_int_equal(objective->dimension, 15);
    assert_int_equal(objective->tensor_count, 2);
    assert_string_equal(objective->tensors[1].name, "layers.0.bias");
    assert_int_equal(objective->steps_per_epoch, 4);
    close_it(objective);
}

/* --- values by hand ----------------------------------------------------------------------------*/

/* All logits are 0: log 3 for every example; the first class is guessed throughout. */
static void at_zero_every_class_is_equally_likely(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    float theta[15] = {1};
    struct evaluation evaluation;
    int first_class = 0;
    for (int i = 0; i < VALID; i++)
        first_class += valid_labels[i] == 0;

    objective->methods->init(objective, theta);
    assert_near(evaluate(objective, theta, PART_VALID, &evaluation), log(3), 1e-6);
    assert_true(evaluation.has_accuracy);
    assert_near(evaluation.accuracy, first_class / (double)VALID, 1e-12);
    close_it(objective);
}

/* At w = (1, 1), b = 0 the outputs are 0, 1, 1, 2, the errors -1, -2, 1, 0: mean square 6/4. The
 * gradient is 2/4 of the errors' products with (x0, x1, 1): (-2, 1, -2) / 2. */
static void regression_has_its_loss_and_gradient_by_hand(void **state)
{
    (void)state;
    const struct dataset data = line_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    const float theta[] = {1, 1, 0};
    float gradient[3];
    struct evaluation evaluation;
    uint32_t samples;

    assert_near(evaluate(objective, theta, PART_TRAIN, &evaluation), 1.5, 1e-6);
    assert_false(evaluation.has_accuracy);
    assert_near(objective->methods->loss_gradient(objective, theta, 0, gradient, &samples), 1.5,
                1e-6);
    assert_int_equal(samples, 4);
    assert_near((double)gradient[0], -1, 1e-6);
    assert_near((double)gradient[1], 0.5, 1e-6);
    assert_near((double)gradient[2], -1, 1e-6);
    close_it(objective);
}

static void a_part_without_examples_is_not_evaluated(void **state)
{
    (void)state;
    const struct dataset data = line_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    const float theta[3] = {0};
    struct evaluation evaluation;
    assert_false(
        objective->methods->evaluate(objective, theta, PART_VALID, NULL, NULL, &evaluation));
    close_it(objective);
}

/* --- batches and steps -------------------------------------------------------------------------*/

/* The batches of an epoch, weighed by their examples, make up the mean over the training part. */
static void an_epoch_of_batches_adds_up_to_the_training_part(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    struct evaluation evaluation;
    float theta[15], gradient[15];
    double sum = 0;
    uint32_t samples, all = 0;
    for (int i = 0; i < 15; i++)
        theta[i] = (float)(i % 5) / 4;

    for (uint64_t k = 0; k < objective->steps_per_epoch; k++) {
        const double mean =
            objective->methods->loss_gradient(objective, theta, k, gradient, &samples);
        sum += mean * samples;
        all += samples;
    }
    assert_int_equal(all, TRAIN);
    assert_near(sum / TRAIN, evaluate(objective, theta, PART_TRAIN, &evaluation), 1e-6);
    close_it(objective);
}

static void a_step_repeats_bit_for_bit_whatever_ran_before(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    const char *model = "{\"type\": \"mlp\", \"hidden\": [8, 8], \"activation\": \"gelu\", "
                        "\"dropout\": 0.2, \"init\": \"he\"}";
    struct objective *one = open_with(softmax, "model", model, &data);
    struct objective *other = open_with(softmax, "model", model, &data);
    const size_t bytes = one->dimension * sizeof(float);
    AUTO_FREE float *theta = xcalloc(1, bytes);
    AUTO_FREE float *first = xcalloc(1, bytes), *second = xcalloc(1, bytes);
    struct evaluation evaluation;
    uint32_t samples;

    one->methods->init(one, theta);
    for (uint64_t k = 0; k < 9; k++)
        one->methods->loss_gradient(one, theta, k, first, &samples);
    evaluate(one, theta, PART_VALID, &evaluation);
    const double loss = one->methods->loss_gradient(one, theta, 6, first, &samples);
    assert_true(other->methods->loss_gradient(other, theta, 6, second, &samples) == loss);
    assert_memory_equal(first, second, bytes);
    close_it(one);
    close_it(other);
}

/* Gradient descent on a separable problem: bright features name the class. */
static void descending_its_gradient_learns_the_classes(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, "standardize", "\"global\"", &data);
    float theta[15], gradient[15];
    struct evaluation evaluation;
    uint32_t samples;

    objective->methods->init(objective, theta);
    for (uint64_t k = 0; k < 200; k++) {
        objective->methods->loss_gradient(objective, theta, k, gradient, &samples);
        vector_add_scaled(15, -0.5F, gradient, theta);
    }
    assert_true(evaluate(objective, theta, PART_VALID, &evaluation) < 0.2);
    assert_true(evaluation.accuracy > 0.95);
    close_it(objective);
}

static void count_call(void *context)
{
    ++*(int *)context;
}

/* A model this wide is evaluated by chunks of 64 rows: 1,100 rows are 18 chunks. */
static void long_evaluations_show_that_they_are_alive(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective =
        open_with(softmax, "model",
                  "{\"type\": \"mlp\", \"hidden\": [65536], \"activation\": \"relu\", "
                  "\"dropout\": 0.0, \"init\": \"zero\"}",
                  &data);
    AUTO_FREE float *theta = xcalloc(objective->dimension, sizeof(float));
    struct evaluation evaluation;
    int calls = 0;
    assert_true(objective->methods->evaluate(objective, theta, PART_VALID, count_call, &calls,
                                             &evaluation));
    assert_true(calls >= 3);
    assert_near(evaluation.loss, log(3), 1e-6);
    close_it(objective);
}

static void diverged_weights_give_a_loss_that_is_not_finite(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, NULL, NULL, &data);
    float theta[15], gradient[15];
    struct evaluation evaluation;
    uint32_t samples;
    vector_fill(15, NAN, theta);
    assert_true(isnan(objective->methods->loss_gradient(objective, theta, 0, gradient, &samples)));
    assert_true(isnan(evaluate(objective, theta, PART_VALID, &evaluation)));
    close_it(objective);
}

/* --- refusals ----------------------------------------------------------------------------------*/

static void assert_refused(const char *member, const char *value, const struct dataset *dataset,
                           const char *piece)
{
    json_auto_t *spec = json_loads(softmax, 0, NULL);
    struct objective *objective = NULL;
    struct error err = {0};
    json_object_set_new(spec, member, json_loads(value, JSON_DECODE_ANY, NULL));
    assert_int_equal(supervised_over(spec, dataset, &objective, &err), -1);
    assert_null(objective);
    assert_says(err.sentence, piece);
}

static void a_loss_that_does_not_suit_the_labels_is_refused(void **state)
{
    (void)state;
    const struct dataset classes = class_data(), line = line_data();
    assert_refused("loss", "\"cross_entropy\"", &line, "take mean_squared");
    assert_refused("loss", "\"mean_squared\"", &classes, "take cross_entropy");
    assert_refused("loss", "\"hinge\"", &classes, "hinge");
}

static void an_empty_training_part_is_refused(void **state)
{
    (void)state;
    struct dataset data = class_data();
    data.train.count = 0;
    assert_refused("seed", "1", &data, "no examples");
}

/* --- inputs as targets -------------------------------------------------------------------------*/

static int refused(const struct dataset *data, const char *extra, struct error *err)
{
    json_auto_t *spec = json_loads(softmax, 0, NULL);
    json_auto_t *members = json_loads(extra, 0, NULL);
    struct objective *objective;
    assert_non_null(members);
    json_object_update(spec, members);
    return supervised_over(spec, data, &objective, err);
}

/* A line's features 0 or 1; at theta 0 every output is 0: the mean of x^2 is a half. The outputs'
 * biases have the gradient -2 mean(x) / 2 = -0.5 each. */
static void a_model_may_have_its_inputs_for_targets(void **state)
{
    (void)state;
    const struct dataset data = line_data();
    struct objective *objective = open_with(softmax, "targets", "\"inputs\"", &data);
    float theta[6] = {0}, gradient[6];
    struct evaluation evaluation;
    uint32_t samples;

    assert_int_equal(objective->dimension, 6);
    assert_near(evaluate(objective, theta, PART_TRAIN, &evaluation), 0.5, 1e-6);
    assert_false(evaluation.has_accuracy);
    objective->methods->loss_gradient(objective, theta, 0, gradient, &samples);
    assert_near((double)gradient[4], -0.5, 1e-6);
    close_it(objective);
}

static void inputs_of_classes_have_no_accuracy(void **state)
{
    (void)state;
    const struct dataset data = class_data();
    struct objective *objective = open_with(softmax, "targets", "\"inputs\"", &data);
    float theta[FEATURES * (FEATURES + 1)] = {0};
    struct evaluation evaluation;
    assert_int_equal(objective->dimension, FEATURES * (FEATURES + 1));
    evaluate(objective, theta, PART_VALID, &evaluation);
    assert_false(evaluation.has_accuracy);
    close_it(objective);
}

static void losses_that_do_not_suit_inputs_are_refused(void **state)
{
    (void)state;
    const struct dataset classes = class_data(), line = line_data();
    static float wide[] = {0, 2, 1, 0, 0, 1, 1, 1};
    struct dataset others = line;
    struct error err;

    others.train.floats = wide;
    assert_int_equal(
        refused(&classes, "{\"targets\": \"inputs\", \"loss\": \"cross_entropy\"}", &err), -1);
    assert_says(err.sentence, "take mean_squared");
    assert_int_equal(refused(&classes, "{\"loss\": \"binary_cross_entropy\"}", &err), -1);
    assert_says(err.sentence, "\"targets\": \"inputs\"");
    assert_int_equal(refused(&classes,
                             "{\"targets\": \"inputs\", \"loss\": \"binary_cross_entropy\", "
                             "\"standardize\": \"global\"}",
                             &err),
                     -1);
    assert_says(err.sentence, "\"standardize\": \"none\"");
    assert_int_equal(
        refused(&others, "{\"targets\": \"inputs\", \"loss\": \"binary_cross_entropy\"}", &err),
        -1);
    assert_says(err.sentence, "take mean_squared");
    assert_int_equal(refused(&line, "{\"loss\": \"binary_cross_entropy\"}", &err), -1);
    assert_says(err.sentence, "within 0 … 1"); /* its targets reach 3 */
}

/* log 2 for each of two outputs at theta 0. */
static void binary_cross_entropy_is_summed_over_the_outputs(void **state)
{
    (void)state;
    const struct dataset data = line_data();
    json_auto_t *spec = json_loads(softmax, 0, NULL);
    struct objective *objective;
    struct evaluation evaluation;
    const float theta[6] = {0};

    json_object_set_new(spec, "targets", json_string("inputs"));
    json_object_set_new(spec, "loss", json_string("binary_cross_entropy"));
    assert_int_equal(supervised_over(spec, &data, &objective, NULL), 0);
    assert_near(evaluate(objective, theta, PART_TRAIN, &evaluation), 2 * log(2), 1e-6);
    close_it(objective);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_describes_itself),
        cmocka_unit_test(at_zero_every_class_is_equally_likely),
        cmocka_unit_test(regression_has_its_loss_and_gradient_by_hand),
        cmocka_unit_test(a_part_without_examples_is_not_evaluated),
        cmocka_unit_test(an_epoch_of_batches_adds_up_to_the_training_part),
        cmocka_unit_test(a_step_repeats_bit_for_bit_whatever_ran_before),
        cmocka_unit_test(descending_its_gradient_learns_the_classes),
        cmocka_unit_test(long_evaluations_show_that_they_are_alive),
        cmocka_unit_test(diverged_weights_give_a_loss_that_is_not_finite),
        cmocka_unit_test(a_loss_that_does_not_suit_the_labels_is_refused),
        cmocka_unit_test(an_empty_training_part_is_refused),
        cmocka_unit_test(a_model_may_have_its_inputs_for_targets),
        cmocka_unit_test(inputs_of_classes_have_no_accuracy),
        cmocka_unit_test(losses_that_do_not_suit_inputs_are_refused),
        cmocka_unit_test(binary_cross_entropy_is_summed_over_the_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
