/* A data set in a few kilobytes of JSON, for the catalogue of data sets and the page. */
#include "datasets/dataset.h"

#include "json.h"

#include <string.h>

/* With these a summary stays well below a line of the wire, whatever the data set holds. */
enum {
    ROWS_SHOWN = 5,
    NUMBERS_SHOWN = 64,
    PIXELS_SHOWN = 1024, /* of a picture, which says nothing in parts: 32 x 32 */
    CLASSES_SHOWN = 1000,
    NAME_BYTES_SHOWN = 16384
};

static json_t *shape_of(const struct dataset *dataset)
{
    json_t *shape = json_array();
    for (int i = 0; i < dataset->rank; i++)
        json_array_append_new(shape, json_integer(dataset->shape[i]));
    return shape;
}

static size_t numbers_shown(const struct dataset *dataset)
{
    const bool is_picture = dataset->rank >= 2 && dataset->train.bytes;
    const size_t most =
        is_picture && dataset->feature_count <= PIXELS_SHOWN ? PIXELS_SHOWN : NUMBERS_SHOWN;
    return dataset->feature_count < most ? dataset->feature_count : most;
}

static json_t *row_of(const struct dataset *dataset, size_t row)
{
    const struct dataset_part *part = &dataset->train;
    const size_t first = row * dataset->feature_count, count = numbers_shown(dataset);
    json_t *numbers = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(numbers, part->bytes ? json_integer(part->bytes[first + i])
                                                   : json_number((double)part->floats[first + i]));
    return numbers;
}

static void add_rows(const struct dataset *dataset, json_t *summary)
{
    const struct dataset_part *part = &dataset->train;
    json_t *rows = json_array(), *labels = json_array();

    for (size_t i = 0; i < part->count && i < ROWS_SHOWN; i++) {
        json_array_append_new(rows, row_of(dataset, i));
        json_array_append_new(
            labels, part->labels ? json_integer(part->labels[i])
                                 : json_number((double)part->targets[i * dataset->target_count]));
    }
    json_object_set_new(summary, "first", rows);
    json_object_set_new(summary, "first_labels", labels);
}

static json_t *names_of(const struct dataset *dataset)
{
    json_auto_t *all = NULL;
    json_t *shown = json_array();
    size_t i, bytes = 0;
    json_t *name;

    if (!dataset->class_names ||
        json_read(dataset->class_names, dataset->class_names_bytes, &all, NULL) < 0)
        return shown;
    json_array_foreach(all, i, name)
    {
        bytes += json_string_length(name) + 4;
        if (i == CLASSES_SHOWN || bytes > NAME_BYTES_SHOWN || !json_is_string(name))
            break;
        json_array_append(shown, name);
    }
    return shown;
}

static void add_classes(const struct dataset *dataset, json_t *summary)
{
    json_t *counts = json_array();

    for (uint32_t i = 0; i < dataset->classes && i < CLASSES_SHOWN; i++)
        json_array_append_new(counts, json_integer((json_int_t)dataset->class_counts[i]));
    json_object_set_new(summary, "class_counts", counts);
    json_object_set_new(summary, "class_names", names_of(dataset));
}

json_t *dataset_summary(const struct dataset *dataset)
{
    json_t *summary = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:s, s:I}", "shape", shape_of(dataset), "classes",
        (json_int_t)dataset->classes, "targets", (json_int_t)dataset->target_count, "train",
        (json_int_t)dataset->train.count, "valid", (json_int_t)dataset->valid.count, "mean",
        json_number(dataset->mean), "deviation", json_number(dataset->deviation), "element",
        dataset->train.bytes ? "uint8" : "float32", "bytes", (json_int_t)dataset->map_bytes);

    if (dataset->classes)
        add_classes(dataset, summary);
    add_rows(dataset, summary);
    return summary;
}
