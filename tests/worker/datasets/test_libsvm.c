#include "worker/datasets/samples.h"

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

static void what_is_left_out_is_zero(void **state)
{
    static const struct given given[] = {
        TEXT("train", "+1 2:0.5 # a comment 9:9\n\n# only a comment\n-1 \t1:-3e-1 3:7 \r\n-1\n")};
    static const float want[3][3] = {{0, 0.5F, 0}, {-0.3F, 0, 7}, {0, 0, 0}};
    struct prepared prepared = accept(&folder, "libsvm", "{\"valid_fraction\": 0}", given, 1);
    (void)state;
    assert_int_equal(prepared.dataset->train.count, 3);
    assert_int_equal(prepared.dataset->feature_count, 3);
    for (size_t i = 0; i < 9; i++)
        assert_true(prepared.dataset->train.floats[i] == want[i / 3][i % 3]);
    assert_int_equal(prepared.dataset->train.labels[0], 1); /* classes -1, 1 */
    assert_int_equal(prepared.dataset->train.labels[1], 0);
    prepared_release(&prepared);
}

static void the_largest_index_of_both_files_counts(void **state)
{
    static const struct given given[] = {TEXT("train", "1 1:1\n2 2:1\n"),
                                         TEXT("valid", "1 1:1 5:2\n")};
    struct prepared prepared = accept(&folder, "libsvm", "{}", given, 2);
    (void)state;
    assert_int_equal(prepared.dataset->feature_count, 5);
    assert_true(prepared.dataset->valid.floats[4] == 2);
    prepared_release(&prepared);
}

static void the_settings_may_say_how_many_features_there_are(void **state)
{
    static const struct given given[] = {TEXT("train", "1 1:1\n2 2:1\n")};
    struct prepared prepared =
        accept(&folder, "libsvm", "{\"features\": 123, \"valid_fraction\": 0}", given, 1);
    (void)state;
    assert_int_equal(prepared.dataset->feature_count, 123);
    prepared_release(&prepared);
}

static void refusals_name_the_line_and_the_column(void **state)
{
    static const struct {
        struct given given;
        const char *settings, *sentence;
    } table[] = {
        {TEXT("train", ""), "{}", "train: no example with a feature, such as"},
        {TEXT("train", "# nothing\n"), "{\"features\": 3}", "train: the file holds no examples"},
        {TEXT("train", "a 1:1\n"), "{}", "train: line 1, column 1: \"a\" is not a number"},
        {TEXT("train", "1,2 1:1\n"), "{}", "train: line 1, column 1: \"1,2\" is not a number"},
        {TEXT("train", "1 1:1\n1 qid:3 1:1\n"), "{}",
         "train: line 2, column 3: \"qid:3\" is not INDEX:VALUE"},
        {TEXT("train", "1 1:1\n1 7\n"), "{}", "train: line 2, column 3: \"7\" is not INDEX:VALUE"},
        {TEXT("train", "1 1:1 2:\n"), "{}", "train: line 1, column 7: \"2:\" is not INDEX:VALUE"},
        {TEXT("train", "1 1:1 2:inf\n"), "{}", "\"2:inf\" is not INDEX:VALUE with a number"},
        {TEXT("train", "1 1:1 2:1e39\n"), "{}", "\"2:1e39\" is not INDEX:VALUE with a number"},
        {TEXT("train", "1 0:1\n"), "{}", "train: line 1, column 3: index 0; indices begin with 1"},
        {TEXT("train", "1 3:1 2:1\n"), "{}",
         "train: line 1, column 7: index 2 behind 3; indices must rise"},
        {TEXT("train", "1 3:1 3:1\n"), "{}", "index 3 behind 3; indices must rise"},
        {TEXT("train", "1 5:1\n"), "{\"features\": 4}",
         "train: line 1, column 3: index 5; at most 4 is accepted"},
        {TEXT("train", "1 4000000000:1\n"), "{}",
         "train: line 1, column 3: index 4000000000; at most 16777216 is accepted"},
        {TEXT("train", "1 99999999999999999999:1\n"), "{}", "largest index accepted"},
        {TEXT("train", "1 1:1\0 2:1\n"), "{}", "train: line 1, column 6: a NUL byte"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct prepared prepared =
            prepare(&folder, "libsvm", table[i].settings, &table[i].given, 1);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
        assert_string_equal(prepared.part, "train");
    }
}

/* 300 short lines of 16 million features would be 18 GiB when dense. */
static void what_becomes_too_large_when_dense_is_refused_early(void **state)
{
    char text[300 * 16];
    size_t used = 0;
    (void)state;
    for (int i = 0; i < 300; i++)
        used += (size_t)sprintf(text + used, "%d 16777216:1\n", i % 2);
    const struct given given = {"train", text, used};
    struct prepared prepared = prepare(&folder, "libsvm", "{}", &given, 1);
    assert_null(prepared.dataset);
    assert_int_equal(prepared.err.kind, ERROR_TOO_LARGE);
    assert_says(prepared.err.sentence,
                "train: 300 examples of 16777216 features are more than 16 GiB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_is_zero),
        cmocka_unit_test(the_largest_index_of_both_files_counts),
        cmocka_unit_test(the_settings_may_say_how_many_features_there_are),
        cmocka_unit_test(refusals_name_the_line_and_the_column),
        cmocka_unit_test(what_becomes_too_large_when_dense_is_refused_early),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
