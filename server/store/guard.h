/*
 * What stands beside the database in the store's folder: a lock that keeps a second server out, and
 * ballast, a file of zeros that is given back when the disk is full, so that the server can still
 * write down what its runs end as.
 */
#ifndef GUARD_H
#define GUARD_H

#include "error.h"
#include <stdbool.h>
#include <stdint.h>

/* An open-file-description lock on FOLDER/sweepd.lock: it ends with the process, however that ends.
 * Held elsewhere: ERROR_CONFLICT. The caller closes *out_fd to let go. */
int guard_lock(const char *folder, int *out_fd, struct error *err);

/* FOLDER/sweepd.ballast. Not made where the disk has less than four times its size free: it is a
 * reserve, not a condition. Answers whether it is there. */
bool ballast_make(const char *folder, int64_t bytes);
bool ballast_give_back(const char *folder); /* whether there was some */

#endif
