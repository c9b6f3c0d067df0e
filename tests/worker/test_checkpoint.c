#include "support/check.h"
#include "support/folder.h"

#include "checkpoint.h"
#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLOATS = 100 };

struct content {
    int64_t numbers[3];
    float theta[FLOATS];
};

static const struct checkpoint_head head = {
    .run = 7, .attempt = 1, .step = 40, .fingerprint = "{\"core\":\"X\"}", .spec_digest = "abc"};

static int sections_of(struct content *content, struct checkpoint_section sections[2])
{
    sections[0] =
        (struct checkpoint_section){"progress", content->numbers, sizeof content->numbers};
    sections[1] = (struct checkpoint_section){"theta", content->theta, sizeof content->theta};
    return 2;
}

static struct content some_content(void)
{
    struct content content = {.numbers = {40, -1, INT64_MAX}};
    for (int i = 0; i < FLOATS; i++)
        content.theta[i] = 1.0F / (float)(i + 1);
    return content;
}

static void write_at(const struct folder *folder, int64_t step)
{
    struct content content = some_content();
    struct checkpoint_section sections[2];
    struct checkpoint_head here = head;
    here.step = step;
    assert_int_equal(
        checkpoint_write(folder->path, &here, sections, sections_of(&content, sections), NULL), 0);
}

static int read_with(const struct folder *folder, const struct checkpoint_head *expected,
                     struct content *content, struct error *err)
{
    struct checkpoint_section sections[2];
    return checkpoint_read(folder->path, expected, sections, sections_of(content, sections), err);
}

static void what_is_written_is_read(void **state)
{
    struct folder folder = folder_make();
    const struct content wanted = some_content();
    struct content content = {0};
    (void)state;

    write_at(&folder, 40);
    assert_int_equal(read_with(&folder, &head, &content, NULL), 0);
    assert_memory_equal(&content, &wanted, sizeof content);
    folder_remove(&folder);
}

static void the_head_is_for_people_too(void **state)
{
    struct folder folder = folder_make();
    char text[256] = "";
    (void)state;
    write_at(&folder, 40);
    AUTO_CLOSE int fd = open(folder_path(&folder, "checkpoint-40"), O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_says(text, "sweepd checkpoint 1\n{");
    assert_says(text, "\"step\":40");
    folder_remove(&folder);
}

static void expect_refusal(const struct folder *folder, const struct checkpoint_head *expected,
                           enum error_kind kind, const char *piece)
{
    const struct content zero = {0};
    struct content content = {0};
    struct error err;
    assert_int_equal(read_with(folder, expected, &content, &err), -1);
    assert_int_equal(err.kind, kind);
    assert_says(err.sentence, piece);
    assert_memory_equal(&content, &zero, sizeof content); /* nothing was changed */
}

static void another_identity_is_refused(void **state)
{
    struct folder folder = folder_make();
    struct checkpoint_head other = head;
    (void)state;

    write_at(&folder, 40);
    other.step = 41;
    expect_refusal(&folder, &other, ERROR_NOT_FOUND, "checkpoint-41");
    other = head;
    other.run = 8;
    expect_refusal(&folder, &other, ERROR_INVALID, "another run");
    other = head;
    other.spec_digest = "abd";
    expect_refusal(&folder, &other, ERROR_INVALID, "another specification");
    other = head;
    other.fingerprint = "{\"core\":\"Y\"}";
    expect_refusal(&folder, &other, ERROR_CONFLICT, "\"core\":\"Y\"");
    folder_remove(&folder);
}

static void other_sections_are_refused(void **state)
{
    struct folder folder = folder_make();
    struct content content = {0};
    struct checkpoint_section sections[2];
    struct error err;
    (void)state;

    write_at(&folder, 40);
    sections_of(&content, sections);
    sections[1].count -= sizeof(float);
    assert_int_equal(checkpoint_read(folder.path, &head, sections, 2, &err), -1);
    assert_says(err.sentence, "\"theta\"");
    assert_int_equal(checkpoint_read(folder.path, &head, sections, 1, &err), -1);
    sections_of(&content, sections);
    sections[0].name = "state";
    assert_int_equal(checkpoint_read(folder.path, &head, sections, 2, &err), -1);
    assert_says(err.sentence, "\"state\"");
    folder_remove(&folder);
}

static char *slurp(const char *path, size_t *bytes)
{
    struct stat status;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(fstat(fd, &status), 0);
    *bytes = (size_t)status.st_size;
    char *text = xcalloc(*bytes, 1);
    assert_int_equal(read(fd, text, *bytes), *bytes);
    return text;
}

/* A bit turned at any place, in head, sections or digest: never taken for whole. */
static void a_turned_bit_is_noticed_wherever_it_is(void **state)
{
    struct folder folder = folder_make();
    size_t bytes;
    (void)state;

    write_at(&folder, 40);
    AUTO_FREE char *text = slurp(folder_path(&folder, "checkpoint-40"), &bytes);
    for (size_t i = 0; i < bytes; i++) {
        struct content content = {0};
        text[i] ^= 4;
        folder_write(&folder, "checkpoint-40", text, bytes);
        assert_int_equal(read_with(&folder, &head, &content, NULL), -1);
        text[i] ^= 4;
    }
    folder_remove(&folder);
}

static void a_cut_file_is_refused_wherever_it_is_cut(void **state)
{
    struct folder folder = folder_make();
    size_t bytes;
    (void)state;

    write_at(&folder, 40);
    AUTO_FREE char *text = slurp(folder_path(&folder, "checkpoint-40"), &bytes);
    for (size_t left = 0; left < bytes; left++) {
        struct content content = {0};
        folder_write(&folder, "checkpoint-40", text, left);
        assert_int_equal(read_with(&folder, &head, &content, NULL), -1);
    }
    folder_remove(&folder);
}

static void a_file_longer_than_it_can_be_is_not_read(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    write_at(&folder, 40);
    assert_int_equal(truncate(folder_path(&folder, "checkpoint-40"), (off_t)1 << 40), 0);
    expect_refusal(&folder, &head, ERROR_INVALID, "longer");
    folder_remove(&folder);
}

static bool is_there(const struct folder *folder, const char *name)
{
    return access(folder_path(folder, name), F_OK) == 0;
}

static void pruning_keeps_what_is_on_record_and_the_newest(void **state)
{
    struct folder folder = folder_make();
    (void)state;

    for (int64_t step = 20; step <= 100; step += 20)
        write_at(&folder, step);
    folder_write(&folder, "checkpoint-50.part", "half", 4);
    folder_write(&folder, "checkpoint-5x", "not ours", 8);
    folder_write(&folder, "model.safetensors", "m", 1);
    checkpoint_prune(folder.path, 60);
    assert_false(is_there(&folder, "checkpoint-20"));
    assert_false(is_there(&folder, "checkpoint-40"));
    assert_false(is_there(&folder, "checkpoint-50.part"));
    assert_true(is_there(&folder, "checkpoint-60"));
    assert_true(is_there(&folder, "checkpoint-80"));
    assert_true(is_there(&folder, "checkpoint-100"));
    assert_true(is_there(&folder, "checkpoint-5x"));
    assert_true(is_there(&folder, "model.safetensors"));

    checkpoint_prune(folder.path, INT64_MAX); /* never the newest */
    assert_false(is_there(&folder, "checkpoint-80"));
    assert_true(is_there(&folder, "checkpoint-100"));
    folder_remove(&folder);
}

static void nothing_on_record_keeps_everything(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    write_at(&folder, 20);
    write_at(&folder, 40);
    checkpoint_prune(folder.path, -1);
    assert_true(is_there(&folder, "checkpoint-20"));
    assert_true(is_there(&folder, "checkpoint-40"));
    folder_remove(&folder);
}

static void the_newest_is_found_below_a_limit(void **state)
{
    struct folder folder = folder_make();
    (void)state;
    assert_int_equal(checkpoint_newest(folder.path, INT64_MAX), -1);
    assert_int_equal(checkpoint_newest("/no/such/folder", INT64_MAX), -1);
    write_at(&folder, 20);
    write_at(&folder, 100);
    assert_int_equal(checkpoint_newest(folder.path, INT64_MAX), 100);
    assert_int_equal(checkpoint_newest(folder.path, 99), 20);
    assert_int_equal(checkpoint_newest(folder.path, 19), -1);
    checkpoint_remove_after(folder.path, 20);
    assert_int_equal(checkpoint_newest(folder.path, INT64_MAX), 20);
    checkpoint_remove_after(folder.path, -1);
    assert_int_equal(checkpoint_newest(folder.path, INT64_MAX), -1);
    folder_remove(&folder);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct content content = some_content();
    struct checkpoint_section sections[2];
    struct error err;
    (void)state;
    assert_int_equal(
        checkpoint_write("/no/such/folder", &head, sections, sections_of(&content, sections), &err),
        -1);
    assert_says(err.sentence, "/no/such/folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_head_is_for_people_too),
        cmocka_unit_test(another_identity_is_refused),
        cmocka_unit_test(other_sections_are_refused),
        cmocka_unit_test(a_turned_bit_is_noticed_wherever_it_is),
        cmocka_unit_test(a_cut_file_is_refused_wherever_it_is_cut),
        cmocka_unit_test(a_file_longer_than_it_can_be_is_not_read),
        cmocka_unit_test(pruning_keeps_what_is_on_record_and_the_newest),
        cmocka_unit_test(nothing_on_record_keeps_everything),
        cmocka_unit_test(the_newest_is_found_below_a_limit),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
