/* side: worker */
/* Bytes as a pair of NPY files, plain or gzip. */
#include "fuzz/upload.h"

static const char *const settings[] = {
    "{}",
    "{\"valid_fraction\": 0, \"task\": \"class\"}",
    "{\"task\": \"regression\"}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    return upload_pair("npy", settings, sizeof settings / sizeof settings[0], bytes, count);
}
