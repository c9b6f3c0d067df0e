/*
 * Holm's step-down adjustment (1979): the chance of any false rejection in a family of comparisons
 * stays below the level, whatever their dependence.
 */
#ifndef HOLM_H
#define HOLM_H

/*
 *     p         [count] 0 … 1; NaN: a comparison of the family that has no p (yet). It counts in
 *               the family's size as if it were 1, and stays NaN.
 *     adjusted  [count] out, may be p: the i-th smallest (from 0) times (count - i), at most 1, no
 *               smaller than those of smaller p
 */
void holm_adjust(const double *p, int count, double *adjusted);

#endif
