#include "support/check.h"

#include "branching.h"
#include "json.h"

static void assert_trunk(const char *spec_text, const char *want_text)
{
    json_auto_t *spec = json_loads(spec_text, 0, NULL);
    json_auto_t *before = json_deep_copy(spec);
    json_auto_t *want = json_loads(want_text, 0, NULL);
    json_auto_t *trunk = branch_trunk(spec);
    assert_true(json_equal(trunk, want));
    assert_true(json_equal(spec, before)); /* the specification itself stays */
}

static void a_trunk_leaves_out_the_schedule_and_how_often_things_are_kept(void **state)
{
    (void)state;
    assert_trunk("{\"optimizer\":{\"lr\":1},\"schedule\":{\"type\":\"cosine\"},\"keep_at\":[0.5],"
                 "\"branch\":{\"run\":1,\"step\":2}}",
                 "{\"optimizer\":{\"lr\":1}}");
}

/* The list itself is a part of it: both must say that the same may differ. */
static void a_trunk_leaves_out_what_may_change_between_members(void **state)
{
    (void)state;
    assert_trunk("{\"optimizer\":{\"type\":\"sgd\",\"lr\":1},\"clip_norm\":2,\"seed\":3,"
                 "\"branch_changes\":[\"/optimizer/lr\",\"/clip_norm\"]}",
                 "{\"optimizer\":{\"type\":\"sgd\"},\"seed\":3,"
                 "\"branch_changes\":[\"/optimizer/lr\",\"/clip_norm\"]}");
}

static void changes_of_members_that_are_not_there_are_borne(void **state)
{
    (void)state;
    assert_trunk("{\"seed\":3,\"branch_changes\":[\"/optimizer/lr\",\"/seed/x\",\"\",7,\"/\"]}",
                 "{\"seed\":3,\"branch_changes\":[\"/optimizer/lr\",\"/seed/x\",\"\",7,\"/\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trunk_leaves_out_the_schedule_and_how_often_things_are_kept),
        cmocka_unit_test(a_trunk_leaves_out_what_may_change_between_members),
        cmocka_unit_test(changes_of_members_that_are_not_there_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
