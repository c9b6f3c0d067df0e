/*
 * Files that people have, where they are at hand: SWEEPD_TEST_DATA or ../shared/data. Expected
 * values: the published mean and deviation of MNIST, and tests/reference/datasets.py.
 */
#include "worker/datasets/uploads.h"

static struct folder folder;
static const char *data;

static int find_data(void **state)
{
    (void)state;
    data = getenv("SWEEPD_TEST_DATA");
    if (!data)
        data = "../shared/data";
    folder = upload_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

/* Parts and files by turns, ended by NULL. Skips the test where a file is absent. */
static struct dataset *prepare_files(const char *format, const char *settings,
                                     const char *const *files)
{
    json_t *parts = json_object(), *chosen = json_loads(settings, 0, NULL), *summary = NULL;
    struct dataset *dataset = NULL;
    struct error err;
    char digest[65], path[400];
    const char *part;

    for (; *files; files += 2) {
        snprintf(path, sizeof path, "%s/%s", data, files[1]);
        if (access(path, R_OK) != 0) {
            print_message("no %s: set SWEEPD_TEST_DATA to the folder that holds it\n", path);
            json_decref(parts);
            json_decref(chosen);
            skip();
        }
        json_object_set_new(parts, files[0], json_string(path));
    }
    if (dataset_prepare(format, chosen, parts, folder.path, digest, &summary, &part, &err) < 0)
        fail_msg("refused: %s", err.sentence);
    snprintf(path, sizeof path, "%s/%s.data", folder.path, digest);
    assert_int_equal(dataset_open(path, &dataset, &err), 0);
    json_decref(parts);
    json_decref(chosen);
    json_decref(summary);
    return dataset;
}

static void mnist_has_its_known_mean_and_deviation(void **state)
{
    static const char *const files[] = {"train_features",
                                        "mnist/train-images-idx3-ubyte.gz",
                                        "train_labels",
                                        "mnist/train-labels-idx1-ubyte.gz",
                                        "valid_features",
                                        "mnist/t10k-images-idx3-ubyte.gz",
                                        "valid_labels",
                                        "mnist/t10k-labels-idx1-ubyte.gz",
                                        NULL};
    /* LeCun's page and every tutorial: 60,000 and 10,000 of 28 x 28, the labels begin 5 0 4 1 9 and
     * 7 2 1 0 4, 5,923 zeros */
    static const uint16_t train_begin[] = {5, 0, 4, 1, 9}, valid_begin[] = {7, 2, 1, 0, 4};
    struct dataset *mnist = prepare_files("idx", "{}", files);
    (void)state;
    assert_int_equal(mnist->train.count, 60000);
    assert_int_equal(mnist->valid.count, 10000);
    assert_int_equal(mnist->shape[0], 28);
    assert_int_equal(mnist->shape[1], 28);
    assert_memory_equal(mnist->train.labels, train_begin, sizeof train_begin);
    assert_memory_equal(mnist->valid.labels, valid_begin, sizeof valid_begin);
    assert_int_equal(mnist->class_counts[0], 5923);
    assert_true(fabs(mnist->mean / 255 - 0.1307) < 0.00005);
    assert_true(fabs(mnist->deviation / 255 - 0.3081) < 0.00005);
    assert_near(mnist->mean / 255, 0.130658567510, 1e-11);
    assert_near(mnist->deviation / 255, 0.308108601159, 1e-11);
    dataset_free(mnist);
}

static void cifar10_keeps_three_colours(void **state)
{
    static const char *const files[] = {"train_features", "cifar10/train-images-idx4-ubyte.gz",
                                        "train_labels", "cifar10/train-labels-idx1-ubyte.gz", NULL};
    struct dataset *cifar = prepare_files("idx", "{}", files);
    (void)state;
    assert_int_equal(cifar->rank, 3);
    assert_int_equal(cifar->shape[0], 3);
    assert_int_equal(cifar->feature_count, 3072);
    assert_int_equal(cifar->train.count + cifar->valid.count, 10000);
    assert_int_equal(cifar->valid.count, 1000);
    assert_int_equal(cifar->classes, 10);
    dataset_free(cifar);
}

static void heart_scale_has_270_rows_of_13(void **state)
{
    static const char *const files[] = {"train", "libsvm/heart_scale", NULL};
    struct dataset *heart = prepare_files("libsvm", "{\"valid_fraction\": 0}", files);
    (void)state;
    assert_int_equal(heart->train.count, 270);
    assert_int_equal(heart->feature_count, 13);
    assert_int_equal(heart->classes, 2);
    assert_int_equal(heart->class_counts[0], 150); /* -1 */
    assert_int_equal(heart->class_counts[1], 120);
    assert_true(heart->train.floats[0] == 0.708333F);
    assert_near(heart->mean, -0.189857794957, 1e-8); /* floats, against exact fractions */
    assert_near(heart->deviation, 0.767924319614, 1e-8);
    dataset_free(heart);
}

static void a9a_has_16281_rows_of_123(void **state)
{
    static const char *const files[] = {"train", "libsvm/a9a.t.gz", NULL};
    struct dataset *a9a =
        prepare_files("libsvm", "{\"valid_fraction\": 0, \"features\": 123}", files);
    (void)state;
    assert_int_equal(a9a->train.count, 16281);
    assert_int_equal(a9a->feature_count, 123);
    assert_int_equal(a9a->class_counts[0], 12435);
    assert_near(a9a->mean, 0.112721047977, 1e-11);
    assert_near(a9a->deviation, 0.316251503269, 1e-11);
    dataset_free(a9a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnist_has_its_known_mean_and_deviation),
        cmocka_unit_test(cifar10_keeps_three_colours),
        cmocka_unit_test(heart_scale_has_270_rows_of_13),
        cmocka_unit_test(a9a_has_16281_rows_of_123),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, find_data, remove_folder);
}
