/*
 * A CSV text as a table (RFC 4180): lines end in LF or CRLF, cells may be quoted. The first line
 * names the columns.
 */
#ifndef CSV_READ_H
#define CSV_READ_H

#include "error.h"
#include <stddef.h>

enum { CSV_COLUMNS_MAX = 1024 };

struct csv_table {
    char **cells;      /* [rows + 1][columns] the first row are the names */
    int columns, rows; /* without the names */
};

/* Refuses quotes that do not end, lines with another number of cells than the first one (named by
 * its number, from 1), zero bytes, more columns or rows than the most. Lines without anything are
 * left out, a byte order mark too. The caller releases it. */
int csv_read(const char *text, size_t bytes, int rows_most, struct csv_table *table,
             struct error *err);
void csv_table_release(struct csv_table *table);

/* Row -1: the names. */
static inline const char *csv_cell(const struct csv_table *table, int row, int column)
{
    return table->cells[(size_t)(row + 1) * (size_t)table->columns + (size_t)column];
}

#endif
