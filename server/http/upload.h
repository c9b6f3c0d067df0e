/*
 * A form on its way to disk. Bytes are pushed as they come; form fields stay in memory, files are
 * collected to half a mebibyte and then written by a helper thread, since the loop must not wait
 * for a disk. Meanwhile the connection is to be held back.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include "http/http.h"

struct upload;

enum { UPLOAD_VALUE_MOST = 65536 };

/* Makes the folder of all uploads, and removes what a crash left in it. */
int upload_clear(const char *folder, struct error *err);

/* folder: where the files go; made with the first write, removed with what is left in it by
 * upload_free(). written: on the loop, after each upload_write(). */
struct upload *upload_new(struct helpers *helpers, char *folder /* taken */, const char *boundary,
                          loop_due *written, void *context);

/* Any time, also while a write is under way: nobody is told then. Accepts NULL. */
void upload_free(struct upload *upload);

/* Not while a write is under way. */
int upload_push(struct upload *upload, const char *bytes, size_t count, struct error *err);
int upload_finish(const struct upload *upload, struct error *err); /* the body has ended */

/* Enough has come together, or (at_end) anything at all is left to write. */
bool upload_wants_write(const struct upload *upload, bool at_end);

/* False: the helpers are too busy. */
bool upload_write(struct upload *upload);
bool upload_is_writing(const struct upload *upload);

/* 0, or the status that says what the disk refused (507: full), with a sentence. */
int upload_failure(const struct upload *upload, struct error *err);

struct upload_part *upload_parts(struct upload *upload, int *out_count);
const char *upload_folder(const struct upload *upload);

#endif
