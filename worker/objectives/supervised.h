/*
 * The supervised objective on a data set that is open already.
 */
#ifndef SUPERVISED_H
#define SUPERVISED_H

#include "datasets/dataset.h"
#include "objectives/objectives.h"

/* spec: resolved; reads standardize, model, loss (null: by the data), batch_size and seed. The data
 * set stays the caller's and must outlive the objective. */
int supervised_over(const json_t *spec, const struct dataset *dataset,
                    struct objective **out_objective, struct error *err);

#endif
