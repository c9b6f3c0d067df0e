#include "insight/evidence.h"

#include "memory.h"
#include "search/population.h"
#include "search/standing.h"

#include <stdlib.h>
#include <string.h>

/* --- order ---------------------------------------------------------------------------------------
 */

/* Earlier ones stand before those of the search where they are equally good. */
static void stand(const struct history *view, const struct trial *earlier, int earlier_count,
                  struct standing *standings)
{
    for (int i = 0; i < earlier_count; i++)
        standings[i] = trial_standing(view, &earlier[i], i - earlier_count);
    for (int i = 0; i < view->told_count; i++)
        standings[earlier_count + i] =
            trial_standing(view, &view->trials[view->told[i]], view->told[i]);
    qsort(standings, (size_t)earlier_count + (size_t)view->told_count, sizeof *standings,
          standing_compare);
}

static void put_in_list(struct evidence *evidence, const struct history *view,
                        const struct trial *earlier, int earlier_count)
{
    AUTO_FREE struct standing *standings = xcalloc((size_t)evidence->count, sizeof *standings);
    stand(view, earlier, earlier_count, standings);
    for (int i = 0; i < evidence->count; i++) {
        const int number = standings[i].number;
        const struct trial *trial =
            number < 0 ? &earlier[earlier_count + number] : &view->trials[number];
        const bool good = standings[i].class == STANDING_GOOD;
        evidence->list[i] =
            (struct evidence_point){trial, trial->objective[0], good, number < 0 ? -1 : number};
        evidence->good += good;
    }
}

/* --- populations ---------------------------------------------------------------------------------
 */

static int by_key(const void *left, const void *right)
{
    const struct evidence_point *a = left, *b = right;
    if (a->good != b->good)
        return a->good ? -1 : 1;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->number - b->number;
}

/* The list is in the order of values. */
static void rank_by_generation(struct evidence *evidence, int members, int generations)
{
    AUTO_FREE int *ended = xcalloc((size_t)generations, sizeof *ended);
    AUTO_FREE int *passed = xcalloc((size_t)generations, sizeof *passed);
    for (int i = 0; i < evidence->count; i++)
        ended[evidence->list[i].number / members]++;
    for (int i = 0; i < evidence->count; i++) {
        struct evidence_point *point = &evidence->list[i];
        const int generation = point->number / members;
        point->key = (passed[generation]++ + 0.5) / ended[generation];
    }
    qsort(evidence->list, (size_t)evidence->count, sizeof *evidence->list, by_key);
    for (int i = 0; i < generations; i++)
        if (ended[i] == members)
            evidence->model_from = i * members;
    evidence->model_to = evidence->model_from + members;
}

/* --- together ------------------------------------------------------------------------------------
 */

void evidence_init(struct evidence *evidence, const struct search_plan *plan,
                   const struct history *view, const struct trial *earlier, int earlier_count)
{
    struct population population;
    *evidence = (struct evidence){.by_generation = population_of(plan, &population)};
    evidence->earlier = evidence->by_generation ? 0 : earlier_count;
    evidence->count = view->told_count + evidence->earlier;
    evidence->list = xcalloc((size_t)evidence->count + 1, sizeof *evidence->list);
    put_in_list(evidence, view, earlier, evidence->earlier);
    if (evidence->by_generation)
        rank_by_generation(evidence, population.members, view->count / population.members + 1);
}

void evidence_release(struct evidence *evidence)
{
    free(evidence->list);
    evidence->list = NULL;
}

double *evidence_rows(const struct evidence *evidence, int parameters, int count)
{
    const size_t width = (size_t)parameters;
    double *rows = xcalloc((size_t)count * width + 1, sizeof *rows);
    for (int i = 0; i < count; i++)
        memcpy(rows + (size_t)i * width, evidence->list[i].trial->values, width * sizeof *rows);
    return rows;
}

bool evidence_models(const struct evidence *evidence, const struct evidence_point *point)
{
    return !evidence->by_generation ||
           (point->number >= evidence->model_from && point->number < evidence->model_to);
}

char *evidence_words(const struct evidence *evidence)
{
    if (evidence->by_generation)
        return xstrdup("judged by their rank within their generation: later ones train on from the "
                       "weights of earlier ones");
    if (evidence->earlier == 0)
        return NULL;
    return xprintf("%d of them are of earlier searches", evidence->earlier);
}
