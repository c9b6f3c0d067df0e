/* Which points go on from a rung, and where there may be one: by hand. */
#include "support/check.h"

#include "branching.h"
#include "jobs/halving.h"

#include <math.h>
#include <stdlib.h>

#define NONE ((double)NAN)

static struct halving read_tune(const char *text, uint64_t points)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *tune = json_loads(text, 0, NULL);
    const struct halving halving = halving_read(tune, points, &problems);
    assert_int_equal(problems.found, 0);
    return halving;
}

static void a_grid_has_no_rungs(void **state)
{
    (void)state;
    assert_int_equal(read_tune("{}", 8).rung_count, 0);
    assert_int_equal(read_tune("{\"strategy\":\"grid\"}", 8).rung_count, 0);
    AUTO_PROBLEMS struct problems problems = {0};
    assert_int_equal(halving_read(NULL, 1, &problems).rung_count, 0);
}

/* log2 of the points, rounded down; the last rung at a half. */
static void there_are_as_many_rungs_as_the_factor_divides_the_points(void **state)
{
    (void)state;
    const struct halving eight = read_tune("{\"strategy\":\"halving\"}", 8);
    assert_int_equal(eight.rung_count, 3);
    assert_near(eight.at[0], 0.125, 0);
    assert_near(eight.at[1], 0.25, 0);
    assert_near(eight.at[2], 0.5, 0);
    const struct halving ten = read_tune("{\"strategy\":\"halving\",\"factor\":3}", 10);
    assert_int_equal(ten.rung_count, 2);
    assert_near(ten.at[0], 1.0 / 9, 1e-15);
    assert_near(ten.at[1], 1.0 / 3, 1e-15);
    assert_int_equal(read_tune("{\"strategy\":\"halving\"}", 100000).rung_count, RUNGS_MAX);
    assert_int_equal(read_tune("{\"strategy\":\"halving\"}", 1).rung_count, 0);
}

static bool permits(const char *spec, double at)
{
    struct error err;
    json_auto_t *document = json_loads(spec, 0, NULL);
    return halving_permits(document, at, &err) == 0;
}

static void only_what_does_not_look_ahead_is_permitted(void **state)
{
    (void)state;
    assert_true(permits("{\"schedule\":{\"type\":\"constant\",\"warmup\":0.0}}", 0.01));
    assert_false(permits("{\"schedule\":{\"type\":\"constant\",\"warmup\":0.1}}", 0.1));
    assert_true(permits("{\"schedule\":{\"type\":\"constant\",\"warmup\":0.1}}", 0.11));
    assert_true(permits("{\"schedule\":{\"type\":\"wsd\",\"cooldown\":0.5}}", 0.5));
    assert_false(permits("{\"schedule\":{\"type\":\"wsd\",\"cooldown\":0.5}}", 0.51));
    assert_true(permits("{\"optimizer\":{\"type\":\"schedule_free\"},"
                        "\"schedule\":{\"type\":\"constant\"}}",
                        0.5));
    assert_false(permits("{\"optimizer\":{\"type\":\"schedule_free\"},"
                         "\"schedule\":{\"type\":\"linear\"}}",
                         0.5));
    assert_false(permits("{\"schedule\":{\"type\":\"cosine\"}}", 0.5));
    assert_false(permits("{\"schedule\":{\"type\":\"refined\"}}", 0.5));
}

/* Epochs 1 and 2 of 4: the rungs at 1/16 and 1/8 are epoch 1 as well. */
static void own_rungs_that_fall_together_become_one(void **state)
{
    (void)state;
    struct error err;
    struct halving halving = read_tune("{\"strategy\":\"halving\"}", 16);
    json_auto_t *spec = json_loads("{\"epochs\":4,\"schedule\":{\"type\":\"constant\"}}", 0, NULL);
    assert_int_equal(halving.rung_count, 4);
    assert_int_equal(halving_settle(&halving, spec, &err), 0);
    assert_int_equal(halving.rung_count, 2);
    assert_int_equal(rung_step(halving.at[0], 400, 4), 100);
    assert_int_equal(rung_step(halving.at[1], 400, 4), 200);
}

static void given_rungs_that_fall_together_are_refused(void **state)
{
    (void)state;
    struct error err;
    struct halving halving = read_tune("{\"strategy\":\"halving\",\"rungs\":[0.3,0.4]}", 16);
    json_auto_t *spec = json_loads("{\"epochs\":3,\"schedule\":{\"type\":\"constant\"}}", 0, NULL);
    assert_int_equal(halving_settle(&halving, spec, &err), -1);
    assert_string_equal(err.sentence, "the rungs 0.3 and 0.4 are the same one of 3 epochs");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    const struct halving halving = read_tune("{\"strategy\":\"halving\",\"factor\":3}", 9);
    json_auto_t *tune = json_loads("{\"strategy\":\"halving\"}", 0, NULL);
    AUTO_PROBLEMS struct problems problems = {0};
    halving_write(&halving, tune);
    const struct halving again = halving_read(tune, 2, &problems);
    assert_int_equal(again.factor, 3);
    assert_int_equal(again.rung_count, 2);
    for (int i = 0; i < 2; i++)
        assert_near(again.at[i], halving.at[i], 0);
}

static void rungs_are_ends_of_epochs_where_there_are_any(void **state)
{
    (void)state;
    assert_int_equal(rung_step(0.25, 80, 0), 20);
    assert_int_equal(rung_step(0.01, 70, 7), 10); /* never the beginning */
    assert_int_equal(rung_step(0.99, 70, 7), 60); /* nor the end */
    assert_int_equal(rung_step(0.5, 70, 7), 40);
    assert_int_equal(rung_step(0.5, 70, 1), 35);
    assert_int_equal(rung_step(0.5, 1, 1), 0);
}

static void assert_kept(const double *values, const bool *stands, int points, int seeds, int factor,
                        bool maximize, const bool *wanted)
{
    bool kept[8];
    halving_keep(values, stands, points, seeds, factor, maximize, kept);
    for (int point = 0; point < points; point++)
        assert_int_equal(kept[point], wanted[point]);
}

static void the_better_half_goes_on_rounded_up(void **state)
{
    (void)state;
    const double values[] = {3, 1, 5, 2, 4};
    const bool all[] = {true, true, true, true, true};
    assert_kept(values, all, 5, 1, 2, false, (bool[]){true, true, false, true, false});
    assert_kept(values, all, 5, 1, 2, true, (bool[]){true, false, true, false, true});
    assert_kept(values, all, 5, 1, 5, false, (bool[]){false, true, false, false, false});
    assert_kept(values, all, 5, 1, 10, false, (bool[]){false, true, false, false, false});
}

/* Means 1.5, 2, 1 of the values there are; the point with a failure is behind both others. */
static void a_failure_is_worse_than_any_number(void **state)
{
    (void)state;
    const double values[] = {1, 2, 2, 2, NONE, 1};
    const bool all[] = {true, true, true};
    assert_kept(values, all, 3, 2, 2, false, (bool[]){true, true, false});
    assert_kept(values, all, 3, 2, 3, false, (bool[]){true, false, false});
}

static void equal_points_go_on_in_their_order(void **state)
{
    (void)state;
    const double values[] = {2, 2, 2, 2}, none[] = {NONE, NONE, NONE, NONE};
    const bool all[] = {true, true, true, true};
    assert_kept(values, all, 4, 1, 2, false, (bool[]){true, true, false, false});
    assert_kept(none, all, 4, 1, 2, false, (bool[]){true, true, false, false});
}

static void who_was_dropped_before_takes_no_part(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 4};
    assert_kept(values, (bool[]){false, true, false, true}, 4, 1, 2, false,
                (bool[]){false, true, false, false});
    assert_kept(values, (bool[]){false, false, false, false}, 4, 1, 2, false,
                (bool[]){false, false, false, false});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_has_no_rungs),
        cmocka_unit_test(there_are_as_many_rungs_as_the_factor_divides_the_points),
        cmocka_unit_test(only_what_does_not_look_ahead_is_permitted),
        cmocka_unit_test(own_rungs_that_fall_together_become_one),
        cmocka_unit_test(given_rungs_that_fall_together_are_refused),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(rungs_are_ends_of_epochs_where_there_are_any),
        cmocka_unit_test(the_better_half_goes_on_rounded_up),
        cmocka_unit_test(a_failure_is_worse_than_any_number),
        cmocka_unit_test(equal_points_go_on_in_their_order),
        cmocka_unit_test(who_was_dropped_before_takes_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
