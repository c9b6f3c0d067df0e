/* Who I am; and the page's way in, by a cookie that no script can read. */
#include "api/api.h"
#include "api/manage.h"
#include "jobs/fields.h"

#include "json.h"
#include "memory.h"

enum { COOKIE_S = 30 * 86400 };

static json_t *me_json(const struct auth *auth, const struct caller *caller, bool required)
{
    const struct team *team = auth_team(auth, caller->team);
    const struct token *token = caller->token > 0 ? auth_token(auth, caller->token) : NULL;
    return json_pack("{s:o, s:s, s:o, s:b}", "team", team ? team_json(team) : json_null(), "role",
                     role_names[caller->role], "token",
                     token ? token_json(auth, token) : json_null(), "needs_token", required);
}

static struct reply show_me(struct request *req)
{
    return reply_json(200,
                      me_json(world_of(req)->auth, &req->caller, req->caller.token != NO_TOKEN));
}

static char *cookie(const struct request *req, const char *token, int64_t seconds)
{
    return xprintf(PAGE_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s", token,
                   (long long)seconds, req->is_secure ? "; Secure" : "");
}

/* Without the header a page of another site could log somebody in as somebody else. */
static bool is_from_page(const struct request *req, struct reply *refusal)
{
    if (request_header(req, PAGE_HEADER))
        return true;
    *refusal = reply_problem(403, "this needs the header " PAGE_HEADER);
    return false;
}

/* Where it is held back, because there were many, the ones before tell enough. */
static struct reply refuse_login(struct request *req)
{
    struct audit_entry entry;
    const struct reply reply = access_unknown(req);
    if (reply.hold_ms == 0)
        store_add_audit(world_of(req)->store, access_note_refused(req, &entry), NULL, NULL);
    return reply;
}

struct login {
    struct request *req;
    char *cookie;
};

/* Nobody is let in of whom that is not on disk. */
static void login_noted(void *context, const struct error *err)
{
    struct login *login = context;
    struct request *req = login->req;
    struct reply reply;
    if (err) {
        reply = reply_error(err);
        free(login->cookie);
    } else {
        reply = reply_json(200, me_json(world_of(req)->auth, &req->caller, true));
        reply.cookie = login->cookie;
    }
    free(login);
    request_answer(req, reply);
}

static struct reply let_in(struct request *req, const struct token *token, const char *text)
{
    struct audit_entry entry;
    const int64_t left_s =
        token->expires_ms ? (token->expires_ms - wall_ms()) / 1000 + 1 : COOKIE_S;
    struct login *login = xcalloc(1, sizeof *login);
    *login = (struct login){req, cookie(req, text, left_s < COOKIE_S ? left_s : COOKIE_S)};
    req->caller = (struct caller){.team = token->team, .token = token->id, .role = token->role};
    store_add_audit(world_of(req)->store, access_note(req, &entry), login_noted, login);
    return reply_later();
}

static struct reply log_in(struct request *req)
{
    static const char *const fields[] = {"token"};
    AUTO_PROBLEMS struct problems problems = {0};
    struct reply reply;
    if (!is_from_page(req, &reply))
        return reply;
    if (!json_is_object(req->json)) {
        problems_add(&problems, "", NULL, "must be an object: {\"token\": \"swp_…\"}");
        return reply_problems(&problems);
    }
    fields_refuse_unknown(req->json, "", fields, (int)COUNT_OF(fields), &problems);
    if (problems.found)
        return reply_problems(&problems);
    const char *text = json_text_at(req->json, "token", "");
    const struct token *token = auth_find(world_of(req)->auth, text, wall_ms());
    if (!token || token->id == 0) /* the machine's own key is for no browser */
        return refuse_login(req);
    return let_in(req, token, text);
}

static struct reply log_out(struct request *req)
{
    struct reply reply;
    if (!is_from_page(req, &reply))
        return reply;
    reply = reply_bytes(204, NULL, NULL, 0);
    reply.cookie = cookie(req, "", 0);
    return reply;
}

const struct route session_routes[] = {
    {METHOD_GET, "/api/v1/me", show_me, BODY_NONE, 0, FOR_VIEWERS},
    {METHOD_POST, "/api/v1/login", log_in, BODY_JSON, 0, FOR_ANYONE},
    {METHOD_POST, "/api/v1/logout", log_out, BODY_NONE, 0, FOR_ANYONE},
    {0},
};
