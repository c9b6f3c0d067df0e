/* side: worker */
/* Bytes as a LIBSVM file, plain or gzip. */
#include "fuzz/upload.h"

static const char *const settings[] = {
    "{}",
    "{\"features\": 7, \"valid_fraction\": 0}",
    "{\"task\": \"regression\", \"valid_fraction\": 0.5}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    return upload_one("libsvm", settings, sizeof settings / sizeof settings[0], bytes, count);
}
