/*
 * What `make` does to a machine that lacks packages, with an apt-get that only writes down what it
 * was asked, and whether a package would have been allowed to start its service.
 */
#include "support/check.h"
#include "support/folder.h"
#include "support/program.h"

#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;
static char *script;

static void write_program(const char *name, const char *text)
{
    folder_write(&folder, name, text, strlen(text));
    assert_int_equal(chmod(folder_path(&folder, name), 0755), 0);
}

static int begin(void **state)
{
    (void)state;
    folder = folder_make();
    script = realpath("tests/support/install.sh", NULL);
    assert_non_null(script);
    write_program("apt-get", "#!/bin/sh\n"
                             "echo apt-get \"$@\" >> asked\n"
                             "if [ \"$1\" = install ]; then\n"
                             "  sh ./policy nginx start; echo policy $? >> asked\n"
                             "  exit ${FAILS:-0}\n"
                             "fi\n");
    write_program("systemctl", "#!/bin/sh\necho systemctl \"$@\" >> asked\n");
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(script);
    folder_remove(&folder);
    return 0;
}

static int install(const char *more, const char *packages)
{
    AUTO_FREE char *line =
        xprintf("%s PATH=.:$PATH POLICY=./policy sh %s %s", more, script, packages);
    struct ran ran = program_run(&folder, (const char *const[]){"sh", "-c", line, NULL});
    const int status = ran.status;
    ran_release(&ran);
    return status;
}

static void assert_asked(const char *want)
{
    struct ran ran = program_run(&folder, (const char *const[]){"cat", "asked", NULL});
    assert_string_equal(ran.out, want);
    ran_release(&ran);
}

static bool has_policy(void)
{
    return access(folder_path(&folder, "policy"), F_OK) == 0;
}

#define INSTALL "apt-get install -y -q --no-install-recommends "

static void packages_are_installed_and_start_nothing(void **state)
{
    (void)state;
    assert_int_equal(install("", "curl nginx-light"), 0);
    assert_asked("apt-get update -q\n" INSTALL "curl nginx-light\npolicy 101\n"
                 "systemctl disable --quiet nginx\n");
    assert_false(has_policy());
}

static void where_that_fails_nothing_is_left_behind(void **state)
{
    (void)state;
    assert_int_equal(install("FAILS=100", "curl"), 100);
    assert_asked("apt-get update -q\n" INSTALL "curl\npolicy 101\n");
    assert_false(has_policy());
}

static void a_machine_s_own_policy_stays(void **state)
{
    (void)state;
    write_program("policy", "exit 7\n");
    assert_int_equal(install("", "curl"), 0);
    assert_asked("apt-get update -q\n" INSTALL "curl\npolicy 7\n");
    assert_true(has_policy());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packages_are_installed_and_start_nothing),
        TEST(where_that_fails_nothing_is_left_behind),
        TEST(a_machine_s_own_policy_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
