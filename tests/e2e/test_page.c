/*
 * The page in headless Chromium against a real server: tests/e2e/page/page.test.mjs. Skipped,
 * loudly, where node, Chromium or the page's packages are not installed.
 */
#include "support/check.h"
#include "support/program.h"
#include "support/service.h"

#include "memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool works(const struct folder *folder, const char *command)
{
    struct ran ran = program_run(folder, (const char *const[]){"sh", "-c", command, NULL});
    const bool fine = ran.status == 0;
    ran_release(&ran);
    return fine;
}

static void run_script(const char *name)
{
    static const char *const arguments[] = {"--slots", "2", NULL};
    char root[4096];
    struct folder folder = folder_make();
    assert_non_null(realpath(".", root));
    AUTO_FREE char *script = xprintf("%s/tests/e2e/page/%s", root, name);
    AUTO_FREE char *packages = xprintf("test -d %s/web/node_modules/playwright-core", root);
    const char *missing = !works(&folder, "node --version") ? "node"
                          : !works(&folder, "\"${CHROMIUM:-chromium}\" --version --no-sandbox")
                              ? "chromium"
                          : !works(&folder, packages) ? "web/node_modules (make page)"
                                                      : NULL;
    if (missing) {
        print_message("SKIPPED: THE PAGE WAS NOT TESTED: there is no %s\n", missing);
        folder_remove(&folder);
        skip();
    }
    struct service service;
    service_start(&service, arguments);
    struct ran ran =
        program_run(&folder, (const char *const[]){"node", script, service.process.base, NULL});
    fputs(ran.out, stderr);
    fputs(ran.err, stderr);
    assert_int_equal(ran.status, 0);
    ran_release(&ran);
    service_end(&service);
    folder_remove(&folder);
}

static void the_page_works_in_a_browser(void **state)
{
    (void)state;
    run_script("page.test.mjs");
}

static void the_page_asks_for_a_token_where_one_is_needed(void **state)
{
    (void)state;
    run_script("login.test.mjs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_works_in_a_browser),
        cmocka_unit_test(the_page_asks_for_a_token_where_one_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
