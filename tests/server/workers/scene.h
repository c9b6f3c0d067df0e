/*
 * The conductor with a real store and worker processes that act as asked (fake_worker.h), and
 * waiting until its runs are on disk in some state.
 */
#ifndef SCENE_H
#define SCENE_H

#include "server/store/kit.h"
#include "server/workers/fake_worker.h"

#include "workers/conductor.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEASE_MS = 300, RETRY_MS = 20, LOOK_MS = 2, PATIENCE_MS = 20000, GRACE_MS = 2000 };

struct scene {
    struct kit *kit;
    struct helpers *helpers;
    struct events *events;
    struct conductor *conductor;
    int64_t until_ms;
    int64_t run;
    const char *state; /* the state waited for */
    bool over;
    /* Set before begin(): */
    struct team teams[4]; /* up to the first without an id */
    int64_t preempt_after_ms;
    int64_t retry_ms; /* 0: RETRY_MS */
    const json_t *catalog;
};

/* --- the parts, around a store that a test has chosen -------------------------------------------
 */

KIT_FUNCTION void link_program(const struct scene *scene, const char *target)
{
    const char *name = folder_path(&scene->kit->folder, "worker");
    unlink(name);
    assert_int_equal(symlink(target, name), 0);
}

/* Into the store, which gives them these ids; it refuses what is there already. */
KIT_FUNCTION void enter_teams(const struct scene *scene)
{
    for (int i = 0; i < 4 && scene->teams[i].id; i++) {
        struct answer answer = {.loop = scene->kit->loop};
        struct team team = scene->teams[i];
        if (team.id == TEAM_DEFAULT)
            continue;
        snprintf(team.name, sizeof team.name, "team-%lld", (long long)team.id);
        store_add_team(scene->kit->store, &team, NULL, kit_id_done, &answer);
        loop_run(scene->kit->loop);
        assert_true(answer.failed || answer.id == team.id);
    }
}

KIT_FUNCTION void begin(struct scene *scene, int slots)
{
    struct error err;
    enter_teams(scene);
    const struct conductor_options options = {
        .program = folder_path(&scene->kit->folder, "worker"),
        .runs = scene->kit->folder.path,
        .cache = scene->kit->folder.path,
        .catalog = scene->catalog,
        .slots = slots,
        .lease_ms = LEASE_MS,
        .preempt_after_ms = scene->preempt_after_ms,
        .retry_ms = scene->retry_ms ? scene->retry_ms : RETRY_MS,
    };
    assert_int_equal(helpers_new(scene->kit->loop, 1, store_reader_start, store_reader_end,
                                 scene->kit->store, &scene->helpers, &err),
                     0);
    scene->events = events_new(scene->kit->loop, 1024);
    scene->conductor =
        conductor_new(scene->kit->loop, scene->kit->store, scene->helpers, scene->events, &options);
    for (int i = 0; i < 4 && scene->teams[i].id; i++)
        conductor_set_team(scene->conductor, &scene->teams[i]);
    assert_int_equal(conductor_load(scene->conductor, &err), 0);
}

KIT_FUNCTION struct scene *scene_new(const struct store_options *options)
{
    char self[PATH_MAX];
    struct scene *scene = xcalloc(1, sizeof *scene);
    scene->kit = kit_new(options);
    assert_non_null(realpath("/proc/self/exe", self));
    link_program(scene, self);
    return scene;
}

KIT_FUNCTION void workers_are_gone(void *context)
{
    ((struct scene *)context)->over = true;
    loop_stop(((struct scene *)context)->kit->loop);
}

KIT_FUNCTION void stop(struct scene *scene)
{
    scene->over = false;
    conductor_stop(scene->conductor, GRACE_MS, workers_are_gone, scene);
    while (!scene->over)
        loop_run(scene->kit->loop);
}

/* Whatever was sent to the store before is on disk. */
KIT_FUNCTION void settle(const struct scene *scene)
{
    struct answer answer = {.loop = scene->kit->loop};
    store_change_job(scene->kit->store, &(struct job_change){.job = -1}, kit_done, &answer);
    loop_run(scene->kit->loop);
}

/* As the server goes (main.c), and comes again. */
KIT_FUNCTION void begin_again(struct scene *scene, int slots)
{
    struct error err;
    stop(scene);
    helpers_stop(scene->helpers);
    kit_stop(scene->kit);
    helpers_free(scene->helpers);
    conductor_free(scene->conductor);
    events_free(scene->events);
    loop_free(scene->kit->loop);
    assert_int_equal(loop_new(&scene->kit->loop, &err), 0);
    kit_start(scene->kit);
    begin(scene, slots);
}

KIT_FUNCTION void scene_free(struct scene *scene)
{
    stop(scene);
    helpers_stop(scene->helpers);
    kit_stop(scene->kit);
    helpers_free(scene->helpers);
    conductor_free(scene->conductor);
    events_free(scene->events);
    kit_free(scene->kit);
    free(scene);
}

/* A job of the team, of that many runs that act so; answers its first run. */
KIT_FUNCTION int64_t submit_of(const struct scene *scene, int64_t team, const char *act, int runs)
{
    struct job_plan plan = kit_plan(0, runs);
    free(plan.variants[0].dataset);
    free(plan.variants[0].spec);
    plan.variants[0].dataset = NULL;
    plan.variants[0].spec = xprintf("{\"act\":\"%s\"}", act);
    plan.variants[0].threads = 1;
    const struct answer answer = kit_add_job_of(
        scene->kit,
        &(struct new_job){
            .plan = &plan, .request_text = "{\"kind\":\"train\"}", .now_ms = 1000, .team = team});
    assert_false(answer.failed);
    json_decref(conductor_adopt(scene->conductor, &plan, &answer.added, 1000));
    kit_plan_release(&plan);
    return answer.added.first_run;
}

KIT_FUNCTION int64_t submit(const struct scene *scene, const char *act, int runs)
{
    return submit_of(scene, TEAM_DEFAULT, act, runs);
}

/* --- waiting ------------------------------------------------------------------------------------
 */

KIT_FUNCTION void look(void *context)
{
    struct scene *scene = context;
    json_auto_t *run = kit_run(scene->kit, scene->run);
    const bool reached = strcmp(json_text_at(run, "state", ""), scene->state) == 0;
    if (reached || clock_ms() > scene->until_ms)
        loop_stop(scene->kit->loop);
    else
        loop_after(scene->kit->loop, LOOK_MS, look, scene);
}

/* Turns the loop until the run is on disk in that state; answers it. */
KIT_FUNCTION json_t *await(struct scene *scene, int64_t run, const char *state)
{
    scene->run = run;
    scene->state = state;
    scene->until_ms = clock_ms() + PATIENCE_MS;
    loop_soon(scene->kit->loop, look, scene);
    loop_run(scene->kit->loop);
    json_t *found = kit_run(scene->kit, run);
    if (strcmp(json_text_at(found, "state", ""), state) != 0)
        fail_msg("run %" PRId64 " is %s, not %s: %s", run, json_text_at(found, "state", "?"), state,
                 json_text_at(found, "message", ""));
    return found;
}

KIT_FUNCTION void await_only(struct scene *scene, int64_t run, const char *state)
{
    json_decref(await(scene, run, state));
}

KIT_FUNCTION void look_for_some_time(struct scene *scene, int64_t ms)
{
    scene->run = 1;
    scene->state = "never";
    scene->until_ms = clock_ms() + ms;
    loop_soon(scene->kit->loop, look, scene);
    loop_run(scene->kit->loop);
}

#endif
