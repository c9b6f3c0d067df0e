/*
 * Behind nginx with TLS, configured as server/README.md says. Skipped, loudly, where nginx, openssl
 * or curl is not installed.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"
#include "support/program.h"

#include "memory.h"

#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int proxy_port;
static pid_t proxy;
static bool is_missing;

/* --- nginx --------------------------------------------------------------------------------------
 */

static bool works(const char *command_line)
{
    struct ran ran =
        program_run(&service.folder, (const char *const[]){"sh", "-c", command_line, NULL});
    const bool fine = ran.status == 0;
    ran_release(&ran);
    return fine;
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    return ntohs(address.sin_port);
}

/* The block of the README. */
static char *documented(void)
{
    static char text[65536];
    FILE *file = fopen("server/README.md", "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    char *block = strstr(text, "```nginx\n");
    assert_non_null(block);
    block += strlen("```nginx\n");
    char *end = strstr(block, "```");
    assert_non_null(end);
    return xstrndup(block, (size_t)(end - block));
}

/* What an installation has in places of its own. */
static char *replaced(char *text, const char *what, const char *by)
{
    char *at = strstr(text, what);
    assert_non_null(at);
    char *all = xprintf("%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
    free(text);
    return all;
}

static void write_configuration(void)
{
    const char *folder = service.folder.path;
    AUTO_FREE char *listen = xprintf("127.0.0.1:%d ssl", proxy_port);
    AUTO_FREE char *upstream = xprintf("127.0.0.1:%d", service.port);
    AUTO_FREE char *certificate = xprintf("%s/proxy.pem", folder);
    AUTO_FREE char *key = xprintf("%s/proxy.key", folder);
    char *block = documented();
    block = replaced(block, "443 ssl", listen);
    block = replaced(block, "127.0.0.1:8080", upstream);
    block = replaced(block, "/etc/ssl/certs/sweepd.pem", certificate);
    block = replaced(block, "/etc/ssl/private/sweepd.key", key);
    AUTO_FREE char *all = xprintf(
        "daemon off; pid %s/nginx.pid; error_log %s/nginx.log;\n"
        "events {}\nhttp { access_log off; client_body_temp_path %s/t1; proxy_temp_path %s/t2;\n"
        "fastcgi_temp_path %s/t3; uwsgi_temp_path %s/t4; scgi_temp_path %s/t5;\n%s}\n",
        folder, folder, folder, folder, folder, folder, folder, block);
    folder_write(&service.folder, "nginx.conf", all, strlen(all));
    free(block);
}

/* It dies with the test. */
static void start_proxy(void)
{
    AUTO_FREE char *configuration = xprintf("%s/nginx.conf", service.folder.path);
    char *arguments[] = {(char[]){"setpriv"},
                         (char[]){"--pdeathsig"},
                         (char[]){"KILL"},
                         (char[]){"nginx"},
                         (char[]){"-c"},
                         configuration,
                         NULL};
    proxy_port = free_port();
    write_configuration();
    assert_int_equal(posix_spawnp(&proxy, "setpriv", NULL, NULL, arguments, environ), 0);
}

/* --- asking -------------------------------------------------------------------------------------
 */

/* Head and body. */
static char *ask(const char *options)
{
    AUTO_FREE char *line =
        xprintf("curl -sS -i -k --max-time 10 --resolve sweepd.example.org:%d:127.0.0.1 %s",
                proxy_port, options);
    struct ran ran = program_run(&service.folder, (const char *const[]){"sh", "-c", line, NULL});
    char *out = xstrdup(ran.out);
    ran_release(&ran);
    return out;
}

#define URL(path) "https://sweepd.example.org:$PORT" path

static char *with_port(const char *text)
{
    AUTO_FREE char *number = xprintf("%d", proxy_port);
    return replaced(xstrdup(text), "$PORT", number);
}

static char *asked(const char *options, const char *says)
{
    AUTO_FREE char *line = with_port(options);
    char *answer = ask(line);
    assert_says(answer, says);
    return answer;
}

static char token[80];

static int start(void **state)
{
    static const char *const arguments[] = {
        "--slots",         "1",         "--auth", "required", "--allow-host", "sweepd.example.org",
        "--trusted-proxy", "127.0.0.1", NULL};
    (void)state;
    start_service_with(arguments);
    is_missing = !works("nginx -v && openssl version && curl --version");
    if (is_missing) {
        print_message("SKIPPED: THE PROXY WAS NOT TESTED: there is no nginx, openssl or curl\n");
        return 0;
    }
    assert_true(works("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout proxy.key "
                      "-out proxy.pem -subj /CN=sweepd.example.org"));
    start_proxy();
    AUTO_FREE char *data = xstrdup(folder_path(&service.folder, "data"));
    struct ran made = program_run(
        &service.folder,
        (const char *const[]){getenv("SWEEPD_PROGRAM"), "admin", "--data", data, "token", "create",
                              "--team", "default", "--role", "admin", "--name", "me", NULL});
    assert_int_equal(made.status, 0);
    snprintf(token, sizeof token, "%.*s", (int)strcspn(made.out, "\n"), made.out);
    ran_release(&made);
    int64_t started_ms = 0;
    for (bool is_up = false; !is_up;) {
        AUTO_FREE char *line = with_port(URL("/healthz"));
        AUTO_FREE char *answer = ask(line);
        is_up = strstr(answer, "ok") != NULL;
        if (!is_up && !api_wait_on(&started_ms))
            fail_msg("nginx does not answer");
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (proxy > 0) {
        kill(proxy, SIGQUIT);
        waitpid(proxy, NULL, 0);
    }
    service_end(&service);
    return 0;
}

static void needs_proxy(void)
{
    if (is_missing)
        skip();
}

/* --- what comes through -------------------------------------------------------------------------
 */

static void the_client_s_own_address_is_known(void **state)
{
    (void)state;
    needs_proxy();
    free(asked("-H 'X-Forwarded-For: 192.0.2.7' " URL("/api/v1/me"), " 401 "));
    AUTO_FREE char *log = service_log(&service);
    assert_says(log, "192.0.2.7 401 GET /api/v1/me");
    AUTO_FREE char *change =
        xprintf("-H 'X-Forwarded-For: 10.9.9.9, 192.0.2.8' -H 'Authorization: Bearer %s' "
                "--json '{\"name\": \"far\"}' " URL("/api/v1/teams"),
                token);
    free(asked(change, " 201 "));
    AUTO_FREE char *question =
        xprintf("-H 'Authorization: Bearer %s' " URL("/api/v1/audit"), token);
    free(asked(question, "\"from\":\"192.0.2.8\""));
}

static void the_cookie_is_for_tls_alone(void **state)
{
    (void)state;
    needs_proxy();
    AUTO_FREE char *login = xprintf("-H 'X-Sweepd-Page: 1' -H 'Origin: https://sweepd.example.org' "
                                    "--json '{\"token\": \"%s\"}' " URL("/api/v1/login"),
                                    token);
    AUTO_FREE char *answer = asked(login, " 200 ");
    assert_says(answer, "HttpOnly; SameSite=Strict; Secure");
    AUTO_FREE char *foreign = xprintf("-H 'X-Sweepd-Page: 1' -H 'Origin: https://evil.example' "
                                      "--json '{\"token\": \"%s\"}' " URL("/api/v1/login"),
                                      token);
    free(asked(foreign, " 403 "));
}

static void events_come_at_once(void **state)
{
    (void)state;
    needs_proxy();
    AUTO_FREE char *line =
        xprintf("-N --max-time 2 -H 'Authorization: Bearer %s' " URL("/api/v1/events"), token);
    AUTO_FREE char *answer = asked(line, "retry: ");
    assert_says(answer, "text/event-stream");
}

static void uploads_go_through(void **state)
{
    static const char points[] = "x,k\n1,a\n2,b\n3,a\n4,b\n";
    (void)state;
    needs_proxy();
    folder_write(&service.folder, "points.csv", points, sizeof points - 1);
    AUTO_FREE char *line =
        xprintf("-H 'Authorization: Bearer %s' -F format=csv -F train=@points.csv " URL(
                    "/api/v1/datasets/points"),
                token);
    free(asked(line, " 201 "));
}

/* 40 event streams at once, of one address. */
static void one_address_does_not_take_all_connections(void **state)
{
    (void)state;
    needs_proxy();
    AUTO_FREE char *line =
        xprintf("-Z --parallel-immediate --parallel-max 40 --max-time 3 -o /dev/null "
                "-w 'status %%{http_code}\\n' -H 'Authorization: Bearer %s' "
                "'" URL("/api/v1/events?number=[1-40]") "'",
                token);
    AUTO_FREE char *answers = asked(line, "status 200");
    int let_in = 0, refused = 0;
    for (const char *at = answers; (at = strstr(at, "status ")) != NULL; at++) {
        let_in += strncmp(at, "status 200", 10) == 0;
        refused += strncmp(at, "status 429", 10) == 0;
    }
    assert_int_equal(let_in, 32);
    assert_int_equal(refused, 8);
}

static void another_name_is_not_ours(void **state)
{
    (void)state;
    needs_proxy();
    free(asked("-H 'Host: evil.example' " URL("/api/v1/me"), " 421 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_s_own_address_is_known),
        cmocka_unit_test(the_cookie_is_for_tls_alone),
        cmocka_unit_test(events_come_at_once),
        cmocka_unit_test(uploads_go_through),
        cmocka_unit_test(one_address_does_not_take_all_connections),
        cmocka_unit_test(another_name_is_not_ours),
    };
    return cmocka_run_group_tests(tests, start, end);
}
