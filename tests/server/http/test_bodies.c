/* Bodies: JSON and forms, whole and in chunks, right and wrong; files on their way to disk. */
#include "serving.h"

#include "digest.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct serving *serving;

static struct reply echo(struct request *req)
{
    return reply_json(
        200, json_pack("{s:O?, s:I}", "json", req->json, "bytes", (json_int_t)req->body_bytes));
}

static struct reply say_done(struct request *req)
{
    (void)req;
    return reply_json(200, json_true());
}

static json_t *describe(const struct upload_part *part)
{
    char text[DIGEST_TEXT_BYTES] = "";
    if (part->path) {
        const int fd = open(part->path, O_RDONLY | O_CLOEXEC);
        char *bytes = xcalloc((size_t)part->bytes + 1, 1);
        assert_true(fd >= 0);
        assert_int_equal(read(fd, bytes, (size_t)part->bytes + 1), part->bytes);
        digest_of(bytes, (size_t)part->bytes, text);
        free(bytes);
        close(fd);
    }
    return json_pack("{s:s, s:s?, s:s?, s:I, s:s}", "name", part->name, "value", part->value,
                     "filename", part->filename, "bytes", (json_int_t)part->bytes, "digest", text);
}

static struct reply show_form(struct request *req)
{
    json_t *parts = json_array();
    for (int i = 0; i < req->part_count; i++)
        json_array_append_new(parts, describe(&req->parts[i]));
    return reply_json(200, parts);
}

/* Moves the first file to "kept" beside the upload folder. */
static struct reply keep_file(struct request *req)
{
    const struct serving *mine = req->server;
    assert_int_equal(rename(req->parts[0].path, folder_path(&mine->folder, "kept")), 0);
    return reply_json(200, json_string(req->upload_folder));
}

static const struct route routes[] = {
    {METHOD_POST, "/json", echo, BODY_JSON, 0, 0},
    {METHOD_POST, "/small", echo, BODY_JSON, 10, 0},
    {METHOD_POST, "/none", say_done, BODY_NONE, 0, 0},
    {METHOD_GET, "/none", say_done, BODY_NONE, 0, 0},
    {METHOD_POST, "/form", show_form, BODY_FORM, 0, 0},
    {METHOD_POST, "/keep", keep_file, BODY_FORM, 0, 0},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static int setup(void **state)
{
    (void)state;
    serving = serving_new(tables);
    serving_start(serving);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    serving_free(serving);
    return 0;
}

static void post(const char *target, const char *headers, const char *body, int status,
                 const char *piece)
{
    assert_request(serving, "POST", target, headers, body, status, piece);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void a_json_body_is_parsed_for_the_handler(void **state)
{
    (void)state;
    post("/json", "Content-Type: application/json\r\n", "{\"a\": [1, 2.5]}", 200,
         "{\"json\":{\"a\":[1,2.5]},\"bytes\":15}");
    post("/json", "Content-Type: application/merge-patch+json\r\n", "null", 200,
         "{\"json\":null,\"bytes\":4}");
    post("/json", NULL, "7", 200, "{\"json\":7,\"bytes\":1}");
}

static void an_empty_body_is_no_json_at_all(void **state)
{
    (void)state;
    post("/json", NULL, "", 200, "{\"json\":null,\"bytes\":0}");
    post("/json", NULL, NULL, 200, "{\"json\":null,\"bytes\":0}");
}

static void bad_json_is_refused_with_line_and_column(void **state)
{
    (void)state;
    post("/json", NULL, "{\"a\": 1,\n \"b\": }", 400, "line 2 column 7");
    post("/json", NULL, "{\"a\": 1, \"a\": 2}", 400, "duplicate");
    post("/json", NULL, "[1] [2]", 400, "line 1");
    post("/json", NULL, "\xff", 400, "line 1");
}

static void other_types_and_encodings_are_refused(void **state)
{
    (void)state;
    post("/json", "Content-Type: text/plain\r\n", "{}", 415, "must be application/json");
    post("/json", "Content-Encoding: gzip\r\n", "{}", 415, "without a Content-Encoding");
    post("/form", "Content-Type: application/json\r\n", "{}", 415, "must be multipart/form-data");
}

static void a_connection_goes_on_after_a_refused_body(void **state)
{
    struct http_client client = client_open(serving->port);
    static char large[200000];
    (void)state;
    memset(large, ' ', sizeof large);
    client_send_request(&client, "POST", "/json", "Content-Type: text/plain\r\n", "{}", 2);
    client_send_request(&client, "POST", "/json", NULL, large, sizeof large);
    client_send_request(&client, "POST", "/nothing", NULL, "{}", 2);
    client_send_request(&client, "POST", "/json", NULL, "{", 1);
    client_send_request(&client, "POST", "/json", NULL, "{}", 2);
    static const int statuses[] = {415, 413, 404, 400, 200};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct http_answer answer = client_read(&client);
        assert_status(answer, statuses[i]);
        answer_release(&answer);
    }
    client_close(&client);
}

/* --- sizes --------------------------------------------------------------------------------- */

static void the_largest_body_passes_and_one_byte_more_does_not(void **state)
{
    (void)state;
    post("/small", NULL, "1234567890", 200, "\"bytes\":10");
    post("/small", NULL, "12345678901", 413, "larger than the 10 bytes");
}

static void chunked_bodies_are_put_together_and_held_to_the_same_limit(void **state)
{
    static const char chunked[] = "Transfer-Encoding: chunked\r\n";
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/small", chunked, NULL, 0);
    client_send_text(&client, "3\r\n[1,\r\n4;x=y\r\n 20]\r\n0\r\n\r\n");
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    assert_string_equal(answer.body, "{\"json\":[1,20],\"bytes\":7}");
    answer_release(&answer);

    client_send_request(&client, "POST", "/small", chunked, NULL, 0);
    client_send_text(&client, "8\r\n[1,2,3,4\r\n4\r\n,5,6\r\n1\r\n]\r\n0\r\n\r\n");
    answer = client_read(&client);
    assert_status(answer, 413);
    answer_release(&answer);

    client_send_request(&client, "POST", "/none", chunked, NULL, 0);
    client_send_text(&client, "0\r\n\r\n");
    answer = client_read(&client);
    assert_status(answer, 200);
    answer_release(&answer);
    client_close(&client);
}

/* A body of announced length is refused before it is sent; the client has asked. */
static void a_client_that_asks_first_is_told_before_it_sends(void **state)
{
    static const char asking[] = "Expect: 100-continue\r\nContent-Length: 200000\r\n";
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/json", asking, NULL, 0);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 413);
    assert_true(client_sees_end(&client, 5000));
    answer_release(&answer);
    client_close(&client);
}

static void a_huge_body_is_refused_without_reading_it(void **state)
{
    (void)state;
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/json", "Content-Length: 4000000000\r\n", NULL, 0);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 413);
    assert_true(client_sees_end(&client, 5000));
    answer_release(&answer);
    client_close(&client);
}

/* It goes on sending long after its limit: the answer comes amid the body, and then the end. */
static void an_endless_chunked_body_is_cut_off(void **state)
{
    enum { CHUNK = 65536 };
    char *chunk = xcalloc(CHUNK + 16, 1);
    (void)state;
    const int head = snprintf(chunk, 16, "%x\r\n", CHUNK);
    memset(chunk + head, ' ', CHUNK);
    memcpy(chunk + head + CHUNK, "\r\n", 2);
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/json", "Transfer-Encoding: chunked\r\n", NULL, 0);
    for (int i = 0; i < 30; i++) /* 1.9 MiB of at most 100,000 bytes */
        client_send(&client, chunk, (size_t)head + CHUNK + 2);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 413);
    answer_release(&answer);
    client_close(&client);
    free(chunk);
}

static void a_body_where_none_is_taken_is_refused(void **state)
{
    (void)state;
    post("/none", NULL, "x", 400, "takes no body");
    assert_request(serving, "GET", "/none", NULL, "x", 400, "takes no body");
    post("/none", NULL, "", 200, "true");
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/none", "Transfer-Encoding: chunked\r\n", NULL, 0);
    client_send_text(&client, "1\r\nx\r\n0\r\n\r\n");
    struct http_answer answer = client_read(&client);
    assert_status(answer, 400);
    answer_release(&answer);
    client_close(&client);
}

/* --- forms --------------------------------------------------------------------------------- */

static const char form_type[] = "Content-Type: multipart/form-data; boundary=XX\r\n";

#define FIELD(name, value)                                                                         \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_OF(name, filename, text)                                                              \
    "--XX\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename              \
    "\"\r\n\r\n" text "\r\n"

static void fields_and_files_reach_the_handler(void **state)
{
    (void)state;
    /* printf abc | sha256sum */
    post("/form", form_type, FIELD("format", "csv") FILE_OF("data", "../x.csv", "abc") "--XX--\r\n",
         200,
         "[{\"name\":\"format\",\"value\":\"csv\",\"filename\":null,\"bytes\":3,\"digest\":\"\"},"
         "{\"name\":\"data\",\"value\":null,\"filename\":\"../x.csv\",\"bytes\":3,\"digest\":"
         "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}]");
}

static void empty_fields_and_files_are_there(void **state)
{
    (void)state;
    /* sha256sum /dev/null */
    post("/form", form_type, FIELD("a", "") FILE_OF("b", "", "") "--XX--", 200,
         "[{\"name\":\"a\",\"value\":\"\",\"filename\":null,\"bytes\":0,\"digest\":\"\"},"
         "{\"name\":\"b\",\"value\":null,\"filename\":\"\",\"bytes\":0,\"digest\":"
         "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}]");
}

static void a_form_without_parts_is_a_form(void **state)
{
    (void)state;
    post("/form", form_type, "--XX--\r\n", 200, "[]");
}

static void broken_forms_are_refused_with_what_is_wrong(void **state)
{
    (void)state;
    post("/form", form_type, FIELD("a", "1"), 400, "closing boundary \\\"--XX--\\\" is missing");
    post("/form", form_type, "", 400, "ends before its first boundary");
    post("/form", form_type, "--XX\r\nX: y\r\n\r\n1\r\n--XX--", 400, "part 1 has no name");
    post("/form", "Content-Type: multipart/form-data\r\n", "--XX--", 400, "names no boundary");
    post("/form", form_type, FILE_OF("a", "b", "1") "--XX\r\n\r\n", 400, "part 2 has no name");
}

static void a_form_field_is_no_file(void **state)
{
    char *body = xcalloc(70000, 1);
    (void)state;
    strcpy(body, "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
    memset(body + strlen(body), 'x', 65537);
    strcat(body, "\r\n--XX--");
    post("/form", form_type, body, 413, "longer than 65536 bytes");
    free(body);
}

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2;
}

/* Two files, 3 and 2 MB, in pieces of odd sizes: they are written in several goes. The digests are
 * of the bytes sent, taken here. */
static void large_files_arrive_byte_for_byte(void **state)
{
    enum { FIRST = 3000001, SECOND = 2000003 };
    static const char head1[] = "--XX\r\nContent-Disposition: form-data; name=\"a\"; "
                                "filename=\"1\"\r\n\r\n",
                      head2[] = "\r\n--XX\r\nContent-Disposition: form-data; name=\"b\"; "
                                "filename=\"2\"\r\n\r\n",
                      end[] = "\r\n--XX--\r\n";
    const size_t total = sizeof head1 - 1 + FIRST + sizeof head2 - 1 + SECOND + sizeof end - 1;
    char *body = xcalloc(total, 1), *at = body;
    char digests[2][DIGEST_TEXT_BYTES];
    (void)state;
    memcpy(at, head1, sizeof head1 - 1);
    at += sizeof head1 - 1;
    for (int i = 0; i < FIRST; i++)
        at[i] = (char)(i * 31 + i / 1000 % 7 * '\r');
    digest_of(at, FIRST, digests[0]);
    at += FIRST;
    memcpy(at, head2, sizeof head2 - 1);
    at += sizeof head2 - 1;
    for (int i = 0; i < SECOND; i++)
        at[i] = i % 3 ? '\n' : '\r';
    digest_of(at, SECOND, digests[1]);
    memcpy(at + SECOND, end, sizeof end - 1);

    struct http_client client = client_open(serving->port);
    char headers[128];
    snprintf(headers, sizeof headers, "%sContent-Length: %zu\r\n", form_type, total);
    client_send_request(&client, "POST", "/form", headers, NULL, 0);
    for (size_t sent = 0, piece = 1; sent < total; sent += piece, piece = piece * 3 % 99991) {
        if (piece > total - sent)
            piece = total - sent;
        client_send(&client, body + sent, piece);
    }
    struct http_answer answer = client_read(&client);
    assert_status(answer, 200);
    assert_says(answer.body, digests[0]);
    assert_says(answer.body, digests[1]);
    assert_says(answer.body, "\"bytes\":3000001");
    answer_release(&answer);
    client_close(&client);
    free(body);
}

static void a_moved_file_stays_and_the_folder_goes(void **state)
{
    (void)state;
    struct http_answer answer =
        http_request(serving->port, "POST", "/keep", form_type,
                     FILE_OF("a", "b", "abc") FILE_OF("c", "d", "left behind") "--XX--");
    assert_status(answer, 200);
    answer_release(&answer);
    char text[8] = "";
    const int fd = open(folder_path(&serving->folder, "kept"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof text), 3);
    assert_string_equal(text, "abc");
    close(fd);
    /* the folder goes by a helper: what the helpers were asked before is done when they end */
    char uploads[300];
    snprintf(uploads, sizeof uploads, "%s", serving->upload_folder);
    for (int i = 0; i < 500 && count_entries(uploads) > 0; i++)
        usleep(10000);
    assert_int_equal(count_entries(uploads), 0);
}

static void a_form_above_the_limit_is_refused(void **state)
{
    char headers[128];
    (void)state;
    snprintf(headers, sizeof headers, "%sContent-Length: %d\r\n", form_type, 8 * 1024 * 1024 + 1);
    struct http_client client = client_open(serving->port);
    client_send_request(&client, "POST", "/form", headers, NULL, 0);
    struct http_answer answer = client_read(&client);
    assert_status(answer, 413);
    assert_says(answer.body, "larger than the 8388608 bytes");
    answer_release(&answer);
    client_close(&client);
}

/* The first write fails since the folder is gone; the upload goes on for a while before it ends. */
static void trouble_with_the_disk_is_said(void **state)
{
    enum { COUNT = 1500000 };
    char *body = xcalloc(COUNT + 200, 1);
    (void)state;
    assert_int_equal(rmdir(serving->upload_folder), 0);
    strcpy(body, "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n");
    memset(body + strlen(body), 'x', COUNT);
    strcat(body, "\r\n--XX--");
    post("/form", form_type, body, 500, "write the uploaded file: No such file or directory");
    free(body);
    mkdir(serving->upload_folder, 0700);
}

/* RLIMIT_FSIZE stands for a full disk: write() fails in the midst of a file. */
static void a_full_disk_is_507(void **state)
{
    enum { COUNT = 1500000 };
    char *body = xcalloc(COUNT + 200, 1);
    struct rlimit before;
    (void)state;
    strcpy(body, "--XX\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n");
    memset(body + strlen(body), 'x', COUNT);
    strcat(body, "\r\n--XX--");
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {.rlim_cur = 700000, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    struct http_answer answer = http_request(serving->port, "POST", "/form", form_type, body);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_status(answer, 507);
    assert_says(answer.body, "Insufficient Storage");
    answer_release(&answer);
    free(body);
}

/* Gone amid a form, some of which is on disk: nothing stays, nothing leaks (the sanitizers say). */
static void a_client_that_hangs_up_amid_a_form_leaves_nothing(void **state)
{
    enum { COUNT = 1200000 };
    char *body = xcalloc(COUNT, 1);
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct http_client client = client_open(serving->port);
        char headers[128];
        snprintf(headers, sizeof headers, "%sContent-Length: 5000000\r\n", form_type);
        client_send_request(&client, "POST", "/form", headers, NULL, 0);
        client_send_text(&client, "--XX\r\nContent-Disposition: form-data; name=\"a\"; "
                                  "filename=\"b\"\r\n\r\n");
        client_send(&client, body, (size_t)(COUNT / (i + 1)));
        client_close(&client);
    }
    free(body);
    for (int i = 0; i < 500 && count_entries(serving->upload_folder) > 0; i++)
        usleep(10000);
    assert_int_equal(count_entries(serving->upload_folder), 0);
    assert_request(serving, "POST", "/none", NULL, NULL, 200, NULL);
}

static void what_a_crash_left_is_removed_at_the_start(void **state)
{
    struct serving *again = serving_new(tables);
    (void)state;
    char path[512];
    mkdir(again->upload_folder, 0700);
    snprintf(path, sizeof path, "%s/17", again->upload_folder);
    mkdir(path, 0700);
    folder_write(&again->folder, "uploads/17/1", "x", 1);
    folder_write(&again->folder, "uploads/stray", "x", 1);
    folder_write(&again->folder, "other", "x", 1);
    serving_start(again);
    assert_int_equal(count_entries(again->upload_folder), 0);
    assert_int_equal(access(folder_path(&again->folder, "other"), F_OK), 0);
    serving_free(again);
}

int main(void)
{
    json_object_seed(0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_json_body_is_parsed_for_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_body_is_no_json_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_json_is_refused_with_line_and_column, setup, teardown),
        cmocka_unit_test_setup_teardown(other_types_and_encodings_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_goes_on_after_a_refused_body, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_body_passes_and_one_byte_more_does_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(chunked_bodies_are_put_together_and_held_to_the_same_limit,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_asks_first_is_told_before_it_sends, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_huge_body_is_refused_without_reading_it, setup, teardown),
        cmocka_unit_test_setup_teardown(an_endless_chunked_body_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_where_none_is_taken_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(fields_and_files_reach_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(empty_fields_and_files_are_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_form_without_parts_is_a_form, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_forms_are_refused_with_what_is_wrong, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_form_field_is_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(large_files_arrive_byte_for_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(a_moved_file_stays_and_the_folder_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_form_above_the_limit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(trouble_with_the_disk_is_said, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_507, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_hangs_up_amid_a_form_leaves_nothing, setup,
                                        teardown),
        cmocka_unit_test(what_a_crash_left_is_removed_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
