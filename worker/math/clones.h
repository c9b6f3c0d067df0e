/*
 * KERNEL_CLONES before a function: compiled for AVX-512, for AVX2 and for any x86-64, picked once
 * when the program starts. Element-wise IEEE arithmetic gives the same bits in all of them, as long
 * as nothing is contracted (-ffp-contract=off) and sums keep a fixed order.
 *
 * What such a function calls must be inlined into each clone: KERNEL_INLINE.
 *
 * Not under the sanitizers, whose run time is not up yet when the picking happens, and not with
 * clang, which is here for its warnings.
 */
#ifndef CLONES_H
#define CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define KERNEL_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_CLONES
#endif

#define KERNEL_INLINE static inline __attribute__((always_inline))

/* Raised whenever a kernel's bits change: part of the numeric fingerprint. */
#define KERNELS_VERSION 1

#endif
