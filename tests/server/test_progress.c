/* The lines that `make run` shows, printed into a file in place of standard output. */
#include "progress.h"

#include "memory.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct loop *loop;
static struct events *events;
static struct progress *progress;
static FILE *printed;
static int terminal;

static int setup(void **state)
{
    struct error err;
    (void)state;
    fflush(stdout);
    terminal = dup(STDOUT_FILENO);
    printed = tmpfile();
    if (!printed || terminal < 0 || dup2(fileno(printed), STDOUT_FILENO) < 0 ||
        loop_new(&loop, &err) < 0)
        return -1;
    events = events_new(loop, 16);
    progress = progress_new(loop, events);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    progress_free(progress);
    events_free(events);
    loop_free(loop);
    fflush(stdout);
    dup2(terminal, STDOUT_FILENO);
    close(terminal);
    fclose(printed);
    return 0;
}

static void stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

/* Everything printed once the events so far have been seen. */
static const char *lines(void)
{
    static char text[2048];
    loop_after(loop, 1, stop, NULL);
    loop_run(loop);
    const ssize_t count = pread(fileno(printed), text, sizeof text - 1, 0);
    assert_true(count >= 0);
    text[count] = '\0';
    return text;
}

static void run_is(int id, const char *state, int step)
{
    events_publish(events, "run", 7,
                   json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:i, s:i}", "id", id, "job", 7, "arm",
                             "cosine", "phase", "report", "seed", 3, "state", state, "step", step,
                             "steps", 40));
}

static void value_is(int id, int step, const char *name, double value)
{
    events_publish(events, "metrics", 7,
                   json_pack("{s:i, s:[[i, s, f]]}", "run", id, "rows", step, name, value));
}

static void a_run_has_a_line_for_each_change_of_its_state(void **state)
{
    (void)state;
    run_is(12, "running", 0);
    run_is(12, "succeeded", 40);
    assert_string_equal(lines(),
                        "job 7  run 12   cosine     report  seed 3     running     0.0 %\n"
                        "job 7  run 12   cosine     report  seed 3     succeeded 100.0 %\n");
}

static void a_line_ends_with_the_last_values(void **state)
{
    (void)state;
    run_is(12, "running", 0);
    value_is(12, 10, "train_loss", 0.5);
    value_is(12, 10, "valid_accuracy", 0.75);
    value_is(12, 20, "train_loss", 0.25);
    value_is(12, 20, "lr", 0.1);
    run_is(12, "failed", 20);
    assert_non_null(
        strstr(lines(), "failed     50.0 %  train_loss 0.2500  valid_accuracy 0.7500\n"));
}

static void metrics_alone_are_shown_every_two_seconds_at_most(void **state)
{
    (void)state;
    run_is(12, "running", 0);
    for (int step = 1; step <= 10; step++)
        value_is(12, step, "train_loss", 1);
    const char *first = strchr(lines(), '\n');
    assert_non_null(first);
    assert_string_equal(first, "\n");
}

static void metrics_of_a_run_that_has_ended_are_not_shown(void **state)
{
    (void)state;
    value_is(12, 1, "train_loss", 1);
    assert_string_equal(lines(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_has_a_line_for_each_change_of_its_state),
        TEST(a_line_ends_with_the_last_values),
        TEST(metrics_alone_are_shown_every_two_seconds_at_most),
        TEST(metrics_of_a_run_that_has_ended_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
