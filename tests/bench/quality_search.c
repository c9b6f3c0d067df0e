/*
 * How good searches are: the simple regret (best value so far, less the minimum) of each algorithm
 * after half and all of its evaluations, median over seeds, and the share of seeds that missed the
 * target. One run after the other, beside Optuna's in the same table.
 *
 *     quality_search [seeds=20] [evaluations=200] [processes=2] [optuna=SCRIPT LIBRARY]
 *                    [only=branin,levy10] [algorithms=auto,gp] [parallel=1]
 *                    [fails=0.1] [each]
 *
 * Prints the table in Markdown; with `each` a line for every seed, too. With `fails` this
 * share of runs fails by chance, whatever their point.
 */
#include "bench/objectives.h"
#include "json.h"
#include "memory.h"
#include "random.h"
#include "search/study.h"
#include "spec.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEEDS_MAX = 1000, PROCESSES_MAX = 64, ROWS_MAX = 64 };

struct options {
    int seeds, evaluations, processes, parallel;
    const char *only, *algorithms; /* lists; NULL: all */
    const char *script, *library;  /* of Optuna; NULL: without */
    double fails;                  /* 0 … 1 */
    bool each;
};

struct outcome {
    double half, whole; /* regret */
    double seconds;     /* of proposals */
};

/* --- one search ---------------------------------------------------------------------------------
 */

/* Where the space's parameters stand in its text. */
static void find_order(const struct space *space, const json_t *text, int *order)
{
    const char *name;
    json_t *value;
    int place = 0;
    json_object_foreach((json_t *)(uintptr_t)text, name, value) order[place++] =
        space_find(space, name);
}

static struct study *begin(const struct search_algorithm *algorithm, const json_t *text,
                           const struct options *options, uint64_t seed)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *described = settings_describe(algorithm->settings), *given = json_object();
    json_auto_t *chosen = settings_resolve(NULL, described, given, "", &problems);
    struct study_options study = {.objectives = 1,
                                  .algorithm = algorithm,
                                  .chosen = chosen,
                                  .seed = seed,
                                  .budget = options->evaluations,
                                  .parallel = options->parallel};
    space_read(text, "", &study.space, &problems);
    assert(problems.found == 0);
    return study_new(&study);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool fails(const struct options *options, uint64_t seed, int number)
{
    struct rng rng = rng_stream(seed, RANDOM_SEARCH, (uint64_t)number);
    return rng_uniform(&rng) < options->fails;
}

struct searching {
    const struct objective *objective;
    const struct options *options;
    struct study *study;
    uint64_t seed;
    int order[PARAMETERS_MAX];
    double best; /* told: what people would take, were there noise */
    struct outcome outcome;
};

/* What a proposal comes to. */
static void tell(struct searching *searching, int number)
{
    const struct objective *objective = searching->objective;
    const double *values = study_history(searching->study)->trials[number].values;
    double x[OBJECTIVE_DIMENSIONS], true_value;

    for (int j = 0; j < objective->dimensions; j++)
        x[j] = values[searching->order[j]];
    const double value = objective_tell(objective, searching->seed, number, x, &true_value);
    const bool failed = fails(searching->options, searching->seed, number);
    study_tell(searching->study, number,
               &(struct told){failed ? TRIAL_FAILED : TRIAL_DONE, &value, NULL, 0, 0});
    if (!failed && value < searching->best) {
        searching->best = value;
        searching->outcome.whole = true_value - objective->minimum;
    }
    if (number + 1 == searching->options->evaluations / 2)
        searching->outcome.half = searching->outcome.whole;
}

/* With several under way, the oldest ends before the next one is proposed. */
static struct outcome search(const struct objective *objective,
                             const struct search_algorithm *algorithm,
                             const struct options *options, uint64_t seed)
{
    json_auto_t *text = json_loads(objective->space, 0, NULL);
    struct searching searching = {.objective = objective,
                                  .options = options,
                                  .study = begin(algorithm, text, options, seed),
                                  .seed = seed,
                                  .best = (double)INFINITY,
                                  .outcome = {(double)INFINITY, (double)INFINITY, 0}};
    struct study_proposal proposal;
    int proposed = 0, told = 0;

    find_order(study_space(searching.study), text, searching.order);
    for (; proposed < options->evaluations; proposed++) {
        if (proposed - told == options->parallel)
            tell(&searching, told++);
        const double before = now();
        if (study_propose(searching.study, &proposal) < 0)
            break;
        searching.outcome.seconds += now() - before;
    }
    while (told < proposed)
        tell(&searching, told++);
    study_free(searching.study);
    return searching.outcome;
}

/* --- many, in processes -------------------------------------------------------------------------
 */

struct line {
    int seed;
    struct outcome outcome;
};

static void search_every(const struct objective *objective,
                         const struct search_algorithm *algorithm, const struct options *options,
                         int first, int into)
{
    for (int seed = first; seed < options->seeds; seed += options->processes) {
        const struct line line = {seed, search(objective, algorithm, options, (uint64_t)seed)};
        if (write(into, &line, sizeof line) != sizeof line)
            _exit(1);
    }
    _exit(0);
}

/* False where one of them died. */
static bool wait_for(int processes)
{
    bool fine = true;
    for (int i = 0; i < processes; i++) {
        int status = 1;
        wait(&status);
        fine = fine && status == 0;
    }
    return fine;
}

static bool search_all(const struct objective *objective, const struct search_algorithm *algorithm,
                       const struct options *options, struct outcome *outcomes)
{
    int ends[2];
    struct line line;

    if (pipe(ends) < 0)
        return false;
    fflush(NULL);
    for (int i = 0; i < options->processes; i++)
        if (fork() == 0)
            search_every(objective, algorithm, options, i, ends[1]);
    close(ends[1]);
    while (read(ends[0], &line, sizeof line) == sizeof line)
        outcomes[line.seed] = line.outcome;
    close(ends[0]);
    return wait_for(options->processes);
}

/* --- Optuna -------------------------------------------------------------------------------------
 */

static FILE *start_optuna(const char *objective, const char *sampler, int first,
                          const struct options *options)
{
    AUTO_FREE char *command = xprintf("/usr/bin/python3 %s %s %s %s %d %d %d %d", options->script,
                                      options->library, objective, sampler, first, options->seeds,
                                      options->processes, options->evaluations);
    fflush(NULL);
    return popen(command, "r");
}

static bool read_optuna(FILE *from, struct outcome *outcomes)
{
    struct line line;
    while (fscanf(from, "%d %lf %lf %lf", &line.seed, &line.outcome.half, &line.outcome.whole,
                  &line.outcome.seconds) == 4)
        if (line.seed >= 0 && line.seed < SEEDS_MAX)
            outcomes[line.seed] = line.outcome;
    return pclose(from) == 0;
}

static bool optuna_all(const char *objective, const char *sampler, const struct options *options,
                       struct outcome *outcomes)
{
    FILE *processes[PROCESSES_MAX];
    bool fine = true;
    for (int i = 0; i < options->processes; i++)
        processes[i] = start_optuna(objective, sampler, i, options);
    for (int i = 0; i < options->processes; i++)
        fine = (processes[i] && read_optuna(processes[i], outcomes)) && fine;
    return fine;
}

/* --- the table ----------------------------------------------------------------------------------
 */

static int by_size(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_size);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

static void print_row(const struct objective *objective, const char *name,
                      const struct outcome *outcomes, const struct options *options)
{
    double half[SEEDS_MAX], whole[SEEDS_MAX], seconds = 0;
    int missed = 0;
    for (int i = 0; i < options->seeds; i++) {
        half[i] = outcomes[i].half;
        whole[i] = outcomes[i].whole;
        seconds += outcomes[i].seconds;
        missed += !(whole[i] <= objective->target);
        if (options->each)
            printf("    %s %s seed %d: %.3g, %.3g\n", objective->name, name, i, half[i], whole[i]);
    }
    const double middle = median(whole, options->seeds);
    printf("| %-12s | %-12s | %9.2g | %9.2g | %9.2g | %7.2g | %4.0f %% | %6.2f |\n",
           objective->name, name, median(half, options->seeds), middle, whole[options->seeds - 1],
           objective->target, 100.0 * missed / options->seeds,
           1e3 * seconds / options->seeds / options->evaluations);
    fflush(stdout);
}

static bool is_listed(const char *list, const char *name)
{
    const size_t bytes = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, bytes) == 0 && (at[bytes] == ',' || at[bytes] == '\0'))
            return true;
    return list == NULL;
}

static bool can(const struct search_algorithm *algorithm, const struct objective *objective)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *text = json_loads(objective->space, 0, NULL);
    struct space space;
    struct error err;
    space_read(text, "", &space, &problems);
    const bool yes =
        !(algorithm->can & CAN_CHANGE_WEIGHTS) && search_check(algorithm, &space, 1, 0, &err) == 0;
    space_release(&space);
    return yes;
}

static bool compare(const struct objective *objective, const struct options *options)
{
    static const char *const samplers[] = {"tpe", "cmaes"};
    struct outcome outcomes[SEEDS_MAX];
    bool fine = true;

    for (int i = 0; search_algorithms[i]; i++) {
        const struct search_algorithm *algorithm = search_algorithms[i];
        if (!is_listed(options->algorithms, algorithm->name) || !can(algorithm, objective))
            continue;
        fine = search_all(objective, algorithm, options, outcomes) && fine;
        print_row(objective, algorithm->name, outcomes, options);
    }
    for (int i = 0; options->script && i < 2; i++) {
        AUTO_FREE char *name = xprintf("optuna %s", samplers[i]);
        if (optuna_all(objective->name, samplers[i], options, outcomes))
            print_row(objective, name, outcomes, options);
        else
            printf("| %-12s | %-12s | absent | | | | | |\n", objective->name, name);
    }
    return fine;
}

static const char *value_of(const char *argument, const char *name)
{
    const size_t bytes = strlen(name);
    return strncmp(argument, name, bytes) == 0 && argument[bytes] == '=' ? argument + bytes + 1
                                                                         : NULL;
}

static int whole_number(const char *text, int most)
{
    const int number = atoi(text);
    return number < 1 ? 1 : number > most ? most : number;
}

static bool read_argument(char **argument, struct options *options)
{
    const char *value;
    if ((value = value_of(*argument, "seeds")))
        options->seeds = whole_number(value, SEEDS_MAX);
    else if ((value = value_of(*argument, "evaluations")))
        options->evaluations = whole_number(value, 100000);
    else if ((value = value_of(*argument, "processes")))
        options->processes = whole_number(value, PROCESSES_MAX);
    else if ((value = value_of(*argument, "parallel")))
        options->parallel = whole_number(value, 1000);
    else if ((value = value_of(*argument, "only")))
        options->only = value;
    else if ((value = value_of(*argument, "algorithms")))
        options->algorithms = value;
    else if ((value = value_of(*argument, "optuna")))
        options->script = value;
    else if ((value = value_of(*argument, "library")))
        options->library = value;
    else if ((value = value_of(*argument, "fails")))
        options->fails = atof(value);
    else if (strcmp(*argument, "each") == 0)
        options->each = true;
    else
        return false;
    return true;
}

int main(int count, char **arguments)
{
    struct options options = {.seeds = 20, .evaluations = 200, .processes = 2, .parallel = 1};
    bool fine = true;

    for (int i = 1; i < count; i++)
        if (!read_argument(&arguments[i], &options)) {
            fprintf(stderr, "\"%s\" is not understood\n", arguments[i]);
            return 2;
        }
    printf("Simple regret after %d and %d evaluations, %d seeds; missed: above the target.\n\n"
           "| objective    | algorithm    | at half   | median    | worst     | target  | missed |"
           " ms each |\n|---|---|---|---|---|---|---|---|\n",
           options.evaluations / 2, options.evaluations, options.seeds);
    for (int i = 0; objectives[i].name; i++)
        if (is_listed(options.only, objectives[i].name))
            fine = compare(&objectives[i], &options) && fine;
    return fine ? 0 : 1;
}
