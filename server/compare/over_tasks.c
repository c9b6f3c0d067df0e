#include "compare/over_tasks.h"

#include "compare/sentences.h"
#include "compare/statistics.h"
#include "json.h"
#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* --- one task ------------------------------------------------------------------------------ */

static bool all_have_run(const struct comparison *comparison, int seed)
{
    for (int arm = 0; arm < comparison->arm_count; arm++) {
        const bool *absent = comparison_absent(comparison, arm);
        if (absent && absent[seed])
            return false;
    }
    return true;
}

static struct task_place place_of(const struct comparison *comparison, const bool *shared, int arm)
{
    const double *values = comparison_values(comparison, arm);
    AUTO_FREE double *list = xcalloc((size_t)comparison->seed_count, sizeof *list);
    struct task_place place = {.rank = NO_VALUE};
    int count = 0;

    for (int seed = 0; seed < comparison->seed_count; seed++) {
        if (shared[seed] && isfinite(values[seed]))
            list[count++] = values[seed];
        else
            place.failed += shared[seed];
    }
    place.mean = statistics_mean(list, count);
    return place;
}

/* Below 0: the first is better; 0: equally good. */
static int order_of(const struct task_place *first, const struct task_place *second, bool maximize,
                    double resolution)
{
    if (first->failed != second->failed)
        return first->failed < second->failed ? -1 : 1;
    const double ahead = maximize ? first->mean - second->mean : second->mean - first->mean;
    if (!(fabs(ahead) > resolution)) /* both may have failed with every seed */
        return 0;
    return ahead > 0 ? -1 : 1;
}

/* 1 for the best; equal ones share the mean of their places. */
static void rank_places(struct task_place *places, int count, bool maximize)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = fmax(most, fabs(places[i].mean)); /* passes over NaN */
    for (int i = 0; i < count; i++) {
        int better = 0, equal = 0;
        for (int j = 0; j < count; j++) {
            const int order = order_of(&places[j], &places[i], maximize, 4 * DBL_EPSILON * most);
            better += order < 0;
            equal += order == 0;
        }
        places[i].rank = better + 0.5 * (equal + 1);
    }
}

/* Returns how many seeds all arms share. */
static int fill_task(const struct comparison *comparison, struct task_place *places)
{
    AUTO_FREE bool *shared = xcalloc((size_t)comparison->seed_count, sizeof *shared);
    int count = 0;

    for (int seed = 0; seed < comparison->seed_count; seed++) {
        shared[seed] = all_have_run(comparison, seed);
        count += shared[seed];
    }
    for (int arm = 0; arm < comparison->arm_count; arm++)
        places[arm] = place_of(comparison, shared, arm);
    if (count)
        rank_places(places, comparison->arm_count, comparison->maximize);
    return count;
}

/* --- all tasks ----------------------------------------------------------------------------- */

static void test(struct over_tasks *over, double level)
{
    const size_t cells = (size_t)over->task_count * (size_t)over->arm_count;
    AUTO_FREE double *ranks = xcalloc(cells, sizeof *ranks);
    AUTO_FREE bool *absent = xcalloc(cells, sizeof *absent);

    for (size_t i = 0; i < cells; i++) {
        ranks[i] = over->places[i].rank;
        absent[i] = isnan(ranks[i]);
    }
    over->friedman = friedman_test(ranks, absent, over->task_count, over->arm_count, false, level,
                                   over->mean_ranks);
    over->tasks_for_level = friedman_tasks_for_level(over->arm_count, level);
}

/* Two arms are better compared task by task, and one with nothing. */
static void count_only(struct over_tasks *over, double level)
{
    over->friedman = (struct friedman){.level = level,
                                       .chi_square = NO_VALUE,
                                       .chi_p = NO_VALUE,
                                       .f = NO_VALUE,
                                       .f_p = NO_VALUE,
                                       .critical = NO_VALUE};
    for (int task = 0; task < over->task_count; task++) {
        over->friedman.tasks += over->seeds[task] > 0;
        for (int arm = 0; arm < over->arm_count && over->seeds[task] > 0; arm++)
            over->mean_ranks[arm] += over->places[task * over->arm_count + arm].rank;
    }
    for (int arm = 0; arm < over->arm_count; arm++)
        over->mean_ranks[arm] =
            over->friedman.tasks ? over->mean_ranks[arm] / over->friedman.tasks : NO_VALUE;
}

static void group(struct over_tasks *over)
{
    const double critical = over->friedman.differ ? over->friedman.critical : HUGE_VAL;
    if (over->friedman.tasks > 0)
        over->group_count =
            rank_groups(over->mean_ranks, over->arm_count, critical, over->order, over->groups);
}

struct over_tasks over_tasks_of(const struct matrix *matrices, int task_count)
{
    const int arm_count = matrices[0].comparison.arm_count;
    const double level = matrices[0].judging.level;
    struct over_tasks over = {
        .task_count = task_count,
        .arm_count = arm_count,
        .seeds = xcalloc((size_t)task_count, sizeof *over.seeds),
        .places = xcalloc((size_t)task_count * (size_t)arm_count, sizeof *over.places),
        .mean_ranks = xcalloc((size_t)arm_count, sizeof *over.mean_ranks),
        .order = xcalloc((size_t)arm_count, sizeof *over.order),
        .groups = xcalloc((size_t)arm_count, sizeof *over.groups),
    };
    for (int task = 0; task < task_count; task++)
        over.seeds[task] = fill_task(&matrices[task].comparison, &over.places[task * arm_count]);
    if (arm_count >= RANKED_ARMS_MIN)
        test(&over, level);
    else
        count_only(&over, level);
    group(&over);
    return over;
}

void over_tasks_release(struct over_tasks *over)
{
    free(over->seeds);
    free(over->places);
    free(over->mean_ranks);
    free(over->order);
    free(over->groups);
    *over = (struct over_tasks){0};
}

/* --- as the report gives it ---------------------------------------------------------------- */

char *over_tasks_sentence(const struct over_tasks *over, const char *const *arms)
{
    const struct friedman *friedman = &over->friedman;
    if (over->arm_count < RANKED_ARMS_MIN)
        return xprintf("%d arm%s %s too few to be ranked over tasks, it takes %d: see the verdict "
                       "on each task",
                       over->arm_count, over->arm_count == 1 ? "" : "s",
                       over->arm_count == 1 ? "is" : "are", RANKED_ARMS_MIN);
    char *sentence = friedman_sentence(friedman, arms, over->mean_ranks, over->arm_count);
    if (friedman->tasks < 2 || friedman->tasks >= over->tasks_for_level)
        return sentence;
    char *longer =
        xprintf("%s; %d tasks cannot reach p < %.3g with %d arms, it takes %d", sentence,
                friedman->tasks, friedman->level, over->arm_count, over->tasks_for_level);
    free(sentence);
    return longer;
}

static json_t *arm_json(const struct over_tasks *over, int arm, const char *name)
{
    json_t *ranks = json_array();
    for (int task = 0; task < over->task_count; task++)
        json_array_append_new(ranks, json_number(over->places[task * over->arm_count + arm].rank));
    return json_pack("{s:s, s:o, s:o}", "name", name, "mean_rank",
                     json_number(over->mean_ranks[arm]), "ranks", ranks);
}

static json_t *groups_json(const struct over_tasks *over, const char *const *arms)
{
    json_t *groups = json_array();
    for (int i = 0; i < over->group_count; i++) {
        json_t *names = json_array();
        for (int place = over->groups[i].first; place <= over->groups[i].last; place++)
            json_array_append_new(names, json_text(arms[over->order[place]]));
        json_array_append_new(groups, names);
    }
    return groups;
}

json_t *over_tasks_json(const struct over_tasks *over, const char *const *arms,
                        const char *const *tasks)
{
    const struct friedman *friedman = &over->friedman;
    AUTO_FREE char *sentence = over_tasks_sentence(over, arms);
    json_t *list = json_array(), *left_out = json_array();

    for (int arm = 0; arm < over->arm_count; arm++)
        json_array_append_new(list, arm_json(over, arm, arms[arm]));
    for (int task = 0; task < over->task_count; task++) {
        if (over->seeds[task] == 0)
            json_array_append_new(left_out, json_text(tasks[task]));
    }
    return json_pack("{s:i, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "tasks",
                     friedman->tasks, "left_out", left_out, "level", friedman->level, "arms", list,
                     "chi_square", json_number(friedman->chi_square), "chi_square_p",
                     json_number(friedman->chi_p), "f", json_number(friedman->f), "f_p",
                     json_number(friedman->f_p), "critical_difference",
                     json_number(friedman->critical), "differ", friedman->differ, "tasks_for_level",
                     over->tasks_for_level ? json_integer(over->tasks_for_level) : json_null(),
                     "groups", groups_json(over, arms), "sentence", json_text(sentence));
}
