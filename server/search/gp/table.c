#include "search/gp/table.h"

#include "memory.h"
#include "search/gp/warp.h"
#include "search/numbers/algebra.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Squares and their sums stay finite. */
static double tame(double value)
{
    const double most = 1e100;
    return value < -most ? -most : value > most ? most : value;
}

static bool is_finished(const struct trial *trial)
{
    return trial->state != TRIAL_PENDING;
}

static bool has_value(const struct trial *trial)
{
    return (trial->state == TRIAL_DONE || trial->state == TRIAL_PRUNED) &&
           isfinite(trial->objective[0]);
}

/* Least first; a trial without a value is worst. */
struct ranked {
    double value;
    uint32_t draw; /* of its number */
    int number;
};

static int by_value(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->number - b->number;
}

static int by_draw(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->draw != b->draw)
        return a->draw < b->draw ? -1 : 1;
    return a->number - b->number;
}

static int by_number(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    return a->number - b->number;
}

static struct ranked rank_of(const struct trial *trial, int number)
{
    const uint32_t counter[4] = {(uint32_t)number}, key[2] = {0};
    uint32_t block[4];
    philox4x32(counter, key, block);
    return (struct ranked){has_value(trial) ? trial->objective[0] : HUGE_VAL, block[0], number};
}

/* Those with values, in the order of their numbers, earlier searches first. */
static void choose_known(struct gp_table *table, const struct history *history)
{
    const int all = history->earlier_count + history->count;
    AUTO_FREE struct ranked *ranked = xcalloc(all + 1, sizeof *ranked);
    int count = 0;
    for (int i = 0; i < all; i++) {
        const struct trial *trial = i < history->earlier_count
                                        ? &history->earlier[i]
                                        : &history->trials[i - history->earlier_count];
        if (is_finished(trial))
            ranked[count++] = rank_of(trial, i);
    }
    table->finished = count;
    if (count > GP_TABLE_MOST) {
        qsort(ranked, count, sizeof *ranked, by_value);
        qsort(ranked + GP_TABLE_BEST, count - GP_TABLE_BEST, sizeof *ranked, by_draw);
        count = GP_TABLE_MOST;
        qsort(ranked, count, sizeof *ranked, by_number);
    }
    for (int i = 0; i < count; i++) {
        const int number = ranked[i].number;
        table->trials[i] = number < history->earlier_count
                               ? &history->earlier[number]
                               : &history->trials[number - history->earlier_count];
    }
    table->known = table->n = count;
}

static void add_pending(struct gp_table *table, const struct history *history)
{
    int first = history->count, count = 0;
    while (first > 0 && count < GP_TABLE_PENDING)
        count += !is_finished(&history->trials[--first]);
    for (int i = first; i < history->count; i++)
        if (!is_finished(&history->trials[i]))
            table->trials[table->n++] = &history->trials[i];
}

static void fill_objective(struct gp_table *table)
{
    AUTO_FREE double *done = xcalloc(table->known + 1, sizeof *done);
    AUTO_FREE int *order = xcalloc(table->known + 1, sizeof *order);
    double worst = -HUGE_VAL;
    int count = 0;
    for (int i = 0; i < table->known; i++) {
        const struct trial *trial = table->trials[i];
        if (!has_value(trial))
            continue;
        worst = fmax(worst, tame(trial->objective[0]));
        if (trial->state == TRIAL_DONE)
            done[count++] = tame(trial->objective[0]);
    }
    const double median = count > 0 ? warp_median(done, count, order) : -HUGE_VAL;
    for (int i = 0; i < table->known; i++) {
        const struct trial *trial = table->trials[i];
        const bool pruned = trial->state == TRIAL_PRUNED;
        table->failed[i] = !has_value(trial);
        table->y[i] = table->failed[i] ? worst : tame(trial->objective[0]);
        if (pruned && table->y[i] < median)
            table->y[i] = median;
        table->error[i] = trial->error > 0 && isfinite(trial->error) ? tame(trial->error) : 0;
    }
    if (!isfinite(worst))
        table->known = table->n = 0;
}

/* One that is not known is as bad as the worst, and not kept. */
static void fill_constraint(struct gp_table *table, int c)
{
    double worst = 1e-3;
    for (int i = 0; i < table->known; i++) {
        const struct trial *trial = table->trials[i];
        if (has_value(trial) && isfinite(trial->constraint[c]))
            worst = fmax(worst, tame(trial->constraint[c]));
    }
    for (int i = 0; i < table->known; i++) {
        const struct trial *trial = table->trials[i];
        const bool fine = has_value(trial) && isfinite(trial->constraint[c]);
        table->limited[c][i] = fine ? tame(trial->constraint[c]) : worst;
    }
}

static double *add_limit(struct gp_table *table)
{
    return table->limited[table->limits++] = xcalloc(table->known + 1, sizeof(double));
}

static void fill_limits(struct gp_table *table, int constraints)
{
    bool any = false;
    table->constraints = constraints;
    for (int c = 0; c < constraints; c++) {
        add_limit(table);
        fill_constraint(table, c);
    }
    for (int i = 0; i < table->known; i++)
        any |= table->failed[i];
    if (!any)
        return;
    double *failing = add_limit(table);
    for (int i = 0; i < table->known; i++)
        failing[i] = table->failed[i] ? 1 : -1;
}

void gp_table_init(struct gp_table *table, const struct history *history)
{
    const int most = history->earlier_count + history->count + 1;
    *table = (struct gp_table){.trials = xcalloc(most, sizeof(struct trial *))};
    gp_code_init(&table->code, history->space);
    choose_known(table, history);
    add_pending(table, history);
    table->y = xcalloc(table->known + 1, sizeof *table->y);
    table->error = xcalloc(table->known + 1, sizeof *table->error);
    table->feasible = xcalloc(table->known + 1, sizeof *table->feasible);
    table->failed = xcalloc(table->known + 1, sizeof *table->failed);
    fill_objective(table);
    fill_limits(table, history->constraints);

    double row[GP_COLUMNS_MAX];
    table->stride = algebra_stride(table->n);
    table->x = algebra_matrix(table->code.count, table->n);
    for (int i = 0; i < table->n; i++) {
        if (i < table->known)
            table->feasible[i] = trial_is_feasible(history, table->trials[i]);
        gp_code_point(&table->code, history->space, table->trials[i]->values, row);
        for (int j = 0; j < table->code.count; j++)
            table->x[j * table->stride + i] = row[j];
    }
}

void gp_table_release(struct gp_table *table)
{
    free(table->x);
    free(table->y);
    free(table->error);
    free(table->feasible);
    free(table->failed);
    for (int c = 0; c < GP_LIMITS_MAX; c++)
        free(table->limited[c]);
    free(table->trials);
}

struct columns gp_table_columns(const struct gp_table *table)
{
    return (struct columns){table->x, table->stride, table->code.choice, table->code.count};
}
