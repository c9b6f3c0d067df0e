/*
 * The parts of `make reproduce` that take seconds: refinement and bound by the digits of their
 * acceptance values, and five schedules on Iris (training.md, AV-6, AV-7 and AV-13).
 */
#include "support/check.h"
#include "support/folder.h"
#include "support/program.h"

#include "memory.h"

#include <stdlib.h>
#include <unistd.h>

/* It lies beside the folder of the test programs. */
static char *find_program(void)
{
    char self[4096];
    const ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(bytes > 0);
    self[bytes] = '\0';
    for (int up = 0; up < 2; up++)
        *strrchr(self, '/') = '\0';
    return xprintf("%s/reproduce/reproduce", self);
}

static void what_takes_seconds_agrees(void **state)
{
    AUTO_FREE char *program = find_program();
    AUTO_FREE char *root = realpath(".", NULL); /* where make runs the tests */
    struct folder folder = folder_make();
    AUTO_FREE char *command = xprintf("cd '%s' && exec '%s' '%s/page.html' refinement schedules",
                                      root, program, folder.path);
    (void)state;

    /* Only the data that the tree has: one set of the schedules is left out. */
    setenv("SWEEPD_TEST_DATA", folder.path, 1);
    struct ran ran = program_run(&folder, (const char *const[]){"bash", "-c", command, NULL});
    if (ran.status != 0 || !strstr(ran.out, " 0 differ,") || !strstr(ran.out, " 0 parts failed"))
        print_error("%s%s", ran.out, ran.err);
    assert_int_equal(ran.status, 0);
    assert_says(ran.out, " 0 differ,");
    assert_says(ran.out, " 0 parts failed");
    assert_says(ran.out, " 1 skipped,");
    assert_says(ran.out, "iris, linear");
    ran_release(&ran);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_takes_seconds_agrees)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
