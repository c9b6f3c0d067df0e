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

/* Files that all mean: features (1, 2) label 0, (3, 4) label 1. */
static void many_ways_to_write_the_same(void **state)
{
    static const struct {
        struct given given;
        const char *settings;
    } table[] = {
        {TEXT("train", "1,2,0\n3,4,1\n"), "{}"},
        {TEXT("train", "1,2,0\r\n3,4,1\r\n"), "{}"},
        {TEXT("train", "1,2,0\n3,4,1"), "{}"},
        {TEXT("train", "\xEF\xBB\xBF"
                       "1,2,0\n3,4,1\n"),
         "{}"},
        {TEXT("train", "1, 2 ,0\n 3,4,1 \n"), "{}"},
        {TEXT("train", "1;2;0\n3;4;1\n"), "{}"},
        {TEXT("train", "1\t2\t0\n3\t4\t1\n"), "{}"},
        {TEXT("train", "1|2|0\n3|4|1\n"), "{\"delimiter\": \"pipe\"}"},
        {TEXT("train", "\n1,2,0\n\n3,4,1\n  \n"), "{}"},
        {TEXT("train", "\"1\",\"2\",\"0\"\n\"3\",\"4\",\"1\"\n"), "{}"},
        {TEXT("train", "1e0,2.0,0\n+3,.4e1,1\n"), "{}"},
        {TEXT("train", "a,b,c\n1,2,0\n3,4,1\n"), "{}"},
        {TEXT("train", "7,8,9\n1,2,0\n3,4,1\n"), "{\"header\": \"yes\"}"},
        {TEXT("train", "0,1,2\n1,3,4\n"), "{\"label\": \"1\"}"},
        {TEXT("train", "1,0,2\n3,1,4\n"), "{\"label\": \"-2\"}"},
        {TEXT("train", "a,y,b\n1,0,2\n3,1,4\n"), "{\"label\": \"y\"}"},
        {TEXT("train", "a,\"the, label\",b\n1,0,2\n3,1,4\n"), "{\"label\": \"the, label\"}"},
        {TEXT("train", "1,2,ant\n3,4,bee\n"), "{}"},
        {TEXT("train", "1,2,\"say \"\"a\"\"\"\n3,4,\"say b, too\"\n"), "{}"},
        {TEXT("train", "1,2,-0.5\n3,4,7\n"), "{\"task\": \"class\"}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char settings[128];
        snprintf(settings, sizeof settings, "{\"valid_fraction\": 0%s%s",
                 table[i].settings[1] == '}' ? "" : ", ", table[i].settings + 1);
        struct prepared prepared = accept(&folder, "csv", settings, &table[i].given, 1);
        const struct dataset *dataset = prepared.dataset;
        assert_int_equal(dataset->train.count, 2);
        assert_int_equal(dataset->feature_count, 2);
        for (size_t k = 0; k < 4; k++)
            assert_true(dataset->train.floats[k] == (float)(k + 1));
        assert_int_equal(dataset->classes, 2);
        assert_int_equal(dataset->train.labels[0], 0);
        assert_int_equal(dataset->train.labels[1], 1);
        prepared_release(&prepared);
    }
}

static void labels_that_are_not_whole_are_numbers_to_predict(void **state)
{
    static const struct given given[] = {TEXT("train", "1,0.5\n2,-1.25\n3,8\n")};
    struct prepared prepared = accept(&folder, "csv", "{\"valid_fraction\": 0}", given, 1);
    (void)state;
    assert_int_equal(prepared.dataset->classes, 0);
    assert_int_equal(prepared.dataset->target_count, 1);
    assert_true(prepared.dataset->train.targets[0] == 0.5F);
    assert_true(prepared.dataset->train.targets[1] == -1.25F);
    assert_true(prepared.dataset->train.targets[2] == 8.0F);
    assert_null(prepared.dataset->train.labels);
    prepared_release(&prepared);
}

static void whole_numbers_are_targets_where_the_settings_say_so(void **state)
{
    static const struct given given[] = {TEXT("train", "1,3\n2,5\n")};
    struct prepared prepared =
        accept(&folder, "csv", "{\"task\": \"regression\", \"valid_fraction\": 0}", given, 1);
    (void)state;
    assert_int_equal(prepared.dataset->target_count, 1);
    assert_true(prepared.dataset->train.targets[1] == 5.0F);
    prepared_release(&prepared);
}

/* As many different whole numbers as the help of "task" says are still classes, one more are not;
 * nor are more than there can be classes. */
static void the_count_of_whole_numbers_tells_the_task(void **state)
{
    static const int counts[] = {100, 101, 70000};
    char *text = malloc(70000 * 14);
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t used = 0;
        for (int k = 0; k < counts[i]; k++)
            used += (size_t)sprintf(text + used, "1,%d\n", k);
        const struct given given = {"train", text, used};
        struct prepared prepared = accept(&folder, "csv", "{\"valid_fraction\": 0}", &given, 1);
        assert_int_equal(prepared.dataset->classes, i == 0 ? 100 : 0);
        if (i > 0)
            assert_true(prepared.dataset->train.targets[counts[i] - 1] == (float)(counts[i] - 1));
        prepared_release(&prepared);
    }
    free(text);
}

static void refusals_name_the_line_and_the_column(void **state)
{
    static const struct {
        struct given given;
        const char *settings, *sentence;
    } table[] = {
        {TEXT("train", ""), "{}", "train: the file holds no examples"},
        {TEXT("train", "a,b,c\n"), "{}", "train: the file holds no examples"},
        {TEXT("train", "1 2 3\n"), "{}",
         "train: line 1: one column; expected features and a label (is the delimiter right?)"},
        {TEXT("train", "1,2,0\n3,x,1\n"), "{}", "train: line 2, column 2: \"x\" is not a number"},
        {TEXT("train", "1,2,0\n3,,1\n"), "{}", "train: line 2, column 2: empty; expected a number"},
        {TEXT("train", "1,2,0\n3,nan,1\n"), "{}",
         "train: line 2, column 2: \"nan\" is not a number"},
        {TEXT("train", "1,2,0\n3,1e300,1\n"), "{}",
         "train: line 2, column 2: \"1e300\" is not a number"},
        {TEXT("train", "1,2,0\n3,4,\n"), "{}", "train: line 2, column 3: the label is empty"},
        {TEXT("train", "1,2,0\n3,4\n"), "{}", "train: line 2: 2 columns, expected 3"},
        {TEXT("train", "1,2,0\n3,4,1,5\n"), "{}", "train: line 2: 4 columns, expected 3"},
        {TEXT("train", "1,2,0\n\"3,4,1\n"), "{}",
         "train: line 2, column 1: the quote is not closed on this line"},
        {TEXT("train", "1,2,0\n\"3\"4,1\n"), "{}",
         "train: line 2, column 1: something follows the closing quote"},
        {TEXT("train", "a,b\n1,0\n2,1\n"), "{\"label\": \"y\"}",
         "train: line 1: no column is named \"y\""},
        {TEXT("train", "1,0\n2,1\n"), "{\"label\": \"y\", \"header\": \"no\"}",
         "no column is named \"y\" (the settings say there is no header)"},
        {TEXT("train", "1,0\n2,1\n"), "{\"label\": \"3\"}",
         "train: line 1: the label's column is 3, but there are 2 columns"},
        {TEXT("train", "1,0\n2,1\n"), "{\"label\": \"0\"}",
         "train: line 1: the label's column is 0, but there are 2 columns"},
        {TEXT("train", "1,0\n2,1\n"), "{\"label\": \"-3\"}",
         "train: line 1: the label's column is -3, but there are 2 columns"},
        {TEXT("train", "1,0\n2,1\n"), "{\"label\": \"-9223372036854775808\"}",
         "but there are 2 columns"},
        {TEXT("train", "1,0.5\n2,cat\n"), "{\"task\": \"regression\"}",
         "train: line 2, column 2: the label \"cat\" is not a number"},
        {TEXT("train", "1,7\n2,?\n3,8\n"), "{}", "some labels are numbers and some are text"},
        {TEXT("train", "1,7\n2,7\n"), "{}", "every label is the same"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct prepared prepared = prepare(&folder, "csv", table[i].settings, &table[i].given, 1);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
    }
}

static void the_validation_file_has_the_same_columns(void **state)
{
    static const struct {
        struct given valid;
        const char *sentence;
    } table[] = {
        {TEXT("valid", "a,c,y\n1,2,0\n"),
         "valid: line 1, column 2: \"c\", but in train the column is \"b\""},
        {TEXT("valid", "a,y\n1,0\n"), "valid: line 1: 2 columns, expected 3"},
        {TEXT("valid", "a,b,y\n"), "valid: the file holds no examples"},
        {TEXT("valid", "a,b,y\n1,2,0\n1,z,0\n"), "valid: line 3, column 2: \"z\" is not a number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct given given[] = {TEXT("train", "a,b,y\n1,2,0\n3,4,1\n"), table[i].valid};
        struct prepared prepared = prepare(&folder, "csv", "{}", given, 2);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
        assert_string_equal(prepared.part, "valid");
    }
}

static void columns_have_a_limit(void **state)
{
    enum { COLUMNS = 65536 };
    char *text = malloc(2 * COLUMNS + 4);
    (void)state;

    for (int i = 0; i < COLUMNS; i++)
        memcpy(text + (size_t)(2 * i), "1,", 2);
    memcpy(text + 2 * (size_t)COLUMNS, "1\n", 2);
    const struct given given = {"train", text, 2 * COLUMNS + 2};
    struct prepared prepared = prepare(&folder, "csv", "{}", &given, 1);
    assert_null(prepared.dataset);
    assert_string_equal(prepared.err.sentence, "train: line 1: more than 65536 columns");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_ways_to_write_the_same),
        cmocka_unit_test(labels_that_are_not_whole_are_numbers_to_predict),
        cmocka_unit_test(whole_numbers_are_targets_where_the_settings_say_so),
        cmocka_unit_test(the_count_of_whole_numbers_tells_the_task),
        cmocka_unit_test(refusals_name_the_line_and_the_column),
        cmocka_unit_test(the_validation_file_has_the_same_columns),
        cmocka_unit_test(columns_have_a_limit),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
