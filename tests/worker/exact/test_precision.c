/* That this folder is compiled with double: what a float cannot hold comes through a step. */
#include "worker/stepping.h"

static void a_step_keeps_what_a_float_would_lose(void **state)
{
    struct two_pieces two;
    double theta = 1.0, gradient = 1.0;
    (void)state;

    two_pieces_init(&two, 1);
    struct stepper stepper = stepper_on("sgd", "{\"lr\": 1e-12}", &two.pieces);
    step_once(&stepper, &theta, &gradient, 1e-12, 1.0, 1, NULL);
    assert_true(theta == 1.0 - 1e-12);
    stepper_release(&stepper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_step_keeps_what_a_float_would_lose)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
