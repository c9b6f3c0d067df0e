/*
 * A quadratic around a point, learnt from whatever trials are near: Bayesian regression with a free
 * constant and slope, independent normal entries of the Hessian, and an error that grows with the
 * third power of the distance, as that of a second-order expansion does:
 *
 *     y_i = c + g's_i + s_i'H s_i / 2 + e_i,   cov of the quadratic terms  h (s_i's_j)^2 / 2,
 *     var e_i = noise + cubic |s_i|^6
 *
 * Of fewer points than coefficients the mean is the quadratic of least Frobenius norm (Conn,
 * Scheinberg and Vicente, 2009, 5.3); of more it is a weighted regression. noise / h and cubic / h
 * are those of greatest restricted likelihood on a grid. Pure.
 */
#ifndef LOCAL_MODEL_H
#define LOCAL_MODEL_H

struct local_model {
    int n, d;
    double *s;             /* [n][d] borrowed */
    double constant;       /* c */
    double *slope;         /* g [d] */
    double *hessian;       /* H [d][d] */
    double noise, cubic;   /* over h */
    double spread;         /* h: variance of an entry of H */
    double *inverse_lower; /* of the covariance over h, [n] */
    double *trend;         /* C^-1/2 (1, s) [d + 1][n] */
    double *trend_inverse; /* L^-1 of (1, s)'C^-1 (1, s) [d + 1] */
};

/* n >= 2 points s [n][d], about of size 1 where they matter, which is `radius` of the cube, and
 * values y [n]. -1 where nothing can be factored. */
int local_model_fit(struct local_model *model, double *s, const double *y, int n, int d,
                    double radius);
void local_model_release(struct local_model *model);

/* c + g's + s'Hs/2, and its slope [d] by s where wanted. */
double local_model_mean(const struct local_model *model, const double *s, double *slope);
/* Variance of the function there, with the cubic error and without noise. */
double local_model_variance(const struct local_model *model, const double *s);

#endif
