/* The gate, head by head: what it lets through, and with what it refuses the rest. */
#include "http/gate.h"

#include "support/check.h"

#include <stdio.h>

static const char *const hosts[] = {"127.0.0.1:8080", "localhost:8080", "[::1]:8080", NULL};

struct attempt {
    const char *what;
    const char *method, *target, *version; /* NULL: GET / HTTP/1.1 */
    const char *headers[8];                /* name, value, … ; Host is added unless the first name
                                              is "Host" or "none" */
    int status;                            /* 0: let through */
};

static struct gate_head head_of(const struct attempt *attempt)
{
    struct gate_head head = {.method = attempt->method ? attempt->method : "GET",
                             .target = attempt->target ? attempt->target : "/",
                             .version = attempt->version ? attempt->version : "HTTP/1.1"};
    const char *first = attempt->headers[0];
    if (!first || (strcmp(first, "Host") != 0 && strcmp(first, "none") != 0))
        gate_add_header(&head, "Host", 4, "localhost:8080", 14);
    if (first && strcmp(first, "none") == 0)
        return head;
    for (int i = 0; i + 1 < 8 && attempt->headers[i]; i += 2)
        gate_add_header(&head, attempt->headers[i], strlen(attempt->headers[i]),
                        attempt->headers[i + 1], strlen(attempt->headers[i + 1]));
    return head;
}

static void check_all(const struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gate_head head = head_of(&attempts[i]);
        struct gate_pass pass;
        struct gate_refusal refusal = {0, ""};
        const int failed = gate_check(&head, hosts, &pass, &refusal);
        if (refusal.status != attempts[i].status || failed != (attempts[i].status ? -1 : 0))
            fail_msg("%s: %d \"%s\", expected %d", attempts[i].what, refusal.status,
                     refusal.sentence, attempts[i].status);
    }
}

#define CHECK_ALL(attempts) check_all((attempts), sizeof(attempts) / sizeof(attempts)[0])

static void ordinary_requests_pass(void **state)
{
    static const struct attempt attempts[] = {
        {"a GET", "GET", "/api/v1/jobs?limit=5&after=7", NULL, {NULL}, 0},
        {"a HEAD", "HEAD", NULL, NULL, {NULL}, 0},
        {"a PUT", "PUT", NULL, NULL, {NULL}, 0},
        {"a DELETE", "DELETE", NULL, NULL, {NULL}, 0},
        {"an OPTIONS", "OPTIONS", NULL, NULL, {NULL}, 0},
        {"HTTP/1.0", NULL, NULL, "HTTP/1.0", {NULL}, 0},
        {"a length", "POST", NULL, NULL, {"Content-Length", "17"}, 0},
        {"the largest length", "POST", NULL, NULL, {"Content-Length", "9999999999"}, 0},
        {"chunks", "POST", NULL, NULL, {"transfer-encoding", "Chunked"}, 0},
        {"escapes", NULL, "/api/v1/datasets/a%20b?name=%2Foptimizer%2flr%5C", NULL, {NULL}, 0},
        {"a host in other case", NULL, NULL, NULL, {"Host", "LocalHost:8080"}, 0},
        {"IPv6", NULL, NULL, NULL, {"Host", "[::1]:8080"}, 0},
        {"our Origin", "POST", NULL, NULL, {"Origin", "http://127.0.0.1:8080"}, 0},
        {"our Origin behind TLS", "POST", NULL, NULL, {"Origin", "https://localhost:8080"}, 0},
        {"another's link to us", "GET", NULL, NULL, {"Origin", "http://evil.example"}, 0},
        {"tabs and UTF-8 in a value", NULL, NULL, NULL, {"X-A", "a\tb \xc3\xa9"}, 0},
        {"an odd but legal name", NULL, NULL, NULL, {"x!#$%&'*+-.^_`|~1", "a"}, 0},
    };
    (void)state;
    CHECK_ALL(attempts);
}

static void request_lines_that_are_odd_are_refused(void **state)
{
    static const struct attempt attempts[] = {
        {"an unknown method", "BREW", NULL, NULL, {NULL}, 501},
        {"TRACE", "TRACE", NULL, NULL, {NULL}, 501},
        {"CONNECT", "CONNECT", NULL, NULL, {NULL}, 501},
        {"a method in small letters", "get", NULL, NULL, {NULL}, 501},
        {"no token", "G\x01T", NULL, NULL, {NULL}, 400},
        {"a method with a colon", "GET:", NULL, NULL, {NULL}, 400},
        {"an empty method", "", NULL, NULL, {NULL}, 400},
        {"HTTP/2.0", NULL, NULL, "HTTP/2.0", {NULL}, 505},
        {"HTTP/1.2", NULL, NULL, "HTTP/1.2", {NULL}, 505},
        {"HTTP/0.9", NULL, NULL, "", {NULL}, 505},
        {"an absolute target", NULL, "http://localhost:8080/", NULL, {NULL}, 400},
        {"a star", "OPTIONS", "*", NULL, {NULL}, 400},
        {"an empty target", NULL, "", NULL, {NULL}, 400},
        {"a space", NULL, "/a b", NULL, {NULL}, 400},
        {"a control byte", NULL, "/a\x01", NULL, {NULL}, 400},
        {"a raw byte above 0x7e", NULL, "/\xc3\xa9", NULL, {NULL}, 400},
        {"DEL", NULL, "/\x7f", NULL, {NULL}, 400},
        {"a fragment", NULL, "/a#b", NULL, {NULL}, 400},
        {"an encoded NUL in the path", NULL, "/a%00b", NULL, {NULL}, 400},
        {"an encoded NUL in the query", NULL, "/a?b=%00", NULL, {NULL}, 400},
        {"an encoded slash in the path", NULL, "/a%2fb", NULL, {NULL}, 400},
        {"the same in capitals", NULL, "/a%2Fb", NULL, {NULL}, 400},
        {"an encoded backslash in the path", NULL, "/a%5cb", NULL, {NULL}, 400},
        {"half an escape", NULL, "/a%4", NULL, {NULL}, 400},
        {"no escape at all", NULL, "/a%", NULL, {NULL}, 400},
        {"no hexadecimal digits", NULL, "/a%zz", NULL, {NULL}, 400},
    };
    (void)state;
    CHECK_ALL(attempts);
}

static void names_that_are_not_ours_are_refused(void **state)
{
    static const struct attempt attempts[] = {
        {"no Host", NULL, NULL, NULL, {"none"}, 400},
        {"a Host of another site", NULL, NULL, NULL, {"Host", "evil.example:8080"}, 421},
        {"our name, another port", NULL, NULL, NULL, {"Host", "localhost:8081"}, 421},
        {"our name without the port", NULL, NULL, NULL, {"Host", "localhost"}, 421},
        {"a longer name", NULL, NULL, NULL, {"Host", "localhost:80800"}, 421},
        {"an empty Host", NULL, NULL, NULL, {"Host", ""}, 421},
        {"two Hosts", NULL, NULL, NULL, {"Host", "localhost:8080", "Host", "localhost:8080"}, 400},
        {"two Hosts in other case",
         NULL,
         NULL,
         NULL,
         {"Host", "localhost:8080", "hOST", "evil.example"},
         400},
        {"another Origin on POST", "POST", NULL, NULL, {"Origin", "http://evil.example"}, 403},
        {"another Origin on DELETE", "DELETE", NULL, NULL, {"Origin", "http://evil.example"}, 403},
        {"another port", "POST", NULL, NULL, {"Origin", "http://localhost:3000"}, 403},
        {"the Origin of a file", "PATCH", NULL, NULL, {"Origin", "null"}, 403},
        {"an Origin without scheme", "PUT", NULL, NULL, {"Origin", "localhost:8080"}, 403},
        {"two Origins",
         "POST",
         NULL,
         NULL,
         {"Origin", "http://localhost:8080", "Origin", "http://localhost:8080"},
         403},
    };
    (void)state;
    CHECK_ALL(attempts);
}

static void frames_that_two_parsers_might_read_differently_are_refused(void **state)
{
    static const struct attempt attempts[] = {
        {"length and chunks",
         "POST",
         NULL,
         NULL,
         {"Content-Length", "5", "Transfer-Encoding", "chunked"},
         400},
        {"two lengths", "POST", NULL, NULL, {"Content-Length", "5", "Content-Length", "6"}, 400},
        {"equal lengths", "POST", NULL, NULL, {"Content-Length", "5", "Content-Length", "5"}, 400},
        {"a list of lengths", "POST", NULL, NULL, {"Content-Length", "5, 5"}, 400},
        {"a signed length", "POST", NULL, NULL, {"Content-Length", "+5"}, 400},
        {"a negative length", "POST", NULL, NULL, {"Content-Length", "-5"}, 400},
        {"a hexadecimal length", "POST", NULL, NULL, {"Content-Length", "0x5"}, 400},
        {"a length with space", "POST", NULL, NULL, {"Content-Length", "5 5"}, 400},
        {"an empty length", "POST", NULL, NULL, {"Content-Length", ""}, 400},
        {"eleven digits", "POST", NULL, NULL, {"Content-Length", "10000000000"}, 413},
        {"eleven zeros", "POST", NULL, NULL, {"Content-Length", "00000000000"}, 413},
        {"gzip", "POST", NULL, NULL, {"Transfer-Encoding", "gzip"}, 501},
        {"gzip and chunks", "POST", NULL, NULL, {"Transfer-Encoding", "gzip, chunked"}, 501},
        {"chunks twice", "POST", NULL, NULL, {"Transfer-Encoding", "chunked, chunked"}, 501},
        {"a hidden byte",
         "POST",
         NULL,
         NULL,
         {"Transfer-Encoding", "\x0b"
                               "chunked"},
         400},
        {"two encodings",
         "POST",
         NULL,
         NULL,
         {"Transfer-Encoding", "identity", "Transfer-Encoding", "chunked"},
         400},
        {"chunks in HTTP/1.0", "POST", NULL, "HTTP/1.0", {"Transfer-Encoding", "chunked"}, 400},
        {"a folded line", NULL, NULL, NULL, {"X-A", "a\r\n b"}, 400},
        {"a bare CR", NULL, NULL, NULL, {"X-A", "a\rb"}, 400},
        {"a space before the colon", NULL, NULL, NULL, {"X-A ", "a"}, 400},
        {"an empty name", NULL, NULL, NULL, {"", "a"}, 400},
        {"a name that is no token", NULL, NULL, NULL, {"X(A)", "a"}, 400},
    };
    (void)state;
    CHECK_ALL(attempts);
}

static void a_nul_in_a_value_is_seen(void **state)
{
    struct gate_head head = {.method = "GET", .target = "/", .version = "HTTP/1.1"};
    struct gate_pass pass;
    struct gate_refusal refusal;
    (void)state;
    gate_add_header(&head, "Host", 4, "localhost:8080", 14);
    gate_add_header(&head, "X-A", 3, "a\0b", 3);
    assert_int_equal(gate_check(&head, hosts, &pass, &refusal), -1);
    assert_int_equal(refusal.status, 400);
}

static void too_many_headers_are_refused(void **state)
{
    struct gate_head head = {.method = "GET", .target = "/", .version = "HTTP/1.1"};
    struct gate_pass pass;
    struct gate_refusal refusal;
    (void)state;
    gate_add_header(&head, "Host", 4, "localhost:8080", 14);
    for (int i = 1; i < GATE_HEADERS_MOST; i++)
        gate_add_header(&head, "X", 1, "", 0);
    assert_int_equal(gate_check(&head, hosts, &pass, &refusal), 0);
    gate_add_header(&head, "X", 1, "", 0);
    assert_int_equal(gate_check(&head, hosts, &pass, &refusal), -1);
    assert_int_equal(refusal.status, 431);
}

/* --- targets ------------------------------------------------------------------------------- */

static void the_longest_target_passes_and_one_byte_more_does_not(void **state)
{
    static char target[GATE_TARGET_MOST + 2];
    struct gate_refusal refusal;
    size_t path_bytes;
    (void)state;
    memset(target, 'a', GATE_TARGET_MOST);
    target[0] = '/';
    assert_int_equal(gate_check_target(target, &path_bytes, &refusal), 0);
    assert_int_equal(path_bytes, GATE_TARGET_MOST);
    target[GATE_TARGET_MOST] = 'a';
    assert_int_equal(gate_check_target(target, &path_bytes, &refusal), -1);
    assert_int_equal(refusal.status, 414);
}

static void more_arguments_than_libmicrohttpd_bears_are_refused(void **state)
{
    char target[512] = "/a?b";
    struct gate_refusal refusal;
    size_t path_bytes;
    (void)state;
    for (int i = 1; i < GATE_ARGUMENTS_MOST; i++)
        strcat(target, "&c");
    assert_int_equal(gate_check_target(target, &path_bytes, &refusal), 0);
    assert_int_equal(path_bytes, 2);
    strcat(target, "&c");
    assert_int_equal(gate_check_target(target, &path_bytes, &refusal), -1);
    assert_int_equal(refusal.status, 414);
}

/* --- what a pass says ---------------------------------------------------------------------- */

static void a_pass_tells_method_path_and_length(void **state)
{
    const struct attempt attempt = {
        .method = "PATCH", .target = "/a/b?c", .headers = {"Content-Length", "42"}};
    const struct gate_head head = head_of(&attempt);
    struct gate_pass pass;
    struct gate_refusal refusal;
    (void)state;
    assert_int_equal(gate_check(&head, hosts, &pass, &refusal), 0);
    assert_int_equal(pass.method, GATE_PATCH);
    assert_int_equal(pass.path_bytes, 4);
    assert_int_equal(pass.length, 42);
    assert_false(pass.is_chunked);
}

static int status_of_body(enum body_kind kind, int64_t most, const char *name, const char *value,
                          const char *more_name, const char *more_value)
{
    const struct attempt attempt = {.method = "POST",
                                    .headers = {name, value, more_name, more_value}};
    const struct gate_head head = head_of(&attempt);
    struct gate_pass pass;
    struct gate_refusal refusal = {0, ""};
    assert_int_equal(gate_check(&head, hosts, &pass, &refusal), 0);
    return gate_check_body(&head, &pass, kind, most, &refusal) < 0 ? refusal.status : 0;
}

static void a_body_must_be_what_its_route_takes(void **state)
{
    static const char length[] = "Content-Length", type[] = "Content-Type";
    (void)state;
    assert_int_equal(status_of_body(BODY_NONE, 9, length, "0", NULL, NULL), 0);
    assert_int_equal(status_of_body(BODY_NONE, 9, length, "1", NULL, NULL), 400);
    assert_int_equal(status_of_body(BODY_JSON, 9, length, "9", NULL, NULL), 0);
    assert_int_equal(status_of_body(BODY_JSON, 9, length, "10", NULL, NULL), 413);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "application/json", NULL, NULL), 0);
    assert_int_equal(
        status_of_body(BODY_JSON, 9, type, "Application/JSON; charset=utf-8", NULL, NULL), 0);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "application/merge-patch+json", NULL, NULL),
                     0);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "text/plain", NULL, NULL), 415);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "application/jsonx", NULL, NULL), 415);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "", NULL, NULL), 415);
    assert_int_equal(status_of_body(BODY_JSON, 9, "Content-Encoding", "gzip", NULL, NULL), 415);
    assert_int_equal(status_of_body(BODY_JSON, 9, type, "application/json", type, "text/plain"),
                     400);
    assert_int_equal(
        status_of_body(BODY_FORM, 9, type, "multipart/form-data; boundary=x", length, "5"), 0);
    assert_int_equal(status_of_body(BODY_FORM, 9, type, "application/json", length, "5"), 415);
    assert_int_equal(status_of_body(BODY_FORM, 9, length, "5", NULL, NULL), 415);
}

static void what_only_proxies_add_is_noticed(void **state)
{
    static const struct {
        const char *name;
        bool is_of_proxy;
    } cases[] = {
        {"Via", true},
        {"forwarded", true},
        {"X-Forwarded-For", true},
        {"X-FORWARDED-PROTO", true},
        {"X-Forwarded-Server", true},
        {"x-real-ip", true},
        {"X-Forwarded", false},
        {"X-Forwarded-", false},
        {"Forwarded-For", false},
        {"Viable", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct gate_head head = head_of(&(struct attempt){.headers = {cases[i].name, "x"}});
        if (head.is_forwarded != cases[i].is_of_proxy)
            fail_msg("%s", cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_requests_pass),
        cmocka_unit_test(request_lines_that_are_odd_are_refused),
        cmocka_unit_test(names_that_are_not_ours_are_refused),
        cmocka_unit_test(frames_that_two_parsers_might_read_differently_are_refused),
        cmocka_unit_test(a_nul_in_a_value_is_seen),
        cmocka_unit_test(too_many_headers_are_refused),
        cmocka_unit_test(the_longest_target_passes_and_one_byte_more_does_not),
        cmocka_unit_test(more_arguments_than_libmicrohttpd_bears_are_refused),
        cmocka_unit_test(a_pass_tells_method_path_and_length),
        cmocka_unit_test(a_body_must_be_what_its_route_takes),
        cmocka_unit_test(what_only_proxies_add_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
