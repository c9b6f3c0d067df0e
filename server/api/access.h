/*
 * Who may do what, decided in one place before any handler runs. Each route says whom it is for and
 * what the {…} of its path names; a route that says nothing is for nobody.
 *
 * Whoever asks for what is another team's is answered as if it did not exist.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "auth/auth.h"
#include "auth/owners.h"
#include "http/http.h"

/* The least role, and what the path names. */
enum {
    FOR_ANYONE = 1, /* without a token too */
    FOR_VIEWERS,    /* reads, or only computes */
    FOR_MEMBERS,    /* changes what the team owns */
    FOR_ADMINS,     /* of the server: teams, tokens, the audit */
    FOR_MASK = 7,

    OF_JOB = 1 << 3, /* {id} */
    OF_RUN = 2 << 3,
    OF_TOKEN = 3 << 3,
    OF_DATASET = 4 << 3, /* {name} */
    OF_TEAM = 5 << 3,
    OF_MASK = 7 << 3,
};

/* caller.token of who comes without one, and of who has the key of the server's own command. */
enum { NO_TOKEN = 0, MASTER_TOKEN = -1 };

/* The header that a changing request has to carry where the token comes in a cookie: a page of
 * another site cannot add it without asking us first, and we never agree. */
#define PAGE_HEADER "X-Sweepd-Page"
#define PAGE_COOKIE "sweepd"

struct world;
struct access;

/* required: nobody is let in without a token, not even before there is one. */
struct access *access_new(bool required);
void access_free(struct access *access); /* accepts NULL */

/* For struct http_options; request->server is a struct world. */
bool access_admit(struct request *req, const struct route *route, struct reply *out_refusal);
bool access_inspect(struct request *req, const struct route *route, struct reply *out_refusal);

/* The entry in the audit of what a request changes, for the command that changes it. Its texts are
 * the request's, and last until that is answered. NULL: nobody needs to be told. */
const struct audit_entry *access_note(const struct request *req, struct audit_entry *entry);
/* The same of what gets its number with that: /api/v1/jobs and the number of the job. */
const struct audit_entry *access_note_made(const struct request *req, const char *collection,
                                           struct audit_entry *entry);
/* Of a login with a token that is not good: nobody in particular. */
const struct audit_entry *access_note_refused(const struct request *req, struct audit_entry *entry);

/* The same answer for every token that is not good. Counts it against the address. */
struct reply access_unknown(struct request *req);

/* Whether who was let in still would be: of answers that go on for long. */
bool access_lasts(const struct request *req);

/* One more stream of events for the team that asks, where it may have another; and one less. */
bool access_stream_begins(const struct request *req, struct reply *out_refusal);
void access_stream_ends(const struct world *world, int64_t team);

/* Whether the team may read the job, which may be NULL. */
bool access_sees(int64_t team, const struct owned_job *job);

/* For events_set_audience(). */
int64_t access_audience(void *world, int64_t job);

#endif
