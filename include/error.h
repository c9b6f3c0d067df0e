/*
 * Errors are values with a sentence.
 *
 * A function that can fail returns 0 or -1 and takes `struct error *err` last. The sentence is for
 * a person: it names what was wrong and what would be accepted. Results are set on success only.
 * The one who handles an error logs it; the one who returns it does not.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdarg.h>

enum error_kind {
    ERROR_INTERNAL,    /* our own trouble, or the machine's: 500 */
    ERROR_INVALID,     /* what came from outside is not acceptable: 422 */
    ERROR_MALFORMED,   /* it could not even be read as what it says it is: 400 */
    ERROR_NOT_FOUND,   /* 404 */
    ERROR_CONFLICT,    /* acceptable, but not in the present state: 409 */
    ERROR_TOO_LARGE,   /* above a stated limit: 413 */
    ERROR_UNAVAILABLE, /* come back later: 503 */
    ERROR_FORBIDDEN,   /* not by this caller, now or later: 403 */
    ERROR_LIMIT,       /* above what this caller may have at once: 429 */
};

#define ERROR_SENTENCE_BYTES 512

struct error {
    enum error_kind kind;
    char sentence[ERROR_SENTENCE_BYTES]; /* UTF-8, cut where it is too long */
};

/* Both fill err (which may be NULL) and return -1, so that failing takes one line. error_set() is
 * for ERROR_INVALID, the common case. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int error_of(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ERROR_INTERNAL with ": " and the text of errno behind the sentence. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
