/*
 * What admins say of teams and tokens, as JSON in and out: the same over HTTP and on the command
 * line (admin.c).
 */
#ifndef MANAGE_H
#define MANAGE_H

#include "auth/auth.h"
#include "problems.h"
#include <jansson.h>

json_t *team_json(const struct team *team);
/* Never the token itself, nor what could lead to it. */
json_t *token_json(const struct auth *auth, const struct token *token);
json_t *teams_json(const struct auth *auth);  /* {"teams": […]} */
json_t *tokens_json(const struct auth *auth); /* {"tokens": […]} */

/* A new team: {"name", "share", "max_running", …}. */
void manage_read_team(const json_t *body, int64_t now_ms, struct team *team,
                      struct problems *problems);
/* What is to change of one: the same members, all but those that stay. */
void manage_read_change(const json_t *body, struct team_change *change, struct problems *problems);
/* {"team", "role", "name", "expires_days"}: all but the hash. */
void manage_read_token(const struct auth *auth, const json_t *body, int64_t now_ms,
                       struct token *token, struct problems *problems);
/* A rotated token lives as long as it was meant to, from now on. */
struct token manage_rotated(const struct token *old, int64_t now_ms);

#endif
