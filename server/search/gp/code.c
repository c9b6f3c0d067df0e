#include "search/gp/code.h"

#include <math.h>
#include <string.h>

bool gp_is_continuous(const struct parameter *parameter)
{
    return parameter->type == PARAMETER_FLOAT && parameter->step == 0 &&
           !parameter_is_fixed(parameter);
}

static bool same_condition(const struct space *space, const struct condition *a,
                           const struct condition *b)
{
    if (a->parameter != b->parameter || !a->allowed != !b->allowed)
        return false;
    if (a->allowed)
        return memcmp(a->allowed, b->allowed, space->parameters[a->parameter].choices) == 0;
    return a->low == b->low && a->high == b->high;
}

static bool same_conditions(const struct space *space, const struct parameter *a,
                            const struct parameter *b)
{
    if (a->condition_count != b->condition_count)
        return false;
    for (int i = 0; i < a->condition_count; i++)
        if (!same_condition(space, &a->conditions[i], &b->conditions[i]))
            return false;
    return true;
}

static void add_column(struct gp_code *code, enum gp_column_kind kind, int parameter)
{
    code->kind[code->count] = kind;
    code->parameter[code->count] = parameter;
    code->choice[code->count++] = kind != COLUMN_NUMBER;
}

/* Whether a column already says when this parameter applies. */
static bool is_told(const struct gp_code *code, const struct space *space, int parameter)
{
    for (int j = 0; j < code->count; j++)
        if (code->kind[j] == COLUMN_APPLIES &&
            same_conditions(space, &space->parameters[code->parameter[j]],
                            &space->parameters[parameter]))
            return true;
    return false;
}

void gp_code_init(struct gp_code *code, const struct space *space)
{
    *code = (struct gp_code){.count = 0};
    for (int i = 0; i < space->count; i++) {
        const struct parameter *parameter = &space->parameters[i];
        const bool unordered = parameter->type == PARAMETER_CHOICE && !parameter->ordered;
        if (!parameter_is_fixed(parameter))
            add_column(code, unordered ? COLUMN_CHOICE : COLUMN_NUMBER, i);
    }
    code->dimensions = code->count > 0 ? code->count : 1;
    for (int i = 0; i < space->count; i++)
        if (space->parameters[i].condition_count > 0 && !is_told(code, space, i))
            add_column(code, COLUMN_APPLIES, i);
}

void gp_code_point(const struct gp_code *code, const struct space *space, const double *values,
                   double *row)
{
    for (int j = 0; j < code->count; j++) {
        const int i = code->parameter[j];
        const bool applies = !isnan(values[i]);
        if (code->kind[j] == COLUMN_APPLIES)
            row[j] = applies ? 1 : 0;
        else if (code->kind[j] == COLUMN_CHOICE)
            row[j] = applies ? values[i] : -1;
        else
            row[j] = applies ? parameter_to_unit(&space->parameters[i], values[i]) : 0.5;
    }
}
