/*
 * What a model predicts over two parameters: the mean over what was tried of the others (partial
 * dependence; Friedman, 2001, 8.2).
 */
#ifndef CONTOUR_H
#define CONTOUR_H

#include "insight/model.h"

enum { CONTOUR_SIDE = 20, CONTOUR_OTHERS = 32 };

/* {"parameters": ["/a", "/b"], "x": [numbers or places], "y": […], "values": [[…] for each y],
 * "by": "gp", "runs", "note"}; a value is null where one of them does not apply. Of a choice its
 * first CONTOUR_SIDE values. */
json_t *contour_json(const struct model *model, int first, int second);

#endif
