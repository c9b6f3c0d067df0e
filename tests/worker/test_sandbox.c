/* What a process in the sandbox can do and cannot. */
#include "support/check.h"
#include "support/folder.h"

#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct folder open_folder, closed_folder;

static int make_folders(void **state)
{
    (void)state;
    open_folder = folder_make();
    closed_folder = folder_make();
    folder_write(&open_folder, "there", "x", 1);
    folder_write(&closed_folder, "there", "x", 1);
    return 0;
}

static int remove_folders(void **state)
{
    (void)state;
    folder_remove(&open_folder);
    folder_remove(&closed_folder);
    return 0;
}

/* Runs the check in a process of its own within the sandbox; answers what the check answers. */
static int within(int (*check)(void))
{
    int status;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        sandbox_enter((const char *const[]){open_folder.path}, 1);
        _exit(check());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* 0, or the errno. */
static int opening(const struct folder *folder, const char *name, int flags)
{
    const int fd = open(folder_path(folder, name), flags | O_CLOEXEC, 0644);
    return fd < 0 ? errno : close(fd);
}

static int write_below_the_folder(void)
{
    int trouble = opening(&open_folder, "new.aside", O_WRONLY | O_CREAT);
    if (!trouble &&
        rename(folder_path(&open_folder, "new.aside"), folder_path(&open_folder, "new")) < 0)
        trouble = errno;
    if (!trouble && unlink(folder_path(&open_folder, "new")) < 0)
        trouble = errno;
    return trouble;
}

static int make_a_file_elsewhere(void)
{
    return opening(&closed_folder, "new", O_WRONLY | O_CREAT);
}

static int overwrite_elsewhere(void)
{
    return opening(&closed_folder, "there", O_WRONLY | O_TRUNC);
}

static int remove_elsewhere(void)
{
    return unlink(folder_path(&closed_folder, "there")) < 0 ? errno : 0;
}

static int read_elsewhere(void)
{
    return opening(&closed_folder, "there", O_RDONLY);
}

static int have_no_privileges_and_no_core(void)
{
    struct rlimit core;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && getrlimit(RLIMIT_CORE, &core) == 0 &&
                   core.rlim_max == 0
               ? 0
               : 1;
}

static void it_writes_only_below_its_folders(void **state)
{
    (void)state;
    assert_int_equal(within(write_below_the_folder), 0);
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        skip();
    assert_int_equal(within(make_a_file_elsewhere), EACCES);
    assert_int_equal(within(overwrite_elsewhere), EACCES);
    assert_int_equal(within(remove_elsewhere), EACCES);
}

static void it_reads_what_it_could_read_before(void **state)
{
    (void)state;
    assert_int_equal(within(read_elsewhere), 0);
}

static void it_gains_no_privileges_and_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(within(have_no_privileges_and_no_core), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_writes_only_below_its_folders),
        cmocka_unit_test(it_reads_what_it_could_read_before),
        cmocka_unit_test(it_gains_no_privileges_and_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
