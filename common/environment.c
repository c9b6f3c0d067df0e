#include "environment.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { VARIABLES_MAX = 9 };

/* What libgcc and compiler-rt call supported includes that the system saves the registers. */
static const char *core_type(bool portable)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!portable && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "Haswell";
#else
    (void)portable;
#endif
    return NULL;
}

static char *mark_of(int threads, bool portable)
{
    return xprintf("%s,%d", portable ? "portable" : "native", threads);
}

static void pass_on(char **environment, int *count, const char *name)
{
    const char *value = getenv(name);
    if (value)
        environment[(*count)++] = xprintf("%s=%s", name, value);
}

char **worker_environment(int threads, bool portable)
{
    char **environment = xcalloc(VARIABLES_MAX + 1, sizeof *environment);
    const char *core = getenv("SWEEPD_VALGRIND") ? NULL : core_type(portable);
    AUTO_FREE char *mark = mark_of(threads, portable);
    int count = 0;

    environment[count++] = xprintf("SWEEPD_NUMERIC=%s", mark);
    environment[count++] = xprintf("OPENBLAS_NUM_THREADS=%d", threads);
    environment[count++] = xprintf("OMP_NUM_THREADS=%d", threads);
    if (core)
        environment[count++] = xprintf("OPENBLAS_CORETYPE=%s", core);
    pass_on(environment, &count, "SWEEPD_VALGRIND");
    pass_on(environment, &count, "PATH");
    pass_on(environment, &count, "HOME");
    pass_on(environment, &count, "TMPDIR");
    return environment;
}

void environment_free(char **environment)
{
    for (char **variable = environment; variable && *variable; variable++)
        free(*variable);
    free(environment);
}

bool environment_is(int threads, bool portable)
{
    const char *mark = getenv("SWEEPD_NUMERIC");
    AUTO_FREE char *wanted = mark_of(threads, portable);
    return mark && strcmp(mark, wanted) == 0;
}
