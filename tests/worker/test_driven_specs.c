/* What the catalogue's check says to specifications of optimizers that drive the objective, and to
 * models that give their inputs back. */
#include "support/check.h"

#include "describe.h"
#include "json.h"
#include "memory.h"
#include "spec.h"

#include <stdlib.h>

static void expect(const char *members, const char *pointer, const char *piece)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *catalog = describe();
    AUTO_FREE char *text = xprintf("{%s}", members);
    json_auto_t *given = json_loads(text, 0, NULL);
    assert_non_null(given);
    json_decref(spec_resolve(catalog, given, "/spec", &problems));
    if (!pointer && problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    if (!pointer)
        return;
    if (problems.found != 1)
        fail_msg("%s: %d problems", members, problems.found);
    assert_string_equal(problems.list[0].pointer, pointer);
    assert_says(problems.list[0].detail, piece);
}

#define HF   "\"optimizer\": \"hf\""
#define DATA "\"dataset\": \"digits\", \"model\": {\"type\": \"mlp\", \"hidden\": [4]}"
#define DROPOUT                                                                                    \
    "\"dataset\": \"digits\", \"model\": {\"type\": \"mlp\", \"hidden\": [4], \"dropout\": 0.1}"
#define BOWL "\"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2]}"

static void what_can_be_driven_is_accepted(void **state)
{
    (void)state;
    expect(HF ", " DATA, NULL, NULL);
    expect(HF ", " DATA ", \"iterations\": 5", NULL, NULL);
    expect(HF ", " BOWL, NULL, NULL);
    expect("\"optimizer\": \"lbfgs\", \"problem\": \"saddle\"", NULL, NULL);
    expect("\"optimizer\": {\"type\": \"sgd\", \"lr\": 1}, " DROPOUT ", \"clip_norm\": 1", NULL,
           NULL);
}

static void what_changes_at_each_look_is_refused(void **state)
{
    (void)state;
    expect(HF ", " DROPOUT, "/spec/model/dropout", "leave it out");
    expect(HF ", " DATA ", \"clip_norm\": 1", "/spec/clip_norm", "leave it out");
    expect(HF ", \"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1], \"noise\": 0.1}",
           "/spec/problem/noise", "leave it out");
    expect(
        "\"optimizer\": \"lbfgs\", \"problem\": {\"type\": \"quadratic\", \"eigenvalues\": [1, 2],"
        " \"noise_deviation\": [0, 0.1]}",
        "/spec/problem/noise", "leave it out");
}

static void curvature_is_asked_for_where_it_is_needed(void **state)
{
    (void)state;
    expect(HF ", \"problem\": \"saddle\"", "/spec/optimizer/type", "take lbfgs");
}

static void sampling_fractions_out_of_range_are_refused_at_their_place(void **state)
{
    (void)state;
    expect("\"optimizer\": {\"type\": \"hf\", \"gradient_start\": 0}, " DATA,
           "/spec/optimizer/gradient_start", "greater than 0 and at most 1");
    expect("\"optimizer\": {\"type\": \"hf\", \"curvature_most\": 1.5}, " DATA,
           "/spec/optimizer/curvature_most", "greater than 0 and at most 1");
}

static void losses_of_inputs_compare_with_numbers(void **state)
{
    (void)state;
    expect(HF ", " DATA ", \"targets\": \"inputs\"", NULL, NULL);
    expect(HF ", " DATA ", \"targets\": \"inputs\", \"loss\": \"binary_cross_entropy\", "
              "\"standardize\": \"none\"",
           NULL, NULL);
    expect(HF ", " DATA ", \"targets\": \"inputs\", \"loss\": \"binary_cross_entropy\"",
           "/spec/standardize", "\"none\"");
    expect(HF ", " DATA ", \"targets\": \"inputs\", \"loss\": \"cross_entropy\"", "/spec/loss",
           "\"mean_squared\"");
    expect(HF ", " BOWL ", \"targets\": \"inputs\"", "/spec/targets", "only beside \"dataset\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_driven_is_accepted),
        cmocka_unit_test(what_changes_at_each_look_is_refused),
        cmocka_unit_test(curvature_is_asked_for_where_it_is_needed),
        cmocka_unit_test(sampling_fractions_out_of_range_are_refused_at_their_place),
        cmocka_unit_test(losses_of_inputs_compare_with_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
