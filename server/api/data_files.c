/*
 * The files of uploaded data sets, named by their digests in the cache folder. The same content
 * sent twice is one file, and a worker that is parsing may take up a file that is there already: so
 * a file that no data set names goes only while nothing that could take it up is under way.
 */
#include "api/api.h"

#include "digest.h"
#include "json.h"
#include "log.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char going[] = ".gone-", ending[] = ".data";

static bool is_uploaded(const char *name)
{
    const size_t digits = strspn(name, "0123456789abcdef");
    return digits == DIGEST_TEXT_BYTES - 1 && strcmp(name + digits, ending) == 0;
}

static bool is_named(const struct world *world, const char *file)
{
    const char *name;
    json_t *facts;
    json_object_foreach(world->datasets, name, facts)
    {
        if (strcmp(json_text_at(facts, "file", ""), file) == 0)
            return true;
    }
    return false;
}

static void remove_now(void *reader, void *path)
{
    (void)reader;
    if (unlink(path) < 0 && errno != ENOENT)
        log_line("remove %s: %s", (char *)path, strerror(errno));
}

/* Out of the way at once, so that nobody takes it up; a big file takes its time to go. */
static void remove_file(const struct world *world, const char *name)
{
    AUTO_FREE char *path = xprintf("%s/%s", world->cache, name);
    char *aside = is_uploaded(name) ? xprintf("%s/%s%s", world->cache, going, name) : xstrdup(path);
    if (rename(path, aside) < 0) {
        log_line("remove %s: %s", path, strerror(errno));
        free(aside);
    } else if (!world->helpers || !helpers_run(world->helpers, remove_now, free, aside)) {
        remove_now(NULL, aside);
        free(aside);
    }
}

void data_files_sweep(const struct world *world)
{
    DIR *folder = opendir(world->cache);
    if (!folder) {
        log_line("look into %s: %s", world->cache, strerror(errno));
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const char *name = entry->d_name;
        if (strncmp(name, going, sizeof going - 1) == 0 ||
            (is_uploaded(name) && !is_named(world, name)))
            remove_file(world, name);
    }
    closedir(folder);
}

void data_files_hold(struct world *world)
{
    world->data_changes++;
}

void data_files_release(struct world *world)
{
    world->data_changes--;
    if (world->data_changes > 0 || !world->data_sweep_due)
        return;
    world->data_sweep_due = false;
    data_files_sweep(world);
}
