#include "datasets/angle.h"

/* Of sin(x)/x or cos(x), by x^2: 1 - x^2/(a(a+1)) (1 - x^2/((a+2)(a+3)) (…)), with a = 2 or 1. */
static double series(double square, int first)
{
    enum { LAST = 28 };
    double sum = 1;
    for (int k = LAST + first; k >= first; k -= 2)
        sum = 1 - square / (k * (k + 1)) * sum;
    return sum;
}

double angle_sine(double angle)
{
    return angle * series(angle * angle, 2);
}

double angle_cosine(double angle)
{
    return series(angle * angle, 1);
}
