/*
 * Decimal numbers in text: "-1", "+.5", "2.5e-3". Exactly the nearest double, as strtod() gives it,
 * but no hexadecimal, no "inf" or "nan", no spaces, and much faster for short ones.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum { NUMBER_BYTES_MAX = 64 };

/* True where all `bytes` bytes are one number that a double holds finitely. */
bool number_read(const char *text, size_t bytes, double *out);

/* The shortest of 15 or 17 digits that reads back as the same double: "3", "0.1". */
void number_write(double number, char text[NUMBER_BYTES_MAX]);

#endif
