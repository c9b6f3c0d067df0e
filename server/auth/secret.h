/*
 * Secrets: tokens, the key under which they are kept, and how they are compared. A token is 256
 * bits of the kernel's randomness, so nobody finds one by trying; only its HMAC-SHA-256 (RFC 2104)
 * is stored, under a key in a file beside the database, so that a copy of the database alone lets
 * nobody in either.
 */
#ifndef SECRET_H
#define SECRET_H

#include "error.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    SECRET_BYTES = 32,
    SECRET_TOKEN_LENGTH = 4 + 2 * SECRET_BYTES, /* "swp_" and hexadecimal digits */
    SECRET_PREFIX_LENGTH = 4 + 8,               /* what lists show of it */
};

/* FOLDER/token.key, mode 0600; made where there is none and may be. One that is missing beside
 * tokens, too short, or open to others is an error that says what to do: another key would let
 * nobody in any more, without a word. */
int secret_key(const char *folder, bool may_make, unsigned char key[SECRET_BYTES],
               struct error *err);

int secret_token(char token[SECRET_TOKEN_LENGTH + 1], struct error *err);
/* Whether it could be one: anything else needs no further look. */
bool secret_is_token(const char *text);

/* HMAC-SHA-256. */
void secret_hash(const void *key, size_t key_bytes, const void *text, size_t text_bytes,
                 unsigned char hash[SECRET_BYTES]);

/* In a time that does not depend on where they differ. */
bool secret_equal(const unsigned char a[SECRET_BYTES], const unsigned char b[SECRET_BYTES]);

/* Writes a file that only its owner may read, aside first and then renamed over the old one; under
 * its name there is a whole file or none, also after power was lost. */
int secret_write(const char *path, const void *bytes, size_t count, struct error *err);

#endif
