#include "api/manage.h"

#include "jobs/fields.h"

#include "json.h"
#include "memory.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
enum {
    DAYS_MOST = 36500,
    SLOTS_MOST = 1000000,
    RUNS_QUEUED_MOST = 1000000000,
    STREAMS_MOST = 8192,
};
static const double number_least = 1e-3, number_most = 1e6;
static const int64_t bytes_most = INT64_C(1) << 53;

/* --- out ---------------------------------------------------------------------------------------
 */

json_t *team_json(const struct team *team)
{
    return json_pack("{s:I, s:s, s:f, s:I, s:I, s:I, s:I, s:f, s:I}", "id", team->id, "name",
                     team->name, "share", team->share, "max_running", team->max_running,
                     "max_queued", team->max_queued, "max_bytes", team->max_bytes, "max_streams",
                     team->max_streams, "requests_per_s", team->requests_per_s, "created_ms",
                     team->created_ms);
}

static json_t *time_or_null(int64_t ms)
{
    return ms > 0 ? json_integer(ms) : json_null();
}

json_t *token_json(const struct auth *auth, const struct token *token)
{
    const struct team *team = auth_team(auth, token->team);
    return json_pack("{s:I, s:o, s:s, s:o, s:s, s:I, s:o, s:o, s:o}", "id", token->id, "team",
                     team ? json_text(team->name) : json_null(), "role", role_names[token->role],
                     "name", json_text(token->name), "prefix", token->prefix, "created_ms",
                     token->created_ms, "expires_ms", time_or_null(token->expires_ms), "used_ms",
                     time_or_null(token->used_ms), "revoked_ms", time_or_null(token->revoked_ms));
}

json_t *teams_json(const struct auth *auth)
{
    json_t *list = json_array();
    for (int i = 0; i < auth_team_count(auth); i++)
        json_array_append_new(list, team_json(auth_team_at(auth, i)));
    return json_pack("{s:o}", "teams", list);
}

json_t *tokens_json(const struct auth *auth)
{
    json_t *list = json_array();
    for (int i = 0; i < auth_token_count(auth); i++)
        json_array_append_new(list, token_json(auth, auth_token_at(auth, i)));
    return json_pack("{s:o}", "tokens", list);
}

/* --- in ----------------------------------------------------------------------------------------
 */

static void read_team_name(const json_t *body, bool required, struct team *team,
                           struct problems *problems)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    const char *name = fields_text(body, "", "name", TEAM_NAME_BYTES, required, problems);
    if (!name)
        return;
    if (strspn(name, letters) == strlen(name) && !strchr("._-", name[0]))
        snprintf(team->name, sizeof team->name, "%s", name);
    else
        problems_add(problems, "", "name",
                     "has 1 to %d of a-z, 0-9, \".\", \"_\", \"-\" and begins with a letter or "
                     "digit",
                     TEAM_NAME_BYTES);
}

/* A share of next to nothing would never run, and its level overflow; a rate of nothing is no
 * limit, as with the other limits. */
static void read_number(const json_t *body, const char *key, bool zero_is_fine, double *out,
                        struct problems *problems)
{
    const json_t *value = json_object_get(body, key);
    const double number = json_number_value(value);
    if (!value)
        return;
    if (json_is_number(value) && (number >= number_least || (zero_is_fine && number == 0)) &&
        number <= number_most)
        *out = number;
    else
        problems_add(problems, "", key, "must be a number, %sat least %g and at most %.0f",
                     zero_is_fine ? "0 or " : "", number_least, number_most);
}

static const struct {
    const char *name;
    enum team_field field;
} team_fields[] = {
    {"name", TEAM_NAME},
    {"share", TEAM_SHARE},
    {"max_running", TEAM_MAX_RUNNING},
    {"max_queued", TEAM_MAX_QUEUED},
    {"max_bytes", TEAM_MAX_BYTES},
    {"max_streams", TEAM_MAX_STREAMS},
    {"requests_per_s", TEAM_REQUESTS_PER_S},
};

static void read_team(const json_t *body, bool is_new, struct team *team, struct problems *problems)
{
    const char *names[COUNT_OF(team_fields)];
    if (!json_is_object(body)) {
        problems_add(problems, "", NULL,
                     "must be an object such as {\"name\": \"vision\", \"share\": 2}");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(team_fields); i++)
        names[i] = team_fields[i].name;
    fields_refuse_unknown(body, "", names, (int)COUNT_OF(names), problems);
    read_team_name(body, is_new, team, problems);
    read_number(body, "share", false, &team->share, problems);
    read_number(body, "requests_per_s", true, &team->requests_per_s, problems);
    team->max_running =
        fields_integer(body, "", "max_running", 0, SLOTS_MOST, team->max_running, problems);
    team->max_queued =
        fields_integer(body, "", "max_queued", 0, RUNS_QUEUED_MOST, team->max_queued, problems);
    team->max_bytes =
        fields_integer(body, "", "max_bytes", 0, bytes_most, team->max_bytes, problems);
    team->max_streams =
        fields_integer(body, "", "max_streams", 0, STREAMS_MOST, team->max_streams, problems);
}

void manage_read_team(const json_t *body, int64_t now_ms, struct team *team,
                      struct problems *problems)
{
    *team = (struct team){.share = 1, .max_streams = TEAM_STREAMS_USUAL, .created_ms = now_ms};
    read_team(body, true, team, problems);
}

void manage_read_change(const json_t *body, struct team_change *change, struct problems *problems)
{
    read_team(body, false, &change->to, problems);
    change->fields = 0;
    for (size_t i = 0; i < COUNT_OF(team_fields); i++)
        if (json_object_get(body, team_fields[i].name))
            change->fields |= team_fields[i].field;
}

static void read_team_of(const struct auth *auth, const json_t *body, struct token *token,
                         struct problems *problems)
{
    const char *name = fields_text(body, "", "team", TEAM_NAME_BYTES, true, problems);
    const struct team *team = name ? auth_team_named(auth, name) : NULL;
    if (team)
        token->team = team->id;
    else if (name)
        problems_add(problems, "", "team", "there is no team \"%.64s\"", name);
}

void manage_read_token(const struct auth *auth, const json_t *body, int64_t now_ms,
                       struct token *token, struct problems *problems)
{
    static const char *const fields[] = {"team", "role", "name", "expires_days"};
    *token = (struct token){.role = ROLE_MEMBER, .created_ms = now_ms};
    if (!json_is_object(body)) {
        problems_add(problems, "", NULL,
                     "must be an object such as {\"team\": \"vision\", \"role\": \"member\", "
                     "\"name\": \"ci\"}");
        return;
    }
    fields_refuse_unknown(body, "", fields, (int)COUNT_OF(fields), problems);
    read_team_of(auth, body, token, problems);
    const int role = fields_choice(body, "", "role", role_names, ROLES, problems);
    if (role >= 0)
        token->role = (enum role)role;
    const char *name = fields_text(body, "", "name", TOKEN_NAME_BYTES, true, problems);
    snprintf(token->name, sizeof token->name, "%s", name ? name : "");
    const int64_t days = fields_integer(body, "", "expires_days", 1, DAYS_MOST, 0, problems);
    token->expires_ms = days ? now_ms + days * DAY_MS : 0;
}

struct token manage_rotated(const struct token *old, int64_t now_ms)
{
    struct token token = *old;
    token.created_ms = now_ms;
    if (old->expires_ms)
        token.expires_ms = now_ms + (old->expires_ms - old->created_ms);
    return token;
}
