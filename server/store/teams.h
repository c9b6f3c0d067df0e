/*
 * Teams, their tokens, the audit, and who owns which job: as the store keeps them. Who may do what
 * is decided elsewhere (server/auth), from what is loaded here at the start.
 */
#ifndef TEAMS_H
#define TEAMS_H

#include "store/audit.h"

enum { TEAM_DEFAULT = 1, TEAM_NAME_BYTES = 64, TOKEN_NAME_BYTES = 64 };
enum { TEAM_STREAMS_USUAL = 64 }; /* max_streams of a new one */
enum { TOKEN_PREFIX_TEXT = 16, TOKEN_HASH_BYTES = 32 };

enum role { ROLE_VIEWER, ROLE_MEMBER, ROLE_ADMIN, ROLES };
extern const char *const role_names[ROLES];

struct team {
    int64_t id;
    char name[TEAM_NAME_BYTES + 1]; /* [a-z0-9][a-z0-9._-]{0,63} */
    double share;                   /* above 0 */
    int64_t max_running;            /* slots; 0: no limit, as below */
    int64_t max_queued;             /* runs */
    int64_t max_bytes;              /* of what it keeps: struct team_stored */
    int64_t max_streams;            /* of events, open at once */
    double requests_per_s;
    int64_t created_ms;
};

struct token {
    int64_t id, team;
    enum role role;
    char name[TOKEN_NAME_BYTES + 1];
    char prefix[TOKEN_PREFIX_TEXT];
    unsigned char hash[TOKEN_HASH_BYTES];
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
    int64_t used_ms;    /* 0: not yet */
    int64_t revoked_ms; /* 0: it is not */
};

/* --- changes ---------------------------------------------------------------------------------- */

typedef void store_id_done(void *context, int64_t id, const struct error *err);

/* Each with its entry in the audit; NULL: it has none. */

/* Its id is given by the store. A name that is taken: ERROR_CONFLICT. */
void store_add_team(struct store *store, const struct team *team, const struct audit_entry *audit,
                    store_id_done *done, void *context);

/* Some members of a team, so that two who change different ones at once both have their way. */
enum team_field {
    TEAM_NAME = 1,
    TEAM_SHARE = 2,
    TEAM_MAX_RUNNING = 4,
    TEAM_MAX_QUEUED = 8,
    TEAM_MAX_BYTES = 16,
    TEAM_MAX_STREAMS = 32,
    TEAM_REQUESTS_PER_S = 64,
};
struct team_change {
    int64_t team;
    unsigned fields; /* enum team_field */
    struct team to;  /* of which those fields count */
};
void team_apply(struct team *team, const struct team_change *change);
/* A limit below what the team has at this moment: ERROR_INVALID. */
void store_change_team(struct store *store, const struct team_change *change,
                       const struct audit_entry *audit, store_done *done, void *context);

/* Revokes its tokens. Refused (ERROR_CONFLICT) while it owns a job or a data set. */
void store_remove_team(struct store *store, int64_t team, int64_t now_ms,
                       const struct audit_entry *audit, store_done *done, void *context);

void store_add_token(struct store *store, const struct token *token,
                     const struct audit_entry *audit, store_id_done *done, void *context);
void store_revoke_token(struct store *store, int64_t token, int64_t now_ms,
                        const struct audit_entry *audit, store_done *done, void *context);
/* Both in one: the old one ends with the new one's creation. */
void store_replace_token(struct store *store, int64_t old, const struct token *token,
                         const struct audit_entry *audit, store_id_done *done, void *context);
/* When it was last used: for people, and so not worth a command at each use. */
void store_note_token(struct store *store, int64_t token, int64_t used_ms);

/* --- reads ------------------------------------------------------------------------------------ */

/* On the loop's thread before it runs. Revoked tokens too. */
int store_load_teams(struct store *store, void (*team)(void *, const struct team *),
                     void (*token)(void *, const struct token *), void *context, struct error *err);

/* What a team keeps, in bytes. Data sets: their cache files. Runs: all files in their folders
 * (models, checkpoints), as their workers said last. Metrics: METRIC_ROW_BYTES for each row: what
 * one takes in the database with its part of the summaries (29 measured, in series of 200,000).
 * Specifications and log lines do not count. */
enum { METRIC_ROW_BYTES = 32 };
struct team_stored {
    int64_t datasets, runs, metrics;
};
int store_read_stored(struct reader *reader, int64_t team, struct team_stored *out,
                      struct error *err);

struct owned_job {
    int64_t id, team;
    int64_t first_run;
    int run_count; /* with consecutive ids; see below */
    bool for_everyone;
};
/* `more`: the runs that a search got later, with consecutive ids, in the order of these. */
int store_load_owners(struct store *store, void (*job)(void *, const struct owned_job *),
                      void (*more)(void *, int64_t job, int64_t first_run, int count),
                      void *context, struct error *err);

#endif
