/*
 * A program run to its end, and what it printed.
 */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include "support/folder.h"

struct ran {
    int status; /* exit status; 128 + the signal that ended it */
    char *out, *err;
};

/* arguments: the program's path first, NULL last. It runs in the folder; fails where it takes more
 * than four minutes. */
struct ran program_run(const struct folder *folder, const char *const *arguments);
void ran_release(struct ran *ran);

#endif
