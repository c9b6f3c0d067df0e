/* What people see of a search beside its runs: one proposal, and how far the search is. */
#include "store/searches.h"

#include "json.h"
#include "store/private.h"

#include <math.h>
#include <string.h>

/* --- one proposal ------------------------------------------------------------------------------
 */

/* Numbers first … first + count - 1 of a result; NULL: an empty list. */
static json_t *numbers_json(const double *results, int first, int count)
{
    json_t *list = json_array();
    for (int i = first; i < first + count; i++)
        json_array_append_new(list, json_number(results[i]));
    return list;
}

/* A copy, since a BLOB's bytes need not lie where a double may. */
static int read_results(struct statement *read, int column, double results[RESULTS_MAX])
{
    size_t bytes;
    const void *from = row_bytes(read, column, &bytes);
    const size_t most = RESULTS_MAX * sizeof *results;
    if (bytes > most)
        bytes = most;
    if (bytes > 0)
        memcpy(results, from, bytes);
    return (int)(bytes / sizeof *results);
}

static void add_results(struct statement *read, int column, int objectives, json_t *proposal)
{
    double results[RESULTS_MAX];
    const int count = read_results(read, column, results);
    if (count <= objectives) {
        json_object_set_new(proposal, "values", json_null());
        json_object_set_new(proposal, "constraints", json_null());
        return;
    }
    json_object_set_new(proposal, "values", numbers_json(results, 0, objectives));
    json_object_set_new(proposal, "constraints",
                        numbers_json(results, objectives, count - objectives - 1));
}

int proposal_read(struct sql *db, int64_t run, json_t **out, struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT number, how, seen, told, outcome, parent, late, verdict, result,"
                          " json_array_length(request, '$.objectives') FROM proposal"
                          " JOIN job_text ON job_text.job_id = proposal.job_id WHERE run_id = ?");
    put_integer(read, run);
    const int found = statement_next(read, err);
    if (found < 0)
        return -1;
    if (!found) {
        *out = json_null();
        return 0;
    }
    json_t *proposal =
        json_pack("{so so so so so so sb so}", "number", row_json_integer(read, 0), "how",
                  row_json_text(read, 1), "seen", row_json_integer(read, 2), "told",
                  row_json_integer(read, 3), "outcome", row_json_text(read, 4), "parent",
                  row_json_integer(read, 5), "late", row_integer(read, 6) != 0, "verdict",
                  row_json_text(read, 7));
    add_results(read, 8, (int)row_integer(read, 9), proposal);
    statement_reset(read);
    *out = proposal;
    return 0;
}

/* --- how far a search is -----------------------------------------------------------------------
 */

/* What the request says of its goals, as far as one run is better than another. */
struct goals {
    int objectives, seeds; /* seeds of each point */
    bool maximize;
    const json_t *constraints;
};

static struct goals goals_of(const json_t *request)
{
    const json_t *objectives = json_object_get(request, "objectives");
    const char *goal = json_text_at(json_array_get(objectives, 0), "goal", "minimize");
    return (struct goals){(int)json_array_size(objectives),
                          (int)json_integer_at(request, "seeds", 1), strcmp(goal, "maximize") == 0,
                          json_object_get(request, "constraints")};
}

static bool keeps(const struct goals *goals, const double *results, int count)
{
    size_t i;
    json_t *limit;
    json_array_foreach(goals->constraints, i, limit)
    {
        const double value =
            goals->objectives + (int)i < count ? results[goals->objectives + i] : (double)NAN;
        if (!(value >= json_number_at(limit, "at_least", -HUGE_VAL) &&
              value <= json_number_at(limit, "at_most", HUGE_VAL)))
            return false;
    }
    return true;
}

struct best_run {
    int64_t run; /* 0: none */
    int number;
    double value;
};

/* A point as its runs come, one for each seed. */
struct point_mean {
    struct best_run first;
    int done, count;
    double sums[RESULTS_MAX];
};

static void add_run(const struct goals *goals, struct statement *read, struct point_mean *point)
{
    double results[RESULTS_MAX];
    const int number = (int)row_integer(read, 1);
    if (point->done == 0 || number / goals->seeds != point->first.number / goals->seeds)
        *point = (struct point_mean){.first = {row_integer(read, 0), number, 0}};
    point->done++;
    point->count = read_results(read, 2, results);
    for (int i = 0; i < point->count; i++)
        point->sums[i] += results[i];
}

/* Once all of its runs are done. */
static void take_point(const struct goals *goals, const struct point_mean *point,
                       struct best_run *best)
{
    const double sign = goals->maximize ? -1 : 1;
    double means[RESULTS_MAX];
    for (int i = 0; i < point->count; i++)
        means[i] = point->sums[i] / goals->seeds;
    if (point->done < goals->seeds || point->count <= 0 || !isfinite(means[0]) ||
        !keeps(goals, means, point->count) ||
        (best->run > 0 && sign * means[0] >= sign * best->value))
        return;
    *best = point->first;
    best->value = means[0];
}

/* The first run of the point whose objective is best of those that are done; of several objectives
 * there is none. */
static int find_best(struct sql *db, int64_t job, const struct goals *goals, struct best_run *best,
                     struct error *err)
{
    struct statement *read =
        sql_statement(db, "SELECT run_id, number, result FROM proposal WHERE job_id = ?"
                          " AND outcome = 'done' ORDER BY number");
    struct point_mean point = {.done = 0};
    int got;
    *best = (struct best_run){0};
    if (goals->objectives != 1)
        return 0;
    put_integer(read, job);
    while ((got = statement_next(read, err)) > 0) {
        add_run(goals, read, &point);
        take_point(goals, &point, best);
    }
    return got;
}

static json_t *best_json(const struct best_run *best)
{
    if (best->run == 0)
        return json_null();
    return json_pack("{s:I, s:i, s:[f]}", "run", best->run, "number", best->number, "values",
                     best->value);
}

int search_state_read(struct sql *db, int64_t job, const json_t *request, json_t **out,
                      struct error *err)
{
    const struct goals goals = goals_of(request);
    struct best_run best;
    if (find_best(db, job, &goals, &best, err) < 0)
        return -1;
    struct statement *read = sql_statement(
        db, "SELECT edits, stopped, (SELECT count(*) FROM proposal WHERE job_id = ?1),"
            " (SELECT count(*) FROM proposal WHERE job_id = ?1 AND told IS NOT NULL)"
            " FROM search WHERE job_id = ?1");
    put_integer(read, job);
    if (statement_next(read, err) < 0)
        return -1;
    *out = json_pack("{so so so so so}", "proposed", row_json_integer(read, 2), "told",
                     row_json_integer(read, 3), "best", best_json(&best), "stopped",
                     row_json_text(read, 1), "edits", row_json_integer(read, 0));
    statement_reset(read);
    return 0;
}
