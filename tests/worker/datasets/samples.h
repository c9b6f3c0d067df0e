/*
 * One small valid upload of each format, for the tests that walk the registry, and pieces of it.
 * The four examples are the same in all: features (0 1 2 3) (4 5 6 7) (8 9 10 11) (12 13 14 15),
 * labels 3 5 3 5.
 */
#ifndef SAMPLES_H
#define SAMPLES_H

#include "worker/datasets/uploads.h"

#define IDX_FEATURES                                                                               \
    "\0\0\x08\x03\0\0\0\x04\0\0\0\x02\0\0\0\x02"                                                   \
    "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
#define IDX_LABELS "\0\0\x08\x01\0\0\0\x04\x03\x05\x03\x05"

#define NPY_MAGIC "\x93NUMPY\x01\0"
#define NPY_FEATURES                                                                               \
    NPY_MAGIC "\x3f\0{'descr': '|u1', 'fortran_order': False, 'shape': (4, 2, 2), }\n"             \
              "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
#define NPY_LABELS                                                                                 \
    NPY_MAGIC "\x3b\0{'descr': '<i4', 'fortran_order': False, 'shape': (4,), } \n"                 \
              "\x03\0\0\0\x05\0\0\0\x03\0\0\0\x05\0\0\0"

#define CSV_TRAIN                                                                                  \
    "a,b,c,d,label\n"                                                                              \
    "0,1,2,3,3\n4,5,6,7,5\n8,9,10,11,3\n12,13,14,15,5\n"

#define LIBSVM_TRAIN                                                                               \
    "3 2:1 3:2 4:3\n5 1:4 2:5 3:6 4:7\n3 1:8 2:9 3:10 4:11\n5 1:12 2:13 3:14 4:15\n"

struct sample {
    const char *format;
    struct given given[2];
    int count;
};

static const struct sample samples[] = {
    {"idx", {TEXT("train_features", IDX_FEATURES), TEXT("train_labels", IDX_LABELS)}, 2},
    {"csv", {TEXT("train", CSV_TRAIN)}, 1},
    {"libsvm", {TEXT("train", LIBSVM_TRAIN)}, 1},
    {"npy", {TEXT("train_features", NPY_FEATURES), TEXT("train_labels", NPY_LABELS)}, 2},
};

#define SAMPLE_COUNT (sizeof samples / sizeof samples[0])

#endif
