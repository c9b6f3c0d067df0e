/*
 * A data set as training reads it: one file, parsed once, mapped read-only and shared by all
 * workers. Layout: a JSON header line padded to 4,096 bytes, then sections aligned to 64 bytes.
 *
 * Features of example i are feature_count numbers, row-major, as bytes (0 … 255) or floats; labels
 * are class numbers, targets floats. Statistics are of the training part, of the raw features.
 */
#ifndef DATASET_H
#define DATASET_H

#include "error.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { DATASET_RANK_MAX = 8 };

struct dataset_part {
    uint32_t count;
    const uint8_t *bytes;   /* [count][feature_count], or NULL */
    const float *floats;    /* [count][feature_count], or NULL */
    const uint16_t *labels; /* [count], each below classes; NULL for regression */
    const float *targets;   /* [count][target_count]; NULL for classes */
};

struct dataset {
    int rank;
    uint32_t shape[DATASET_RANK_MAX]; /* of one example: 28, 28 */
    uint32_t feature_count;           /* the product */
    uint32_t classes;                 /* 0: regression */
    uint32_t target_count;            /* 0: classes */
    struct dataset_part train, valid;
    double mean, deviation;         /* over all features of the training part */
    const float *feature_mean;      /* [feature_count] */
    const float *feature_deviation; /* [feature_count], 1 where a feature is constant */
    const uint64_t *class_counts;   /* [classes] in the training part; NULL for regression */
    const char *class_names;        /* a JSON list of texts, class_names_bytes long, or NULL */
    size_t class_names_bytes;
    char digest[65]; /* SHA-256 of the sections and of what the header says: its name */
    void *map;
    size_t map_bytes;
};

/* Maps a cache file; checks the header, every section's place and length and that each label is
 * below classes (not the digest). Any file at all is safe to open: the answer is then an error. */
int dataset_open(const char *path, struct dataset **out_dataset, struct error *err);
void dataset_free(struct dataset *dataset); /* accepts NULL */

/* Opens a built-in by name, making its file in the cache folder first where it is absent: written
 * aside under a lock, so two workers make it once. ERROR_NOT_FOUND: no built-in of that name. */
int dataset_open_builtin(const char *name, const char *cache, struct dataset **out_dataset,
                         struct error *err);

/* The name of a built-in's file in the cache folder; NULL: no built-in of that name. The caller
 * frees it. */
char *dataset_builtin_file(const char *name);

/* {"shape": [28, 28], "classes": 10, "targets": 0, "train": 12000, "valid": 2000, "mean",
 * "deviation", "class_counts": [...], "class_names": [...], "first": [[…of each of the first 5 rows
 * up to 64 numbers, or a whole picture of up to 1,024 bytes…]], "first_labels": [...], "element":
 * "uint8" | "float32", "bytes": size of the file}. Of very many classes only the first are listed,
 * so that it fits a line of the wire. For regression "first_labels" holds the first target of each
 * row, and there are no class lists. */
json_t *dataset_summary(const struct dataset *dataset);

/* Parses uploaded files into a cache file named DIGEST.data in the folder. `format` is an entry of
 * the registry of formats, `settings` resolved against it, `parts` {"train_features": path, …}.
 * A refusal names the part, the byte or line, and what was expected there; *out_part is then the
 * part's name (static text, "" for none). */
int dataset_prepare(const char *format, const json_t *settings, const json_t *parts,
                    const char *cache, char digest[65], json_t **out_summary, const char **out_part,
                    struct error *err);

/* The registries as JSON for the catalogue: "formats" [{"name", "help", "parts": [{"name",
 * "required", "help"}], "settings"}] and "builtins" [{"name", "help", "shape", "classes",
 * "targets", "train", "valid"}]. */
json_t *formats_describe(void);
json_t *builtins_describe(void);

#endif
