/*
 * A scene with searches whose runs external runners train: each function asks or tells one thing
 * and turns the loop until it is answered. In bodies ' stands for ".
 */
#ifndef SEARCH_SCENE_H
#define SEARCH_SCENE_H

#include "server/workers/scene.h"

#include "prune/prune.h"
#include "search/search.h"
#include "search/stop.h"
#include "store/searches.h"
#include "support/api.h"

/* What the server adds to the workers' catalogue; an external runner needs no more of it. */
KIT_FUNCTION const json_t *search_catalog(void)
{
    static json_t *catalog;
    if (!catalog)
        catalog = json_pack("{s:{s:o, s:o, s:o}}", "registries", "search", search_describe(),
                            "prune", prune_describe(), "stop", stop_describe());
    return catalog;
}

/* Without options: on a store that does not wait for the disk. */
KIT_FUNCTION struct scene *search_scene_new(const struct store_options *options)
{
    static const struct store_options fast = {.synchronous = "OFF"};
    struct scene *scene = scene_new(options ? options : &fast);
    scene->catalog = search_catalog();
    begin(scene, 0);
    return scene;
}

KIT_FUNCTION struct data_facts no_data(void *context, const char *name)
{
    (void)context;
    (void)name;
    return (struct data_facts){0};
}

/* A search by that body; answers its job. Its runs have consecutive ids, in their order. */
KIT_FUNCTION int64_t submit_search(const struct scene *scene, const char *body)
{
    AUTO_PROBLEMS struct problems problems = {0};
    AUTO_FREE char *text = api_quoted(body);
    json_auto_t *json = json_loads(text, 0, NULL);
    struct job_plan plan;
    assert_non_null(json);
    job_plan_read(scene->catalog, no_data, NULL, json, &plan, &problems);
    if (problems.found)
        fail_msg("%s: %s", problems.list[0].pointer, problems.list[0].detail);
    const struct answer answer = kit_add_job_of(
        scene->kit,
        &(struct new_job){
            .plan = &plan, .request_text = plan.request, .now_ms = 1000, .team = TEAM_DEFAULT});
    assert_false(answer.failed);
    json_decref(conductor_adopt(scene->conductor, &plan, &answer.added, 1000));
    job_plan_release(&plan);
    return answer.added.job;
}

/* --- asking and telling --------------------------------------------------------------------------
 */

struct heard {
    struct loop *loop;
    bool over;
    json_t *body; /* NULL where it failed */
    struct error err;
};

KIT_FUNCTION void hear(void *context, json_t *body, const struct error *err)
{
    struct heard *heard = context;
    heard->over = true;
    heard->body = body;
    if (err)
        heard->err = *err;
    loop_stop(heard->loop);
}

KIT_FUNCTION void await_answer(struct heard *heard)
{
    while (!heard->over)
        loop_run(heard->loop);
}

/* The answer to something that has to succeed; the caller's. */
KIT_FUNCTION json_t *heard_well(struct heard *heard)
{
    await_answer(heard);
    if (!heard->body)
        fail_msg("%s", heard->err.sentence);
    return heard->body;
}

KIT_FUNCTION struct heard ask_for(const struct scene *scene, int64_t job, int count,
                                  int64_t lease_ms)
{
    struct heard heard = {.loop = scene->kit->loop};
    conductor_ask(scene->conductor, job, &(struct ask_options){count, lease_ms, "gpu-7"}, hear,
                  &heard);
    await_answer(&heard);
    return heard;
}

KIT_FUNCTION json_t *ask(const struct scene *scene, int64_t job, int count, int64_t lease_ms)
{
    struct heard heard = ask_for(scene, job, count, lease_ms);
    return heard_well(&heard);
}

KIT_FUNCTION struct heard tell_as(const struct scene *scene, int64_t run,
                                  const struct tell_options *options)
{
    struct heard heard = {.loop = scene->kit->loop};
    conductor_tell(scene->conductor, run, options, hear, &heard);
    await_answer(&heard);
    return heard;
}

KIT_FUNCTION struct heard tell_value(const struct scene *scene, int64_t run, double value)
{
    return tell_as(
        scene, run,
        &(struct tell_options){.state = RUN_SUCCEEDED, .values = &value, .value_count = 1});
}

/* Told, for the first time or again. */
KIT_FUNCTION json_t *tell(const struct scene *scene, int64_t run, double value)
{
    struct heard heard = tell_value(scene, run, value);
    return heard_well(&heard);
}

/* One row of metric "value"; attempt 0: whichever. */
KIT_FUNCTION json_t *report(const struct scene *scene, int64_t run, int attempt, int64_t step,
                            double value)
{
    struct heard heard = {.loop = scene->kit->loop};
    const struct report_row row = {.step = step, .value = value, .name = "value"};
    conductor_report(scene->conductor, run, attempt, &row, 1, hear, &heard);
    return heard_well(&heard);
}

/* --- what is on disk -----------------------------------------------------------------------------
 */

KIT_FUNCTION struct kept_proposal proposal_on_disk(const struct scene *scene, int64_t run,
                                                   struct proposal_rooms *rooms)
{
    struct kept_proposal kept;
    struct error err;
    if (store_read_proposal(scene->kit->reader, run, rooms, &kept, &err) < 0)
        fail_msg("%s", err.sentence);
    return kept;
}

#endif
