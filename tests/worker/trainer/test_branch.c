/* Runs that go on from the middle of another one: kept-STEP written, checked, and taken up. */
#include "support/folder.h"
#include "worker/resolved.h"

#include "branching.h"
#include "memory.h"
#include "optimizers/optimizers.h"
#include "trainer/trainer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* --- a training that nobody watches ---------------------------------------------------------- */

struct seen {
    int64_t resumed;
    char log[1024];
};

static void on_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    ((struct seen *)context)->resumed = resumed;
    assert_true(steps > 0 && earlier_ms >= 0.0);
}

static void on_row(void *context, int64_t step, const char *name, double value)
{
    (void)context, (void)step, (void)name, (void)value;
}

static void on_log(void *context, const char *text)
{
    struct seen *seen = context;
    snprintf(seen->log, sizeof seen->log, "%s", text);
}

static void on_checkpoint(void *context, int64_t step)
{
    (void)context, (void)step;
}

static bool on_poll(void *context, int64_t now_ns)
{
    (void)context;
    return now_ns < 0;
}

static void on_alive(void *context)
{
    (void)context;
}

static int64_t on_kept(void *context)
{
    (void)context;
    return INT64_MAX; /* every checkpoint is on record: older ones go */
}

static struct folder runs; /* with one folder a run, as a server has it */

/* Trains run number `run` in its folder. */
static struct outcome train_run(int64_t run, const char *text, struct seen *seen)
{
    const struct report report = {seen,          on_started, on_row,   on_log,
                                  on_checkpoint, on_poll,    on_alive, on_kept};
    char name[24];
    snprintf(name, sizeof name, "%" PRId64, run);
    AUTO_FREE char *folder = xstrdup(folder_path(&runs, name));
    json_t *spec = resolved(text);
    const struct training training = {.spec = spec,
                                      .cache = runs.path,
                                      .folder = folder,
                                      .run = run,
                                      .attempt = 1,
                                      .wants_weights = true};
    struct outcome outcome;
    mkdir(folder, 0755);
    *seen = (struct seen){0};
    train(&training, &report, &outcome);
    json_decref(spec);
    return outcome;
}

static json_t *weights_of(int64_t run, const char *text, struct seen *seen)
{
    struct outcome outcome = train_run(run, text, seen);
    if (outcome.state != OUTCOME_SUCCEEDED)
        fail_msg("%s: %s", text, outcome.message);
    json_t *weights = json_incref(outcome.weights);
    assert_non_null(weights);
    outcome_release(&outcome);
    return weights;
}

static void assert_fails(int64_t run, const char *text, const char *words)
{
    struct seen seen;
    struct outcome outcome = train_run(run, text, &seen);
    assert_int_equal(outcome.state, OUTCOME_FAILED);
    assert_says(outcome.message, words);
    outcome_release(&outcome);
}

static int make_runs(void **state)
{
    (void)state;
    runs = folder_make();
    return 0;
}

static int remove_runs(void **state)
{
    (void)state;
    folder_remove(&runs);
    return 0;
}

static bool is_kept(const char *name)
{
    struct stat status;
    return stat(folder_path(&runs, name), &status) == 0;
}

/* --- the same bits --------------------------------------------------------------------------- */

#define COMMON                                                                                     \
    "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [0.5, 1, 2], \"start\": [1, -2, 1],"  \
    " \"noise\": 0.1}, \"steps\": 40,"                                                             \
    " \"optimizer\": {\"type\": \"%s\", \"lr\": 0.01, \"weight_decay\": 0.01}"

static void a_branch_with_the_same_schedule_ends_with_the_same_weights(void **state)
{
    (void)state;
    int other_ends = 0; /* with a rate this small some hardly move */
    for (int i = 0; optimizers[i]; i++) {
        const char *name = optimizers[i]->name;
        if (optimizers[i]->drive) /* takes no problem with noise */
            continue;
        AUTO_FREE char *source = xprintf("{" COMMON ", \"schedule\": \"cosine\","
                                         " \"keep_at\": [0.1, 0.42]}",
                                         name);
        AUTO_FREE char *branch = xprintf("{" COMMON ", \"schedule\": \"cosine\","
                                         " \"report_every_steps\": 3,"
                                         " \"branch\": {\"run\": 1, \"step\": 17}}",
                                         name);
        AUTO_FREE char *other = xprintf("{" COMMON ", \"schedule\": \"constant\","
                                        " \"branch\": {\"run\": 1, \"step\": 17}}",
                                        name);
        struct seen seen;
        json_auto_t *want = weights_of(1, source, &seen);
        json_auto_t *got = weights_of(2, branch, &seen);
        assert_int_equal(seen.resumed, 17); /* 0.42 of 40 is 16.8 */
        assert_true(json_equal(got, want));
        json_auto_t *elsewhere = weights_of(3, other, &seen);
        other_ends += !json_equal(elsewhere, want);
    }
    assert_true(other_ends >= 10);
    assert_true(is_kept("1/kept-4") && is_kept("1/kept-17"));
}

static void a_model_on_data_branches_bit_for_bit(void **state)
{
    (void)state;
    static const char source[] = "{\"dataset\": \"spirals\", \"model\": {\"type\": \"mlp\", "
                                 "\"hidden\": [4], \"dropout\": 0.2},"
                                 " \"optimizer\": {\"type\": \"adamw\", \"lr\": 0.01}, "
                                 "\"schedule\": \"linear\", \"epochs\": 2,"
                                 " \"keep_at\": [0.5]}";
    struct seen seen;
    json_auto_t *want = weights_of(11, source, &seen);
    int64_t step = 1;
    char name[32];
    for (; step < 1000; step++) {
        snprintf(name, sizeof name, "11/kept-%" PRId64, step);
        if (is_kept(name))
            break;
    }
    AUTO_FREE char *branch = xprintf("%.*s, \"branch\": {\"run\": 11, \"step\": %" PRId64 "}}",
                                     (int)strlen(source) - 1, source, step);
    json_auto_t *got = weights_of(12, branch, &seen);
    assert_int_equal(seen.resumed, step);
    assert_true(json_equal(got, want));
}

/* --- where it keeps -------------------------------------------------------------------------- */

static void the_step_of_a_fraction_has_one_before_and_one_behind_it(void **state)
{
    (void)state;
    assert_int_equal(branch_step(0.8, 100), 80);
    assert_int_equal(branch_step(0.5, 3), 2); /* 1.5, rounded away from zero */
    assert_int_equal(branch_step(0.01, 10), 1);
    assert_int_equal(branch_step(0.99, 10), 9);
    assert_int_equal(branch_step(0.5, 2), 1);
    assert_int_equal(branch_step(0.5, 1), 0);
}

/* With a checkpoint at every report, all on record, only what others need stays. */
static void what_is_kept_outlives_the_checkpoints(void **state)
{
    (void)state;
    struct seen seen;
    json_decref(weights_of(21,
                           "{\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4]},"
                           " \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 50,"
                           " \"report_every_steps\": 10, \"checkpoint_every_s\": 0,"
                           " \"keep_at\": [0.2, 0.3]}",
                           &seen));
    assert_true(is_kept("21/kept-10") && is_kept("21/kept-15"));
    assert_true(is_kept("21/checkpoint-40"));
    assert_false(is_kept("21/checkpoint-10"));
}

/* --- refusals -------------------------------------------------------------------------------- */

#define BOWL "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4]}, \"steps\": 20"

static void a_branch_of_another_trunk_or_of_nothing_fails(void **state)
{
    (void)state;
    struct seen seen;
    json_decref(weights_of(31,
                           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
                           " \"keep_at\": [0.5]}",
                           &seen));
    assert_fails(32,
                 "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.2},"
                 " \"branch\": {\"run\": 31, \"step\": 10}}",
                 "another specification");
    assert_fails(33,
                 "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
                 " \"branch\": {\"run\": 31, \"step\": 11}}",
                 "cannot go on from step 11 of run 31");
    assert_fails(34,
                 "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
                 " \"branch\": {\"run\": 30, \"step\": 10}}",
                 "cannot go on from step 10 of run 30");
}

static void a_damaged_file_is_not_gone_on_from(void **state)
{
    (void)state;
    struct seen seen;
    json_decref(weights_of(41,
                           "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
                           " \"keep_at\": [0.5]}",
                           &seen));
    AUTO_FREE char *path = xstrdup(folder_path(&runs, "41/kept-10"));
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, -100, SEEK_END);
    fputc('!', file);
    fclose(file);
    assert_fails(42,
                 "{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1},"
                 " \"branch\": {\"run\": 41, \"step\": 10}}",
                 "its digest is not that of its content");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_branch_with_the_same_schedule_ends_with_the_same_weights),
        cmocka_unit_test(a_model_on_data_branches_bit_for_bit),
        cmocka_unit_test(the_step_of_a_fraction_has_one_before_and_one_behind_it),
        cmocka_unit_test(what_is_kept_outlives_the_checkpoints),
        cmocka_unit_test(a_branch_of_another_trunk_or_of_nothing_fails),
        cmocka_unit_test(a_damaged_file_is_not_gone_on_from),
    };
    return cmocka_run_group_tests(tests, make_runs, remove_runs);
}
