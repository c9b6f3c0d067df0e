/*
 * Who gets in without a token, and what becomes of tokens whose key is lost.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/program.h"
#include "support/team.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- before the first token ---------------------------------------------------------------------
 */

static int start_alone(void **state)
{
    static const char *const arguments[] = {"--slots", "0", NULL};
    (void)state;
    start_service_with(arguments);
    return 0;
}

static void check_me(const char *header, int status, const char *says)
{
    struct http_answer answer = api_ask(service.port, "GET", header, NULL, "/api/v1/me");
    api_expect(&answer, status);
    assert_says(answer.body, says);
    answer_release(&answer);
}

static void who_works_alone_on_a_machine_needs_no_token(void **state)
{
    (void)state;
    check_me(NULL, 200, "\"role\":\"admin\"");
    check_me("User-Agent: X-Forwarded-For\r\nX-Forwarded: 1\r\n", 200, "\"role\":\"admin\"");
}

static void what_came_through_a_proxy_that_nobody_named_is_refused(void **state)
{
    static const char *const headers[] = {
        "Via: 1.1 proxy\r\n",
        "Forwarded: for=192.0.2.1\r\n",
        "X-Forwarded-For: 127.0.0.1\r\n",
        "x-forwarded-proto: https\r\n",
        "X-Forwarded-Host: sweepd.example.org\r\n",
        "X-Forwarded-Port: 443\r\n",
        "X-Real-IP: 192.0.2.1\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        check_me(headers[i], 403, "--trusted-proxy");
}

/* As nginx asks without further configuration: no header tells of it. */
static void http_1_0_is_what_proxies_speak(void **state)
{
    AUTO_FREE char *text = xprintf(
        "GET /api/v1/me HTTP/1.0\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n", service.port);
    (void)state;
    struct http_client client = client_open(service.port);
    client_send_text(&client, text);
    struct http_answer answer = client_read(&client);
    api_expect(&answer, 403);
    assert_says(answer.body, "--trusted-proxy");
    answer_release(&answer);
    client_close(&client);
}

/* --- behind a proxy ----------------------------------------------------------------------------
 */

static int start_behind_a_proxy(void **state)
{
    static const char *const arguments[] = {"--slots", "0", "--trusted-proxy", "127.0.0.1", NULL};
    (void)state;
    start_service_with(arguments);
    return 0;
}

/* Also one that does not tell who is behind it, or tells of this very machine. */
static void behind_a_proxy_everybody_needs_a_token(void **state)
{
    (void)state;
    check_me(NULL, 401, "this needs a valid token");
    check_me("X-Forwarded-For: 127.0.0.1\r\n", 401, "this needs a valid token");
    check_me("X-Forwarded-For: 192.0.2.1\r\n", 401, "this needs a valid token");
}

/* --- the key ------------------------------------------------------------------------------------
 */

static struct ran run_server(const char *data)
{
    return program_run(&service.folder,
                       (const char *const[]){getenv("SWEEPD_PROGRAM"), "--data", data, "--listen",
                                             "127.0.0.1:0", "--worker", getenv("SWEEPD_WORKER"),
                                             NULL});
}

static void do_as_told(const char *sentence)
{
    const char *command = strstr(sentence, "(umask");
    assert_non_null(command);
    AUTO_FREE char *line = xprintf("%.*s", (int)(strchr(command, ')') + 1 - command), command);
    struct ran ran = program_run(&service.folder, (const char *const[]){"sh", "-c", line, NULL});
    assert_int_equal(ran.status, 0);
    ran_release(&ran);
}

static void tokens_whose_key_is_lost_keep_the_server_from_starting(void **state)
{
    char token[TEAM_TOKEN_BYTES];
    (void)state;
    team_admin(service.port, token);
    AUTO_FREE char *data = xstrdup(folder_path(&service.folder, "data"));
    AUTO_FREE char *key = xprintf("%s/token.key", data);
    AUTO_FREE char *aside = xprintf("%s/aside.key", data);
    assert_int_equal(server_stop(&service.process), 0);
    assert_int_equal(rename(key, aside), 0);

    struct ran ran = run_server(data);
    assert_int_equal(ran.status, 1);
    AUTO_FREE char *names = xprintf("there is no \"%s\"", key);
    assert_says(ran.err, names);
    assert_int_equal(access(key, F_OK), -1); /* none was made */

    assert_int_equal(rename(aside, key), 0); /* put back */
    service_launch(&service);
    check_me(NULL, 200, "\"role\":\"admin\"");

    assert_int_equal(server_stop(&service.process), 0);
    assert_int_equal(unlink(key), 0); /* lost for good */
    do_as_told(ran.err);
    service_launch(&service);
    check_me(NULL, 401, "this needs a valid token");
    struct ran made = program_run(
        &service.folder,
        (const char *const[]){getenv("SWEEPD_PROGRAM"), "admin", "--data", data, "token", "create",
                              "--team", "default", "--role", "admin", "--name", "me", NULL});
    assert_int_equal(made.status, 0);
    snprintf(token, sizeof token, "%.*s", (int)strcspn(made.out, "\n"), made.out);
    client_use_token(token);
    check_me(NULL, 200, "\"role\":\"admin\"");
    ran_release(&made);
    ran_release(&ran);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_works_alone_on_a_machine_needs_no_token, start_alone,
                                        end_service),
        cmocka_unit_test_setup_teardown(what_came_through_a_proxy_that_nobody_named_is_refused,
                                        start_alone, end_service),
        cmocka_unit_test_setup_teardown(http_1_0_is_what_proxies_speak, start_alone, end_service),
        cmocka_unit_test_setup_teardown(behind_a_proxy_everybody_needs_a_token,
                                        start_behind_a_proxy, end_service),
        cmocka_unit_test_setup_teardown(tokens_whose_key_is_lost_keep_the_server_from_starting,
                                        start_alone, end_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
