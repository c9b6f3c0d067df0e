/*
 * Names for the pieces of a flat vector of parameters.
 */
#ifndef TENSOR_H
#define TENSOR_H

#include <stddef.h>

enum { TENSOR_RANK_MAX = 4, TENSOR_NAME_BYTES = 48 };

/* A named piece of the flat parameter vector: for scopes per tensor and for the model file. */
struct tensor {
    char name[TENSOR_NAME_BYTES]; /* "layers.0.weight" */
    int rank;
    size_t shape[TENSOR_RANK_MAX]; /* weights are [out][in], as PyTorch has them */
    size_t offset, count;          /* floats within theta */
};

#endif
