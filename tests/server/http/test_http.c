/* Requests and answers over real sockets: routing, headers, assets, and what is refused. */
#include "serving.h"

#include <fcntl.h>

static struct serving *serving;

/* --- what is served ------------------------------------------------------------------------ */

static struct reply say_ok(struct request *req)
{
    static char ok[] = "ok\n";
    (void)req;
    return (struct reply){.kind = REPLY_BYTES,
                          .status = 200,
                          .type = "text/plain",
                          .bytes = ok,
                          .count = sizeof ok - 1,
                          .borrowed = true};
}

/* Everything a handler can see of a request. */
static struct reply mirror(struct request *req)
{
    const char *colour = request_query(req, "colour"), *header = request_header(req, "x-colour");
    return reply_json(200, json_pack("{s:i, s:s, s:s?, s:s?, s:s?, s:s?, s:s}", "method",
                                     (int)req->method, "path", req->path, "first", req->param[0],
                                     "second", req->param[1], "colour", colour, "header", header,
                                     "remote", req->remote));
}

static struct reply show_number(struct request *req)
{
    struct error err;
    int64_t id, limit;
    if (request_id(req, 0, &id, &err) < 0 ||
        request_query_integer(req, "limit", -5, 1000, 100, &limit, &err) < 0)
        return reply_error(&err);
    return reply_json(200, json_pack("{s:I, s:I}", "id", id, "limit", limit));
}

static struct reply tagged(struct request *req)
{
    (void)req;
    struct reply reply = reply_bytes(200, "text/plain", xstrdup("content"), 7);
    reply.etag = xstrdup("\"v1\"");
    reply.cache = "no-cache";
    return reply;
}

static struct reply create(struct request *req)
{
    (void)req;
    return reply_created(xstrdup("/api/v1/things/7"), json_pack("{s:i}", "id", 7));
}

static struct reply delete_it(struct request *req)
{
    (void)req;
    return reply_bytes(204, NULL, NULL, 0);
}

static struct reply send_file(struct request *req)
{
    const struct serving *mine = req->server;
    struct reply reply = reply_file("application/octet-stream",
                                    open(folder_path(&mine->folder, "file"), O_RDONLY | O_CLOEXEC));
    reply.filename = xstrdup("run \"7\"\r\n.bin");
    return reply;
}

static const struct route routes[] = {
    {METHOD_GET, "/healthz", say_ok, BODY_NONE, 0, 0},
    {METHOD_GET, "/api/v1/mirror/{a}/of/{b}", mirror, BODY_NONE, 0, 0},
    {METHOD_POST, "/api/v1/mirror/{a}/of/{b}", mirror, BODY_JSON, 0, 0},
    {METHOD_GET, "/api/v1/things/{id}", show_number, BODY_NONE, 0, 0},
    {METHOD_DELETE, "/api/v1/things/{id}", delete_it, BODY_NONE, 0, 0},
    {METHOD_POST, "/api/v1/things", create, BODY_JSON, 0, 0},
    {METHOD_GET, "/api/v1/tagged", tagged, BODY_NONE, 0, 0},
    {METHOD_GET, "/api/v1/file", send_file, BODY_NONE, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static const unsigned char page[] = "<!doctype html>", script[] = "let a;";
static const struct asset assets[] = {
    {"/", "text/html; charset=utf-8", page, sizeof page - 1},
    {"/assets/page.js", "text/javascript", script, sizeof script - 1},
    {"/assets/page-5KZQXH3V.js", "text/javascript", script, sizeof script - 1},
    {0},
};
static const char *const names[] = {"sweepd.example", NULL};

static int setup(void **state)
{
    (void)state;
    serving = serving_new(tables);
    serving->options.assets = assets;
    serving->options.assets_policy = "default-src 'self'";
    serving->options.hosts = names;
    serving_start(serving);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    serving_free(serving);
    return 0;
}

static struct http_answer get(const char *target, const char *headers)
{
    return http_request(serving->port, "GET", target, headers, NULL);
}

/* --- answers ------------------------------------------------------------------------------- */

static void a_plain_answer_has_its_headers(void **state)
{
    (void)state;
    struct http_answer answer = get("/healthz", NULL);
    assert_status(answer, 200);
    assert_string_equal(answer.body, "ok\n");
    assert_string_equal(answer_header(&answer, "Content-Type"), "text/plain");
    assert_string_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-store");
    assert_non_null(answer_header(&answer, "Date"));
    answer_release(&answer);
}

static void a_handler_sees_path_parameters_query_and_headers(void **state)
{
    (void)state;
    struct http_answer answer =
        get("/api/v1/mirror/a%20b/of/%C3%A9?other=1&colour=dark+red%2fblue&colour=2",
            "X-Colour: green\r\n");
    assert_status(answer, 200);
    assert_string_equal(answer.body, "{\"method\":0,\"path\":\"/api/v1/mirror/a%20b/of/%C3%A9\","
                                     "\"first\":\"a b\",\"second\":\"\xc3\xa9\","
                                     "\"colour\":\"dark red/blue\",\"header\":\"green\","
                                     "\"remote\":\"127.0.0.1\"}");
    answer_release(&answer);
    assert_request(serving, "GET", "/api/v1/mirror/a/of/b?colour&x=", NULL, NULL, 200,
                   "\"colour\":\"\"");
    assert_request(serving, "GET", "/api/v1/mirror/a/of/b?", NULL, NULL, 200, "\"colour\":null");
    assert_request(serving, "GET", "/api/v1/mirror/a/of/b?&&=&colour=x", NULL, NULL, 200,
                   "\"colour\":\"x\"");
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    struct http_answer answer = http_request(serving->port, "HEAD", "/healthz", NULL, NULL);
    assert_status(answer, 200);
    assert_string_equal(answer_header(&answer, "Content-Length"), "3");
    assert_int_equal(answer.body_bytes, 0);
    answer_release(&answer);
}

static void created_and_deleted_things_answer_so(void **state)
{
    (void)state;
    struct http_answer answer = http_request(serving->port, "POST", "/api/v1/things", NULL, "{}");
    assert_status(answer, 201);
    assert_string_equal(answer_header(&answer, "Location"), "/api/v1/things/7");
    assert_string_equal(answer.body, "{\"id\":7}");
    answer_release(&answer);
    assert_request(serving, "DELETE", "/api/v1/things/7", NULL, NULL, 204, NULL);
}

static void a_file_comes_whole_under_a_harmless_name(void **state)
{
    enum { COUNT = 3 * 1000 * 1000 };
    unsigned char *bytes = xcalloc(COUNT, 1);
    (void)state;
    for (int i = 0; i < COUNT; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    folder_write(&serving->folder, "file", bytes, COUNT);
    struct http_answer answer = get("/api/v1/file", NULL);
    assert_status(answer, 200);
    assert_int_equal(answer.body_bytes, COUNT);
    assert_memory_equal(answer.body, bytes, COUNT);
    assert_string_equal(answer_header(&answer, "Content-Disposition"),
                        "attachment; filename=\"run _7___.bin\"");
    answer_release(&answer);
    free(bytes);
}

static void a_client_that_has_the_tag_gets_304(void **state)
{
    (void)state;
    struct http_answer answer = get("/api/v1/tagged", NULL);
    assert_status(answer, 200);
    assert_string_equal(answer_header(&answer, "ETag"), "\"v1\"");
    answer_release(&answer);
    answer = get("/api/v1/tagged", "If-None-Match: \"v0\", W/\"v1\"\r\n");
    assert_status(answer, 304);
    assert_string_equal(answer_header(&answer, "ETag"), "\"v1\"");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-cache");
    answer_release(&answer);
    assert_request(serving, "GET", "/api/v1/tagged", "If-None-Match: \"v0\"\r\n", NULL, 200,
                   "content");
}

static void numbers_of_path_and_query_are_checked(void **state)
{
    (void)state;
    assert_request(serving, "GET", "/api/v1/things/7?limit=-5", NULL, NULL, 200,
                   "{\"id\":7,\"limit\":-5}");
    assert_request(serving, "GET", "/api/v1/things/9007199254740992", NULL, NULL, 200,
                   "{\"id\":9007199254740992,\"limit\":100}");
    static const char *const no_ids[] = {
        "0", "-1", "seven", "7x", "9007199254740993", "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(no_ids); i++) {
        char target[64];
        snprintf(target, sizeof target, "/api/v1/things/%s", no_ids[i]);
        assert_request(serving, "GET", target, NULL, NULL, 404, "ids are whole numbers");
    }
    static const char *const no_limits[] = {"", "1001", "-6", "1.5", "1e3", "+1", "--1"};
    for (size_t i = 0; i < COUNT_OF(no_limits); i++) {
        char target[64];
        snprintf(target, sizeof target, "/api/v1/things/7?limit=%s", no_limits[i]);
        assert_request(serving, "GET", target, NULL, NULL, 422,
                       "\\\"limit\\\" must be a whole number from -5 to 1000");
    }
}

/* --- assets -------------------------------------------------------------------------------- */

static void the_page_comes_with_policy_and_tag(void **state)
{
    (void)state;
    struct http_answer answer = get("/", NULL);
    assert_status(answer, 200);
    assert_string_equal(answer.body, "<!doctype html>");
    assert_string_equal(answer_header(&answer, "Content-Security-Policy"), "default-src 'self'");
    assert_string_equal(answer_header(&answer, "X-Frame-Options"), "DENY");
    assert_string_equal(answer_header(&answer, "Referrer-Policy"), "no-referrer");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-cache");
    char *condition = xprintf("If-None-Match: %s\r\n", answer_header(&answer, "ETag"));
    answer_release(&answer);
    assert_request(serving, "GET", "/", condition, NULL, 304, NULL);
    assert_request(serving, "GET", "/assets/page.js", condition, NULL, 200, "let a;");
    free(condition);
}

static void an_asset_named_by_its_content_is_kept_for_ever(void **state)
{
    (void)state;
    struct http_answer answer = get("/assets/page-5KZQXH3V.js", NULL);
    assert_string_equal(answer_header(&answer, "Cache-Control"),
                        "public, max-age=31536000, immutable");
    answer_release(&answer);
    answer = get("/assets/page.js", NULL);
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-cache");
    answer_release(&answer);
}

static void paths_of_the_page_get_the_page_from_browsers_only(void **state)
{
    static const char browser[] = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    (void)state;
    assert_request(serving, "GET", "/jobs/7", browser, NULL, 200, "<!doctype html>");
    assert_request(serving, "GET", "/jobs/7", "Accept: application/json\r\n", NULL, 404, NULL);
    assert_request(serving, "GET", "/jobs/7", NULL, NULL, 404, NULL);
    assert_request(serving, "GET", "/api/v1/nothing", browser, NULL, 404, NULL);
    assert_request(serving, "POST", "/jobs/7", browser, "x", 404, NULL);
}

/* --- refusals ------------------------------------------------------------------------------ */

static void unknown_paths_are_404_problems(void **state)
{
    (void)state;
    struct http_answer answer = get("/api/v1/nothing", NULL);
    assert_status(answer, 404);
    assert_string_equal(answer_header(&answer, "Content-Type"), "application/problem+json");
    assert_string_equal(answer.body,
                        "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                        "\"detail\":\"there is nothing at \\\"/api/v1/nothing\\\"\"}");
    answer_release(&answer);
}

static void wrong_methods_are_405_with_those_allowed(void **state)
{
    (void)state;
    struct http_answer answer =
        http_request(serving->port, "PUT", "/api/v1/things/7", NULL, "{\"a\": 1}");
    assert_status(answer, 405);
    assert_string_equal(answer_header(&answer, "Allow"), "GET, HEAD, DELETE, OPTIONS");
    answer_release(&answer);
    answer = http_request(serving->port, "OPTIONS", "/api/v1/things", NULL, NULL);
    assert_status(answer, 204);
    assert_string_equal(answer_header(&answer, "Allow"), "POST, OPTIONS");
    answer_release(&answer);
}

static void every_refusal_is_one_line_in_the_log(void **state)
{
    (void)state;
    assert_request(serving, "GET", "/api/v1/nothing?a=b", NULL, NULL, 404, NULL);
    assert_request(serving, "GET", "/healthz", NULL, NULL, 200, NULL);
    assert_request(serving, "PUT", "/healthz", NULL, NULL, 405, NULL);
    assert_string_equal(serving_read_log(serving),
                        "404 GET /api/v1/nothing?a=b: there is nothing at \"/api/v1/nothing\"\n"
                        "405 PUT /healthz: \"/healthz\" takes GET, HEAD, OPTIONS\n");
}

/* The whole text goes out as it is; afterwards the server must have closed. `answers` is how many
 * statuses came. */
static void assert_closed_after(const char *text, int status)
{
    struct http_client client = client_open(serving->port);
    char *with_port = xstrdup(text);
    for (char *at = strstr(with_port, "PORT"); at; at = strstr(with_port, "PORT")) {
        char *longer = xprintf("%.*s%d%s", (int)(at - with_port), with_port, serving->port, at + 4);
        free(with_port);
        with_port = longer;
    }
    client_send_text(&client, with_port);
    free(with_port);
    struct http_answer answer = client_read(&client);
    if (answer.status != status || !client_sees_end(&client, 5000))
        fail_msg("%s: %d", text, answer.status);
    answer_release(&answer);
    client_close(&client);
}

#define HOST "Host: localhost:PORT\r\n"
#define NEXT "GET /healthz HTTP/1.1\r\n" HOST "\r\n"

/* What follows a doubtful request on the same connection is never answered. */
static void doubtful_requests_end_their_connection(void **state)
{
    (void)state;
    assert_closed_after("GET /healthz HTTP/1.1\r\n" HOST HOST "\r\n" NEXT, 400);
    assert_closed_after("GET /healthz HTTP/1.1\r\n\r\n" NEXT, 400);
    assert_closed_after("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n" NEXT, 421);
    assert_closed_after("POST /api/v1/things HTTP/1.1\r\n" HOST
                        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
                        400);
    assert_closed_after("POST /api/v1/things HTTP/1.1\r\n" HOST
                        "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" NEXT,
                        400);
    assert_closed_after("POST /api/v1/things HTTP/1.1\r\n" HOST
                        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT,
                        501);
    assert_closed_after("POST /api/v1/things HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b"
                        "chunked\r\n\r\n0\r\n\r\n" NEXT,
                        400);
    assert_closed_after("POST /api/v1/things HTTP/1.1\r\n" HOST
                        "Origin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}" NEXT,
                        403);
    assert_closed_after("GET http://localhost/healthz HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    assert_closed_after("GET /a%2f..%2fhealthz HTTP/1.1\r\n" HOST "\r\n" NEXT, 400);
    assert_closed_after("GET /healthz HTTP/1.1\r\n" HOST "X-A: a\rb\r\n\r\n" NEXT, 400);
    assert_closed_after("GET /healthz HTTP/1.1\r\n" HOST "X-A : a\r\n\r\n" NEXT, 400);
    assert_closed_after("BREW /healthz HTTP/1.1\r\n" HOST "\r\n" NEXT, 501);
}

/* libmicrohttpd would stay silent for ever above some 490 arguments. */
static void a_query_of_many_arguments_is_refused_at_once(void **state)
{
    char *target = xcalloc(4096, 1);
    (void)state;
    strcpy(target, "/healthz?");
    for (int i = 0; i < 600; i++)
        strcat(target, "a=b&");
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "GET", target, NULL, NULL, 0);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 414);
    assert_says(answer.body, "more than 128 arguments");
    assert_true(client_sees_end(&client, 5000));
    answer_release(&answer);
    client_close(&client);
    free(target);
}

static void a_long_target_is_refused(void **state)
{
    char *target = xcalloc(9001, 1);
    (void)state;
    memset(target, 'a', 9000);
    target[0] = '/';
    assert_request(serving, "GET", target, NULL, NULL, 414, "longer than 8192 bytes");
    target[8192] = '\0';
    assert_request(serving, "GET", target, NULL, NULL, 404, NULL);
    free(target);
}

static void names_given_by_the_owner_are_ours(void **state)
{
    struct http_client client = client_open(serving->port);
    (void)state;
    client_send_text(&client, "GET /healthz HTTP/1.1\r\nHost: Sweepd.Example\r\n\r\n");
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    answer_release(&answer);
    client_close(&client);
}

/* --- connections --------------------------------------------------------------------------- */

static void a_connection_serves_many_requests_also_sent_at_once(void **state)
{
    struct http_client client = client_open(serving->port);
    (void)state;
    for (int i = 0; i < 3; i++)
        client_send_request(&client, "GET", "/healthz", NULL, NULL, 0);
    client_send_request(&client, "GET", "/api/v1/nothing", NULL, NULL, 0);
    client_send_request(&client, "POST", "/api/v1/things", NULL, "[1]", 3);
    static const int statuses[] = {200, 200, 200, 404, 201};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct http_answer answer = client_read(&client);
        assert_status(answer, statuses[i]);
        answer_release(&answer);
    }
    client_close(&client);
}

static void hundreds_of_connections_are_served(void **state)
{
    enum { COUNT = 300 };
    struct http_client clients[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++)
        clients[i] = client_open(serving->port);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++)
            client_send_request(&clients[i], "GET", "/healthz", NULL, NULL, 0);
        for (int i = 0; i < COUNT; i++) {
            struct http_answer answer = client_read(&clients[i]);
            assert_status(answer, 200);
            answer_release(&answer);
        }
    }
    for (int i = 0; i < COUNT; i++)
        client_close(&clients[i]);
}

static void http_1_0_is_answered_and_closed(void **state)
{
    struct http_client client = client_open(serving->port);
    char request[128];
    (void)state;
    snprintf(request, sizeof request, "GET /healthz HTTP/1.0\r\nHost: localhost:%d\r\n\r\n",
             serving->port);
    client_send_text(&client, request);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    assert_true(client_sees_end(&client, 5000));
    answer_release(&answer);
    client_close(&client);
}

/* --- opening ------------------------------------------------------------------------------- */

static void addresses_that_cannot_be_listened_on_are_refused(void **state)
{
    static const char *const addresses[] = {
        "",         "8080",           "127.0.0.1",     ":8080",     "127.0.0.1:", "127.0.0.1:70000",
        "::1:8080", "example.org:80", "127.0.0.1:80x", "1.2.3:80:1"};
    struct loop *loop;
    struct error err;
    (void)state;
    assert_int_equal(loop_new(&loop, &err), 0);
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        const struct http_options options = {.listen = addresses[i], .tables = tables};
        struct http *http = NULL;
        assert_int_equal(http_open(loop, NULL, &options, &http, &err), -1);
        assert_non_null(strstr(err.sentence, "listen on"));
        assert_null(http);
    }
    loop_free(loop);
}

static void a_port_that_is_taken_is_said_so(void **state)
{
    struct loop *loop;
    struct error err;
    char address[32];
    (void)state;
    snprintf(address, sizeof address, "127.0.0.1:%d", serving->port);
    assert_int_equal(loop_new(&loop, &err), 0);
    const struct http_options options = {.listen = address, .tables = tables};
    struct http *http;
    assert_int_equal(http_open(loop, NULL, &options, &http, &err), -1);
    assert_says(err.sentence, "Address already in use");
    loop_free(loop);
}

int main(void)
{
    json_object_seed(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plain_answer_has_its_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handler_sees_path_parameters_query_and_headers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(head_is_get_without_a_body, setup, teardown),
        cmocka_unit_test_setup_teardown(created_and_deleted_things_answer_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_comes_whole_under_a_harmless_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_has_the_tag_gets_304, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_of_path_and_query_are_checked, setup, teardown),
        cmocka_unit_test_setup_teardown(the_page_comes_with_policy_and_tag, setup, teardown),
        cmocka_unit_test_setup_teardown(an_asset_named_by_its_content_is_kept_for_ever, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(paths_of_the_page_get_the_page_from_browsers_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(unknown_paths_are_404_problems, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_methods_are_405_with_those_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(every_refusal_is_one_line_in_the_log, setup, teardown),
        cmocka_unit_test_setup_teardown(doubtful_requests_end_their_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_query_of_many_arguments_is_refused_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_long_target_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(names_given_by_the_owner_are_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_serves_many_requests_also_sent_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hundreds_of_connections_are_served, setup, teardown),
        cmocka_unit_test_setup_teardown(http_1_0_is_answered_and_closed, setup, teardown),
        cmocka_unit_test(addresses_that_cannot_be_listened_on_are_refused),
        cmocka_unit_test_setup_teardown(a_port_that_is_taken_is_said_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
