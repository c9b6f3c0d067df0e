/*
 * Metric names and their numbers. The loop adds names and finds them; the writer thread only reads
 * entries whose numbers came to it through its mailbox, so nothing here is locked: an entry is
 * complete before its number leaves store_metric_name() and never moves or changes afterwards.
 */
#ifndef NAMES_H
#define NAMES_H

#include "store/sql.h"

#include <stddef.h>

enum { METRIC_NAMES_MAX = 10000, METRIC_NAME_BYTES = 63 };

struct metric_name {
    char text[METRIC_NAME_BYTES + 1];
    bool repeats; /* a resumed run computes the same bits again */
};

struct names;

struct names *names_new(void);
void names_free(struct names *names);
/* What the database has. Before the writer thread starts. */
int names_load(struct names *names, struct sql *db, struct error *err);

/* The number of a name, given to it now if it is new; 0: the table is full, or it is not 1 … 63
 * bytes of printable ASCII. What was said first of `repeats` stays. */
uint32_t names_number(struct names *names, const char *name, size_t bytes, bool repeats);
uint32_t names_count(const struct names *names); /* the highest number */

/* NULL: no name has that number. On the writer thread: only for numbers from the mailbox. */
const struct metric_name *names_entry(const struct names *names, uint32_t number);

#endif
