#include "auth/owners.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

/* In the order of job ids, which is that of run ids too. */
struct owners {
    struct owned_job *jobs;
    size_t count, room;
};

void owners_add(struct owners *owners, const struct owned_job *job)
{
    assert(owners->count == 0 || owners->jobs[owners->count - 1].id < job->id);
    if (owners->count == owners->room) {
        owners->room = owners->room ? 2 * owners->room : 64;
        owners->jobs = xrealloc(owners->jobs, owners->room, sizeof *owners->jobs);
    }
    owners->jobs[owners->count++] = *job;
}

static void load_job(void *context, const struct owned_job *job)
{
    owners_add(context, job);
}

int owners_load(struct store *store, struct owners **out_owners, struct error *err)
{
    struct owners *owners = xcalloc(1, sizeof *owners);
    if (store_load_owners(store, load_job, owners, err) < 0) {
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
    free(owners);
}

/* The last one that begins at or before the id; NULL: none does. */
static const struct owned_job *find(const struct owners *owners, int64_t id, bool by_run)
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
    return low > 0 ? &owners->jobs[low - 1] : NULL;
}

const struct owned_job *owners_job(const struct owners *owners, int64_t id)
{
    const struct owned_job *job = find(owners, id, false);
    return job && job->id == id ? job : NULL;
}

const struct owned_job *owners_run(const struct owners *owners, int64_t id)
{
    const struct owned_job *job = find(owners, id, true);
    return job && id < job->first_run + job->run_count ? job : NULL;
}
