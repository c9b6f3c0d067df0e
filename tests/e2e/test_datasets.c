/*
 * Data sets: uploaded in every format, listed, trained on, kept while used, deleted.
 */
#include "support/api.h"
#include "support/check.h"
#include "support/group_service.h"

#include "memory.h"

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* --- bytes in the formats -----------------------------------------------------------------------
 */

struct bytes {
    unsigned char *data;
    size_t count;
};

static void put(struct bytes *bytes, const void *data, size_t count)
{
    bytes->data = xrealloc(bytes->data, bytes->count + count, 1);
    memcpy(bytes->data + bytes->count, data, count);
    bytes->count += count;
}

/* http://yann.lecun.com/exdb/mnist: 0, 0, type 8 (unsigned byte), rank, extents in big endian. */
static struct bytes idx_of(int rank, const unsigned *extents, const unsigned char *values)
{
    struct bytes file = {0};
    const unsigned char magic[4] = {0, 0, 8, (unsigned char)rank};
    size_t count = 1;
    put(&file, magic, 4);
    for (int i = 0; i < rank; i++) {
        const unsigned char extent[4] = {0, 0, (unsigned char)(extents[i] >> 8),
                                         (unsigned char)extents[i]};
        put(&file, extent, 4);
        count *= extents[i];
    }
    put(&file, values, count);
    return file;
}

/* numpy.lib.format, version 1.0; the header padded so that the values begin at a multiple of 64. */
static struct bytes npy_of(const char *type, const char *shape, const void *values, size_t count)
{
    struct bytes file = {0};
    char header[118 + 1];
    AUTO_FREE char *dictionary =
        xprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", type, shape);
    snprintf(header, sizeof header, "%-117s\n", dictionary);
    put(&file, "\x93NUMPY\x01\x00\x76\x00", 10);
    put(&file, header, 118);
    put(&file, values, count);
    return file;
}

static struct bytes gzip_of(const struct bytes *plain)
{
    struct bytes file = {.data = xcalloc(1, plain->count + 100)};
    z_stream stream = {.next_in = plain->data,
                       .avail_in = (uInt)plain->count,
                       .next_out = file.data,
                       .avail_out = (uInt)plain->count + 100};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    file.count = stream.total_out;
    deflateEnd(&stream);
    return file;
}

/* --- helpers ------------------------------------------------------------------------------------
 */

static json_t *upload(struct form *form, const char *name, int status)
{
    AUTO_FREE char *target = xprintf("/api/v1/datasets/%s", name);
    struct http_answer answer = form_send(form, port, target);
    api_expect(&answer, status);
    if (status == 201)
        assert_string_equal(answer_header(&answer, "Location"), target);
    json_t *json = api_json(&answer);
    answer_release(&answer);
    return json;
}

static json_t *upload_csv(const char *name, const char *text)
{
    struct form form = {0};
    form_value(&form, "format", "csv");
    form_file(&form, "train", text, strlen(text));
    form_value(&form, "valid_fraction", "0.25");
    return upload(&form, name, 201);
}

static void delete_dataset(const char *name)
{
    json_decref(api_change(port, "DELETE", NULL, 204, "/api/v1/datasets/%s", name));
}

static bool is_gone(const char *pattern)
{
    glob_t found;
    const int outcome = glob(folder_path(&service.folder, pattern), 0, NULL, &found);
    globfree(&found);
    return outcome == GLOB_NOMATCH;
}

/* --- formats ------------------------------------------------------------------------------------
 */

#define FLOWERS                                                                                    \
    "width,height,kind\n1,2,lily\n2,1,rose\n1.5,2.5,lily\n2.5,0.5,rose\n1,3,lily\n3,1,rose\n"      \
    "1,2.5,lily\n2,0.5,rose\n"

static void a_csv_file_becomes_a_data_set(void **state)
{
    (void)state;
    struct form form = {0};
    form_value(&form, "format", "csv");
    form_value(&form, "label", "kind");
    form_value(&form, "valid_fraction", "0.25");
    form_value(&form, "seed", "3");
    form_file(&form, "train", FLOWERS, strlen(FLOWERS));
    json_auto_t *made = upload(&form, "flowers", 201);

    assert_string_equal(api_text(made, "/name"), "flowers");
    assert_string_equal(api_text(made, "/format"), "csv");
    api_assert_equal(api_at(made, "/summary/shape"), "[2]");
    assert_int_equal(api_integer(made, "/summary/classes"), 2);
    api_assert_equal(api_at(made, "/summary/class_names"), "['lily', 'rose']");
    assert_int_equal(api_integer(made, "/summary/train"), 6);
    assert_int_equal(api_integer(made, "/summary/valid"), 2);
    json_auto_t *shown = api_get(port, "/api/v1/datasets/flowers");
    assert_true(json_equal(made, shown));
    delete_dataset("flowers");
}

/* 2 x 2 pictures; mean and deviation over all training pixels, by hand: 0, 255 and half of each. */
static void idx_files_become_a_data_set_plain_or_gzip(void **state)
{
    (void)state;
    const unsigned char pixels[16] = {0, 0, 0,   0,   255, 255, 255, 255,
                                      0, 0, 255, 255, 255, 255, 0,   0};
    const unsigned char labels[4] = {0, 1, 2, 1};
    struct bytes features = idx_of(3, (const unsigned[]){4, 2, 2}, pixels);
    struct bytes named = idx_of(1, (const unsigned[]){4}, labels);
    struct bytes packed = gzip_of(&features);
    for (int gzip = 0; gzip < 2; gzip++) {
        const struct bytes *sent = gzip ? &packed : &features;
        struct form form = {0};
        form_value(&form, "format", "idx");
        form_file(&form, "train_features", sent->data, sent->count);
        form_file(&form, "train_labels", named.data, named.count);
        form_file(&form, "valid_features", sent->data, sent->count);
        form_file(&form, "valid_labels", named.data, named.count);
        json_auto_t *made = upload(&form, gzip ? "pictures-gz" : "pictures", 201);
        api_assert_equal(api_at(made, "/summary/shape"), "[2, 2]");
        assert_int_equal(api_integer(made, "/summary/train"), 4);
        assert_int_equal(api_integer(made, "/summary/valid"), 4);
        assert_int_equal(api_integer(made, "/summary/classes"), 3);
        assert_near(api_number(made, "/summary/mean"), 127.5, 1e-6);
        assert_near(api_number(made, "/summary/deviation"), 127.5, 1e-6);
        api_assert_equal(api_at(made, "/summary/class_counts"), "[1, 2, 1]");
        api_assert_equal(api_at(made, "/summary/first/1"), "[255, 255, 255, 255]");
        api_assert_equal(api_at(made, "/summary/first_labels"), "[0, 1, 2, 1]");
    }
    /* The same content is kept once: deleting one name leaves the other usable. */
    delete_dataset("pictures");
    json_decref(api_await_job(
        port,
        api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'pictures-gz', 'epochs': 1,"
                         " 'model': {'type': 'softmax'},"
                         " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"),
        "succeeded"));
    delete_dataset("pictures-gz");
    free(features.data);
    free(named.data);
    free(packed.data);
}

static void a_libsvm_file_becomes_a_data_set(void **state)
{
    (void)state;
    const char *text = "+1 1:0.5 3:1\n-1 2:2\n+1 1:1\n-1 3:-1 4:0.25\n";
    struct form form = {0};
    form_value(&form, "format", "libsvm");
    form_value(&form, "valid_fraction", "0.25");
    form_file(&form, "train", text, strlen(text));
    json_auto_t *made = upload(&form, "sparse", 201);
    api_assert_equal(api_at(made, "/summary/shape"), "[4]");
    assert_int_equal(api_integer(made, "/summary/classes"), 2);
    assert_int_equal(api_integer(made, "/summary/train"), 3);
    delete_dataset("sparse");
}

static void npy_files_become_a_data_set_for_regression(void **state)
{
    (void)state;
    const float features[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double targets[4] = {0.5, 4.5, 8.5, 12.5};
    struct bytes x = npy_of("<f4", "4, 2", features, sizeof features);
    struct bytes y = npy_of("<f8", "4,", targets, sizeof targets);
    struct form form = {0};
    form_value(&form, "format", "npy");
    form_value(&form, "task", "regression");
    form_value(&form, "valid_fraction", "0.25");
    form_file(&form, "train_features", x.data, x.count);
    form_file(&form, "train_labels", y.data, y.count);
    json_auto_t *made = upload(&form, "line", 201);
    assert_int_equal(api_integer(made, "/summary/classes"), 0);
    assert_int_equal(api_integer(made, "/summary/targets"), 1);
    api_assert_equal(api_at(made, "/summary/shape"), "[2]");

    const int64_t job =
        api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'line', 'epochs': 50,"
                         " 'model': {'type': 'mlp', 'hidden': [4]},"
                         " 'optimizer': {'type': 'adam', 'lr': 0.05}}}");
    json_decref(api_await_job(port, job, "succeeded"));
    json_auto_t *run = api_get(port, "/api/v1/runs/%lld", (long long)api_run_of(port, job, 0));
    assert_string_equal(api_text(run, "/spec/loss"), "mean_squared");
    delete_dataset("line");
    free(x.data);
    free(y.data);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static const json_t *entry_of(const json_t *list, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(list, "datasets"), i, entry)
    {
        if (strcmp(api_text(entry, "/name"), name) == 0)
            return entry;
    }
    return NULL;
}

static void built_in_data_sets_are_listed_before_they_are_made(void **state)
{
    (void)state;
    json_auto_t *before = api_get(port, "/api/v1/datasets");
    assert_false(json_boolean_value(api_at(entry_of(before, "spirals"), "/ready")));
    assert_non_null(entry_of(before, "digits"));
    assert_non_null(entry_of(before, "gaussians"));

    json_auto_t *shown = api_get(port, "/api/v1/datasets/spirals"); /* makes it */
    assert_true(json_boolean_value(api_at(shown, "/ready")));
    assert_int_equal(api_integer(shown, "/summary/train"), 2000);
    json_auto_t *after = api_get(port, "/api/v1/datasets");
    assert_true(json_boolean_value(api_at(entry_of(after, "spirals"), "/ready")));
    json_auto_t *kept = api_change(port, "DELETE", NULL, 409, "/api/v1/datasets/spirals");
    assert_says(api_text(kept, "/detail"), "built in");
}

static void digits_have_the_promised_shape(void **state)
{
    (void)state;
    json_auto_t *digits = api_get(port, "/api/v1/datasets/digits");
    api_assert_equal(api_at(digits, "/summary/shape"), "[28, 28]");
    assert_int_equal(api_integer(digits, "/summary/train"), 12000);
    assert_int_equal(api_integer(digits, "/summary/valid"), 2000);
    assert_int_equal(api_integer(digits, "/summary/classes"), 10);
    assert_int_equal(api_size(digits, "/summary/class_counts"), 10);
}

/* --- used, unused, unknown
 * ------------------------------------------------------------------------ */

static void a_data_set_stays_while_a_queued_job_uses_it(void **state)
{
    (void)state;
    json_decref(upload_csv("busy", FLOWERS));
    const int64_t job =
        api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'busy', 'steps': 1e12,"
                         " 'model': {'type': 'softmax'}, 'report_every_steps': 1000,"
                         " 'optimizer': {'type': 'sgd', 'lr': 0.01}}}");
    json_auto_t *kept = api_change(port, "DELETE", NULL, 409, "/api/v1/datasets/busy");
    assert_says(api_text(kept, "/detail"), "busy");
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
    delete_dataset("busy");
    json_decref(api_change(port, "GET", NULL, 404, "/api/v1/datasets/busy"));
    json_decref(api_change(port, "DELETE", NULL, 404, "/api/v1/datasets/busy"));
}

static void a_run_whose_data_set_was_deleted_cannot_be_retried(void **state)
{
    (void)state;
    json_decref(upload_csv("fleeting", FLOWERS));
    const int64_t job =
        api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'fleeting', 'steps': 1e12,"
                         " 'model': {'type': 'softmax'}, 'report_every_steps': 1000,"
                         " 'optimizer': {'type': 'sgd', 'lr': 0.01}}}");
    const int64_t run = api_run_of(port, job, 0);
    json_decref(api_change(port, "POST", NULL, 200, "/api/v1/jobs/%lld/cancel", (long long)job));
    json_decref(api_await_job(port, job, "cancelled"));
    delete_dataset("fleeting");
    json_auto_t *refused =
        api_change(port, "POST", NULL, 409, "/api/v1/runs/%lld/retry", (long long)run);
    assert_says(api_text(refused, "/detail"), "data set \"fleeting\"");
}

static void *delete_first(void *unused)
{
    struct http_answer answer = api_ask(port, "DELETE", NULL, NULL, "/api/v1/datasets/first");
    (void)unused;
    answer_release(&answer);
    return NULL;
}

/* Equal content is one file. One name of it goes while another one comes: the file must stay. */
static void a_deletion_does_not_take_the_file_of_an_upload(void **state)
{
    enum { TRIES = 60 };
    (void)state;
    for (int i = 0; i < TRIES; i++) {
        pthread_t deleting;
        json_decref(upload_csv("first", FLOWERS));
        assert_int_equal(pthread_create(&deleting, NULL, delete_first, NULL), 0);
        json_decref(upload_csv("second", FLOWERS));
        pthread_join(deleting, NULL);
        const int64_t job =
            api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'second', 'steps': 1,"
                             " 'model': {'type': 'softmax'},"
                             " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}");
        json_decref(api_await_job(port, job, "succeeded"));
        delete_dataset("second");
    }
}

static void an_unknown_data_set_is_refused_with_the_nearest(void **state)
{
    (void)state;
    json_decref(upload_csv("flowers", FLOWERS));
    json_auto_t *refused =
        api_change(port, "POST",
                   "{'kind': 'train', 'spec': {'dataset': 'flower', 'model': {'type': 'softmax'},"
                   " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}",
                   422, "/api/v1/jobs");
    assert_string_equal(api_text(refused, "/errors/0/pointer"), "/spec/dataset");
    assert_says(api_text(refused, "/errors/0/detail"), "\"flowers\"");
    delete_dataset("flowers");
}

static void a_name_is_taken_once(void **state)
{
    (void)state;
    json_decref(upload_csv("once", FLOWERS));
    struct form form = {0};
    form_value(&form, "format", "csv");
    form_file(&form, "train", FLOWERS, strlen(FLOWERS));
    json_decref(upload(&form, "once", 409));
    form_value(&form, "format", "csv");
    form_file(&form, "train", FLOWERS, strlen(FLOWERS));
    json_decref(upload(&form, "digits", 409));
    delete_dataset("once");
}

static void data_sets_outlive_the_server(void **state)
{
    (void)state;
    static const char left[] = "data/datasets/"
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                               ".data"; /* of an upload that a crash cut short */
    json_auto_t *made = upload_csv("kept", FLOWERS);
    folder_write(&service.folder, left, "x", 1);
    service_kill_and_restart(&service);
    port = service.port;
    assert_true(is_gone(left));
    json_auto_t *found = api_get(port, "/api/v1/datasets/kept");
    assert_true(json_equal(made, found));
    json_decref(
        api_await_job(port,
                      api_submit(port, "{'kind': 'train', 'spec': {'dataset': 'kept', 'epochs': 1,"
                                       " 'model': {'type': 'softmax'},"
                                       " 'optimizer': {'type': 'sgd', 'lr': 0.1}}}"),
                      "succeeded"));
    delete_dataset("kept");
}

/* --- real data
 * ------------------------------------------------------------------------------------ */

static bool read_file(const char *name, struct bytes *out)
{
    const char *folder = getenv("SWEEPD_TEST_DATA");
    AUTO_FREE char *path = xprintf("%s/%s", folder ? folder : "../shared/data", name);
    FILE *file = fopen(path, "re");
    if (!file) {
        print_message("SKIPPED: there is no %s (see $SWEEPD_TEST_DATA)\n", path);
        return false;
    }
    char block[65536];
    *out = (struct bytes){0};
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        put(out, block, got);
    fclose(file);
    return true;
}

static void send_parts(const char *name, const char *format, const char *const *parts, int count)
{
    struct form form = {0};
    form_value(&form, "format", format);
    for (int i = 0; i < count; i++) {
        struct bytes file;
        if (!read_file(parts[2 * i + 1], &file)) {
            free(form.bytes);
            skip();
        }
        form_file(&form, parts[2 * i], file.data, file.count);
        free(file.data);
    }
    json_decref(upload(&form, name, 201));
}

/* Counts from the files' headers; mean and deviation from ../shared/data/README.md, times 255. */
static void mnist_comes_in_with_one_request(void **state)
{
    (void)state;
    static const char *const parts[] = {"train_features", "mnist/train-images-idx3-ubyte.gz",
                                        "train_labels",   "mnist/train-labels-idx1-ubyte.gz",
                                        "valid_features", "mnist/t10k-images-idx3-ubyte.gz",
                                        "valid_labels",   "mnist/t10k-labels-idx1-ubyte.gz"};
    send_parts("mnist", "idx", parts, 4);
    json_auto_t *mnist = api_get(port, "/api/v1/datasets/mnist");
    assert_int_equal(api_integer(mnist, "/summary/train"), 60000);
    assert_int_equal(api_integer(mnist, "/summary/valid"), 10000);
    assert_near(api_number(mnist, "/summary/mean"), 0.1307 * 255, 1e-3);
    assert_near(api_number(mnist, "/summary/deviation"), 0.3081 * 255, 1e-3);
    delete_dataset("mnist");
}

static void heart_scale_comes_in_with_one_request(void **state)
{
    (void)state;
    static const char *const parts[] = {"train", "libsvm/heart_scale"};
    send_parts("heart", "libsvm", parts, 1);
    json_auto_t *heart = api_get(port, "/api/v1/datasets/heart");
    assert_int_equal(api_integer(heart, "/summary/train") + api_integer(heart, "/summary/valid"),
                     270);
    api_assert_equal(api_at(heart, "/summary/shape"), "[13]");
    delete_dataset("heart");
}

/* After all of the above: whatever was sent in has been taken away again, on a helper thread. The
 * names of files that came in are digests, which are long. */
static void nothing_is_left_of_uploads(void **state)
{
    (void)state;
    static const char *const left[] = {"data/uploads/*",
                                       "data/datasets/????????????????????????????????*.data"};
    for (size_t i = 0; i < COUNT_OF(left); i++) {
        int64_t started_ms = 0;
        while (!is_gone(left[i]))
            if (!api_wait_on(&started_ms))
                fail_msg("something is left: %s", left[i]);
    }
}

static int start(void **state)
{
    (void)state;
    start_service_with(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_csv_file_becomes_a_data_set),
        cmocka_unit_test(idx_files_become_a_data_set_plain_or_gzip),
        cmocka_unit_test(a_libsvm_file_becomes_a_data_set),
        cmocka_unit_test(npy_files_become_a_data_set_for_regression),
        cmocka_unit_test(built_in_data_sets_are_listed_before_they_are_made),
        cmocka_unit_test(digits_have_the_promised_shape),
        cmocka_unit_test(a_data_set_stays_while_a_queued_job_uses_it),
        cmocka_unit_test(a_run_whose_data_set_was_deleted_cannot_be_retried),
        cmocka_unit_test(a_deletion_does_not_take_the_file_of_an_upload),
        cmocka_unit_test(an_unknown_data_set_is_refused_with_the_nearest),
        cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(data_sets_outlive_the_server),
        cmocka_unit_test(mnist_comes_in_with_one_request),
        cmocka_unit_test(heart_scale_comes_in_with_one_request),
        cmocka_unit_test(nothing_is_left_of_uploads),
    };
    return cmocka_run_group_tests(tests, start, end_service);
}
