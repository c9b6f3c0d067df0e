/*
 * The resources of the API: one file each, with a table of routes; api.c has the list of tables.
 *
 * To add a resource: write server/api/NAME.c with `const struct route NAME_routes[]` (it ends with
 * a row whose path is NULL) and put it into the list in api.c.
 */
#ifndef API_H
#define API_H

#include "api/access.h"
#include "config.h"
#include "events/events.h"
#include "http/http.h"
#include "jobs/space.h"
#include "store/store.h"
#include "workers/conductor.h"

/* What every handler may use; request->server points to it. */
struct world {
    const struct config *config;
    struct loop *loop;
    struct helpers *helpers; /* readers of the store */
    struct store *store;
    struct events *events;
    struct conductor *conductor;
    json_t *catalog;
    char *catalog_text;
    struct auth *auth;
    struct owners *owners;
    struct access *access;
    json_t *datasets; /* uploaded, and built-ins that have been made: dataset_key() -> {"classes",
                         "file", "team", "bytes"} */
    json_t *making;   /* names of built-ins that are being made, though nobody waits for them */
    int data_changes; /* data sets that come or go: data_files_hold() */
    bool data_sweep_due;
    char *cache; /* folder of data sets */
    char *runs;  /* folder of runs */
    int64_t started_ms;
};

extern const struct route *const api_tables[];
const struct asset *page_assets(void); /* ends with a NULL path */
extern const char page_policy[];
extern const char openapi_text[];
extern const size_t openapi_bytes;

/* --- for the handlers ----------------------------------------------------------------------- */

static inline struct world *world_of(const struct request *req)
{
    return req->server;
}

/* What the report of a search is asked for (api/search_report.h). */
struct search_wishes {
    int top, objective, slots;
    bool fanova;
    char contour[2 * PARAMETER_NAME_BYTES + 2]; /* two names and a comma; "": none */
};

/* A read on a helper thread, answered as JSON: fill `id`, `name`, `page` and `work`, and return
 * api_read(). `work` sets *out or err. */
struct api_read {
    int64_t id;
    char name[80];
    int64_t team; /* who asks: filled by api_read() */
    struct page page;
    char state[16];
    int points, phase;
    int64_t first, last;
    int choices[4]; /* of a report: api/report.c */
    struct search_wishes search;
    int (*work)(struct reader *reader, struct api_read *read, json_t **out, struct error *err);
    /* What becomes of the value, on the loop; NULL: 200 with it. */
    struct reply (*reply)(struct request *req, struct api_read *read, json_t *value);
    /* Or an answer made on the helper thread, instead of JSON. */
    int (*make)(struct reader *reader, struct api_read *read, struct reply *out, struct error *err);
    struct request *req;
    json_t *value;
    struct reply made;
    int outcome;
    struct error err;
};
struct reply api_read(struct request *req, const struct api_read *read);

/* limit and after of a list, and ?state= where it has states, one of `names` (0: none). */
int api_page(const struct request *req, struct api_read *read, const char *const *names, int count,
             struct error *err);

/* Answers with the present job (or run) once a change is on disk: a store_done with the request. */
void api_answer_job(void *request, const struct error *err);
void api_answer_run(void *request, const struct error *err);

/* What the client wants: "json", "csv" or "ndjson", by ?format= or Accept; NULL: none we have. */
const char *api_format(const struct request *req, const char *const *offered);

/* The team that asks, or that a job belongs to; and whether it may read a job. */
static inline int64_t team_of(const struct request *req)
{
    return req->caller.team;
}

/* Data sets by name, as a team sees them: its own, then those for everyone (api/datasets.c). */
struct data_view {
    json_t *datasets; /* of the world, or a copy */
    int64_t team;
};
/* What the team means by that name; NULL: it sees none, or it is being deleted. */
json_t *data_view_find(const struct data_view *view, const char *name);
/* "name" for everyone, "7/name" of a team. The caller frees it. */
char *dataset_key(int64_t team, bool for_everyone, const char *name);
void dataset_know(json_t *datasets, const struct known_dataset *dataset);

/* Whether the team's jobs may name it: built in, or uploaded and not being deleted. */
bool api_knows_dataset(const struct world *world, int64_t team, const char *name);

/* Files of the cache that no data set names (api/data_files.c). While a data set comes or goes they
 * are held; the last release sweeps them where that is due. Sweeping at the start removes what a
 * crash has left. */
void data_files_hold(struct world *world);
void data_files_release(struct world *world);
void data_files_sweep(const struct world *world);

/* Built-in data sets that the plan names and nobody has used yet are made now (api/datasets.c). */
void api_make_builtins(struct world *world, const struct job_plan *plan);

/* Of a data_view. */
data_lookup api_data_facts;

/* A plan that is on disk now: to the owners and the conductor. The caller owns the answer
 * (api/jobs.c; also how the demo comes in). */
json_t *api_adopt(struct world *world, const struct job_plan *plan, const struct added_job *added,
                  int64_t now_ms);

#endif
