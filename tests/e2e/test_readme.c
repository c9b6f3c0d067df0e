/*
 * The commands of the README, in order, as somebody who copies and pastes them runs them.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/program.h"
#include "support/service.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

/* What somebody who follows the README has in other places than this test. */
struct places {
    const char *what, *here;
};

static char *replaced(const char *text, const struct places *places)
{
    char *result = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&result, &bytes);
    for (const char *at; (at = strstr(text, places->what)) != NULL;
         text = at + strlen(places->what))
        fprintf(out, "%.*s%s", (int)(at - text), text, places->here);
    fputs(text, out);
    fclose(out);
    return result;
}

static char *placed(const struct service *service, const char *text)
{
    AUTO_FREE char *data = xprintf("--data %s", folder_path(&service->folder, "data"));
    AUTO_FREE char *examples =
        xprintf("%.*s/tests/examples/",
                (int)(strrchr(getenv("SWEEPD_README"), '/') - getenv("SWEEPD_README")),
                getenv("SWEEPD_README"));
    const struct places places[] = {
        {"tests/examples/", examples},
        {"http://127.0.0.1:8080", service->process.base},
        {"build/sweepd ", "$SWEEPD_PROGRAM "},
        {"--data var", data},
    };
    char *result = xstrdup(text);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char *next = replaced(result, &places[i]);
        free(result);
        result = next;
    }
    return result;
}

/* A terminal keeps its variables from one block to the next; of these there is "job". */
#define TERMINAL                                                                                   \
    "[ ! -f job.sh ] || . ./job.sh\n"                                                              \
    "trap 'declare -p job >job.sh 2>job.none || rm job.sh' EXIT\n"

static void run_block(const struct service *service, const struct folder *folder, char *block)
{
    AUTO_FREE char *placed_block = placed(service, block);
    AUTO_FREE char *commands = xprintf(TERMINAL "%s", placed_block);
    folder_write(folder, "block.sh", commands, strlen(commands));
    struct ran ran = program_run(folder, (const char *const[]){"bash", "-e", "block.sh", NULL});
    if (ran.status != 0) {
        print_error("%s\nended with %d: %s\n%s\n", commands, ran.status, ran.err, ran.out);
        fail();
    }
    ran_release(&ran);
}

static bool has_demo(const struct service *service)
{
    json_auto_t *jobs = api_get(service->port, "/api/v1/jobs");
    return api_size(jobs, "/jobs") > 0;
}

static void every_block_of_commands_works(void **state)
{
    static const char *const arguments[] = {"--demo", NULL}; /* as make run starts it */
    static const char opening[] = "\n```sh\n", closing[] = "\n```\n";
    struct service service;
    struct folder folder = folder_make();
    struct ran readme =
        program_run(&folder, (const char *const[]){"cat", getenv("SWEEPD_README"), NULL});
    int count = 0;
    (void)state;
    assert_int_equal(readme.status, 0);
    service_start(&service, arguments);
    int64_t started_ms = 0;
    while (!has_demo(&service) && api_wait_on(&started_ms))
        continue;
    char *rest = readme.out;
    for (char *at; (at = strstr(rest, opening)) != NULL; count++) {
        char *block = at + strlen(opening);
        char *end = strstr(block, closing);
        assert_non_null(end);
        *end = '\0';
        run_block(&service, &folder, block);
        rest = end + 1;
    }
    assert_true(count >= 5);
    /* The jobs that it queues are sound, too, once the demo is out of their way. By now that takes
     * the token that the last block made. */
    struct ran token = program_run(&folder, (const char *const[]){"cat", "alice.token", NULL});
    token.out[strcspn(token.out, "\n")] = '\0';
    client_use_token(token.out);
    struct http_answer demo = api_ask(service.port, "POST", NULL, NULL, "/api/v1/jobs/1/cancel");
    answer_release(&demo); /* 409 where it has ended by itself */
    json_decref(api_await_job(service.port, 2, "succeeded"));
    json_decref(api_await_job(service.port, 3, "succeeded"));
    client_use_token(NULL);
    ran_release(&token);
    ran_release(&readme);
    service_end(&service);
    folder_remove(&folder);
}

/* Tests run in the project's root, where make runs them. */
static int find_readme(void **state)
{
    char path[4096];
    (void)state;
    if (getenv("SWEEPD_README"))
        return 0;
    assert_non_null(realpath("README.md", path));
    return setenv("SWEEPD_README", path, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_block_of_commands_works, find_readme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
