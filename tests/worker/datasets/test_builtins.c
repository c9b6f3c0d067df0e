#include "worker/datasets/uploads.h"

#include "datasets/angle.h"
#include "datasets/builtins.h"
#include "json.h"

#include <sys/wait.h>

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    folder = upload_folder();
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static struct dataset *open_in(const struct folder *cache, const char *name)
{
    struct dataset *dataset;
    struct error err;
    if (dataset_open_builtin(name, cache->path, &dataset, &err) < 0)
        fail_msg("%s", err.sentence);
    return dataset;
}

/* The contract of every generator in the registry. */
static void each_is_what_it_says_and_balanced(void **state)
{
    (void)state;
    for (const struct builtin *const *builtin = builtins; *builtin; builtin++) {
        struct dataset *dataset = open_in(&folder, (*builtin)->name);
        assert_int_equal(dataset->train.count, (*builtin)->train);
        assert_int_equal(dataset->valid.count, (*builtin)->valid);
        assert_int_equal(dataset->classes, (*builtin)->classes);
        assert_int_equal(dataset->rank, (*builtin)->rank);
        assert_int_equal((dataset->train.bytes != NULL), (*builtin)->element == ELEMENT_BYTE);
        const double share = (double)dataset->train.count / dataset->classes;
        for (uint32_t i = 0; i < dataset->classes; i++)
            assert_true(fabs((double)dataset->class_counts[i] - share) < 1);
        for (uint32_t i = 0; i < dataset->feature_count; i++)
            assert_true(dataset->feature_deviation[i] > 0);
        dataset_free(dataset);
    }
}

static void made_twice_they_are_the_same(void **state)
{
    struct folder other = upload_folder();
    (void)state;
    for (const struct builtin *const *builtin = builtins; *builtin; builtin++) {
        struct dataset *one = open_in(&folder, (*builtin)->name);
        struct dataset *two = open_in(&other, (*builtin)->name);
        assert_string_equal(one->digest, two->digest);
        dataset_free(one);
        dataset_free(two);
    }
    folder_remove(&other);
}

/* Not a proof that the drawing is right, but that it is the same on this machine as on the one
 * where runs were recorded: whoever means to change what a built-in holds raises its version. */
static void they_are_the_same_on_every_machine(void **state)
{
    static const struct {
        const char *name;
        int version;
        const char *digest;
    } table[] = {
        {"digits", 1, "d044441feeecda123792de3b810c8a855251786ef74eb63f412d08bd5ea14240"},
        {"gaussians", 1, "1cfe0e9274b18a5757b412c0df097c26458d26c5b346e039186b2133ca256061"},
        {"spirals", 1, "45830b7f204a74e040baa8cb3085d9a80de52a1735a4210353f7f53bc58e06e6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct dataset *dataset = open_in(&folder, table[i].name);
        assert_int_equal(builtin_find(table[i].name)->version, table[i].version);
        assert_string_equal(dataset->digest, table[i].digest);
        dataset_free(dataset);
    }
}

/* An example is a function of its number alone, whatever was made before it. */
static void examples_do_not_depend_on_each_other(void **state)
{
    (void)state;
    for (const struct builtin *const *builtin = builtins; *builtin; builtin++) {
        unsigned char one[4096] = {0}, again[4096] = {0}, other[4096] = {0};
        (*builtin)->make(123, one);
        (*builtin)->make(124, other);
        (*builtin)->make(123, again);
        assert_memory_equal(one, again, sizeof one);
        assert_memory_not_equal(one, other, sizeof one);
    }
}

/* Ink in the middle, next to none in the corners, and neither empty nor full: MNIST has 19 % of its
 * pixels inked and a mean of 33. */
static void digits_look_like_digits(void **state)
{
    struct dataset *digits = open_in(&folder, "digits");
    (void)state;
    assert_true(digits->mean > 20 && digits->mean < 45);
    assert_true(digits->deviation > 50 && digits->deviation < 90);
    assert_true(digits->feature_mean[14 * 28 + 14] > 60);
    assert_true(digits->feature_mean[0] < 10);
    for (uint32_t i = 0; i < digits->train.count; i++) {
        const uint8_t *image = digits->train.bytes + (size_t)i * 784;
        int dark = 0;
        for (int k = 0; k < 784; k++)
            dark += image[k] > 100;
        assert_true(dark > 15 && dark < 400);
    }
    dataset_free(digits);
}

/* Eight processes at once: the file is made, and each of them has it. */
static void workers_that_start_together_all_get_it(void **state)
{
    struct folder cache = upload_folder();
    char command[400];
    (void)state;

    for (int i = 0; i < 8; i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct dataset *dataset;
            const int status = dataset_open_builtin("spirals", cache.path, &dataset, NULL);
            _exit(status == 0 && dataset->train.count == 2000 ? 0 : 1);
        }
    }
    for (int i = 0; i < 8; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    snprintf(command, sizeof command, "test \"$(ls -A %s | wc -l)\" = 2", cache.path);
    assert_int_equal(system(command), 0); /* the data and its lock */
    folder_remove(&cache);
}

static void a_damaged_file_is_made_anew(void **state)
{
    struct folder cache = upload_folder();
    (void)state;
    dataset_free(open_in(&cache, "gaussians"));
    folder_write(&cache, "gaussians-1.data", "half", 4);
    struct dataset *dataset = open_in(&cache, "gaussians");
    assert_int_equal(dataset->train.count, 3000);
    dataset_free(dataset);
    folder_remove(&cache);
}

static void unknown_names_and_folders_are_refused(void **state)
{
    struct dataset *dataset;
    struct error err;
    (void)state;
    assert_int_equal(dataset_open_builtin("../digits", folder.path, &dataset, &err), -1);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_int_equal(dataset_open_builtin("spirals", "/nowhere/at/all", &dataset, &err), -1);
    assert_int_equal(err.kind, ERROR_INTERNAL);
}

static void they_describe_themselves(void **state)
{
    json_auto_t *list = builtins_describe();
    json_t *first = json_array_get(list, 0);
    (void)state;
    assert_string_equal(json_text_at(first, "name", ""), "digits");
    assert_int_equal(json_integer_at(first, "train", 0), 12000);
    assert_int_equal(json_integer_at(first, "targets", -1), 0);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(first, "shape"), 1)), 28);
}

/* The C library's, which are within a rounding of the true values here. */
static void angles_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int i = -1000; i <= 1000; i++) {
        const double angle = 3.14159265358979324 * i / 1000;
        assert_true(fabs(angle_sine(angle) - sin(angle)) < 1e-12);
        assert_true(fabs(angle_cosine(angle) - cos(angle)) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_what_it_says_and_balanced),
        cmocka_unit_test(made_twice_they_are_the_same),
        cmocka_unit_test(they_are_the_same_on_every_machine),
        cmocka_unit_test(examples_do_not_depend_on_each_other),
        cmocka_unit_test(digits_look_like_digits),
        cmocka_unit_test(workers_that_start_together_all_get_it),
        cmocka_unit_test(a_damaged_file_is_made_anew),
        cmocka_unit_test(unknown_names_and_folders_are_refused),
        cmocka_unit_test(they_describe_themselves),
        cmocka_unit_test(angles_agree_with_the_c_library),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
