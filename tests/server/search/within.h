/*
 * For values near 0: |got - want| <= absolute, with a sentence that shows all three.
 */
#ifndef WITHIN_H
#define WITHIN_H

#include "support/check.h"

#define assert_within(got, want, absolute)                                                         \
    check_within((got), (want), (absolute), __FILE__, __LINE__)

static inline void check_within(double got, double want, double absolute, const char *file,
                                int line)
{
    if (!(fabs(got - want) <= absolute)) {
        print_error("%.17g is farther than %.3g from %.17g\n", got, absolute, want);
        _fail(file, line);
    }
}

#endif
