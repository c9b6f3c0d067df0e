/*
 * CMA-ES with margin: for whole numbers, the normal distribution is kept from falling asleep inside
 * one value (Hamano, Saito, Nomura and Shirakawa, 2022, arXiv:2205.13482, 4.2).
 *
 * A coordinate x of the strategy is shown as mean + stretch (x - mean), and that is rounded to the
 * value between whose thresholds it lies.
 */
#ifndef CMA_MARGIN_H
#define CMA_MARGIN_H

/*
 * Moves the mean and changes the stretch so that the values on both sides keep a chance of at least
 * about margin / 2 each; at the first and the last value, the others one of `margin`.
 *
 *     low, high  the thresholds next to the mean, low <= *mean < high; low is -INFINITY at the
 * first value, high is INFINITY at the last; not both margin     above 0, at most 0.25; by the
 * paper 1 / (dimensions * population) deviation  the strategy's own standard deviation of the
 * coordinate, above 0
 */
void cma_margin(double low, double high, double margin, double deviation, double *mean,
                double *stretch);

#endif
