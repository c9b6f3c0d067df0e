/* The newer optimizers in double, against implementations that share nothing with them. */
#include "worker/newer_walk.h"

#include "memory.h"

static void walks_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(newer_cases); i++)
        expect_walk(&newer_cases[i], 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(walks_are_those_of_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
