#include "config.h"

#include "memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FLAG, NUMBER, TEXT, LIST, WORD };

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t fallback, low, high;
    const char *text; /* default of TEXT, or what stands for it */
    const char *unit;
    const char *help;
};

#define AT(field) offsetof(struct config, field)
#define MIB       (1024 * 1024)

static const struct row rows[] = {
    {"data", TEXT, AT(data), 0, 0, 0, "var", "folder", "where everything is kept"},
    {"listen", TEXT, AT(listen), 0, 0, 0, "127.0.0.1:8080", "address:port",
     "other than loopback only with tokens; port 0 takes a free one"},
    {"worker", TEXT, AT(worker), 0, 0, 0, NULL, "path",
     "the worker program; beside sweepd if not given"},
    {"allow-host", LIST, AT(hosts), 0, 0, 0, NULL, "name[:port]",
     "a further name for this server in Host and Origin; may be repeated"},
    {"auth", WORD, AT(auth), 0, 0, 0, "auto", "auto, required",
     "tokens; auto: where there is none yet, and no proxy, loopback needs none"},
    {"trusted-proxy", LIST, AT(proxies), 0, 0, 0, NULL, "address",
     "whose X-Forwarded-For and -Proto are believed; may be repeated"},
    {"slots", NUMBER, AT(slots), -1, -1, 1024, NULL, "cores",
     "how much runs at once; -1: the machine's cores, 0: nothing starts"},
    {"body-most", NUMBER, AT(body_most), MIB, 1024, 64 * MIB, NULL, "bytes", "of a JSON body"},
    {"upload-most", NUMBER, AT(upload_most), 4096LL * MIB, 1024, 1024LL * 1024 * MIB, NULL, "bytes",
     "of a data-set upload"},
    {"connections", NUMBER, AT(connections), 1024, 4, 16384, NULL, "", "open at once"},
    {"connections-each", NUMBER, AT(connections_each), 512, 4, 16384, NULL, "",
     "open at once from one address"},
    {"streams", NUMBER, AT(streams), 256, 1, 8192, NULL, "", "event streams open at once"},
    {"stream-age", NUMBER, AT(stream_age_s), 3600, 1, 86400, NULL, "s",
     "an event stream ends after this; clients come back by themselves"},
    {"stream-beat", NUMBER, AT(stream_beat_s), 15, 1, 600, NULL, "s",
     "a comment on idle streams, which finds out who is gone"},
    {"request-deadline", NUMBER, AT(request_deadline_s), 30, 1, 3600, NULL, "s",
     "head and body of a request complete"},
    {"upload-deadline", NUMBER, AT(upload_deadline_s), 3600, 1, 86400, NULL, "s",
     "the same for data-set uploads"},
    {"ring", NUMBER, AT(ring), 4096, 16, 1 << 20, NULL, "events",
     "kept for watchers that reconnect"},
    {"mailbox", NUMBER, AT(mailbox), 8192, 64, 1 << 20, NULL, "commands",
     "that may wait for the disk; full: 503, and workers are slowed down"},
    {"readers", NUMBER, AT(readers), 2, 1, 64, NULL, "threads", "for reads and uploads"},
    {"ballast", NUMBER, AT(ballast_mib), 16, 0, 4096, NULL, "MiB",
     "a file to give back when the disk is full"},
    {"lease", NUMBER, AT(lease_s), 30, 15, 3600, NULL, "s",
     "a worker silent for this long is taken for dead"},
    {"preempt-after", NUMBER, AT(preempt_after_s), 0, 0, 86400, NULL, "s",
     "runs of teams above their share yield to a team that waits this long; 0: never"},
    {"stop-grace", NUMBER, AT(stop_grace_s), 7, 1, 600, NULL, "s",
     "for workers to checkpoint when the server stops"},
    {"demo", FLAG, AT(demo), 0, 0, 0, NULL, "",
     "queue a demo comparison where there is no job yet"},
    {"progress", FLAG, AT(progress), 0, 0, 0, NULL, "", "print a line for what each run is doing"},
    {"quiet", FLAG, AT(quiet), 0, 0, 0, NULL, "", "do not log refused requests"},
    {"help", FLAG, AT(help), 0, 0, 0, NULL, "", "print this"},
    {"version", FLAG, AT(version), 0, 0, 0, NULL, "", "print the version"},
};

static const struct row *row_find(const char *name, size_t bytes)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strlen(rows[i].name) == bytes && strncmp(rows[i].name, name, bytes) == 0)
            return &rows[i];
    return NULL;
}

static void *field(struct config *config, const struct row *row)
{
    return (char *)config + row->offset;
}

static int set_number(struct config *config, const struct row *row, const char *value,
                      struct error *err)
{
    char *end;
    errno = 0;
    const long long number = strtoll(value, &end, 10);
    if (errno || *end || end == value || number < row->low || number > row->high)
        return error_set(
            err, "--%s takes a whole number from %" PRId64 " to %" PRId64 "%s%s, not \"%s\"",
            row->name, row->low, row->high, *row->unit ? " " : "", row->unit, value);
    *(int64_t *)field(config, row) = number;
    return 0;
}

static int add_text(struct config *config, const struct row *row, const char *text,
                    struct error *err)
{
    const char **list = field(config, row);
    for (int i = 0; i < CONFIG_HOSTS_MAX; i++) {
        if (!list[i]) {
            list[i] = text;
            return 0;
        }
    }
    return error_set(err, "--%s may be given %d times", row->name, CONFIG_HOSTS_MAX);
}

/* One of those in its unit, "auto, required". */
static int set_word(struct config *config, const struct row *row, const char *value,
                    struct error *err)
{
    const size_t bytes = strlen(value);
    for (const char *at = row->unit; *at; at += strspn(at, ", ")) {
        const size_t word = strcspn(at, ",");
        if (word == bytes && strncmp(at, value, bytes) == 0) {
            *(const char **)field(config, row) = value;
            return 0;
        }
        at += word;
    }
    return error_set(err, "--%s takes one of %s, not \"%s\"", row->name, row->unit, value);
}

static int set_value(struct config *config, const struct row *row, const char *value,
                     struct error *err)
{
    switch (row->kind) {
    case NUMBER:
        return set_number(config, row, value, err);
    case LIST:
        return add_text(config, row, value, err);
    case WORD:
        return set_word(config, row, value, err);
    case TEXT:
        if (!*value)
            return error_set(err, "--%s takes a %s", row->name, row->unit);
        *(const char **)field(config, row) = value;
        return 0;
    case FLAG:
        break;
    }
    return error_set(err, "--%s takes no value", row->name);
}

static void lay_in_defaults(struct config *config)
{
    *config = (struct config){0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].kind == NUMBER)
            *(int64_t *)field(config, &rows[i]) = rows[i].fallback;
        else if (rows[i].kind == TEXT || rows[i].kind == WORD)
            *(const char **)field(config, &rows[i]) = rows[i].text;
    }
}

/* One argument, with its value behind "=" or in the next one; how many were used, or -1. */
static int read_argument(int left, char **argument, struct config *config, struct error *err)
{
    const char *name = argument[0];
    if (strncmp(name, "--", 2) != 0)
        return error_set(err, "\"%s\" is not an option; see --help", name);
    name += 2;
    const size_t bytes = strcspn(name, "=");
    const struct row *row = row_find(name, bytes);
    if (!row)
        return error_set(err, "there is no option --%.*s; see --help", (int)bytes, name);
    if (row->kind == FLAG) {
        if (name[bytes])
            return error_set(err, "--%s takes no value", row->name);
        *(bool *)field(config, row) = true;
        return 1;
    }
    if (name[bytes])
        return set_value(config, row, name + bytes + 1, err) < 0 ? -1 : 1;
    if (left < 2)
        return error_set(err, "--%s needs a value; see --help", row->name);
    return set_value(config, row, argument[1], err) < 0 ? -1 : 2;
}

int config_read(int argc, char **argv, struct config *config, struct error *err)
{
    lay_in_defaults(config);
    for (int i = 1; i < argc;) {
        const int used = read_argument(argc - i, argv + i, config, err);
        if (used < 0)
            return -1;
        i += used;
    }
    return 0;
}

enum { RANGE_COLUMNS = 30 };

static void default_words(const struct row *row, char *words, size_t bytes)
{
    if (row->kind == NUMBER)
        snprintf(words, bytes, "%" PRId64, row->fallback);
    else
        snprintf(words, bytes, "%s", row->text ? row->text : row->kind == FLAG ? "off" : "none");
}

static void range_words(const struct row *row, char *words, size_t bytes)
{
    if (row->kind == NUMBER)
        snprintf(words, bytes, "%" PRId64 " … %" PRId64 "%s%s", row->low, row->high,
                 *row->unit ? " " : "", row->unit);
    else
        snprintf(words, bytes, "%s", row->kind == FLAG ? "" : row->unit);
}

/* printf counts bytes; a column of the table counts characters. */
static void pad(char *words, size_t bytes, int columns)
{
    size_t used = strlen(words);
    int seen = 0;
    for (size_t i = 0; i < used; i++)
        seen += ((unsigned char)words[i] & 0xc0) != 0x80;
    for (; seen < columns && used + 1 < bytes; seen++)
        words[used++] = ' ';
    words[used] = '\0';
}

static char *write_rows(const char *heading, const char *line, int range_columns)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = xmemstream(&text, &bytes);
    fputs(heading, out);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char fallback[64], range[64];
        default_words(&rows[i], fallback, sizeof fallback);
        range_words(&rows[i], range, sizeof range);
        pad(range, sizeof range, range_columns);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        fprintf(out, line, rows[i].name, fallback, range, rows[i].help);
#pragma GCC diagnostic pop
    }
    fclose(out);
    return text;
}

char *config_help(void)
{
    return write_rows(
        "sweepd: a hyperparameter-optimization service\n\n"
        "usage: sweepd [--name value …]\n"
        "       sweepd admin …    teams and tokens; see sweepd admin --help\n\n"
        "  name                default            range                          what\n",
        "  --%-17s %-18s %s %s\n", RANGE_COLUMNS);
}

char *config_markdown(void)
{
    return write_rows("| setting | default | range | what |\n| --- | --- | --- | --- |\n",
                      "| `--%s` | %s | %s | %s |\n", 0);
}
