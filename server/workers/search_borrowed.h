/*
 * The curve of a run that was not trained but took over the results of another one
 * (workers/reusing.c): a pruner compares others with it as if it had been.
 */
#ifndef SEARCH_BORROWED_H
#define SEARCH_BORROWED_H

#include "workers/search_prune.h"

typedef void search_curve_there(struct search *search, struct run *run);

/* Reads the curve of a run that has just taken over results; then() is called once it is in the
 * table, so before anybody is told of the run. False: there is nothing to read (or too many reads
 * wait already), and then() is not called. */
bool search_borrow_curve(struct search *search, struct run *run, search_curve_there *then);

#endif
