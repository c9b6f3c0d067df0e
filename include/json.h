/*
 * What jansson leaves to its users: strict reading, numbers that may be infinite, text that may not
 * be UTF-8, JSON Pointer (RFC 6901) and Merge Patch (RFC 7396).
 *
 * json_object_seed(0) must have run before the first thread starts.
 */
#ifndef JSON_H
#define JSON_H

#include "error.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

/* Reads one JSON value. Refuses duplicate keys, nesting deeper than JSON_DEPTH_MAX, bytes behind
 * the value, numbers that no double holds; the sentence gives line and column (ERROR_MALFORMED). */
int json_read(const char *text, size_t bytes, json_t **out, struct error *err);

/* The same from a file of at most `most_bytes`. */
int json_read_file(const char *path, size_t most_bytes, json_t **out, struct error *err);

/* A string value; bytes that are not UTF-8, and NULs, become U+FFFD. Never NULL. */
json_t *json_text(const char *text);

/* A real value, or null for NaN and infinities (which JSON cannot hold). */
json_t *json_number(double value);

/* Compact, keys sorted, reals with 17 digits: equal values give equal text. The caller frees it. */
char *json_compact(const json_t *value);

/* The same with members in the order they were set: quicker, and the order people wrote. */
char *json_ordered(const json_t *value);

/* Member lookups with a fallback; a member of another type counts as absent. */
const char *json_text_at(const json_t *object, const char *key, const char *fallback);
int64_t json_integer_at(const json_t *object, const char *key, int64_t fallback);
double json_number_at(const json_t *object, const char *key, double fallback);
bool json_flag_at(const json_t *object, const char *key, bool fallback);

/* "/a" and "b/c" give "/a/b~1c". The caller frees it. */
char *json_pointer_join(const char *pointer, const char *key);

/* The value at a pointer, borrowed; NULL where there is none or the pointer is malformed. */
json_t *json_pointer_get(const json_t *document, const char *pointer);

/* Puts a value (its reference is taken in any case) at a pointer. Missing objects on the way are
 * made; "-" or the length appends to an array. Refuses the empty pointer, malformed ones, and a
 * step into something that is neither object nor array. */
int json_pointer_set(json_t *document, const char *pointer, json_t *value, struct error *err);

/* RFC 7396: a new value, target with patch laid over it; neither argument changes. */
json_t *json_merge_patch(const json_t *target, const json_t *patch);

/* The entry of `names` nearest to `word` (edit distance at most 3 and at most half its length);
 * NULL where none is near. For "did you mean". */
const char *nearest_name(const char *word, const char *const *names, int count);

/* "a, b, c" for a sentence: whole names, and "…" behind those that fit; "none" where there are
 * none.
 */
void names_joined(const char *const *names, int count, char *joined, size_t bytes);

#endif
