/*
 * Weights as a safetensors file: 8 bytes with the length of a JSON header (little-endian), the
 * header {"__metadata__": {…}, NAME: {"dtype": "F32", "shape", "data_offsets"}, …} padded with
 * spaces to a multiple of 8, then the numbers. numpy, PyTorch and others read it.
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "error.h"
#include "objectives/objectives.h"

/* Writes the file aside, syncs and renames it. metadata: an object of texts, borrowed. */
int safetensors_write(const char *path, const struct objective *objective, const real *theta,
                      const json_t *metadata, struct error *err);

#endif
