/*
 * Where this process runs: all its threads, those of the numeric library too, which it made when it
 * was loaded.
 */
#ifndef CORES_H
#define CORES_H

#include <jansson.h>

/* On those cores alone, by a list of their numbers; NULL: wherever it might run when it started. A
 * core that is not there is passed over; where none is left, nothing changes. */
void cores_take(const json_t *cores);

#endif
