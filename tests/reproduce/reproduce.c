/* `make reproduce`, or with PARTS="schedules refinement" some of it. */
#include "reproduce/reproduce.h"

#include "reproduce/page.h"
#include "support/check.h"
#include "support/service.h"

#include "memory.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct part *const parts[] = {
    &refinement_part, &stationary_part,    &dynamics_part,
    &schedules_part,  &hypergradient_part, &hessian_free_part,
};

static bool is_wanted(const struct part *part, char **names)
{
    if (!*names)
        return true;
    for (; *names; names++)
        if (strcmp(*names, part->name) == 0)
            return true;
    return false;
}

static bool know_all(char **names)
{
    bool known = true;
    for (; *names; names++) {
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(parts); i++)
            found = found || strcmp(*names, parts[i]->name) == 0;
        if (!found)
            fprintf(stderr, "there is no part \"%s\"\n", *names);
        known = known && found;
    }
    for (size_t i = 0; !known && i < COUNT_OF(parts); i++)
        fprintf(stderr, "%s%s", i == 0 ? "parts: " : ", ", parts[i]->name);
    if (!known)
        fputc('\n', stderr);
    return known;
}

/* 1 where it could not be run. */
static int run_part(struct reproduction *all, const struct part *part)
{
    struct error err;
    table_begin(&all->table, part->title, part->about);
    const int failed = part->run(all, &err) < 0;
    if (failed)
        table_note(&all->table, "This part could not be run to its end: %s", err.sentence);
    table_end(&all->table);
    return failed;
}

int main(int argc, char **argv)
{
    static const char *const arguments[] = {"--slots", "2", "--quiet", NULL};
    if (argc < 2) {
        fputs("usage: reproduce PAGE.html [PART…]\n", stderr);
        return 2;
    }
    if (!know_all(argv + 2))
        return 2;
    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);

    struct service service;
    struct reproduction all;
    struct error err;
    int failed = 0;
    service_start(&service, arguments);
    all.port = service.port;
    table_init(&all.table);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (is_wanted(parts[i], argv + 2))
            failed += run_part(&all, parts[i]);
    service_end(&service);

    const struct table *table = &all.table;
    printf("\n%d agree, %d differ, %d shown without a band, %d skipped, %d parts failed; %.0f s\n",
           table_count(table, AGREES), table_count(table, DIFFERS), table_count(table, SHOWN),
           table_count(table, SKIPPED), failed, table_elapsed_s(table));
    if (page_write(table, argv[1], &err) < 0) {
        fprintf(stderr, "%s\n", err.sentence);
        failed++;
    } else {
        printf("the same as a page: %s\n", argv[1]);
    }
    table_release(&all.table);
    return failed > 0;
}
