#include "api/confirmations.h"

#include "api/report.h"
#include "json.h"

#include <math.h>
#include <string.h>

/* A share of the value that the report names; NULL becomes null. */
static json_t *member(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return value ? json_incref(value) : json_null();
}

static int objective_of(const struct search_plan *plan, const char *metric)
{
    for (int i = 0; i < plan->objective_count; i++)
        if (strcmp(plan->objectives[i].name, metric) == 0)
            return i;
    return -1;
}

/* What the search has measured of the run; NaN: nothing. */
static double searched(const struct gathered_search *gathered, int64_t run, const char *metric)
{
    const int objective = objective_of(gathered->plan, metric);
    for (int i = 0; objective >= 0 && i < gathered->history.count; i++) {
        const struct finding *finding = &gathered->findings[i];
        if (finding->run == run)
            return finding->results ? finding->results[objective] : (double)NAN;
    }
    return (double)NAN;
}

static json_t *arms_json(const struct gathered_search *gathered, const json_t *request,
                         const json_t *report)
{
    const char *metric = json_text_at(json_object_get(report, "metric"), "name", "");
    const json_t *asked = json_object_get(request, "arms");
    json_t *list = json_array(), *arm;
    size_t i;
    json_array_foreach(json_object_get(report, "arms"), i, arm)
    {
        const int64_t run = json_integer_at(json_array_get(asked, i), "run", 0);
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                                              member(arm, "name"), "run",
                                              run > 0 ? json_integer(run) : json_null(), "searched",
                                              json_number(searched(gathered, run, metric)), "n",
                                              member(arm, "n"), "mean", member(arm, "mean"),
                                              "standard_error", member(arm, "standard_error")));
    }
    return list;
}

static json_t *confirmation_json(const struct gathered_search *gathered, const json_t *job,
                                 const json_t *report)
{
    const json_t *request = json_object_get(job, "request");
    const bool is_decided = json_flag_at(report, "finished", false) &&
                            json_array_size(json_object_get(report, "pairs")) > 0;
    return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o}", "job", member(job, "id"), "state",
                     member(report, "state"), "seeds",
                     (int)json_array_size(json_object_get(request, "seeds")), "metric",
                     member(json_object_get(report, "metric"), "name"), "arms",
                     arms_json(gathered, request, report), "sentence",
                     is_decided ? member(report, "sentence") : json_null());
}

static void add_confirmation(struct reader *reader, const struct gathered_search *gathered,
                             int64_t id, json_t *list)
{
    struct error err;
    json_auto_t *job = NULL, *report = NULL;
    if (store_read_asked(reader, id, &job, &err) == 0 &&
        report_without_curves(reader, id, &report, &err) == 0)
        json_array_append_new(list, confirmation_json(gathered, job, report));
}

json_t *confirmations_json(struct reader *reader, int64_t team,
                           const struct gathered_search *gathered)
{
    int64_t jobs[CONFIRMATIONS_MOST];
    int count = 0;
    struct error err;
    json_t *list = json_array();
    if (store_read_confirmations(reader, gathered->job, team, CONFIRMATIONS_MOST, jobs, &count,
                                 &err) < 0)
        return list;
    for (int i = 0; i < count; i++)
        add_confirmation(reader, gathered, jobs[i], list);
    return list;
}
