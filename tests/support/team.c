#include "support/team.h"

#include "support/api.h"

#include "memory.h"

#include <stdio.h>

static void make_token(int port, const char *team, const char *role, char token[TEAM_TOKEN_BYTES])
{
    AUTO_FREE char *body = xprintf("{'team': '%s', 'role': '%s', 'name': '%s'}", team, role, role);
    json_auto_t *made = api_change(port, "POST", body, 201, "/api/v1/tokens");
    snprintf(token, TEAM_TOKEN_BYTES, "%s", api_text(made, "/token"));
}

void team_admin(int port, char token[TEAM_TOKEN_BYTES])
{
    make_token(port, "default", "admin", token);
    client_use_token(token);
}

void team_add(int port, const char *name, const char *more, char token[TEAM_TOKEN_BYTES])
{
    AUTO_FREE char *body = xprintf("{'name': '%s'%s}", name, more);
    json_decref(api_change(port, "POST", body, 201, "/api/v1/teams"));
    make_token(port, name, "member", token);
}
