/*
 * Replies as values: what http.h promises, and what its own files need of them.
 */
#ifndef REPLY_H
#define REPLY_H

#include "http/http.h"

/* The phrase of a status (RFC 9110, 15), "Unknown" where it has none here. */
const char *status_title(int status);

/* Does an If-None-Match header (a list of tags, or *) name this tag? The weak comparison. */
bool etag_matches(const char *if_none_match, const char *etag);

#endif
