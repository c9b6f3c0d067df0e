#include "workers/search_files.h"

#include "memory.h"
#include "search/population.h"
#include "workers/inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the worker calls them (worker/checkpoint.h), also while they are being written. */
enum { CHECKPOINTS, KEPT, FILE_KINDS };
static const char *const prefixes[FILE_KINDS] = {"checkpoint-", "kept-"};

struct unneeded {
    int number, kind;
    int64_t run;
};

struct removal {
    char *runs; /* the folder of all runs' folders */
    struct unneeded *list;
    int count;
};

static void removal_free(void *context)
{
    struct removal *removal = context;
    free(removal->runs);
    free(removal->list);
    free(removal);
}

static void remove_files(const char *folder, const char *prefix)
{
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            unlinkat(dirfd(listing), entry->d_name, 0);
    if (listing)
        closedir(listing);
}

static void remove_on_helper(void *reader, void *context)
{
    const struct removal *removal = context;
    (void)reader;
    for (int i = 0; i < removal->count; i++) {
        AUTO_FREE char *folder = xprintf("%s/%" PRId64, removal->runs, removal->list[i].run);
        remove_files(folder, prefixes[removal->list[i].kind]);
    }
}

/* --- what may go ---------------------------------------------------------------------------------
 */

static bool has_succeeded(const struct search *search, int number)
{
    const struct run *run = &search->job->runs[number];
    return run->position.state == RUN_SUCCEEDED && run->endings == 0;
}

/* Whether a run of the next generation may begin with its weights, or begin with them again. */
static bool has_successors(const struct search *search, const struct population *population,
                           int number)
{
    const int generation = number / population->members + 1;
    const int first = generation * population->members, end = first + population->members;
    if (generation >= population->generations)
        return false;
    if (search->proposed < end)
        return true;
    for (int i = first; i < end; i++)
        if (search->outcomes[i].parent == number && !has_succeeded(search, i))
            return true;
    return false;
}

static void add(const struct search *search, int number, int kind, struct removal *removal)
{
    if (!(search->outcomes[number].tidied & 1U << kind))
        removal->list[removal->count++] =
            (struct unneeded){number, kind, job_run_id(search->job, number)};
}

static struct removal *find_unneeded(const struct search *search,
                                     const struct population *population, int from, int to)
{
    struct removal *removal = xcalloc(1, sizeof *removal);
    removal->list = xcalloc((size_t)(to - from) * FILE_KINDS + 1, sizeof *removal->list);
    removal->runs = xstrdup(search->conductor->options.runs);
    for (int i = from; i < to; i++) {
        if (!has_succeeded(search, i))
            continue;
        add(search, i, CHECKPOINTS, removal);
        if (!has_successors(search, population, i))
            add(search, i, KEPT, removal);
    }
    return removal;
}

/* Where the helpers are too busy these files are looked at again when another run ends. */
static void tidy(struct search *search, const struct population *population, int from, int to)
{
    struct removal *removal = find_unneeded(search, population, from, to);
    if (removal->count == 0 ||
        !helpers_run(search->conductor->helpers, remove_on_helper, removal_free, removal)) {
        removal_free(removal);
        return;
    }
    for (int i = 0; i < removal->count; i++) /* it is freed on this thread, later */
        search->outcomes[removal->list[i].number].tidied |=
            (unsigned char)(1U << removal->list[i].kind);
}

void search_tidy(struct search *search, int number)
{
    struct population population;
    if (!population_of(search->plan, &population))
        return;
    const int first = number / population.members * population.members;
    const int end = first + population.members;
    tidy(search, &population, first >= population.members ? first - population.members : 0,
         end < search->proposed ? end : search->proposed);
}

void search_tidy_all(struct search *search)
{
    struct population population;
    if (population_of(search->plan, &population))
        tidy(search, &population, 0, search->proposed);
}
