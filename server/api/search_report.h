/*
 * The report of a search: read and added up on a helper thread (GET /api/v1/jobs/{id}/report of a
 * job of kind "search"; api/report.c asks here once it knows the kind).
 *
 *     ?top=10                    best runs listed, 1 … 1,000
 *     ?objective=0               which one importance, slices, contour and narrower space are of
 *     ?importance=ped_anova      or fanova: with pairs
 *     ?contour=/a,/b             two parameters
 *     ?format=csv                one line a run
 *
 * Numbers are in the user's own unit and sign. A choice's value stands for its place in the list
 * "values" of its parameter where a list says so ("place"), else as itself.
 *
 * {"job": 7, "kind": "search", "state": "running",
 *  "sentence": "After 60 runs the best valid_loss is 0.31 (run 57)",
 *  "objectives": [{"metric", "goal": "minimize" | "maximize", "at": "last" | "best"}],
 *  "objective": 0,
 *  "constraints": [{"metric", "at_least": 5000 | "at_most": …, "kept": 50, "broken": 8,
 *                   "unknown": 2}],
 *  "space": {…as it was asked for, space.h},
 *  "algorithm": {"type", …settings}, "explained": "a sentence" | null,
 *  "pruner": {"type", …}, "stop": {"type", …}, "stopped": "why it ended early" | null,
 *  "counts": {"budget": 100, "proposed": 62, "told": 60, "done", "pruned", "failed", "deleted",
 *             "pending": 2, "feasible": 50, "late": 0},
 *  "best": [{"run", "number", "values": [0.31], "constraints": [5100], "error": null | 0.01,
 *            "how": "model", "parameters": {"/optimizer/lr": 0.1, …}}],
 *        best first; with several objectives the front, by front and crowding; feasible ones alone
 *  "history": [[place in the order of tells, value, run, number]],
 *        each time the best value of the objective got better; at most 2,000
 *  "runs": {"columns": ["run", "number", "told", "outcome", "feasible", "value 0", …,
 *                       "/optimizer/lr", …],
 *           "rows": [[…]], "of": 60},
 *        for dots: at most 2,000 of the `of` told runs, in the order of tells, the best ones among
 *        them. "outcome": "done", "pruned", "failed"; "feasible": true, false; values null where it
 *        failed; of a choice its place, null where a parameter does not apply
 *  "importance": {"method": "ped_anova" | "fanova", "runs": 60,
 *                 "parameters": [{"name", "share": 0.6}], largest first, shares add up to 1
 *                      (fanova: of the variance, with that of pairs and more they do)
 *                 "pairs": null | [{"names": ["/a", "/b"], "share": 0.1}],
 *                 "note": null | "why there is none, or which runs it is read from"},
 *  "slices": [{"parameter": "/optimizer/lr", "scale": "linear" | "log" | "choice",
 *              "bins": [{"low": 1e-3, "high": 2e-3, "place": null | 0, "runs": 12,
 *                        "best": 0.31, "median": 0.4}]}],
 *        over all done runs; at most 32 bins, empty ones left out; of a choice one for each value
 *  "contour": null | {"parameters": ["/a", "/b"], "x": [numbers or places], "y": […],
 *                     "values": [[…] for each y], "by": "gp", "runs": 200, "note": null | "…"},
 *        what a model fitted to the runs predicts, averaged over what was tried of the others
 *  "front": null | {"reference": [1.1, 20], "hypervolume": 0.7, "exact": true,
 *                   "error": 0 | the standard error of an estimate, which the history is then, too,
 *                   "points": [{"run", "number", "values": […]}], by the first objective, <= 2,000
 *                   "of": how many there are,
 *                   "history": [[place in the order of tells, hypervolume]] at most 200},
 *        of two and more objectives
 *  "pruning": {"runs": 20, "steps": done by them, "steps_planned": …, "steps_saved": …,
 *              "share_saved": 0.4 | null} (of all steps that the search's runs would have taken)
 *  "improvement": {"expected": 0.002 | null, "chance": 0.1 | null, "note": null | "not known: …"},
 *        of the next run over the best value, by a Gaussian process; the best point it sees
 *  "narrower": null | {"space": {…}, "runs": 6, "note": "holds the best 6 of 60 runs"},
 *  "warnings": ["…"],
 *  "confirmations": [comparisons of its best runs over fresh seeds, confirmations.h]}
 */
#ifndef SEARCH_REPORT_H
#define SEARCH_REPORT_H

#include "api/api.h"

/* What of the query only searches know; on the loop. */
int search_report_query(const struct request *req, struct api_read *read, struct error *err);

/* `job` as store_read_asked() has it. */
int search_report_json(struct reader *reader, const struct api_read *read, const json_t *job,
                       json_t **out, struct error *err);
/* number,run,state,told,how, parameters …, objectives …, constraints …, step; RFC 4180, lines end
 * in LF. The caller frees it. */
int search_report_csv(struct reader *reader, const struct api_read *read, const json_t *job,
                      char **out, struct error *err);

#endif
