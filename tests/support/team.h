/*
 * Teams on a server that a test has started, made through the API.
 */
#ifndef SUPPORT_TEAM_H
#define SUPPORT_TEAM_H

enum { TEAM_TOKEN_BYTES = 80 };

/* The server's first token, an admin's. From now on the client carries it. */
void team_admin(int port, char token[TEAM_TOKEN_BYTES]);

/* A team and a member's token; asked for as whoever the client is. more: further members of the
 * team's JSON, such as ", 'share': 2" (as in support/api.h). */
void team_add(int port, const char *name, const char *more, char token[TEAM_TOKEN_BYTES]);

#endif
