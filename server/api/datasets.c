/* Data sets: upload, list, show, delete. Built-ins are made when somebody first wants them. */
#include "api/api.h"

#include "json.h"
#include "log.h"
#include "memory.h"
#include "spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is known ------------------------------------------------------------------------------
 */

static json_t *builtin_find(const struct world *world, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(world->catalog, "builtins"), i, entry)
    {
        if (strcmp(json_text_at(entry, "name", ""), name) == 0)
            return entry;
    }
    return NULL;
}

char *dataset_key(int64_t team, bool for_everyone, const char *name)
{
    return for_everyone ? xstrdup(name) : xprintf("%" PRId64 "/%s", team, name);
}

void dataset_know(json_t *datasets, const struct known_dataset *dataset)
{
    AUTO_FREE char *key = dataset_key(dataset->team, dataset->for_everyone, dataset->name);
    json_object_set_new(datasets, key,
                        json_pack("{s:i, s:s, s:I, s:I}", "classes", dataset->classes, "file",
                                  dataset->file, "team", dataset->team, "bytes", dataset->bytes));
}

json_t *data_view_find(const struct data_view *view, const char *name)
{
    AUTO_FREE char *own = dataset_key(view->team, false, name);
    json_t *facts = json_object_get(view->datasets, own);
    if (facts || strchr(name, '/')) /* no name: it could be another team's key */
        return facts;
    return json_object_get(view->datasets, name);
}

static json_t *find(const struct world *world, int64_t team, const char *name)
{
    return data_view_find(&(struct data_view){world->datasets, team}, name);
}

bool api_knows_dataset(const struct world *world, int64_t team, const char *name)
{
    return find(world, team, name) || builtin_find(world, name);
}

static bool name_is_good(const char *name)
{
    const size_t bytes = strlen(name);
    return bytes >= 1 && bytes <= 64 && name[0] != '.' && name[0] != '_' && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == bytes;
}

/* A built-in that is not made yet, as a list shows it. */
static json_t *unmade_json(const json_t *builtin)
{
    json_t *summary = json_object();
    static const char *const known[] = {"shape", "classes", "targets", "train", "valid"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        json_object_set(summary, known[i], json_object_get(builtin, known[i]));
    return json_pack("{s:O, s:n, s:s, s:s, s:b, s:b, s:n, s:n, s:o}", "name",
                     json_object_get(builtin, "name"), "team", "visibility", "everyone", "format",
                     "built-in", "built_in", 1, "ready", 0, "bytes", "created_ms", "summary",
                     summary);
}

/* --- a data set arrives
 * --------------------------------------------------------------------------- */

struct arrival {
    struct world *world;
    struct request *req; /* NULL: nobody waits */
    int64_t team;
    bool for_everyone;
    char *name, *format;
    int classes;
    int64_t bytes;
    char *file;
};

static void arrival_free(struct arrival *arrival)
{
    if (!arrival->req)
        json_object_del(arrival->world->making, arrival->name);
    data_files_release(arrival->world);
    free(arrival->name);
    free(arrival->format);
    free(arrival->file);
    free(arrival);
}

static void arrival_answer(struct arrival *arrival, struct reply reply)
{
    if (arrival->req && reply.kind != REPLY_LATER)
        request_answer(arrival->req, reply);
    else if (reply.kind != REPLY_LATER)
        reply_release(&reply);
    arrival_free(arrival);
}

static int read_dataset(struct reader *reader, struct api_read *read, json_t **out,
                        struct error *err)
{
    return store_read_dataset(reader, read->team, read->name, out, err);
}

static struct reply created(struct request *req, struct api_read *read, json_t *value)
{
    (void)req;
    return reply_created(xprintf("/api/v1/datasets/%s", read->name), value);
}

static void publish(struct world *world, int64_t team, bool for_everyone, const char *name)
{
    events_publish_to(world->events, "dataset", for_everyone ? 0 : team,
                      json_pack("{s:s}", "name", name));
}

static void dataset_stored(void *context, const struct error *err)
{
    struct arrival *arrival = context;
    struct world *world = arrival->world;
    const bool built_in = strcmp(arrival->format, "built-in") == 0;
    const bool taken = err && err->kind == ERROR_CONFLICT;

    if (err && !(built_in && taken)) {
        arrival_answer(arrival, reply_error(err));
        return;
    }
    dataset_know(world->datasets, &(struct known_dataset){.name = arrival->name,
                                                          .file = arrival->file,
                                                          .classes = arrival->classes,
                                                          .team = arrival->team,
                                                          .bytes = arrival->bytes,
                                                          .for_everyone = arrival->for_everyone});
    if (!err)
        publish(world, arrival->team, arrival->for_everyone, arrival->name);
    if (!arrival->req) {
        arrival_free(arrival);
        return;
    }
    struct api_read read = {.work = read_dataset, .reply = built_in ? NULL : created};
    snprintf(read.name, sizeof read.name, "%s", arrival->name);
    arrival_answer(arrival, api_read(arrival->req, &read));
}

static struct reply refused_file(const struct prepared_data *data, const struct error *err)
{
    if (err->kind != ERROR_INVALID || !data->pointer[0])
        return reply_error(err);
    struct problems problems = {0};
    problems_add(&problems, data->pointer, NULL, "%s", err->sentence);
    return reply_problems(&problems);
}

static void dataset_prepared(void *context, const struct prepared_data *data,
                             const struct error *err)
{
    struct arrival *arrival = context;

    if (err) {
        if (!arrival->req)
            log_line("data set %s: %s", arrival->name, err->sentence);
        arrival_answer(arrival, refused_file(data, err));
        return;
    }
    arrival->classes = (int)json_integer_at(data->summary, "classes", 0);
    arrival->bytes = json_integer_at(data->summary, "bytes", 0);
    arrival->file = xstrdup(data->file);
    const struct team *team = auth_team(arrival->world->auth, arrival->team);
    AUTO_FREE char *summary = json_compact(data->summary);
    const bool is_asked = arrival->req && strcmp(arrival->format, "built-in") != 0;
    struct audit_entry entry;
    const struct dataset_row row = {
        .name = arrival->name,
        .format = arrival->format,
        .file = data->file,
        .digest = data->digest,
        .summary = summary,
        .bytes = arrival->bytes,
        .now_ms = wall_ms(),
        .team = arrival->team,
        .for_everyone = arrival->for_everyone,
        .max_bytes = team && arrival->req ? team->max_bytes : 0,
        .audit = is_asked ? access_note(arrival->req, &entry) : NULL,
    };
    store_add_dataset(arrival->world->store, &row, dataset_stored, arrival);
}

static struct arrival *arrival_new(struct world *world, struct request *req, const char *name,
                                   const char *format)
{
    struct arrival *arrival = xcalloc(1, sizeof *arrival);
    data_files_hold(world);
    *arrival = (struct arrival){.world = world,
                                .req = req,
                                .team = TEAM_DEFAULT,
                                .for_everyone = true,
                                .name = xstrdup(name),
                                .format = xstrdup(format)};
    return arrival;
}

static void make_builtin(struct world *world, struct request *req, const char *name)
{
    const struct prepare_request request = {
        .dataset = name, .format = "built-in", .settings = json_object(), .parts = json_object()};
    conductor_prepare(world->conductor, &request, dataset_prepared,
                      arrival_new(world, req, name, "built-in"));
}

void api_make_builtins(struct world *world, const struct job_plan *plan)
{
    const char *last = "";
    for (int i = 0; i < plan->variant_count; i++) {
        const char *name = plan->variants[i].dataset;
        if (!name || strcmp(name, last) == 0)
            continue;
        last = name;
        if (json_object_get(world->datasets, name) || json_object_get(world->making, name) ||
            !builtin_find(world, name))
            continue;
        json_object_set_new(world->making, name, json_true()); /* once, however many jobs come */
        make_builtin(world, NULL, name);
    }
}

/* --- upload
 * ------------------------------------------------------------------------------------------ */

static json_t *typed(const json_t *setting, const char *text)
{
    const char *type = json_text_at(setting, "type", "text");
    json_t *value = NULL;
    if (strcmp(type, "text") != 0 && strcmp(type, "choice") != 0)
        value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_text(text);
}

static const json_t *named(const json_t *list, const char *name)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (strcmp(json_text_at(entry, "name", ""), name) == 0)
            return entry;
    }
    return NULL;
}

/* Sorts the form's parts into files and settings of the format. */
static void sort_parts(const struct request *req, const json_t *format, json_t *files,
                       json_t *settings, struct problems *problems)
{
    for (int i = 0; i < req->part_count; i++) {
        const struct upload_part *part = &req->parts[i];
        const bool is_file = named(json_object_get(format, "parts"), part->name) != NULL;
        if (strcmp(part->name, "format") == 0 || strcmp(part->name, "visibility") == 0)
            continue;
        if (json_object_get(files, part->name) || json_object_get(settings, part->name))
            problems_add(problems, "", part->name, "is given twice");
        else if (is_file && part->path)
            json_object_set_new(files, part->name, json_string(part->path));
        else if (is_file)
            problems_add(problems, "", part->name, "must be a file: -F %s=@FILE", part->name);
        else if (part->path)
            problems_add(problems, "", part->name, "is not a file of the format \"%s\"",
                         json_text_at(format, "name", ""));
        else
            json_object_set_new(
                settings, part->name,
                typed(named(json_object_get(format, "settings"), part->name), part->value));
    }
}

static void check_files(const json_t *format, const json_t *files, struct problems *problems)
{
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(format, "parts"), i, part)
    {
        const char *name = json_text_at(part, "name", "");
        if (json_flag_at(part, "required", false) && !json_object_get(files, name))
            problems_add(problems, "", name, "is missing: %s",
                         json_text_at(part, "help", "a file"));
    }
}

static const char *form_value(const struct request *req, const char *name)
{
    for (int i = 0; i < req->part_count; i++)
        if (strcmp(req->parts[i].name, name) == 0 && req->parts[i].value)
            return req->parts[i].value;
    return NULL;
}

static const json_t *format_of(const struct request *req, struct problems *problems)
{
    const json_t *formats = json_object_get(world_of(req)->catalog, "formats");
    const char *name = form_value(req, "format");
    const json_t *format = name ? named(formats, name) : NULL;
    char all[200] = "";
    size_t i;
    json_t *entry;

    if (format)
        return format;
    json_array_foreach(formats, i, entry)
    {
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "",
                 json_text_at(entry, "name", ""));
    }
    if (name)
        problems_add(problems, "", "format", "unknown format \"%.64s\"; accepted: %s", name, all);
    else
        problems_add(problems, "", "format", "is missing; accepted: %s", all);
    return NULL;
}

static bool is_for_everyone(const struct request *req, struct problems *problems)
{
    const char *name = form_value(req, "visibility");
    if (name && strcmp(name, visibility_names[0]) != 0 && strcmp(name, visibility_names[1]) != 0)
        problems_add(problems, "", "visibility", "must be team or everyone");
    return name && strcmp(name, visibility_names[1]) == 0;
}

/* What is far too much is not even parsed; the store looks again at what came out of it. */
static int check_bytes(const struct request *req, struct error *err)
{
    const struct world *world = world_of(req);
    const struct team *team = auth_team(world->auth, team_of(req));
    int64_t kept = 0;
    const char *key;
    json_t *facts;
    if (!team || team->max_bytes == 0)
        return 0;
    json_object_foreach(world->datasets, key, facts)
    {
        if (json_integer_at(facts, "team", 0) == team->id)
            kept += json_integer_at(facts, "bytes", 0);
    }
    if (kept < team->max_bytes)
        return 0;
    return error_of(err, ERROR_FORBIDDEN,
                    "the team may keep %" PRId64 " bytes, and its data sets have %" PRId64,
                    team->max_bytes, kept);
}

static struct reply upload_dataset(struct request *req)
{
    struct world *world = world_of(req);
    const char *name = req->param[0];
    struct problems problems = {0};
    struct error err;

    if (!name_is_good(name))
        return reply_problem(422,
                             "a data set's name has 1 to 64 of a-z, 0-9, \".\", \"_\", \"-\" and "
                             "begins with a letter or digit");
    if (api_knows_dataset(world, team_of(req), name))
        return reply_problem(409, "there is a data set \"%s\" already", name);
    const json_t *format = format_of(req, &problems);
    const bool for_everyone = is_for_everyone(req, &problems);
    if (!format)
        return reply_problems(&problems);
    if (check_bytes(req, &err) < 0)
        return reply_error(&err);

    json_t *files = json_object(), *given = json_object();
    sort_parts(req, format, files, given, &problems);
    check_files(format, files, &problems);
    json_t *settings =
        settings_resolve(world->catalog, json_object_get(format, "settings"), given, "", &problems);
    json_decref(given);
    if (problems.found) {
        json_decref(files);
        json_decref(settings);
        return reply_problems(&problems);
    }
    const char *format_name = json_text_at(format, "name", "");
    const struct prepare_request request = {
        .dataset = name, .format = format_name, .settings = settings, .parts = files};
    struct arrival *arrival = arrival_new(world, req, name, format_name);
    arrival->team = team_of(req);
    arrival->for_everyone = for_everyone;
    conductor_prepare(world->conductor, &request, dataset_prepared, arrival);
    return reply_later();
}

/* --- list, show, delete
 * ---------------------------------------------------------------------------- */

static int read_datasets(struct reader *reader, struct api_read *read, json_t **out,
                         struct error *err)
{
    return store_read_datasets(reader, read->team, out, err);
}

static struct reply with_builtins(struct request *req, struct api_read *read, json_t *value)
{
    struct world *world = world_of(req);
    json_t *list = json_object_get(value, "datasets");
    size_t i;
    json_t *builtin;
    (void)read;

    json_array_foreach(json_object_get(world->catalog, "builtins"), i, builtin)
    {
        if (!named(list, json_text_at(builtin, "name", "")))
            json_array_append_new(list, unmade_json(builtin));
    }
    return reply_json(200, value);
}

static struct reply list_datasets(struct request *req)
{
    return api_read(req, &(struct api_read){.work = read_datasets, .reply = with_builtins});
}

static struct reply show_dataset(struct request *req)
{
    struct world *world = world_of(req);
    const char *name = req->param[0];
    struct api_read read = {.work = read_dataset};

    if (!find(world, team_of(req), name)) {
        if (!builtin_find(world, name))
            return reply_problem(404, "there is no data set \"%.64s\"", name);
        make_builtin(world, req, name);
        return reply_later();
    }
    snprintf(read.name, sizeof read.name, "%s", name);
    return api_read(req, &read);
}

/* Jobs that come while it is being deleted do not find it; where it stays, they do again. */
struct departure {
    struct request *req;
    char *key;
    json_t *facts;
};

static void dataset_gone(void *context, const char *file, bool file_unused, const struct error *err)
{
    struct departure *departure = context;
    struct request *req = departure->req;
    struct world *world = world_of(req);
    json_t *facts = departure->facts;
    AUTO_FREE char *key = departure->key;

    (void)file;
    free(departure);
    if (err) {
        json_object_set_new(world->datasets, key, facts);
        data_files_release(world);
        request_answer(req, reply_error(err));
        return;
    }
    json_decref(facts);
    world->data_sweep_due = world->data_sweep_due || file_unused;
    data_files_release(world);
    publish(world, team_of(req), strcmp(key, req->param[0]) == 0, req->param[0]);
    request_answer(req, reply_bytes(204, NULL, NULL, 0));
}

static char *key_of(const struct world *world, int64_t team, const char *name)
{
    char *own = dataset_key(team, false, name);
    if (json_object_get(world->datasets, own))
        return own;
    free(own);
    return xstrdup(name);
}

static struct reply delete_dataset(struct request *req)
{
    struct world *world = world_of(req);
    json_t *facts = find(world, team_of(req), req->param[0]);
    if (builtin_find(world, req->param[0]))
        return reply_problem(409, "\"%s\" is built in and stays", req->param[0]);
    if (!facts)
        return reply_problem(404, "there is no data set \"%.64s\"", req->param[0]);
    if (json_integer_at(facts, "team", 0) != team_of(req))
        return reply_problem(403, "data set \"%.64s\" belongs to another team", req->param[0]);
    struct departure *departure = xcalloc(1, sizeof *departure);
    *departure = (struct departure){
        .req = req, .key = key_of(world, team_of(req), req->param[0]), .facts = json_incref(facts)};
    json_object_del(world->datasets, departure->key);
    data_files_hold(world);
    struct audit_entry entry;
    store_delete_dataset(world->store, team_of(req), req->param[0], access_note(req, &entry),
                         dataset_gone, departure);
    return reply_later();
}

const struct route dataset_routes[] = {
    {METHOD_GET, "/api/v1/datasets", list_datasets, BODY_NONE, 0, FOR_VIEWERS},
    {METHOD_POST, "/api/v1/datasets/{name}", upload_dataset, BODY_FORM, 0,
     FOR_MEMBERS | OF_DATASET},
    {METHOD_GET, "/api/v1/datasets/{name}", show_dataset, BODY_NONE, 0, FOR_VIEWERS | OF_DATASET},
    {METHOD_DELETE, "/api/v1/datasets/{name}", delete_dataset, BODY_NONE, 0,
     FOR_MEMBERS | OF_DATASET},
    {0},
};
