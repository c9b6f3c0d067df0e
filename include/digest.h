/*
 * SHA-256 as 64 lowercase hexadecimal digits (FIPS 180-4), from nettle. Names content: data sets,
 * resolved specifications, bodies behind an Idempotency-Key.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#define DIGEST_TEXT_BYTES 65 /* with the closing NUL */

struct digest; /* a running digest */

struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *bytes, size_t count);
void digest_finish(struct digest *digest, char text[DIGEST_TEXT_BYTES]); /* and starts anew */
void digest_free(struct digest *digest);

void digest_of(const void *bytes, size_t count, char text[DIGEST_TEXT_BYTES]);

#endif
