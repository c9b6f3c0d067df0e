/*
 * What external runners say (api/asks.c): the bodies of ask, metrics and tell. Problems name the
 * members that are wrong; what is read then is not to be used.
 */
#ifndef ASK_BODIES_H
#define ASK_BODIES_H

#include "jobs/space.h"
#include "problems.h"
#include "workers/conductor.h"

enum { ASK_MOST = 1000, ASK_ROWS_MOST = 10000, TELL_MESSAGE_BYTES = 1000 };

/* Without a body (NULL): one point. The worker's name is the body's. */
struct ask_options ask_read(const json_t *body, struct problems *problems);

struct report_body {
    int attempt;             /* 0: not named */
    struct report_row *rows; /* [count] the caller frees it, after a refusal too */
    int count;
};
void report_read(const json_t *body, struct report_body *report, struct problems *problems);

/* What a body says, with room for it: `options` points into that. */
struct tell_body {
    struct tell_options options;
    double values[OBJECTIVES_MAX], constraints[CONSTRAINTS_MAX];
    char message[TELL_MESSAGE_BYTES + 1];
};
void tell_read(const json_t *body, struct tell_body *tell, struct problems *problems);
void tell_copy(const struct tell_body *tell, struct tell_body *out_copy);

#endif
