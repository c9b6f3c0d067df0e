#include "digest.h"

#include "memory.h"

#include <nettle/sha2.h>
#include <stdint.h>
#include <stdlib.h>

struct digest {
    struct sha256_ctx context;
};

struct digest *digest_new(void)
{
    struct digest *digest = xcalloc(1, sizeof *digest);
    sha256_init(&digest->context);
    return digest;
}

void digest_add(struct digest *digest, const void *bytes, size_t count)
{
    sha256_update(&digest->context, count, bytes);
}

void digest_finish(struct digest *digest, char text[DIGEST_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[SHA256_DIGEST_SIZE];

    sha256_digest(&digest->context, sizeof raw, raw); /* also starts the context anew */
    for (size_t i = 0; i < sizeof raw; i++) {
        text[2 * i] = digits[raw[i] >> 4];
        text[2 * i + 1] = digits[raw[i] & 15];
    }
    text[2 * sizeof raw] = '\0';
}

void digest_free(struct digest *digest)
{
    free(digest);
}

void digest_of(const void *bytes, size_t count, char text[DIGEST_TEXT_BYTES])
{
    struct digest digest;
    sha256_init(&digest.context);
    digest_add(&digest, bytes, count);
    digest_finish(&digest, text);
}
