/* Optimizers that train at one point and are judged at another: an average. */
#include "worker/resolved.h"
#include "worker/silent_report.h"

#include "memory.h"
#include "trainer/trainer.h"

static struct outcome train_on_a_bowl(const char *optimizer)
{
    AUTO_FREE char *text =
        xprintf("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4], \"start\": [1, "
                "-2]}, \"optimizer\": %s, \"steps\": 25, \"report_every_steps\": 25}",
                optimizer);
    json_t *spec = resolved(text);
    const struct training training = {.spec = spec, .run = 1, .attempt = 1, .wants_weights = true};
    const struct report report = silent_report(NULL, NULL);
    struct outcome outcome;
    train(&training, &report, &outcome);
    json_decref(spec);
    return outcome;
}

static double weight(const struct outcome *outcome, size_t i)
{
    return json_number_value(json_array_get(outcome->weights, i));
}

/* The loss of a bowl, 1/2 sum lambda x^2, is that of the weights that are given out: the ones that
 * one would use. */
static void the_loss_reported_is_that_of_the_weights_given_out(void **state)
{
    static const char *const tried[] = {
        "{\"type\": \"schedule_free\", \"form\": \"sgd\", \"lr\": 0.2}",
        "{\"type\": \"schedule_free\", \"lr\": 0.2}",
        "{\"type\": \"dog\", \"first_move\": 0.01}",
        "{\"type\": \"dog\", \"first_move\": 0.01, \"averaging\": null}",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        struct outcome outcome = train_on_a_bowl(tried[i]);
        if (outcome.state != OUTCOME_SUCCEEDED)
            fail_msg("%s", outcome.message);
        const double x = weight(&outcome, 0), y = weight(&outcome, 1);
        assert_near(json_number_value(json_object_get(outcome.metrics, "train_loss")),
                    0.5 * x * x + 2 * y * y, 1e-5);
        outcome_release(&outcome);
    }
}

static void an_average_is_not_where_it_trains(void **state)
{
    struct outcome average = train_on_a_bowl("{\"type\": \"dog\", \"first_move\": 0.01}");
    struct outcome last =
        train_on_a_bowl("{\"type\": \"dog\", \"first_move\": 0.01, \"averaging\": null}");
    (void)state;
    assert_true(fabs(weight(&average, 0) - weight(&last, 0)) > 1e-4);
    outcome_release(&average);
    outcome_release(&last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_reported_is_that_of_the_weights_given_out),
        cmocka_unit_test(an_average_is_not_where_it_trains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
