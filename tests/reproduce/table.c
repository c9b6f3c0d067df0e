#include "reproduce/table.h"

#include "memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WHAT_WIDTH = 62, NUMBER_WIDTH = 30, PROGRESS_EVERY_S = 10 };

#define FORMAT_TEXT(out, format)                                                                   \
    AUTO_FREE char *out = NULL;                                                                    \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        (out) = format_text(format, arguments);                                                    \
        va_end(arguments);                                                                         \
    } while (0)

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format,
                                                               va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    return text;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[VERDICTS] = {"agrees", "differs", "shown", "skipped"};
    return names[verdict];
}

/* --- charts ----------------------------------------------------------------------------------- */

struct curve curve_make(const char *name, size_t count)
{
    return (struct curve){.name = xstrdup(name),
                          .count = count,
                          .x = xcalloc(count + 1, sizeof(double)),
                          .y = xcalloc(count + 1, sizeof(double))};
}

void curve_release(struct curve *curve)
{
    free(curve->name);
    free(curve->x);
    free(curve->y);
    *curve = (struct curve){0};
}

void chart_add(struct chart *chart, struct curve curve)
{
    if (chart->count < CURVES_MAX)
        chart->curves[chart->count++] = curve;
    else
        curve_release(&curve);
}

static void chart_release(struct chart *chart)
{
    for (int i = 0; i < chart->count; i++)
        curve_release(&chart->curves[i]);
    free(chart->title);
    free(chart->x_label);
    free(chart->y_label);
}

/* --- the table -------------------------------------------------------------------------------- */

void table_init(struct table *table)
{
    *table = (struct table){.started_s = now_s()};
}

double table_elapsed_s(const struct table *table)
{
    return now_s() - table->started_s;
}

static void section_release(struct section *section)
{
    for (int i = 0; i < section->row_count; i++) {
        free(section->rows[i].what);
        free(section->rows[i].reference);
        free(section->rows[i].ours);
    }
    for (int i = 0; i < section->note_count; i++)
        free(section->notes[i]);
    for (int i = 0; i < section->chart_count; i++)
        chart_release(&section->charts[i]);
    free(section->rows);
    free(section->notes);
    free(section->charts);
    free(section->title);
    free(section->about);
}

void table_release(struct table *table)
{
    for (int i = 0; i < table->count; i++)
        section_release(&table->sections[i]);
    free(table->sections);
}

static struct section *last_section(const struct table *table)
{
    return &table->sections[table->count - 1];
}

/* A line on a terminal that was not ended is wiped first. */
static void wipe_progress(void)
{
    if (isatty(STDOUT_FILENO))
        fputs("\r\033[K", stdout);
}

void table_begin(struct table *table, const char *title, const char *about)
{
    table->sections = xrealloc(table->sections, (size_t)table->count + 1, sizeof *table->sections);
    table->sections[table->count++] = (struct section){
        .title = xstrdup(title), .about = xstrdup(about), .seconds = table_elapsed_s(table)};
    wipe_progress();
    printf("\n== %s\n%s\n\n", title, about);
    printf("%-*s  %-*s  %-*s  %s\n", WHAT_WIDTH, "what", NUMBER_WIDTH, "reference", NUMBER_WIDTH,
           "ours", "verdict");
    fflush(stdout);
}

void table_end(struct table *table)
{
    struct section *section = last_section(table);
    section->seconds = table_elapsed_s(table) - section->seconds;
    wipe_progress();
    printf("-- %.0f s\n", section->seconds);
    fflush(stdout);
}

static void add_row(struct table *table, enum verdict verdict, const char *reference,
                    const char *ours, const char *what)
{
    struct section *section = last_section(table);
    section->rows = xrealloc(section->rows, (size_t)section->row_count + 1, sizeof *section->rows);
    section->rows[section->row_count++] = (struct row){.what = xstrdup(what),
                                                       .reference = xstrdup(reference),
                                                       .ours = xstrdup(ours),
                                                       .verdict = verdict};
    wipe_progress();
    printf("%-*s  %-*s  %-*s  %s\n", WHAT_WIDTH, what, NUMBER_WIDTH, reference, NUMBER_WIDTH, ours,
           verdict_name(verdict));
    fflush(stdout);
}

void table_row(struct table *table, enum verdict verdict, const char *reference, const char *ours,
               const char *what, ...)
{
    FORMAT_TEXT(text, what);
    add_row(table, verdict, reference, ours, text);
}

void table_holds(struct table *table, bool holds, const char *reference, const char *ours,
                 const char *what, ...)
{
    FORMAT_TEXT(text, what);
    add_row(table, holds ? AGREES : DIFFERS, reference, ours, text);
}

void table_near(struct table *table, double ours, double reference, double relative, int digits,
                const char *what, ...)
{
    FORMAT_TEXT(text, what);
    const double off = (ours - reference) / fabs(reference);
    const double percent = fabs(off) < 5e-4 ? 0 : off * 100; /* not "-0.0" */
    AUTO_FREE char *wanted = relative >= 1e-3
                                 ? xprintf("%.*g, within %g %%", digits, reference, relative * 100)
                                 : xprintf("%.*g, within %.0e", digits, reference, relative);
    AUTO_FREE char *found = relative >= 1e-3 ? xprintf("%.*g (%+.1f %%)", digits, ours, percent)
                                             : xprintf("%.*g (%+.0e)", digits, ours, off);
    add_row(table, fabs(ours - reference) <= relative * fabs(reference) ? AGREES : DIFFERS, wanted,
            found, text);
}

void table_note(struct table *table, const char *format, ...)
{
    FORMAT_TEXT(text, format);
    struct section *section = last_section(table);
    section->notes =
        xrealloc(section->notes, (size_t)section->note_count + 1, sizeof *section->notes);
    section->notes[section->note_count++] = xstrdup(text);
    wipe_progress();
    printf("   %s\n", text);
    fflush(stdout);
}

struct chart *table_chart(struct table *table, const char *title, const char *x_label,
                          const char *y_label)
{
    struct section *section = last_section(table);
    section->charts =
        xrealloc(section->charts, (size_t)section->chart_count + 1, sizeof *section->charts);
    struct chart *chart = &section->charts[section->chart_count++];
    *chart = (struct chart){
        .title = xstrdup(title), .x_label = xstrdup(x_label), .y_label = xstrdup(y_label)};
    return chart;
}

void table_progress(const struct table *table, const char *format, ...)
{
    static double printed_s = -PROGRESS_EVERY_S;
    const double elapsed_s = table_elapsed_s(table);
    const bool replaces = isatty(STDOUT_FILENO);
    if (!replaces && elapsed_s - printed_s < PROGRESS_EVERY_S)
        return;
    FORMAT_TEXT(text, format);
    wipe_progress();
    printf("   %2d:%02d  %.100s%s", (int)elapsed_s / 60, (int)elapsed_s % 60, text,
           replaces ? "" : "\n");
    fflush(stdout);
    printed_s = elapsed_s;
}

int table_count(const struct table *table, enum verdict verdict)
{
    int count = 0;
    for (int s = 0; s < table->count; s++)
        for (int i = 0; i < table->sections[s].row_count; i++)
            count += table->sections[s].rows[i].verdict == verdict;
    return count;
}
