#include "jobs/confirm.h"

#include "jobs/comparison.h"
#include "jobs/fields.h"
#include "jobs/patch.h"
#include "jobs/seeds.h"
#include "json.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a comparison, taken as they are. */
static const char *const kept_fields[] = {
    "name",   "priority",          "visibility", OPTION_FIELDS, "level",
    "target", "equivalent_within", "band",       "sequential"};
static const char base_name[] = "base";

struct confirming {
    const struct planner *planner;
    const struct confirm_search *search;
    const json_t *asked;
    int objective;
    json_t *base;    /* its plug-ins written out */
    json_t *arms;    /* list */
    char **specs;    /* [arm_count] resolved; of no two arms the same */
    int64_t *runs;   /* [arm_count] 0: the base */
    int arm_count;   /* at most ARMS_MAX */
    uint64_t *seeds; /* [seed_count] */
    int seed_count;
};

static struct problems *problems_of(const struct confirming *confirming)
{
    return confirming->planner->problems;
}

/* --- arms ----------------------------------------------------------------------------------------
 */

/* The merge patch from one object to another; deep, so that it says no more than what differs. */
static json_t *difference(const json_t *from, const json_t *to)
{
    json_t *patch = json_object(), *value;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)from, key, value)
    {
        if (!json_object_get(to, key))
            json_object_set_new(patch, key, json_null());
    }
    json_object_foreach((json_t *)(uintptr_t)to, key, value)
    {
        const json_t *before = json_object_get(from, key);
        if (before && json_equal(before, value))
            continue;
        json_object_set_new(patch, key,
                            json_is_object(before) && json_is_object(value)
                                ? difference(before, value)
                                : json_deep_copy(value));
    }
    return patch;
}

/* As text, to be told apart; NULL with a problem in `shown`. The caller frees it. */
static char *resolved_text(const struct confirming *confirming, const json_t *patch,
                           struct problems *shown)
{
    json_auto_t *spec = patch_apply(confirming->planner->catalog, confirming->base, patch);
    json_auto_t *resolved = plan_resolve(confirming->planner, spec, "", shown);
    return shown->found > 0 ? NULL : json_ordered(resolved);
}

/* The arm with the same specification; -1: there is none. */
static int find_same(const struct confirming *confirming, const char *spec)
{
    for (int i = 0; i < confirming->arm_count; i++)
        if (strcmp(confirming->specs[i], spec) == 0)
            return i;
    return -1;
}

static void add_arm(struct confirming *confirming, json_t *arm, int64_t run, char *spec)
{
    confirming->specs[confirming->arm_count] = spec;
    confirming->runs[confirming->arm_count++] = run;
    json_array_append_new(confirming->arms, arm);
}

static void add_base(struct confirming *confirming)
{
    AUTO_PROBLEMS struct problems shown = {0};
    json_auto_t *nothing = json_object();
    char *spec = resolved_text(confirming, nothing, &shown);
    if (!spec) {
        problems_add(problems_of(confirming), "", "base",
                     "the search's base cannot be trained by itself (%s: %s); say false",
                     shown.list[0].pointer, shown.list[0].detail);
        return;
    }
    add_arm(
        confirming,
        json_pack("{s:s, s:{}, s:s}", "name", base_name, "patch", "note", "the base of the search"),
        0, spec);
}

static json_t *run_arm(const struct confirming *confirming, const struct confirm_run *run,
                       json_t *patch)
{
    const struct confirm_search *search = confirming->search;
    AUTO_FREE char *name = xprintf("run %" PRId64, run->id);
    AUTO_FREE char *note =
        xprintf("%s %.6g in search %" PRId64, search->plan->objectives[confirming->objective].name,
                run->results[confirming->objective], search->job);
    return json_pack("{s:s, s:o, s:I, s:s}", "name", name, "patch", patch, "run",
                     (json_int_t)run->id, "note", note);
}

enum added { ADDED, ADDED_SAME, ADDED_NOT };

/* A point of which the same specification is among the arms is none of its own: *out_same is that
 * arm's run. */
static enum added add_run(struct confirming *confirming, const struct confirm_run *run,
                          int64_t *out_same)
{
    AUTO_PROBLEMS struct problems shown = {0};
    const struct planner *planner = confirming->planner;
    const struct search_plan *plan = confirming->search->plan;
    json_auto_t *spec = NULL;

    if (search_spec(planner->catalog, plan, run->values, &spec, &shown) < 0)
        return ADDED_NOT;
    json_auto_t *patch = difference(confirming->base, spec);
    struct variant_plan trained = search_variant(planner, plan, run->values);
    char *text = resolved_text(confirming, patch, &shown);
    const bool is_right = text && strcmp(text, trained.spec) == 0;
    const int same = is_right ? find_same(confirming, text) : -1;

    search_variant_release(&trained);
    if (same >= 0)
        *out_same = confirming->runs[same];
    if (is_right && same < 0)
        add_arm(confirming, run_arm(confirming, run, json_incref(patch)), run->id, text);
    else
        free(text);
    return !is_right ? ADDED_NOT : same < 0 ? ADDED : ADDED_SAME;
}

/* --- which runs ----------------------------------------------------------------------------------
 */

static int room_of(const struct confirming *confirming)
{
    return ARMS_MAX - confirming->arm_count;
}

static void say_too_few(const struct confirming *confirming, int found)
{
    const char *kept =
        confirming->search->plan->constraint_count > 0 ? " and keep all constraints" : "";
    if (found == 0)
        problems_add(problems_of(confirming), "", NULL,
                     "no run of search %" PRId64 " has succeeded%s yet with a specification that "
                     "is not the base's",
                     confirming->search->job, kept);
    else
        problems_add(problems_of(confirming), "", "best",
                     "must be at most %d: so many runs with different specifications have "
                     "succeeded%s by now",
                     found, kept);
}

/* 0: with a problem. */
static int best_wanted(const struct confirming *confirming, bool is_asked)
{
    struct problems *problems = problems_of(confirming);
    const struct confirm_search *search = confirming->search;
    const int found_before = problems->found, objectives = search->plan->objective_count;
    const int wanted = (int)fields_integer(confirming->asked, "", "best", 1, room_of(confirming),
                                           CONFIRM_BEST, problems);
    if (objectives > 1)
        problems_add(problems, "", is_asked ? "best" : "runs",
                     "search %" PRId64 " has %d objectives, so none is the best: name its runs, "
                     "\"runs\": [12, 31], and the \"objective\" that decides (0 … %d)",
                     search->job, objectives, objectives - 1);
    return problems->found > found_before ? 0 : wanted;
}

static void add_best(struct confirming *confirming)
{
    const struct confirm_search *search = confirming->search;
    const bool is_asked = json_object_get(confirming->asked, "best") != NULL;
    const int wanted = best_wanted(confirming, is_asked);
    int found = 0;
    int64_t same;

    for (int i = 0; i < search->good && found < wanted; i++)
        found += add_run(confirming, &search->runs[i], &same) == ADDED;
    if (wanted > 0 && (found == 0 || (is_asked && found < wanted)))
        say_too_few(confirming, found);
}

static const struct confirm_run *find_run(const struct confirm_search *search, int64_t id)
{
    for (int i = 0; i < search->run_count; i++)
        if (search->runs[i].id == id)
            return &search->runs[i];
    return NULL;
}

static void add_named(struct confirming *confirming, const json_t *entry, const char *index)
{
    struct problems *problems = problems_of(confirming);
    const int64_t job = confirming->search->job;
    int64_t id = 0, same = 0;
    const struct confirm_run *run = fields_is_whole(entry, 1, INT64_C(9007199254740992), &id)
                                        ? find_run(confirming->search, id)
                                        : NULL;
    if (!run) {
        problems_add(problems, "/runs", index,
                     "must be the id of a run of search %" PRId64 " that has succeeded", job);
        return;
    }
    const enum added added = add_run(confirming, run, &same);
    if (added == ADDED_SAME && same == id)
        problems_add(problems, "/runs", index, "run %" PRId64 " is in the list already", id);
    else if (added == ADDED_SAME && same == 0)
        problems_add(problems, "/runs", index, "run %" PRId64 " has the specification of the base",
                     id);
    else if (added == ADDED_SAME)
        problems_add(problems, "/runs", index,
                     "run %" PRId64 " has the same specification as run %" PRId64, id, same);
    else if (added == ADDED_NOT)
        problems_add(problems, "/runs", index,
                     "run %" PRId64 " has a specification that no arm can have over this base", id);
}

static void add_runs(struct confirming *confirming)
{
    const json_t *list = json_object_get(confirming->asked, "runs");
    const size_t count = json_array_size(list);
    const int most = room_of(confirming);
    if (count < 1 || count > (size_t)most) {
        problems_add(problems_of(confirming), "", "runs",
                     "must be a list of 1 to %d ids of runs of the search", most);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        add_named(confirming, json_array_get(list, i), index);
    }
}

static void choose_arms(struct confirming *confirming)
{
    const json_t *base = json_object_get(confirming->asked, "base");
    if (base && !json_is_boolean(base))
        problems_add(problems_of(confirming), "", "base",
                     "must be true or false: whether the search's base is an arm as well");
    if (!json_is_false(base))
        add_base(confirming);
    if (!json_object_get(confirming->asked, "runs"))
        add_best(confirming);
    else if (json_object_get(confirming->asked, "best"))
        problems_add(problems_of(confirming), "", "best", "does not go together with \"runs\"");
    else
        add_runs(confirming);
}

/* --- seeds ---------------------------------------------------------------------------------------
 */

static bool has_trained(const struct confirm_search *search, uint64_t seed)
{
    for (int i = 0; i < search->trained_count; i++)
        if (search->trained[i] == seed)
            return true;
    return false;
}

/* One that the search has trained with would flatter what it found. */
static void refuse_trained(const struct confirming *confirming)
{
    for (int i = 0; i < confirming->seed_count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%d", i);
        if (has_trained(confirming->search, confirming->seeds[i]))
            problems_add(problems_of(confirming), "/seeds", index,
                         "the search has trained with %" PRIu64 ": its best is best with that seed",
                         confirming->seeds[i]);
    }
}

static void take_seeds(struct confirming *confirming)
{
    struct seed_list list = seeds_read(confirming->asked, "", "seeds", CONFIRM_SEEDS_MAX, true,
                                       problems_of(confirming));
    confirming->seed_count = list.count;
    for (int i = 0; i < list.count; i++)
        confirming->seeds[i] = list.seeds[i];
    seeds_release(&list);
    refuse_trained(confirming);
}

static void choose_seeds(struct confirming *confirming)
{
    if (json_is_array(json_object_get(confirming->asked, "seeds"))) {
        take_seeds(confirming);
        return;
    }
    const int count = (int)fields_integer(confirming->asked, "", "seeds", 1, CONFIRM_SEEDS_MAX,
                                          CONFIRM_SEEDS, problems_of(confirming));
    for (uint64_t seed = CONFIRM_FIRST_SEED; confirming->seed_count < count; seed++)
        if (!has_trained(confirming->search, seed))
            confirming->seeds[confirming->seed_count++] = seed;
}

/* --- the comparison ------------------------------------------------------------------------------
 */

static json_t *seeds_json(const struct confirming *confirming)
{
    json_t *list = json_array();
    for (int i = 0; i < confirming->seed_count; i++)
        json_array_append_new(list, json_integer((json_int_t)confirming->seeds[i]));
    return list;
}

static json_t *metric_json(const struct metric_choice *metric)
{
    return json_pack("{s:s, s:s, s:s}", "name", metric->name, "goal",
                     metric->maximize ? "maximize" : "minimize", "at",
                     metric->best ? "best" : "last");
}

/* A long one is cut between two characters. */
static json_t *name_json(const struct confirm_search *search)
{
    enum { BYTES_MOST = 150 };
    size_t bytes = strlen(search->name);
    if (bytes > BYTES_MOST)
        bytes = BYTES_MOST;
    while (bytes > 0 && ((unsigned char)search->name[bytes] & 0xC0) == 0x80)
        bytes--;
    AUTO_FREE char *name = xprintf("confirm %.*s", (int)bytes, search->name);
    return json_text(name);
}

/* As a person would send it. */
static json_t *body_of(const struct confirming *confirming)
{
    const struct confirm_search *search = confirming->search;
    json_t *body =
        json_pack("{s:s, s:I, s:O, s:O, s:o, s:o, s:o, s:s}", "kind", "compare", "from_search",
                  (json_int_t)search->job, "base", search->plan->base, "arms", confirming->arms,
                  "seeds", seeds_json(confirming), "metric",
                  metric_json(&search->plan->objectives[confirming->objective]), "name",
                  name_json(search), "visibility", visibility_names[search->for_everyone]);
    for (size_t i = 0; i < COUNT_OF(kept_fields); i++) {
        json_t *value = json_object_get(confirming->asked, kept_fields[i]);
        if (value)
            json_object_set(body, kept_fields[i], value);
    }
    return body;
}

/* Whether a place of the comparison is one of what was asked. */
static bool is_asked(const char *pointer)
{
    for (size_t i = 0; i < COUNT_OF(kept_fields); i++) {
        const size_t length = strlen(kept_fields[i]);
        if (*pointer == '/' && strncmp(pointer + 1, kept_fields[i], length) == 0 &&
            (!pointer[1 + length] || pointer[1 + length] == '/'))
            return true;
    }
    return !*pointer;
}

static void tell_problems(const struct problems *found, struct problems *problems)
{
    for (int i = 0; i < found->count; i++) {
        const struct problem *problem = &found->list[i];
        if (is_asked(problem->pointer))
            problems_add(problems, problem->pointer, NULL, "%s", problem->detail);
        else
            problems_add(problems, "", NULL, "the comparison cannot be made: %s %s",
                         problem->pointer, problem->detail);
    }
}

static void plan_comparison(const struct confirming *confirming, struct job_plan *plan)
{
    AUTO_PROBLEMS struct problems found = {0};
    const struct planner *planner = confirming->planner;
    json_auto_t *body = body_of(confirming);

    job_plan_read(planner->catalog, planner->lookup, planner->lookup_context, body, plan, &found);
    tell_problems(&found, planner->problems);
    if (found.found == 0 && !plan->request)
        plan->request = json_ordered(body);
}

static void confirming_release(struct confirming *confirming)
{
    for (int i = 0; i < confirming->arm_count; i++)
        free(confirming->specs[i]);
    free(confirming->specs);
    free(confirming->runs);
    free(confirming->seeds);
    json_decref(confirming->base);
    json_decref(confirming->arms);
}

static void read_asked(struct confirming *confirming)
{
    static const char *const own_fields[] = {"best", "runs", "base", "seeds", "objective"};
    const char *known[COUNT_OF(own_fields) + COUNT_OF(kept_fields)];
    const struct search_plan *plan = confirming->search->plan;

    memcpy(known, own_fields, sizeof own_fields);
    memcpy(known + COUNT_OF(own_fields), kept_fields, sizeof kept_fields);
    fields_refuse_unknown(confirming->asked, "", known, (int)COUNT_OF(known),
                          problems_of(confirming));
    confirming->objective =
        (int)fields_integer(confirming->asked, "", "objective", 0, plan->objective_count - 1, 0,
                            problems_of(confirming));
    choose_arms(confirming);
    choose_seeds(confirming);
}

void confirm_plan(const struct planner *planner, const struct confirm_search *search,
                  const json_t *asked, struct job_plan *plan)
{
    json_auto_t *nothing = json_object();
    struct confirming confirming = {
        .planner = planner,
        .search = search,
        .asked = asked ? asked : nothing,
        .base = patch_apply(planner->catalog, search->plan->base, nothing),
        .arms = json_array(),
        .specs = xcalloc(ARMS_MAX, sizeof(char *)),
        .runs = xcalloc(ARMS_MAX, sizeof(int64_t)),
        .seeds = xcalloc(CONFIRM_SEEDS_MAX, sizeof(uint64_t)),
    };

    *plan = (struct job_plan){.baseline = -1};
    if (!json_is_object(confirming.asked))
        problems_add(planner->problems, "", NULL,
                     "must be an object such as {\"best\": 3, \"seeds\": 10}");
    else
        read_asked(&confirming);
    if (planner->problems->found == 0)
        plan_comparison(&confirming, plan);
    confirming_release(&confirming);
}
