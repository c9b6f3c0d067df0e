/*
 * A line on standard output for what each run is doing: when its state changes, and every two
 * seconds while it trains. For a person at a terminal.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "events/events.h"

struct progress;
struct progress *progress_new(struct loop *loop, struct events *events);
void progress_free(struct progress *progress); /* accepts NULL */

#endif
