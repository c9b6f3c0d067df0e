#include "api/access.h"

#include "api/api.h"
#include "auth/limits.h"
#include "http/forwarded.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { STREAM_RETRY_S = 10 };

struct meter {
    int64_t team;
    struct allowance allowance;
    int streams; /* of events, open now */
};

struct access {
    bool required;
    struct suspects *suspects;
    struct meter *meters; /* of the teams that have a rate, or have watched events */
    int meter_count;
};

struct access *access_new(bool required)
{
    struct access *access = xcalloc(1, sizeof *access);
    *access = (struct access){.required = required, .suspects = suspects_new()};
    return access;
}

void access_free(struct access *access)
{
    if (!access)
        return;
    suspects_free(access->suspects);
    free(access->meters);
    free(access);
}

/* --- who ---------------------------------------------------------------------------------------
 */

/* The token of "Authorization: Bearer …"; NULL: there is none. */
static const char *bearer_of(const struct request *req)
{
    static const char scheme[] = "Bearer ";
    const char *header = request_header(req, "Authorization");
    if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return header ? "" : NULL;
    header += sizeof scheme - 1;
    return header + strspn(header, " ");
}

/* On a machine of one's own there is nothing to set up: until the first token is made, loopback is
 * the default team's admin. */
static bool is_own_machine(const struct request *req)
{
    const struct world *world = world_of(req);
    return !world->access->required && !auth_has_tokens(world->auth) &&
           address_is_loopback(req->remote);
}

static bool identify(struct request *req, bool *out_by_cookie)
{
    const struct world *world = world_of(req);
    const char *text = bearer_of(req);
    *out_by_cookie = !text;
    if (!text)
        text = request_cookie(req, PAGE_COOKIE);
    const struct token *token = text ? auth_find(world->auth, text, wall_ms()) : NULL;
    if (token) {
        req->caller = (struct caller){.team = token->team,
                                      .token = token->id ? token->id : MASTER_TOKEN,
                                      .role = token->role};
        return true;
    }
    *out_by_cookie = false;
    if (!is_own_machine(req) || req->is_forwarded)
        return false;
    req->caller = (struct caller){.team = TEAM_DEFAULT, .token = NO_TOKEN, .role = ROLE_ADMIN};
    return true;
}

struct reply access_unknown(struct request *req)
{
    const struct world *world = world_of(req);
    struct reply reply = reply_problem(401, "this needs a valid token: Authorization: Bearer …");
    reply.challenge = "Bearer realm=\"sweepd\"";
    if (bearer_of(req) || request_cookie(req, PAGE_COOKIE) || req->json)
        reply.hold_ms = (int)suspects_note(world->access->suspects, req->remote, clock_ms());
    return reply;
}

bool access_lasts(const struct request *req)
{
    const struct world *world = world_of(req);
    if (req->caller.token == NO_TOKEN)
        return !auth_has_tokens(world->auth);
    return auth_is_good(world->auth, req->caller.token == MASTER_TOKEN ? 0 : req->caller.token,
                        wall_ms());
}

/* --- how often ---------------------------------------------------------------------------------
 */

static struct meter *meter_of(struct access *access, int64_t team)
{
    for (int i = 0; i < access->meter_count; i++)
        if (access->meters[i].team == team)
            return &access->meters[i];
    access->meters =
        xrealloc(access->meters, (size_t)access->meter_count + 1, sizeof *access->meters);
    access->meters[access->meter_count] = (struct meter){.team = team};
    return &access->meters[access->meter_count++];
}

static bool check_rate(const struct request *req, struct reply *refusal)
{
    const struct world *world = world_of(req);
    const struct team *team = auth_team(world->auth, req->caller.team);
    int64_t wait_ms;
    if (!team || team->requests_per_s <= 0 || req->caller.token == MASTER_TOKEN ||
        allowance_take(&meter_of(world->access, team->id)->allowance, team->requests_per_s,
                       clock_ms(), &wait_ms))
        return true;
    *refusal = reply_problem(429, "team \"%s\" may ask %g times a second", team->name,
                             team->requests_per_s);
    refusal->retry_after_s = (int)((wait_ms + 999) / 1000);
    return false;
}

bool access_stream_begins(const struct request *req, struct reply *refusal)
{
    const struct world *world = world_of(req);
    const struct team *team = auth_team(world->auth, req->caller.team);
    struct meter *meter = meter_of(world->access, req->caller.team);
    if (team && team->max_streams > 0 && meter->streams >= team->max_streams) {
        *refusal =
            reply_problem(429, "team \"%s\" may have %" PRId64 " event streams open, and has %d",
                          team->name, team->max_streams, meter->streams);
        refusal->retry_after_s = STREAM_RETRY_S;
        return false;
    }
    meter->streams++;
    return true;
}

void access_stream_ends(const struct world *world, int64_t team)
{
    meter_of(world->access, team)->streams--;
}

/* --- what --------------------------------------------------------------------------------------
 */

bool access_sees(int64_t team, const struct owned_job *job)
{
    return job && (job->team == team || job->for_everyone);
}

int64_t access_audience(void *context, int64_t id)
{
    const struct world *world = context;
    const struct owned_job *job = owners_job(world->owners, id);
    return job && !job->for_everyone ? job->team : 0;
}

static bool not_found(struct reply *refusal, const char *what, int64_t id)
{
    *refusal = reply_problem(404, "there is no %s %" PRId64, what, id);
    return false;
}

static bool check_job(const struct request *req, bool is_run, bool changes, struct reply *refusal)
{
    const struct owners *owners = world_of(req)->owners;
    const char *what = is_run ? "run" : "job";
    struct error err;
    int64_t id;
    if (request_id(req, 0, &id, &err) < 0) {
        *refusal = reply_error(&err);
        return false;
    }
    const struct owned_job *job = is_run ? owners_run(owners, id) : owners_job(owners, id);
    if (!access_sees(req->caller.team, job))
        return not_found(refusal, what, id);
    if (!changes || job->team == req->caller.team)
        return true;
    *refusal = reply_problem(403,
                             "%s %" PRId64 " belongs to another team, which lets everyone read "
                             "it and nobody change it",
                             what, id);
    return false;
}

static bool check_team(const struct request *req, struct reply *refusal)
{
    const struct auth *auth = world_of(req)->auth;
    const struct team *team = auth_team_named(auth, req->param[0]);
    if (team && (req->caller.role == ROLE_ADMIN || team->id == req->caller.team))
        return true;
    *refusal = reply_problem(404, "there is no team \"%.64s\"", req->param[0]);
    return false;
}

static bool check_token(const struct request *req, struct reply *refusal)
{
    struct error err;
    int64_t id;
    if (request_id(req, 0, &id, &err) < 0) {
        *refusal = reply_error(&err);
        return false;
    }
    if (req->caller.role == ROLE_ADMIN && auth_token(world_of(req)->auth, id))
        return true;
    return not_found(refusal, "token", id);
}

/* A POST to a data set makes it; the others are about one there is, or could be made. */
static bool check_dataset(const struct request *req, struct reply *refusal)
{
    if (req->method == METHOD_POST ||
        api_knows_dataset(world_of(req), req->caller.team, req->param[0]))
        return true;
    *refusal = reply_problem(404, "there is no data set \"%.64s\"", req->param[0]);
    return false;
}

static bool check_what(const struct request *req, int access, struct reply *refusal)
{
    const bool changes = (access & FOR_MASK) >= FOR_MEMBERS;
    switch (access & OF_MASK) {
    case OF_JOB:
    case OF_RUN:
        return check_job(req, (access & OF_MASK) == OF_RUN, changes, refusal);
    case OF_DATASET:
        return check_dataset(req, refusal);
    case OF_TEAM:
        return check_team(req, refusal);
    case OF_TOKEN:
        return check_token(req, refusal);
    default:
        break;
    }
    if (!req->param[0])
        return true;
    *refusal = reply_problem(500, "nobody has said what this path names");
    return false;
}

/* --- at the door -------------------------------------------------------------------------------
 */

static bool check_role(const struct request *req, int access, struct reply *refusal)
{
    static const char *const needed[] = {
        [FOR_VIEWERS] = "viewer", [FOR_MEMBERS] = "member", [FOR_ADMINS] = "admin"};
    const int least = access & FOR_MASK;
    if (least >= FOR_VIEWERS && least <= FOR_ADMINS && req->caller.role + FOR_VIEWERS >= least)
        return true;
    *refusal = least >= FOR_VIEWERS && least <= FOR_ADMINS
                   ? reply_problem(403, "this takes the role of %s, and the token's is %s",
                                   needed[least], role_names[req->caller.role])
                   : reply_problem(403, "nobody has said whom this path is for");
    return false;
}

/* What comes through a proxy comes from loopback as well, whoever is behind it. */
static struct reply refuse_stranger(struct request *req)
{
    if (!is_own_machine(req))
        return access_unknown(req);
    return reply_problem(403, "this came through a proxy (or by HTTP/1.0), and the server was not "
                              "told of one: start it with --trusted-proxy and the proxy's address, "
                              "and make tokens; without tokens only this machine itself may ask");
}

bool access_admit(struct request *req, const struct route *route, struct reply *refusal)
{
    bool by_cookie;
    if ((route->access & FOR_MASK) == FOR_ANYONE)
        return true;
    if (!identify(req, &by_cookie)) {
        *refusal = refuse_stranger(req);
        return false;
    }
    if (by_cookie && req->method != METHOD_GET && !request_header(req, PAGE_HEADER)) {
        *refusal = reply_problem(403, "a change by cookie needs the header " PAGE_HEADER);
        return false;
    }
    return check_rate(req, refusal) && check_what(req, route->access, refusal) &&
           check_role(req, route->access, refusal);
}

/* --- what a body names -------------------------------------------------------------------------
 */

/* Runs are named by number in members called "run", wherever they stand; and in lists of values for
 * a place of that name, as in {"over": {"/schedule/from/run": [1, 2]}}. */
static void check_value(const struct request *req, const char *pointer, const json_t *value,
                        struct problems *problems);

/* Of a JSON pointer the last name. "~" and "/" alone are written otherwise in one, so that nothing
 * else is read as "run". */
static bool names_run(const char *key)
{
    const char *slash = strrchr(key, '/');
    return strcmp(slash ? slash + 1 : key, "run") == 0;
}

static void check_run(const struct request *req, const char *pointer, const char *key,
                      const json_t *value, struct problems *problems)
{
    const json_int_t run = json_integer_value(value);
    if (run > 0 && !access_sees(req->caller.team, owners_run(world_of(req)->owners, run)))
        problems_add(problems, pointer, key, "there is no run %" JSON_INTEGER_FORMAT, run);
}

static void check_member(const struct request *req, const char *pointer, const char *key,
                         const json_t *value, struct problems *problems)
{
    size_t i;
    const json_t *each;
    if (names_run(key)) {
        check_run(req, pointer, key, value, problems);
        json_array_foreach(value, i, each)
        {
            check_run(req, pointer, key, each, problems);
        }
    }
    if (json_is_object(value) || json_is_array(value)) {
        AUTO_FREE char *inner = json_pointer_join(pointer, key);
        check_value(req, inner, value, problems);
    }
}

static void check_value(const struct request *req, const char *pointer, const json_t *value,
                        struct problems *problems)
{
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)value, key, member) /* reads only */
    {
        check_member(req, pointer, key, member, problems);
    }
    if (json_is_array(value)) {
        json_array_foreach(value, i, member)
        {
            if (!json_is_object(member) && !json_is_array(member))
                continue; /* norms by the hundred thousand */
            char index[24];
            snprintf(index, sizeof index, "%zu", i);
            check_member(req, pointer, index, member, problems);
        }
    }
}

bool access_inspect(struct request *req, const struct route *route, struct reply *refusal)
{
    AUTO_PROBLEMS struct problems problems = {0};
    if ((route->access & FOR_MASK) == FOR_ANYONE || !req->json)
        return true;
    check_value(req, "", req->json, &problems);
    if (!problems.found)
        return true;
    *refusal = reply_problems(&problems);
    return false;
}

/* --- what was done -----------------------------------------------------------------------------
 */

static const char *const method_names[METHODS] = {
    [METHOD_GET] = "GET",     [METHOD_POST] = "POST",     [METHOD_PUT] = "PUT",
    [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
};

/* Whoever works alone on his machine does not need to be told who did it. */
static bool is_worth_noting(const struct request *req, int access)
{
    return req->caller.token != NO_TOKEN || (access & FOR_MASK) == FOR_ADMINS;
}

static struct audit_entry note_of(const struct request *req)
{
    const bool is_master = req->caller.token == MASTER_TOKEN;
    return (struct audit_entry){
        .at_ms = wall_ms(),
        .team = is_master ? 0 : req->caller.team,
        .token = is_master ? 0 : req->caller.token,
        .method = method_names[req->method],
        .what = req->route->path,
        .subject = req->path,
        .origin = is_master ? "command line" : req->remote,
    };
}

const struct audit_entry *access_note(const struct request *req, struct audit_entry *entry)
{
    *entry = note_of(req);
    return is_worth_noting(req, req->route->access) ? entry : NULL;
}

const struct audit_entry *access_note_made(const struct request *req, const char *collection,
                                           struct audit_entry *entry)
{
    const struct audit_entry *note = access_note(req, entry);
    entry->subject = collection;
    entry->adds_id = true;
    return note;
}

const struct audit_entry *access_note_refused(const struct request *req, struct audit_entry *entry)
{
    *entry = note_of(req);
    entry->team = AUDIT_NOBODY;
    entry->method = "refused POST";
    return entry;
}
