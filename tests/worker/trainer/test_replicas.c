/* Replicas and SDEs in a whole run: what is averaged, and what the trainer refuses by itself. */
#include "worker/forgetful.h"
#include "worker/resolved.h"

#include "memory.h"

#define BOWL                                                                                       \
    "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1], \"start\": [2], \"noise\": "     \
    "1e-9}"

static struct outcome outcome_of(const json_t *spec)
{
    const struct training training = {.spec = spec, .run = 1, .attempt = 1, .wants_weights = true};
    struct outcome outcome;
    train(&training, &forgetful_report, &outcome);
    return outcome;
}

static double metric_of(const char *text, const char *name)
{
    json_t *spec = resolved(text);
    struct outcome outcome = outcome_of(spec);
    assert_string_equal(outcome.message, "");
    const double value = json_number_at(outcome.metrics, name, -1);
    outcome_release(&outcome);
    json_decref(spec);
    return value;
}

/* Rate 1/2 halves x each step: from 2, the losses before the steps are 2, 1/2, 1/8, 1/32. Of four
 * steps, half are left out. */
static void the_average_is_of_the_losses_behind_the_burn_in(void **state)
{
    (void)state;
    assert_near(metric_of("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.5},"
                          " \"steps\": 4}",
                          "loss_average"),
                (1.0 / 8 + 1.0 / 32) / 2, 1e-6);
    assert_near(metric_of("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.5},"
                          " \"steps\": 4, \"burn_in\": 0}",
                          "loss_average"),
                (2 + 1.0 / 2 + 1.0 / 8 + 1.0 / 32) / 4, 1e-6);
    assert_near(metric_of("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.5},"
                          " \"steps\": 4, \"replicas\": 7, \"burn_in\": 0.75}",
                          "loss_average"),
                1.0 / 32, 1e-6);
}

/* Without chance the last loss says all. */
static void without_noise_there_is_no_average(void **state)
{
    (void)state;
    assert_true(metric_of("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1]},"
                          " \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.5}, \"steps\": 4}",
                          "loss_average") == -1.0);
}

/* A specification that no check of the server has seen; `member` is put over it. */
static void expect_failure(const char *optimizer, const char *member, const char *piece)
{
    AUTO_FREE char *text =
        xprintf("{" BOWL ", \"optimizer\": {\"type\": \"%s\", \"lr\": 0.1}}", optimizer);
    json_t *spec = resolved(text);
    json_t *over = json_loads(member, 0, NULL);
    assert_non_null(over);
    json_object_update(spec, over);
    struct outcome outcome = outcome_of(spec);
    assert_int_equal(outcome.state, OUTCOME_FAILED);
    assert_says(outcome.message, piece);
    outcome_release(&outcome);
    json_decref(over);
    json_decref(spec);
}

static void the_trainer_refuses_what_would_not_be_independent(void **state)
{
    (void)state;
    expect_failure("sgd_hd", "{\"replicas\": 2}", "sgd_hd looks at all parameters at once");
    expect_failure("sgd", "{\"replicas\": 2, \"clip_norm\": 1.0}", "norm over all replicas");
}

static void the_trainer_refuses_sdes_that_there_are_not(void **state)
{
    (void)state;
    expect_failure("lion", "{\"dynamics\": \"sde\"}", "no SDE of lion");
    expect_failure("sgd", "{\"dynamics\": \"sde\", \"clip_norm\": 1.0}", "leave clip_norm out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_average_is_of_the_losses_behind_the_burn_in),
        cmocka_unit_test(without_noise_there_is_no_average),
        cmocka_unit_test(the_trainer_refuses_what_would_not_be_independent),
        cmocka_unit_test(the_trainer_refuses_sdes_that_there_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
