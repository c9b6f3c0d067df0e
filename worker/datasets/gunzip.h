/*
 * Unpacks a gzip stream (RFC 1952) from a descriptor: one member or several in a row. A stream
 * that stops early, has a wrong checksum or something else behind it is refused (ERROR_MALFORMED).
 */
#ifndef GUNZIP_H
#define GUNZIP_H

#include "error.h"
#include <stddef.h>

struct gunzip;

/* `head` are bytes already read from the descriptor. */
struct gunzip *gunzip_new(int fd, const void *head, size_t head_bytes);
void gunzip_free(struct gunzip *gunzip); /* accepts NULL */

/* 1 … count bytes; *got is 0 only at the end. The sentence does not name the part. */
int gunzip_read(struct gunzip *gunzip, void *bytes, size_t count, size_t *got, struct error *err);

/* Reads once, again after signals; *got is 0 only at the end. */
int read_some(int fd, void *bytes, size_t count, size_t *got, struct error *err);

#endif
