/*
 * How the columns of a Gaussian process stand for the parameters of a space.
 *
 * A number is its coordinate in the unit cube, of an int or of steps that of the value rounded: the
 * process is flat between ints (Garrido-Merchan and Hernandez-Lobato, 2020). An ordered choice too.
 * A choice is the place of its value, compared for being the same. A parameter that does not apply
 * stands in the middle, and every set of conditions has one more column that says whether it holds.
 * Parameters of one value only have none.
 */
#ifndef GP_CODE_H
#define GP_CODE_H

#include "jobs/space.h"
#include "search/gp/model.h"

enum gp_column_kind { COLUMN_NUMBER, COLUMN_CHOICE, COLUMN_APPLIES };

struct gp_code {
    enum gp_column_kind kind[GP_COLUMNS_MAX];
    int parameter[GP_COLUMNS_MAX];
    bool choice[GP_COLUMNS_MAX]; /* compared for being the same */
    int count;                   /* columns */
    int dimensions;              /* of them parameters */
};

void gp_code_init(struct gp_code *code, const struct space *space);

/* A point in the user's unit, settled: its row [count]. */
void gp_code_point(const struct gp_code *code, const struct space *space, const double *values,
                   double *row);

/* A parameter whose coordinate may take any value in [0, 1]: a float without steps. */
bool gp_is_continuous(const struct parameter *parameter);

#endif
