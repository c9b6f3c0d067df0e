/*
 * How a search stops runs that do not promise much: curves of its first objective as they come onto
 * the disk, what the rule says of them, and what follows.
 *
 *   search_curves.c  the curves; from the store after a restart
 *   search_prune.c   verdicts: written down, then acted on
 *   search_rungs.c   rules that pause: runs wait at rungs, and the best go on
 *   search_seeds.c   rules that compare points over their seeds: curves are those of points
 *
 * Where a search is `in_order`, run k is compared with the runs that proposal k knew, and with no
 * other, and a verdict counts even where the run was done before it heard: the same verdicts
 * whatever time runs take.
 */
#ifndef SEARCH_PRUNE_H
#define SEARCH_PRUNE_H

#include "prune/pruner.h"
#include "workers/searching.h"

/* Points kept of a curve. Of a longer one every other of the older ones is left out, again and
 * again; parts of an average beyond so many are not looked at. */
enum { CURVE_POINTS_MAX = 256 };

struct kept_curve {
    struct curve_point *points; /* [count] */
    int64_t *steps;             /* [count] where they were reported */
    int count, room;
    int64_t judged;  /* the rule has looked at the points up to that step; -1: at none */
    char *verdict;   /* why it stops at that step; NULL: it goes on */
    bool pauses_now; /* its worker was told where to pause, or has been asked to stop at a rung */
};

struct pruning {
    struct pruner *pruner;
    struct kept_curve *curves; /* [room] by number, of a run or a point */
    int room;
    double most;   /* progress of a whole run; 0: not known yet */
    int promoting; /* runs that go on from a rung, as soon as that is on disk */
};

/* --- search_curves.c -----------------------------------------------------------------------------
 */

/* From the plan; search->pruning stays NULL where nothing is pruned. Where the pruner of the plan
 * has changed, again: verdicts and curves stay, and runs that stand at rungs of a rule that paused
 * go on where the new one does not (search_step()). Where there was none before, curves begin now:
 * search_prune_change() has those of before. */
void search_prune_open(struct search *search);
void search_prune_free(struct search *search);
/* The plan has another pruner: one where there was none gets its curves from the store, a little
 * later. */
void search_prune_change(struct search *search);
/* From the store: what was kept with a proposal, then all curves. */
void search_prune_restore(struct search *search, const struct kept_proposal *kept);
int search_prune_load(struct search *search, struct error *err);

/* Adds a point, and says whether it is news; `value` in the metric's own sign. */
bool search_curve_add(struct search *search, int number, int64_t step, double value);
/* What the rule sees from run `number`, as runs[*out_at]; -1: from outside, all runs. The caller
 * frees table.runs. */
struct prune_table search_prune_table(struct search *search, int number, int *out_at);

/* --- search_prune.c ------------------------------------------------------------------------------
 */

/* Of rows that are about to be written: those that the rule looks at. NULL: none. */
struct seen_rows;
struct seen_rows *search_rows_seen(const struct run *run, const struct metric_row *rows, int count);
/* Once they are on disk; frees them (NULL: with none). Whether the run shall stop. A run on a
 * worker of this server is told so by this. */
bool search_rows_written(struct run *run, struct seen_rows *rows);
void seen_rows_free(struct seen_rows *rows);

/* Points that are on disk and were not looked at any more: after a restart. */
void search_prune_resume(struct search *search);

/* Why the run stops; NULL: it goes on. */
const char *search_verdict(const struct run *run);
/* What became of a final run, as far as the rule has a say in it, and the step that this is of. */
enum proposal_outcome search_pruned_outcome(const struct run *run, enum proposal_outcome outcome,
                                            int64_t *step);

/* --- search_seeds.c ------------------------------------------------------------------------------
 */

/* Whether the rule compares points over their seeds. */
bool search_prunes_points(const struct search *search);
/* A run that was told: a part of its point. Whether that is news. */
bool search_add_part(struct search *search, int number);
void search_add_parts(struct search *search); /* of all that were told */
/* Looks at the point of a run that was told. */
void search_judge_point(struct run *run);
enum curve_state search_point_state(const struct search *search, int point);
/* Why a run is not trained any more: its point was given up; NULL: it is. */
const char *search_given_up(const struct search *search, int number);

/* --- search_rungs.c ------------------------------------------------------------------------------
 */

/* Where the run shall stop to be compared, as a fraction of its steps; 0: nowhere. `spec` is its
 * resolved one. */
double search_pause_at(struct run *run, const json_t *spec);
/* Whether a run that stopped without having been asked to stands at a rung. */
bool search_pauses(const struct run *run);
/* After new points of a run on a worker that did not know where to pause. */
void search_pause_late(struct run *run);

/* Runs that wait at rungs. O(1). */
int search_count_standing(const struct search *search);
/* Lets runs go on from rungs while there are places; where nothing more can come, those that
 * still stand end as pruned. */
void search_promote(struct search *search, int places, bool closing);
/* Those that stand end as pruned: the search has ended early. */
void search_prune_rest(struct search *search);

#endif
