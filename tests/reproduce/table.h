/*
 * What was found: sections of rows "what, reference, ours, verdict", with notes and charts. Rows
 * are printed as they come; the page (page.h) is written from all of them at the end.
 *
 * A verdict is read off a band that was set before the run: a number outside it "differs".
 */
#ifndef REPRODUCE_TABLE_H
#define REPRODUCE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum verdict {
    AGREES,
    DIFFERS,
    SHOWN, /* there is no band for it */
    SKIPPED,
    VERDICTS
};

/* A line of a chart: y over x, both [count] on the heap; not finite: a gap. */
struct curve {
    char *name;
    size_t count;
    double *x, *y;
};

void curve_release(struct curve *curve);
struct curve curve_make(const char *name, size_t count);

enum { CURVES_MAX = 12 };

struct chart {
    char *title, *x_label, *y_label;
    bool log_x, log_y;
    struct curve curves[CURVES_MAX];
    int count;
};

struct row {
    char *what, *reference, *ours;
    enum verdict verdict;
};

struct section {
    char *title, *about;
    struct row *rows;
    char **notes;
    struct chart *charts;
    int row_count, note_count, chart_count;
    double seconds;
};

struct table {
    struct section *sections;
    int count;
    double started_s;
};

void table_init(struct table *table);
void table_release(struct table *table);

/* Texts are copied, here and below. */
void table_begin(struct table *table, const char *title, const char *about);
void table_end(struct table *table);

/* All of these belong to the section that was begun last. */
void table_row(struct table *table, enum verdict verdict, const char *reference, const char *ours,
               const char *what, ...) __attribute__((format(printf, 5, 6)));
/* Agrees where |ours - reference| <= relative * |reference|; shows both with that many digits. */
void table_near(struct table *table, double ours, double reference, double relative, int digits,
                const char *what, ...) __attribute__((format(printf, 6, 7)));
/* Agrees where it holds. */
void table_holds(struct table *table, bool holds, const char *reference, const char *ours,
                 const char *what, ...) __attribute__((format(printf, 5, 6)));
void table_note(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes the chart; the answer is good until the next table_chart(). */
struct chart *table_chart(struct table *table, const char *title, const char *x_label,
                          const char *y_label);
/* Takes the curve; ignored, and released, where the chart is full. */
void chart_add(struct chart *chart, struct curve curve);

/* A line that the next one replaces on a terminal; elsewhere at most one in 10 s is printed. */
void table_progress(const struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Rows with that verdict. */
int table_count(const struct table *table, enum verdict verdict);
const char *verdict_name(enum verdict verdict);
double table_elapsed_s(const struct table *table);

#endif
