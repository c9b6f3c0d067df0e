#include "sandbox.h"

#include "memory.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All that changes the file system, as far as this kernel's landlock (its ABI: 1, 2, …) knows it.
 */
static uint64_t changes(long abi)
{
    uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                      LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
    const uint64_t refer = 1U << 13, truncate = 1U << 14; /* newer than some headers */
    if (abi >= 2)
        rights |= refer;
    if (abi >= 3)
        rights |= truncate;
    return rights;
}

static void write_only_below(const char *const *folders, int count)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return;
    const struct landlock_ruleset_attr ruleset = {.handled_access_fs = changes(abi)};
    AUTO_CLOSE int rules = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);
    for (int i = 0; rules >= 0 && i < count; i++) {
        AUTO_CLOSE int folder = open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        const struct landlock_path_beneath_attr rule = {
            .allowed_access = ruleset.handled_access_fs,
            .parent_fd = folder,
        };
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    if (rules >= 0)
        syscall(SYS_landlock_restrict_self, rules, 0);
}

void sandbox_enter(const char *const *writable_folders, int count)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* Even one that is stopped, and so does not see its server's end, lets go of its run then. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (count > 0)
        write_only_below(writable_folders, count);
}
