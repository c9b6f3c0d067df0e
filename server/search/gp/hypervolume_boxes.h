/*
 * Expected hypervolume improvement: what a point, known as a normal belief for each objective, will
 * add to a set of points on average (Emmerich, Giannakoglou and Naujoks, 2006).
 *
 * What is below the reference and dominated by no point of the set is cut into boxes. The beliefs
 * are independent, so that the expected part of each box is a product of one-dimensional
 * improvements in closed form; nothing is drawn (where Daulton et al., NeurIPS 2020, arXiv
 * 2006.05078, average over draws for batches). The logarithm keeps it apart from 0.
 */
#ifndef HYPERVOLUME_BOXES_H
#define HYPERVOLUME_BOXES_H

#include <stdint.h>

struct hypervolume_boxes {
    int objectives;
    double **edges;  /* [objectives][edge_count] rising: -INFINITY, the points', the reference */
    int *edge_count; /* [objectives] */
    uint16_t *sides; /* [count][objectives][2] places of a box's lower and upper edge */
    int count, room;
    int most_edges;
};

/* How many points of a front there should be at most with so many objectives: the number of boxes
 * grows with the power objectives - 1. */
int hypervolume_boxes_points(int objectives);

/* points [count][objectives] none of which need be best; those not below the reference are left
 * out. count at most 1,000. hypervolume_boxes_release() frees what it holds. */
void hypervolume_boxes_init(struct hypervolume_boxes *boxes, const double *points, int count,
                            int objectives, const double *reference);
void hypervolume_boxes_release(struct hypervolume_boxes *boxes);

/* Log of the expected improvement by N(mean_k, sigma_k^2), sigma > 0. Below 1e-280 of what could be
 * had up to the reference, that of the largest box alone. */
double hypervolume_log_improvement(const struct hypervolume_boxes *boxes, const double *mean,
                                   const double *sigma);

#endif
