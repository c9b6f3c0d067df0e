/* Searches away from the best point: what belongs to one, and when it ends. */
#include "support/check.h"

#include "memory.h"
#include "search/gp/elsewhere.h"
#include "search/study.h"

#include <math.h>

enum { ROOM = 64 };

/* A plane, both coordinates in [0, 1]. */
static char x_name[] = "x", y_name[] = "y";
static struct parameter plane[] = {
    {.name = x_name, .type = PARAMETER_FLOAT, .low = 0, .high = 1},
    {.name = y_name, .type = PARAMETER_FLOAT, .low = 0, .high = 1},
};
static const struct space space = {plane, 2};

struct scene {
    struct history history;
    struct trial trials[ROOM];
    double values[ROOM][2], objective[ROOM], memo[ROOM][ELSEWHERE_MEMO];
    int told[ROOM];
};

static struct scene *begin(void)
{
    struct scene *scene = xcalloc(1, sizeof *scene);
    scene->history = (struct history){.space = &space,
                                      .objectives = 1,
                                      .trials = scene->trials,
                                      .told = scene->told,
                                      .budget = 100,
                                      .parallel = 1};
    return scene;
}

/* origin -1: of no such search; NaN: still under way. */
static void add(struct scene *scene, double x, double y, double value, int origin)
{
    const int k = scene->history.count++;
    const struct elsewhere elsewhere = {.origin = origin};
    scene->values[k][0] = x;
    scene->values[k][1] = y;
    scene->objective[k] = value;
    scene->trials[k] = (struct trial){
        .state = isnan(value) ? TRIAL_PENDING : TRIAL_DONE,
        .values = scene->values[k],
        .objective = &scene->objective[k],
        .memo = scene->memo[k],
        .memo_count = origin < 0 ? 0 : elsewhere_write(&elsewhere, scene->memo[k]),
    };
    if (!isnan(value))
        scene->told[scene->history.told_count++] = k;
}

/* The best in a corner, the others 1 worse: a gain counts from 0.01 on. */
static struct scene *with_a_best_point(void)
{
    struct scene *scene = begin();
    add(scene, 0.1, 0.1, 0, -1);
    for (int i = 0; i < 9; i++)
        add(scene, 0.1 * i, 1, 1, -1);
    return scene;
}

static struct elsewhere next(const struct scene *scene)
{
    struct gp_table table;
    gp_table_init(&table, &scene->history);
    struct elsewhere elsewhere = elsewhere_next(&table, &scene->history);
    if (elsewhere.best >= 0) /* its number tells more than its row */
        elsewhere.best = (int)(table.trials[elsewhere.best] - scene->trials);
    gp_table_release(&table);
    return elsewhere;
}

static void assert_begins(const struct scene *scene)
{
    const struct elsewhere elsewhere = next(scene);
    assert_int_equal(elsewhere.origin, scene->history.count);
    assert_int_equal(elsewhere.best, -1);
}

static void assert_goes_on(const struct scene *scene, int origin, int best)
{
    const struct elsewhere elsewhere = next(scene);
    assert_int_equal(elsewhere.origin, origin);
    assert_int_equal(elsewhere.best, best);
}

static void the_first_one_begins_anywhere(void **state)
{
    (void)state;
    struct scene *scene = with_a_best_point();
    assert_begins(scene);
    free(scene);
}

static void it_goes_on_at_the_best_of_its_own(void **state)
{
    (void)state;
    struct scene *scene = with_a_best_point();
    add(scene, 0.7, 0.6, 0.9, 10);
    assert_goes_on(scene, 10, 10);
    add(scene, 0.7, 0.5, 0.8, 10);
    add(scene, 0.8, 0.5, 0.85, 10);
    add(scene, 0.7, 0.51, 0.3, -1); /* found by others: not its own */
    assert_goes_on(scene, 10, 11);
    free(scene);
}

/* Patience: as many as parameters and two. */
static void it_ends_when_it_gains_no_more(void **state)
{
    (void)state;
    struct scene *scene = with_a_best_point();
    add(scene, 0.7, 0.6, 0.5, 10);
    for (int i = 0; i < 3; i++)
        add(scene, 0.7 + 0.01 * i, 0.61, 0.495, 10); /* too little to count */
    assert_goes_on(scene, 10, 11);
    add(scene, 0.75, 0.6, 0.6, 10);
    assert_begins(scene);
    add(scene, 0.2, 0.6, 0.9, 15);
    assert_goes_on(scene, 15, 15);
    free(scene);
}

static void it_ends_where_it_meets_the_best_of_all(void **state)
{
    (void)state;
    struct scene *scene = with_a_best_point();
    add(scene, 0.3, 0.3, 0.5, 10);
    assert_goes_on(scene, 10, 10);
    add(scene, 0.15, 0.19, 0.1, 10);
    assert_begins(scene);
    free(scene);
}

static void what_is_under_way_is_not_waited_for(void **state)
{
    (void)state;
    struct scene *scene = with_a_best_point();
    add(scene, 0.7, 0.6, 0.9, 10);
    add(scene, 0.7, 0.7, (double)NAN, 10);
    assert_goes_on(scene, 10, 10);
    add(scene, 0.5, 0.5, (double)NAN, 12);
    assert_goes_on(scene, 10, 10);
    free(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one_begins_anywhere),
        cmocka_unit_test(it_goes_on_at_the_best_of_its_own),
        cmocka_unit_test(it_ends_when_it_gains_no_more),
        cmocka_unit_test(it_ends_where_it_meets_the_best_of_all),
        cmocka_unit_test(what_is_under_way_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
