/*
 * Small allocations stop the process when memory is gone; sizes that come from outside are checked
 * by their reader first. Locals release themselves at the end of their block.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <stdio.h>

void *xcalloc(size_t count, size_t bytes);
void *xrealloc(void *block, size_t count, size_t bytes); /* refuses overflow of count * bytes */
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t bytes);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A stream into memory; fclose() it, then *text holds what was written. Release with free(). */
FILE *xmemstream(char **text, size_t *bytes);

/* Zeroed, 64-byte aligned, size checked for overflow; NULL when memory is gone. For big arrays
 * whose size comes from outside. Release with free(). */
void *aligned_block(size_t count, size_t bytes);

void memory_free_at(void *pointer_to_pointer);
void memory_close_at(int *descriptor);

#define AUTO_FREE  __attribute__((cleanup(memory_free_at)))
#define AUTO_CLOSE __attribute__((cleanup(memory_close_at)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
