/*
 * Who did what, when and from where. An entry is written in the transaction of the change it tells
 * of: there is neither without the other, whatever crashes or fails.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "store/store.h"

enum { AUDIT_NOBODY = -1 };

struct audit_entry {
    int64_t at_ms;
    int64_t team;        /* of who asked; 0: the one who runs the server; else AUDIT_NOBODY */
    int64_t token;       /* 0: without one */
    const char *method;  /* "POST", or "sweepd admin"; together with `what` it is one text */
    const char *what;    /* the template of a path, or a command */
    const char *subject; /* the path of what it was done to */
    const char *origin;  /* an address, or "command line" */
    bool adds_id;        /* "/" and the number of what was made follow the subject; where nothing
                            was made nothing is written */
};

/* In one piece with its texts: free() ends it. NULL of NULL. */
struct audit_entry *audit_copy(const struct audit_entry *entry);

/* Of what is no change in the store: logins, and what only a worker is told. `done` may be NULL. */
void store_add_audit(struct store *store, const struct audit_entry *entry, store_done *done,
                     void *context);

/* {"audit":[{"id","at_ms","team","token","who","what","subject","from"}],"next"}, newest first. */
int store_read_audit(struct reader *reader, const struct page *page, json_t **out,
                     struct error *err);

#endif
