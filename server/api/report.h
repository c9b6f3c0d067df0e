/*
 * The report of a comparison, for others who tell of it (GET /api/v1/jobs/{id}/report: report.c).
 */
#ifndef API_REPORT_H
#define API_REPORT_H

#include "store/store.h"

/* As compare/report.h has it, with the pairs of the baseline alone and without curves. On a helper
 * thread. */
int report_without_curves(struct reader *reader, int64_t job, json_t **out, struct error *err);

#endif
