#include "datasets/table.h"

#include "datasets/number.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

int table_init(struct table *table, const char *cache, struct error *err)
{
    *table = (struct table){.cache = cache, .part = "", .target_count = 1, .seed = 1};
    for (int i = 0; i < TABLE_PARTS; i++) {
        if (spool_init(&table->rows[i], cache, err) < 0 ||
            spool_init(&table->answers[i], cache, err) < 0) {
            table_release(table);
            return -1;
        }
    }
    return 0;
}

void table_release(struct table *table)
{
    for (int i = 0; i < TABLE_PARTS; i++) {
        spool_release(&table->rows[i]);
        spool_release(&table->answers[i]);
    }
    labels_release(&table->labels);
}

/* "[3, 32, 32] uint8" */
static void shape_words(enum element element, int rank, const uint32_t *shape, char *words,
                        size_t bytes)
{
    size_t used = 0;
    for (int i = 0; i < rank && used < bytes; i++)
        used +=
            (size_t)snprintf(words + used, bytes - used, "%s%" PRIu32, i ? ", " : "[", shape[i]);
    if (used < bytes)
        snprintf(words + used, bytes - used, "] %s", element == ELEMENT_BYTE ? "uint8" : "float32");
}

static int check_same_shape(const struct form *before, const struct form *now, struct error *err)
{
    char words_before[128], words_now[128];

    if (before->element == now->element && before->rank == now->rank &&
        memcmp(before->shape, now->shape, sizeof now->shape) == 0)
        return 0;
    shape_words(before->element, before->rank, before->shape, words_before, sizeof words_before);
    shape_words(now->element, now->rank, now->shape, words_now, sizeof words_now);
    return error_set(err, "examples of %s, but the training examples are %s", words_now,
                     words_before);
}

int table_set_shape(struct table *table, enum element element, int rank, const uint32_t *shape,
                    uint64_t examples, struct error *err)
{
    struct form form = {.element = element, .rank = rank};

    if (rank < 1 || rank > DATASET_RANK_MAX)
        return error_set(err, "examples of rank %d; 1 to %d are accepted", rank, DATASET_RANK_MAX);
    memcpy(form.shape, shape, (size_t)rank * sizeof *shape);
    form.feature_count = shape_product(shape, rank);
    if (form.feature_count == 0)
        return error_of(err, ERROR_TOO_LARGE, "an example has 1 to %" PRIu32 " features",
                        DATASET_FEATURES_MAX);
    if (examples > DATASET_EXAMPLES_MAX)
        return error_of(err, ERROR_TOO_LARGE,
                        "%" PRIu64 " examples; at most %" PRIu32 " are accepted", examples,
                        DATASET_EXAMPLES_MAX);
    if (examples * form.feature_count * element_bytes(element) > DATASET_BYTES_MAX)
        return error_of(err, ERROR_TOO_LARGE,
                        "%" PRIu64 " examples of %" PRIu32 " features are more than %" PRIu64
                        " GiB",
                        examples, form.feature_count, DATASET_BYTES_MAX >> 30);
    if (table->form.rank > 0)
        return check_same_shape(&table->form, &form, err);
    table->form = form;
    return 0;
}

uint64_t table_row_bytes(const struct table *table)
{
    return (uint64_t)table->form.feature_count * element_bytes(table->form.element);
}

size_t table_record_bytes(const struct table *table)
{
    return (table->task == TASK_REGRESSION ? 0 : sizeof(uint32_t)) +
           (table->task == TASK_CLASS ? 0 : table->target_count * sizeof(float));
}

uint64_t table_examples(const struct table *table, enum table_part part)
{
    return table->rows[part].bytes / table_row_bytes(table);
}

static int add_rows(struct table *table, enum table_part part, const void *bytes, size_t count,
                    struct error *err)
{
    assert(table->form.rank > 0);
    if (table->rows[part].bytes + count > DATASET_BYTES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "%s: more than %" PRIu64 " GiB of features",
                        table->part, DATASET_BYTES_MAX >> 30);
    if (table_examples(table, part) > DATASET_EXAMPLES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "%s: more than %" PRIu32 " examples", table->part,
                        DATASET_EXAMPLES_MAX);
    return spool_add(&table->rows[part], bytes, count, err);
}

int table_add_bytes(struct table *table, enum table_part part, const uint8_t *bytes, size_t count,
                    struct error *err)
{
    assert(table->form.element == ELEMENT_BYTE);
    return add_rows(table, part, bytes, count, err);
}

int table_add_floats(struct table *table, enum table_part part, const float *floats, size_t count,
                     struct error *err)
{
    assert(table->form.element == ELEMENT_FLOAT);
    return add_rows(table, part, floats, count * sizeof *floats, err);
}

static int add_answer(struct table *table, enum table_part part, uint32_t place, float target,
                      struct error *err)
{
    if (table->task != TASK_REGRESSION &&
        spool_add(&table->answers[part], &place, sizeof place, err) < 0)
        return -1;
    if (table->task != TASK_CLASS)
        return spool_add(&table->answers[part], &target, sizeof target, err);
    return 0;
}

/* Where the task is open, more numbers than there can be classes settle it. */
static int place_number(struct table *table, double label, uint32_t *place, struct error *err)
{
    struct error why;

    *place = 0;
    if (table->task == TASK_REGRESSION || table->many)
        return 0;
    if (labels_add_number(&table->labels, label, DATASET_CLASSES_MAX, place, &why) == 0)
        return 0;
    if (table->task == TASK_CLASS || !labels_are_numbers(&table->labels))
        return error_of(err, why.kind, "%s", why.sentence);
    table->many = true;
    return 0;
}

int table_add_number(struct table *table, enum table_part part, double label, struct error *err)
{
    const float target = (float)label;
    uint32_t place;

    if (!isfinite(label))
        return error_set(err, "the label is not a finite number");
    if (!isfinite(target) && table->task != TASK_CLASS)
        return error_set(err, "the label is too large for a float");
    if (place_number(table, label, &place, err) < 0)
        return -1;
    return add_answer(table, part, place, target, err);
}

int table_add_text(struct table *table, enum table_part part, const char *text, size_t bytes,
                   struct error *err)
{
    double number;
    uint32_t place;

    if (bytes == 0)
        return error_set(err, "the label is empty");
    if (number_read(text, bytes, &number))
        return table_add_number(table, part, number, err);
    if (table->task == TASK_REGRESSION || table->many)
        return error_set(err, "the label \"%.*s\" is not a number", (int)(bytes < 64 ? bytes : 64),
                         text);
    if (labels_add_text(&table->labels, text, bytes, DATASET_CLASSES_MAX, &place, err) < 0)
        return -1;
    return add_answer(table, part, place, 0, err);
}

int table_add_targets(struct table *table, enum table_part part, const float *targets,
                      struct error *err)
{
    assert(table->task == TASK_REGRESSION);
    return spool_add(&table->answers[part], targets, table->target_count * sizeof *targets, err);
}
