#include "server/store/kit.h"

static int open_kit(void **state)
{
    *state = kit_new(NULL);
    return 0;
}

static int close_kit(void **state)
{
    kit_free(*state);
    return 0;
}

static void a_job_of_one_run_is_queued(void **state)
{
    struct kit *kit = *state;
    const struct answer answer = kit_add_job(kit, 0, 1);
    assert_int_equal(answer.added.job, 1);
    assert_int_equal(answer.added.first_run, 1);
    assert_int_equal(answer.added.run_count, 1);
    assert_false(answer.added.repeated);

    json_auto_t *job = kit_job(kit, 1);
    assert_member(job, "kind", "\"train\"");
    assert_member(job, "name", "\"first try\"");
    assert_member(job, "state", "\"queued\"");
    assert_member(job, "paused", "false");
    assert_member(job, "created_ms", "1000");
    assert_member(job, "started_ms", "null");
    assert_member(job, "runs",
                  "{\"total\":1,\"waiting\":0,\"queued\":1,\"running\":0,\"succeeded\":0,"
                  "\"pruned\":0,\"cancelled\":0,\"failed\":0}");
    assert_member(job, "request", "{\"kind\":\"train\"}");
    assert_member(job, "arms", "[]");
    assert_member(job, "baseline", "null");
    assert_member(job, "metric", "{\"name\":\"valid_loss\",\"goal\":\"minimize\",\"at\":\"last\"}");
}

static void runs_and_variants_get_consecutive_ids(void **state)
{
    struct kit *kit = *state;
    kit_add_job(kit, 2, 3);
    const struct answer second = kit_add_job(kit, 2, 5);
    assert_int_equal(second.added.job, 2);
    assert_int_equal(second.added.first_run, 4);
    assert_int_equal(second.added.first_variant, 3);

    json_auto_t *last = kit_run(kit, 8);
    assert_member(last, "job", "2");
    assert_member(last, "number", "4");
    assert_member(last, "arm", "\"arm A\"");
    assert_member(last, "seed", "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_job_of_one_run_is_queued, open_kit, close_kit),
        cmocka_unit_test_setup_teardown(runs_and_variants_get_consecutive_ids, open_kit, close_kit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
