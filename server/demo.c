#include "demo.h"

#include "json.h"
#include "log.h"
#include "memory.h"

#include <stdlib.h>

static const char demo_text[] =
    "{\"kind\": \"compare\", \"name\": \"Demo: constant, linear or cosine?\","
    " \"base\": {\"dataset\": \"digits\","
    "  \"model\": {\"type\": \"mlp\", \"hidden\": [512]},"
    "  \"optimizer\": {\"type\": \"nesterov\", \"lr\": 0.1, \"weight_decay\": 0.0001},"
    "  \"epochs\": 6, \"batch_size\": 64},"
    " \"arms\": ["
    "  {\"name\": \"constant\", \"patch\": {\"schedule\": {\"type\": \"constant\"}}},"
    "  {\"name\": \"linear\", \"patch\": {\"schedule\": {\"type\": \"linear\", \"warmup\": 0.05}}},"
    "  {\"name\": \"cosine\", \"patch\": {\"schedule\": {\"type\": \"cosine\", \"warmup\": "
    "0.05}}}],"
    " \"tune\": {\"over\": {\"/optimizer/lr\": [0.01, 0.03, 0.1, 0.3]}, \"seeds\": [101, 102]},"
    " \"seeds\": [1, 2, 3],"
    " \"metric\": {\"name\": \"valid_loss\", \"goal\": \"minimize\", \"at\": \"last\"},"
    " \"baseline\": \"constant\"}";

static int has_job(struct world *world, bool *out, struct error *err)
{
    struct page page = {.limit = 1};
    json_t *jobs = NULL;
    void *reader = store_reader_start(world->store);
    const int outcome = store_read_jobs(reader, &page, &jobs, err);
    store_reader_end(reader);
    if (outcome == 0)
        *out = json_array_size(json_object_get(jobs, "jobs")) > 0;
    json_decref(jobs);
    return outcome;
}

struct demo {
    struct world *world;
    struct job_plan plan;
};

static void demo_added(void *context, const struct added_job *added, const struct error *err)
{
    struct demo *demo = context;
    if (err) {
        log_line("the demo was not queued: %s", err->sentence);
    } else {
        json_decref(api_adopt(demo->world, &demo->plan, added, wall_ms()));
    }
    job_plan_release(&demo->plan);
    free(demo);
}

int demo_queue(struct world *world, struct error *err)
{
    bool any = false;
    json_auto_t *request = NULL;
    AUTO_PROBLEMS struct problems problems = {0};

    if (has_job(world, &any, err) < 0)
        return -1;
    if (any)
        return 0;
    if (json_read(demo_text, sizeof demo_text - 1, &request, err) < 0)
        return -1;
    struct demo *demo = xcalloc(1, sizeof *demo);
    demo->world = world;
    struct data_view view = {world->datasets, TEAM_DEFAULT};
    job_plan_read(world->catalog, api_data_facts, &view, request, &demo->plan, &problems);
    if (problems_check(&problems, err) < 0) {
        job_plan_release(&demo->plan);
        free(demo);
        return -1;
    }
    AUTO_FREE char *text = json_compact(request);
    store_add_job(world->store,
                  &(struct new_job){.plan = &demo->plan, .request_text = text, .now_ms = wall_ms()},
                  demo_added, demo);
    return 0;
}
