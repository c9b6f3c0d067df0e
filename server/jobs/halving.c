#include "jobs/halving.h"

#include "branching.h"
#include "jobs/fields.h"
#include "jobs/plan.h"
#include "json.h"
#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const strategies[] = {"grid", "halving"};

/* --- reading ------------------------------------------------------------------------------------
 */

/* As many as leave at least one point behind the last one. */
static void lay_in_rungs(struct halving *halving, uint64_t points)
{
    int count = 0;
    for (uint64_t left = points; left >= (uint64_t)halving->factor && count < RUNGS_MAX; count++)
        left /= (uint64_t)halving->factor;
    for (int i = 0; i < count; i++)
        halving->at[i] = pow(halving->factor, i - count);
    halving->rung_count = count;
}

static void read_rungs(const json_t *rungs, struct halving *halving, struct problems *problems)
{
    size_t i;
    json_t *entry;
    double before = 0;

    if (json_array_size(rungs) < 1 || json_array_size(rungs) > RUNGS_MAX) {
        problems_add(problems, "/tune", "rungs",
                     "must be a list of 1 to %d fractions of the steps, such as [0.25, 0.5]",
                     RUNGS_MAX);
        return;
    }
    json_array_foreach(rungs, i, entry)
    {
        const double at = json_number_value(entry);
        if (!json_is_number(entry) || !(at > before) || !(at < 1)) {
            char index[24];
            snprintf(index, sizeof index, "%zu", i);
            problems_add(problems, "/tune/rungs", index,
                         "must be a fraction of the steps, greater than %.10g and less than 1",
                         before);
            return;
        }
        before = halving->at[halving->rung_count++] = at;
    }
    halving->given = true;
}

static void refuse_without_halving(const json_t *tune, const char *key, struct problems *problems)
{
    if (json_object_get(tune, key))
        problems_add(problems, "/tune", key, "belongs only beside \"strategy\": \"halving\"");
}

struct halving halving_read(const json_t *tune, uint64_t points, struct problems *problems)
{
    struct halving halving = {0};
    const json_t *rungs = json_object_get(tune, "rungs");

    if (fields_choice(tune, "/tune", "strategy", strategies, COUNT_OF(strategies), problems) != 1) {
        refuse_without_halving(tune, "factor", problems);
        refuse_without_halving(tune, "rungs", problems);
        return halving;
    }
    halving.factor = (int)fields_integer(tune, "/tune", "factor", 2, HALVING_FACTOR_MAX,
                                         HALVING_FACTOR, problems);
    if (rungs)
        read_rungs(rungs, &halving, problems);
    else
        lay_in_rungs(&halving, points);
    return halving;
}

void halving_write(const struct halving *halving, json_t *tune)
{
    json_t *rungs = json_array();
    for (int i = 0; i < halving->rung_count; i++)
        json_array_append_new(rungs, json_real(halving->at[i]));
    json_object_set_new(tune, "factor", json_integer(halving->factor));
    json_object_set_new(tune, "rungs", rungs);
}

/* --- where runs may be compared -----------------------------------------------------------------
 */

static int check_warmup(const json_t *schedule, double at, struct error *err)
{
    const double warmup = json_number_at(schedule, "warmup", 0);
    if (at > warmup)
        return 0;
    return error_set(err, "a rung at %.6g lies within the warm-up, which ends at %.6g", at, warmup);
}

int halving_permits(const json_t *spec, double at, struct error *err)
{
    const json_t *schedule = json_object_get(spec, "schedule");
    const char *type = json_text_at(schedule, "type", "");
    const double stable = 1 - json_number_at(schedule, "cooldown", 0);
    const bool constant = strcmp(type, "constant") == 0, wsd = strcmp(type, "wsd") == 0;

    if (!constant && !wsd)
        return error_set(
            err,
            "schedule \"%.64s\" goes by where the run ends, so runs cannot be compared "
            "half way; take \"constant\", \"wsd\" (before its cooldown), or the "
            "optimizer \"schedule_free\" with \"constant\"",
            type);
    if (wsd && at > stable)
        return error_set(err,
                         "a rung at %.6g lies within the cooldown of wsd, which begins at %.6g", at,
                         stable);
    return check_warmup(schedule, at, err);
}

/* Of a run counted in epochs, rungs are the ends of epochs: they must differ. */
static int check_epochs(const json_t *spec, double before, double at, struct error *err)
{
    const int64_t epochs = json_integer_at(spec, "epochs", 0);
    if (epochs == 0 || before == 0 ||
        rung_step(at, epochs, epochs) > rung_step(before, epochs, epochs))
        return 0;
    return error_set(err, "the rungs %.6g and %.6g are the same one of %lld epochs", before, at,
                     (long long)epochs);
}

int halving_settle(struct halving *halving, const json_t *spec, struct error *err)
{
    int kept = 0;
    if (halving->rung_count == 0)
        return halving_permits(spec, 0.5, err);
    for (int i = 0; i < halving->rung_count; i++) {
        const double at = halving->at[i];
        if (halving_permits(spec, at, err) == 0 &&
            check_epochs(spec, kept > 0 ? halving->at[kept - 1] : 0, at, err) == 0)
            halving->at[kept++] = at;
        else if (halving->given)
            return -1;
    }
    halving->rung_count = kept;
    return kept > 0 ? 0 : -1; /* the sentence is the last rung's */
}

/* --- who goes on --------------------------------------------------------------------------------
 */

struct standing {
    int point, failed;
    double cost; /* the mean of those that did not fail; less is better */
};

static int by_rank(const void *left, const void *right)
{
    const struct standing *a = left, *b = right;
    if (a->failed != b->failed)
        return a->failed - b->failed;
    if (a->cost != b->cost)
        return a->cost > b->cost ? 1 : -1;
    return a->point - b->point;
}

static struct standing standing_of(const double *values, int point, int seeds, bool maximize)
{
    struct standing standing = {.point = point};
    double sum = 0;
    for (int seed = 0; seed < seeds; seed++) {
        const double value = values[(size_t)point * (size_t)seeds + (size_t)seed];
        if (isfinite(value))
            sum += value;
        else
            standing.failed++;
    }
    const int count = seeds - standing.failed;
    standing.cost = count > 0 ? (maximize ? -sum : sum) / count : 0;
    return standing;
}

void halving_keep(const double *values, const bool *stands, int points, int seeds, int factor,
                  bool maximize, bool *kept)
{
    AUTO_FREE struct standing *list = xcalloc((size_t)points, sizeof *list);
    int count = 0;

    for (int point = 0; point < points; point++) {
        kept[point] = false;
        if (stands[point])
            list[count++] = standing_of(values, point, seeds, maximize);
    }
    qsort(list, (size_t)count, sizeof *list, by_rank);
    for (int i = 0; i < (count + factor - 1) / factor; i++)
        kept[list[i].point] = true;
}
