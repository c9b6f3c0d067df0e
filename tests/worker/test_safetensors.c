#include "support/check.h"
#include "support/folder.h"

#include "json.h"
#include "memory.h"
#include "safetensors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct tensor tensors[] = {
    {.name = "layers.0.weight", .rank = 2, .shape = {2, 3}, .offset = 0, .count = 6},
    {.name = "layers.0.bias", .rank = 1, .shape = {2}, .offset = 6, .count = 2},
};
static const float theta[8] = {1, 2, 3, 4, 5, 6, -7.5F, 8};
static const struct objective objective = {.dimension = 8, .tensors = tensors, .tensor_count = 2};

/* The layout of the format's own description: a length, a header, the numbers. */
static void the_file_has_length_header_and_numbers(void **state)
{
    struct folder folder = folder_make();
    const char *path = folder_path(&folder, "model.safetensors");
    unsigned char bytes[1024];
    json_t *metadata = json_pack("{s:s}", "run", "7");
    json_t *header = NULL;
    (void)state;

    assert_int_equal(safetensors_write(path, &objective, theta, metadata, NULL), 0);
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t count = read(fd, bytes, sizeof bytes);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    assert_int_equal(length % 8, 0);
    assert_int_equal(count, 8 + length + sizeof theta);
    assert_memory_equal(bytes + 8 + length, theta, sizeof theta);

    assert_int_equal(bytes[8], '{');
    assert_int_equal(json_read((const char *)bytes + 8, length, &header, NULL), 0);
    json_t *wanted = json_loads(
        "{\"__metadata__\": {\"run\": \"7\"},"
        " \"layers.0.weight\": {\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]},"
        " \"layers.0.bias\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [24, 32]}}",
        0, NULL);
    assert_true(json_equal(header, wanted));
    json_decref(wanted);
    json_decref(header);
    json_decref(metadata);
    folder_remove(&folder);
}

static void nothing_half_written_is_left(void **state)
{
    struct folder folder = folder_make();
    json_t *metadata = json_object();
    struct error err;
    (void)state;
    /* A folder stands where the file should go: the rename fails. */
    assert_int_equal(mkdir(folder_path(&folder, "model"), 0755), 0);
    assert_int_equal(
        safetensors_write(folder_path(&folder, "model"), &objective, theta, metadata, &err), -1);
    assert_says(err.sentence, "rename");
    assert_int_equal(access(folder_path(&folder, "model.part"), F_OK), -1);
    json_decref(metadata);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_has_length_header_and_numbers),
        cmocka_unit_test(nothing_half_written_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
