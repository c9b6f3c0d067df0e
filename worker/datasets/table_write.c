/* The second pass over a table: from its working files to the sections of the cache file. */
#include "datasets/table.h"

#include "datasets/cache_file.h"
#include "datasets/statistics.h"
#include "json.h"
#include "memory.h"
#include "random.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

struct writing {
    struct table *table;
    struct form form;
    struct layout layout;
    struct cache_file file;
    struct permutation split; /* of the training examples, where `splits` */
    bool splits;
    size_t record_bytes;    /* of a label in the working file … */
    size_t target_offset;   /* … and where its targets begin there */
    uint16_t *class_of;     /* [labels.count] */
    uint64_t *class_counts; /* [classes] */
    char *class_names;
};

static bool is_classes(const struct table *table)
{
    if (table->task != TASK_AUTO)
        return table->task == TASK_CLASS;
    if (table->many)
        return false;
    return !labels_are_numbers(&table->labels) ||
           (labels_are_whole(&table->labels) && table->labels.count <= TABLE_AUTO_CLASSES_MAX);
}

static int settle_classes(struct writing *writing, struct error *err)
{
    struct labels *labels = &writing->table->labels;
    json_auto_t *names = NULL;

    if (labels->count < 2)
        return error_set(err, "every label is the same; at least two classes are needed");
    if (writing->table->task == TASK_AUTO && labels_are_mixed(labels))
        return error_set(err, "some labels are numbers and some are text; if all of them are names "
                              "of classes, say task class");
    writing->form.classes = labels->count;
    writing->class_of = xcalloc(labels->count, sizeof *writing->class_of);
    writing->class_counts = xcalloc(labels->count, sizeof *writing->class_counts);
    labels_sort(labels, writing->class_of, &names);
    writing->class_names = json_compact(names);
    writing->form.class_names_bytes = strlen(writing->class_names);
    return 0;
}

static int settle_answers(struct writing *writing, struct error *err)
{
    const struct table *table = writing->table;

    writing->record_bytes = table_record_bytes(table);
    writing->target_offset = table->task == TASK_REGRESSION ? 0 : sizeof(uint32_t);
    if (is_classes(table))
        return settle_classes(writing, err);
    writing->form.target_count = table->target_count;
    return 0;
}

static void settle_split(struct writing *writing, uint64_t train, uint64_t valid)
{
    const struct table *table = writing->table;

    if (valid == 0 && train > 0) {
        valid = (uint64_t)((double)train * table->valid_fraction);
        train -= valid;
        writing->splits = valid > 0;
    }
    writing->form.train = (uint32_t)train;
    writing->form.valid = (uint32_t)valid;
    if (writing->splits)
        writing->split =
            permutation_stream(table->seed, RANDOM_SPLIT, 0, (uint32_t)(train + valid));
}

static int settle(struct writing *writing, struct error *err)
{
    struct table *table = writing->table;
    const uint64_t train = table->form.rank ? table_examples(table, TABLE_TRAIN) : 0;
    const uint64_t valid = table->form.rank ? table_examples(table, TABLE_VALID) : 0;

    if (train == 0)
        return error_set(err, "there are no training examples");
    if (train > DATASET_EXAMPLES_MAX || valid > DATASET_EXAMPLES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "more than %" PRIu32 " examples",
                        DATASET_EXAMPLES_MAX);
    assert(table->answers[TABLE_TRAIN].bytes == train * table_record_bytes(table));
    assert(table->answers[TABLE_VALID].bytes == valid * table_record_bytes(table));
    writing->form = table->form;
    settle_split(writing, train, valid);
    if (settle_answers(writing, err) < 0 || form_check(&writing->form, err) < 0)
        return -1;
    writing->layout = layout_of(&writing->form);
    return 0;
}

/* Where the examples of a section come from. */
static enum table_part source_of(const struct writing *writing, enum table_part wanted)
{
    return writing->splits ? TABLE_TRAIN : wanted;
}

static bool belongs(const struct writing *writing, enum table_part wanted, uint32_t example)
{
    if (!writing->splits)
        return true;
    const bool is_valid = permutation_at(&writing->split, example) < writing->form.valid;
    return is_valid == (wanted == TABLE_VALID);
}

static uint32_t source_count(const struct writing *writing, enum table_part wanted)
{
    if (writing->splits)
        return writing->form.train + writing->form.valid;
    return wanted == TABLE_TRAIN ? writing->form.train : writing->form.valid;
}

/* Keeps those records of a chunk that belong to the part wanted; how many. */
static size_t select_records(const struct writing *writing, enum table_part wanted, uint32_t first,
                             size_t count, size_t bytes, unsigned char *chunk)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!belongs(writing, wanted, first + (uint32_t)i))
            continue;
        if (kept != i)
            memcpy(chunk + kept * bytes, chunk + i * bytes, bytes);
        kept++;
    }
    return kept;
}

typedef int add_records(struct writing *writing, enum table_part part, unsigned char *records,
                        size_t count, void *context, struct error *err);

static int copy_records(struct writing *writing, enum table_part wanted, struct spool *spool,
                        size_t bytes, add_records *add, void *context, struct error *err)
{
    const uint32_t count = source_count(writing, wanted);
    const size_t in_chunk = bytes < CHUNK_BYTES ? CHUNK_BYTES / bytes : 1;
    const size_t at_once = in_chunk < count ? in_chunk : count;
    AUTO_FREE unsigned char *chunk = aligned_block(at_once, bytes);

    if (!chunk)
        return error_of(err, ERROR_INTERNAL, "no memory for %zu bytes", bytes);
    if (spool_rewind(spool, err) < 0)
        return -1;
    for (uint32_t first = 0; first < count;) {
        const size_t now = count - first < at_once ? count - first : at_once;
        if (spool_read(spool, chunk, now * bytes, err) < 0)
            return -1;
        const size_t kept = select_records(writing, wanted, first, now, bytes, chunk);
        if (add(writing, wanted, chunk, kept, context, err) < 0)
            return -1;
        first += (uint32_t)now;
    }
    return 0;
}

static int add_features(struct writing *writing, enum table_part part, unsigned char *rows,
                        size_t count, void *context, struct error *err)
{
    if (part == TABLE_TRAIN && writing->form.element == ELEMENT_BYTE)
        statistics_add_bytes(context, rows, count);
    else if (part == TABLE_TRAIN)
        statistics_add_floats(context, (const float *)(const void *)rows, count);
    return cache_file_add(&writing->file, rows, count * table_row_bytes(writing->table), err);
}

static uint16_t class_of_record(const struct writing *writing, const unsigned char *record)
{
    uint32_t place;
    memcpy(&place, record, sizeof place);
    return writing->class_of[place];
}

/* Shrinks records to labels or targets in their own place: neither is longer than a record. */
static int add_labels(struct writing *writing, enum table_part part, unsigned char *records,
                      size_t count, void *context, struct error *err)
{
    const size_t bytes = answer_bytes(&writing->form);
    (void)context;

    for (size_t i = 0; i < count; i++) {
        const unsigned char *record = records + i * writing->record_bytes;
        if (writing->form.classes) {
            const uint16_t label = class_of_record(writing, record);
            writing->class_counts[label] += part == TABLE_TRAIN;
            memcpy(records + i * bytes, &label, sizeof label);
        } else {
            memmove(records + i * bytes, record + writing->target_offset, bytes);
        }
    }
    return cache_file_add(&writing->file, records, count * bytes, err);
}

static int begin(struct writing *writing, enum section section, struct error *err)
{
    return cache_file_pad(&writing->file, writing->layout.offset[section], err);
}

static int write_features(struct writing *writing, enum table_part part, enum section section,
                          struct statistics *statistics, struct error *err)
{
    struct spool *spool = &writing->table->rows[source_of(writing, part)];
    if (begin(writing, section, err) < 0)
        return -1;
    return copy_records(writing, part, spool, table_row_bytes(writing->table), add_features,
                        statistics, err);
}

static int write_answers(struct writing *writing, enum table_part part, enum section section,
                         struct error *err)
{
    struct spool *spool = &writing->table->answers[source_of(writing, part)];
    if (begin(writing, section, err) < 0)
        return -1;
    return copy_records(writing, part, spool, writing->record_bytes, add_labels, NULL, err);
}

static int write_section(struct writing *writing, enum section section, const void *bytes,
                         struct error *err)
{
    if (begin(writing, section, err) < 0)
        return -1;
    return cache_file_add(&writing->file, bytes, writing->layout.bytes[section], err);
}

static int write_statistics(struct writing *writing, const struct statistics *statistics,
                            struct error *err)
{
    const size_t features = writing->form.feature_count;
    AUTO_FREE float *mean = aligned_block(features, sizeof *mean);
    AUTO_FREE float *deviation = aligned_block(features, sizeof *deviation);

    if (!mean || !deviation)
        return error_of(err, ERROR_INTERNAL, "no memory for %zu features", features);
    statistics_finish(statistics, mean, deviation, &writing->form.mean, &writing->form.deviation);
    if (write_section(writing, SECTION_FEATURE_MEAN, mean, err) < 0)
        return -1;
    return write_section(writing, SECTION_FEATURE_DEVIATION, deviation, err);
}

static int write_sections(struct writing *writing, struct statistics *statistics, struct error *err)
{
    if (write_features(writing, TABLE_TRAIN, SECTION_TRAIN_FEATURES, statistics, err) < 0 ||
        write_features(writing, TABLE_VALID, SECTION_VALID_FEATURES, NULL, err) < 0 ||
        write_answers(writing, TABLE_TRAIN, SECTION_TRAIN_ANSWERS, err) < 0 ||
        write_answers(writing, TABLE_VALID, SECTION_VALID_ANSWERS, err) < 0 ||
        write_statistics(writing, statistics, err) < 0)
        return -1;
    if (write_section(writing, SECTION_CLASS_COUNTS, writing->class_counts, err) < 0)
        return -1;
    return write_section(writing, SECTION_CLASS_NAMES, writing->class_names, err);
}

static int write_file(struct writing *writing, const char *name, struct error *err)
{
    struct statistics statistics;
    const size_t features = writing->form.feature_count;
    const int ready = writing->form.element == ELEMENT_BYTE
                          ? statistics_init_bytes(&statistics, features)
                          : statistics_init_floats(&statistics, features);
    int status = -1;

    if (ready < 0)
        error_of(err, ERROR_INTERNAL, "no memory for %zu features", features);
    else if (cache_file_init(&writing->file, writing->table->cache, err) == 0) {
        status = write_sections(writing, &statistics, err);
        if (status == 0)
            status = cache_file_publish(&writing->file, &writing->form, name, err);
        cache_file_release(&writing->file);
    }
    statistics_release(&statistics);
    return status;
}

int table_write(struct table *table, const char *name, char digest[65], struct error *err)
{
    struct writing writing = {.table = table};
    int status = settle(&writing, err);

    if (status == 0)
        status = write_file(&writing, name, err);
    if (status == 0)
        memcpy(digest, writing.form.digest, sizeof writing.form.digest);
    free(writing.class_of);
    free(writing.class_counts);
    free(writing.class_names);
    return status;
}
