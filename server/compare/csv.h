/*
 * Cells of a CSV line (RFC 4180; lines end in LF).
 */
#ifndef CSV_H
#define CSV_H

#include <stdio.h>

/* Quoted where the text itself has a comma, a quote or a line's end. */
void csv_text(FILE *out, const char *text);

/* As few digits as give the same number back; nothing for what is not finite. */
void csv_number(FILE *out, double value);

#endif
