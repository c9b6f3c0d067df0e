/* Search spaces: what is read and refused, points and the unit cube, and what may differ. */
#include "support/check.h"

#include "jobs/space.h"
#include "json.h"
#include "memory.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE ((double)NAN)

static struct space read_space(const char *text)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *object = json_loads(text, 0, NULL);
    struct space space;
    assert_non_null(object);
    space_read(object, "/space", &space, &problems);
    if (problems.found > 0)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    return space;
}

/* --- by hand ------------------------------------------------------------------------------------
 */

static const char *const example =
    "{\"/optimizer/momentum\":{\"type\":\"float\",\"low\":0.5,\"high\":0.99,"
    "\"when\":{\"/optimizer/type\":[\"nesterov\"]}},"
    "\"/optimizer/lr\":{\"type\":\"float\",\"low\":1e-5,\"high\":1,\"scale\":\"log\"},"
    "\"/optimizer/type\":{\"type\":\"choice\",\"values\":[\"adamw\",\"nesterov\",\"lion\"]},"
    "\"/batch_size\":{\"type\":\"int\",\"low\":32,\"high\":512,\"step\":32}}";
enum { LR, TYPE, MOMENTUM, BATCH }; /* momentum comes as soon as the type is there */

static void a_condition_comes_behind_what_it_names(void **state)
{
    (void)state;
    struct space space = read_space(example);
    assert_int_equal(space.count, 4);
    assert_int_equal(space_find(&space, "/optimizer/lr"), LR);
    assert_int_equal(space_find(&space, "/optimizer/type"), TYPE);
    assert_int_equal(space_find(&space, "/optimizer/momentum"), MOMENTUM);
    assert_int_equal(space_find(&space, "/batch_size"), BATCH);
    assert_int_equal(space_find(&space, "/batch"), -1);
    assert_int_equal(space.parameters[MOMENTUM].conditions[0].parameter, TYPE);
    space_release(&space);
}

/* 10^-2.5; (64 - 16) / (528 - 16); the middle of the second of three. */
static void numbers_and_the_cube_agree(void **state)
{
    (void)state;
    struct space space = read_space(example);
    double u[4], values[4] = {0.0031622776601683794, 1, 0.745, 64};
    space_to_unit(&space, values, u);
    assert_near(u[LR], 0.5, 1e-15);
    assert_near(u[TYPE], 0.5, 0);
    assert_near(u[MOMENTUM], 0.5, 1e-15);
    assert_near(u[BATCH], 0.09375, 0);
    space_from_unit(&space, u, values);
    assert_near(values[LR], 0.0031622776601683794, 1e-15);
    assert_near(values[TYPE], 1, 0);
    assert_near(values[MOMENTUM], 0.745, 1e-15);
    assert_near(values[BATCH], 64, 0);
    space_release(&space);
}

/* ln 2 / ln 17: 1 is the first of [1/2, 17/2]. A third of the cube for each of three. */
static void whole_numbers_have_half_a_step_on_both_sides(void **state)
{
    (void)state;
    struct space space =
        read_space("{\"a\":{\"type\":\"int\",\"low\":1,\"high\":8,\"scale\":\"log\"},"
                   "\"b\":{\"type\":\"int\",\"low\":1,\"high\":3}}");
    const struct parameter *log_one = &space.parameters[0], *linear = &space.parameters[1];
    assert_near(parameter_to_unit(log_one, 1), 0.24465054211822604, 1e-15);
    assert_near(parameter_from_unit(log_one, 0.38), 1, 0); /* ln 3 / ln 17 is 0.3878 */
    assert_near(parameter_from_unit(log_one, 0.39), 2, 0);
    assert_near(parameter_from_unit(linear, 0.333), 1, 0);
    assert_near(parameter_from_unit(linear, 0.334), 2, 0);
    assert_near(parameter_from_unit(linear, 0.666), 2, 0);
    assert_near(parameter_from_unit(linear, 0.667), 3, 0);
    space_release(&space);
}

static void ends_are_met_and_never_passed(void **state)
{
    (void)state;
    struct space space = read_space(example);
    for (int i = 0; i < space.count; i++) {
        const struct parameter *parameter = &space.parameters[i];
        assert_near(parameter_from_unit(parameter, 0), parameter->low, 0);
        assert_near(parameter_from_unit(parameter, -3), parameter->low, 0);
        assert_near(parameter_from_unit(parameter, 1), parameter->high, 0);
        assert_near(parameter_from_unit(parameter, HUGE_VAL), parameter->high, 0);
        assert_true(parameter_from_unit(parameter, 1 - DBL_EPSILON) <= parameter->high);
        assert_true(parameter_from_unit(parameter, DBL_MIN) >= parameter->low);
    }
    space_release(&space);
}

/* 0.1 + 2 * 0.1 is 0.30000000000000004. The last value below 1 in steps of 0.3 is 0.9. */
static void steps_are_the_numbers_that_people_write(void **state)
{
    (void)state;
    struct space space =
        read_space("{\"a\":{\"type\":\"float\",\"low\":0.1,\"high\":0.9,\"step\":0.1},"
                   "\"b\":{\"type\":\"float\",\"low\":0,\"high\":1,\"step\":0.3},"
                   "\"c\":{\"type\":\"int\",\"low\":3,\"high\":10,\"step\":5}}");
    assert_int_equal(parameter_size(&space.parameters[0]), 9);
    assert_near(parameter_value(&space.parameters[0], 2), 0.3, 0);
    assert_near(parameter_value(&space.parameters[0], 6), 0.7, 0);
    assert_int_equal(parameter_size(&space.parameters[1]), 4);
    assert_near(parameter_value(&space.parameters[1], 3), 0.9, 0);
    assert_near(space.parameters[1].high, 0.9, 0);
    assert_int_equal(parameter_size(&space.parameters[2]), 2);
    assert_near(space.parameters[2].high, 8, 0);
    assert_int_equal(parameter_place(&space.parameters[2], 7), 1);
    assert_int_equal(parameter_place_from(&space.parameters[2], 3.5), 1);
    assert_int_equal(parameter_place_from(&space.parameters[2], 9), 2); /* none */
    space_release(&space);
}

static void what_does_not_apply_is_nan_and_in_the_middle(void **state)
{
    (void)state;
    struct space space = read_space(example);
    double values[4], u[4] = {0.2, 0.1, 0.9, 0.3};
    space_from_unit(&space, u, values);
    assert_near(values[TYPE], 0, 0);
    assert_true(isnan(values[MOMENTUM]));
    space_to_unit(&space, values, u);
    assert_near(u[MOMENTUM], 0.5, 0);

    values[TYPE] = 1; /* now it applies, and has no value */
    space_settle(&space, values);
    assert_near(values[MOMENTUM], 0.745, 1e-15);
    values[TYPE] = 2;
    space_settle(&space, values);
    assert_true(isnan(values[MOMENTUM]));
    space_release(&space);
}

static const char *const chain = "{\"depth\":{\"type\":\"int\",\"low\":0,\"high\":4},"
                                 "\"kind\":{\"type\":\"choice\",\"values\":[\"a\",\"b\",\"c\"],"
                                 "\"when\":{\"depth\":{\"at_least\":2}}},"
                                 "\"width\":{\"type\":\"int\",\"low\":1,\"high\":10,"
                                 "\"when\":{\"kind\":[\"a\",\"c\"],\"depth\":{\"at_most\":3}}}}";

/* Depth 0 and 1: one each. Depth 2 and 3: kind b once, a and c ten times. Depth 4: three kinds. */
static void conditions_may_follow_each_other(void **state)
{
    (void)state;
    struct space space = read_space(chain);
    double values[3] = {NONE, NONE, NONE};
    assert_int_equal(space_size(&space), 2 + 2 * (10 + 1 + 10) + 3);
    space_settle(&space, values); /* the middle: depth 2, kind b */
    assert_near(values[0], 2, 0);
    assert_near(values[1], 1, 0);
    assert_true(isnan(values[2]));
    space_point(&space, 2, values);
    assert_near(values[0], 2, 0);
    assert_near(values[1], 0, 0);
    assert_near(values[2], 1, 0);
    space_point(&space, 46, values);
    assert_near(values[0], 4, 0);
    assert_near(values[1], 2, 0);
    assert_true(isnan(values[2]));
    space_release(&space);
}

static void spaces_without_end_have_the_size_of_no_number(void **state)
{
    (void)state;
    struct space continuous = read_space(example);
    assert_true(space_size(&continuous) == UINT64_MAX);
    space_release(&continuous);

    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text, "{");
    for (int i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s\"p%d\":{\"type\":\"int\",\"low\":1,\"high\":1000}",
                                 i ? "," : "", i);
    snprintf(text + used, sizeof text - used, "}");
    struct space large = read_space(text); /* 1000^20 */
    double values[20];
    assert_true(space_size(&large) == UINT64_MAX);
    space_point(&large, 1234567, values);
    assert_near(values[19], 568, 0);
    assert_near(values[18], 235, 0);
    assert_near(values[17], 2, 0);
    assert_near(values[0], 1, 0);
    space_release(&large);
}

static struct space pairs(int count)
{
    json_auto_t *object = json_object();
    for (int i = 0; i < count; i++) {
        char on[16], then[16];
        snprintf(on, sizeof on, "on%d", i);
        snprintf(then, sizeof then, "then%d", i);
        json_object_set_new(object, on,
                            json_pack("{s:s, s:[b, b]}", "type", "choice", "values", 0, 1));
        json_object_set_new(object, then,
                            json_pack("{s:s, s:i, s:i, s:{s:[b]}}", "type", "int", "low", 1, "high",
                                      3, "when", on, 1));
    }
    AUTO_FREE char *text = json_compact(object);
    return read_space(text);
}

/* Walked through together, thirty pairs would be 2^30 ways. 1 + 3 points each. */
static void what_is_not_connected_is_counted_apart(void **state)
{
    (void)state;
    struct space thirty = pairs(30), sixty = pairs(60);
    assert_true(space_size(&thirty) == UINT64_C(1) << 60);
    assert_true(space_size(&sixty) == UINT64_MAX); /* 2^120 */
    space_release(&thirty);
    space_release(&sixty);
}

/* `children` parameters of two values that hang on eight of `parents` each, one of them shared with
 * the next. */
static struct space entangled(int parents, int children)
{
    json_auto_t *object = json_object();
    char name[16];
    for (int i = 0; i < parents; i++) {
        snprintf(name, sizeof name, "p%d", i);
        json_object_set_new(object, name,
                            json_pack("{s:s, s:[i, i]}", "type", "choice", "values", 0, 1));
    }
    for (int i = 0; i < children; i++) {
        json_t *child = json_pack("{s:s, s:i, s:i}", "type", "int", "low", 0, "high", 1);
        json_t *when = json_object();
        for (int k = 0; k < CONDITIONS_MAX; k++) {
            snprintf(name, sizeof name, "p%d", 7 * i + k);
            json_object_set_new(when, name, json_pack("[i]", 1));
        }
        json_object_set_new(child, "when", when);
        snprintf(name, sizeof name, "c%d", i);
        json_object_set_new(object, name, child);
    }
    AUTO_FREE char *text = json_compact(object);
    return read_space(text);
}

/* One in 2^8 ways the child doubles, and 32 others are free. Three children hang on 22 parents:
 * 2^22 ways are too many to walk, as good as endless. */
static void entangled_conditions_are_counted_within_reason(void **state)
{
    (void)state;
    struct space few = entangled(40, 1), many = entangled(22, 3);
    assert_true(space_size(&few) == (UINT64_C(1) << 40) + (UINT64_C(1) << 32));
    assert_true(space_size(&many) == UINT64_MAX);
    space_release(&few);
    space_release(&many);
}

/* --- random spaces ------------------------------------------------------------------------------
 */

static int draw(struct rng *rng, int low, int high)
{
    return low + (int)rng_below(rng, (uint32_t)(high - low + 1));
}

static json_t *random_number(struct rng *rng, bool finite, bool small)
{
    const bool whole = draw(rng, 0, 1), log_scale = draw(rng, 0, 2) == 0;
    json_t *object = json_object();
    const int low = draw(rng, log_scale ? 5 : -20, 20);
    const int high = low + draw(rng, 0, small ? 7 : 400);
    const double unit = whole ? 1 : 0.1;
    json_object_set_new(object, "type", json_string(whole ? "int" : "float"));
    json_object_set_new(object, "low", json_real(low * unit));
    json_object_set_new(object, "high", json_real(high * unit));
    if (whole ? draw(rng, 0, 1) : (finite || draw(rng, 0, 1)))
        json_object_set_new(object, "step", json_real(draw(rng, 1, 4) * unit));
    if (log_scale)
        json_object_set_new(object, "scale", json_string("log"));
    return object;
}

static json_t *random_choice(struct rng *rng)
{
    json_t *values = json_array();
    const int count = draw(rng, 1, 4);
    for (int i = 0; i < count; i++)
        json_array_append_new(values, json_pack("[i, s]", i, "x"));
    return json_pack("{s:s, s:o, s:b}", "type", "choice", "values", values, "ordered",
                     draw(rng, 0, 1));
}

static json_t *random_condition(struct rng *rng, const json_t *on)
{
    const json_t *values = json_object_get(on, "values");
    if (!values) {
        const double low = json_number_at(on, "low", 0), high = json_number_at(on, "high", 0);
        const double at = low + (high - low) * rng_uniform(rng) * 0.3;
        return json_pack(draw(rng, 0, 1) ? "{s:f}" : "{s:f, s:f}", "at_most", at, "at_least", low);
    }
    json_t *allowed = json_array();
    const int count = (int)json_array_size(values);
    for (int i = 0; i < count; i++) {
        if (i == 0 || draw(rng, 0, 1))
            json_array_append(allowed, json_array_get(values, (size_t)i));
    }
    return allowed;
}

/* Names fall so that what is named comes later in the object. */
static json_t *random_space(struct rng *rng, int count, bool finite)
{
    json_t *list[PARAMETERS_MAX], *object = json_object();
    char names[PARAMETERS_MAX][24];
    for (int i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "/p%d/~1", i);
        list[i] = draw(rng, 0, 2) ? random_number(rng, finite, finite) : random_choice(rng);
        if (i > 0 && draw(rng, 0, 1)) {
            const int on = draw(rng, 0, i - 1), other = draw(rng, 0, i - 1);
            json_t *when = json_object();
            json_object_set_new(when, names[on], random_condition(rng, list[on]));
            json_object_set_new(when, names[other], random_condition(rng, list[other]));
            json_object_set_new(list[i], "when", when);
        }
    }
    for (int i = count - 1; i >= 0; i--)
        json_object_set_new(object, names[i], list[i]);
    return object;
}

static struct space draw_space(struct rng *rng, int count, bool finite)
{
    json_auto_t *object = random_space(rng, count, finite);
    AUTO_FREE char *text = json_ordered(object);
    return read_space(text);
}

static bool is_close(const struct parameter *parameter, double a, double b)
{
    double low, high;
    if (isnan(a) || parameter_size(parameter) > 0)
        return a == b || (isnan(a) && isnan(b));
    parameter_ends(parameter, &low, &high);
    return fabs(parameter_axis(parameter, a) - parameter_axis(parameter, b)) <=
           8 * DBL_EPSILON * (fabs(low) + fabs(high));
}

static void check_value(const struct space *space, int i, const double *values)
{
    const struct parameter *parameter = &space->parameters[i];
    assert_int_equal(isnan(values[i]), !space_applies(space, i, values));
    if (isnan(values[i]))
        return;
    assert_true(values[i] >= parameter->low && values[i] <= parameter->high);
    if (parameter_size(parameter) > 0)
        assert_near(parameter_value(parameter, parameter_place(parameter, values[i])), values[i],
                    0);
}

static void check_as_text(const struct space *space, const double *values)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *object = space_values_json(space, values);
    AUTO_FREE char *text = json_compact(object);
    json_auto_t *again = json_loads(text, 0, NULL);
    double read[PARAMETERS_MAX];
    if (!space_values_read(space, again, "", false, read, &problems))
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    assert_true(space_same(space, values, read));
    assert_true(space_hash(space, values) == space_hash(space, read));
}

static void points_come_back_from_the_cube_and_from_text(void **state)
{
    (void)state;
    struct rng rng = rng_stream(1, RANDOM_TEST, 0);
    for (int round = 0; round < 200; round++) {
        struct space space = draw_space(&rng, draw(&rng, 1, 9), false);
        for (int point = 0; point < 20; point++) {
            double values[9], u[9], again[9];
            space_draw(&space, &rng, values);
            space_to_unit(&space, values, u);
            space_from_unit(&space, u, again);
            for (int i = 0; i < space.count; i++) {
                check_value(&space, i, values);
                assert_true(u[i] >= 0 && u[i] <= 1);
                assert_true(is_close(&space.parameters[i], values[i], again[i]));
            }
            check_as_text(&space, values);
        }
        space_release(&space);
    }
}

static void a_space_is_read_again_as_it_was_written(void **state)
{
    (void)state;
    struct rng rng = rng_stream(2, RANDOM_TEST, 0);
    for (int round = 0; round < 200; round++) {
        struct space space = draw_space(&rng, draw(&rng, 1, 9), false);
        json_auto_t *object = space_json(&space);
        AUTO_FREE char *text = json_ordered(object);
        struct space again = read_space(text);
        json_auto_t *twice = space_json(&again);
        assert_true(json_equal(object, twice));
        for (int point = 0; point < 20; point++) {
            struct rng one = rng_stream(3, RANDOM_TEST, (uint64_t)point), other = one;
            double values[9], others[9];
            space_draw(&space, &one, values);
            space_draw(&again, &other, others);
            assert_true(space_same(&space, values, others));
        }
        space_release(&again);
        space_release(&space);
    }
}

/* Every combination of values, those that do not apply struck out. */
static int enumerate(const struct space *space, double *points, int most)
{
    uint64_t place[PARAMETERS_MAX] = {0};
    int count = 0;
    for (;;) {
        double *values = points + (size_t)count * (size_t)space->count;
        for (int i = 0; i < space->count; i++)
            values[i] = space_applies(space, i, values)
                            ? parameter_value(&space->parameters[i], place[i])
                            : NONE;
        /* One of those that become the same: where all that does not apply stands at 0. */
        bool first = true;
        for (int i = 0; i < space->count; i++)
            first = first && (!isnan(values[i]) || place[i] == 0);
        count += first;
        assert_true(count < most);
        int i = space->count - 1;
        while (i >= 0 && ++place[i] == parameter_size(&space->parameters[i]))
            place[i--] = 0;
        if (i < 0)
            return count;
    }
}

static void the_points_of_a_space_are_those_of_brute_force(void **state)
{
    (void)state;
    enum { MOST = 40000, COUNT = 5, ROUNDS = 300 };
    struct rng rng = rng_stream(4, RANDOM_TEST, 0);
    AUTO_FREE double *points = xcalloc(MOST * COUNT, sizeof *points);
    int total = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct space space = draw_space(&rng, draw(&rng, 2, COUNT), true);
        const int count = enumerate(&space, points, MOST);
        assert_int_equal(space_size(&space), count);
        for (int i = 0; i < count; i++) {
            double values[COUNT];
            space_point(&space, (uint64_t)i, values);
            assert_true(space_same(&space, values, points + (size_t)i * (size_t)space.count));
        }
        total += count;
        space_release(&space);
    }

    assert_true(total > 20 * ROUNDS); /* the spaces were not all of a few points */
}

static void drawn_points_are_uniform_on_the_axis(void **state)
{
    (void)state;
    struct space space =
        read_space("{\"a\":{\"type\":\"float\",\"low\":0.001,\"high\":10,\"scale\":\"log\"},"
                   "\"b\":{\"type\":\"int\",\"low\":0,\"high\":3}}");
    int below = 0, each[4] = {0};
    for (int i = 0; i < 10000; i++) {
        struct rng rng = rng_stream(9, RANDOM_SEARCH, (uint64_t)i);
        double values[2];
        space_draw(&space, &rng, values);
        below += values[0] < 0.1; /* the middle of its logarithms */
        each[(int)values[1]]++;
    }
    assert_in_range(below, 4800, 5200); /* four standard deviations */
    for (int i = 0; i < 4; i++)
        assert_in_range(each[i], 2327, 2673);
    space_release(&space);
}

static void the_same_point_has_the_same_hash(void **state)
{
    (void)state;
    struct space space = read_space("{\"a\":{\"type\":\"float\",\"low\":-1,\"high\":1},"
                                    "\"b\":{\"type\":\"float\",\"low\":-1,\"high\":1}}");
    const double plus[2] = {0.0, 0.5}, minus[2] = {-0.0, 0.5}, other[2] = {0.5, 0.0};
    assert_true(space_same(&space, plus, minus));
    assert_true(space_hash(&space, plus) == space_hash(&space, minus));
    assert_false(space_same(&space, plus, other));
    assert_true(space_hash(&space, plus) != space_hash(&space, other));
    space_release(&space);
}

/* --- points that people write -------------------------------------------------------------------
 */

static void read_point(const struct space *space, const char *text, bool partial, double *values,
                       struct problems *problems)
{
    json_auto_t *object = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(object);
    space_values_read(space, object, "/enqueue/0", partial, values, problems);
}

static void a_part_of_a_point_leaves_the_rest_open(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct space space = read_space(example);
    double values[4];
    /* The type is settled to the second of three: nesterov, so there is a momentum. */
    read_point(&space, "{\"/optimizer/momentum\":0.9,\"/batch_size\":64.0}", true, values,
               &problems);
    assert_int_equal(problems.found, 0);
    assert_near(values[MOMENTUM], 0.9, 0);
    assert_near(values[BATCH], 64, 0);
    assert_true(isnan(values[TYPE]) && isnan(values[LR]));
    space_settle(&space, values);
    assert_near(values[MOMENTUM], 0.9, 0);
    assert_near(values[TYPE], 1, 0);
    space_release(&space);
}

static void points_outside_the_space_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pointer, *words;
    } cases[] = {
        {"{\"/optimizer/lr\":2}", "/enqueue/0/~1optimizer~1lr", "at least 1e-05 and at most 1"},
        {"{\"/optimizer/lr\":\"x\"}", "/enqueue/0/~1optimizer~1lr", "must be a number"},
        {"{\"/batch_size\":48}", "/enqueue/0/~1batch_size", "in steps of 32 from there"},
        {"{\"/batch_size\":544}", "/enqueue/0/~1batch_size", "at most 512"},
        {"{\"/batch_size\":null}", "/enqueue/0/~1batch_size", "must be a whole number"},
        {"{\"/optimizer/type\":\"sgd\"}", "/enqueue/0/~1optimizer~1type",
         "must be one of [\"adamw\",\"nesterov\",\"lion\"]"},
        {"{\"/optimizer/type\":\"lion\",\"/optimizer/momentum\":0.9}",
         "/enqueue/0/~1optimizer~1momentum", "does not apply here"},
        {"{\"/optimizer/rl\":0.1}", "/enqueue/0/~1optimizer~1rl",
         "did you mean \"/optimizer/lr\"?"},
        {"[1]", "/enqueue/0", "must be an object"},
    };
    struct space space = read_space(example);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        double values[4];
        read_point(&space, cases[i].text, true, values, &problems);
        assert_int_equal(problems.found, 1);
        assert_string_equal(problems.list[0].pointer, cases[i].pointer);
        assert_says(problems.list[0].detail, cases[i].words);
    }
    AUTO_PROBLEMS struct problems problems = {0};
    double values[4];
    read_point(&space, "{\"/optimizer/lr\":0.1,\"/optimizer/type\":\"lion\"}", false, values,
               &problems);
    assert_int_equal(problems.found, 1);
    assert_string_equal(problems.list[0].pointer, "/enqueue/0/~1batch_size");
    assert_string_equal(problems.list[0].detail, "is missing");
    space_release(&space);
}

static void one_and_one_point_zero_are_the_same_value(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    struct space space = read_space("{\"a\":{\"type\":\"choice\",\"values\":[1,2.5,true]}}");
    double values[1];
    read_point(&space, "{\"a\":1.0}", false, values, &problems);
    assert_near(values[0], 0, 0);
    read_point(&space, "{\"a\":true}", false, values, &problems);
    assert_near(values[0], 2, 0);
    assert_int_equal(problems.found, 0);
    space_release(&space);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void spaces_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pointer, *words;
    } cases[] = {
        {"{}", "/space", "must be an object of 1 to 128 parameters"},
        {"[]", "/space", "must be an object"},
        {"{'a':3}", "/space/a", "must be an object such as"},
        {"{'':{'type':'float','low':0,'high':1}}", "/space/", "1 to 200 bytes"},
        {"{'a\\u0007':{'type':'float','low':0,'high':1}}", "/space/a\a", "without control"},
        {"{'a':{'low':0,'high':1}}", "/space/a/type", "is missing: float, int or choice"},
        {"{'a':{'type':'floot','low':0,'high':1}}", "/space/a/type", "did you mean \"float\"?"},
        {"{'a':{'type':'float','low':0}}", "/space/a/high", "is missing"},
        {"{'a':{'type':'float','low':1,'high':0}}", "/space/a/high", "must be at least \"low\", 1"},
        {"{'a':{'type':'float','low':0,'high':'1'}}", "/space/a/high", "must be a number"},
        {"{'a':{'type':'float','low':-1e308,'high':1}}", "/space/a/low", "at least -1e+300"},
        {"{'a':{'type':'float','low':0,'high':1,'scale':'log'}}", "/space/a/low",
         "must be greater than 0 with scale \"log\""},
        {"{'a':{'type':'int','low':1,'high':9,'step':2,'scale':'log'}}", "/space/a/low",
         "must be greater than half the step, 1,"},
        {"{'a':{'type':'float','low':0,'high':1,'scale':'lag'}}", "/space/a/scale",
         "did you mean \"log\"?"},
        {"{'a':{'type':'float','low':0,'high':1,'step':0}}", "/space/a/step",
         "must be greater than 0"},
        {"{'a':{'type':'float','low':0,'high':1,'step':-1}}", "/space/a/step",
         "must be greater than 0"},
        {"{'a':{'type':'float','low':0,'high':1,'step':1e-10}}", "/space/a/step",
         "at least 1e-09: a billionth of the larger end"},
        {"{'a':{'type':'int','low':0,'high':1.5}}", "/space/a/high", "must be a whole number"},
        {"{'a':{'type':'int','low':0,'high':1e13}}", "/space/a/high", "at most 1000000000000"},
        {"{'a':{'type':'int','low':0,'high':4,'step':0}}", "/space/a/step", "at least 1"},
        {"{'a':{'type':'int','low':0,'high':4,'step':0.5}}", "/space/a/step", "whole number"},
        {"{'a':{'type':'float','low':0,'high':1,'log':true}}", "/space/a/log", "unknown field"},
        {"{'a':{'type':'choice'}}", "/space/a/values", "is missing: a list of 1 to 1024 values"},
        {"{'a':{'type':'choice','values':[]}}", "/space/a/values", "must be a list of 1 to 1024"},
        {"{'a':{'type':'choice','values':[1,2,1.0]}}", "/space/a/values/2", "the same as value 0"},
        {"{'a':{'type':'choice','values':[{'x':1,'y':2},{'y':2,'x':1}]}}", "/space/a/values/1",
         "the same as value 0"},
        {"{'a':{'type':'choice','values':[1],'ordered':1}}", "/space/a/ordered", "true or false"},
        {"{'a':{'type':'choice','values':[1],'low':1}}", "/space/a/low", "unknown field"},
        {"{'a':{'type':'float','low':0,'high':1,'when':{}}}", "/space/a/when", "1 to 8 conditions"},
        {"{'abc':{'type':'float','low':0,'high':1,'when':{'abd':[1]}}}", "/space/abc/when/abd",
         "unknown parameter \"abd\""},
        {"{'a':{'type':'float','low':0,'high':1,'when':{'a':{'at_least':0}}}}", "/space/a/when/a",
         "cannot depend on itself"},
        {"{'b':{'type':'choice','values':[1,2]},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':[3]}}}",
         "/space/a/when/b", "3 is none of the values of \"b\""},
        {"{'b':{'type':'choice','values':[1,2]},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':[]}}}",
         "/space/a/when/b", "must be a list of one or more of its values"},
        {"{'b':{'type':'choice','values':[1,2]},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':1}}}",
         "/space/a/when/b", "must be a list"},
        {"{'b':{'type':'int','low':1,'high':2},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':[1]}}}",
         "/space/a/when/b", "must be an object such as {\"at_least\": 1"},
        {"{'b':{'type':'int','low':1,'high':2},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':{'at_least':3}}}}",
         "/space/a/when/b", "no value of \"b\" lies there"},
        {"{'b':{'type':'int','low':1,'high':9,'step':4},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':{'at_least':2,'at_most':4}}}}",
         "/space/a/when/b", "no value of \"b\" lies there"},
        {"{'b':{'type':'float','low':0,'high':1},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':{'at_least':0.7,'at_most':0.3}}}}",
         "/space/a/when/b/at_most", "must be at least \"at_least\", 0.7"},
        {"{'b':{'type':'int','low':1,'high':2},"
         "'a':{'type':'float','low':0,'high':1,'when':{'b':{'equals':1}}}}",
         "/space/a/when/b/equals", "unknown field"},
        {"{'a':{'type':'int','low':0,'high':1,'when':{'b':{'at_least':1}}},"
         "'b':{'type':'int','low':0,'high':1,'when':{'c':{'at_least':1}}},"
         "'c':{'type':'int','low':0,'high':1,'when':{'a':{'at_least':1}}}}",
         "/space/a/when", "in a circle: \"a\" -> \"b\" -> \"c\" -> \"a\""},
        {"{'x':{'type':'int','low':0,'high':1,'when':{'a':{'at_least':1}}},"
         "'a':{'type':'int','low':0,'high':1,'when':{'b':{'at_least':1}}},"
         "'b':{'type':'int','low':0,'high':1,'when':{'a':{'at_least':1}}}}",
         "/space/a/when", "in a circle: \"a\" -> \"b\" -> \"a\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO_PROBLEMS struct problems problems = {0};
        AUTO_FREE char *text = xstrdup(cases[i].text);
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        json_auto_t *object = json_loads(text, 0, NULL);
        struct space space;
        assert_non_null(object);
        space_read(object, "/space", &space, &problems);
        if (problems.found == 0)
            fail_msg("accepted: %s", text);
        assert_string_equal(problems.list[0].pointer, cases[i].pointer);
        assert_says(problems.list[0].detail, cases[i].words);
        assert_int_equal(space.count, 0);
        assert_null(space.parameters);
    }
}

static void everything_wrong_is_said_at_once(void **state)
{
    (void)state;
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *object = json_loads("{\"a\":{\"type\":\"float\",\"low\":1,\"high\":0},"
                                     "\"b\":{\"type\":\"int\",\"low\":0.5},"
                                     "\"c\":{\"type\":\"choice\",\"values\":[1],"
                                     "\"when\":{\"a\":[1],\"z\":[1]}}}",
                                     0, NULL);
    struct space space;
    space_read(object, "", &space, &problems);
    assert_int_equal(problems.found, 4); /* high; low, high; z; nothing on a, which is wrong */
}

static void one_value_is_no_search_but_no_mistake(void **state)
{
    (void)state;
    struct space space = read_space("{\"a\":{\"type\":\"float\",\"low\":2,\"high\":2},"
                                    "\"b\":{\"type\":\"choice\",\"values\":[null]}}");
    double values[2] = {NONE, NONE};
    assert_true(parameter_is_fixed(&space.parameters[0]));
    assert_true(parameter_is_fixed(&space.parameters[1]));
    assert_int_equal(space_size(&space), 1);
    space_settle(&space, values);
    assert_near(values[0], 2, 0);
    assert_near(values[1], 0, 0);
    space_release(&space);
}

static void a_choice_gets_one_more_value(void **state)
{
    (void)state;
    struct error err;
    struct space space = read_space(example);
    json_auto_t *value = json_string("sgd");
    double values[4] = {0.1, 3, NONE, 64};
    assert_int_equal(space_add_choice(&space, TYPE, value, &err), 0);
    assert_int_equal(space.parameters[TYPE].choices, 4);
    assert_near(space.parameters[TYPE].high, 3, 0);
    space_settle(&space, values); /* no momentum with it */
    assert_true(isnan(values[MOMENTUM]));
    json_auto_t *object = space_values_json(&space, values);
    assert_string_equal(json_text_at(object, "/optimizer/type", ""), "sgd");

    assert_int_equal(space_add_choice(&space, TYPE, value, &err), -1);
    assert_says(err.sentence, "has that value already");
    assert_int_equal(space_add_choice(&space, LR, value, &err), -1);
    assert_says(err.sentence, "\"/optimizer/lr\" is no choice");
    space_release(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_comes_behind_what_it_names),
        cmocka_unit_test(numbers_and_the_cube_agree),
        cmocka_unit_test(whole_numbers_have_half_a_step_on_both_sides),
        cmocka_unit_test(ends_are_met_and_never_passed),
        cmocka_unit_test(steps_are_the_numbers_that_people_write),
        cmocka_unit_test(what_does_not_apply_is_nan_and_in_the_middle),
        cmocka_unit_test(conditions_may_follow_each_other),
        cmocka_unit_test(spaces_without_end_have_the_size_of_no_number),
        cmocka_unit_test(what_is_not_connected_is_counted_apart),
        cmocka_unit_test(entangled_conditions_are_counted_within_reason),
        cmocka_unit_test(points_come_back_from_the_cube_and_from_text),
        cmocka_unit_test(a_space_is_read_again_as_it_was_written),
        cmocka_unit_test(the_points_of_a_space_are_those_of_brute_force),
        cmocka_unit_test(drawn_points_are_uniform_on_the_axis),
        cmocka_unit_test(the_same_point_has_the_same_hash),
        cmocka_unit_test(a_part_of_a_point_leaves_the_rest_open),
        cmocka_unit_test(points_outside_the_space_are_refused),
        cmocka_unit_test(one_and_one_point_zero_are_the_same_value),
        cmocka_unit_test(spaces_that_cannot_be_are_refused),
        cmocka_unit_test(everything_wrong_is_said_at_once),
        cmocka_unit_test(one_value_is_no_search_but_no_mistake),
        cmocka_unit_test(a_choice_gets_one_more_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
