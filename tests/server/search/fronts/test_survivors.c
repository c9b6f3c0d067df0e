/* Who stays in a population of four, of points set by hand. */
#include "support/check.h"

#include "search/fronts/survivors.h"

enum { ROOM = 4, TRIALS = 6 };

/* Both objectives are minimised; the constraint shall be at most 0. */
struct scene {
    struct survivors survivors;
    struct trial trials[TRIALS];
    struct history history;
};

static void scene_begin(struct scene *scene, double (*points)[2], double *limited)
{
    *scene = (struct scene){.history = {.objectives = 2, .constraints = 1}};
    for (int i = 0; i < TRIALS; i++)
        scene->trials[i] =
            (struct trial){.state = TRIAL_DONE, .objective = points[i], .constraint = &limited[i]};
    scene->history.trials = scene->trials;
    scene->history.count = TRIALS;
    survivors_init(&scene->survivors, ROOM, 2);
    for (int i = 0; i < ROOM; i++)
        survivors_add(&scene->survivors, &scene->history, i);
}

/* Rising numbers, ended by -1. */
static void assert_they_stay(const struct scene *scene, const int *trials)
{
    for (int i = 0; i < ROOM; i++)
        assert_int_equal(scene->survivors.list[i].trial, trials[i]);
}

static void one_behind_all_fronts_changes_nothing(void **state)
{
    (void)state;
    double points[TRIALS][2] = {{0, 4}, {1, 2}, {2, 1}, {4, 0}, {5, 0.5}, {3, 3}};
    double limited[TRIALS] = {0};
    struct survivor before[ROOM];
    struct scene scene;

    scene_begin(&scene, points, limited);
    memcpy(before, scene.survivors.list, sizeof before);
    for (int i = 4; i < 6; i++) { /* (4, 0) is better than the one, (1, 2) than the other */
        survivors_add(&scene.survivors, &scene.history, i);
        assert_int_equal(scene.survivors.count, ROOM);
        assert_memory_equal(scene.survivors.list, before, sizeof before);
    }
    survivors_release(&scene.survivors);
}

static void of_one_front_the_most_crowded_goes(void **state)
{
    (void)state;
    double points[TRIALS][2] = {{0, 4}, {1, 2}, {2, 1}, {4, 0}, {0.5, 2.5}, {-1, 5}};
    double limited[TRIALS] = {0};
    struct scene scene;

    scene_begin(&scene, points, limited);
    survivors_add(&scene.survivors, &scene.history, 4);
    /* Neighbours' gaps over the ranges of 4: 4 of (0.5, 2.5): (1 + 2) / 4, of (1, 2): (1.5 + 1.5) /
     * 4, of (2, 1): (3 + 2) / 4. Two are as crowded, and the newest of them goes. */
    assert_they_stay(&scene, (int[]){0, 1, 2, 3});
    survivors_add(&scene.survivors, &scene.history, 5); /* a new end: (0, 4) has neighbours now */
    /* Over ranges of 5: (0, 4): (2 + 3) / 5, (1, 2): (2 + 3) / 5, (2, 1): (3 + 2) / 5. */
    assert_they_stay(&scene, (int[]){0, 1, 3, 5});
    survivors_release(&scene.survivors);
}

static void a_better_one_comes_in_for_one_of_the_last_front(void **state)
{
    (void)state;
    double points[TRIALS][2] = {{0, 4}, {4, 0}, {5, 5}, {6, 6}, {5.5, 5.5}, {7, 4.5}};
    double limited[TRIALS] = {0};
    struct scene scene;

    scene_begin(&scene, points, limited);
    survivors_add(&scene.survivors, &scene.history, 4);
    assert_they_stay(&scene, (int[]){0, 1, 2, 4});
    survivors_add(&scene.survivors, &scene.history, 5); /* of the front of (5, 5) */
    assert_they_stay(&scene, (int[]){0, 1, 2, 5});
    survivors_release(&scene.survivors);
}

static void ones_that_break_a_constraint_are_behind(void **state)
{
    (void)state;
    double points[TRIALS][2] = {{0, 4}, {-5, -5}, {4, 0}, {-6, -6}, {-7, -7}, {9, 9}};
    double limited[TRIALS] = {0, 2, 0, 1, 3, 0};
    struct scene scene;

    scene_begin(&scene, points, limited);
    survivors_add(&scene.survivors, &scene.history, 4); /* breaks it the most */
    assert_they_stay(&scene, (int[]){0, 1, 2, 3});
    survivors_add(&scene.survivors, &scene.history, 5); /* keeps it */
    assert_they_stay(&scene, (int[]){0, 2, 3, 5});
    survivors_release(&scene.survivors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_behind_all_fronts_changes_nothing),
        cmocka_unit_test(of_one_front_the_most_crowded_goes),
        cmocka_unit_test(a_better_one_comes_in_for_one_of_the_last_front),
        cmocka_unit_test(ones_that_break_a_constraint_are_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
