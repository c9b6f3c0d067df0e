/*
 * The contract of every format in the registry, and what they have in common: the same examples
 * come out whatever format they came in, and no piece of a file brings the reader down.
 */
#include "worker/datasets/samples.h"

#include "datasets/formats.h"
#include "json.h"
#include "memory.h"

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

static const struct sample *sample_of(const char *format)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++)
        if (strcmp(samples[i].format, format) == 0)
            return &samples[i];
    print_error("format %s has no sample in samples.h\n", format);
    abort();
}

static double feature(const struct dataset *dataset, size_t place)
{
    return dataset->train.bytes ? dataset->train.bytes[place]
                                : (double)dataset->train.floats[place];
}

/* By hand: 0 … 15 have mean 7.5 and variance (16^2 - 1) / 12; a column such as 0 4 8 12 has mean 6
 * and variance 20; classes are the labels 3 and 5. */
static void every_format_gives_the_same_examples(void **state)
{
    (void)state;
    for (const struct format *const *format = formats; *format; format++) {
        const struct sample *sample = sample_of((*format)->name);
        struct prepared prepared = accept(&folder, sample->format, "{\"valid_fraction\": 0}",
                                          sample->given, sample->count);
        const struct dataset *dataset = prepared.dataset;
        assert_int_equal(dataset->train.count, 4);
        assert_int_equal(dataset->valid.count, 0);
        assert_int_equal(dataset->feature_count, 4);
        assert_int_equal(dataset->classes, 2);
        for (size_t i = 0; i < 16; i++)
            assert_true(feature(dataset, i) == (double)i);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(dataset->train.labels[i], i % 2);
        assert_near(dataset->mean, 7.5, 1e-15);
        assert_near(dataset->deviation, sqrt(255.0 / 12), 1e-15);
        assert_near((double)dataset->feature_mean[1], 7, 1e-7);
        assert_near((double)dataset->feature_deviation[3], sqrt(20), 1e-7);
        assert_int_equal(dataset->class_counts[0], 2);
        prepared_release(&prepared);
    }
}

static void the_digest_names_the_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct prepared once =
            accept(&folder, samples[i].format, "{}", samples[i].given, samples[i].count);
        struct prepared again =
            accept(&folder, samples[i].format, "{}", samples[i].given, samples[i].count);
        struct prepared other = accept(&folder, samples[i].format, "{\"valid_fraction\": 0.5}",
                                       samples[i].given, samples[i].count);
        assert_string_equal(once.digest, again.digest);
        assert_string_equal(once.digest, once.dataset->digest);
        assert_string_not_equal(once.digest, other.digest);
        prepared_release(&once);
        prepared_release(&again);
        prepared_release(&other);
    }
}

/* Where a file is cut, it is refused with the name of the part, or holds fewer examples. */
static void check_cut(const struct sample *sample, int part, size_t bytes)
{
    struct given given[2] = {sample->given[0], sample->given[1]};
    given[part].count = bytes;
    struct prepared prepared =
        prepare(&folder, sample->format, "{\"valid_fraction\": 0}", given, sample->count);

    if (prepared.dataset) {
        assert_true(prepared.dataset->train.count <= 4);
    } else {
        assert_true(strlen(prepared.err.sentence) > 10);
        if (prepared.part[0]) {
            assert_says(prepared.err.sentence, prepared.part);
            assert_string_equal(prepared.part, given[part].part);
        }
    }
    prepared_release(&prepared);
}

static void no_cut_of_a_file_brings_a_format_down(void **state)
{
    (void)state;
    for (const struct format *const *format = formats; *format; format++) {
        const struct sample *sample = sample_of((*format)->name);
        for (int part = 0; part < sample->count; part++)
            for (size_t bytes = 0; bytes < sample->given[part].count; bytes++)
                check_cut(sample, part, bytes);
    }
}

static void no_changed_byte_brings_a_format_down(void **state)
{
    static const unsigned char values[] = {0x00, 0xff, '9', '"', '\n'};
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        for (int part = 0; part < samples[i].count; part++) {
            struct given given[2] = {samples[i].given[0], samples[i].given[1]};
            char copy[512];
            memcpy(copy, given[part].bytes, given[part].count);
            given[part].bytes = copy;
            for (size_t at = 0; at < given[part].count; at++) {
                const char kept = copy[at];
                copy[at] = (char)values[at % sizeof values];
                struct prepared prepared =
                    prepare(&folder, samples[i].format, "{}", given, samples[i].count);
                assert_true(prepared.dataset || strlen(prepared.err.sentence) > 10);
                prepared_release(&prepared);
                copy[at] = kept;
            }
        }
    }
}

static void every_format_describes_itself(void **state)
{
    json_auto_t *list = formats_describe();
    size_t i;
    json_t *format;
    (void)state;

    json_array_foreach(list, i, format)
    {
        assert_true(strlen(json_text_at(format, "help", "")) > 10);
        assert_true(json_array_size(json_object_get(format, "parts")) >= 2);
        json_t *settings = json_object_get(format, "settings"), *setting;
        size_t k;
        int shared = 0;
        json_array_foreach(settings, k, setting)
        {
            const char *name = json_text_at(setting, "name", "");
            shared += strcmp(name, "valid_fraction") == 0 || strcmp(name, "seed") == 0;
        }
        assert_int_equal(shared, 2);
    }
    assert_int_equal(json_array_size(list), SAMPLE_COUNT);
}

static void unknown_formats_parts_and_settings_are_named(void **state)
{
    static const struct {
        const char *format, *settings, *sentence, *part;
        struct given given[3];
        int count;
    } table[] = {
        {"arff", "{}", "unknown format \"arff\"; accepted: idx, csv, libsvm, npy", "", {{0}}, 0},
        {"csv", "{}", "train: missing: a line for each example to train on", "train", {{0}}, 0},
        {"idx",
         "{}",
         "train_labels: missing: one label for each of them",
         "train_labels",
         {TEXT("train_features", IDX_FEATURES)},
         1},
        {"csv",
         "{}",
         "test is not a part of format csv; accepted: train, valid",
         "",
         {TEXT("train", CSV_TRAIN), TEXT("test", CSV_TRAIN)},
         2},
        {"csv",
         "{\"valid_fraction\": 0.95}",
         "/valid_fraction: must be a number, at least 0 and at most 0.9",
         "",
         {TEXT("train", CSV_TRAIN)},
         1},
        {"csv", "{\"lable\": \"x\"}", "did you mean \"label\"?", "", {TEXT("train", CSV_TRAIN)}, 1},
        {"idx",
         "{}",
         "valid_labels: missing, though valid_features is given",
         "valid_labels",
         {TEXT("train_features", IDX_FEATURES), TEXT("train_labels", IDX_LABELS),
          TEXT("valid_features", IDX_FEATURES)},
         3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct prepared prepared =
            prepare(&folder, table[i].format, table[i].settings, table[i].given, table[i].count);
        assert_null(prepared.dataset);
        assert_says(prepared.err.sentence, table[i].sentence);
        assert_string_equal(prepared.part, table[i].part);
    }
}

/* 1,000 lines whose feature is their number; the label says whether it is odd. */
static size_t write_lines(char *text)
{
    size_t used = 0;
    for (int i = 0; i < 1000; i++)
        used += (size_t)sprintf(text + used, "%d,%d\n", i, i % 2);
    return used;
}

static void the_split_is_seeded_and_parts_the_examples(void **state)
{
    static char text[16000];
    const struct given given = {"train", text, write_lines(text)};
    struct prepared one = accept(&folder, "csv", "{\"valid_fraction\": 0.25}", &given, 1);
    struct prepared two =
        accept(&folder, "csv", "{\"valid_fraction\": 0.25, \"seed\": 2}", &given, 1);
    bool seen[1000] = {false};
    (void)state;

    assert_int_equal(one.dataset->train.count, 750);
    assert_int_equal(one.dataset->valid.count, 250);
    for (int i = 0; i < 1000; i++) {
        const struct dataset_part *part = i < 750 ? &one.dataset->train : &one.dataset->valid;
        const size_t row = (size_t)(i < 750 ? i : i - 750);
        const int number = (int)part->floats[row];
        assert_false(seen[number]);
        seen[number] = true;
        assert_int_equal(part->labels[row], number % 2); /* features and labels stay together */
    }
    assert_string_not_equal(one.digest, two.digest);
    prepared_release(&one);
    prepared_release(&two);
}

/* The mean is that of the training part alone. */
static void statistics_are_of_the_training_part(void **state)
{
    static const struct given given[] = {TEXT("train", "1,a\n3,b\n"),
                                         TEXT("valid", "100,a\n200,b\n")};
    struct prepared prepared = accept(&folder, "csv", "{\"header\": \"no\"}", given, 2);
    (void)state;
    assert_near(prepared.dataset->mean, 2, 1e-15);
    assert_near(prepared.dataset->deviation, 1, 1e-15);
    assert_int_equal(prepared.dataset->valid.count, 2);
    prepared_release(&prepared);
}

static void the_summary_says_what_is_there(void **state)
{
    static const struct given given[] = {TEXT("train", "1,2,red\n3,4,blue\n5,7,red\n")};
    struct prepared prepared =
        accept(&folder, "csv", "{\"header\": \"no\", \"valid_fraction\": 0}", given, 1);
    json_auto_t *want = json_loads("{\"shape\": [2], \"classes\": 2, \"targets\": 0, \"train\": 3,"
                                   "\"valid\": 0, \"class_counts\": [1, 2],"
                                   "\"class_names\": [\"blue\", \"red\"], \"element\": \"float32\","
                                   "\"first\": [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]],"
                                   "\"first_labels\": [1, 0, 1]}",
                                   0, NULL);
    const char *key;
    json_t *value;
    (void)state;

    json_object_foreach(want, key, value)
    {
        assert_true(json_equal(json_object_get(prepared.summary, key), value));
    }
    /* (1 + 2 + 3 + 4 + 5 + 7) / 6 */
    assert_near(json_number_at(prepared.summary, "mean", 0), 22.0 / 6, 1e-15);
    assert_int_equal(json_integer_at(prepared.summary, "bytes", 0), prepared.dataset->map_bytes);
    prepared_release(&prepared);
}

/* 20,000 classes with long names: the summary still goes into one line of the wire (64 KiB). */
static void a_summary_stays_small(void **state)
{
    enum { CLASSES = 20000, NAME_BYTES = 100 };
    char *text = malloc(CLASSES * (NAME_BYTES + 16)), name[NAME_BYTES + 1];
    size_t used = 0;
    (void)state;

    memset(name, 'n', NAME_BYTES);
    name[NAME_BYTES] = '\0';
    for (int i = 0; i < CLASSES; i++)
        used += (size_t)sprintf(text + used, "%d,%s%d\n", i, name, i);
    const struct given given = {"train", text, used};
    struct prepared prepared = accept(&folder, "csv", "{\"header\": \"no\"}", &given, 1);
    AUTO_FREE char *line = json_compact(prepared.summary);
    assert_int_equal(prepared.dataset->classes, CLASSES);
    assert_true(strlen(line) < 60000);
    prepared_release(&prepared);
    free(text);
}

static void nothing_but_data_files_stays_behind(void **state)
{
    struct folder own = upload_folder();
    char command[400];
    (void)state;

    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct given given[2] = {samples[i].given[0], samples[i].given[1]};
        struct prepared good = prepare(&own, samples[i].format, "{}", given, samples[i].count);
        given[0].count -= 3;
        struct prepared bad = prepare(&own, samples[i].format, "{}", given, samples[i].count);
        prepared_release(&good);
        prepared_release(&bad);
    }
    /* What a worker that died while writing would leave behind goes with the next upload. */
    folder_write(&own, ".new-dead", "half", 4);
    struct prepared last = prepare(&own, "csv", "{}", samples[1].given, 1);
    prepared_release(&last);
    snprintf(command, sizeof command, "test -z \"$(ls -A %s | grep -vE 'data$|train')\"", own.path);
    assert_int_equal(system(command), 0);
    folder_remove(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_gives_the_same_examples),
        cmocka_unit_test(the_digest_names_the_content),
        cmocka_unit_test(no_cut_of_a_file_brings_a_format_down),
        cmocka_unit_test(no_changed_byte_brings_a_format_down),
        cmocka_unit_test(every_format_describes_itself),
        cmocka_unit_test(unknown_formats_parts_and_settings_are_named),
        cmocka_unit_test(the_split_is_seeded_and_parts_the_examples),
        cmocka_unit_test(statistics_are_of_the_training_part),
        cmocka_unit_test(the_summary_says_what_is_there),
        cmocka_unit_test(a_summary_stays_small),
        cmocka_unit_test(nothing_but_data_files_stays_behind),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
