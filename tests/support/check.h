/*
 * cmocka with what it needs in front of it, and the assertions it lacks.
 */
#ifndef CHECK_H
#define CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

/* |got - want| <= relative * |want|, with a sentence that shows all three. */
#define assert_near(got, want, relative) check_near((got), (want), (relative), __FILE__, __LINE__)

static inline void check_near(double got, double want, double relative, const char *file, int line)
{
    if (!(fabs(got - want) <= relative * fabs(want)) && got != want) {
        print_error("%.17g is not within %.3g of %.17g\n", got, relative, want);
        _fail(file, line);
    }
}

/* The sentence of an error holds a piece of text. */
#define assert_says(sentence, piece)                                                               \
    do {                                                                                           \
        if (!strstr((sentence), (piece))) {                                                        \
            print_error("\"%s\" does not say \"%s\"\n", (sentence), (piece));                      \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

#endif
