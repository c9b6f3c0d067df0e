/* Programs run for what they print, and workers that cannot be started. */
#include "support/check.h"

#include "workers/spawn.h"

#include <stdlib.h>

enum { LONG_ENOUGH_MS = 30000 };

static void what_a_program_prints_is_answered(void **state)
{
    (void)state;
    char *text = NULL;
    assert_int_equal(spawn_output("/bin/echo", "hello", LONG_ENOUGH_MS, &text, NULL), 0);
    assert_string_equal(text, "hello\n");
    free(text);
}

static void a_program_that_fails_is_an_error_with_its_status(void **state)
{
    (void)state;
    char *text = NULL;
    struct error err;
    assert_int_equal(spawn_output("/bin/false", "x", LONG_ENOUGH_MS, &text, &err), -1);
    assert_says(err.sentence, "exit status 1");
    assert_int_equal(spawn_output("/no/such/program", "x", LONG_ENOUGH_MS, &text, &err), -1);
    assert_says(err.sentence, "/no/such/program");
}

static void a_program_that_does_not_end_is_killed(void **state)
{
    (void)state;
    char *text = NULL;
    struct error err;
    assert_int_equal(spawn_output("/bin/sleep", "1000", 20, &text, &err), -1);
    assert_says(err.sentence, "\"/bin/sleep 1000\" did not end within 20 ms");
}

static void a_worker_that_cannot_be_started_is_an_error(void **state)
{
    (void)state;
    const struct worker_command command = {"/no/such/program", "/tmp", "/tmp"};
    struct child child;
    struct error err;
    assert_int_equal(spawn_worker(&command, 1, false, &child, &err), -1);
    assert_says(err.sentence, "start worker \"/no/such/program\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_program_prints_is_answered),
        cmocka_unit_test(a_program_that_fails_is_an_error_with_its_status),
        cmocka_unit_test(a_program_that_does_not_end_is_killed),
        cmocka_unit_test(a_worker_that_cannot_be_started_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
