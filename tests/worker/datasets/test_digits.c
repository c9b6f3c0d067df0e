/*
 * The built-in digits are as hard as they claim: too hard for a line between the classes, easy for
 * one hidden layer. Trained by the real trainer with ordinary settings.
 */
#include "worker/datasets/uploads.h"
#include "worker/resolved.h"

#include "trainer/trainer.h"

static void started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    (void)context, (void)resumed, (void)steps, (void)earlier_ms;
}

static void row(void *context, int64_t step, const char *name, double value)
{
    double *best = context;
    (void)step;
    if (strcmp(name, "valid_accuracy") == 0 && value > *best)
        *best = value;
}

static void say(void *context, const char *text)
{
    (void)context, (void)text;
}

static void checkpoint(void *context, int64_t step)
{
    (void)context, (void)step;
}

static bool go_on(void *context, int64_t now_ns)
{
    (void)context, (void)now_ns;
    return false;
}

static void alive(void *context)
{
    (void)context;
}

static int64_t nothing_kept(void *context)
{
    (void)context;
    return -1;
}

/* The best validation accuracy of any epoch, and the last. */
static void train_on_digits(const char *model, double *best, double *last)
{
    struct folder folder = upload_folder();
    char text[512];
    *best = 0;
    const struct report report = {best, started, row, say, checkpoint, go_on, alive, nothing_kept};
    snprintf(text, sizeof text,
             "{\"dataset\": \"digits\", \"standardize\": \"global\", \"model\": %s,"
             " \"optimizer\": {\"type\": \"nesterov\", \"lr\": 0.05}, \"epochs\": 8}",
             model);
    json_t *spec = resolved(text);
    const struct training training = {.spec = spec, .cache = folder.path};
    struct outcome outcome;

    train(&training, &report, &outcome);
    if (outcome.state != OUTCOME_SUCCEEDED)
        fail_msg("%s", outcome.message);
    *last = json_number_at(outcome.metrics, "valid_accuracy", 0);
    outcome_release(&outcome);
    json_decref(spec);
    folder_remove(&folder);
}

static void softmax_regression_stays_below_93_percent(void **state)
{
    double best, last;
    (void)state;
    train_on_digits("{\"type\": \"softmax\"}", &best, &last);
    print_message("softmax regression: best %.4f, last %.4f\n", best, last);
    assert_true(best < 0.93);
    assert_true(last > 0.80); /* but it does learn */
}

static void a_hidden_layer_passes_97_percent(void **state)
{
    double best, last;
    (void)state;
    train_on_digits("{\"type\": \"mlp\", \"hidden\": [128]}", &best, &last);
    print_message("784-128-10: best %.4f, last %.4f\n", best, last);
    assert_true(last > 0.97);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_regression_stays_below_93_percent),
        cmocka_unit_test(a_hidden_layer_passes_97_percent),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
