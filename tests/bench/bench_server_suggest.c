/*
 * How long each search algorithm takes for one proposal, 10 parameters, with up to 100,000 runs
 * behind it. Processor time of one thread; nothing touches a disk.
 *
 * The history is the algorithm's own for as long as that takes 2 seconds in all, then points drawn
 * at random. "first" is the first proposal after a restart, "next" the mean of those that follow,
 * each after one more result, "most" the longest of them (where a model is fitted anew). An
 * algorithm is not asked any further once a proposal takes a second.
 */
#include "search/study.h"

#include "json.h"
#include "memory.h"
#include "spec.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench_space {
    const char *name, *text;
    int objectives;
};

static const struct bench_space spaces[] = {
    {"10 floats",
     "{\"a\":{\"type\":\"float\",\"low\":-5,\"high\":5},\"b\":{\"type\":\"float\",\"low\":-5,"
     "\"high\":5},\"c\":{\"type\":\"float\",\"low\":-5,\"high\":5},\"d\":{\"type\":\"float\","
     "\"low\":-5,\"high\":5},\"e\":{\"type\":\"float\",\"low\":-5,\"high\":5},\"f\":{\"type\":"
     "\"float\",\"low\":-5,\"high\":5},\"g\":{\"type\":\"float\",\"low\":1e-5,\"high\":1,"
     "\"scale\":\"log\"},\"h\":{\"type\":\"float\",\"low\":1e-5,\"high\":1,\"scale\":\"log\"},"
     "\"i\":{\"type\":\"float\",\"low\":1e-5,\"high\":1,\"scale\":\"log\"},\"j\":{\"type\":"
     "\"float\",\"low\":1e-5,\"high\":1,\"scale\":\"log\"}}",
     1},
    {"10 mixed",
     "{\"lr\":{\"type\":\"float\",\"low\":1e-5,\"high\":1,\"scale\":\"log\"},\"decay\":{\"type\":"
     "\"float\",\"low\":1e-6,\"high\":0.1,\"scale\":\"log\"},\"drop\":{\"type\":\"float\","
     "\"low\":0,\"high\":0.7},\"batch\":{\"type\":\"int\",\"low\":16,\"high\":512,\"scale\":"
     "\"log\"},\"layers\":{\"type\":\"int\",\"low\":1,\"high\":6},\"units\":{\"type\":\"int\","
     "\"low\":16,\"high\":1024,\"scale\":\"log\"},\"type\":{\"type\":\"choice\",\"values\":"
     "[\"adamw\",\"nesterov\",\"lion\"]},\"act\":{\"type\":\"choice\",\"values\":[\"relu\","
     "\"gelu\",\"tanh\"]},\"plan\":{\"type\":\"choice\",\"values\":[1,2,3,4]},\"momentum\":{"
     "\"type\":\"float\",\"low\":0.5,\"high\":0.99,\"when\":{\"type\":[\"nesterov\"]}}}",
     1},
    {"10 floats, 2 objectives", NULL, 2},
};

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static struct study *begin(const struct search_algorithm *algorithm,
                           const struct bench_space *space)
{
    AUTO_PROBLEMS struct problems problems = {0};
    json_auto_t *described = settings_describe(algorithm->settings), *given = json_object();
    json_auto_t *chosen = settings_resolve(NULL, described, given, "", &problems);
    json_auto_t *text = json_loads(space->text ? space->text : spaces[0].text, 0, NULL);
    struct study_options options = {
        .objectives = space->objectives, .algorithm = algorithm, .chosen = chosen, .parallel = 1};
    struct error err;

    space_read(text, "", &options.space, &problems);
    assert(problems.found == 0);
    if (search_check(algorithm, &options.space, space->objectives, 0, &err) < 0) {
        space_release(&options.space);
        return NULL;
    }
    return study_new(&options);
}

/* A bowl with waves, and another one; what does not apply costs nothing. */
static void tell(struct study *study, int number)
{
    const struct space *space = study_space(study);
    double u[PARAMETERS_MAX], objective[2] = {0}, constraint[1] = {0};

    space_to_unit(space, study_history(study)->trials[number].values, u);
    for (int i = 0; i < space->count; i++) {
        objective[0] += (u[i] - 0.3) * (u[i] - 0.3) + 0.02 * cos(40 * u[i]);
        objective[1] += (u[i] - 0.8) * (u[i] - 0.8);
    }
    study_tell(study, number, &(struct told){TRIAL_DONE, objective, constraint, 0, 0});
}

static void grow(struct study *study, int count, double *own_s)
{
    enum { SECONDS = 2 };
    while (study_history(study)->count < count) {
        const int number = study_history(study)->count;
        const double start = now_s();
        struct study_proposal proposal;
        if (*own_s >= SECONDS || study_propose(study, &proposal) < 0) {
            double values[PARAMETERS_MAX];
            struct rng rng = rng_stream(1, RANDOM_TEST, (uint64_t)number);
            space_draw(study_space(study), &rng, values);
            study_restore(study, values, NULL, 0);
        }
        tell(study, number);
        *own_s += now_s() - start;
    }
}

/* The same proposals and results in a study that has just been opened. */
static struct study *restarted(struct study *study, const struct search_algorithm *algorithm,
                               const struct bench_space *space)
{
    const struct history *history = study_history(study);
    struct study *again = begin(algorithm, space);

    for (int i = 0; i < history->count; i++)
        study_restore(again, history->trials[i].values, history->trials[i].memo,
                      history->trials[i].memo_count);
    for (int i = 0; i < history->told_count; i++)
        tell(again, history->told[i]);
    study_free(study);
    return again;
}

static double ask_s(struct study *study)
{
    struct study_proposal proposal;
    const double start = now_s();
    if (study_propose(study, &proposal) < 0)
        return (double)NAN;
    const double took = now_s() - start;
    tell(study, proposal.number);
    return took;
}

/* Returns how long the longest took. */
static double measure(struct study *study, const char *name, int count)
{
    enum { ASKS = 50 };
    const double first = ask_s(study);
    double total = 0, most = 0;
    int asks = 0;

    for (; asks < ASKS && total < 1; asks++) {
        const double took = ask_s(study);
        total += took;
        most = fmax(most, took);
    }
    printf("%-12s %8d %14.1f %14.1f %14.1f\n", name, count, 1e6 * first, 1e6 * total / asks,
           1e6 * most);
    fflush(stdout);
    return fmax(first, most);
}

static void measure_all(const struct search_algorithm *algorithm, const struct bench_space *space)
{
    static const int counts[] = {100, 1000, 10000, 100000};
    struct study *study = begin(algorithm, space);
    double own_s = 0;

    for (size_t i = 0; study && i < COUNT_OF(counts); i++) {
        grow(study, counts[i], &own_s);
        study = restarted(study, algorithm, space);
        if (measure(study, algorithm->name, counts[i]) > 1)
            break;
    }
    study_free(study);
}

int main(int count, char **arguments)
{
    for (size_t s = 0; s < COUNT_OF(spaces); s++) {
        printf("%s%s: one proposal\n%-12s %8s %14s %14s %14s\n", s ? "\n" : "", spaces[s].name,
               "algorithm", "runs", "first us", "next us", "most us");
        for (int i = 0; search_algorithms[i]; i++)
            if (count < 2 || strcmp(arguments[1], search_algorithms[i]->name) == 0)
                measure_all(search_algorithms[i], &spaces[s]);
    }
    return 0;
}
