/* Points and the unit cube; reading is in space_read.c, counting in space_points.c. */
#include "jobs/space.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

const char *const parameter_type_names[PARAMETER_TYPES] = {"float", "int", "choice"};

#define NOWHERE ((double)NAN)

void space_release(struct space *space)
{
    for (int i = 0; i < space->count; i++) {
        struct parameter *parameter = &space->parameters[i];
        for (int k = 0; k < parameter->condition_count; k++)
            free(parameter->conditions[k].allowed);
        free(parameter->conditions);
        free(parameter->name);
        json_decref(parameter->values);
    }
    free(space->parameters);
    *space = (struct space){0};
}

/* --- one parameter ------------------------------------------------------------------------------
 */

static double clip(double x, double low, double high)
{
    if (x < low)
        return low;
    return x > high ? high : x;
}

static bool has_step(const struct parameter *parameter)
{
    return parameter->type != PARAMETER_FLOAT || parameter->step > 0;
}

static double step_of(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_CHOICE ? 1 : parameter->step;
}

bool parameter_is_fixed(const struct parameter *parameter)
{
    return parameter->low == parameter->high;
}

uint64_t parameter_size(const struct parameter *parameter)
{
    if (parameter_is_fixed(parameter))
        return 1;
    if (!has_step(parameter))
        return 0;
    return (uint64_t)llround((parameter->high - parameter->low) / step_of(parameter)) + 1;
}

double parameter_value(const struct parameter *parameter, uint64_t place)
{
    if (place + 1 >= parameter_size(parameter))
        return parameter->high;
    if (parameter->tens > 0) /* 0.1 + 2 * 0.1 is not 0.3, (1 + 2 * 1) / 10 is */
        return (rint(parameter->low * parameter->tens) +
                (double)place * rint(parameter->step * parameter->tens)) /
               parameter->tens;
    return parameter->low + (double)place * step_of(parameter);
}

uint64_t parameter_place(const struct parameter *parameter, double value)
{
    const double x = clip(value, parameter->low, parameter->high);
    if (parameter_is_fixed(parameter))
        return 0;
    return (uint64_t)llround((x - parameter->low) / step_of(parameter));
}

uint64_t parameter_place_from(const struct parameter *parameter, double least)
{
    const uint64_t near = parameter_place(parameter, least);
    return parameter_value(parameter, near) >= least ? near : near + 1;
}

double parameter_axis(const struct parameter *parameter, double value)
{
    return parameter->log ? log(value) : value;
}

void parameter_ends(const struct parameter *parameter, double *out_low, double *out_high)
{
    const double half = has_step(parameter) ? step_of(parameter) / 2 : 0;
    *out_low = parameter_axis(parameter, parameter->low - half);
    *out_high = parameter_axis(parameter, parameter->high + half);
}

double parameter_to_unit(const struct parameter *parameter, double value)
{
    double low, high;
    if (isnan(value) || parameter_is_fixed(parameter))
        return 0.5;
    if (parameter->type == PARAMETER_CHOICE)
        return (value + 0.5) / parameter->choices;
    parameter_ends(parameter, &low, &high);
    return clip((parameter_axis(parameter, value) - low) / (high - low), 0, 1);
}

/* The ends of a float are met exactly: exp(log(x)) is not always x. */
double parameter_from_unit(const struct parameter *parameter, double u)
{
    double low, high;
    if (isnan(u))
        u = 0.5;
    if (u <= 0 || parameter_is_fixed(parameter))
        return parameter->low;
    if (u >= 1)
        return parameter->high;
    if (parameter->type == PARAMETER_CHOICE)
        return clip(floor(u * parameter->choices), 0, parameter->high);

    parameter_ends(parameter, &low, &high);
    const double axis = low + u * (high - low);
    const double x = parameter->log ? exp(axis) : axis;
    if (has_step(parameter))
        return parameter_value(parameter, parameter_place(parameter, x));
    return clip(x, parameter->low, parameter->high);
}

/* --- points -------------------------------------------------------------------------------------
 */

static bool condition_holds(const struct condition *condition, const double *values)
{
    const double value = values[condition->parameter];
    if (isnan(value))
        return false;
    if (condition->allowed)
        return condition->allowed[(int)value] != 0;
    return value >= condition->low && value <= condition->high;
}

bool space_applies(const struct space *space, int i, const double *values)
{
    const struct parameter *parameter = &space->parameters[i];
    for (int k = 0; k < parameter->condition_count; k++) {
        if (!condition_holds(&parameter->conditions[k], values))
            return false;
    }
    return true;
}

void space_to_unit(const struct space *space, const double *values, double *u)
{
    for (int i = 0; i < space->count; i++)
        u[i] = parameter_to_unit(&space->parameters[i], values[i]);
}

void space_from_unit(const struct space *space, const double *u, double *values)
{
    for (int i = 0; i < space->count; i++)
        values[i] = space_applies(space, i, values)
                        ? parameter_from_unit(&space->parameters[i], u[i])
                        : NOWHERE;
}

void space_settle(const struct space *space, double *values)
{
    for (int i = 0; i < space->count; i++) {
        if (!space_applies(space, i, values))
            values[i] = NOWHERE;
        else if (isnan(values[i]))
            values[i] = parameter_from_unit(&space->parameters[i], 0.5);
    }
}

/* As many numbers are drawn whatever applies. */
void space_draw(const struct space *space, struct rng *rng, double *values)
{
    for (int i = 0; i < space->count; i++) {
        const double u = rng_uniform(rng);
        values[i] = space_applies(space, i, values) ? parameter_from_unit(&space->parameters[i], u)
                                                    : NOWHERE;
    }
}
