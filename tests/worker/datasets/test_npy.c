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

/* An array as numpy.save() writes it: the header padded with spaces to a multiple of 64. Good until
 * 31 more are made. */
static struct given array(const char *part, const char *dictionary, const void *elements,
                          size_t bytes)
{
    enum { MAGIC_BYTES = 10, ALIGNMENT = 64 };
    static char room[32][512];
    static int next;
    char *file = room[next++ % 32];
    size_t header = strlen(dictionary) + 1;

    header += (ALIGNMENT - (MAGIC_BYTES + header) % ALIGNMENT) % ALIGNMENT;
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)(header & 255);
    file[9] = (char)(header >> 8);
    memset(file + MAGIC_BYTES, ' ', header);
    memcpy(file + MAGIC_BYTES, dictionary, strlen(dictionary));
    file[MAGIC_BYTES + header - 1] = '\n';
    memcpy(file + MAGIC_BYTES + header, elements, bytes);
    return (struct given){part, file, MAGIC_BYTES + header + bytes};
}

static struct given features_of(const char *descr, const void *elements, size_t bytes)
{
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '%s', 'fortran_order': False, 'shape': (2, 2), }", descr);
    return array("train_features", dictionary, elements, bytes);
}

static struct given labels_of(const char *descr, const char *shape, const void *elements,
                              size_t bytes)
{
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    return array("train_labels", dictionary, elements, bytes);
}

static const uint8_t two_labels[2] = {0, 1};

static void every_element_type_is_read(void **state)
{
    static const uint8_t u1[4] = {1, 2, 3, 200};
    static const float f4[4] = {1, 2, 3, 200};
    static const double f8[4] = {1, 2, 3, 200};
    static const int32_t i4[4] = {1, 2, 3, 200};
    static const int64_t i8[4] = {1, 2, 3, 200};
    const struct {
        const char *descr;
        const void *elements;
        size_t bytes;
    } table[] = {{"|u1", u1, sizeof u1},
                 {"<f4", f4, sizeof f4},
                 {"<f8", f8, sizeof f8},
                 {"<i4", i4, sizeof i4},
                 {"<i8", i8, sizeof i8}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct given given[] = {
            features_of(table[i].descr, table[i].elements, table[i].bytes),
            labels_of("|u1", "(2,)", two_labels, 2)};
        struct prepared prepared = accept(&folder, "npy", "{\"valid_fraction\": 0}", given, 2);
        const struct dataset_part *train = &prepared.dataset->train;
        assert_true((train->bytes != NULL) == (i == 0));
        for (int k = 0; k < 4; k++)
            assert_true((train->bytes ? (double)train->bytes[k] : (double)train->floats[k]) ==
                        u1[k]);
        prepared_release(&prepared);
    }
}

static void the_kind_of_labels_tells_the_task(void **state)
{
    static const uint8_t pixels[4] = {1, 2, 3, 4};
    static const float floats[2] = {2, 3};
    static const int64_t whole[2] = {-7, 1000000};
    const struct {
        struct given labels;
        const char *settings;
        uint32_t classes;
    } table[] = {
        {labels_of("<f4", "(2,)", floats, 8), "{\"valid_fraction\": 0}", 0},
        {labels_of("<i8", "(2,)", whole, 16), "{\"valid_fraction\": 0}", 2},
        {labels_of("<i8", "(2,)", whole, 16), "{\"task\": \"regression\"}", 0},
        {labels_of("<f4", "(2, 1)", floats, 8), "{\"task\": \"class\"}", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct given given[] = {features_of("|u1", pixels, 4), table[i].labels};
        struct prepared prepared = accept(&folder, "npy", table[i].settings, given, 2);
        assert_int_equal(prepared.dataset->classes, table[i].classes);
        if (i == 0)
            assert_true(prepared.dataset->train.targets[1] == 3.0F);
        prepared_release(&prepared);
    }
}

static void an_example_may_have_several_targets(void **state)
{
    static const uint8_t pixels[4] = {1, 2, 3, 4};
    static const double targets[6] = {0.5, 1.5, 2.5, 3.5, 4.5, 5.5};
    const struct given given[] = {features_of("|u1", pixels, 4),
                                  labels_of("<f8", "(2, 3)", targets, sizeof targets)};
    struct prepared prepared = accept(&folder, "npy", "{\"valid_fraction\": 0}", given, 2);
    (void)state;
    assert_int_equal(prepared.dataset->target_count, 3);
    for (int i = 0; i < 6; i++)
        assert_true((double)prepared.dataset->train.targets[i] == targets[i]);
    prepared_release(&prepared);
}

static void headers_may_be_written_otherwise(void **state)
{
    static const char *const dictionaries[] = {
        "{'shape': (2, 2), 'fortran_order': False, 'descr': '|u1'}",
        "{ 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 2 , 2 ) , }",
        "{'descr':'|u1','fortran_order':False,'shape':(2,2,)}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof dictionaries / sizeof dictionaries[0]; i++) {
        const struct given given[] = {array("train_features", dictionaries[i], "\1\2\3\4", 4),
                                      labels_of("|u1", "(2,)", two_labels, 2)};
        struct prepared prepared = accept(&folder, "npy", "{}", given, 2);
        prepared_release(&prepared);
    }
}

static void refusals_of_a_header_say_what_was_expected(void **state)
{
    static const char *const table[][2] = {
        {"{'descr': '<u2', 'fortran_order': False, 'shape': (2, 2), }",
         "byte 20: expected one of the element types '|u1', '<f4', '<f8', '<i4', '<i8'"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2), }",
         "expected one of the element types"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }",
         "expected 'fortran_order': False (numpy.ascontiguousarray makes it so)"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 2), }", "expected True or False"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': 4, }", "expected a shape such as"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (), }",
         "expected at least one dimension"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2), }",
         "expected a dimension of at least 1"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 2), }",
         "expected a dimension of at least 1"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 99999999999999999999), }",
         "expected a dimension below 2^32"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1), }",
         "expected at most 9 dimensions"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967295, 4294967295), }",
         "1 to 16777216 features"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2147483648, 16777216), }",
         "more than 16 GiB"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }",
         "an array of rank 1 is a list of labels"},
        {"{'descr': '|u1', 'fortran_order': False, }", "expected descr and shape"},
        {"{'descr': '|u1', 'color': 'red', 'shape': (2, 2), }",
         "expected descr, fortran_order or shape"},
        {"['|u1']", "expected a dictionary"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)",
         "expected a text in single quotes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct given given[] = {array("train_features", table[i][0], "\1\2\3\4", 4),
                                      labels_of("|u1", "(2,)", two_labels, 2)};
        struct prepared prepared = prepare(&folder, "npy", "{}", given, 2);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i][1]);
        assert_string_equal(prepared.part, "train_features");
    }
}

static void refusals_of_the_rest_name_the_byte(void **state)
{
    static const float infinite[4] = {1, 2, INFINITY, 4}, four[4] = {1, 2, 3, 4};
    static const int64_t huge[2] = {1, INT64_C(1) << 60};
    struct given cut = features_of("<f4", four, 15), more = features_of("<f4", four, 16);
    struct given wrong = features_of("<f4", four, 16), version = features_of("<f4", four, 16);
    const struct given labels = labels_of("|u1", "(2,)", two_labels, 2);
    char wrong_bytes[256], version_bytes[256], more_bytes[256];
    (void)state;

    memcpy(wrong_bytes, wrong.bytes, wrong.count);
    wrong_bytes[1] = 'M';
    wrong.bytes = wrong_bytes;
    memcpy(version_bytes, version.bytes, version.count);
    version_bytes[6] = 9;
    version.bytes = version_bytes;
    memcpy(more_bytes, more.bytes, more.count);
    more_bytes[more.count++] = 0;
    more.bytes = more_bytes;

    const struct {
        struct given features, labels;
        const char *sentence;
    } table[] = {
        {cut, labels, "train_features: the file ends at byte 143; expected 144 bytes"},
        {more, labels, "train_features: byte 144: more bytes follow where the file should end"},
        {wrong, labels, "train_features: byte 0: wrong magic: 93 4d 55 4d"},
        {version, labels, "train_features: byte 6: version 9; 1 to 3 are accepted"},
        {features_of("<f4", infinite, 16), labels,
         "train_features: byte 136: not a finite number that a float holds"},
        {features_of("<f4", four, 16), labels_of("|u1", "(3,)", "\1\2\3", 3),
         "train_labels: byte 0: 3 labels, but train_features holds 2 examples"},
        {features_of("<f4", four, 16), labels_of("|u1", "(2, 2, 1)", "\1\2\3\4", 4),
         "train_labels: byte 0: an array of rank 3, but labels have rank 1"},
        {features_of("<f4", four, 16), labels_of("|u1", "(2, 2)", "\1\2\3\4", 4),
         "train_labels: byte 0: 2 labels an example; classes have one"},
        {features_of("<f4", four, 16), labels_of("<i8", "(2,)", huge, 16),
         "a label of 2^53 or more"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct given given[] = {table[i].features, table[i].labels};
        struct prepared prepared = prepare(&folder, "npy", "{}", given, 2);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_type_is_read),
        cmocka_unit_test(the_kind_of_labels_tells_the_task),
        cmocka_unit_test(an_example_may_have_several_targets),
        cmocka_unit_test(headers_may_be_written_otherwise),
        cmocka_unit_test(refusals_of_a_header_say_what_was_expected),
        cmocka_unit_test(refusals_of_the_rest_name_the_byte),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
