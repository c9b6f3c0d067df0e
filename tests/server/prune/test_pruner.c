/* What people are told of a pruner: where its comparisons want care. */
#include "server/prune/kit.h"

static struct search_plan plan;

/* A search over such parameters, by that metric. */
static void plan_for(const char *pruner, const char *metric, const char *parameter)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *quoted = xstrdup(pruner);
    for (char *c = quoted; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_auto_t *space =
        json_pack("{s:{s:s, s:i, s:i}}", parameter, "type", "int", "low", 1, "high", 9);
    plan = (struct search_plan){.pruner = json_loads(quoted, 0, NULL), .objective_count = 1};
    snprintf(plan.objectives[0].name, sizeof plan.objectives[0].name, "%s", metric);
    space_read(space, "/space", &plan.space, &problems);
    assert_int_equal(problems.found, 0);
}

static void assert_warned(const char *spec, int64_t steps, const char *words)
{
    json_auto_t *resolved = json_loads(spec, 0, NULL);
    json_auto_t *list = pruner_warnings(&plan, resolved, steps);
    assert_non_null(resolved);
    assert_int_equal(json_array_size(list), words ? 1 : 0);
    if (words)
        assert_string_equal(json_string_value(json_array_get(list, 0)), words);
    json_decref(plan.pruner);
    space_release(&plan.space);
}

#define COSINE   "\"schedule\": {\"type\": \"cosine\"}"
#define CONSTANT "\"schedule\": {\"type\": \"constant\"}"
#define ASHA     "{'type': 'asha', 'min_steps': 200}"

static void schedules_that_decay_are_warned_of_where_they_differ(void **state)
{
    (void)state;
    plan_for(ASHA, "valid_loss", "/optimizer/lr");
    assert_warned("{\"epochs\": 10, " COSINE "}", 1000, NULL);
    plan_for(ASHA, "valid_loss", "/epochs");
    assert_warned("{\"epochs\": 10, " COSINE "}", 1000,
                  "runs decay their rate over different lengths: the pruner compares them where "
                  "the same part of their steps is done");
    plan_for(ASHA, "valid_loss", "/epochs");
    assert_warned("{\"epochs\": 10, " CONSTANT "}", 1000,
                  "runs have different lengths: the pruner compares them where the same part of "
                  "their steps is done, so longer ones have trained longer there");
    plan_for(ASHA, "valid_loss", "/schedule/warmup");
    assert_warned("{\"epochs\": 10, " COSINE "}", 1000,
                  "runs decay their rate in different ways: half way, a schedule that decays late "
                  "looks worse than it will be, so the pruner favours those that decay early");
    plan_for("{'type': 'none'}", "valid_loss", "/epochs");
    assert_warned("{\"epochs\": 10, " COSINE "}", 1000, NULL);
}

/* 10 epochs of 300 steps. */
static void rungs_before_the_first_evaluation_are_warned_of(void **state)
{
    (void)state;
    plan_for(ASHA, "valid_loss", "/optimizer/lr");
    assert_warned("{\"epochs\": 10, " CONSTANT "}", 3000,
                  "valid_loss is first known after 300 steps: min_steps 200 has no effect before");
    plan_for(ASHA, "train_loss", "/optimizer/lr");
    assert_warned("{\"epochs\": 10, " CONSTANT "}", 3000, NULL);
    plan_for(ASHA, "valid_loss", "/optimizer/lr");
    assert_warned("{\"epochs\": 10, \"evaluate_every_epochs\": 10, " CONSTANT "}", 3000,
                  "valid_loss is known only at the end of a run, so nothing can be pruned: take "
                  "more epochs, or prune by train_loss");
    plan_for(ASHA, "valid_loss", "/optimizer/lr");
    assert_warned("{\"steps\": 10, " CONSTANT "}", 10, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_that_decay_are_warned_of_where_they_differ),
        cmocka_unit_test(rungs_before_the_first_evaluation_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
