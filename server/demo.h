/*
 * A first job for people who have just started the server: which schedule suits a small network on
 * the built-in digits. Queued once, where there is no job at all.
 */
#ifndef DEMO_H
#define DEMO_H

#include "api/api.h"

int demo_queue(struct world *world, struct error *err);

#endif
