/* side: worker */
/* Bytes as a CSV file, plain or gzip. */
#include "fuzz/upload.h"

static const char *const settings[] = {
    "{}",
    "{\"label\": \"1\", \"header\": \"no\", \"valid_fraction\": 0}",
    "{\"label\": \"y\", \"task\": \"class\"}",
    "{\"delimiter\": \"tab\", \"task\": \"regression\", \"valid_fraction\": 0.5}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    return upload_one("csv", settings, sizeof settings / sizeof settings[0], bytes, count);
}
