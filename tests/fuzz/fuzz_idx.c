/* side: worker */
/* Bytes as a pair of IDX files, plain or gzip. */
#include "fuzz/upload.h"

static const char *const settings[] = {
    "{}",
    "{\"valid_fraction\": 0}",
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    return upload_pair("idx", settings, sizeof settings / sizeof settings[0], bytes, count);
}
