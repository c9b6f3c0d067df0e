#include "datasets/layout.h"

#include "json.h"
#include "memory.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LAYOUT_VERSION = 1 };

static const char kind[] = "sweepd data set";

static const char *const section_names[SECTIONS] = {
    [SECTION_TRAIN_FEATURES] = "train_features", [SECTION_VALID_FEATURES] = "valid_features",
    [SECTION_TRAIN_ANSWERS] = "train_answers",   [SECTION_VALID_ANSWERS] = "valid_answers",
    [SECTION_FEATURE_MEAN] = "feature_mean",     [SECTION_FEATURE_DEVIATION] = "feature_deviation",
    [SECTION_CLASS_COUNTS] = "class_counts",     [SECTION_CLASS_NAMES] = "class_names",
};

static const char *const element_names[] = {[ELEMENT_BYTE] = "uint8", [ELEMENT_FLOAT] = "float32"};

size_t element_bytes(enum element element)
{
    return element == ELEMENT_BYTE ? 1 : sizeof(float);
}

size_t answer_bytes(const struct form *form)
{
    return form->classes ? sizeof(uint16_t) : form->target_count * sizeof(float);
}

uint32_t shape_product(const uint32_t *shape, int rank)
{
    uint64_t product = 1;
    for (int i = 0; i < rank; i++) {
        product *= shape[i];
        if (product == 0 || product > DATASET_FEATURES_MAX)
            return 0;
    }
    return (uint32_t)product;
}

static int check_answers(const struct form *form, struct error *err)
{
    if (!form->classes == !form->target_count)
        return error_set(err, "a data set has either classes or targets");
    if (form->classes > DATASET_CLASSES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "%" PRIu32 " classes; at most %d are accepted",
                        form->classes, DATASET_CLASSES_MAX);
    if (form->target_count > DATASET_TARGETS_MAX)
        return error_of(err, ERROR_TOO_LARGE,
                        "%" PRIu32 " targets an example; at most %d are accepted",
                        form->target_count, DATASET_TARGETS_MAX);
    if (form->class_names_bytes > DATASET_NAMES_BYTES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "the names of the classes take %" PRIu64 " bytes",
                        form->class_names_bytes);
    return 0;
}

int form_check(const struct form *form, struct error *err)
{
    if (form->rank < 1 || form->rank > DATASET_RANK_MAX)
        return error_set(err, "an example has rank %d; 1 to %d are accepted", form->rank,
                         DATASET_RANK_MAX);
    if (form->feature_count == 0 || form->feature_count != shape_product(form->shape, form->rank))
        return error_of(err, ERROR_TOO_LARGE, "an example has 1 to %" PRIu32 " features",
                        DATASET_FEATURES_MAX);
    if (form->train == 0)
        return error_set(err, "there are no training examples");
    if (form->train > DATASET_EXAMPLES_MAX || form->valid > DATASET_EXAMPLES_MAX)
        return error_of(err, ERROR_TOO_LARGE, "more than %" PRIu32 " examples",
                        DATASET_EXAMPLES_MAX);
    if (check_answers(form, err) < 0)
        return -1;

    /* No overflow: 2^32 examples of at most 2^26 + 2^18 bytes. */
    const uint64_t examples = (uint64_t)form->train + form->valid;
    const uint64_t row_bytes =
        (uint64_t)form->feature_count * element_bytes(form->element) + answer_bytes(form);
    if (examples * row_bytes > DATASET_BYTES_MAX)
        return error_of(err, ERROR_TOO_LARGE,
                        "%" PRIu64 " examples of %" PRIu64 " bytes are more than %" PRIu64
                        " GiB in all",
                        examples, row_bytes, DATASET_BYTES_MAX >> 30);
    return 0;
}

struct layout layout_of(const struct form *form)
{
    const uint64_t row = (uint64_t)form->feature_count * element_bytes(form->element);
    struct layout layout = {
        .bytes = {
            [SECTION_TRAIN_FEATURES] = form->train * row,
            [SECTION_VALID_FEATURES] = form->valid * row,
            [SECTION_TRAIN_ANSWERS] = form->train * (uint64_t)answer_bytes(form),
            [SECTION_VALID_ANSWERS] = form->valid * (uint64_t)answer_bytes(form),
            [SECTION_FEATURE_MEAN] = form->feature_count * sizeof(float),
            [SECTION_FEATURE_DEVIATION] = form->feature_count * sizeof(float),
            [SECTION_CLASS_COUNTS] = form->classes * sizeof(uint64_t),
            [SECTION_CLASS_NAMES] = form->class_names_bytes,
        }};
    uint64_t end = DATASET_HEADER_BYTES;

    for (int i = 0; i < SECTIONS; i++) {
        end = (end + DATASET_SECTION_ALIGNMENT - 1) / DATASET_SECTION_ALIGNMENT *
              DATASET_SECTION_ALIGNMENT;
        layout.offset[i] = end;
        end += layout.bytes[i];
    }
    layout.file_bytes = end;
    return layout;
}

void header_write(const struct form *form, char text[DATASET_HEADER_BYTES])
{
    const struct layout layout = layout_of(form);
    json_t *shape = json_array(), *sections = json_object();

    for (int i = 0; i < form->rank; i++)
        json_array_append_new(shape, json_integer(form->shape[i]));
    for (int i = 0; i < SECTIONS; i++)
        json_object_set_new(
            sections, section_names[i],
            json_pack("[I, I]", (json_int_t)layout.offset[i], (json_int_t)layout.bytes[i]));
    json_auto_t *header = json_pack(
        "{s:s, s:i, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "kind", kind, "version",
        (int)LAYOUT_VERSION, "digest", form->digest, "element", element_names[form->element],
        "shape", shape, "classes", (json_int_t)form->classes, "targets",
        (json_int_t)form->target_count, "train", (json_int_t)form->train, "valid",
        (json_int_t)form->valid, "mean", json_number(form->mean), "deviation",
        json_number(form->deviation), "sections", sections);
    AUTO_FREE char *line = json_compact(header);

    assert(strlen(line) < DATASET_HEADER_BYTES);
    snprintf(text, DATASET_HEADER_BYTES, "%-*s", DATASET_HEADER_BYTES - 1, line);
    text[DATASET_HEADER_BYTES - 1] = '\n';
}

static int read_count(const json_t *header, const char *key, uint64_t most, uint32_t *out,
                      struct error *err)
{
    const int64_t count = json_integer_at(header, key, -1);
    if (count < 0 || (uint64_t)count > most)
        return error_set(err, "\"%s\" must be a whole number from 0 to %" PRIu64, key, most);
    *out = (uint32_t)count;
    return 0;
}

static int read_shape(const json_t *header, struct form *form, struct error *err)
{
    const json_t *shape = json_object_get(header, "shape");
    const size_t rank = json_array_size(shape);

    if (rank < 1 || rank > DATASET_RANK_MAX)
        return error_set(err, "\"shape\" must be a list of 1 to %d numbers", DATASET_RANK_MAX);
    for (size_t i = 0; i < rank; i++) {
        const json_t *entry = json_array_get(shape, i);
        const json_int_t extent = json_integer_value(entry);
        if (extent < 1 || extent > (json_int_t)DATASET_FEATURES_MAX)
            return error_set(err, "\"shape\" must hold numbers from 1 to %" PRIu32,
                             DATASET_FEATURES_MAX);
        form->shape[i] = (uint32_t)extent;
    }
    form->rank = (int)rank;
    form->feature_count = shape_product(form->shape, form->rank);
    return 0;
}

static int read_statistics(const json_t *header, struct form *form, struct error *err)
{
    form->mean = json_number_at(header, "mean", (double)NAN);
    form->deviation = json_number_at(header, "deviation", (double)NAN);
    if (!isfinite(form->mean) || !(form->deviation > 0))
        return error_set(err, "\"mean\" and \"deviation\" must be numbers, the second above 0");
    return 0;
}

static int read_names(const json_t *header, struct form *form, struct error *err)
{
    const char *element = json_text_at(header, "element", "");
    const char *digest = json_text_at(header, "digest", "");

    if (strcmp(json_text_at(header, "kind", ""), kind) != 0 ||
        json_integer_at(header, "version", 0) != LAYOUT_VERSION)
        return error_set(err, "not a data set of version %d", LAYOUT_VERSION);
    if (strcmp(element, element_names[ELEMENT_BYTE]) == 0)
        form->element = ELEMENT_BYTE;
    else if (strcmp(element, element_names[ELEMENT_FLOAT]) == 0)
        form->element = ELEMENT_FLOAT;
    else
        return error_set(err, "\"element\" must be uint8 or float32");
    if (strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64)
        return error_set(err, "\"digest\" must be 64 hexadecimal digits");
    memcpy(form->digest, digest, sizeof form->digest);
    return 0;
}

/* The places in the header are for people and other programs; ours must come out the same. */
static int check_sections(const json_t *header, const struct form *form, struct error *err)
{
    const struct layout layout = layout_of(form);
    const json_t *sections = json_object_get(header, "sections");

    for (int i = 0; i < SECTIONS; i++) {
        const json_t *place = json_object_get(sections, section_names[i]);
        if (json_integer_value(json_array_get(place, 0)) != (json_int_t)layout.offset[i] ||
            json_integer_value(json_array_get(place, 1)) != (json_int_t)layout.bytes[i])
            return error_set(err, "section \"%s\" must be [%" PRIu64 ", %" PRIu64 "]",
                             section_names[i], layout.offset[i], layout.bytes[i]);
    }
    return 0;
}

static int read_form(const json_t *header, struct form *form, struct error *err)
{
    uint32_t names_bytes = 0;
    const json_t *names =
        json_object_get(json_object_get(header, "sections"), section_names[SECTION_CLASS_NAMES]);
    json_auto_t *sizes = json_pack("{s:O?}", "class_names", json_array_get(names, 1));

    if (read_names(header, form, err) < 0 || read_shape(header, form, err) < 0 ||
        read_statistics(header, form, err) < 0 ||
        read_count(header, "classes", DATASET_CLASSES_MAX, &form->classes, err) < 0 ||
        read_count(header, "targets", DATASET_TARGETS_MAX, &form->target_count, err) < 0 ||
        read_count(header, "train", DATASET_EXAMPLES_MAX, &form->train, err) < 0 ||
        read_count(header, "valid", DATASET_EXAMPLES_MAX, &form->valid, err) < 0 ||
        read_count(sizes, "class_names", DATASET_NAMES_BYTES_MAX, &names_bytes, err) < 0)
        return -1;
    form->class_names_bytes = names_bytes;
    if (form_check(form, err) < 0)
        return -1;
    return check_sections(header, form, err);
}

int header_read(const char text[DATASET_HEADER_BYTES], struct form *form, struct error *err)
{
    json_auto_t *header = NULL;
    if (json_read(text, DATASET_HEADER_BYTES, &header, err) < 0)
        return -1;
    *form = (struct form){0};
    return read_form(header, form, err);
}
