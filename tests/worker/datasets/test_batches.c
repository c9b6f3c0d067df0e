#include "worker/datasets/uploads.h"

#include "datasets/batches.h"
#include "random.h"

enum { EXAMPLES = 10, FEATURES = 2, BATCH = 4 };

/* Example i has features (i, 2 i + 1) and class i % 2. */
static struct folder folder;
static struct dataset *floats, *bytes, *numbers;

static struct dataset *make(const char *format, const char *settings, const struct given *given,
                            int count)
{
    struct prepared prepared = accept(&folder, format, settings, given, count);
    struct dataset *dataset = prepared.dataset;
    prepared.dataset = NULL;
    prepared_release(&prepared);
    return dataset;
}

static int make_sets(void **state)
{
    char text[512], pixels[12 + EXAMPLES * FEATURES], labels[8 + EXAMPLES];
    size_t used = 0;
    (void)state;

    folder = upload_folder();
    memcpy(pixels, "\0\0\x08\x02\0\0\0\x0a\0\0\0\x02", 12);
    memcpy(labels, "\0\0\x08\x01\0\0\0\x0a", 8);
    for (int i = 0; i < EXAMPLES; i++) {
        used += (size_t)sprintf(text + used, "%d,%d,%d\n", i, 2 * i + 1, i % 2);
        pixels[12 + 2 * i] = (char)i;
        pixels[13 + 2 * i] = (char)(2 * i + 1);
        labels[8 + i] = (char)(i % 2);
    }
    const struct given csv = {"train", text, used};
    const struct given idx[] = {{"train_features", pixels, sizeof pixels},
                                {"train_labels", labels, sizeof labels}};
    floats = make("csv", "{\"valid_fraction\": 0}", &csv, 1);
    bytes = make("idx", "{\"valid_fraction\": 0}", idx, 2);
    numbers = make("csv", "{\"valid_fraction\": 0, \"task\": \"regression\"}", &csv, 1);
    return 0;
}

static int free_sets(void **state)
{
    (void)state;
    dataset_free(floats);
    dataset_free(bytes);
    dataset_free(numbers);
    folder_remove(&folder);
    return 0;
}

static void begin(struct batches *batches, const struct dataset *dataset,
                  enum standardize standardize, uint64_t seed)
{
    struct error err;
    assert_int_equal(batches_init(batches, dataset, standardize, BATCH, seed, &err), 0);
}

/* The first features of a whole epoch, which are the numbers of the examples. */
static void epoch_order(uint64_t seed, uint64_t epoch, int *order)
{
    struct batches batches;
    float features[BATCH * FEATURES];
    uint16_t labels[BATCH];
    int taken = 0;

    begin(&batches, floats, STANDARDIZE_NONE, seed);
    for (uint64_t k = 0; k < batches.per_epoch; k++) {
        const uint32_t count =
            batches_take(&batches, epoch * batches.per_epoch + k, features, labels, NULL);
        for (uint32_t i = 0; i < count; i++) {
            order[taken] = (int)features[i * FEATURES];
            assert_true(features[i * FEATURES + 1] == (float)(2 * order[taken] + 1));
            assert_int_equal(labels[i], order[taken] % 2);
            taken++;
        }
    }
    assert_int_equal(taken, EXAMPLES);
    batches_release(&batches);
}

static void an_epoch_has_every_example_once(void **state)
{
    (void)state;
    for (uint64_t epoch = 0; epoch < 5; epoch++) {
        int order[EXAMPLES], seen = 0;
        epoch_order(7, epoch, order);
        for (int i = 0; i < EXAMPLES; i++)
            seen |= 1 << order[i];
        assert_int_equal(seen, (1 << EXAMPLES) - 1);
    }
}

static void the_last_batch_is_short(void **state)
{
    struct batches batches;
    float features[BATCH * FEATURES];
    uint16_t labels[BATCH];
    (void)state;
    begin(&batches, floats, STANDARDIZE_NONE, 1);
    assert_int_equal(batches.per_epoch, 3);
    assert_int_equal(batches_take(&batches, 0, features, labels, NULL), 4);
    assert_int_equal(batches_take(&batches, 2, features, labels, NULL), 2);
    assert_int_equal(batches_take(&batches, 5, features, labels, NULL), 2);
    batches_release(&batches);
}

static void the_order_is_that_of_the_keyed_permutation(void **state)
{
    int order[EXAMPLES];
    (void)state;
    epoch_order(42, 3, order);
    for (uint32_t i = 0; i < EXAMPLES; i++)
        assert_int_equal(order[i], permute(42, RANDOM_SHUFFLE, 3, EXAMPLES, i));
}

static void seeds_and_epochs_give_other_orders_and_repeat(void **state)
{
    int one[EXAMPLES], again[EXAMPLES], epoch[EXAMPLES], seed[EXAMPLES];
    (void)state;
    epoch_order(1, 0, one);
    epoch_order(1, 0, again);
    epoch_order(1, 1, epoch);
    epoch_order(2, 0, seed);
    assert_memory_equal(one, again, sizeof one);
    assert_memory_not_equal(one, epoch, sizeof one);
    assert_memory_not_equal(one, seed, sizeof one);
}

/* A resumed run asks for step 1,000,008 first of all. */
static void any_step_is_reached_directly(void **state)
{
    struct batches one, other;
    float features[2][BATCH * FEATURES];
    uint16_t labels[2][BATCH];
    (void)state;
    begin(&one, floats, STANDARDIZE_GLOBAL, 9);
    begin(&other, floats, STANDARDIZE_GLOBAL, 9);
    for (uint64_t k = 1000000; k <= 1000008; k++)
        batches_take(&one, k, features[0], labels[0], NULL);
    assert_int_equal(batches_take(&other, 1000008, features[1], labels[1], NULL), BATCH);
    assert_memory_equal(features[0], features[1], sizeof features[0]);
    assert_memory_equal(labels[0], labels[1], sizeof labels[0]);
    batches_release(&one);
    batches_release(&other);
}

/* By hand: the first features 0 … 9 have mean 4.5 and variance 99/12, the second 2 i + 1 have mean
 * 10 and four times that; all twenty have mean 7.25 and variance (99/12 + 4 * 99/12) / 2 + 2.75^2.
 */
static void standardizing_follows_its_formula(void **state)
{
    const double mean[FEATURES] = {4.5, 10}, deviation[FEATURES] = {sqrt(8.25), 2 * sqrt(8.25)};
    const double whole = sqrt((8.25 + 33) / 2 + 2.75 * 2.75);
    const struct dataset *const sets[] = {floats, bytes};
    float features[EXAMPLES * FEATURES];
    uint16_t labels[EXAMPLES];
    (void)state;

    for (int set = 0; set < 2; set++) {
        for (int standardize = 0; standardize < 3; standardize++) {
            struct batches batches;
            begin(&batches, sets[set], (enum standardize)standardize, 1);
            batches_rows(&batches, &sets[set]->train, 0, EXAMPLES, features, labels, NULL);
            for (int i = 0; i < EXAMPLES * FEATURES; i++) {
                const int column = i % FEATURES;
                const double x = column ? 2 * (i / FEATURES) + 1 : i / FEATURES;
                const double want[] = {set == 0 ? x : x / 255, (x - 7.25) / whole,
                                       (x - mean[column]) / deviation[column]};
                assert_true(fabs((double)features[i] - want[standardize]) < 1e-6);
            }
            batches_release(&batches);
        }
    }
}

/* The wide kernels take 8 or 32 features at once: odd counts and places must not matter. */
static void a_row_has_the_same_bits_alone_and_in_a_batch(void **state)
{
    enum { WIDE = 101, ROWS = 9 };
    char pixels[12 + ROWS * WIDE] = "\0\0\x08\x02\0\0\0\x09\0\0\0\x65";
    const struct given idx[] = {{"train_features", pixels, sizeof pixels},
                                TEXT("train_labels", "\0\0\x08\x01\0\0\0\x09\0\1\0\1\0\1\0\1\0")};
    float together[ROWS * WIDE], alone[WIDE];
    uint16_t labels[ROWS];
    struct batches batches;
    struct error err;
    (void)state;

    for (int i = 0; i < ROWS * WIDE; i++)
        pixels[12 + i] = (char)(i * 37);
    struct dataset *dataset = make("idx", "{\"valid_fraction\": 0}", idx, 2);
    for (int standardize = 0; standardize < 3; standardize++) {
        assert_int_equal(
            batches_init(&batches, dataset, (enum standardize)standardize, ROWS, 1, &err), 0);
        batches_rows(&batches, &dataset->train, 0, ROWS, together, labels, NULL);
        for (uint32_t row = 0; row < ROWS; row++) {
            batches_rows(&batches, &dataset->train, row, 1, alone, labels, NULL);
            assert_memory_equal(alone, together + row * WIDE, sizeof alone);
        }
        batches_release(&batches);
    }
    dataset_free(dataset);
}

static void targets_come_where_there_are_no_classes(void **state)
{
    struct batches batches;
    float features[BATCH * FEATURES], targets[BATCH];
    (void)state;
    begin(&batches, numbers, STANDARDIZE_NONE, 3);
    const uint32_t count = batches_take(&batches, 1, features, NULL, targets);
    for (uint32_t i = 0; i < count; i++)
        assert_true(targets[i] == (float)((int)features[i * FEATURES] % 2));
    batches_release(&batches);
}

static void a_batch_may_be_larger_than_the_set_but_not_empty(void **state)
{
    struct batches batches;
    struct error err;
    float features[EXAMPLES * FEATURES];
    uint16_t labels[EXAMPLES];
    (void)state;
    assert_int_equal(batches_init(&batches, floats, STANDARDIZE_NONE, 4000000000U, 1, &err), 0);
    assert_int_equal(batches.per_epoch, 1);
    assert_int_equal(batches_take(&batches, 5, features, labels, NULL), EXAMPLES);
    batches_release(&batches);
    assert_int_equal(batches_init(&batches, floats, STANDARDIZE_NONE, 0, 1, &err), -1);
    assert_says(err.sentence, "at least one example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_has_every_example_once),
        cmocka_unit_test(the_last_batch_is_short),
        cmocka_unit_test(the_order_is_that_of_the_keyed_permutation),
        cmocka_unit_test(seeds_and_epochs_give_other_orders_and_repeat),
        cmocka_unit_test(any_step_is_reached_directly),
        cmocka_unit_test(standardizing_follows_its_formula),
        cmocka_unit_test(a_row_has_the_same_bits_alone_and_in_a_batch),
        cmocka_unit_test(targets_come_where_there_are_no_classes),
        cmocka_unit_test(a_batch_may_be_larger_than_the_set_but_not_empty),
    };
    json_object_seed(1);
    return cmocka_run_group_tests(tests, make_sets, free_sets);
}
