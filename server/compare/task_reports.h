/*
 * The report of a comparison with tasks: of each task what the report would be if it were a
 * comparison of its own, and the arms over all tasks (over_tasks.h). Pure.
 *
 * Each task is judged by itself, at the level: nothing is adjusted for the number of tasks.
 */
#ifndef TASK_REPORTS_H
#define TASK_REPORTS_H

#include "compare/report.h"

bool report_has_tasks(const struct report_input *input);

/* For these, as report_json() and its fellows. Of the JSON, "arms", "pairs", "sentences" are empty
 * and "judging" is null; "tasks" has for each task its "name" and what else a report has, and
 * "over_tasks" the rest. A warning that all tasks share is given once; others name their task. */
json_t *task_reports_json(const struct report_input *input);

/* The tables of each task under one head, with a column "task" before the others. */
char *task_reports_csv(const struct report_input *input,
                       char *(*table)(const struct report_input *));

/* "task,arm,seeds,failed,mean,rank" and a line for each arm on each task (over_tasks.h). */
char *task_ranks_csv(const struct report_input *input);

#endif
