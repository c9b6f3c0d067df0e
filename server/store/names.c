#include "store/names.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { HASH_SLOTS = 1 << 15 }; /* more than three a name: probes stay short */

struct names {
    struct metric_name *entries[METRIC_NAMES_MAX + 1]; /* by number; 0 is nobody's */
    uint32_t count;                                    /* of the loop */
    uint16_t slots[HASH_SLOTS];                        /* of the loop: numbers, 0 is empty */
};

struct names *names_new(void)
{
    return xcalloc(1, sizeof(struct names));
}

void names_free(struct names *names)
{
    if (!names)
        return;
    for (uint32_t i = 1; i <= METRIC_NAMES_MAX; i++)
        free(names->entries[i]);
    free(names);
}

/* FNV-1a (Fowler, Noll and Vo), 32 bits. */
static uint32_t hash_of(const char *name, size_t bytes)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619U;
    return hash;
}

static bool same(const struct metric_name *entry, const char *name, size_t bytes)
{
    return memcmp(entry->text, name, bytes) == 0 && entry->text[bytes] == '\0';
}

static bool acceptable(const char *name, size_t bytes)
{
    if (bytes == 0 || bytes > METRIC_NAME_BYTES)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (name[i] < 0x20 || name[i] > 0x7e)
            return false;
    return true;
}

/* The slot of the name, or the empty one where it belongs. */
static uint16_t *slot_of(struct names *names, const char *name, size_t bytes)
{
    uint32_t at = hash_of(name, bytes) % HASH_SLOTS;
    while (names->slots[at] && !same(names->entries[names->slots[at]], name, bytes))
        at = (at + 1) % HASH_SLOTS;
    return &names->slots[at];
}

static void enter(struct names *names, uint32_t number, const char *name, size_t bytes,
                  bool repeats)
{
    struct metric_name *entry = xcalloc(1, sizeof *entry);
    memcpy(entry->text, name, bytes);
    entry->repeats = repeats;
    names->entries[number] = entry;
    *slot_of(names, name, bytes) = (uint16_t)number;
    if (number > names->count)
        names->count = number;
}

int names_load(struct names *names, struct sql *db, struct error *err)
{
    struct statement *all = sql_statement(db, "SELECT id, name, repeats FROM metric_name");
    int got;
    while ((got = statement_next(all, err)) > 0) {
        const int64_t number = row_integer(all, 0);
        const char *name = row_text(all, 1);
        if (number < 1 || number > METRIC_NAMES_MAX || !name || !acceptable(name, strlen(name)) ||
            names->entries[number]) {
            statement_reset(all);
            return error_of(err, ERROR_INTERNAL, "the database has a bad metric name, number %lld",
                            (long long)number);
        }
        enter(names, (uint32_t)number, name, strlen(name), row_integer(all, 2) != 0);
    }
    return got;
}

uint32_t names_number(struct names *names, const char *name, size_t bytes, bool repeats)
{
    if (!acceptable(name, bytes))
        return 0;
    const uint16_t number = *slot_of(names, name, bytes);
    if (number)
        return number;
    if (names->count == METRIC_NAMES_MAX)
        return 0;
    enter(names, names->count + 1, name, bytes, repeats);
    return names->count;
}

uint32_t names_count(const struct names *names)
{
    return names->count;
}

const struct metric_name *names_entry(const struct names *names, uint32_t number)
{
    return number > 0 && number <= METRIC_NAMES_MAX ? names->entries[number] : NULL;
}
