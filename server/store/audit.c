#include "store/audit.h"

#include "memory.h"
#include "store/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept {
    struct audit_entry entry;
    char texts[];
};

static const char *keep_text(char **at, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *kept = memcpy(*at, text, bytes);
    *at += bytes;
    return kept;
}

struct audit_entry *audit_copy(const struct audit_entry *entry)
{
    if (!entry)
        return NULL;
    struct kept *kept = xcalloc(1, sizeof *kept + strlen(entry->method) + strlen(entry->what) +
                                       strlen(entry->subject) + strlen(entry->origin) + 4);
    char *at = kept->texts;
    kept->entry = *entry;
    kept->entry.method = keep_text(&at, entry->method);
    kept->entry.what = keep_text(&at, entry->what);
    kept->entry.subject = keep_text(&at, entry->subject);
    kept->entry.origin = keep_text(&at, entry->origin);
    return &kept->entry;
}

int audit_write(struct sql *db, const struct audit_entry *entry, int64_t made, struct error *err)
{
    if (entry->adds_id && made == 0)
        return 0;
    AUTO_FREE char *what = xprintf("%s %s", entry->method, entry->what);
    AUTO_FREE char *subject = entry->adds_id ? xprintf("%s/%lld", entry->subject, (long long)made)
                                             : xstrdup(entry->subject);
    struct statement *insert =
        sql_statement(db, "INSERT INTO audit (at_ms, team_id, token_id, what, subject, origin)"
                          " VALUES (?, ?, ?, ?, ?, ?)");
    put_integer(insert, entry->at_ms);
    put_integer(insert, entry->team);
    put_integer(insert, entry->token);
    put_text(insert, what);
    put_text(insert, subject);
    put_text(insert, entry->origin);
    return statement_run(insert, err);
}

/* --- an entry alone --------------------------------------------------------------------------- */

struct add_audit {
    struct command command;
    store_done *done;
    void *context;
};

static int change_nothing(struct writer *writer, struct command *command, struct error *err)
{
    (void)writer;
    (void)command;
    (void)err;
    return 0;
}

static void tell(struct command *command, const struct error *err)
{
    const struct add_audit *add = (struct add_audit *)command;
    if (add->done)
        add->done(add->context, err);
}

void store_add_audit(struct store *store, const struct audit_entry *entry, store_done *done,
                     void *context)
{
    struct add_audit *add = xcalloc(1, sizeof *add);
    *add = (struct add_audit){.command = {.work = change_nothing, .tell = tell, .rows = 1},
                              .done = done,
                              .context = context};
    store_send_for(store, &add->command, entry);
}

/* --- reading ---------------------------------------------------------------------------------- */

static json_t *entry_json(struct statement *row)
{
    return json_pack("{so so so so so so so so}", "id", row_json_integer(row, 0), "at_ms",
                     row_json_integer(row, 1), "team", row_json_text(row, 2), "token",
                     row_json_integer(row, 3), "who", row_json_text(row, 4), "what",
                     row_json_text(row, 5), "subject", row_json_text(row, 6), "from",
                     row_json_text(row, 7));
}

static int list_entries(struct sql *db, const struct page *page, json_t *entries, bool *more,
                        struct error *err)
{
    struct statement *list =
        sql_statement(db, "SELECT audit.id, at_ms, team.name, nullif(token_id, 0),"
                          " coalesce(token.name, CASE audit.team_id WHEN 0 THEN 'command line'"
                          " ELSE 'without a token' END), what, subject, origin"
                          " FROM audit LEFT JOIN team ON team.id = audit.team_id"
                          " LEFT JOIN token ON token.id = audit.token_id"
                          " WHERE audit.id < ? ORDER BY audit.id DESC LIMIT ?");
    put_integer(list, page->after > 0 ? page->after : INT64_MAX);
    put_integer(list, page->limit + 1);
    int got = 0;
    *more = false;
    while (!*more && (got = statement_next(list, err)) > 0) {
        *more = json_array_size(entries) == (size_t)page->limit;
        if (!*more)
            json_array_append_new(entries, entry_json(list));
    }
    statement_reset(list);
    return got < 0 ? -1 : 0;
}

int store_read_audit(struct reader *reader, const struct page *page, json_t **out,
                     struct error *err)
{
    struct sql *db = reader_begin(reader, err);
    if (!db)
        return -1;
    json_t *entries = json_array();
    bool more;
    const int got = list_entries(db, page, entries, &more, err);
    reader_end(reader);
    if (got < 0) {
        json_decref(entries);
        return -1;
    }
    *out = page_json("audit", entries, more);
    return 0;
}
