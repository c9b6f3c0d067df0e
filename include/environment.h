/*
 * The environment of a worker, made from nothing: OpenBLAS picks its kernels and its threads from
 * the environment when it is loaded, so an inherited variable would change the bits of a run.
 *
 *     OPENBLAS_NUM_THREADS, OMP_NUM_THREADS   threads
 *     OPENBLAS_CORETYPE   SkylakeX where the machine has AVX-512 F, DQ, BW and VL and the system
 *                         saves their registers, else Haswell where it has AVX2 and FMA, else left
 *                         out; portable: Haswell wherever it can be
 *     SWEEPD_NUMERIC      the mark of this environment: "native,1", "portable,4"
 *     PATH, HOME, TMPDIR  as they are here
 *
 * With SWEEPD_VALGRIND set here it is passed on and the core type is left out: valgrind hides
 * AVX-512.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <stdbool.h>

/* For posix_spawn() and execve(): ends with NULL; release with environment_free(). */
char **worker_environment(int threads, bool portable);
void environment_free(char **environment); /* accepts NULL */

/* Whether this process runs in that environment. */
bool environment_is(int threads, bool portable);

#endif
