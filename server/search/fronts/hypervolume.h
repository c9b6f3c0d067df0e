/*
 * Hypervolume: what a set of points dominates of the box below a reference point. All objectives
 * are minimised; points that are not below the reference in each of them add nothing.
 *
 *     points     [count][objectives] row-major, no NaN; dominated and equal ones are welcome
 *     reference  [objectives]
 */
#ifndef HYPERVOLUME_H
#define HYPERVOLUME_H

#include <stdint.h>

/* One and two objectives in O(n log n), three in O(n^2) at worst by a sweep along the third, more
 * by WFG (While, Bradstreet and Barone, 2012): exponential in the objectives, so a few hundred
 * points with up to eight are a sensible size. */
double hypervolume(const double *points, int count, int objectives, const double *reference);

/* The same, where that takes no more than *effort, about the nanoseconds of one core (counted from
 * the work done, so that the same points always get the same answer); what it took is taken off.
 * -1: it would take more, *effort is below 0 then. */
int hypervolume_within(const double *points, int count, int objectives, const double *reference,
                       int64_t *effort, double *out_volume);

/* By WFG down to one objective: what the sweeps are held against. */
double hypervolume_wfg(const double *points, int count, int objectives, const double *reference);

/* What would be lost without each point: contributions [count] out. */
void hypervolume_contributions(const double *points, int count, int objectives,
                               const double *reference, double *contributions);

/* `choose` points whose hypervolume is large: at least 1 - 1/e of the greatest possible. Greedy, by
 * what each adds; what it added to fewer points is an upper bound of that, so that most are never
 * looked at again (Guerreiro, Fonseca and Paquete, 2016; Minoux, 1978). chosen [choose] out, in the
 * order of choice; equal ones by their index. choose <= count. */
void hypervolume_subset(const double *points, int count, int objectives, const double *reference,
                        int choose, int *chosen);

#endif
