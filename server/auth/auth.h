/*
 * Who may come in: teams and tokens in memory, owned by the loop. What changes them goes to the
 * store first and is true here once it is on disk.
 *
 * Time is an argument: wall-clock milliseconds.
 */
#ifndef AUTH_H
#define AUTH_H

#include "auth/secret.h"
#include "store/teams.h"

struct auth;

/* Loads what the store has, and the key from its folder; where there is neither a token nor a key,
 * one is made. Before the loop runs. */
int auth_open(struct store *store, const char *folder, struct auth **out_auth, struct error *err);
void auth_free(struct auth *auth); /* accepts NULL; after the store's last callback */

/* Whether there ever was a token: from then on nobody is let in without one. */
bool auth_has_tokens(const struct auth *auth);

/* Who a token is: NULL where it is wrong, expired, revoked, or its team is gone. The answer stays
 * until the next change; notes the use. */
const struct token *auth_find(struct auth *auth, const char *text, int64_t now_ms);
/* Whether a token that was found before is still good. */
bool auth_is_good(const struct auth *auth, int64_t token, int64_t now_ms);

const struct team *auth_team(const struct auth *auth, int64_t team); /* NULL: there is none */
const struct team *auth_team_named(const struct auth *auth, const char *name);
const struct token *auth_token(const struct auth *auth, int64_t token);

/* Tells, on the loop, of every team there is now, and of each that comes, changes or (NULL) goes.
 */
typedef void auth_team_told(void *context, int64_t id, const struct team *team);
void auth_watch_teams(struct auth *auth, auth_team_told *told, void *context);

/* One more key to the server, for whoever may read its data folder; it is not stored. The token it
 * is found as has id 0, team TEAM_DEFAULT and the role of an admin. */
void auth_set_master(struct auth *auth, const char *text);

/* Each of the lists, in the order of ids. */
int auth_team_count(const struct auth *auth);
const struct team *auth_team_at(const struct auth *auth, int place);
int auth_token_count(const struct auth *auth);
const struct token *auth_token_at(const struct auth *auth, int place);

/* --- changes: `done` on the loop, once it is on disk or refused ------------------------------- */

/* Each with its entry in the audit, in the same transaction; NULL: none. */
void auth_add_team(struct auth *auth, const struct team *team, const struct audit_entry *audit,
                   store_id_done *done, void *context);
void auth_change_team(struct auth *auth, const struct team_change *change,
                      const struct audit_entry *audit, store_done *done, void *context);
void auth_remove_team(struct auth *auth, int64_t team, int64_t now_ms,
                      const struct audit_entry *audit, store_done *done, void *context);

/* Makes a token: the rest of `like` says what for. Its text is answered here and never again. */
int auth_add_token(struct auth *auth, const struct token *like, char text[SECRET_TOKEN_LENGTH + 1],
                   const struct audit_entry *audit, store_id_done *done, void *context,
                   struct error *err);
/* The same in place of another one, which ends. */
int auth_replace_token(struct auth *auth, int64_t old, const struct token *like,
                       char text[SECRET_TOKEN_LENGTH + 1], const struct audit_entry *audit,
                       store_id_done *done, void *context, struct error *err);
void auth_revoke_token(struct auth *auth, int64_t token, int64_t now_ms,
                       const struct audit_entry *audit, store_done *done, void *context);

#endif
