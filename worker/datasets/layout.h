/*
 * The cache file's form: what its header line says, and where the sections lie, which follows from
 * a few counts alone. Reader and writer share it, so a header can lie about nothing unnoticed.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "datasets/dataset.h"

#define DATASET_EXAMPLES_MAX    (UINT32_C(1) << 31) /* of one part */
#define DATASET_FEATURES_MAX    (UINT32_C(1) << 24)
#define DATASET_TARGETS_MAX     65536
#define DATASET_CLASSES_MAX     65535
#define DATASET_BYTES_MAX       (UINT64_C(16) << 30)
#define DATASET_NAMES_BYTES_MAX (UINT64_C(64) << 20)

enum { DATASET_HEADER_BYTES = 4096, DATASET_SECTION_ALIGNMENT = 64 };

enum element { ELEMENT_BYTE, ELEMENT_FLOAT };

enum section {
    SECTION_TRAIN_FEATURES, /* [train][feature_count] of the element */
    SECTION_VALID_FEATURES,
    SECTION_TRAIN_ANSWERS, /* uint16_t labels [train], or float targets [train][target_count] */
    SECTION_VALID_ANSWERS,
    SECTION_FEATURE_MEAN, /* float [feature_count] */
    SECTION_FEATURE_DEVIATION,
    SECTION_CLASS_COUNTS, /* uint64_t [classes] */
    SECTION_CLASS_NAMES,  /* JSON text */
    SECTIONS,
};

struct form {
    enum element element;
    int rank;
    uint32_t shape[DATASET_RANK_MAX];
    uint32_t feature_count; /* the product of shape */
    uint32_t classes, target_count;
    uint32_t train, valid; /* examples */
    uint64_t class_names_bytes;
    double mean, deviation;
    char digest[65];
};

struct layout {
    uint64_t offset[SECTIONS], bytes[SECTIONS];
    uint64_t file_bytes;
};

size_t element_bytes(enum element element);

/* Bytes that the label or the targets of one example take in the file. */
size_t answer_bytes(const struct form *form);

/* The product of shape[0 … rank-1]; 0 where it is above DATASET_FEATURES_MAX or an entry is 0. */
uint32_t shape_product(const uint32_t *shape, int rank);

/* Refuses counts beyond the limits above (ERROR_TOO_LARGE) and impossible ones. */
int form_check(const struct form *form, struct error *err);

/* `form` has passed form_check(). */
struct layout layout_of(const struct form *form);

/* The header line, DATASET_HEADER_BYTES long, padded with spaces before its "\n". */
void header_write(const struct form *form, char text[DATASET_HEADER_BYTES]);

/* Reads it back; a form that passed form_check() and a digest of 64 hexadecimal digits. */
int header_read(const char text[DATASET_HEADER_BYTES], struct form *form, struct error *err);

#endif
