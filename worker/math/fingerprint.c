#include "math/fingerprint.h"

#include "math/blas.h"
#include "math/clones.h"

#include <gnu/libc-version.h>

json_t *fingerprint(void)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:i}", "core", blas_core(), "threads", blas_threads(),
                     "openblas", blas_version(), "libc", gnu_get_libc_version(), "kernels",
                     KERNELS_VERSION);
}
