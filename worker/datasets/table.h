/*
 * Takes examples as a format or a built-in generator gives them, in any amount with bounded memory,
 * and makes the cache file of them: splits, turns labels into classes, gathers statistics.
 *
 * Rows go to unnamed working files first, because only the end tells which classes there are, how
 * the split falls and where the sections lie; a second pass copies them to their places. On disk
 * that takes the data set's size twice for a while.
 */
#ifndef TABLE_H
#define TABLE_H

#include "datasets/labels.h"
#include "datasets/layout.h"
#include "datasets/spool.h"

enum table_part { TABLE_TRAIN, TABLE_VALID, TABLE_PARTS };

/* Of labels: numbers to predict, or classes to tell apart. TASK_AUTO: classes where they are texts
 * or at most TABLE_AUTO_CLASSES_MAX different whole numbers. */
enum task { TASK_AUTO, TASK_CLASS, TASK_REGRESSION };

enum { TABLE_AUTO_CLASSES_MAX = 100 };

struct table {
    const char *cache; /* the folder */
    const char *part;  /* static name of the uploaded part at hand, for whoever reports an error */
    enum task task;
    double valid_fraction; /* of the training examples, where there are no others for it */
    uint64_t seed;         /* of that split */

    struct form form; /* element and shape, once known */
    struct spool rows[TABLE_PARTS], answers[TABLE_PARTS];
    struct labels labels;
    uint32_t target_count; /* numbers an example is to predict, 1 unless told */
    bool many;             /* more different numbers than there can be classes */
};

int table_init(struct table *table, const char *cache, struct error *err);
void table_release(struct table *table);

/* Once a part, before its first row; the second part must have the shape of the first. `examples`
 * is how many the part announces, to refuse too many at once; 0 where it does not say. */
int table_set_shape(struct table *table, enum element element, int rank, const uint32_t *shape,
                    uint64_t examples, struct error *err);

/* Features of any number of examples, or of pieces of them, row after row. Floats are finite. */
int table_add_bytes(struct table *table, enum table_part part, const uint8_t *bytes, size_t count,
                    struct error *err);
int table_add_floats(struct table *table, enum table_part part, const float *floats, size_t count,
                     struct error *err);

/* The label of the next example, as a number or as text (which may be one). The sentence of a
 * refusal does not name the place. */
int table_add_number(struct table *table, enum table_part part, double label, struct error *err);
int table_add_text(struct table *table, enum table_part part, const char *text, size_t bytes,
                   struct error *err);

/* target_count finite numbers of the next example; task is TASK_REGRESSION. */
int table_add_targets(struct table *table, enum table_part part, const float *targets,
                      struct error *err);

uint64_t table_examples(const struct table *table, enum table_part part);

/* What the working files keep of an example: its features, and of its label the uint32_t place
 * among the labels (unless the task is regression), then the targets (unless it is classes). */
uint64_t table_row_bytes(const struct table *table);
size_t table_record_bytes(const struct table *table);

/* Makes NAME.data, or DIGEST.data where name is NULL, in the folder. Every example has its label.
 */
int table_write(struct table *table, const char *name, char digest[65], struct error *err);

#endif
