/*
 * sweepd-worker as a person starts it. The program is $SWEEPD_WORKER, or the one beside this test's
 * folder of the build.
 */
#include "support/check.h"
#include "support/folder.h"

#include "checkpoint.h"
#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct folder folder;
static char program[PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    folder = folder_make();
    const char *named = getenv("SWEEPD_WORKER");
    char here[PATH_MAX] = "";
    if (named) {
        snprintf(program, sizeof program, "%s", named);
        return 0;
    }
    if (readlink("/proc/self/exe", here, sizeof here - 1) < 0)
        return -1;
    char *build = strstr(here, "/tests/worker/");
    if (!build)
        return -1;
    *build = '\0';
    snprintf(program, sizeof program, "%.*s/sweepd-worker", PATH_MAX - 32, here);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

/* --- running it ---------------------------------------------------------------------------- */

struct outcome {
    int status; /* exit status; 128 + the signal */
    char *output, *errors;
};

static char *slurp(const char *path)
{
    struct stat status;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    char *text = xcalloc((size_t)status.st_size + 1, 1);
    assert_int_equal(read(fd, text, (size_t)status.st_size), status.st_size);
    return text;
}

static pid_t start(char *const *arguments, const char *environment)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    AUTO_FREE char *inherited = environment ? xstrdup(environment) : NULL;
    const int out = open(folder_path(&folder, "output"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const int errors = open(folder_path(&folder, "errors"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
    if (inherited)
        putenv(inherited);
    if (dup2(out, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0)
        execv(program, arguments);
    _exit(127);
}

static struct outcome finish(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return (struct outcome){
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .output = slurp(folder_path(&folder, "output")),
        .errors = slurp(folder_path(&folder, "errors")),
    };
}

static void outcome_release(struct outcome *outcome)
{
    free(outcome->output);
    free(outcome->errors);
}

#define RUN(...)                                                                                   \
    finish(start((char *[]){program, __VA_ARGS__, NULL}, NULL)) /* until it ends by itself */

static char *spec_file(const char *text)
{
    folder_write(&folder, "spec.json", text, strlen(text));
    return xstrdup(folder_path(&folder, "spec.json"));
}

/* The last line of the output. */
static json_t *last_line(const char *output)
{
    json_t *value = NULL;
    const size_t length = strlen(output);
    assert_true(length > 0 && output[length - 1] == '\n');
    size_t from = length - 1;
    while (from > 0 && output[from - 1] != '\n')
        from--;
    assert_int_equal(json_read(output + from, length - from, &value, NULL), 0);
    return value;
}

static int count_lines(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* --- what it prints ------------------------------------------------------------------------ */

static void help_and_description_say_everything(void **state)
{
    static char help[] = "--help", describe[] = "--describe", version[] = "--version";
    static const char *const words[] = {"--train", "nesterov", "wsd",   "dampening",   "mlp",
                                        "csv",     "dropout",  "Exit",  "eigenvalues", "seed",
                                        "[steps]", "required", "1 … 64"};
    (void)state;

    struct outcome outcome = RUN(help);
    assert_int_equal(outcome.status, 0);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_says(outcome.output, words[i]);
    outcome_release(&outcome);

    json_t *catalog = NULL;
    outcome = RUN(describe);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(json_read(outcome.output, strlen(outcome.output), &catalog, NULL), 0);
    assert_true(json_array_size(json_object_get(catalog, "metrics")) >= 8);
    json_decref(catalog);
    outcome_release(&outcome);

    outcome = RUN(version);
    assert_says(outcome.output, "protocol 1");
    outcome_release(&outcome);
}

static void wrong_options_end_with_2_and_a_sentence(void **state)
{
    static char bogus[] = "--bogus", train[] = "--train", fd[] = "--fd", far[] = "99999",
                help[] = "--help", version[] = "--version", word[] = "word";
    char *const attempts[][4] = {
        {program, bogus, NULL},         {program, train, NULL}, {program, fd, far, NULL},
        {program, help, version, NULL}, {program, NULL},        {program, help, word, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        struct outcome outcome = finish(start(attempts[i], NULL));
        assert_int_equal(outcome.status, 2);
        assert_string_equal(outcome.output, "");
        assert_says(outcome.errors, "--help");
        outcome_release(&outcome);
    }
}

static void a_bad_specification_is_told_one_line_a_problem(void **state)
{
    static char train[] = "--train";
    AUTO_FREE char *path = spec_file(
        "{\"problem\": {\"type\": \"rosenbrok\"}, \"optimizer\": {\"type\": \"adam\"}, \"x\": 1}");
    (void)state;
    struct outcome outcome = RUN(train, path);
    assert_int_equal(outcome.status, 2);
    assert_string_equal(outcome.output, "");
    assert_int_equal(count_lines(outcome.errors), 3);
    assert_says(outcome.errors, "/problem/type: unknown problem \"rosenbrok\"; did you mean");
    assert_says(outcome.errors, "/optimizer/lr: is missing");
    assert_says(outcome.errors, "/x: unknown field");
    outcome_release(&outcome);
}

/* --- training alone ------------------------------------------------------------------------ */

#define BOWL "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 4], \"start\": [1, -2]}"

/* theta2 = (0.81, -0.72) by hand (test_trainer.c). */
static void the_result_comes_last_and_may_carry_the_weights(void **state)
{
    static char train[] = "--train", weights[] = "--weights";
    AUTO_FREE char *path =
        spec_file("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 2}");
    (void)state;

    struct outcome outcome = RUN(train, path, weights);
    assert_int_equal(outcome.status, 0);
    json_t *result = last_line(outcome.output);
    assert_string_equal(json_text_at(result, "type", ""), "result");
    assert_string_equal(json_text_at(result, "state", ""), "succeeded");
    const json_t *theta = json_object_get(result, "weights");
    assert_near(json_number_value(json_array_get(theta, 0)), 0.81, 1e-6);
    assert_near(json_number_value(json_array_get(theta, 1)), -0.72, 1e-6);
    json_decref(result);
    outcome_release(&outcome);

    outcome = RUN(train, path);
    result = last_line(outcome.output);
    assert_null(json_object_get(result, "weights"));
    json_decref(result);
    outcome_release(&outcome);
}

static void a_run_that_diverges_ends_with_1(void **state)
{
    static char train[] = "--train";
    AUTO_FREE char *path =
        spec_file("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 9}, \"steps\": 999}");
    (void)state;
    struct outcome outcome = RUN(train, path);
    assert_int_equal(outcome.status, 1);
    assert_says(outcome.output, "\"diverged\":true");
    assert_says(outcome.output, "\"state\":\"diverged\"");
    outcome_release(&outcome);
}

/* Whatever the shell has set, the run's specification decides. */
static void an_inherited_environment_changes_nothing(void **state)
{
    static char train[] = "--train";
    AUTO_FREE char *path =
        spec_file("{" BOWL ", \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.1}, \"steps\": 1,"
                  " \"threads\": 1}");
    char *const arguments[] = {program, train, path, NULL};
    (void)state;

    struct outcome clean = finish(start(arguments, NULL));
    struct outcome core = finish(start(arguments, "OPENBLAS_CORETYPE=Prescott"));
    struct outcome threads = finish(start(arguments, "OPENBLAS_NUM_THREADS=2"));
    const size_t first_line = strcspn(clean.output, "\n");
    assert_says(clean.output, "\"fingerprint\"");
    assert_memory_equal(clean.output, core.output, first_line);
    assert_memory_equal(clean.output, threads.output, first_line);
    outcome_release(&clean);
    outcome_release(&core);
    outcome_release(&threads);
}

static char *folder_named(const char *name)
{
    return xstrdup(folder_path(&folder, name));
}

static void wait_for_checkpoint(const char *path)
{
    for (int i = 0; i < 2000 && checkpoint_newest(path, INT64_MAX) < 0; i++)
        usleep(5000);
    assert_true(checkpoint_newest(path, INT64_MAX) > 0);
}

/* --- broken off and gone on with ----------------------------------------------------------- */

#define LONG_RUN(steps)                                                                            \
    "{\"problem\": {\"type\": \"rosenbrock\", \"dimension\": 2000, \"noise\": 0.01}, "             \
    "\"steps\": " steps                                                                            \
    ", \"optimizer\": {\"type\": \"adam\", \"lr\": 0.001}, \"report_every_steps\": 100,"           \
    " \"schedule\": \"cosine\", \"checkpoint_every_s\": 0.01}"

static void a_killed_run_goes_on_bit_for_bit(void **state)
{
    static char train[] = "--train", keep[] = "--folder";
    AUTO_FREE char *path = spec_file(LONG_RUN("3000"));
    AUTO_FREE char *whole = folder_named("whole");
    AUTO_FREE char *broken = folder_named("broken");
    (void)state;

    struct outcome outcome = RUN(train, path, keep, whole);
    assert_int_equal(outcome.status, 0);
    json_t *wanted = last_line(outcome.output);
    outcome_release(&outcome);

    const pid_t pid = start((char *[]){program, train, path, keep, broken, NULL}, NULL);
    wait_for_checkpoint(broken);
    kill(pid, SIGKILL);
    outcome = finish(pid);
    assert_int_equal(outcome.status, 128 + SIGKILL);
    outcome_release(&outcome);

    outcome = RUN(train, path, keep, broken);
    assert_int_equal(outcome.status, 0);
    assert_null(strstr(outcome.output, "\"resumed\":0,"));
    json_t *got = last_line(outcome.output);
    assert_true(json_equal(json_object_get(got, "metrics"), json_object_get(wanted, "metrics")));
    AUTO_FREE char *command =
        xprintf("cmp '%s/model.safetensors' '%s/model.safetensors'", whole, broken);
    assert_int_equal(system(command), 0);
    json_decref(got);
    json_decref(wanted);
    outcome_release(&outcome);
}

static void a_signal_stops_behind_a_step_with_a_checkpoint(void **state)
{
    static char train[] = "--train", keep[] = "--folder";
    AUTO_FREE char *path = spec_file(LONG_RUN("1000000000"));
    AUTO_FREE char *kept = folder_named("kept");
    (void)state;

    const pid_t pid = start((char *[]){program, train, path, keep, kept, NULL}, NULL);
    wait_for_checkpoint(kept);
    kill(pid, SIGTERM);
    struct outcome outcome = finish(pid);
    assert_int_equal(outcome.status, 5);
    json_t *result = last_line(outcome.output);
    assert_string_equal(json_text_at(result, "state", ""), "stopped");
    AUTO_FREE char *newest =
        xprintf("%s/checkpoint-%d", kept, (int)json_integer_at(result, "step", -1));
    assert_int_equal(access(newest, F_OK), 0);
    json_decref(result);
    outcome_release(&outcome);
}

/* --- data sets ----------------------------------------------------------------------------- */

static void a_data_set_can_be_prepared_and_trained_on(void **state)
{
    static const char rows[] = "x,y,kind\n0,1,a\n1,0,b\n0,2,a\n2,0,b\n0,3,a\n3,0,b\n0,4,a\n4,0,b\n"
                               "0,5,a\n5,0,b\n";
    static char train[] = "--train", prepare[] = "--prepare", cache[] = "--cache",
                data[] = "--data";
    AUTO_FREE char *folder_of_cache = folder_named("cache/within");
    (void)state;

    folder_write(&folder, "rows.csv", rows, sizeof rows - 1);
    AUTO_FREE char *request =
        xprintf("{\"format\": \"csv\", \"settings\": {\"label\": \"kind\"}, \"parts\": "
                "{\"train\": \"%s\"}}",
                folder_path(&folder, "rows.csv"));
    AUTO_FREE char *request_path = spec_file(request);
    struct outcome outcome = RUN(prepare, request_path, cache, folder_of_cache);
    if (outcome.status != 0)
        fail_msg("%s", outcome.errors);
    json_t *prepared = last_line(outcome.output);
    AUTO_FREE char *file =
        xprintf("%s/%s", folder_of_cache, json_text_at(prepared, "file", "none"));
    json_decref(prepared);
    outcome_release(&outcome);

    AUTO_FREE char *path = spec_file(
        "{\"dataset\": \"rows\", \"model\": \"softmax\", \"epochs\": 30, \"batch_size\": 2,"
        " \"optimizer\": {\"type\": \"sgd\", \"lr\": 0.5}}");
    outcome = RUN(train, path, data, file);
    assert_int_equal(outcome.status, 0);
    json_t *result = last_line(outcome.output);
    assert_true(json_number_at(json_object_get(result, "metrics"), "train_loss", 9) < 0.1);
    json_decref(result);
    outcome_release(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_and_description_say_everything),
        cmocka_unit_test(wrong_options_end_with_2_and_a_sentence),
        cmocka_unit_test(a_bad_specification_is_told_one_line_a_problem),
        cmocka_unit_test(the_result_comes_last_and_may_carry_the_weights),
        cmocka_unit_test(a_run_that_diverges_ends_with_1),
        cmocka_unit_test(an_inherited_environment_changes_nothing),
        cmocka_unit_test(a_killed_run_goes_on_bit_for_bit),
        cmocka_unit_test(a_signal_stops_behind_a_step_with_a_checkpoint),
        cmocka_unit_test(a_data_set_can_be_prepared_and_trained_on),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
