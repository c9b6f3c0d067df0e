/*
 * What the files of the store share and nobody else sees.
 */
#ifndef PRIVATE_H
#define PRIVATE_H

#include "store/audit.h"
#include "store/store.h"
#include "store/writer.h"

/* A run's own specification, of tables run and variant. */
#define RUN_SPEC                                                                                   \
    "json_patch(json_set(variant.spec, '$.seed', run.seed), coalesce(run.overlay, '{}'))"

/* The data set that a name means to a team: its own, else the one for everyone. Both are SQL. */
#define DATASET_FOR(team, name)                                                                    \
    "(SELECT seen.id FROM dataset AS seen WHERE seen.name = " name                                 \
    " AND (seen.visibility = 'everyone' OR seen.team_id = " team ")"                               \
    " ORDER BY seen.visibility = 'everyone' LIMIT 1)"

/* Whose rows of metrics a run shows. */
#define RUN_ROWS "coalesce(run.reused_from, run.id)"

/* Hands a command over to the writer thread; on the loop. Zeroed but for what it needs; the store
 * frees it after `tell`. */
void store_send(struct store *store, struct command *command);
/* The same, with an entry in the audit for it, which is copied; NULL: none. */
void store_send_for(struct store *store, struct command *command, const struct audit_entry *audit);

/* On the writer thread; `made` is the command's. */
int audit_write(struct sql *db, const struct audit_entry *entry, int64_t made, struct error *err);

/* Where readers connect. */
const char *store_path(const struct store *store);
const char *store_vfs(const struct store *store);

/* Moves runs of a job between the counts of its row by deltas[state], and lays `change` over it
 * (NULL: nothing else changes). On the writer thread. */
int job_row_update(struct writer *writer, int64_t job, const int deltas[RUN_STATES],
                   const struct job_change *change, struct error *err);

/* What store_change_run() does, as a part of another command: without an objective of its own,
 * overlay or timing. On the writer thread. */
int run_row_change(struct writer *writer, const struct run_change *change, struct error *err);

/* ERROR_FORBIDDEN where the team keeps so much that `more` bytes would be above max_bytes (0: no
 * limit). Keeping account costs the changes next to nothing, and the question one row. On the
 * writer thread. */
struct team_stored;
int team_read_stored(struct sql *db, int64_t team, struct team_stored *out, struct error *err);
int team_check_bytes(struct sql *db, int64_t team, int64_t max_bytes, int64_t more,
                     struct error *err);

/* ERROR_CONFLICT where the team was removed since whoever asked looked. On the writer thread. */
int team_check(struct sql *db, int64_t team, struct error *err);

/* What looks have found about a job's arms, in their order; the caller frees it. */
int looks_read(struct sql *db, int64_t job, struct look_entry **out, int *out_count,
               struct error *err);

/* What people see of a run's proposal (JSON null where there is none), and of how far a search is;
 * as in store.h. `request`: the job's. */
int proposal_read(struct sql *db, int64_t run, json_t **out, struct error *err);
int search_state_read(struct sql *db, int64_t job, const json_t *request, json_t **out,
                      struct error *err);

struct reader {
    struct sql db;
    bool open;
    const struct store *store;
};

/* The connection, opened now where that failed before; NULL with err. Begins a transaction, so that
 * all its statements see one state; reader_end() ends it. */
struct sql *reader_begin(struct reader *reader, struct error *err);
void reader_end(struct reader *reader);

/* {plural: items, "next": the last id, or null}; takes the items. */
json_t *page_json(const char *plural, json_t *items, bool more);

#endif
