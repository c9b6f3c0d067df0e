#include "insight/front.h"

#include "search/fronts/hypervolume.h"

#include "found.h"

static const char space[] = "{'x': {'type': 'float', 'low': 0, 'high': 1}}";

static void add(struct found *found, double a, double b)
{
    const double values[] = {0.5}, objective[] = {a, b};
    found_add(found, TRIAL_DONE, values, objective, NULL);
}

/* (1, 4), (3, 3), (2, 2), (4, 1), (2, 5): (3, 3) goes when (2, 2) comes, (2, 5) never gets in.
 * Reference 1.1 x (4, 5) = (4.4, 5.5). By hand: (1, 4) 3.4 x 1.5 = 5.1; (3, 3) adds 1.4 x 1 = 1.4;
 * (2, 2) makes it 5.1 + 2.4 x 2 = 9.9; (4, 1) adds 0.4 x 1. */
static void the_volume_grows_run_by_run(void **state)
{
    const double volumes[] = {5.1, 6.5, 9.9, 10.3};
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 2, 0);
    add(&found, 1, 4);
    add(&found, 3, 3);
    add(&found, 2, 2);
    add(&found, 4, 1);
    add(&found, 2, 5);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_true(front.error == 0);
    assert_near(front.reference[0], 4.4, 1e-12);
    assert_near(front.reference[1], 5.5, 1e-12);
    assert_int_equal(front.count, 3);
    assert_int_equal(front.numbers[0], 0);
    assert_int_equal(front.numbers[1], 2);
    assert_int_equal(front.numbers[2], 3);
    assert_int_equal(front.step_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(front.steps[i].place, i);
        assert_near(front.steps[i].volume, volumes[i], 1e-12);
    }
    assert_near(front.volume, 10.3, 1e-12);
    front_release(&front);
    found_end(&found);
}

static void add_cloud(struct found *found, int runs, int objectives)
{
    static const double steps[] = {0.8191725133961645, 0.6710436067037893, 0.5497004779019703};
    for (int i = 0; i < runs; i++) {
        const double values[] = {0.5};
        double objective[3] = {0}, length = 0;
        for (int k = 0; k < objectives; k++) {
            objective[k] = found_part(steps[k], i);
            length += objective[k] * objective[k];
        }
        for (int k = 0; k < objectives; k++) /* about as many on the front as inside */
            objective[k] = 1 - objective[k] / sqrt(length) * found_part(0.324717957244746, i);
        found_add(found, TRIAL_DONE, values, objective, NULL);
    }
}

static double volume_of(const struct found *found, const struct front *front)
{
    const int objectives = found->history.objectives;
    AUTO_FREE double *points = xcalloc((size_t)front->count * (size_t)objectives, sizeof *points);
    for (int i = 0; i < front->count; i++)
        memcpy(points + i * objectives, found->trials[front->numbers[i]].objective,
               (size_t)objectives * sizeof *points);
    return hypervolume(points, front->count, objectives, front->reference);
}

static void check_steps(const struct front *front)
{
    for (int i = 1; i < front->step_count; i++) {
        assert_true(front->steps[i].place > front->steps[i - 1].place);
        assert_true(front->steps[i].volume > front->steps[i - 1].volume);
    }
    assert_near(front->steps[front->step_count - 1].volume, front->volume, 1e-15);
}

static void two_objectives_end_with_the_volume_of_their_front(void **state)
{
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 2, 0);
    add_cloud(&found, 3000, 2);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_true(front.count > 10);
    assert_near(front.volume, volume_of(&found, &front), 1e-12);
    assert_true(front.step_count <= GROWTH_STEPS_MAX);
    check_steps(&front);
    front_release(&front);
    found_end(&found);
}

static void three_objectives_end_with_the_volume_of_their_front(void **state)
{
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 3, 0);
    add_cloud(&found, 500, 3);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_true(front.error == 0);
    assert_near(front.volume, volume_of(&found, &front), 1e-12);
    assert_true(front.step_count > 50);
    check_steps(&front);
    front_release(&front);
    found_end(&found);
}

/* By hand, with the reference 1.1 x (2, 2, 2): (2, 1, 1) 0.2 x 1.2 x 1.2 = 0.288; (1, 2, 1) 0.288
 * more, without 0.2 x 0.2 x 1.2 = 0.048 that both have; (2, 2, 2) nothing; (1, 1, 2) 0.288 without
 * twice 0.2 x 0.2 x 1.2, of which 0.2 x 0.2 x 0.2 was taken off twice. */
static void the_volume_of_three_grows_run_by_run(void **state)
{
    const double points[][3] = {{2, 1, 1}, {1, 2, 1}, {2, 2, 2}, {1, 1, 2}};
    const double volumes[] = {0.288, 0.528, 0.728}, values[] = {0.5};
    const int places[] = {0, 1, 3};
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 3, 0);
    for (size_t i = 0; i < COUNT_OF(points); i++)
        found_add(&found, TRIAL_DONE, values, points[i], NULL);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_int_equal(front.step_count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(front.steps[i].place, places[i]);
        assert_near(front.steps[i].volume, volumes[i], 1e-12);
    }
    front_release(&front);
    found_end(&found);
}

/* Points on a sphere around (1, 1, …): nobody dominates another. */
static void add_sphere(struct found *found, int runs, int objectives, uint64_t seed)
{
    struct rng rng = rng_stream(seed, RANDOM_TEST, 0);
    for (int i = 0; i < runs; i++) {
        double values[] = {0.5}, objective[OBJECTIVES_MAX], length = 0;
        for (int k = 0; k < objectives; k++) {
            objective[k] = 0.01 + rng_uniform(&rng);
            length += objective[k] * objective[k];
        }
        for (int k = 0; k < objectives; k++)
            objective[k] = 1 - objective[k] / sqrt(length);
        found_add(found, TRIAL_DONE, values, objective, NULL);
    }
}

/* Where the exact volume takes too long, its estimate keeps what its error promises: of ten clouds
 * none is off by five times that, and half of them by less than once. */
static void an_estimate_is_as_far_off_as_its_error_says(void **state)
{
    int near = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        struct found found;
        struct front front;
        found_begin(&found, space, 5, 0);
        add_sphere(&found, 450, 5, seed);
        found_look(&found, 0);
        front_init(&front, &found.findings);
        const double off = fabs(front.volume - volume_of(&found, &front));
        assert_true(front.error > 0);
        assert_true(front.error < 0.05 * front.volume);
        assert_true(off < 5 * front.error);
        near += off < front.error;
        check_steps(&front);
        front_release(&front);
        found_end(&found);
    }
    assert_true(near >= 5);
}

static void a_front_of_three_is_what_nobody_dominates(void **state)
{
    struct found found;
    struct front front;
    int count = 0;
    (void)state;
    found_begin(&found, space, 3, 0);
    add_cloud(&found, 400, 3);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    for (int i = 0; i < 400; i++) {
        bool dominated = false;
        for (int j = 0; j < 400; j++) {
            const double *a = found.trials[j].objective, *b = found.trials[i].objective;
            dominated = dominated || (j != i && a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2]);
        }
        count += !dominated;
    }
    assert_int_equal(front.count, count);
    front_release(&front);
    found_end(&found);
}

static void runs_that_failed_or_break_a_constraint_are_not_on_it(void **state)
{
    const double values[] = {0.5}, best[] = {0, 0}, good[] = {1, 1}, broken[] = {2}, kept[] = {-1};
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 2, 1);
    found_add(&found, TRIAL_DONE, values, best, broken);
    found_add(&found, TRIAL_PRUNED, values, best, kept);
    found_add(&found, TRIAL_FAILED, values, NULL, NULL);
    found_add(&found, TRIAL_DONE, values, good, kept);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_int_equal(front.count, 1);
    assert_int_equal(front.numbers[0], 3);
    assert_int_equal(front.steps[0].place, 3);
    front_release(&front);
    found_end(&found);
}

static void without_runs_there_is_none(void **state)
{
    struct found found;
    struct front front;
    (void)state;
    found_begin(&found, space, 2, 0);
    found_look(&found, 0);
    front_init(&front, &found.findings);
    assert_int_equal(front.count, 0);
    assert_int_equal(front.step_count, 0);
    front_release(&front);
    found_end(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_volume_grows_run_by_run),
        cmocka_unit_test(two_objectives_end_with_the_volume_of_their_front),
        cmocka_unit_test(three_objectives_end_with_the_volume_of_their_front),
        cmocka_unit_test(the_volume_of_three_grows_run_by_run),
        cmocka_unit_test(an_estimate_is_as_far_off_as_its_error_says),
        cmocka_unit_test(a_front_of_three_is_what_nobody_dominates),
        cmocka_unit_test(runs_that_failed_or_break_a_constraint_are_not_on_it),
        cmocka_unit_test(without_runs_there_is_none),
    };
    json_object_seed(0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
