/*
 * Quantiles of many values at once.
 */
#ifndef QUANTILES_H
#define QUANTILES_H

/*
 * The very bits of order_quantile() for each share, several times as fast where values are many:
 * they are counted in cells of equal width, and only the cell that holds the place looked for is
 * put in order. Values that crowd into one cell, for the sake of one far out, cost as much as
 * there. values  [count >= 1] no NaN; stay as they are shares  [wanted] 0 … 1 out     [wanted]
 */
void quantiles_of(const double *values, int count, const double *shares, int wanted, double *out);

#endif
