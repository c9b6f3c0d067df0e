/* Runs: show, cancel, retry, their log, their weights. */
#include "api/api.h"

#include "json.h"
#include "memory.h"

#include <fcntl.h>
#include <inttypes.h>

static int read_run(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_run(reader, read->id, out, err);
}

static struct reply show_run(struct request *req)
{
    struct api_read read = {.work = read_run};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

static int read_log(struct reader *reader, struct api_read *read, json_t **out, struct error *err)
{
    return store_read_log(reader, read->id, &read->page, out, err);
}

static struct reply show_log(struct request *req)
{
    struct api_read read = {.work = read_log};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0 || api_page(req, &read, NULL, 0, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

static struct reply cancel_run(struct request *req)
{
    struct error err;
    int64_t id;
    if (request_id(req, 0, &id, &err) < 0)
        return reply_error(&err);
    struct audit_entry entry;
    conductor_cancel_run(world_of(req)->conductor, id, access_note(req, &entry), api_answer_run,
                         req);
    return reply_later();
}

/* The run's job is looked up first, since it may be finished and forgotten. */
static struct reply retry_known_run(struct request *req, struct api_read *read, json_t *value)
{
    const int64_t job = json_integer_at(value, "job", 0);
    const char *data = json_text_at(json_object_get(value, "spec"), "dataset", NULL);
    if (data && !api_knows_dataset(world_of(req), owners_run(world_of(req)->owners, read->id)->team,
                                   data)) {
        struct reply gone =
            reply_problem(409, "data set \"%.64s\" of run %" PRId64 " was deleted", data, read->id);
        json_decref(value);
        return gone;
    }
    json_decref(value);
    struct audit_entry entry;
    conductor_retry_run(world_of(req)->conductor, job, read->id, access_note(req, &entry),
                        api_answer_run, req);
    return reply_later();
}

static struct reply retry_run(struct request *req)
{
    struct api_read read = {.work = read_run, .reply = retry_known_run};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

static struct reply weights_of(struct request *req, struct api_read *read, json_t *value)
{
    const int64_t trained = json_integer_at(value, "reused_from", read->id);
    AUTO_FREE char *path =
        xprintf("%s/%" PRId64 "/model.safetensors", world_of(req)->runs, trained);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *state = json_text_at(value, "state", "");

    struct reply reply;
    if (fd < 0) {
        reply = reply_problem(404, "run %" PRId64 " (%s) has no weights yet", read->id, state);
    } else {
        reply = reply_file("application/octet-stream", fd);
        reply.filename = xprintf("run-%" PRId64 ".safetensors", read->id);
    }
    json_decref(value);
    return reply;
}

static struct reply show_model(struct request *req)
{
    struct api_read read = {.work = read_run, .reply = weights_of};
    struct error err;
    if (request_id(req, 0, &read.id, &err) < 0)
        return reply_error(&err);
    return api_read(req, &read);
}

const struct route run_routes[] = {
    {METHOD_GET, "/api/v1/runs/{id}", show_run, BODY_NONE, 0, FOR_VIEWERS | OF_RUN},
    {METHOD_GET, "/api/v1/runs/{id}/log", show_log, BODY_NONE, 0, FOR_VIEWERS | OF_RUN},
    {METHOD_GET, "/api/v1/runs/{id}/model", show_model, BODY_NONE, 0, FOR_VIEWERS | OF_RUN},
    {METHOD_POST, "/api/v1/runs/{id}/cancel", cancel_run, BODY_NONE, 0, FOR_MEMBERS | OF_RUN},
    {METHOD_POST, "/api/v1/runs/{id}/retry", retry_run, BODY_NONE, 0, FOR_MEMBERS | OF_RUN},
    {0},
};
