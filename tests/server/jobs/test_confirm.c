/* The comparison that confirms a search's best runs: its arms, its seeds, and what is refused. */
#include "support/api.h"
#include "support/check.h"

#include "jobs/confirm.h"
#include "memory.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>

#define BASE                                                                                       \
    "'base': {'dataset': 'mnist', 'model': {'type': 'mlp', 'hidden': [8]},"                        \
    " 'optimizer': {'type': 'adamw', 'lr': 0.1, 'beta1': 0.8}, 'epochs': 1, 'seed': 7}"
#define SPACE                                                                                      \
    "'space': {'/optimizer/lr': {'type': 'float', 'low': 1e-5, 'high': 1, 'scale': 'log'},"        \
    " '/optimizer/type': {'type': 'choice', 'values': ['adamw', 'nesterov']},"                     \
    " '/optimizer/momentum': {'type': 'float', 'low': 0.5, 'high': 0.9, 'step': 0.1,"              \
    "                         'when': {'/optimizer/type': ['nesterov']}},"                         \
    " '/schedule': {'type': 'choice', 'values': ['linear', {'type': 'constant'}]},"                \
    " '/clip_norm': {'type': 'choice', 'values': [null, 2]},"                                      \
    " '/model/hidden/0': {'type': 'int', 'low': 4, 'high': 64}}"
#define SEARCH "{'kind': 'search', " BASE ", " SPACE "}"
#define GOALS                                                                                      \
    ", 'objectives': [{'metric': 'valid_loss'}, {'metric': 'valid_accuracy', 'at': 'best'}]"
#define TWO_GOALS "{'kind': 'search', " BASE ", " SPACE GOALS "}"

/* Best first: the second has the point of the first, the third is the base itself. */
static const char *const tried[] = {
    "{'/optimizer/lr': 0.01, '/optimizer/type': 'nesterov', '/optimizer/momentum': 0.7,"
    " '/schedule': 'linear', '/clip_norm': null, '/model/hidden/0': 16}",
    "{'/optimizer/lr': 0.01, '/optimizer/type': 'nesterov', '/optimizer/momentum': 0.7,"
    " '/schedule': 'linear', '/clip_norm': null, '/model/hidden/0': 16}",
    "{'/optimizer/lr': 0.1, '/optimizer/type': 'adamw', '/schedule': {'type': 'constant'},"
    " '/clip_norm': null, '/model/hidden/0': 8}",
    "{'/optimizer/lr': 0.02, '/optimizer/type': 'adamw', '/schedule': {'type': 'constant'},"
    " '/clip_norm': 2, '/model/hidden/0': 8}",
    "{'/optimizer/lr': 0.03, '/optimizer/type': 'adamw', '/schedule': {'type': 'constant'},"
    " '/clip_norm': null, '/model/hidden/0': 8}",
};
enum { TRIED = COUNT_OF(tried), FIRST_RUN = 11, GOOD = 4 }; /* the last one breaks a constraint */

static json_t *catalog;

static json_t *quoted(const char *text)
{
    AUTO_FREE char *plain = api_quoted(text);
    json_t *value = json_loads(plain, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

struct searched {
    struct search_plan *plan;
    double values[TRIED][8], results[TRIED][2];
    struct confirm_run runs[TRIED];
    struct confirm_search search;
};

static const uint64_t trained[] = {7, 1002};

static void searched_init(struct searched *searched, const char *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *text = api_quoted(body);
    *searched = (struct searched){.plan = search_plan_of(catalog, text)};
    for (int i = 0; i < TRIED; i++) {
        json_auto_t *point = quoted(tried[i]);
        assert_true(space_values_read(&searched->plan->space, point, "", false, searched->values[i],
                                      &problems));
        searched->results[i][0] = 0.25 * (i + 1);
        searched->results[i][1] = 0.9;
        searched->runs[i] =
            (struct confirm_run){FIRST_RUN + i, searched->values[i], searched->results[i]};
    }
    searched->search = (struct confirm_search){.job = 3,
                                               .name = "mlp",
                                               .plan = searched->plan,
                                               .runs = searched->runs,
                                               .run_count = TRIED,
                                               .good = GOOD,
                                               .trained = trained,
                                               .trained_count = COUNT_OF(trained)};
}

static void plan_it(const struct confirm_search *search, const char *asked, struct job_plan *plan,
                    struct problems *problems)
{
    const struct planner planner = {catalog, sample_lookup, NULL, problems};
    json_auto_t *body = asked ? quoted(asked) : NULL;
    confirm_plan(&planner, search, body, plan);
}

/* The request of the comparison. */
static json_t *confirmed(const char *search, const char *asked, struct job_plan *plan)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct searched searched;
    struct error err;
    searched_init(&searched, search);
    plan_it(&searched.search, asked, plan, &problems);
    if (problems_check(&problems, &err) < 0)
        fail_msg("%s", err.sentence);
    search_plan_free(searched.plan);
    json_t *request = json_loads(plan->request, 0, NULL);
    assert_non_null(request);
    return request;
}

/* What the points change in the base, by hand; of a new type, too, which does not know beta1. */
static void arms_are_the_base_and_the_best_points_that_differ(void **state)
{
    (void)state;
    struct job_plan plan;
    json_auto_t *request = confirmed(SEARCH, "{'best': 2, 'seeds': 3}", &plan);

    api_assert_equal(
        api_at(request, "/arms"),
        "[{'name': 'base', 'patch': {}, 'note': 'the base of the search'},"
        " {'name': 'run 11', 'run': 11, 'note': 'valid_loss 0.25 in search 3', 'patch':"
        "  {'model': {'hidden': [16]}, 'schedule': 'linear', 'clip_norm': null,"
        "   'optimizer': {'type': 'nesterov', 'lr': 0.01, 'momentum': 0.7, 'beta1': null}}},"
        " {'name': 'run 14', 'run': 14, 'note': 'valid_loss 1 in search 3', 'patch':"
        "  {'optimizer': {'lr': 0.02}, 'schedule': {'type': 'constant'}, 'clip_norm': 2}}]");
    api_assert_equal(api_at(request, "/seeds"), "[1001, 1003, 1004]"); /* 1002 had its say */
    api_assert_equal(api_at(request, "/metric"),
                     "{'name': 'valid_loss', 'goal': 'minimize', 'at': 'last'}");
    assert_int_equal(api_integer(request, "/from_search"), 3);
    assert_string_equal(api_text(request, "/name"), "confirm mlp");
    assert_string_equal(api_text(request, "/visibility"), "team");
    assert_int_equal(plan.kind, JOB_COMPARE);
    assert_int_equal(plan.from_search, 3);
    assert_int_equal(plan.baseline, 0);
    assert_int_equal(plan.arm_count, 3);
    assert_int_equal(plan.run_count, 9);
    job_plan_release(&plan);
}

/* "Common random numbers": what differs between arms is not their luck. */
static void every_arm_has_the_same_fresh_seeds(void **state)
{
    (void)state;
    struct job_plan plan;
    json_auto_t *request = confirmed(SEARCH, NULL, &plan);

    assert_int_equal(api_size(request, "/arms"), 3); /* two good ones differ, of three wanted */
    assert_int_equal(plan.run_count, 30);
    for (int i = 0; i < plan.run_count; i++) {
        assert_int_equal(plan.runs[i].arm, i % 3);
        assert_int_equal(plan.runs[i].seed, plan.runs[i - i % 3].seed);
        assert_int_not_equal(plan.runs[i].seed, 7);
        assert_int_not_equal(plan.runs[i].seed, 1002);
    }
    job_plan_release(&plan);
}

static void runs_are_picked_by_hand(void **state)
{
    (void)state;
    struct job_plan plan;
    json_auto_t *request =
        confirmed(SEARCH,
                  "{'runs': [15, 13], 'base': false, 'seeds': [5, 6], 'name': 'mine',"
                  " 'priority': 4, 'equivalent_within': 0.01, 'visibility': 'everyone'}",
                  &plan);

    assert_int_equal(api_size(request, "/arms"), 2);
    assert_string_equal(api_text(request, "/arms/0/name"), "run 15"); /* breaks a constraint */
    assert_string_equal(api_text(request, "/arms/1/name"), "run 13"); /* like the base */
    api_assert_equal(api_at(request, "/seeds"), "[5, 6]");
    assert_string_equal(plan.name, "mine");
    assert_int_equal(plan.priority, 4);
    assert_true(plan.for_everyone);
    assert_true(plan.judging.within == 0.01);
    job_plan_release(&plan);
}

static void one_of_several_objectives_decides(void **state)
{
    (void)state;
    struct job_plan plan;
    json_auto_t *request =
        confirmed(TWO_GOALS, "{'runs': [14], 'objective': 1, 'seeds': 2}", &plan);

    api_assert_equal(api_at(request, "/metric"),
                     "{'name': 'valid_accuracy', 'goal': 'maximize', 'at': 'best'}");
    assert_string_equal(api_text(request, "/arms/1/note"), "valid_accuracy 0.9 in search 3");
    job_plan_release(&plan);
}

static void a_long_name_is_cut_between_characters(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    char name[200];
    struct searched searched;
    struct job_plan plan;

    memset(name, 'a', sizeof name);
    memcpy(name + 149, "\xC3\xA4", 3); /* the 150th byte begins an umlaut */
    searched_init(&searched, SEARCH);
    searched.search.name = name;
    searched.search.for_everyone = true;
    plan_it(&searched.search, NULL, &plan, &problems);
    assert_int_equal(problems.found, 0);
    assert_int_equal(strlen(plan.name), strlen("confirm ") + 149);
    assert_true(plan.for_everyone);
    job_plan_release(&plan);
    search_plan_free(searched.plan);
}

/* What an arm trains is what the search has trained, whatever the point. */
static void an_arm_has_the_specification_of_its_run(void **state)
{
    (void)state;
    enum { POINTS = 300 };
    struct searched searched;
    searched_init(&searched, SEARCH);
    searched.search.good = searched.search.run_count = 1;

    for (int i = 0; i < POINTS; i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        const struct planner planner = {catalog, sample_lookup, NULL, &problems};
        struct rng rng = rng_stream(1, RANDOM_SEARCH, (uint64_t)i);
        struct job_plan plan;
        space_draw(&searched.plan->space, &rng, searched.values[0]);
        struct variant_plan variant = search_variant(&planner, searched.plan, searched.values[0]);
        plan_it(&searched.search, "{'seeds': 1}", &plan, &problems);
        assert_int_equal(problems.found, 0);
        assert_int_equal(plan.variant_count, 2);
        assert_string_equal(plan.variants[1].spec, variant.spec);
        search_variant_release(&variant);
        job_plan_release(&plan);
    }
    search_plan_free(searched.plan);
}

/* --- refusals ------------------------------------------------------------------------------------
 */

static void assert_refused(const char *search, const char *asked, const char *pointer,
                           const char *says)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct searched searched;
    struct job_plan plan;

    searched_init(&searched, search);
    plan_it(&searched.search, asked, &plan, &problems);
    if (problems.count != 1 || strcmp(problems.list[0].pointer, pointer) != 0)
        fail_msg("%s: %d problems, the first at \"%s\": %s", asked, problems.count,
                 problems.count ? problems.list[0].pointer : "",
                 problems.count ? problems.list[0].detail : "");
    assert_says(problems.list[0].detail, says);
    assert_null(plan.runs);
    search_plan_free(searched.plan);
}

static void what_cannot_be_is_refused_at_its_field(void **state)
{
    (void)state;
    static const struct {
        const char *asked, *pointer, *says;
    } cases[] = {
        {"[]", "", "must be an object such as {\"best\": 3"},
        {"{'bset': 3}", "/bset", "best"},
        {"{'best': 3}", "/best", "must be at most 2"},
        {"{'best': 64}", "/best", "at most 63"},
        {"{'best': 2, 'runs': [11]}", "/best", "does not go together with \"runs\""},
        {"{'runs': 11}", "/runs", "must be a list of 1 to 63 ids"},
        {"{'runs': []}", "/runs", "must be a list of 1 to 63 ids"},
        {"{'runs': [11, 99]}", "/runs/1", "a run of search 3 that has succeeded"},
        {"{'runs': ['11']}", "/runs/0", "a run of search 3 that has succeeded"},
        {"{'runs': [14, 14]}", "/runs/1", "run 14 is in the list already"},
        {"{'runs': [11, 12]}", "/runs/1", "run 12 has the same specification as run 11"},
        {"{'runs': [13]}", "/runs/0", "run 13 has the specification of the base"},
        {"{'base': 'yes'}", "/base", "must be true or false"},
        {"{'seeds': 0}", "/seeds", "at least 1 and at most 1000"},
        {"{'seeds': 1001}", "/seeds", "at least 1 and at most 1000"},
        {"{'seeds': [5, 5]}", "/seeds/1", "5 is in the list already"},
        {"{'seeds': [5, 7]}", "/seeds/1", "the search has trained with 7"},
        {"{'objective': 1}", "/objective", "at most 0"},
        {"{'level': 0.9}", "/level", "0.0001 to 0.5"},
        {"{'priority': 5000}", "/priority", "at most 1000"},
        {"{'sequential': {'looks': 1}}", "/sequential/looks", "at least 2"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(SEARCH, cases[i].asked, cases[i].pointer, cases[i].says);
}

static void of_several_objectives_none_is_the_best(void **state)
{
    (void)state;
    assert_refused(TWO_GOALS, "{}", "/runs", "has 2 objectives, so none is the best");
    assert_refused(TWO_GOALS, "{'best': 1}", "/best", "name its runs");
}

/* The space has what the base lacks. */
static void a_base_that_is_no_whole_specification_is_left_out(void **state)
{
    (void)state;
    static const char bare[] =
        "{'kind': 'search', 'base': {'dataset': 'mnist', 'model': {'type': 'mlp', 'hidden': [8]},"
        " 'optimizer': {'type': 'adamw'}, 'epochs': 1}, " SPACE "}";
    struct job_plan plan;
    assert_refused(bare, "{'best': 1}", "/base", "cannot be trained by itself (/optimizer/lr");
    json_auto_t *request = confirmed(bare, "{'best': 2, 'base': false}", &plan);
    assert_string_equal(api_text(request, "/arms/0/name"), "run 11");
    job_plan_release(&plan);
}

static void nothing_is_confirmed_before_there_is_a_result(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct searched searched;
    struct job_plan plan;
    searched_init(&searched, SEARCH);
    searched.search.good = 0;
    plan_it(&searched.search, NULL, &plan, &problems);
    assert_int_equal(problems.found, 1);
    assert_says(problems.list[0].detail, "no run of search 3 has succeeded yet");
    search_plan_free(searched.plan);
}

static int start(void **state)
{
    (void)state;
    catalog = sample_catalog();
    return 0;
}

static int end(void **state)
{
    (void)state;
    json_decref(catalog);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_are_the_base_and_the_best_points_that_differ),
        cmocka_unit_test(every_arm_has_the_same_fresh_seeds),
        cmocka_unit_test(runs_are_picked_by_hand),
        cmocka_unit_test(one_of_several_objectives_decides),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(an_arm_has_the_specification_of_its_run),
        cmocka_unit_test(what_cannot_be_is_refused_at_its_field),
        cmocka_unit_test(of_several_objectives_none_is_the_best),
        cmocka_unit_test(a_base_that_is_no_whole_specification_is_left_out),
        cmocka_unit_test(nothing_is_confirmed_before_there_is_a_result),
    };
    return cmocka_run_group_tests(tests, start, end);
}
