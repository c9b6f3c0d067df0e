/*
 * What every search algorithm owes: the registry is walked, so a new one is held to this unasked.
 */
#include "server/search/kit.h"

#include <stdio.h>

/* As few as reach what is done behind the start: models are not cheap, and there are many of them.
 */
enum { PROPOSALS = 24, FEW = 14 };

struct scene {
    const char *name, *space;
    int objectives, constraints;
};

enum { FLOAT, MIXED, WHOLE, TWENTY, TWO, CONSTRAINT, BOTH, HANGING };
static const struct scene scenes[] = {
    {"one float", "{'x':{'type':'float','low':1e-5,'high':1,'scale':'log'}}", 1, 0},
    {"mixed and conditional",
     "{'lr':{'type':'float','low':1e-5,'high':1,'scale':'log'},"
     "'type':{'type':'choice','values':['adamw','nesterov','lion']},"
     "'momentum':{'type':'float','low':0.5,'high':0.99,'when':{'type':['nesterov']}},"
     "'width':{'type':'int','low':16,'high':1024,'scale':'log'},"
     "'depth':{'type':'int','low':1,'high':4},"
     "'bottleneck':{'type':'int','low':8,'high':64,'step':8,'when':{'depth':{'at_least':3}}},"
     "'clip':{'type':'float','low':0,'high':1,'step':0.25},"
     "'fixed':{'type':'choice','values':[{'a':1}]},"
     "'order':{'type':'choice','values':[1,2,4,8],'ordered':true,"
     "'when':{'bottleneck':{'at_most':32},'type':['lion','adamw']}}}",
     1, 0},
    {"whole numbers",
     "{'a':{'type':'int','low':-3,'high':3},'b':{'type':'int','low':1,'high':1000,'scale':'log'},"
     "'c':{'type':'int','low':0,'high':1}}",
     1, 0},
    {"twenty floats", NULL, 1, 0}, /* begin() writes them down */
    {"two objectives",
     "{'x':{'type':'float','low':0,'high':1},'n':{'type':'int','low':1,'high':9}}", 2, 0},
    {"a constraint",
     "{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':-5,'high':5}}", 1, 1},
    {"two objectives with constraints",
     "{'x':{'type':'float','low':0,'high':1},'y':{'type':'float','low':-5,'high':5}}", 2, 2},
    {"a condition on a float",
     "{'x':{'type':'float','low':-5,'high':5},"
     "'y':{'type':'float','low':0,'high':5,'when':{'x':{'at_least':0}}}}",
     1, 0},
};

enum story { ORDINARY, ALL_FAIL, NONE_ENDS, HUGE_ONES, ALL_EQUAL, STORIES };

static struct study *begin(const struct search_algorithm *algorithm, const struct scene *scene,
                           uint64_t seed)
{
    AUTO_FREE char *text = scene->space ? xstrdup(scene->space) : NULL;
    if (!text) {
        json_auto_t *object = json_object();
        for (int i = 0; i < 20; i++) {
            char name[24];
            snprintf(name, sizeof name, "x%d", i);
            json_object_set_new(
                object, name,
                json_pack("{s:s, s:i, s:i}", "type", "float", "low", -1, "high", 1 + i));
        }
        text = json_compact(object);
    }
    return make_study(&(struct wanted){.space = text,
                                       .algorithm = algorithm->name,
                                       .objectives = scene->objectives,
                                       .constraints = scene->constraints,
                                       .seed = seed});
}

static bool can(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct error err;
    struct study *study = begin(search_find("random"), scene, 0);
    const bool yes = search_check(algorithm, study_space(study), scene->objectives,
                                  scene->constraints, &err) == 0;
    study_free(study);
    return yes;
}

/* One algorithm's breach does not hide another's: the first of each is printed. */
static int breaches;
static bool is_blamed;

static void blame(const struct search_algorithm *algorithm, const struct scene *scene, int number,
                  const char *words)
{
    if (!is_blamed)
        print_error("%s, %s: proposal %d %s\n", algorithm->name, scene->name, number, words);
    is_blamed = true;
    breaches++;
}

#define ALL_SCENES         (1U << COUNT_OF(scenes)) - 1
#define SCENES(one, other) (1U << (one) | 1U << (other))

/* Calls `body` for every algorithm and each of the scenes that it can do. */
static void walk(unsigned wanted,
                 void (*body)(const struct search_algorithm *, const struct scene *))
{
    breaches = 0;
    for (int i = 0; search_algorithms[i]; i++) {
        is_blamed = false;
        for (size_t k = 0; k < COUNT_OF(scenes); k++) {
            if ((wanted >> k & 1) && can(search_algorithms[i], &scenes[k]))
                body(search_algorithms[i], &scenes[k]);
        }
    }
    assert_int_equal(breaches, 0);
}

/* --- telling ------------------------------------------------------------------------------------
 */

/* A bowl in the cube, another one, and half spaces that cut both. */
static void evaluate(const struct space *space, const double *values, double *objective,
                     double *constraint)
{
    double u[PARAMETERS_MAX];
    space_to_unit(space, values, u);
    objective[0] = objective[1] = 0;
    for (int i = 0; i < space->count; i++) {
        objective[0] += (u[i] - 0.3) * (u[i] - 0.3);
        objective[1] += (u[i] - 0.8) * (u[i] - 0.8);
    }
    constraint[0] = 0.4 - u[0];
    constraint[1] = u[0] - 0.9;
}

static void tell_ordinary(struct study *study, int number)
{
    double objective[2], constraint[2];
    evaluate(study_space(study), study_history(study)->trials[number].values, objective,
             constraint);
    struct told told = {TRIAL_DONE, objective, constraint, 0, 0};
    if (number % 7 == 5)
        told.state = TRIAL_FAILED;
    if (number % 7 == 3)
        told = (struct told){TRIAL_PRUNED, objective, constraint, 0, 10 + number};
    study_tell(study, number, &told);
}

static void tell_all(struct study *study, int number, enum story story)
{
    static const double huge[] = {1e308, -1e308, (double)NAN, 1e308, 0, HUGE_VAL, 1e-308, -1e308};
    double value = story == HUGE_ONES ? huge[number % COUNT_OF(huge)] : 1;
    const double objective[] = {value, -value};
    const double constraint[] = {value, value};
    const struct told told = {story == ALL_FAIL ? TRIAL_FAILED : TRIAL_DONE, objective, constraint,
                              0, 0};
    study_tell(study, number, &told);
}

/* After proposal k: in the ordinary story two or three are under way, and ends come crosswise. */
static void go_on(struct study *study, int k, enum story story)
{
    if (story == NONE_ENDS)
        return;
    if (story != ORDINARY) {
        tell_all(study, k, story);
        return;
    }
    if (k % 2 == 1 && k >= 3) {
        tell_ordinary(study, k - 2);
        tell_ordinary(study, k - 3);
    }
}

/* One point by hand, in the middle, and a run that is deleted. */
static void by_hand(struct study *study, int k)
{
    double values[PARAMETERS_MAX];
    for (int i = 0; i < study_space(study)->count; i++)
        values[i] = (double)NAN;
    space_settle(study_space(study), values);
    if (k == 4)
        study_enqueue(study, values);
    if (k == 12)
        study_forget(study, 9);
}

/* --- what is proposed ---------------------------------------------------------------------------
 */

static bool value_is_inside(const struct parameter *parameter, double value)
{
    if (!(value >= parameter->low && value <= parameter->high))
        return false;
    return parameter_size(parameter) == 0 ||
           parameter_value(parameter, parameter_place(parameter, value)) == value;
}

static void check_inside(const struct search_algorithm *algorithm, const struct scene *scene,
                         const struct study *study, const struct study_proposal *proposal)
{
    const struct space *space = study_space(study);
    for (int i = 0; i < space->count; i++) {
        const double value = proposal->values[i];
        if (isnan(value) == space_applies(space, i, proposal->values))
            blame(algorithm, scene, proposal->number, "is not settled");
        if (!isnan(value) && !value_is_inside(&space->parameters[i], value))
            blame(algorithm, scene, proposal->number, "lies outside the space");
    }
    if (proposal->memo_count < 0 || proposal->memo_count > MEMO_MAX)
        blame(algorithm, scene, proposal->number, "has too long a memo");
    if (!proposal->how || !proposal->how[0])
        blame(algorithm, scene, proposal->number, "does not say how it was found");
    if (proposal->parent < -1 || proposal->parent >= proposal->number)
        blame(algorithm, scene, proposal->number, "has a parent that is not there");
}

static bool is_same(const struct study *study, const struct study_proposal *a,
                    const struct study_proposal *b)
{
    return space_same(study_space(study), a->values, b->values) && a->memo_count == b->memo_count &&
           (a->memo_count == 0 ||
            memcmp(a->memo, b->memo, (size_t)a->memo_count * sizeof *a->memo) == 0) &&
           strcmp(a->how, b->how) == 0 && a->parent == b->parent;
}

static void check_ordinary(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct study *study = begin(algorithm, scene, 1);
    struct study_proposal proposal;
    for (int k = 0; k < PROPOSALS; k++) {
        by_hand(study, k);
        if (study_propose(study, &proposal) < 0)
            break; /* the grid of one float is at its end */
        check_inside(algorithm, scene, study, &proposal);
        go_on(study, k, ORDINARY);
    }
    AUTO_FREE char *words = study_explain(study);
    if (words && !words[0])
        blame(algorithm, scene, PROPOSALS, "is followed by an empty explanation");
    study_free(study);
}

static void every_point_is_inside_and_settled(void **state)
{
    (void)state;
    walk(ALL_SCENES, check_ordinary);
}

static void check_stories(const struct search_algorithm *algorithm, const struct scene *scene)
{
    for (enum story story = ALL_FAIL; story < STORIES; story++) {
        struct study *study = begin(algorithm, scene, 2);
        struct study_proposal proposal;
        for (int k = 0; k < FEW && study_propose(study, &proposal) == 0; k++) {
            check_inside(algorithm, scene, study, &proposal);
            go_on(study, k, story);
        }
        study_free(study);
    }
}

static void failures_silence_ties_and_huge_values_are_borne(void **state)
{
    (void)state;
    walk(SCENES(MIXED, BOTH), check_stories);
}

static void check_seeds(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct study *one = begin(algorithm, scene, 3), *same = begin(algorithm, scene, 3);
    struct study *other = begin(algorithm, scene, 4);
    struct study_proposal of_one, of_same, of_other;
    int different = 0, count = 0;
    for (; count < FEW && study_propose(one, &of_one) == 0; count++) {
        if (study_propose(same, &of_same) < 0 || !is_same(one, &of_one, &of_same))
            blame(algorithm, scene, count, "is another one with the same seed");
        different += study_propose(other, &of_other) < 0 ||
                     !space_same(study_space(one), of_one.values, of_other.values);
        go_on(one, count, ORDINARY);
        go_on(same, count, ORDINARY);
        go_on(other, count, ORDINARY);
    }
    if (different == 0)
        blame(algorithm, scene, count, "and all before are the same with another seed");
    study_free(one);
    study_free(same);
    study_free(other);
}

static void the_seed_decides(void **state)
{
    (void)state;
    walk(SCENES(FLOAT, MIXED), check_seeds);
}

/* What is kept between proposals is a cache. Nothing that people change comes in between. */
static void check_fresh(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct study *study = begin(algorithm, scene, 5);
    struct study_proposal proposal;
    int seen[PROPOSALS], count = 0;
    for (; count < PROPOSALS && study_propose(study, &proposal) == 0; count++) {
        seen[count] = proposal.seen;
        go_on(study, count, ORDINARY);
    }
    for (int k = count - 1; k >= 0; k -= 3) {
        if (study_check(study, k, seen[k]) != 1)
            blame(algorithm, scene, k, "is another one from a fresh state");
    }
    study_free(study);
}

static void a_fresh_state_proposes_the_same_bits(void **state)
{
    (void)state;
    walk(ALL_SCENES, check_fresh);
}

static void restore_from(struct study *into, const struct study *from)
{
    const struct history *history = study_history(from);
    for (int i = 0; i < history->count; i++)
        study_restore(into, history->trials[i].values, history->trials[i].memo,
                      history->trials[i].memo_count);
    for (int i = 0; i < history->told_count; i++) {
        const struct trial *trial = &history->trials[history->told[i]];
        const struct told told = {trial->state, trial->objective, trial->constraint, trial->error,
                                  trial->step};
        study_tell(into, history->told[i], &told);
    }
    for (int i = 0; i < history->count; i++) {
        if (history->trials[i].state == TRIAL_GONE)
            study_forget(into, i);
    }
}

/* Points by hand have no memo, and the restored study does not know which they are. */
static void check_restart(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct study *study = begin(algorithm, scene, 6), *again = begin(algorithm, scene, 6);
    struct study_proposal one, other;
    for (int k = 0; k < FEW && study_propose(study, &one) == 0; k++) {
        by_hand(study, k);
        go_on(study, k, ORDINARY);
    }
    restore_from(again, study);
    for (int k = study_history(study)->count; k < PROPOSALS && study_propose(study, &one) == 0;
         k++) {
        if (study_propose(again, &other) < 0 || !is_same(study, &one, &other))
            blame(algorithm, scene, k, "is another one after a restart");
        go_on(study, k, ORDINARY);
        go_on(again, k, ORDINARY);
    }
    study_free(again);
    study_free(study);
}

static void a_restart_changes_nothing(void **state)
{
    (void)state;
    walk(SCENES(MIXED, WHOLE), check_restart);
}

static void check_warm_start(const struct search_algorithm *algorithm, const struct scene *scene)
{
    struct study *study = begin(algorithm, scene, 7);
    struct rng rng = rng_stream(7, RANDOM_TEST, 0);
    struct study_proposal proposal;
    double values[PARAMETERS_MAX], objective[2], constraint[2];
    for (int i = 0; i < 40; i++) {
        space_draw(study_space(study), &rng, values);
        evaluate(study_space(study), values, objective, constraint);
        const struct told told = {TRIAL_DONE, objective, constraint, 0, 0};
        study_add_earlier(study, values, &told);
    }
    for (int k = 0; k < FEW && study_propose(study, &proposal) == 0; k++) {
        check_inside(algorithm, scene, study, &proposal);
        if (k % 4 == 0 && study_check(study, k, proposal.seen) != 1)
            blame(algorithm, scene, k, "is another one from a fresh state after a warm start");
        go_on(study, k, ORDINARY);
    }
    study_free(study);
}

static void earlier_searches_are_borne(void **state)
{
    (void)state;
    walk(SCENES(FLOAT, MIXED), check_warm_start);
}

/* --- finite spaces ------------------------------------------------------------------------------
 */

static void check_finite(const struct search_algorithm *algorithm, const struct scene *scene,
                         int size)
{
    struct study *study = begin(algorithm, scene, 8);
    struct study_proposal proposal;
    for (int k = 0; k < size; k++) {
        if (study_propose(study, &proposal) < 0)
            fail_msg("%s, %s: proposal %d is missing", algorithm->name, scene->name, k);
        for (int i = 0; i < k; i++) {
            if (space_same(study_space(study), proposal.values,
                           study_history(study)->trials[i].values))
                fail_msg("%s, %s: proposal %d came before", algorithm->name, scene->name, k);
        }
        go_on(study, k, ORDINARY);
    }
    assert_int_equal(study_propose(study, &proposal), -1);
    study_free(study);
}

static void a_finite_space_is_searched_to_its_end(void **state)
{
    (void)state;
    static const struct scene finite[] = {
        {"choices and numbers",
         "{'kind':{'type':'choice','values':['a','b','c']},"
         "'n':{'type':'int','low':1,'high':4,'when':{'kind':['a','b']}},"
         "'x':{'type':'float','low':0,'high':1,'step':0.5}}",
         1, 0}, /* (4 + 4 + 1) * 3 */
        {"numbers", "{'a':{'type':'int','low':1,'high':5},'b':{'type':'int','low':0,'high':3}}", 1,
         0},
    };
    for (int i = 0; search_algorithms[i]; i++) {
        if (search_algorithms[i]->can & CAN_CHANGE_WEIGHTS)
            continue; /* the same values with other weights are another try */
        if (can(search_algorithms[i], &finite[0]))
            check_finite(search_algorithms[i], &finite[0], 27);
        check_finite(search_algorithms[i], &finite[1], 20);
    }
}

/* --- whether it searches ------------------------------------------------------------------------
 */

static bool has_population(const struct search_algorithm *algorithm)
{
    for (const struct setting *setting = algorithm->settings; setting && setting->name; setting++) {
        if (strcmp(setting->name, "population") == 0)
            return true;
    }
    return false;
}

/* Six generations of those that have generations. */
static double best_on_bowl(const struct search_algorithm *algorithm, uint64_t seed, int count)
{
    struct study *study = make_study(
        &(struct wanted){.space = "{'x':{'type':'float','low':-5,'high':5},"
                                  "'y':{'type':'float','low':-5,'high':5}}",
                         .algorithm = algorithm->name,
                         .settings = has_population(algorithm) ? "{'population':10}" : NULL,
                         .seed = seed});
    struct study_proposal proposal;
    double best = HUGE_VAL;
    for (int k = 0; k < count && study_propose(study, &proposal) == 0; k++) {
        const double x = proposal.values[0] - 1.3, y = proposal.values[1] + 2.1;
        const double value = x * x + 4 * y * y;
        best = fmin(best, value);
        tell_value(study, k, value);
    }
    study_free(study);
    return best;
}

/* Not asked of those that do not look back. */
static void sixty_evaluations_of_a_bowl_beat_five_at_random(void **state)
{
    (void)state;
    for (int i = 0; search_algorithms[i]; i++) {
        const struct search_algorithm *algorithm = search_algorithms[i];
        if (strcmp(algorithm->name, "random") == 0 || strcmp(algorithm->name, "grid") == 0 ||
            strcmp(algorithm->name, "sobol") == 0)
            continue;
        for (uint64_t seed = 0; seed < 3; seed++) {
            const double random = best_on_bowl(search_find("random"), seed, 5);
            const double best = best_on_bowl(algorithm, seed, 60);
            if (!(best < random))
                fail_msg("%s: %g after 60, random %g after 5, seed %d", algorithm->name, best,
                         random, (int)seed);
        }
    }
}

static void everything_says_what_it_is(void **state)
{
    (void)state;
    for (int i = 0; search_algorithms[i]; i++) {
        const struct search_algorithm *algorithm = search_algorithms[i];
        const size_t bytes = strlen(algorithm->help);
        assert_true(bytes > 0 && algorithm->help[bytes - 1] != '.');
        assert_true(algorithm->can & CAN_NUMBERS);
        for (const struct setting *setting = algorithm->settings; setting && setting->name;
             setting++)
            assert_non_null(setting->help);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(algorithm->name, search_algorithms[k]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_is_inside_and_settled),
        cmocka_unit_test(failures_silence_ties_and_huge_values_are_borne),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(a_fresh_state_proposes_the_same_bits),
        cmocka_unit_test(a_restart_changes_nothing),
        cmocka_unit_test(earlier_searches_are_borne),
        cmocka_unit_test(a_finite_space_is_searched_to_its_end),
        cmocka_unit_test(sixty_evaluations_of_a_bowl_beat_five_at_random),
        cmocka_unit_test(everything_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
