/*
 * KERNEL_CLONES before a function: compiled for AVX-512, for AVX2 and for any x86-64, picked once
 * when the program starts. What is done element by element, without contraction and with sums of a
 * fixed order, gives the same bits in all of them.
 *
 * Not under the sanitizers, whose run time is not up yet when the picking happens, and not with
 * clang, which is here for its warnings.
 */
#ifndef SEARCH_KERNELS_H
#define SEARCH_KERNELS_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define KERNEL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_CLONES
#endif

/* What such a function calls must be inlined into each clone. */
#define KERNEL_INLINE static inline __attribute__((always_inline))

#endif
