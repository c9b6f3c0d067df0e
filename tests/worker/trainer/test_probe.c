/* Probing the gradient's noise while a model trains. */
#include "support/folder.h"
#include "worker/resolved.h"
#include "worker/silent_report.h"

#include "memory.h"
#include "metrics.h"
#include "trainer/trainer.h"

static struct folder cache;

static int make_cache(void **state)
{
    (void)state;
    cache = folder_make();
    return 0;
}

static int remove_cache(void **state)
{
    (void)state;
    folder_remove(&cache);
    return 0;
}

/* At which steps there was a row of a noise metric. */
struct seen {
    int64_t trace[64];
    int traces, scales, tails;
};

static void on_row(void *context, int64_t step, const char *name, double value)
{
    struct seen *seen = context;
    if (strcmp(name, "noise_trace") == 0) {
        assert_true(value > 0.0);
        seen->trace[seen->traces++ % 64] = step;
    }
    seen->scales += strcmp(name, "noise_scale") == 0;
    seen->tails += strcmp(name, "noise_tail") == 0;
}

/* The weights at the end; the caller frees them. */
static json_t *train_with(const char *member, const char *optimizer, struct seen *seen)
{
    AUTO_FREE char *text =
        xprintf("{\"dataset\": \"gaussians\", \"model\": {\"type\": \"mlp\", \"hidden\": [6], "
                "\"dropout\": 0.2}, \"optimizer\": %s, \"steps\": 24, \"report_every_steps\": 8, "
                "\"batch_size\": 32%s}",
                optimizer, member);
    json_t *spec = resolved(text);
    const struct training training = {
        .spec = spec, .cache = cache.path, .run = 1, .attempt = 1, .wants_weights = true};
    const struct report report = silent_report(seen, on_row);
    struct outcome outcome;
    *seen = (struct seen){0};
    train(&training, &report, &outcome);
    if (outcome.state != OUTCOME_SUCCEEDED)
        fail_msg("%s", outcome.message);
    json_t *weights = json_incref(outcome.weights);
    outcome_release(&outcome);
    json_decref(spec);
    return weights;
}

static void a_probe_changes_no_bit_of_the_training(void **state)
{
    static const char *const optimizers_tried[] = {"{\"type\": \"sgd\", \"lr\": 0.1}",
                                                   "{\"type\": \"soap\", \"lr\": 0.01}",
                                                   "{\"type\": \"dog\"}"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(optimizers_tried); i++) {
        struct seen plain, probed;
        json_t *one = train_with("", optimizers_tried[i], &plain);
        json_t *other =
            train_with(", \"probe_noise_every_steps\": 5", optimizers_tried[i], &probed);
        assert_true(json_array_size(one) > 10);
        assert_true(json_equal(one, other));
        assert_int_equal(plain.traces, 0);
        assert_int_equal(probed.traces, 4);
        json_decref(one);
        json_decref(other);
    }
}

static void rows_come_at_the_steps_asked_for(void **state)
{
    struct seen seen;
    (void)state;

    json_decref(
        train_with(", \"probe_noise_every_steps\": 7", "{\"type\": \"sgd\", \"lr\": 0.1}", &seen));
    assert_int_equal(seen.traces, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(seen.trace[i], 7 * (i + 1));
    assert_int_equal(seen.tails, 3); /* 32 parts of one example: enough for a tail */
    assert_in_range(seen.scales, 0, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_changes_no_bit_of_the_training),
        cmocka_unit_test(rows_come_at_the_steps_asked_for),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
