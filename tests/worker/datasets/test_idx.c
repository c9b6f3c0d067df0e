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

#define FEATURES(bytes) TEXT("train_features", bytes)
#define LABELS(bytes)   TEXT("train_labels", bytes)

static void colour_images_keep_their_shape(void **state)
{
    static const struct given given[] = {
        FEATURES("\0\0\x08\x04\0\0\0\x02\0\0\0\x03\0\0\0\x01\0\0\0\x02"
                 "\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c"),
        LABELS("\0\0\x08\x01\0\0\0\x02\0\1"),
    };
    struct prepared prepared = accept(&folder, "idx", "{}", given, 2);
    (void)state;
    assert_int_equal(prepared.dataset->rank, 3);
    assert_int_equal(prepared.dataset->shape[0], 3);
    assert_int_equal(prepared.dataset->shape[1], 1);
    assert_int_equal(prepared.dataset->shape[2], 2);
    assert_int_equal(prepared.dataset->train.bytes[11], 12);
    prepared_release(&prepared);
}

static void validation_files_are_used_as_they_are(void **state)
{
    static const struct given given[] = {
        FEATURES(IDX_FEATURES), LABELS(IDX_LABELS),
        TEXT("valid_features", "\0\0\x08\x03\0\0\0\x01\0\0\0\x02\0\0\0\x02\x63\x62\x61\x60"),
        TEXT("valid_labels", "\0\0\x08\x01\0\0\0\x01\x07")};
    struct prepared prepared = accept(&folder, "idx", "{}", given, 4);
    (void)state;
    assert_int_equal(prepared.dataset->train.count, 4);
    assert_int_equal(prepared.dataset->valid.count, 1);
    assert_int_equal(prepared.dataset->valid.bytes[0], 0x63);
    assert_int_equal(prepared.dataset->valid.labels[0], 2); /* 3, 5 and 7 are the classes */
    assert_int_equal(prepared.dataset->class_counts[2], 0); /* none in the training part */
    prepared_release(&prepared);
}

static void refusals_name_the_byte_and_what_was_expected(void **state)
{
    static const struct {
        struct given given[2];
        const char *sentence;
    } table[] = {
        {{FEATURES(""), LABELS(IDX_LABELS)},
         "train_features: the file ends at byte 0; expected 4 bytes"},
        {{FEATURES("1,2,3,4\n"), LABELS(IDX_LABELS)},
         "train_features: byte 0: wrong magic: 31 2c 32 2c; an IDX file begins with 00 00 08 and "
         "its rank"},
        {{FEATURES("\0\0\x0d\x02\0\0\0\1\0\0\0\1\0\0\0\0"), LABELS(IDX_LABELS)},
         "train_features: byte 2: element type 0d; only unsigned bytes (08) are accepted"},
        {{FEATURES("\0\0\x08\0"), LABELS(IDX_LABELS)},
         "train_features: byte 3: rank 0; 1 to 9 are accepted"},
        {{FEATURES("\0\0\x08\x0a"), LABELS(IDX_LABELS)},
         "train_features: byte 3: rank 10; 1 to 9 are accepted"},
        {{FEATURES(IDX_LABELS), LABELS(IDX_LABELS)},
         "train_features: byte 3: rank 1 is a list of labels"},
        {{FEATURES("\0\0\x08\x03\0\0\0\1\0\0\0\0\0\0\0\1"), LABELS(IDX_LABELS)},
         "train_features: byte 8: dimension 2 is 0; expected at least 1"},
        {{FEATURES("\0\0\x08\x03\0\0\0\1\0\0"), LABELS(IDX_LABELS)},
         "train_features: the file ends at byte 10; expected 16 bytes"},
        {{FEATURES("\0\0\x08\x02\0\0\0\2\0\0\0\3\1\2\3\4\5"), LABELS(IDX_LABELS)},
         "train_features: the file ends at byte 17; expected 18 bytes"},
        {{FEATURES("\0\0\x08\x02\0\0\0\2\0\0\0\2\1\2\3\4\5"), LABELS(IDX_LABELS)},
         "train_features: byte 16: more bytes follow where the file should end"},
        {{FEATURES(IDX_FEATURES), LABELS(IDX_FEATURES)},
         "train_labels: byte 3: rank 3, but labels have rank 1 (is this a features file?)"},
        {{FEATURES(IDX_FEATURES), LABELS("\0\0\x08\x01\0\0\0\x03\1\2\3")},
         "train_labels: byte 4: 3 labels, but train_features holds 4 examples"},
        {{FEATURES(IDX_FEATURES), LABELS("\0\0\x08\x01\0\0\0\x04\1\2\3")},
         "train_labels: the file ends at byte 11; expected 12 bytes"},
        {{FEATURES(IDX_FEATURES), LABELS("\0\0\x08\x01\0\0\0\x04\1\2\3\4\5")},
         "train_labels: byte 12: more bytes follow where the file should end"},
        {{FEATURES(IDX_FEATURES), LABELS("\0\0\x08\x01\0\0\0\x04\1\1\1\1")},
         "every label is the same; at least two classes are needed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct prepared prepared = prepare(&folder, "idx", "{}", table[i].given, 2);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
    }
}

static void validation_examples_must_have_the_same_shape(void **state)
{
    static const struct given given[] = {
        FEATURES(IDX_FEATURES), LABELS(IDX_LABELS),
        TEXT("valid_features", "\0\0\x08\x03\0\0\0\1\0\0\0\1\0\0\0\4\1\2\3\4"),
        TEXT("valid_labels", "\0\0\x08\x01\0\0\0\x01\x03")};
    struct prepared prepared = prepare(&folder, "idx", "{}", given, 4);
    (void)state;
    assert_null(prepared.dataset);
    assert_says(prepared.err.sentence, "valid_features: byte 4: examples of [1, 4] uint8, but the "
                                       "training examples are [2, 2] uint8");
    assert_string_equal(prepared.part, "valid_features");
}

/* Sizes no machine holds, claimed by files of 20 bytes: refused at once, nothing allocated. */
static void claims_beyond_the_limits_are_refused(void **state)
{
    static const struct given claims[] = {
        FEATURES("\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        FEATURES("\0\0\x08\x02\x00\x00\x00\x01\xff\xff\xff\xff"),
        FEATURES("\0\0\x08\x02\xff\xff\xff\xff\x00\x00\x00\x01"),
        FEATURES("\0\0\x08\x02\x7f\xff\xff\xff\x01\x00\x00\x00"),
        FEATURES("\0\0\x08\x05\x00\x00\x00\x01\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0"),
    };
    static const char *const sentences[] = {"1 to 16777216 features", "1 to 16777216 features",
                                            "at most 2147483648 are accepted", "more than 16 GiB",
                                            "1 to 16777216 features"};
    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        const struct given given[] = {claims[i], LABELS(IDX_LABELS)};
        struct prepared prepared = prepare(&folder, "idx", "{}", given, 2);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, sentences[i]);
    }
}

/* One that keeps to the limits but is not there is refused where the file ends. */
static void a_claim_is_not_believed_before_the_bytes_come(void **state)
{
    static const struct given given[] = {
        FEATURES("\0\0\x08\x02\x00\x00\x01\x00\x01\x00\x00\x00zzzz"), LABELS(IDX_LABELS)};
    struct prepared prepared = prepare(&folder, "idx", "{}", given, 2);
    (void)state;
    assert_null(prepared.dataset);
    assert_string_equal(prepared.err.sentence,
                        "train_features: the file ends at byte 16; expected 4294967308 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_images_keep_their_shape),
        cmocka_unit_test(validation_files_are_used_as_they_are),
        cmocka_unit_test(refusals_name_the_byte_and_what_was_expected),
        cmocka_unit_test(validation_examples_must_have_the_same_shape),
        cmocka_unit_test(claims_beyond_the_limits_are_refused),
        cmocka_unit_test(a_claim_is_not_believed_before_the_bytes_come),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
