/* How a comparison is to be judged; the words of refusals are in tests/data/jobs/invalid. */
#include "support/check.h"

#include "jobs/judging.h"
#include "json.h"

static struct judging read_text(const char *text, int problem_count)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct error err;
    json_auto_t *body = NULL;
    if (json_read(text, strlen(text), &body, &err) < 0)
        fail_msg("%s", err.sentence);
    const struct judging judging = judging_read(body, &problems);
    assert_int_equal(problems.found, problem_count);
    return judging;
}

static void nothing_asked_means_five_per_cent_and_no_band(void **state)
{
    (void)state;
    const struct judging judging = read_text("{}", 0);
    assert_near(judging.level, 0.05, 0);
    assert_near(judging.within, 0, 0);
    assert_false(judging.relative);
    assert_false(judging.has_target);
    assert_int_equal(judging.band, BAND_STANDARD_ERROR);
}

static void a_band_is_absolute_or_relative(void **state)
{
    (void)state;
    const struct judging absolute = read_text("{\"equivalent_within\": 2}", 0);
    assert_near(absolute.within, 2, 0);
    assert_false(absolute.relative);
    const struct judging relative = read_text("{\"equivalent_within\": {\"relative\": 0.01}}", 0);
    assert_near(relative.within, 0.01, 0);
    assert_true(relative.relative);
}

static void a_target_may_be_any_number(void **state)
{
    (void)state;
    const struct judging judging = read_text("{\"target\": -3, \"band\": \"quantiles\"}", 0);
    assert_true(judging.has_target);
    assert_near(judging.target, -3, 0);
    assert_int_equal(judging.band, BAND_QUANTILES);
    assert_true(read_text("{\"target\": 0}", 0).has_target);
}

static void looks_are_counted_and_none_means_at_the_end(void **state)
{
    (void)state;
    assert_int_equal(read_text("{}", 0).looks, 0);
    assert_int_equal(read_text("{\"sequential\": null}", 0).looks, 0);
    assert_int_equal(read_text("{\"sequential\": {\"looks\": 2}}", 0).looks, 2);
    assert_int_equal(read_text("{\"sequential\": {\"looks\": 10.0}}", 0).looks, 10);
}

static void what_is_out_of_range_is_a_problem_and_not_taken(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"level\": 0}",
        "{\"level\": 0.50001}",
        "{\"level\": 0.00009}",
        "{\"level\": null}",
        "{\"level\": true}",
        "{\"equivalent_within\": 0}",
        "{\"equivalent_within\": []}",
        "{\"equivalent_within\": {\"relative\": 0}}",
        "{\"equivalent_within\": {\"relative\": 1.01}}",
        "{\"equivalent_within\": {}}",
        "{\"target\": \"0.3\"}",
        "{\"target\": {}}",
        "{\"band\": \"none\"}",
        "{\"band\": null}",
        "{\"sequential\": true}",
        "{\"sequential\": []}",
        "{\"sequential\": {}}",
        "{\"sequential\": {\"looks\": 1}}",
        "{\"sequential\": {\"looks\": 2.5}}",
        "{\"sequential\": {\"looks\": 11}}",
        "{\"sequential\": {\"looks\": null}}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct judging judging = read_text(wrong[i], 1);
        assert_near(judging.level, 0.05, 0);
        assert_near(judging.within, 0, 0);
        assert_false(judging.has_target);
        assert_int_equal(judging.looks, 0);
    }
    assert_near(read_text("{\"level\": 0.5}", 0).level, 0.5, 0);
    assert_near(read_text("{\"level\": 0.0001}", 0).level, 0.0001, 0);
    assert_near(read_text("{\"equivalent_within\": {\"relative\": 1}}", 0).within, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_means_five_per_cent_and_no_band),
        cmocka_unit_test(a_band_is_absolute_or_relative),
        cmocka_unit_test(a_target_may_be_any_number),
        cmocka_unit_test(looks_are_counted_and_none_means_at_the_end),
        cmocka_unit_test(what_is_out_of_range_is_a_problem_and_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
