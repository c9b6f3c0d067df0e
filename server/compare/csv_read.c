#include "compare/csv_read.h"

#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const char *at, *end;
    struct csv_table *table;
    size_t count, room; /* of cells */
    int line;           /* from 1 */
};

static void add_cell(struct reading *reading, char *cell)
{
    if (reading->count == reading->room) {
        reading->room = reading->room ? 2 * reading->room : 256;
        reading->table->cells = xrealloc(reading->table->cells, reading->room, sizeof(char *));
    }
    reading->table->cells[reading->count++] = cell;
}

static bool at_line_end(const struct reading *reading)
{
    return reading->at == reading->end || *reading->at == '\n' ||
           (*reading->at == '\r' && reading->at + 1 < reading->end && reading->at[1] == '\n');
}

static void skip_line_end(struct reading *reading)
{
    if (reading->at < reading->end && *reading->at == '\r')
        reading->at++;
    if (reading->at < reading->end)
        reading->at++;
}

/* From behind its first quote to the last one; NULL: there is none. A quote within stands twice. */
static const char *find_quote(const struct reading *reading)
{
    for (const char *at = reading->at; at < reading->end; at++) {
        if (*at != '"')
            continue;
        if (at + 1 == reading->end || at[1] != '"')
            return at;
        at++;
    }
    return NULL;
}

static int read_quoted(struct reading *reading, struct error *err)
{
    const char *last = find_quote(reading);
    if (!last)
        return error_set(err, "line %d: a quote does not end", reading->line);
    char *cell = xcalloc((size_t)(last - reading->at) + 1, 1);
    size_t used = 0;
    for (; reading->at < last; reading->at++) {
        reading->line += *reading->at == '\n';
        cell[used++] = *reading->at;
        reading->at += *reading->at == '"';
    }
    reading->at = last + 1;
    add_cell(reading, cell);
    return 0;
}

static int read_cell(struct reading *reading, struct error *err)
{
    if (reading->at < reading->end && *reading->at == '"') {
        reading->at++;
        if (read_quoted(reading, err) < 0)
            return -1;
        if (at_line_end(reading) || *reading->at == ',')
            return 0;
        return error_set(err, "line %d: something follows a quoted cell", reading->line);
    }
    const char *from = reading->at;
    while (!at_line_end(reading) && *reading->at != ',')
        reading->at++;
    add_cell(reading, xstrndup(from, (size_t)(reading->at - from)));
    return 0;
}

static int check_width(struct reading *reading, size_t cells, struct error *err)
{
    struct csv_table *table = reading->table;
    if (table->columns == 0 && cells > CSV_COLUMNS_MAX)
        return error_set(err, "there are %zu columns; at most %d are read", cells, CSV_COLUMNS_MAX);
    if (table->columns == 0)
        table->columns = (int)cells;
    if (cells == (size_t)table->columns)
        return 0;
    return error_set(err, "line %d has %zu cells, and the first line has %d", reading->line, cells,
                     table->columns);
}

static int read_line(struct reading *reading, struct error *err)
{
    const size_t before = reading->count;
    for (;; reading->at++) {
        if (read_cell(reading, err) < 0)
            return -1;
        if (at_line_end(reading))
            break;
    }
    return check_width(reading, reading->count - before, err);
}

static int read_lines(struct reading *reading, int rows_most, struct error *err)
{
    struct csv_table *table = reading->table;
    table->rows = -1;
    for (; reading->at < reading->end; reading->line++, skip_line_end(reading)) {
        if (at_line_end(reading))
            continue;
        if (table->rows == rows_most)
            return error_set(err, "there are more than %d lines below the first one", rows_most);
        if (read_line(reading, err) < 0)
            return -1;
        table->rows++;
    }
    return table->rows >= 0 ? 0 : error_set(err, "there is no line with the names of columns");
}

int csv_read(const char *text, size_t bytes, int rows_most, struct csv_table *table,
             struct error *err)
{
    const bool marked = bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    struct reading reading = {
        .at = text + (marked ? 3 : 0), .end = text + bytes, .table = table, .line = 1};
    *table = (struct csv_table){0};
    const int outcome = memchr(text, '\0', bytes) ? error_set(err, "there is a zero byte in it")
                                                  : read_lines(&reading, rows_most, err);
    if (outcome == 0)
        return 0;
    for (size_t i = 0; i < reading.count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct csv_table){0};
    return -1;
}

void csv_table_release(struct csv_table *table)
{
    const size_t count = table->cells ? ((size_t)table->rows + 1) * (size_t)table->columns : 0;
    for (size_t i = 0; i < count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct csv_table){0};
}
