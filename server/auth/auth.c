#include "auth/auth.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { USE_EVERY_MS = 60000, SLOTS_LEAST = 16 };

struct auth {
    struct store *store;
    unsigned char key[SECRET_BYTES];
    struct team *teams; /* by id */
    int team_count;
    struct token *tokens; /* by id */
    int token_count;
    int *slots; /* open addressing: places in tokens, -1: free; at least twice as many */
    int slot_count;
    struct token master;
    bool has_master;
    auth_team_told *told; /* or NULL */
    void *told_context;
};

/* --- the tables ------------------------------------------------------------------------------- */

/* An HMAC is as good as random: its first bytes will do. */
static size_t first_slot(const struct auth *auth, const unsigned char hash[TOKEN_HASH_BYTES])
{
    uint64_t start;
    memcpy(&start, hash, sizeof start);
    return (size_t)(start % (uint64_t)auth->slot_count);
}

static void enter(struct auth *auth, int place)
{
    size_t slot = first_slot(auth, auth->tokens[place].hash);
    while (auth->slots[slot] >= 0)
        slot = (slot + 1) % (size_t)auth->slot_count;
    auth->slots[slot] = place;
}

static void make_slots(struct auth *auth)
{
    while (auth->slot_count < 2 * auth->token_count || auth->slot_count < SLOTS_LEAST)
        auth->slot_count = auth->slot_count ? 2 * auth->slot_count : SLOTS_LEAST;
    auth->slots = xrealloc(auth->slots, (size_t)auth->slot_count, sizeof *auth->slots);
    for (int i = 0; i < auth->slot_count; i++)
        auth->slots[i] = -1;
    for (int i = 0; i < auth->token_count; i++)
        enter(auth, i);
}

static void keep_team(void *context, const struct team *team)
{
    struct auth *auth = context;
    auth->teams = xrealloc(auth->teams, (size_t)auth->team_count + 1, sizeof *auth->teams);
    auth->teams[auth->team_count++] = *team;
}

static void load_token(void *context, const struct token *token)
{
    struct auth *auth = context;
    if ((auth->token_count & (auth->token_count - 1)) == 0) /* grows by doubling */
        auth->tokens =
            xrealloc(auth->tokens, 2 * (size_t)auth->token_count + 1, sizeof *auth->tokens);
    auth->tokens[auth->token_count++] = *token;
}

static void keep_token(struct auth *auth, const struct token *token)
{
    load_token(auth, token);
    if (2 * auth->token_count > auth->slot_count)
        make_slots(auth);
    else
        enter(auth, auth->token_count - 1);
}

static struct team *find_team(const struct auth *auth, int64_t id)
{
    int low = 0, high = auth->team_count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (auth->teams[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < auth->team_count && auth->teams[low].id == id ? &auth->teams[low] : NULL;
}

static struct token *find_token(const struct auth *auth, int64_t id)
{
    int low = 0, high = auth->token_count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (auth->tokens[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < auth->token_count && auth->tokens[low].id == id ? &auth->tokens[low] : NULL;
}

int auth_open(struct store *store, const char *folder, struct auth **out_auth, struct error *err)
{
    struct auth *auth = xcalloc(1, sizeof *auth);
    auth->store = store;
    if (store_load_teams(store, keep_team, load_token, auth, err) < 0 ||
        secret_key(folder, !auth_has_tokens(auth), auth->key, err) < 0) {
        auth_free(auth);
        return -1;
    }
    make_slots(auth);
    *out_auth = auth;
    return 0;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    explicit_bzero(auth->key, sizeof auth->key);
    free(auth->teams);
    free(auth->tokens);
    free(auth->slots);
    free(auth);
}

bool auth_has_tokens(const struct auth *auth)
{
    return auth->token_count > 0;
}

/* --- looking up ------------------------------------------------------------------------------- */

static bool is_good(const struct auth *auth, const struct token *token, int64_t now_ms)
{
    return token && !token->revoked_ms && (!token->expires_ms || now_ms < token->expires_ms) &&
           find_team(auth, token->team);
}

static struct token *find_hash(struct auth *auth, const unsigned char hash[TOKEN_HASH_BYTES])
{
    if (auth->has_master && secret_equal(auth->master.hash, hash))
        return &auth->master;
    for (size_t slot = first_slot(auth, hash); auth->slots[slot] >= 0;
         slot = (slot + 1) % (size_t)auth->slot_count) {
        struct token *token = &auth->tokens[auth->slots[slot]];
        if (secret_equal(token->hash, hash))
            return token;
    }
    return NULL;
}

const struct token *auth_find(struct auth *auth, const char *text, int64_t now_ms)
{
    unsigned char hash[TOKEN_HASH_BYTES];
    if (!secret_is_token(text))
        return NULL;
    secret_hash(auth->key, sizeof auth->key, text, SECRET_TOKEN_LENGTH, hash);
    struct token *token = find_hash(auth, hash);
    if (!is_good(auth, token, now_ms))
        return NULL;
    if (token->id && now_ms - token->used_ms >= USE_EVERY_MS) {
        token->used_ms = now_ms;
        store_note_token(auth->store, token->id, now_ms);
    }
    return token;
}

bool auth_is_good(const struct auth *auth, int64_t token, int64_t now_ms)
{
    if (token == 0)
        return auth->has_master;
    return is_good(auth, find_token(auth, token), now_ms);
}

const struct team *auth_team(const struct auth *auth, int64_t team)
{
    return find_team(auth, team);
}

const struct team *auth_team_named(const struct auth *auth, const char *name)
{
    for (int i = 0; i < auth->team_count; i++)
        if (strcmp(auth->teams[i].name, name) == 0)
            return &auth->teams[i];
    return NULL;
}

const struct token *auth_token(const struct auth *auth, int64_t token)
{
    return find_token(auth, token);
}

void auth_watch_teams(struct auth *auth, auth_team_told *told, void *context)
{
    auth->told = told;
    auth->told_context = context;
    for (int i = 0; i < auth->team_count; i++)
        told(context, auth->teams[i].id, &auth->teams[i]);
}

static void tell_watcher(const struct auth *auth, int64_t id)
{
    if (auth->told)
        auth->told(auth->told_context, id, find_team(auth, id));
}

void auth_set_master(struct auth *auth, const char *text)
{
    assert(secret_is_token(text));
    auth->has_master = true;
    auth->master = (struct token){.team = TEAM_DEFAULT, .role = ROLE_ADMIN};
    secret_hash(auth->key, sizeof auth->key, text, SECRET_TOKEN_LENGTH, auth->master.hash);
}

int auth_team_count(const struct auth *auth)
{
    return auth->team_count;
}

const struct team *auth_team_at(const struct auth *auth, int place)
{
    return &auth->teams[place];
}

int auth_token_count(const struct auth *auth)
{
    return auth->token_count;
}

const struct token *auth_token_at(const struct auth *auth, int place)
{
    return &auth->tokens[place];
}

/* --- changes ---------------------------------------------------------------------------------- */

struct pending {
    struct auth *auth;
    struct team team;
    struct team_change change;
    struct token token;
    int64_t old; /* a token that ends */
    int64_t now_ms;
    store_done *done;
    store_id_done *id_done;
    void *context;
};

static struct pending *pending_new(struct auth *auth, const struct pending *from)
{
    struct pending *pending = xcalloc(1, sizeof *pending);
    *pending = *from;
    pending->auth = auth;
    return pending;
}

static void tell(struct pending *pending, int64_t id, const struct error *err)
{
    if (pending->done)
        pending->done(pending->context, err);
    if (pending->id_done)
        pending->id_done(pending->context, id, err);
    free(pending);
}

static void team_added(void *context, int64_t id, const struct error *err)
{
    struct pending *pending = context;
    pending->team.id = id;
    if (!err) {
        keep_team(pending->auth, &pending->team);
        tell_watcher(pending->auth, id);
    }
    tell(pending, id, err);
}

void auth_add_team(struct auth *auth, const struct team *team, const struct audit_entry *audit,
                   store_id_done *done, void *context)
{
    store_add_team(
        auth->store, team, audit, team_added,
        pending_new(auth, &(struct pending){.team = *team, .id_done = done, .context = context}));
}

static void team_changed(void *context, const struct error *err)
{
    struct pending *pending = context;
    struct team *team = find_team(pending->auth, pending->change.team);
    if (!err && team) {
        team_apply(team, &pending->change);
        tell_watcher(pending->auth, team->id);
    }
    tell(pending, 0, err);
}

void auth_change_team(struct auth *auth, const struct team_change *change,
                      const struct audit_entry *audit, store_done *done, void *context)
{
    store_change_team(
        auth->store, change, audit, team_changed,
        pending_new(auth, &(struct pending){.change = *change, .done = done, .context = context}));
}

static void team_removed(void *context, const struct error *err)
{
    struct pending *pending = context;
    struct auth *auth = pending->auth;
    const struct team *team = find_team(auth, pending->team.id);
    if (!err && team) {
        const int place = (int)(team - auth->teams);
        memmove(auth->teams + place, auth->teams + place + 1,
                (size_t)(auth->team_count - place - 1) * sizeof *auth->teams);
        auth->team_count--;
        for (int i = 0; i < auth->token_count; i++)
            if (auth->tokens[i].team == pending->team.id && !auth->tokens[i].revoked_ms)
                auth->tokens[i].revoked_ms = pending->now_ms;
        tell_watcher(auth, pending->team.id);
    }
    tell(pending, 0, err);
}

void auth_remove_team(struct auth *auth, int64_t team, int64_t now_ms,
                      const struct audit_entry *audit, store_done *done, void *context)
{
    store_remove_team(auth->store, team, now_ms, audit, team_removed,
                      pending_new(auth, &(struct pending){.team.id = team,
                                                          .now_ms = now_ms,
                                                          .done = done,
                                                          .context = context}));
}

static void token_revoked(void *context, const struct error *err)
{
    struct pending *pending = context;
    struct token *old = find_token(pending->auth, pending->old);
    if (!err && old)
        old->revoked_ms = pending->now_ms;
    tell(pending, 0, err);
}

void auth_revoke_token(struct auth *auth, int64_t token, int64_t now_ms,
                       const struct audit_entry *audit, store_done *done, void *context)
{
    store_revoke_token(
        auth->store, token, now_ms, audit, token_revoked,
        pending_new(auth, &(struct pending){
                              .old = token, .now_ms = now_ms, .done = done, .context = context}));
}

static void token_added(void *context, int64_t id, const struct error *err)
{
    struct pending *pending = context;
    struct token *old = find_token(pending->auth, pending->old);
    pending->token.id = id;
    if (!err && old)
        old->revoked_ms = pending->token.created_ms;
    if (!err)
        keep_token(pending->auth, &pending->token);
    tell(pending, id, err);
}

int auth_replace_token(struct auth *auth, int64_t old, const struct token *like,
                       char text[SECRET_TOKEN_LENGTH + 1], const struct audit_entry *audit,
                       store_id_done *done, void *context, struct error *err)
{
    if (secret_token(text, err) < 0)
        return -1;
    struct pending *pending = pending_new(
        auth, &(struct pending){.token = *like, .old = old, .id_done = done, .context = context});
    struct token *token = &pending->token;
    token->used_ms = token->revoked_ms = 0;
    snprintf(token->prefix, sizeof token->prefix, "%.*s", SECRET_PREFIX_LENGTH, text);
    secret_hash(auth->key, sizeof auth->key, text, SECRET_TOKEN_LENGTH, token->hash);
    if (old)
        store_replace_token(auth->store, old, token, audit, token_added, pending);
    else
        store_add_token(auth->store, token, audit, token_added, pending);
    return 0;
}

int auth_add_token(struct auth *auth, const struct token *like, char text[SECRET_TOKEN_LENGTH + 1],
                   const struct audit_entry *audit, store_id_done *done, void *context,
                   struct error *err)
{
    return auth_replace_token(auth, 0, like, text, audit, done, context, err);
}
