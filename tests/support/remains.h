/*
 * What a run leaves behind: its metrics and its weights, to be compared bit for bit with those of
 * another run of the same specification.
 */
#ifndef SUPPORT_REMAINS_H
#define SUPPORT_REMAINS_H

#include <stddef.h>
#include <stdint.h>

struct remains {
    char *rows;    /* name,step,value lines without what a clock measured */
    char *weights; /* model.safetensors */
    size_t weight_bytes;
};

/* Of a run that has succeeded, as the service tells them. */
struct remains remains_of(int port, int64_t run);
void remains_release(struct remains *remains);

void assert_same_remains(const struct remains *got, const struct remains *want);

#endif
