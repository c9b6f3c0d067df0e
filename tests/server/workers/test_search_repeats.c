/*
 * Searches repeat exactly: with the same seed and the same order of tells every algorithm proposes
 * the same points, whether the server was restarted in between or not, with one run at a time and
 * with four under way; and a search that is in order does so whatever order its runs end in.
 */
#include "server/workers/search_scene.h"

#include "random.h"

#include <string.h>

enum { RUNS = 50, HALF = 25, UNDER_WAY = 4 };

/* Those that are made for two; the others, which may ask one of these, get one. */
static int objectives_of(const struct search_algorithm *algorithm)
{
    return strcmp(algorithm->name, "ehvi") == 0 || strcmp(algorithm->name, "nsga2") == 0 ? 2 : 1;
}

/* What the algorithm can do is in it, but for ehvi, which takes a second for 50 points of two
 * numbers: choices, conditions. */
static char *body_for(const struct search_algorithm *algorithm, const char *more)
{
    const unsigned can = strcmp(algorithm->name, "ehvi") == 0 ? 0 : algorithm->can;
    const char *numbers = can & CAN_ENUMERATE
                              ? "'x': {'type': 'int', 'low': 1, 'high': 10},"
                                " 'y': {'type': 'int', 'low': 1, 'high': 10}"
                              : "'x': {'type': 'float', 'low': 0.01, 'high': 1, 'scale': 'log'},"
                                " 'y': {'type': 'int', 'low': 1, 'high': 100}";
    const char *choice =
        can & CAN_CHOICES ? ", 'k': {'type': 'choice', 'values': ['a', 'b', 'c']}" : "";
    const char *depends = can & CAN_CONDITIONS && can & CAN_CHOICES
                              ? ", 'z': {'type': 'float', 'low': 0, 'high': 1,"
                                "        'when': {'k': ['a', 'b']}}"
                              : "";
    return xprintf("{'kind': 'search', 'runner': 'external', 'algorithm': {'type': '%s'},"
                   " 'space': {%s%s%s}, 'objectives': [{'metric': 'loss'}%s],"
                   " 'budget': {'runs': %d}, 'seed': 7, %s}",
                   algorithm->name, numbers, choice, depends,
                   objectives_of(algorithm) == 2 ? ", {'metric': 'cost'}" : "", RUNS, more);
}

/* Those that need workers of this server are tried elsewhere. */
static bool is_tried(const struct search_algorithm *algorithm)
{
    return !(algorithm->can & CAN_CHANGE_WEIGHTS);
}

/* --- a search that is played --------------------------------------------------------------------
 */

struct play {
    struct scene *scene;
    int64_t job;
    int objectives;
    int asked, told;
    int64_t runs[RUNS];
    char *points[RUNS]; /* as text, by number */
    int pending[RUNS];  /* [asked - told] numbers */
};

static struct play *play_new(const struct search_algorithm *algorithm, const char *more)
{
    AUTO_FREE char *body = body_for(algorithm, more);
    struct play *play = xcalloc(1, sizeof *play);
    play->scene = search_scene_new(NULL);
    play->job = submit_search(play->scene, body);
    play->objectives = objectives_of(algorithm);
    return play;
}

static void play_free(struct play *play)
{
    for (int i = 0; i < RUNS; i++)
        free(play->points[i]);
    scene_free(play->scene);
    free(play);
}

static void ask_for_one(struct play *play)
{
    json_auto_t *answer = ask(play->scene, play->job, 1, 60000);
    const json_t *run = json_array_get(json_object_get(answer, "runs"), 0);
    if (!run)
        return;
    const int number = (int)json_integer_at(run, "number", -1);
    assert_int_equal(number, play->asked);
    play->runs[number] = json_integer_at(run, "id", 0);
    play->points[number] = json_compact(json_object_get(run, "parameters"));
    play->pending[play->asked - play->told] = number;
    play->asked++;
}

/* A number that depends on the text of the point and on nothing else. */
static double value_of(const char *point, uint64_t which)
{
    uint64_t sum = which;
    for (; *point; point++)
        sum = sum * 31 + (unsigned char)*point;
    struct rng rng = rng_stream(sum, RANDOM_SEARCH, 0);
    return rng_uniform(&rng);
}

static void tell_pending(struct play *play, int place)
{
    const int number = play->pending[place];
    const double values[] = {value_of(play->points[number], 1), value_of(play->points[number], 2)};
    struct heard heard =
        tell_as(play->scene, play->runs[number],
                &(struct tell_options){.state = number % 11 == 5 ? RUN_FAILED : RUN_SUCCEEDED,
                                       .values = values,
                                       .value_count = play->objectives});
    json_decref(heard_well(&heard));
    play->told++;
    const int left = play->asked - play->told;
    memmove(&play->pending[place], &play->pending[place + 1], (size_t)(left - place) * sizeof(int));
}

static void assert_same_points(const struct play *a, const struct play *b, const char *name)
{
    assert_int_equal(a->asked, b->asked);
    for (int i = 0; i < a->asked; i++)
        if (strcmp(a->points[i], b->points[i]) != 0)
            fail_msg("%s: proposal %d is %s and %s", name, i, a->points[i], b->points[i]);
}

/* --- one at a time, and several -----------------------------------------------------------------
 */

/* `restart_at`: after so many tells; -1: never. */
static struct play *played(const struct search_algorithm *algorithm, int under_way, int restart_at)
{
    AUTO_FREE char *more = xprintf("'parallel': %d", under_way);
    struct play *play = play_new(algorithm, more);
    struct rng rng = rng_stream(3, RANDOM_SEARCH, 0);
    while (play->told < RUNS) {
        while (play->asked - play->told < under_way && play->asked < RUNS)
            ask_for_one(play);
        tell_pending(play, (int)rng_below(&rng, (uint32_t)(play->asked - play->told)));
        if (play->told == restart_at)
            begin_again(play->scene, 0);
    }
    assert_int_equal(play->asked, RUNS);
    return play;
}

static void check_repeats(int under_way)
{
    for (int i = 0; search_algorithms[i]; i++) {
        if (!is_tried(search_algorithms[i]))
            continue;
        struct play *one_go = played(search_algorithms[i], under_way, -1);
        struct play *restarted = played(search_algorithms[i], under_way, HALF);
        assert_same_points(one_go, restarted, search_algorithms[i]->name);
        play_free(one_go);
        play_free(restarted);
    }
}

static void twenty_five_a_restart_and_twenty_five_are_fifty_in_one_go(void **state)
{
    (void)state;
    check_repeats(1);
}

static void so_they_are_with_four_under_way(void **state)
{
    (void)state;
    check_repeats(UNDER_WAY);
}

/* --- in order -----------------------------------------------------------------------------------
 */

/* Ends the oldest, the newest, or any of those under way, and asks for as many as there are. */
static struct play *played_in_order(const struct search_algorithm *algorithm, int which)
{
    struct play *play = play_new(algorithm, "'parallel': 4, 'in_order': true");
    struct rng rng = rng_stream(5, RANDOM_SEARCH, 0);
    while (play->told < RUNS) {
        for (int before = -1; play->asked != before && play->asked < RUNS;) {
            before = play->asked;
            ask_for_one(play);
        }
        const int under_way = play->asked - play->told;
        assert_in_range(under_way, 1, UNDER_WAY);
        tell_pending(play, which == 0   ? 0
                           : which == 1 ? under_way - 1
                                        : (int)rng_below(&rng, (uint32_t)under_way));
        if (which == 2 && play->told == HALF)
            begin_again(play->scene, 0);
    }
    return play;
}

static void in_order_the_ends_of_runs_do_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"random", "sobol", "tpe", "cmaes"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct search_algorithm *algorithm = search_find(names[i]);
        struct play *oldest = played_in_order(algorithm, 0);
        for (int which = 1; which < 3; which++) {
            struct play *other = played_in_order(algorithm, which);
            assert_same_points(oldest, other, names[i]);
            play_free(other);
        }
        play_free(oldest);
    }
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "--fd=3") == 0)
        return fake_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_five_a_restart_and_twenty_five_are_fifty_in_one_go),
        cmocka_unit_test(so_they_are_with_four_under_way),
        cmocka_unit_test(in_order_the_ends_of_runs_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
