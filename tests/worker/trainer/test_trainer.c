#include "support/folder.h"
#include "worker/resolved.h"

#include "checkpoint.h"
#include "digest.h"
#include "dynamics/dynamics.h"
#include "math/fingerprint.h"
#include "memory.h"
#include "metrics.h"
#include "optimizers/optimizers.h"
#include "trainer/trainer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a report that remembers --------------------------------------------------------------- */

enum { ROWS_MAX = 4096, LOG_BYTES = 4096 };

struct row {
    int64_t step;
    char name[32];
    double value;
};

struct memory {
    struct row rows[ROWS_MAX];
    int count;
    char log[LOG_BYTES];
    int64_t resumed, steps;
    int64_t checkpoints[64];
    int checkpoint_count;
    int64_t polls;
    int64_t stop_at_poll; /* 0: never */
    int64_t kept;
};

static void on_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    struct memory *memory = context;
    memory->resumed = resumed;
    memory->steps = steps;
    assert_true(earlier_ms >= 0.0);
}

static void on_row(void *context, int64_t step, const char *name, double value)
{
    struct memory *memory = context;
    assert_true(memory->count < ROWS_MAX);
    struct row *row = &memory->rows[memory->count++];
    memset(row, 0, sizeof *row);
    row->step = step;
    row->value = value;
    snprintf(row->name, sizeof row->name, "%s", name);
}

static void on_log(void *context, const char *text)
{
    struct memory *memory = context;
    const size_t used = strlen(memory->log);
    snprintf(memory->log + used, LOG_BYTES - used, "%s\n", text);
}

static void on_checkpoint(void *context, int64_t step)
{
    struct memory *memory = context;
    memory->checkpoints[memory->checkpoint_count++ % 64] = step;
}

static bool on_poll(void *context, int64_t now_ns)
{
    struct memory *memory = context;
    assert_true(now_ns > 0);
    return ++memory->polls == memory->stop_at_poll;
}

static void on_alive(void *context)
{
    (void)context;
}

static int64_t on_kept(void *context)
{
    const struct memory *memory = context;
    return memory->kept;
}

static struct report report_to(struct memory *memory)
{
    return (struct report){memory,        on_started, on_row,   on_log,
                           on_checkpoint, on_poll,    on_alive, on_kept};
}

/* --- a training ---------------------------------------------------------------------------- */

static struct folder cache; /* of built-in data sets, for all tests */

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

static struct memory *memory_new(void)
{
    struct memory *memory = xcalloc(1, sizeof *memory);
    memory->kept = -1;
    return memory;
}

/* Trains a specification with a folder, from a checkpoint. The spec's text is resolved first. */
static struct outcome train_from(const char *text, const char *folder, int64_t checkpoint,
                                 struct memory *memory)
{
    json_t *spec = resolved(text);
    const struct training training = {.spec = spec,
                                      .cache = cache.path,
                                      .folder = folder,
                                      .run = 5,
                                      .attempt = 2,
                                      .checkpoint = checkpoint,
                                      .wants_weights = true};
    const struct report report = report_to(memory);
    struct outcome outcome;
    train(&training, &report, &outcome);
    json_decref(spec);
    return outcome;
}

static struct memory *train_whole(const char *text)
{
    struct memory *memory = memory_new();
    struct outcome outcome = train_from(text, NULL, 0, memory);
    assert_string_equal(outcome.message, "");
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    outcome_release(&outcome);
    return memory;
}

static const struct row *find_row(const struct memory *memory, int64_t step, const char *name)
{
    for (int i = 0; i < memory->count; i++) {
        if (memory->rows[i].step == step && strcmp(memory->rows[i].name, name) == 0)
            return &memory->rows[i];
    }
    return NULL;
}

static double value_of(const struct memory *memory, int64_t step, const char *name)
{
    const struct row *row = find_row(memory, step, name);
    if (row)
        return row->value;
    fail_msg("no %s at step %d", name, (int)step);
    return 0.0;
}

#define BOWL "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4], \"start\": [1, -2]}"

/* --- by hand ------------------------------------------------------------------------------- */

/* theta0 = (1, -2), gradient (1, -8), norm sqrt(65), l1 9. Rate 0.1: theta1 = (0.9, -1.2),
 * f = (0.81 + 4*1.44)/2 = 3.285; theta2 = (0.81, -0.72), f = (0.6561 + 4*0.5184)/2 = 1.36485. */
static void two_steps_down_the_bowl(void **state)
{
    (void)state;
    AUTO_FREE struct memory *memory =
        train_whole("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 2,"
                    " \"report_every_steps\": 1}");
    assert_int_equal(memory->steps, 2);
    assert_int_equal(memory->resumed, 0);
    assert_near(value_of(memory, 1, "train_loss"), 3.285, 1e-6);
    assert_near(value_of(memory, 2, "train_loss"), 1.36485, 1e-6);
    assert_near(value_of(memory, 1, "lr"), 0.1, 1e-15);
    assert_near(value_of(memory, 1, "gradient_norm"), sqrt(65.0), 1e-7);
    assert_near(value_of(memory, 1, "gradient_norm_l1"), 9.0, 1e-7);
    assert_near(value_of(memory, 1, "update_norm"), 0.1 * sqrt(65.0), 1e-6);
    assert_null(find_row(memory, 1, "valid_loss"));
    assert_null(find_row(memory, 1, "samples_per_s")); /* a problem has no samples */
}

static void the_weights_come_with_the_outcome(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome =
        train_from("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 2}",
                   NULL, 0, memory);
    assert_int_equal(outcome.step, 2);
    assert_near(json_number_value(json_array_get(outcome.weights, 0)), 0.81, 1e-6);
    assert_near(json_number_value(json_array_get(outcome.weights, 1)), -0.72, 1e-6);
    assert_near(json_number_at(outcome.metrics, "train_loss", 0), 1.36485, 1e-6);
    outcome_release(&outcome);
}

static void reports_come_at_their_interval_and_at_the_end(void **state)
{
    (void)state;
    AUTO_FREE struct memory *memory =
        train_whole("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 7,"
                    " \"report_every_steps\": 3}");
    for (int64_t step = 1; step <= 7; step++)
        assert_int_equal(find_row(memory, step, "lr") != NULL, step == 3 || step == 6 || step == 7);
}

static void the_rate_follows_the_schedule(void **state)
{
    (void)state;
    AUTO_FREE struct memory *memory = train_whole(
        "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"schedule\": \"linear\","
        " \"steps\": 4, \"report_every_steps\": 1}");
    for (int64_t step = 1; step <= 4; step++)
        assert_near(value_of(memory, step, "lr"), 0.1 * (double)(5 - step) / 4.0, 1e-12);
}

/* The gradient's norm is sqrt(65), brought to 1: the step is 0.1 long. */
static void clipping_shortens_the_step_but_not_the_reported_norm(void **state)
{
    (void)state;
    AUTO_FREE struct memory *memory =
        train_whole("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 1,"
                    " \"clip_norm\": 1}");
    assert_near(value_of(memory, 1, "gradient_norm"), sqrt(65.0), 1e-7);
    assert_near(value_of(memory, 1, "update_norm"), 0.1, 1e-6);
}

/* --- ending early -------------------------------------------------------------------------- */

/* Rate 1 on curvature 4: x becomes -3x. The gradient of step 80 is 4*2*3^79 = 3.9e38, more than the
 * 3.4e38 a float holds. */
static void expect_divergence(int64_t report_every, int64_t at)
{
    AUTO_FREE struct memory *memory = memory_new();
    AUTO_FREE char *spec =
        xprintf("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 1}, \"steps\": 1000,"
                " \"report_every_steps\": %d}",
                (int)report_every);
    AUTO_FREE char *sentence = xprintf("not finite at step %d", (int)at);
    struct outcome outcome = train_from(spec, NULL, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_DIVERGED);
    assert_int_equal(outcome.step, at);
    assert_says(outcome.message, sentence);
    assert_true(isfinite(value_of(memory, 70, "train_loss")));
    assert_false(isfinite(value_of(memory, at, "train_loss")));
    assert_true(json_is_null(json_object_get(outcome.metrics, "train_loss")));
    outcome_release(&outcome);
}

/* A report sees it in the weights of its own step, else the next step's loss tells. */
static void a_run_that_diverges_keeps_its_curve_up_to_there(void **state)
{
    (void)state;
    expect_divergence(10, 80);
    expect_divergence(14, 81);
}

static void a_run_stops_when_its_metric_is_low_enough(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome = train_from(
        "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 100,"
        " \"report_every_steps\": 1, \"stop_when\": {\"metric\": \"train_loss\", \"at_most\": 2}}",
        NULL, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_int_equal(outcome.step, 2); /* 3.285, then 1.36 */
    assert_says(outcome.message, "stopped at step 2: train_loss is 1.36");
    outcome_release(&outcome);
}

/* --- data sets ----------------------------------------------------------------------------- */

#define SPIRALS                                                                                    \
    "\"dataset\": \"spirals\", \"model\": {\"type\": \"mlp\", \"hidden\": [8], \"dropout\": 0.1}," \
    " \"batch_size\": 100"

static void a_data_set_is_evaluated_at_the_end_of_its_epochs(void **state)
{
    (void)state;
    AUTO_FREE struct memory *memory = train_whole(
        "{" SPIRALS ", \"optimizer\": {\"type\": \"adam\", \"lr\": 0.01}, \"epochs\": 5,"
        " \"evaluate_every_epochs\": 2, \"report_every_steps\": 1}");
    const int64_t per_epoch = memory->steps / 5;
    assert_true(per_epoch > 1);
    for (int64_t step = 1; step <= memory->steps; step++) {
        const bool wanted = step == 2 * per_epoch || step == 4 * per_epoch || step == memory->steps;
        assert_int_equal(find_row(memory, step, "valid_loss") != NULL, wanted);
        assert_int_equal(find_row(memory, step, "valid_accuracy") != NULL, wanted);
        assert_true(value_of(memory, step, "samples_per_s") > 0.0);
    }
}

/* The mean of the batches' losses that each had a report of their own in the other run. */
static void the_training_loss_is_the_mean_since_the_last_report(void **state)
{
    (void)state;
    AUTO_FREE struct memory *each =
        train_whole("{" SPIRALS ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 9,"
                    " \"report_every_steps\": 1}");
    AUTO_FREE struct memory *fourth =
        train_whole("{" SPIRALS ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 9,"
                    " \"report_every_steps\": 4}");
    double sum = 0.0;
    for (int64_t step = 5; step <= 8; step++)
        sum += value_of(each, step, "train_loss");
    assert_near(value_of(fourth, 8, "train_loss"), sum / 4.0, 1e-14);
    assert_near(value_of(fourth, 9, "train_loss"), value_of(each, 9, "train_loss"), 1e-14);
}

/* Rate 0 is not accepted; with one too small to change any float the loss never improves: the first
 * evaluation is the best, and two later ones are as many as patience has. */
static void patience_ends_a_run_that_does_not_improve(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome = train_from(
        "{" SPIRALS ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 1e-30}, \"epochs\": 10,"
        " \"patience\": 2}",
        NULL, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_int_equal(outcome.step, 3 * (memory->steps / 10));
    assert_says(outcome.message, "has not improved for 2 evaluations");
    outcome_release(&outcome);
}

static void a_loss_that_does_not_suit_the_labels_fails_the_run(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome = train_from("{" SPIRALS ", \"loss\": \"mean_squared\","
                                        " \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}}",
                                        NULL, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_FAILED);
    assert_says(outcome.message, "mean_squared");
    assert_int_equal(outcome.step, 0);
    outcome_release(&outcome);
}

/* --- going on ------------------------------------------------------------------------------ */

static char *slurp(const char *path, size_t *bytes)
{
    struct stat status;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    *bytes = (size_t)status.st_size;
    char *text = xcalloc(*bytes, 1);
    assert_int_equal(read(fd, text, *bytes), *bytes);
    return text;
}

/* Rows at or behind `from` of one run are rows of the other, bit for bit; clocks excepted. */
static void expect_same_rows(const struct memory *whole, const struct memory *part, int64_t from)
{
    int compared = 0;
    for (int i = 0; i < part->count; i++) {
        const struct row *row = &part->rows[i];
        const struct row *other = find_row(whole, row->step, row->name);
        assert_non_null(other);
        if (!metric_kinds[metric_find(row->name)].repeats)
            continue;
        assert_memory_equal(&row->value, &other->value, sizeof row->value);
        compared++;
    }
    for (int i = 0; i < whole->count; i++) {
        if (whole->rows[i].step > from)
            assert_non_null(find_row(part, whole->rows[i].step, whole->rows[i].name));
    }
    assert_true(compared > 0);
}

static void expect_same_model(const struct folder *one, const struct folder *other)
{
    size_t bytes, other_bytes;
    AUTO_FREE char *model = slurp(folder_path(one, "model.safetensors"), &bytes);
    AUTO_FREE char *other_model = slurp(folder_path(other, "model.safetensors"), &other_bytes);
    assert_int_equal(bytes, other_bytes);
    assert_memory_equal(model, other_model, bytes);
}

/* Trains without a break; then again, stopped behind some step and gone on with: same rows, same
 * model file. */
static void expect_resume_to_repeat(const char *spec, int64_t stop_at)
{
    struct folder undisturbed = folder_make(), interrupted = folder_make();
    AUTO_FREE struct memory *whole = memory_new();
    AUTO_FREE struct memory *before = memory_new();
    AUTO_FREE struct memory *after = memory_new();

    struct outcome outcome = train_from(spec, undisturbed.path, 0, whole);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    json_t *metrics = json_incref(outcome.metrics);
    outcome_release(&outcome);

    before->stop_at_poll = stop_at;
    outcome = train_from(spec, interrupted.path, 0, before);
    assert_int_equal(outcome.state, OUTCOME_STOPPED);
    assert_int_equal(outcome.step, stop_at);
    assert_int_equal(before->checkpoints[before->checkpoint_count - 1], stop_at);
    outcome_release(&outcome);

    outcome = train_from(spec, interrupted.path, stop_at, after);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_int_equal(after->resumed, stop_at);
    assert_string_equal(after->log, "");
    expect_same_rows(whole, after, stop_at);
    expect_same_model(&undisturbed, &interrupted);
    json_object_del(metrics, "samples_per_s");
    json_object_del(outcome.metrics, "samples_per_s");
    assert_true(json_equal(metrics, outcome.metrics));
    outcome_release(&outcome);
    json_decref(metrics);
    folder_remove(&undisturbed);
    folder_remove(&interrupted);
}

static void every_optimizer_goes_on_bit_for_bit(void **state)
{
    (void)state;
    for (int i = 0; optimizers[i]; i++) {
        AUTO_FREE char *spec =
            xprintf("{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4, 2, 3, 5],"
                    " \"start\": [1, -2, 3, -1, 2], \"noise\": %s},"
                    " \"optimizer\": {\"type\": \"%s\", \"lr\": 0.0001, \"weight_decay\": 0.01},"
                    " \"schedule\": {\"type\": \"cosine\", \"warmup\": 0.1}, \"steps\": 40,"
                    " \"report_every_steps\": 7}",
                    optimizers[i]->drive ? "0" : "0.1", optimizers[i]->name);
        expect_resume_to_repeat(spec, 17);
    }
}

/* 300 copies: several blocks, the average, the quantiles; and each SDE in the optimizer's place. */
static void replicas_and_sdes_go_on_bit_for_bit(void **state)
{
    static const char *const form =
        "{\"problem\": {\"type\": \"saddle\", \"noise_deviation\": [0.1, 0.3], \"noise_nu\": 3},"
        " \"replicas\": 300, \"dynamics\": \"%s\", \"burn_in\": 0.25, \"steps\": 40,"
        " \"optimizer\": {\"type\": \"%s\", \"lr\": 0.01, \"weight_decay\": 0.01},"
        " \"schedule\": {\"type\": \"cosine\"}, \"report_every_steps\": 7}";
    (void)state;
    for (int i = 0; dynamics_kinds[i]; i++) {
        AUTO_FREE char *discrete = xprintf(form, "discrete", dynamics_kinds[i]->optimizer);
        AUTO_FREE char *sde = xprintf(form, "sde", dynamics_kinds[i]->optimizer);
        expect_resume_to_repeat(discrete, 17);
        expect_resume_to_repeat(sde, 17);
    }
}

/* Samples, pairs, damping and the last solve's end, on examples that are drawn anew each time. */
static void second_order_goes_on_bit_for_bit_on_data(void **state)
{
    static const char *const choices[] = {
        "{\"type\": \"hf\", \"gradient_sampling\": \"geometric\", \"curvature_start\": 0.2}",
        "{\"type\": \"hf\", \"preconditioner\": \"diagonal\", \"gradient_sampling\": \"variance\"}",
        "{\"type\": \"hf\", \"preconditioner\": \"lbfgs_live\", \"weight_decay\": 0.001}",
        "{\"type\": \"lbfgs\"}",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        AUTO_FREE char *spec =
            xprintf("{\"dataset\": \"spirals\", \"model\": {\"type\": \"mlp\", \"hidden\": [8],"
                    " \"activation\": \"tanh\"}, \"optimizer\": %s, \"iterations\": 9}",
                    choices[i]);
        expect_resume_to_repeat(spec, 4);
    }
}

static void a_model_learns_to_give_its_inputs_back(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome =
        train_from("{\"dataset\": \"spirals\", \"targets\": \"inputs\", \"model\": {\"type\": "
                   "\"mlp\", \"hidden\": [8], \"activation\": \"tanh\"}, \"optimizer\": "
                   "{\"type\": \"hf\", \"lambda\": 1}, \"iterations\": 12}",
                   NULL, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_true(json_number_at(outcome.metrics, "valid_loss", 1) < 0.01); /* of a variance of 1 */
    assert_null(json_object_get(outcome.metrics, "valid_accuracy"));
    outcome_release(&outcome);
}

static void a_model_with_dropout_goes_on_bit_for_bit(void **state)
{
    (void)state;
    expect_resume_to_repeat("{" SPIRALS ", \"optimizer\": {\"type\": \"rmsprop\", \"lr\": 0.01,"
                            " \"momentum\": 0.5, \"centred\": true}, \"epochs\": 3,"
                            " \"clip_norm\": 0.5, \"report_every_steps\": 4, \"patience\": 9}",
                            11);
}

#define EVERY_REPORT                                                                               \
    "{" BOWL ", \"optimizer\": {\"type\": \"adam\", \"lr\": 0.01}, \"steps\": 50,"                 \
    " \"report_every_steps\": 10, \"checkpoint_every_s\": 0}"

static void checkpoints_may_come_with_every_report(void **state)
{
    struct folder folder = folder_make();
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome = train_from(EVERY_REPORT, folder.path, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_int_equal(memory->checkpoint_count, 4); /* the last step ends the run instead */
    for (int i = 0; i < 4; i++)
        assert_int_equal(memory->checkpoints[i], 10 * (i + 1));
    outcome_release(&outcome);
    folder_remove(&folder);
}

static bool is_there(const struct folder *folder, const char *name)
{
    return access(folder_path(folder, name), F_OK) == 0;
}

static void older_checkpoints_go_when_a_newer_one_is_on_record(void **state)
{
    struct folder folder = folder_make();
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    memory->kept = 20;
    struct outcome outcome = train_from(EVERY_REPORT, folder.path, 0, memory);
    assert_false(is_there(&folder, "checkpoint-10"));
    assert_true(is_there(&folder, "checkpoint-20"));
    assert_true(is_there(&folder, "checkpoint-30"));
    assert_true(is_there(&folder, "checkpoint-40"));
    outcome_release(&outcome);
    folder_remove(&folder);
}

/* Fills a folder with checkpoints 10 … 40 of EVERY_REPORT. */
static void leave_checkpoints(const struct folder *folder)
{
    AUTO_FREE struct memory *memory = memory_new();
    struct outcome outcome = train_from(EVERY_REPORT, folder->path, 0, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    outcome_release(&outcome);
}

/* Goes on from 30 and expects that it began at `resumed`, with a log that says `piece`. */
static void expect_resumed(const struct folder *folder, const char *spec, int64_t resumed,
                           const char *piece)
{
    AUTO_FREE struct memory *memory = memory_new();
    struct outcome outcome = train_from(spec, folder->path, 30, memory);
    assert_int_equal(outcome.state, OUTCOME_SUCCEEDED);
    assert_int_equal(memory->resumed, resumed);
    assert_says(memory->log, piece);
    outcome_release(&outcome);
}

static void a_recorded_checkpoint_is_taken_though_a_newer_one_is_there(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    leave_checkpoints(&folder);
    expect_resumed(&folder, EVERY_REPORT, 30, "");
    folder_remove(&folder);
}

static void a_lost_checkpoint_is_replaced_by_an_older_one_never_a_newer(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    leave_checkpoints(&folder);
    assert_int_equal(unlink(folder_path(&folder, "checkpoint-30")), 0);
    expect_resumed(&folder, EVERY_REPORT, 20, "checkpoint 30 cannot be used");
    folder_remove(&folder);
}

static void a_damaged_checkpoint_is_replaced_by_an_older_one(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    leave_checkpoints(&folder);
    assert_int_equal(truncate(folder_path(&folder, "checkpoint-30"), 200), 0);
    expect_resumed(&folder, EVERY_REPORT, 20, "digest");
    folder_remove(&folder);
}

static void checkpoints_of_another_specification_are_not_taken(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    leave_checkpoints(&folder);
    expect_resumed(&folder,
                   "{" BOWL ", \"optimizer\": {\"type\": \"adam\", \"lr\": 0.02}, \"steps\": 50}",
                   0, "another specification");
    folder_remove(&folder);
}

static void without_any_checkpoint_it_begins_anew(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    expect_resumed(&folder, EVERY_REPORT, 0, "checkpoint 30 cannot be used");
    folder_remove(&folder);
}

/* The bits would differ from here on, and nobody would know. */
static void a_checkpoint_from_other_kernels_is_refused(void **state)
{
    struct folder folder = folder_make();
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;

    json_t *spec = resolved(EVERY_REPORT);
    AUTO_FREE char *text = json_compact(spec);
    char digest[DIGEST_TEXT_BYTES];
    digest_of(text, strlen(text), digest);
    const struct checkpoint_head head = {.run = 5,
                                         .attempt = 1,
                                         .step = 30,
                                         .fingerprint = "{\"core\":\"Abacus\"}",
                                         .spec_digest = digest};
    assert_int_equal(checkpoint_write(folder.path, &head, NULL, 0, NULL), 0);

    struct outcome outcome = train_from(EVERY_REPORT, folder.path, 30, memory);
    assert_int_equal(outcome.state, OUTCOME_FAILED);
    assert_says(outcome.message, "cannot be continued on this machine");
    assert_says(outcome.message, "Abacus");
    assert_true(is_there(&folder, "checkpoint-30"));
    outcome_release(&outcome);
    json_decref(spec);
    folder_remove(&folder);
}

static void a_checkpoint_that_cannot_be_written_does_not_end_the_run(void **state)
{
    AUTO_FREE struct memory *memory = memory_new();
    (void)state;
    struct outcome outcome = train_from(EVERY_REPORT, "/no/such/folder", 0, memory);
    assert_says(memory->log, "no checkpoint at step 10");
    assert_int_equal(outcome.step, 50);
    assert_int_equal(outcome.state, OUTCOME_FAILED); /* but a model that cannot be kept does */
    assert_says(outcome.message, "model.safetensors");
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_steps_down_the_bowl),
        cmocka_unit_test(the_weights_come_with_the_outcome),
        cmocka_unit_test(reports_come_at_their_interval_and_at_the_end),
        cmocka_unit_test(the_rate_follows_the_schedule),
        cmocka_unit_test(clipping_shortens_the_step_but_not_the_reported_norm),
        cmocka_unit_test(a_run_that_diverges_keeps_its_curve_up_to_there),
        cmocka_unit_test(a_run_stops_when_its_metric_is_low_enough),
        cmocka_unit_test(a_data_set_is_evaluated_at_the_end_of_its_epochs),
        cmocka_unit_test(the_training_loss_is_the_mean_since_the_last_report),
        cmocka_unit_test(patience_ends_a_run_that_does_not_improve),
        cmocka_unit_test(a_loss_that_does_not_suit_the_labels_fails_the_run),
        cmocka_unit_test(every_optimizer_goes_on_bit_for_bit),
        cmocka_unit_test(replicas_and_sdes_go_on_bit_for_bit),
        cmocka_unit_test(second_order_goes_on_bit_for_bit_on_data),
        cmocka_unit_test(a_model_learns_to_give_its_inputs_back),
        cmocka_unit_test(a_model_with_dropout_goes_on_bit_for_bit),
        cmocka_unit_test(checkpoints_may_come_with_every_report),
        cmocka_unit_test(older_checkpoints_go_when_a_newer_one_is_on_record),
        cmocka_unit_test(a_recorded_checkpoint_is_taken_though_a_newer_one_is_there),
        cmocka_unit_test(a_lost_checkpoint_is_replaced_by_an_older_one_never_a_newer),
        cmocka_unit_test(a_damaged_checkpoint_is_replaced_by_an_older_one),
        cmocka_unit_test(checkpoints_of_another_specification_are_not_taken),
        cmocka_unit_test(without_any_checkpoint_it_begins_anew),
        cmocka_unit_test(a_checkpoint_from_other_kernels_is_refused),
        cmocka_unit_test(a_checkpoint_that_cannot_be_written_does_not_end_the_run),
    };
    return cmocka_run_group_tests(tests, make_cache, remove_cache);
}
