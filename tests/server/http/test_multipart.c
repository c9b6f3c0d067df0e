/* Multipart bodies, whole and in every pair of halves, good and bad. */
#include "http/multipart.h"

#include "memory.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>

/* What the parser told, as text: "[name|filename]bytes/" for each part. */
struct heard {
    char text[4096];
    size_t count;
    int parts;
};

static void hear(struct heard *heard, const char *bytes, size_t count)
{
    assert_true(heard->count + count < sizeof heard->text);
    memcpy(heard->text + heard->count, bytes, count);
    heard->count += count;
    heard->text[heard->count] = '\0';
}

static int begins(void *context, const char *name, const char *filename, struct error *err)
{
    struct heard *heard = context;
    (void)err;
    char *line = filename ? xprintf("[%s|%s]", name, filename) : xprintf("[%s]", name);
    hear(heard, line, strlen(line));
    free(line);
    heard->parts++;
    return 0;
}

static int has_bytes(void *context, const char *bytes, size_t count, struct error *err)
{
    (void)err;
    assert_true(count > 0);
    hear(context, bytes, count);
    return 0;
}

static int ends(void *context, struct error *err)
{
    (void)err;
    hear(context, "/", 1);
    return 0;
}

static const struct multipart_events events = {begins, has_bytes, ends};

/* The body in two pushes, cut at `cut`. */
static int parse(const char *boundary, const char *body, size_t count, size_t cut,
                 struct heard *heard, struct error *err)
{
    *heard = (struct heard){.count = 0};
    struct multipart *multipart = multipart_new(boundary, &events, heard);
    int failed = multipart_push(multipart, body, cut, err);
    if (!failed)
        failed = multipart_push(multipart, body + cut, count - cut, err);
    if (!failed)
        failed = multipart_finish(multipart, err);
    multipart_free(multipart);
    return failed;
}

static void assert_heard(const char *boundary, const char *body, const char *expected)
{
    const size_t count = strlen(body);
    struct heard heard;
    struct error err;
    for (size_t cut = 0; cut <= count; cut++) {
        assert_int_equal(parse(boundary, body, count, cut, &heard, &err), 0);
        assert_string_equal(heard.text, expected);
    }
}

static void assert_refused(const char *body, enum error_kind kind, const char *piece)
{
    const size_t count = strlen(body);
    struct heard heard;
    for (size_t cut = 0; cut <= count; cut++) {
        struct error err = {.sentence = ""};
        assert_int_equal(parse("x", body, count, cut, &heard, &err), -1);
        assert_int_equal(err.kind, kind);
        assert_says(err.sentence, piece);
    }
}

#define HEAD(name) "--x\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_HEAD(name, filename)                                                                  \
    "--x\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename               \
    "\"\r\nContent-Type: application/octet-stream\r\n\r\n"

/* --- good ones ----------------------------------------------------------------------------- */

static void fields_and_files_come_out_in_order(void **state)
{
    (void)state;
    assert_heard("x", HEAD("a") "one\r\n" FILE_HEAD("b", "b.gz") "two\r\n--x--\r\n",
                 "[a]one/[b|b.gz]two/");
}

static void what_only_looks_like_a_boundary_is_data(void **state)
{
    (void)state;
    assert_heard("xy",
                 "--xy\r\nContent-Disposition: form-data; name=a\r\n\r\n"
                 "\r\r\n\r\n-\r\n--\r\n--x\r\n--x\r\n--\r--xy\n--xy\r\n--xy--",
                 "[a]\r\r\n\r\n-\r\n--\r\n--x\r\n--x\r\n--\r--xy\n--xy/");
}

static void parts_may_be_empty(void **state)
{
    (void)state;
    assert_heard("x", HEAD("a") "\r\n" FILE_HEAD("b", "") "\r\n--x--", "[a]/[b|]/");
}

static void a_form_may_have_no_parts(void **state)
{
    (void)state;
    assert_heard("x", "--x--\r\n", "");
}

static void preamble_and_epilogue_are_dropped(void **state)
{
    (void)state;
    assert_heard("x", "old mail\r\n" HEAD("a") "1\r\n--x--\r\nmore\r\n--x\r\n", "[a]1/");
}

static void padding_behind_a_boundary_is_allowed(void **state)
{
    (void)state;
    assert_heard("x",
                 "--x \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x \t--\r\n",
                 "[a]1/");
}

static void quotes_in_names_are_escaped_by_backslashes(void **state)
{
    (void)state;
    assert_heard("x", FILE_HEAD("a\\\"b", "C:\\dir\\\\c.txt") "1\r\n--x--",
                 "[a\"b|C:\\dir\\c.txt]1/");
}

static void header_names_and_parameters_have_no_case(void **state)
{
    (void)state;
    assert_heard("x",
                 "--x\r\nX-Other: y\r\ncontent-disposition:FORM-DATA ;NAME=a ; filename=b\r\n"
                 "content-transfer-encoding: Binary\r\n\r\n1\r\n--x--",
                 "[a|b]1/");
}

static void every_byte_may_stand_in_a_file(void **state)
{
    char body[1024];
    struct heard heard;
    struct error err;
    (void)state;
    const int head = snprintf(body, sizeof body, "%s", FILE_HEAD("a", "b"));
    for (int i = 0; i < 256; i++)
        body[head + i] = (char)i;
    memcpy(body + head + 256, "\r\n--x--", 7);
    assert_int_equal(parse("x", body, (size_t)head + 263, 100, &heard, &err), 0);
    assert_memory_equal(heard.text + 5, body + head, 256);
    assert_int_equal(heard.count, 5 + 256 + 1);
}

/* --- bad ones ------------------------------------------------------------------------------ */

static void a_body_cut_off_anywhere_is_refused(void **state)
{
    static const char body[] = HEAD("a") "one\r\n" FILE_HEAD("b", "b.gz") "two\r\n--x--";
    struct heard heard;
    (void)state;
    for (size_t count = 0; count < sizeof body - 1; count++) {
        struct error err = {.sentence = ""};
        assert_int_equal(parse("x", body, count, count / 2, &heard, &err), -1);
        assert_int_equal(err.kind, ERROR_MALFORMED);
        assert_says(err.sentence, "ends");
    }
}

static void a_cut_off_body_is_told_what_is_missing(void **state)
{
    (void)state;
    assert_refused("", ERROR_MALFORMED, "before its first boundary \"--x\"");
    assert_refused("--x\r\nConte", ERROR_MALFORMED, "within the head of part 1");
    assert_refused(HEAD("a") "1\r\n" HEAD("b") "22", ERROR_MALFORMED,
                   "within part 2, \"b\": the closing boundary \"--x--\" is missing");
    assert_refused(HEAD("a") "1\r\n--x\r", ERROR_MALFORMED, "behind part 1");
}

static void malformed_parts_are_refused(void **state)
{
    (void)state;
    assert_refused("--x!", ERROR_MALFORMED, "neither a line end nor --");
    assert_refused("--x\r\n\r\n1\r\n--x--", ERROR_MALFORMED, "part 1 has no name");
    assert_refused("--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", ERROR_MALFORMED,
                   "part 1 has no name");
    assert_refused(HEAD("") "1\r\n--x--", ERROR_MALFORMED, "part 1 has no name");
    assert_refused("--x\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--x--",
                   ERROR_MALFORMED, "part 1 is not form-data");
    assert_refused("--x\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--x--",
                   ERROR_MALFORMED, "malformed Content-Disposition");
    assert_refused("--x\r\nContent-Disposition: form-data; name=\"a\tb\"\r\n\r\n1\r\n--x--",
                   ERROR_MALFORMED, "malformed Content-Disposition");
    assert_refused("--x\r\nContent-Disposition: form-data; name\r\n\r\n1\r\n--x--", ERROR_MALFORMED,
                   "malformed Content-Disposition");
    assert_refused("--x\r\nno colon\r\n\r\n1\r\n--x--", ERROR_MALFORMED, "malformed header line");
    assert_refused("--x\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n--x--",
                   ERROR_MALFORMED, "malformed");
    assert_refused("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n1\r\n--x--",
                   ERROR_MALFORMED, "only binary");
}

static void a_nul_in_a_head_is_refused(void **state)
{
    static const char body[] =
        "--x\r\nContent-Disposition: form-data; name=\"a\0b\"\r\n\r\n1\r\n--x--";
    struct heard heard;
    struct error err;
    (void)state;
    assert_int_equal(parse("x", body, sizeof body - 1, 10, &heard, &err), -1);
    assert_says(err.sentence, "NUL");
}

static void a_body_without_its_boundary_is_refused_early(void **state)
{
    char body[2000];
    struct heard heard;
    struct error err;
    (void)state;
    memset(body, 'a', sizeof body);
    assert_int_equal(parse("x", body, sizeof body, 700, &heard, &err), -1);
    assert_says(err.sentence, "does not begin with its boundary \"--x\"");
}

static void heads_names_and_parts_are_bounded(void **state)
{
    char *body = xcalloc(8192, 1);
    struct heard heard;
    struct error err;
    (void)state;
    memcpy(body, "--x\r\nX: ", 8);
    memset(body + 8, 'a', MULTIPART_HEAD_MOST);
    assert_int_equal(parse("x", body, 8 + MULTIPART_HEAD_MOST, 50, &heard, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);

    body[0] = '\0';
    for (int i = 0; i < MULTIPART_PARTS_MOST; i++)
        strcat(body, HEAD("a") "1\r\n");
    strcat(body, "--x--");
    assert_int_equal(parse("x", body, strlen(body), 50, &heard, &err), 0);
    assert_int_equal(heard.parts, MULTIPART_PARTS_MOST);
    strcpy(body + strlen(body) - 2, "\r\n");
    assert_int_equal(parse("x", body, strlen(body), 50, &heard, &err), -1);
    assert_int_equal(err.kind, ERROR_TOO_LARGE);

    strcpy(body, "--x\r\nContent-Disposition: form-data; name=\"");
    const size_t at = strlen(body);
    memset(body + at, 'n', MULTIPART_NAME_MOST + 1);
    strcpy(body + at + MULTIPART_NAME_MOST + 1, "\"\r\n\r\n1\r\n--x--");
    assert_int_equal(parse("x", body, strlen(body), 50, &heard, &err), -1);
    assert_says(err.sentence, "256 bytes");
    free(body);
}

static int refuse_bytes(void *context, const char *bytes, size_t count, struct error *err)
{
    (void)context, (void)bytes, (void)count;
    return error_of(err, ERROR_TOO_LARGE, "no more");
}

static void a_listener_may_stop_it(void **state)
{
    static const char body[] = HEAD("a") "one\r\n--x--";
    const struct multipart_events stopping = {begins, refuse_bytes, ends};
    struct heard heard = {.count = 0};
    struct error err;
    (void)state;
    struct multipart *multipart = multipart_new("x", &stopping, &heard);
    assert_int_equal(multipart_push(multipart, body, sizeof body - 1, &err), -1);
    assert_string_equal(err.sentence, "no more");
    multipart_free(multipart);
}

/* --- boundaries ---------------------------------------------------------------------------- */

static void assert_boundary(const char *type, const char *expected)
{
    char out[MULTIPART_BOUNDARY_MOST + 1];
    struct error err;
    assert_int_equal(multipart_boundary(type, out, &err), 0);
    assert_string_equal(out, expected);
}

static void assert_no_boundary(const char *type, const char *piece)
{
    char out[MULTIPART_BOUNDARY_MOST + 1];
    struct error err;
    assert_int_equal(multipart_boundary(type, out, &err), -1);
    assert_int_equal(err.kind, ERROR_MALFORMED);
    assert_says(err.sentence, piece);
}

static void boundaries_are_read_from_the_content_type(void **state)
{
    (void)state;
    assert_boundary("multipart/form-data; boundary=x", "x");
    assert_boundary("multipart/form-data;BOUNDARY=\"a b:c\"", "a b:c");
    assert_boundary("multipart/form-data; charset=utf-8; boundary=----WebKitFormBoundary7MA4",
                    "----WebKitFormBoundary7MA4");
    assert_no_boundary("multipart/form-data", "names no boundary");
    assert_no_boundary("multipart/form-data; boundary", "names no boundary");
    assert_no_boundary("multipart/form-data; boundary=\"\"", "1 to 70");
    assert_no_boundary("multipart/form-data; boundary=\"a \"", "1 to 70");
    assert_no_boundary("multipart/form-data; boundary=\"a\rb\"", "1 to 70");
    assert_no_boundary("multipart/form-data; boundary="
                       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                       "1 to 70");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_and_files_come_out_in_order),
        cmocka_unit_test(what_only_looks_like_a_boundary_is_data),
        cmocka_unit_test(parts_may_be_empty),
        cmocka_unit_test(a_form_may_have_no_parts),
        cmocka_unit_test(preamble_and_epilogue_are_dropped),
        cmocka_unit_test(padding_behind_a_boundary_is_allowed),
        cmocka_unit_test(quotes_in_names_are_escaped_by_backslashes),
        cmocka_unit_test(header_names_and_parameters_have_no_case),
        cmocka_unit_test(every_byte_may_stand_in_a_file),
        cmocka_unit_test(a_body_cut_off_anywhere_is_refused),
        cmocka_unit_test(a_cut_off_body_is_told_what_is_missing),
        cmocka_unit_test(malformed_parts_are_refused),
        cmocka_unit_test(a_nul_in_a_head_is_refused),
        cmocka_unit_test(a_body_without_its_boundary_is_refused_early),
        cmocka_unit_test(heads_names_and_parts_are_bounded),
        cmocka_unit_test(a_listener_may_stop_it),
        cmocka_unit_test(boundaries_are_read_from_the_content_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
