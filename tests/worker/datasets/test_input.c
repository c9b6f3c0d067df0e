#include "worker/datasets/uploads.h"

#include "datasets/input.h"

#include <zlib.h>

/* The gzip form of some bytes, made by zlib; the caller frees it. */
static unsigned char *pack(const void *bytes, size_t count, size_t *packed_count)
{
    enum { GZIP = 16 };
    z_stream stream = {0};
    unsigned char *copy = malloc(count + 1), *packed = malloc(count + 1000);

    memcpy(copy, bytes, count);
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, GZIP + MAX_WBITS, 8, 0), Z_OK);
    stream.next_in = copy;
    stream.avail_in = (uInt)count;
    stream.next_out = packed;
    stream.avail_out = (uInt)count + 1000;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *packed_count = stream.total_out;
    deflateEnd(&stream);
    free(copy);
    return packed;
}

static void open_bytes(struct folder *folder, const void *bytes, size_t count, struct input *input)
{
    struct error err;
    folder_write(folder, "file", bytes, count);
    assert_int_equal(input_open(input, "train", folder_path(folder, "file"), &err), 0);
}

/* Everything in the file, or -1 with the sentence. */
static int read_bytes(struct folder *folder, const void *bytes, size_t count, char *out,
                      size_t room, size_t *got, struct error *err)
{
    struct input input;
    open_bytes(folder, bytes, count, &input);
    const int status = input_read(&input, out, room, got, err);
    input_release(&input);
    return status;
}

static void plain_and_packed_files_read_the_same(void **state)
{
    struct folder folder = upload_folder();
    struct error err;
    char text[64];
    size_t got, packed_count;
    unsigned char *packed = pack("hello, data", 11, &packed_count);
    (void)state;

    assert_int_equal(read_bytes(&folder, "hello, data", 11, text, sizeof text, &got, &err), 0);
    assert_int_equal(got, 11);
    assert_int_equal(read_bytes(&folder, packed, packed_count, text, sizeof text, &got, &err), 0);
    assert_int_equal(got, 11);
    assert_memory_equal(text, "hello, data", 11);
    free(packed);
    folder_remove(&folder);
}

static void packed_members_in_a_row_are_one_file(void **state)
{
    struct folder folder = upload_folder();
    struct error err;
    char text[64];
    size_t got, one, two;
    unsigned char *first = pack("ab", 2, &one), *second = pack("cd", 2, &two), both[256];
    (void)state;

    memcpy(both, first, one);
    memcpy(both + one, second, two);
    assert_int_equal(read_bytes(&folder, both, one + two, text, sizeof text, &got, &err), 0);
    assert_int_equal(got, 4);
    assert_memory_equal(text, "abcd", 4);

    both[one] = 'x'; /* not a second member after all */
    assert_int_equal(read_bytes(&folder, both, one + two, text, sizeof text, &got, &err), -1);
    assert_says(err.sentence, "train: byte ");
    free(first);
    free(second);
    folder_remove(&folder);
}

static void every_cut_of_a_packed_file_is_refused(void **state)
{
    struct folder folder = upload_folder();
    struct error err;
    char text[64];
    size_t got, count;
    unsigned char *packed = pack("hello, data", 11, &count);
    (void)state;

    for (size_t cut = 2; cut < count; cut++) { /* shorter, its magic is not there */
        assert_int_equal(read_bytes(&folder, packed, cut, text, sizeof text, &got, &err), -1);
        assert_says(err.sentence, "train: byte ");
        assert_says(err.sentence, "cut short");
    }
    free(packed);
    folder_remove(&folder);
}

static void a_wrong_checksum_is_refused(void **state)
{
    struct folder folder = upload_folder();
    struct error err;
    char text[64];
    size_t got, count;
    unsigned char *packed = pack("hello, data", 11, &count);
    (void)state;

    packed[count - 8] ^= 1;
    assert_int_equal(read_bytes(&folder, packed, count, text, sizeof text, &got, &err), -1);
    assert_says(err.sentence, "incorrect data check"); /* zlib's words */
    free(packed);
    folder_remove(&folder);
}

static void lines_come_without_their_ends(void **state)
{
    static const char *const want[] = {"one", "", "three", "four"};
    struct folder folder = upload_folder();
    struct input input;
    struct error err;
    char *line;
    size_t bytes;
    (void)state;

    open_bytes(&folder, "one\r\n\nthree\nfour", 16, &input);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
        assert_string_equal(line, want[i]);
        assert_int_equal(bytes, strlen(want[i]));
        assert_int_equal(input.line, i + 1);
    }
    assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
    assert_null(line);
    input_release(&input);
    folder_remove(&folder);
}

/* Lines of all lengths, so that some lie across the buffer's end. */
static void lines_survive_the_buffer_s_end(void **state)
{
    enum { LINES = 2500 };
    struct folder folder = upload_folder();
    struct input input;
    struct error err;
    char *text = malloc((size_t)LINES * LINES), *line;
    size_t used = 0, bytes;
    (void)state;

    for (size_t i = 0; i < LINES; i++) {
        memset(text + used, 'a' + (int)(i % 26), i);
        used += i;
        text[used++] = '\n';
    }
    open_bytes(&folder, text, used, &input);
    for (size_t i = 0; i < LINES; i++) {
        assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
        assert_int_equal(bytes, i);
        assert_true(i == 0 || (line[0] == 'a' + (int)(i % 26) && line[i - 1] == line[0]));
    }
    assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
    assert_null(line);
    input_release(&input);
    free(text);
    folder_remove(&folder);
}

static void a_line_may_have_a_megabyte_and_no_more(void **state)
{
    struct folder folder = upload_folder();
    struct input input;
    struct error err;
    char *text = malloc(INPUT_LINE_MAX + 2), *line;
    size_t bytes;
    (void)state;

    memset(text, 'x', INPUT_LINE_MAX + 2);
    text[INPUT_LINE_MAX] = '\n';
    open_bytes(&folder, text, INPUT_LINE_MAX + 2, &input);
    assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
    assert_int_equal(bytes, INPUT_LINE_MAX);
    assert_int_equal(input_line(&input, &line, &bytes, &err), 0);
    assert_string_equal(line, "x");
    input_release(&input);

    text[INPUT_LINE_MAX] = 'x';
    open_bytes(&folder, text, INPUT_LINE_MAX + 1, &input);
    assert_int_equal(input_line(&input, &line, &bytes, &err), -1);
    assert_string_equal(err.sentence, "train: line 1: longer than 1048576 bytes");
    input_release(&input);
    free(text);
    folder_remove(&folder);
}

static void a_short_file_says_how_long_it_should_be(void **state)
{
    struct folder folder = upload_folder();
    struct input input;
    struct error err;
    char text[8];
    (void)state;

    open_bytes(&folder, "12345", 5, &input);
    assert_int_equal(input_take(&input, text, 3, 8, &err), 0);
    assert_int_equal(input_take(&input, text, 5, 8, &err), -1);
    assert_string_equal(err.sentence, "train: the file ends at byte 5; expected 8 bytes");
    input_release(&input);
    folder_remove(&folder);
}

static void a_missing_file_is_named(void **state)
{
    struct input input;
    struct error err;
    (void)state;
    assert_int_equal(input_open(&input, "train", "/nowhere/at/all", &err), -1);
    assert_string_equal(err.sentence, "train: open its file: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_packed_files_read_the_same),
        cmocka_unit_test(packed_members_in_a_row_are_one_file),
        cmocka_unit_test(every_cut_of_a_packed_file_is_refused),
        cmocka_unit_test(a_wrong_checksum_is_refused),
        cmocka_unit_test(lines_come_without_their_ends),
        cmocka_unit_test(lines_survive_the_buffer_s_end),
        cmocka_unit_test(a_line_may_have_a_megabyte_and_no_more),
        cmocka_unit_test(a_short_file_says_how_long_it_should_be),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
