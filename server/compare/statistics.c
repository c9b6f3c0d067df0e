#include "compare/statistics.h"

#include <math.h>

double statistics_mean(const double *values, int count)
{
    if (count < 1)
        return NO_VALUE;
    double sum = 0, left = 0;
    for (int i = 0; i < count; i++)
        sum += values[i];
    const double mean = sum / count;
    for (int i = 0; i < count; i++)
        left += values[i] - mean; /* what rounding left out */
    return mean + left / count;
}

double statistics_standard_error(const double *values, int count)
{
    if (count < 2)
        return NO_VALUE;
    const double mean = statistics_mean(values, count);
    double squares = 0, left = 0;
    for (int i = 0; i < count; i++) {
        const double distance = values[i] - mean;
        squares += distance * distance;
        left += distance;
    }
    const double variance = (squares - left * left / count) / (count - 1);
    return sqrt(variance / count);
}
