#include "support/api.h"
#include "support/check.h"

#include "jobs/preview.h"
#include "json.h"
#include "memory.h"

#include <stdlib.h>

static json_t *json_of(const char *body)
{
    AUTO_FREE char *text = api_quoted(body);
    json_t *json = json_loads(text, 0, NULL);
    if (!json)
        fail_msg("not JSON: %s", body);
    return json;
}

/* The answer to a body without runs. */
static json_t *answer_to(const json_t *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct preview preview;
    preview_read(body, &preview, &problems);
    json_t *answer = problems.found ? NULL : preview_json(&preview, &problems);
    if (problems.found)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    preview_release(&preview);
    return answer;
}

static json_t *answer(const char *text)
{
    json_auto_t *body = json_of(text);
    return answer_to(body);
}

/* By hand: 1 - k/5 at k = 0, 2, 4; half a cosine there is (1 + cos(0.4 pi))/2 and so on. */
static void factors_are_given_at_even_distances(void **state)
{
    (void)state;
    json_auto_t *got = answer("{'steps': 5, 'points': 3, 'schedules': ['linear',"
                              " {'type': 'cosine', 'name': 'half a wave'}]}");
    api_assert_equal(api_at(got, "/k"), "[0, 2, 4]");
    assert_int_equal(api_integer(got, "/steps"), 5);
    assert_string_equal(api_text(got, "/schedules/0/name"), "linear");
    assert_string_equal(api_text(got, "/schedules/1/name"), "half a wave");
    assert_near(api_number(got, "/schedules/0/factors/0"), 1.0, 0);
    assert_near(api_number(got, "/schedules/0/factors/1"), 0.6, 1e-15);
    assert_near(api_number(got, "/schedules/0/factors/2"), 0.2, 1e-15);
    assert_near(api_number(got, "/schedules/1/factors/1"), 0.654508497187474, 1e-14);
    assert_near(api_number(got, "/schedules/1/factors/2"), 0.0954915028125263, 1e-14);
    api_assert_equal(api_at(got, "/schedules/0/schedule"),
                     "{'type': 'linear', 'warmup': 0.0, 'warmup_mode': 'multiply', 'floor': 0.0}");
}

static void few_steps_are_all_given(void **state)
{
    (void)state;
    json_auto_t *got = answer("{'steps': 3, 'schedules': ['constant']}");
    api_assert_equal(api_at(got, "/k"), "[0, 1, 2]");
    json_auto_t *one = answer("{'steps': 1, 'schedules': ['linear', 'refined'], 'norms': "
                              "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}");
    api_assert_equal(api_at(one, "/k"), "[0]");
    assert_near(api_number(one, "/schedules/1/ratio_to_linear"), 1.0, 1e-15);
}

/* Acceptance table AV-7, T = 400: rates and bounds times 20. */
static void bounds_are_those_of_the_acceptance_table(void **state)
{
    (void)state;
    json_auto_t *got = answer("{'steps': 400, 'points': 2, 'schedules': ['constant', 'linear',"
                              " {'type': 'wsd', 'cooldown': 0.2}]}");
    assert_true(fabs(20 * api_number(got, "/schedules/0/base_rate") - .3635) < 1e-4);
    assert_true(fabs(20 * api_number(got, "/schedules/0/bound") - 2.7509) < 1e-4);
    assert_true(fabs(20 * api_number(got, "/schedules/1/base_rate") - .9913) < 1e-4);
    assert_true(fabs(20 * api_number(got, "/schedules/1/bound") - 2.0126) < 1e-4);
    assert_true(fabs(20 * api_number(got, "/schedules/2/bound") - 2.1842) < 1e-4);
    assert_near(api_number(got, "/schedules/1/ratio_to_linear"), 1.0, 1e-15);
    assert_near(api_number(got, "/schedules/2/ratio_to_linear"), 2.1842 / 2.0126, 1e-4);
}

/* The bound is linear in the distance and in the norms; the rate goes as their quotient. */
static void norms_and_distance_scale_the_bound(void **state)
{
    (void)state;
    json_auto_t *plain = answer("{'steps': 50, 'schedules': ['cosine']}");
    json_auto_t *scaled = answer("{'steps': 50, 'schedules': ['cosine'], 'distance': 6,"
                                 " 'norms': [2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2,2]}");
    assert_near(api_number(scaled, "/schedules/0/bound"),
                12 * api_number(plain, "/schedules/0/bound"), 1e-12);
    assert_near(api_number(scaled, "/schedules/0/base_rate"),
                3 * api_number(plain, "/schedules/0/base_rate"), 1e-12);
}

/* T = 2, factors 1, 1, G = 1: t1 = 1/4, t2 = 1/2, t3 = (1/1)(2/2)/2 = 1/2, so the rate is 1/2;
 * after one step: 1/2 / rate + rate/2 = 1.25. */
static void prefixes_are_bounded_at_the_rate_of_the_whole(void **state)
{
    (void)state;
    json_auto_t *got = answer("{'steps': 2, 'prefixes': 2, 'schedules': ['constant']}");
    assert_near(api_number(got, "/schedules/0/base_rate"), 0.5, 1e-15);
    api_assert_equal(api_at(got, "/schedules/0/prefixes/steps"), "[1, 2]");
    assert_near(api_number(got, "/schedules/0/prefixes/bound/0"), 1.25, 1e-15);
    assert_near(api_number(got, "/schedules/0/prefixes/bound/1"), 1.0, 1e-15);
}

#define NORMS "[4,3,2.5,2,1.8,1.7,1.9,1.6,1.5,1.4,1.5,1.3,1.2,1.3,1.25,1.2,1.1,1.15,1.05,1]"

/* Acceptance vector AV-6: first entries .174104530 (l2), .520173158 (l1). */
static void a_refined_schedule_goes_by_the_preview_s_norms(void **state)
{
    (void)state;
    json_auto_t *got = answer("{'steps': 20, 'norms': " NORMS ", 'schedules': ['refined',"
                              " {'type': 'refined', 'norm': 'l1'}]}");
    assert_near(api_number(got, "/schedules/0/factors/0"), .174104530, 1e-8);
    assert_near(api_number(got, "/schedules/1/factors/0"), .520173158, 1e-8);
    assert_int_equal(api_size(got, "/schedules/0/schedule/curve"), 20);
    assert_int_equal(api_size(got, "/schedules/0/warnings"), 0);
    assert_true(api_number(got, "/schedules/0/ratio_to_linear") < 1.0);

    json_auto_t *own = answer("{'steps': 20, 'schedules': [{'type': 'refined', 'norm': 'l1',"
                              " 'from': {'norms': " NORMS "}}]}");
    assert_near(api_number(own, "/schedules/0/factors/0"), .520173158, 1e-8);
}

static void what_is_odd_is_said(void **state)
{
    (void)state;
    json_auto_t *got =
        answer("{'steps': 100, 'norms': [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,0,0,0,0],"
               " 'schedules': ['refined', {'type': 'piecewise', 'at': [0, 0.5], 'factors': "
               "[1, 0]}, {'type': 'piecewise', 'at': [0], 'factors': [0]}]}");
    assert_says(api_text(got, "/schedules/0/warnings/0"), "this is linear decay: ");
    assert_says(api_text(got, "/schedules/1/warnings/0"), "the last 50 steps have factor 0");
    assert_says(api_text(got, "/schedules/2/warnings/0"), "there is no bound");
    assert_true(json_is_null(api_at(got, "/schedules/2/bound")));
    assert_true(json_is_null(api_at(got, "/schedules/2/ratio_to_linear")));
    assert_true(json_is_null(api_at(got, "/schedules/2/prefixes")));
}

static void a_run_is_asked_for(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{'steps': 30, 'run': 7, 'schedules': ['refined', {'type': "
                                "'refined', 'from': {'run': 8}}]}");
    AUTO_PROBLEMS struct problems problems = {0};
    struct preview preview;
    double norms[30];
    for (int i = 0; i < 30; i++)
        norms[i] = 1.0 + i % 3;

    preview_read(body, &preview, &problems);
    assert_int_equal(problems.found, 0);
    assert_int_equal(preview.run, 7);
    assert_int_equal(preview.entries[0].run, 0);
    assert_int_equal(preview.entries[1].run, 8);
    preview_give(&preview, norms, 30);
    preview_settle(&preview.entries[1], norms, 30, &problems);
    json_auto_t *got = preview_json(&preview, &problems);
    assert_int_equal(problems.found, 0);
    assert_true(
        json_equal(api_at(got, "/schedules/0/factors"), api_at(got, "/schedules/1/factors")));
    api_assert_equal(api_at(got, "/schedules/1/schedule/from"), "{'run': 8}");
    preview_release(&preview);
}

static void norms_that_cannot_be_used_are_refused_at_their_schedule(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{'steps': 30, 'run': 7, 'schedules': ['linear', 'refined']}");
    AUTO_PROBLEMS struct problems problems = {0};
    struct preview preview;
    double norms[20];
    for (int i = 0; i < 20; i++)
        norms[i] = i < 2 ? (double)NAN : 1.0;

    preview_read(body, &preview, &problems);
    preview_give(&preview, norms, 20);
    assert_null(preview_json(&preview, &problems));
    assert_string_equal(problems.list[0].pointer, "/schedules/1/from");
    assert_says(problems.list[0].detail, "18 finite gradient norms");
    preview_release(&preview);
}

/* Not that an arm has not been trained, too. */
static void norms_that_are_too_few_are_one_problem(void **state)
{
    (void)state;
    json_auto_t *body = json_of("{'steps': 30, 'schedules': [{'type': 'refined', 'drop_ends': true,"
                                " 'from': {'norms': " NORMS "}}]}");
    AUTO_PROBLEMS struct problems problems = {0};
    struct preview preview;
    preview_read(body, &preview, &problems);
    preview_release(&preview);
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, "/schedules/0/from/norms");
    assert_says(problems.list[0].detail, "needs at least 24");
}

static const struct {
    const char *body, *pointer, *says;
} refused[] = {
    {"[]", "", "must be an object"},
    {"{'schedules': ['linear']}", "/steps", "is missing"},
    {"{'steps': 0, 'schedules': ['linear']}", "/steps", "at least 1"},
    {"{'steps': 1.5, 'schedules': ['linear']}", "/steps", "whole number"},
    {"{'steps': 20000000, 'schedules': ['linear']}", "/steps", "at most 10000000"},
    {"{'steps': 6000000, 'schedules': ['linear', 'cosine']}", "/steps", "at most 5000000 steps"},
    {"{'steps': 1000000, 'schedules': ['linear'], 'prefixes': 200}", NULL, NULL},
    {"{'steps': 1000000, 'schedules': ['linear', 'linear'], 'prefixes': 200}", "/prefixes",
     "at most 100 prefixes"},
    {"{'steps': 10}", "/schedules", "is missing"},
    {"{'steps': 10, 'schedules': []}", "/schedules", "a list of 1 to 32"},
    {"{'steps': 10, 'schedules': {'type': 'linear'}}", "/schedules", "must be a list"},
    {"{'steps': 10, 'schedule': ['linear']}", "/schedule", "did you mean \"schedules\"?"},
    {"{'steps': 10, 'schedules': ['lineer']}", "/schedules/0/type", "did you mean \"linear\"?"},
    {"{'steps': 10, 'schedules': ['linear', 3]}", "/schedules/1", "must be an object"},
    {"{'steps': 10, 'schedules': [{'type': 'linear', 'flor': 1}]}", "/schedules/0/flor",
     "did you mean \"floor\"?"},
    {"{'steps': 10, 'schedules': [{'type': 'linear', 'name': ''}]}", "/schedules/0/name",
     "must be text"},
    {"{'steps': 10, 'schedules': [{'type': 'linear', 'warmup': 2}]}", "/schedules/0/warmup",
     "less than 1"},
    {"{'steps': 10, 'schedules': [{'type': 'wsd', 'shape': 'exponential'}]}", "/schedules/0",
     "must be above 0"},
    {"{'steps': 10, 'schedules': ['refined']}", "/schedules/0/from", "is missing"},
    {"{'steps': 10, 'schedules': [{'type': 'refined', 'from': {'arm': 'a'}}]}", "/schedules/0/from",
     "no arm has been trained yet"},
    {"{'steps': 10, 'schedules': [{'type': 'refined', 'from': {'norms': [1, 2]}}]}",
     "/schedules/0/from/norms", "a list of 20 to 4096 numbers"},
    {"{'steps': 10, 'schedules': ['linear'], 'norms': [1, 2]}", "/norms",
     "a list of 20 to 100000 numbers"},
    {"{'steps': 10, 'schedules': ['linear'], 'norms': " NORMS ", 'run': 3}", "/run", "not both"},
    {"{'steps': 10, 'schedules': ['linear'], 'norm': 'l3'}", "/norm", "(l2, l1)"},
    {"{'steps': 10, 'schedules': ['linear'], 'distance': 0}", "/distance", "greater than 0"},
    {"{'steps': 10, 'schedules': ['linear'], 'points': 1}", "/points", "at least 2"},
};

static void every_bad_body_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        struct preview preview;
        json_auto_t *body = json_of(refused[i].body);
        preview_read(body, &preview, &problems);
        preview_release(&preview);
        if (!refused[i].pointer) {
            assert_int_equal(problems.found, 0);
            continue;
        }
        if (problems.found == 0)
            fail_msg("%s is accepted", refused[i].body);
        const struct problem *first = &problems.list[0];
        for (int j = 0; j < problems.count; j++) /* a misspelt field is missing, too */
            if (strcmp(problems.list[j].pointer, refused[i].pointer) == 0)
                first = &problems.list[j];
        assert_string_equal(first->pointer, refused[i].pointer);
        assert_says(first->detail, refused[i].says);
    }
}

/* Whatever is in the list, its factors are drawn and within 0 … 1. */
static void every_schedule_can_be_previewed(void **state)
{
    (void)state;
    json_auto_t *got =
        answer("{'steps': 1000, 'norms': " NORMS ", 'schedules': ['constant', 'linear', 'cosine',"
               " 'polynomial', 'step', 'exponential', 'inverse_time', 'inverse_sqrt', 'wsd',"
               " 'cosine_restarts', 'one_cycle', {'type': 'piecewise', 'at': [0, 1], 'factors':"
               " [1, 0.1]}, 'power_decay', 'hybrid', 'cyclical', 'refined']}");
    for (size_t i = 0; i < json_array_size(api_at(got, "/schedules")); i++) {
        const json_t *entry = json_array_get(api_at(got, "/schedules"), i);
        assert_int_equal(api_size(entry, "/factors"), 200);
        for (size_t k = 0; k < 200; k++) {
            const double factor = json_number_value(json_array_get(api_at(entry, "/factors"), k));
            assert_true(factor >= 0.0 && factor <= 1.0);
        }
        assert_true(api_number(entry, "/bound") > 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_given_at_even_distances),
        cmocka_unit_test(few_steps_are_all_given),
        cmocka_unit_test(bounds_are_those_of_the_acceptance_table),
        cmocka_unit_test(norms_and_distance_scale_the_bound),
        cmocka_unit_test(prefixes_are_bounded_at_the_rate_of_the_whole),
        cmocka_unit_test(a_refined_schedule_goes_by_the_preview_s_norms),
        cmocka_unit_test(what_is_odd_is_said),
        cmocka_unit_test(a_run_is_asked_for),
        cmocka_unit_test(norms_that_cannot_be_used_are_refused_at_their_schedule),
        cmocka_unit_test(norms_that_are_too_few_are_one_problem),
        cmocka_unit_test(every_bad_body_is_refused_where_it_is_wrong),
        cmocka_unit_test(every_schedule_can_be_previewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
