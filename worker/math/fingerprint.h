/*
 * The numeric fingerprint: what decides the bits of a run besides its specification. A checkpoint
 * is only continued under the fingerprint it was made with.
 *
 *     {"core": "SkylakeX", "threads": 1, "openblas": "0.3.21", "libc": "2.36", "kernels": 1}
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <jansson.h>

/* A new object; the caller owns it. */
json_t *fingerprint(void);

#endif
