/*
 * Bytes kept aside on disk while a data set is parsed: written once, then read from the start. The
 * file has no name, so nothing is left behind by a worker that dies.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include "error.h"
#include <stddef.h>
#include <stdint.h>

struct spool {
    int fd;
    unsigned char *buffer;
    size_t used;        /* bytes in the buffer, not yet in the file */
    uint64_t bytes;     /* added in all */
    uint64_t read_from; /* where spool_read() goes on */
};

int spool_init(struct spool *spool, const char *folder, struct error *err);
void spool_release(struct spool *spool); /* accepts one that is all zero */

int spool_add(struct spool *spool, const void *bytes, size_t count, struct error *err);
int spool_rewind(struct spool *spool, struct error *err); /* before reading */
int spool_read(struct spool *spool, void *bytes, size_t count, struct error *err); /* exactly */

/* Writes all of it, again after signals. */
int write_all(int fd, const void *bytes, size_t count, struct error *err);

#endif
