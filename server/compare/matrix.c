#include "compare/matrix.h"

#include "compare/looked.h"
#include "compare/order.h"
#include "compare/statistics.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>

static int by_size(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Every seed that an arm reports on, once. */
static int list_seeds(const struct arms *arms, uint64_t **out)
{
    size_t room = 0;
    int count = 0, kept = 0;

    for (int arm = 0; arm < arms->count; arm++)
        room += (size_t)arms->list[arm].report.count;
    uint64_t *seeds = xcalloc(room, sizeof *seeds);
    for (int arm = 0; arm < arms->count; arm++) {
        for (int i = 0; i < arms->list[arm].report.count; i++)
            seeds[count++] = arms->list[arm].report.runs[i]->seed;
    }
    qsort(seeds, (size_t)count, sizeof *seeds, by_size);
    for (int i = 0; i < count; i++) {
        if (kept == 0 || seeds[i] != seeds[kept - 1])
            seeds[kept++] = seeds[i];
    }
    *out = seeds;
    return kept;
}

static void place_run(struct matrix *matrix, int arm, const struct report_run *run)
{
    const size_t seed_count = (size_t)matrix->comparison.seed_count;
    const uint64_t *place =
        bsearch(&run->seed, matrix->seeds, seed_count, sizeof *matrix->seeds, by_size);
    const size_t cell = (size_t)arm * seed_count + (size_t)(place - matrix->seeds);

    if (!run_is_final(run->state) || run->state == RUN_CANCELLED || run->state == RUN_PRUNED)
        return;
    matrix->ended[cell] = true;
    matrix->absent[cell] = false;
    matrix->values[cell] = report_run_counts(run) ? run->objective : NO_VALUE;
}

static void fill(struct matrix *matrix, const struct arms *arms)
{
    const size_t cells = (size_t)arms->count * (size_t)matrix->comparison.seed_count;
    matrix->names = xcalloc((size_t)arms->count, sizeof *matrix->names);
    matrix->values = xcalloc(cells, sizeof *matrix->values);
    matrix->ended = xcalloc(cells, sizeof *matrix->ended);
    matrix->absent = xcalloc(cells, sizeof *matrix->absent);

    for (size_t i = 0; i < cells; i++) {
        matrix->values[i] = NO_VALUE;
        matrix->absent[i] = true;
    }
    for (int arm = 0; arm < arms->count; arm++) {
        matrix->names[arm] = arms->list[arm].name;
        for (int i = 0; i < arms->list[arm].report.count; i++)
            place_run(matrix, arm, arms->list[arm].report.runs[i]);
    }
}

struct matrix matrix_of(const struct arms *arms)
{
    struct matrix matrix = {.judging = judging_of(arms->input->request)};
    const int seed_count = list_seeds(arms, &matrix.seeds);

    matrix.comparison.seed_count = seed_count;
    fill(&matrix, arms);
    matrix.comparison = (struct comparison){
        .names = matrix.names,
        .arm_count = arms->count,
        .seed_count = seed_count,
        .values = matrix.values,
        .absent = matrix.absent,
        .baseline = arms->baseline,
        .maximize = arms->input->metric.maximize,
        .metric = arms->input->metric.name,
        .level = matrix.judging.level,
        .within = matrix.judging.within,
        .relative = matrix.judging.relative,
        .baseline_only = arms->input->baseline_only,
        .seed = (uint64_t)arms->input->job,
    };
    matrix.looked = looked_at(&matrix, arms);
    return matrix;
}

void matrix_release(struct matrix *matrix)
{
    free(matrix->names);
    free(matrix->seeds);
    free(matrix->values);
    free(matrix->ended);
    free(matrix->absent);
    looked_free(matrix->looked);
    *matrix = (struct matrix){0};
}

double matrix_median(const struct matrix *matrix, int arm)
{
    const int seed_count = matrix->comparison.seed_count;
    const double *values = comparison_values(&matrix->comparison, arm);
    const bool *ended = matrix->ended + (size_t)arm * (size_t)seed_count;
    const double worst = matrix->comparison.maximize ? -HUGE_VAL : HUGE_VAL;
    AUTO_FREE double *list = xcalloc((size_t)seed_count, sizeof *list);
    int count = 0;

    for (int i = 0; i < seed_count; i++) {
        if (ended[i])
            list[count++] = isfinite(values[i]) ? values[i] : worst;
    }
    const double median = order_median(list, count);
    return isfinite(median) ? median : NO_VALUE;
}
