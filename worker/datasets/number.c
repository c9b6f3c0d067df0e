#include "datasets/number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the text says: mantissa * 10^exponent, where the mantissa was short enough to keep. */
struct decimal {
    bool negative, exact;
    uint64_t mantissa;
    int exponent;
};

enum { EXACT_DIGITS = 15, EXPONENT_MAX = 9999 };

static size_t read_digits(const char *text, size_t bytes, struct decimal *decimal, int per_digit)
{
    size_t i = 0;
    for (; i < bytes && text[i] >= '0' && text[i] <= '9'; i++) {
        if (decimal->mantissa >= 1000000000000000) { /* 10^EXACT_DIGITS */
            decimal->exact = false;
            continue;
        }
        decimal->mantissa = decimal->mantissa * 10 + (uint64_t)(text[i] - '0');
        decimal->exponent -= per_digit;
    }
    return i;
}

static bool read_exponent(const char *text, size_t bytes, struct decimal *decimal)
{
    size_t i = 1; /* behind the "e" */
    const bool negative = i < bytes && text[i] == '-';
    int exponent = 0;

    i += i < bytes && (text[i] == '-' || text[i] == '+');
    if (i == bytes)
        return false;
    for (; i < bytes; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (text[i] - '0');
    }
    decimal->exponent += negative ? -exponent : exponent;
    return true;
}

static bool read_decimal(const char *text, size_t bytes, struct decimal *decimal)
{
    size_t i = bytes > 0 && (text[0] == '-' || text[0] == '+');
    *decimal = (struct decimal){.negative = i && text[0] == '-', .exact = true};

    size_t digits = read_digits(text + i, bytes - i, decimal, 0);
    i += digits;
    if (i < bytes && text[i] == '.') {
        const size_t behind = read_digits(text + i + 1, bytes - i - 1, decimal, 1);
        i += 1 + behind;
        digits += behind;
    }
    if (digits == 0)
        return false;
    if (i < bytes && (text[i] == 'e' || text[i] == 'E'))
        return read_exponent(text + i, bytes - i, decimal);
    return i == bytes;
}

/* An integer below 2^53 times or over a power of ten that is itself exact: one rounding, so the
 * nearest double (Clinger, PLDI 1990). */
static bool small_decimal(const struct decimal *decimal, double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int most = sizeof power / sizeof power[0] - 1;

    if (!decimal->exact || decimal->mantissa >= UINT64_C(1) << 53 || decimal->exponent < -most ||
        decimal->exponent > most)
        return false;
    const double whole = (double)decimal->mantissa;
    const double value = decimal->exponent < 0 ? whole / power[-decimal->exponent]
                                               : whole * power[decimal->exponent];
    *out = decimal->negative ? -value : value;
    return true;
}

bool number_read(const char *text, size_t bytes, double *out)
{
    char copy[NUMBER_BYTES_MAX];
    struct decimal decimal;

    if (!read_decimal(text, bytes, &decimal))
        return false;
    if (small_decimal(&decimal, out))
        return true;
    if (bytes >= sizeof copy)
        return false;
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    const double value = strtod(copy, NULL);
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

void number_write(double number, char text[NUMBER_BYTES_MAX])
{
    snprintf(text, NUMBER_BYTES_MAX, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, NUMBER_BYTES_MAX, "%.17g", number);
}
