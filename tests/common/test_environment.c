#include "support/check.h"

#include "environment.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

static const char *value_of(char **environment, const char *name)
{
    const size_t length = strlen(name);
    for (char **variable = environment; *variable; variable++) {
        if (strncmp(*variable, name, length) == 0 && (*variable)[length] == '=')
            return *variable + length + 1;
    }
    return NULL;
}

static void nothing_is_inherited_but_what_is_listed(void **state)
{
    static const char *const listed[] = {"SWEEPD_NUMERIC",
                                         "OPENBLAS_NUM_THREADS",
                                         "OMP_NUM_THREADS",
                                         "OPENBLAS_CORETYPE",
                                         "SWEEPD_VALGRIND",
                                         "PATH",
                                         "HOME",
                                         "TMPDIR"};
    (void)state;
    setenv("OPENBLAS_NUM_THREADS", "8", 1);
    setenv("OPENBLAS_VERBOSE", "2", 1);
    setenv("LD_PRELOAD_NOT", "x", 1);
    setenv("PATH", "/bin", 1);

    char **environment = worker_environment(2, false);
    assert_string_equal(value_of(environment, "OPENBLAS_NUM_THREADS"), "2");
    assert_string_equal(value_of(environment, "OMP_NUM_THREADS"), "2");
    assert_string_equal(value_of(environment, "PATH"), "/bin");
    for (char **variable = environment; *variable; variable++) {
        bool known = false;
        for (size_t i = 0; i < COUNT_OF(listed); i++)
            known = known || strncmp(*variable, listed[i], strlen(listed[i])) == 0;
        if (!known)
            fail_msg("%s", *variable);
    }
    environment_free(environment);
}

/* /proc/cpuinfo says what the machine has, by another way than cpuid. */
static bool machine_has(const char *flag)
{
    static char line[16384];
    bool has = false;
    FILE *info = fopen("/proc/cpuinfo", "re");
    while (info && !has && fgets(line, sizeof line, info)) {
        AUTO_FREE char *word = xprintf(" %s ", flag);
        line[strcspn(line, "\n")] = ' ';
        has = strncmp(line, "flags", 5) == 0 && strstr(line, word);
    }
    if (info)
        fclose(info);
    return has;
}

static void the_core_type_is_the_machines(void **state)
{
    const bool wide = machine_has("avx512f") && machine_has("avx512dq") &&
                      machine_has("avx512bw") && machine_has("avx512vl");
    const bool haswell = machine_has("avx2") && machine_has("fma");
    (void)state;
    setenv("OPENBLAS_CORETYPE", "Prescott", 1);

    char **native = worker_environment(1, false);
    char **portable = worker_environment(1, true);
    const char *core = value_of(native, "OPENBLAS_CORETYPE");
    const char *same = value_of(portable, "OPENBLAS_CORETYPE");
    if (wide || haswell)
        assert_string_equal(core, wide ? "SkylakeX" : "Haswell");
    else
        assert_null(core);
    if (haswell)
        assert_string_equal(same, "Haswell");
    else
        assert_null(same);
    environment_free(native);
    environment_free(portable);
}

static void under_valgrind_the_core_type_is_left_out(void **state)
{
    (void)state;
    setenv("SWEEPD_VALGRIND", "1", 1);
    char **environment = worker_environment(1, false);
    assert_null(value_of(environment, "OPENBLAS_CORETYPE"));
    assert_string_equal(value_of(environment, "SWEEPD_VALGRIND"), "1");
    environment_free(environment);
    unsetenv("SWEEPD_VALGRIND");
}

static void a_process_knows_the_environment_it_was_given(void **state)
{
    (void)state;
    unsetenv("SWEEPD_NUMERIC");
    assert_false(environment_is(1, false));
    char **environment = worker_environment(4, true);
    setenv("SWEEPD_NUMERIC", value_of(environment, "SWEEPD_NUMERIC"), 1);
    assert_true(environment_is(4, true));
    assert_false(environment_is(4, false));
    assert_false(environment_is(1, true));
    environment_free(environment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_inherited_but_what_is_listed),
        cmocka_unit_test(the_core_type_is_the_machines),
        cmocka_unit_test(under_valgrind_the_core_type_is_left_out),
        cmocka_unit_test(a_process_knows_the_environment_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
