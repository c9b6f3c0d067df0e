/*
 * Optimizers whose hyperparameters all learn, one level up, by gradient descent on what the last
 * step did with them (Chandra, Xie, Ragan-Kelley and Meijer, 2022, arXiv 1909.13371). What
 * adam_ultimate and momentum_ultimate share.
 *
 * With u_t the step's change of theta, the hypergradient of a hyperparameter p is g_{t+1} .
 * du_t/dp, everything before step t held fixed. The upper level moves first, then theta moves with
 * the new hyperparameters. A fraction such as beta1 is (tanh(x) + 1) / 2 of a free x. A
 * hyperparameter whose hypergradient is not finite stays.
 */
#ifndef ULTIMATE_H
#define ULTIMATE_H

#include "optimizers/optimizers.h"

/* A member of "upper": the upper level's learning rate for one hyperparameter. */
#define ULTIMATE_RATE(title, of)                                                                   \
    {                                                                                              \
        .name = (title), .type = SETTING_NUMBER, .low = 0, .high = 1e6, .fallback = 1e-5,          \
        .help = "how fast " of " learns, 0: not"                                                   \
    }
#define ULTIMATE_UPPER(rates)                                                                      \
    {                                                                                              \
        .name = "upper", .type = SETTING_OBJECT, .members = (rates), .fallback_text = "{}",        \
        .help = "learning rates of the gradient descent that the hyperparameters are under"        \
    }
#define ULTIMATE_FRACTION(title, value, sentence)                                                  \
    {                                                                                              \
        .name = (title), .type = SETTING_NUMBER, .low = 0, .above_low = true, .high = 1,           \
        .below_high = true, .fallback = (value), .help = (sentence)                                \
    }

/* A fraction and the free variable behind it. */
struct fraction {
    double value, x;
};

struct fraction fraction_at(double value);
void fraction_move(struct fraction *fraction, double rate, double hypergradient);
void rate_move(double *value, double rate, double hypergradient);

/* What is the same for every parameter in step t of Adam. The square starts at epsilon, since its
 * root has no derivative at 0. */
struct adam_lens {
    real beta1, fresh1, beta2, fresh2; /* beta and 1 - beta */
    real first, second;                /* 1 - beta^t */
    real grown1, grown2;               /* t beta^(t-1) */
    real rate, epsilon;
};

struct adam_lens adam_lens(double rate, double beta1, double beta2, double epsilon, int64_t t);

/* One parameter's step: the change is -rate * direction. */
struct adam_effect {
    real mean, square;       /* after it */
    real direction;          /* -du/d(rate) */
    real by_beta1, by_beta2; /* du/d(beta) */
};

KERNEL_INLINE struct adam_effect adam_effect(const struct adam_lens *lens, real mean, real square,
                                             real gradient)
{
    const real fresh_square = gradient * gradient;
    const real new_mean = lens->beta1 * mean + lens->fresh1 * gradient;
    const real new_square = lens->beta2 * square + lens->fresh2 * fresh_square;
    const real m = new_mean / lens->first, v = new_square / lens->second;
    const real root = real_sqrt(v), below = root + lens->epsilon;
    const real m_by = (mean - gradient + m * lens->grown1) / lens->first;
    const real v_by = (square - fresh_square + v * lens->grown2) / lens->second;
    const real root_by =
        root > 0.0F ? v_by / (2.0F * root) : 0.0F; /* a dead weight's underflowed */

    return (struct adam_effect){
        .mean = new_mean,
        .square = new_square,
        .direction = m / below,
        .by_beta1 = -lens->rate * m_by / below,
        .by_beta2 = lens->rate * m * root_by / (below * below),
    };
}

#endif
