/* Teams, tokens and the audit, for admins. */
#include "api/api.h"
#include "api/manage.h"

#include "memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- teams -------------------------------------------------------------------------------------
 */

static struct reply list_teams(struct request *req)
{
    return reply_json(200, teams_json(world_of(req)->auth));
}

static int read_stored(struct reader *reader, struct api_read *read, json_t **out,
                       struct error *err)
{
    struct team_stored stored;
    if (store_read_stored(reader, read->id, &stored, err) < 0)
        return -1;
    *out = json_pack("{s:I, s:I, s:I}", "datasets", stored.datasets, "runs", stored.runs, "metrics",
                     stored.metrics);
    return 0;
}

static struct reply with_stored(struct request *req, struct api_read *read, json_t *value)
{
    const struct team *team = auth_team(world_of(req)->auth, read->id);
    if (!team) {
        json_decref(value);
        return reply_problem(404, "the team was just removed");
    }
    json_t *shown = team_json(team);
    json_object_set_new(shown, "stored_bytes", value);
    return reply_json(200, shown);
}

/* The door has let in only whom it concerns. */
static struct reply show_team(struct request *req)
{
    return api_read(req, &(struct api_read){
                             .id = auth_team_named(world_of(req)->auth, req->param[0])->id,
                             .work = read_stored,
                             .reply = with_stored,
                         });
}

static void team_added(void *context, int64_t id, const struct error *err)
{
    struct request *req = context;
    if (err) {
        request_answer(req, reply_error(err));
        return;
    }
    const struct team *team = auth_team(world_of(req)->auth, id);
    request_answer(req, reply_created(xprintf("/api/v1/teams/%s", team->name), team_json(team)));
}

static struct reply create_team(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct team team;
    manage_read_team(req->json, wall_ms(), &team, &problems);
    if (problems.found)
        return reply_problems(&problems);
    struct audit_entry entry;
    AUTO_FREE char *subject = xprintf("/api/v1/teams/%s", team.name);
    const struct audit_entry *audit = access_note(req, &entry);
    entry.subject = subject;
    auth_add_team(world_of(req)->auth, &team, audit, team_added, req);
    return reply_later();
}

struct changing {
    struct request *req;
    int64_t team;
};

static void team_changed(void *context, const struct error *err)
{
    struct changing *changing = context;
    struct request *req = changing->req;
    const struct team *team = auth_team(world_of(req)->auth, changing->team);
    free(changing);
    if (err)
        request_answer(req, reply_error(err));
    else if (team)
        request_answer(req, reply_json(200, team_json(team)));
    else
        request_answer(req, reply_problem(404, "the team was just removed"));
}

static struct reply change_team(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct auth *auth = world_of(req)->auth;
    struct team_change change = {.team = auth_team_named(auth, req->param[0])->id};
    manage_read_change(req->json, &change, &problems);
    if (problems.found)
        return reply_problems(&problems);
    struct audit_entry entry;
    struct changing *changing = xcalloc(1, sizeof *changing);
    *changing = (struct changing){req, change.team};
    auth_change_team(auth, &change, access_note(req, &entry), team_changed, changing);
    return reply_later();
}

static void answer_done(void *context, const struct error *err)
{
    request_answer(context, err ? reply_error(err) : reply_bytes(204, NULL, NULL, 0));
}

static struct reply remove_team(struct request *req)
{
    struct auth *auth = world_of(req)->auth;
    const struct team *team = auth_team_named(auth, req->param[0]);
    if (team->id == TEAM_DEFAULT)
        return reply_problem(409, "team 1 (\"%s\") stays: it owns what nobody else does",
                             team->name);
    struct audit_entry entry;
    auth_remove_team(auth, team->id, wall_ms(), access_note(req, &entry), answer_done, req);
    return reply_later();
}

/* --- tokens ------------------------------------------------------------------------------------
 */

static struct reply list_tokens(struct request *req)
{
    return reply_json(200, tokens_json(world_of(req)->auth));
}

struct making {
    struct request *req;
    char text[SECRET_TOKEN_LENGTH + 1];
};

static void making_free(struct making *making)
{
    explicit_bzero(making->text, sizeof making->text);
    free(making);
}

/* The one time that it is shown. */
static void token_made(void *context, int64_t id, const struct error *err)
{
    struct making *making = context;
    struct request *req = making->req;
    struct reply reply;
    if (err) {
        reply = reply_error(err);
    } else {
        const struct auth *auth = world_of(req)->auth;
        json_t *token = token_json(auth, auth_token(auth, id));
        json_object_set_new(token, "token", json_string(making->text));
        reply = reply_created(xprintf("/api/v1/tokens/%" PRId64, id), token);
    }
    making_free(making);
    request_answer(req, reply);
}

static struct reply make_token(struct request *req, int64_t old, const struct token *like)
{
    struct error err;
    struct audit_entry entry;
    struct making *making = xcalloc(1, sizeof *making);
    making->req = req;
    if (auth_replace_token(world_of(req)->auth, old, like, making->text,
                           access_note_made(req, "/api/v1/tokens", &entry), token_made, making,
                           &err) < 0) {
        making_free(making);
        return reply_error(&err);
    }
    return reply_later();
}

static struct reply create_token(struct request *req)
{
    AUTO_PROBLEMS struct problems problems = {0};
    struct token token;
    manage_read_token(world_of(req)->auth, req->json, wall_ms(), &token, &problems);
    return problems.found ? reply_problems(&problems) : make_token(req, 0, &token);
}

static const struct token *named_token(const struct request *req)
{
    int64_t id = 0;
    request_id(req, 0, &id, NULL);
    return auth_token(world_of(req)->auth, id);
}

static struct reply rotate_token(struct request *req)
{
    const struct token *old = named_token(req);
    if (old->revoked_ms)
        return reply_problem(409, "token %" PRId64 " is revoked: make another one", old->id);
    const struct token token = manage_rotated(old, wall_ms());
    return make_token(req, old->id, &token);
}

static struct reply show_token(struct request *req)
{
    return reply_json(200, token_json(world_of(req)->auth, named_token(req)));
}

static struct reply revoke_token(struct request *req)
{
    struct audit_entry entry;
    auth_revoke_token(world_of(req)->auth, named_token(req)->id, wall_ms(),
                      access_note(req, &entry), answer_done, req);
    return reply_later();
}

/* --- the audit ---------------------------------------------------------------------------------
 */

static int read_audit(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_audit(reader, &read->page, out, err);
}

static struct reply show_audit(struct request *req)
{
    struct api_read read = {.work = read_audit};
    struct error err;
    if (api_page(req, &read, NULL, 0, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

const struct route team_routes[] = {
    {METHOD_GET, "/api/v1/teams", list_teams, BODY_NONE, 0, FOR_ADMINS},
    {METHOD_POST, "/api/v1/teams", create_team, BODY_JSON, 0, FOR_ADMINS},
    {METHOD_GET, "/api/v1/teams/{name}", show_team, BODY_NONE, 0, FOR_VIEWERS | OF_TEAM},
    {METHOD_PATCH, "/api/v1/teams/{name}", change_team, BODY_JSON, 0, FOR_ADMINS | OF_TEAM},
    {METHOD_DELETE, "/api/v1/teams/{name}", remove_team, BODY_NONE, 0, FOR_ADMINS | OF_TEAM},
    {METHOD_GET, "/api/v1/tokens", list_tokens, BODY_NONE, 0, FOR_ADMINS},
    {METHOD_POST, "/api/v1/tokens", create_token, BODY_JSON, 0, FOR_ADMINS},
    {METHOD_GET, "/api/v1/tokens/{id}", show_token, BODY_NONE, 0, FOR_ADMINS | OF_TOKEN},
    {METHOD_DELETE, "/api/v1/tokens/{id}", revoke_token, BODY_NONE, 0, FOR_ADMINS | OF_TOKEN},
    {METHOD_POST, "/api/v1/tokens/{id}/rotate", rotate_token, BODY_NONE, 0, FOR_ADMINS | OF_TOKEN},
    {METHOD_GET, "/api/v1/audit", show_audit, BODY_NONE, 0, FOR_ADMINS},
    {0},
};
