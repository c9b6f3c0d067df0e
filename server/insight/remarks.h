/*
 * What a report of a search says in words.
 */
#ifndef REMARKS_H
#define REMARKS_H

#include "insight/front.h"

struct remarks_about {
    const struct findings *findings;
    const struct front *front; /* NULL: one objective */
    int budget;                /* runs */
    bool is_final;
    bool is_known; /* its algorithm, to this program */
    int edits;     /* by hand */
};

/* "After 60 of 100 runs the best valid_loss is 0.31 (run 57, the 41st to end)". The caller frees
 * it. */
char *remarks_sentence(const struct remarks_about *about);

/* ["…"]: what a reader should know before relying on the result. */
json_t *remarks_warnings(const struct remarks_about *about);

#endif
