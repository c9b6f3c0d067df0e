#include "report.h"

#include "json.h"
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void line_report_init(struct line_report *lines, int fd)
{
    *lines = (struct line_report){.fd = fd};
    wire_rows_init(&lines->rows);
}

void line_report_release(struct line_report *lines)
{
    wire_rows_release(&lines->rows);
}

static void write_all(struct line_report *lines, const char *bytes, size_t count)
{
    while (count > 0 && !lines->broken) {
        const ssize_t wrote = write(lines->fd, bytes, count);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            lines->broken = true;
            return;
        }
        bytes += wrote;
        count -= (size_t)wrote;
    }
}

void line_report_begin(struct line_report *lines, int64_t run, int64_t attempt)
{
    lines->run = run;
    lines->attempt = attempt;
    lines->begun_ns = monotonic_ns();
    lines->flushed_ns = 0;
    lines->earlier_ms = 0.0;
}

void line_report_flush(struct line_report *lines)
{
    if (lines->rows.used == 0)
        return;
    size_t bytes;
    const int64_t now_ns = monotonic_ns();
    const double wall_ms = lines->earlier_ms + (double)(now_ns - lines->begun_ns) / 1e6;
    const char *line = wire_rows_finish(&lines->rows, lines->run, lines->attempt, wall_ms, &bytes);
    write_all(lines, line, bytes);
    lines->flushed_ns = now_ns;
}

void line_report_row(struct line_report *lines, int64_t step, const char *name, double value)
{
    if (!wire_rows_add(&lines->rows, step, name, value)) {
        line_report_flush(lines);
        wire_rows_add(&lines->rows, step, name, value);
    }
}

void line_report_tick(struct line_report *lines, int64_t now_ns)
{
    const int64_t interval_ns = (int64_t)REPORT_INTERVAL_MS * 1000000;
    if (lines->flushed_ns == 0 || now_ns - lines->flushed_ns >= interval_ns)
        line_report_flush(lines);
}

int line_report_send(struct line_report *lines, enum wire_type type, json_t *body,
                     struct error *err)
{
    size_t bytes;
    AUTO_FREE char *line = wire_text(type, body, &bytes);
    json_decref(body);
    if (bytes > WIRE_LINE_BYTES && !lines->unlimited)
        return error_of(err, ERROR_TOO_LARGE, "a line of type \"%s\" has %zu bytes, at most %d fit",
                        wire_names[type], bytes, WIRE_LINE_BYTES);
    line_report_flush(lines);
    write_all(lines, line, bytes);
    return 0;
}

int line_report_about_run(struct line_report *lines, enum wire_type type, json_t *body,
                          struct error *err)
{
    json_t *whole = json_pack("{s:I, s:I}", "run", (json_int_t)lines->run, "attempt",
                              (json_int_t)lines->attempt);
    if (body)
        json_object_update(whole, body);
    json_decref(body);
    return line_report_send(lines, type, whole, err);
}
