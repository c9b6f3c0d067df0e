#include "auth/owners.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

/* Runs that a search got later. */
struct more_runs {
    int64_t job, first_run;
    int count;
};

/* Both in the order of run ids, which is that of job ids too. Ids of runs that were deleted are
 * given once more, and whoever begins with them later is right: of those that begin at or before an
 * id, the last one. */
struct owners {
    struct owned_job *jobs;
    size_t count, room;
    struct more_runs *more;
    size_t more_count, more_room;
};

static void forget_more(struct owners *owners, int64_t first_run)
{
    while (owners->more_count > 0 && owners->more[owners->more_count - 1].first_run >= first_run)
        owners->more_count--;
}

static void load_runs(void *context, int64_t job, int64_t first_run, int count)
{
    struct owners *owners = context;
    if (owners->more_count == owners->more_room) {
        owners->more_room = owners->more_room ? 2 * owners->more_room : 16;
        owners->more = xrealloc(owners->more, owners->more_room, sizeof *owners->more);
    }
    owners->more[owners->more_count++] = (struct more_runs){job, first_run, count};
}

void owners_add_runs(struct owners *owners, int64_t job, int64_t first_run, int count)
{
    forget_more(owners, first_run);
    for (size_t i = owners->count; i > 0 && owners->jobs[i - 1].first_run >= first_run; i--)
        owners->jobs[i - 1].run_count = 0;
    load_runs(owners, job, first_run, count);
}

void owners_add(struct owners *owners, const struct owned_job *job)
{
    assert(owners->count == 0 || owners->jobs[owners->count - 1].id < job->id);
    forget_more(owners, job->first_run);
    if (owners->count == owners->room) {
        owners->room = owners->room ? 2 * owners->room : 64;
        owners->jobs = xrealloc(owners->jobs, owners->room, sizeof *owners->jobs);
    }
    owners->jobs[owners->count++] = *job;
}

/* A search may have no run left; it stands where the one before it does. */
static void load_job(void *context, const struct owned_job *job)
{
    struct owners *owners = context;
    struct owned_job owned = *job;
    if (owned.first_run == 0 && owners->count > 0)
        owned.first_run = owners->jobs[owners->count - 1].first_run;
    owners_add(owners, &owned);
}

int owners_load(struct store *store, struct owners **out_owners, struct error *err)
{
    struct owners *owners = xcalloc(1, sizeof *owners);
    if (store_load_owners(store, load_job, load_runs, owners, err) < 0) {
        owners_free(owners);
        return -1;
    }
    *out_owners = owners;
    return 0;
}

void owners_free(struct owners *owners)
{
    if (!owners)
        return;
    free(owners->jobs);
    free(owners->more);
    free(owners);
}

/* How many begin at or before the id. */
static size_t count_until(const struct owners *owners, int64_t id, bool by_run)
{
    size_t low = 0, high = owners->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct owned_job *job = &owners->jobs[middle];
        if ((by_run ? job->first_run : job->id) <= id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct owned_job *owners_job(const struct owners *owners, int64_t id)
{
    const size_t until = count_until(owners, id, false);
    const struct owned_job *job = until > 0 ? &owners->jobs[until - 1] : NULL;
    return job && job->id == id ? job : NULL;
}

static const struct more_runs *find_more(const struct owners *owners, int64_t run)
{
    size_t low = 0, high = owners->more_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (owners->more[middle].first_run <= run)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &owners->more[low - 1] : NULL;
}

const struct owned_job *owners_run(const struct owners *owners, int64_t run)
{
    const struct more_runs *more = find_more(owners, run);
    size_t until = count_until(owners, run, true);
    while (until > 0 && owners->jobs[until - 1].run_count == 0)
        until--;
    const struct owned_job *job = until > 0 ? &owners->jobs[until - 1] : NULL;
    if (more && (!job || more->first_run > job->first_run))
        return run < more->first_run + more->count ? owners_job(owners, more->job) : NULL;
    return job && run < job->first_run + job->run_count ? job : NULL;
}
