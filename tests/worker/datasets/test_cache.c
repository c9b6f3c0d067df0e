/* A cache file is opened by every worker: whatever its bytes, the answer is a data set or an error.
 */
#include "worker/datasets/samples.h"

#include "datasets/layout.h"
#include "json.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct folder folder;
static char path[400];     /* of a valid file … */
static char *valid;        /* … its bytes … */
static size_t valid_bytes; /* … and how many */

static void read_whole(const char *from)
{
    struct stat status;
    const int fd = open(from, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    valid_bytes = (size_t)status.st_size;
    valid = malloc(valid_bytes);
    assert_int_equal(read(fd, valid, valid_bytes), valid_bytes);
    close(fd);
}

static int make_file(void **state)
{
    (void)state;
    folder = upload_folder();
    struct prepared prepared =
        accept(&folder, "idx", "{\"valid_fraction\": 0.25}", samples[0].given, 2);
    snprintf(path, sizeof path, "%s/%s.data", folder.path, prepared.digest);
    prepared_release(&prepared);
    read_whole(path);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    free(valid);
    folder_remove(&folder);
    return 0;
}

static int open_bytes(const char *bytes, size_t count, struct error *err)
{
    struct dataset *dataset = NULL;
    folder_write(&folder, "other.data", bytes, count);
    const int status = dataset_open(folder_path(&folder, "other.data"), &dataset, err);
    dataset_free(dataset);
    return status;
}

static void a_valid_file_opens_read_only_and_aligned(void **state)
{
    struct dataset *dataset;
    struct error err;
    (void)state;
    assert_int_equal(dataset_open(path, &dataset, &err), 0);
    assert_int_equal(dataset->train.count, 3);
    assert_int_equal(dataset->valid.count, 1);
    assert_int_equal((uintptr_t)dataset->train.bytes % 64, 0);
    assert_int_equal((uintptr_t)dataset->valid.labels % 64, 0);
    assert_int_equal((uintptr_t)dataset->feature_mean % 64, 0);
    assert_int_equal((const char *)dataset->train.bytes - (const char *)dataset->map, 4096);
    dataset_free(dataset);
}

static void the_header_is_one_padded_line_of_json(void **state)
{
    json_auto_t *header = NULL;
    (void)state;
    assert_int_equal(json_read(valid, DATASET_HEADER_BYTES, &header, NULL), 0);
    assert_ptr_equal(memchr(valid, '\n', valid_bytes), valid + DATASET_HEADER_BYTES - 1);
    assert_int_equal(json_integer_at(header, "train", 0), 3);
}

static void every_cut_is_refused(void **state)
{
    struct error err;
    (void)state;
    for (size_t bytes = 0; bytes < valid_bytes; bytes += bytes < 4090 ? 409 : 1)
        assert_int_equal(open_bytes(valid, bytes, &err), -1);
    char *longer = calloc(valid_bytes + 1, 1);
    memcpy(longer, valid, valid_bytes);
    assert_int_equal(open_bytes(longer, valid_bytes + 1, &err), -1);
    assert_says(err.sentence, "its header says");
    free(longer);
}

/* The valid header with one member changed, in front of the valid rest. */
static int open_changed(const char *change, struct error *err)
{
    json_auto_t *header = NULL, *changes = json_loads(change, 0, NULL);
    char *bytes = malloc(valid_bytes), *line;

    assert_non_null(changes);
    assert_int_equal(json_read(valid, DATASET_HEADER_BYTES, &header, NULL), 0);
    json_auto_t *changed = json_merge_patch(header, changes);
    line = json_compact(changed);
    memcpy(bytes, valid, valid_bytes);
    memset(bytes, ' ', DATASET_HEADER_BYTES);
    memcpy(bytes, line, strlen(line));
    const int status = open_bytes(bytes, valid_bytes, err);
    free(bytes);
    free(line);
    return status;
}

static void every_claim_of_the_header_is_checked(void **state)
{
    static const char *const changes[][2] = {
        {"{\"kind\": \"other\"}", "not a data set"},
        {"{\"version\": 2}", "not a data set of version 1"},
        {"{\"element\": \"float64\"}", "uint8 or float32"},
        {"{\"element\": \"float32\"}", "section"},
        {"{\"shape\": []}", "shape"},
        {"{\"shape\": [2, 3]}", "section"},
        {"{\"shape\": [2, 0]}", "shape"},
        {"{\"shape\": [2, -1]}", "shape"},
        {"{\"shape\": [16777216, 16777216]}", "features"},
        {"{\"shape\": [1, 1, 1, 1, 1, 1, 1, 1, 4]}", "shape"},
        {"{\"classes\": 70000}", "classes"},
        {"{\"classes\": 0}", "either classes or targets"},
        {"{\"targets\": 1}", "either classes or targets"},
        {"{\"targets\": -1}", "targets"},
        {"{\"train\": 0}", "no training examples"},
        {"{\"train\": 4}", "section"},
        {"{\"train\": 4294967299}", "train"}, /* 3 when cut to 32 bits */
        {"{\"train\": 2147483648, \"valid\": 2147483648, \"shape\": [16777216]}", "16 GiB"},
        {"{\"valid\": null}", "valid"},
        {"{\"mean\": null}", "mean"},
        {"{\"deviation\": 0}", "deviation"},
        {"{\"digest\": \"../../../etc/passwd\"}", "digest"},
        {"{\"sections\": null}", "class_names"},
        {"{\"sections\": {\"train_features\": [4096, 13]}}", "train_features"},
        {"{\"sections\": {\"valid_features\": [0, 4]}}", "valid_features"},
        {"{\"sections\": {\"class_names\": [4544, 9007199254740991]}}", "class_names"},
        {"{\"sections\": {\"class_names\": [4544, 67108864]}}", "its header says"},
    };
    struct error err;
    (void)state;
    assert_int_equal(open_changed("{}", &err), 0);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        assert_int_equal(open_changed(changes[i][0], &err), -1);
        assert_says(err.sentence, changes[i][1]);
    }
}

static void a_label_beyond_the_classes_is_refused(void **state)
{
    struct dataset *dataset;
    struct error err;
    char *bytes = malloc(valid_bytes);
    (void)state;

    assert_int_equal(dataset_open(path, &dataset, &err), 0);
    const size_t at = (size_t)((const char *)dataset->valid.labels - (const char *)dataset->map);
    dataset_free(dataset);
    memcpy(bytes, valid, valid_bytes);
    bytes[at] = 2; /* there are classes 0 and 1 */
    assert_int_equal(open_bytes(bytes, valid_bytes, &err), -1);
    assert_says(err.sentence, "a label is not below the 2 classes");
    free(bytes);
}

static void no_changed_header_byte_brings_it_down(void **state)
{
    struct error err;
    char *bytes = malloc(valid_bytes);
    (void)state;
    for (size_t at = 0; valid[at] != ' '; at++) {
        memcpy(bytes, valid, valid_bytes);
        bytes[at] = (char)(bytes[at] + 1 + (int)(at % 7));
        open_bytes(bytes, valid_bytes, &err);
    }
    free(bytes);
}

static void a_missing_file_is_not_found(void **state)
{
    struct dataset *dataset;
    struct error err;
    (void)state;
    assert_int_equal(dataset_open("/nowhere.data", &dataset, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_int_equal(dataset_open(folder.path, &dataset, &err), -1); /* a folder */
    dataset_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_file_opens_read_only_and_aligned),
        cmocka_unit_test(the_header_is_one_padded_line_of_json),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(every_claim_of_the_header_is_checked),
        cmocka_unit_test(a_label_beyond_the_classes_is_refused),
        cmocka_unit_test(no_changed_header_byte_brings_it_down),
        cmocka_unit_test(a_missing_file_is_not_found),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
