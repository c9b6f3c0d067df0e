/*
 * sweepd: puts the parts together, runs the loop, takes them apart again.
 */
#include "admin.h"
#include "api/api.h"
#include "demo.h"
#include "json.h"
#include "log.h"
#include "memory.h"
#include "progress.h"
#include "prune/prune.h"
#include "search/stop.h"
#include "spec.h"
#include "version.h"
#include "workers/spawn.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, SETTLE_MS = 1000, SETTLE_CHECK_MS = 10, DESCRIBE_MS = 30000 };

struct server {
    struct config config;
    struct world world;
    struct http *http;
    struct progress *progress;
    char *data, *uploads, *program;
    bool stopping;
    int64_t settle_until_ms;
};

/* --- what must be there before anything else -----------------------------------------------------
 */

static int make_folder(const char *parent, const char *name, char **out, struct error *err)
{
    char *path = name ? xprintf("%s/%s", parent, name) : xstrdup(parent);
    if (mkdir(path, 0777) < 0 && errno != EEXIST) {
        error_errno(err, "make the folder \"%s\"", path);
        free(path);
        return -1;
    }
    char *real = realpath(path, NULL);
    free(path);
    if (!real)
        return error_errno(err, "find the folder \"%s\"", name ? name : parent);
    *out = real;
    return 0;
}

static int make_folders(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    if (make_folder(server->config.data, NULL, &server->data, err) < 0 ||
        make_folder(server->data, "datasets", &world->cache, err) < 0 ||
        make_folder(server->data, "runs", &world->runs, err) < 0 ||
        make_folder(server->data, "uploads", &server->uploads, err) < 0)
        return -1;
    return 0;
}

/* Without tokens nobody but this machine may ask. */
static int check_listen(const struct server *server, struct error *err)
{
    const char *listen = server->config.listen;
    if (strncmp(listen, "127.", 4) == 0 || strncmp(listen, "localhost:", 10) == 0 ||
        strncmp(listen, "[::1]:", 6) == 0 || auth_has_tokens(server->world.auth))
        return 0;
    return error_set(err,
                     "--listen %s: others than this machine are served with tokens only, and there "
                     "is none yet; make one: sweepd admin --data %s token create --team default "
                     "--role admin --name NAME",
                     listen, server->config.data);
}

static char *worker_program(const char *configured)
{
    char path[PATH_MAX];
    if (configured)
        return xstrdup(configured);
    const ssize_t bytes = readlink("/proc/self/exe", path, sizeof path - 1);
    path[bytes > 0 ? bytes : 0] = '\0';
    return xprintf("%s/sweepd-worker", dirname(path));
}

static int slots_of(const struct config *config)
{
    if (config->slots >= 0)
        return (int)config->slots;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (int)cores : 1;
}

/* More threads than slots would share cores. Without slots nothing starts, and what is asked for is
 * for another day. */
static void limit_threads(struct server *server)
{
    const int slots = slots_of(&server->config);
    AUTO_FREE char *note = xprintf("this server has %d slot%s", slots, slots == 1 ? "" : "s");
    json_object_set_new(server->world.catalog, "slots", json_integer(slots > 0 ? slots : 1));
    if (slots > 0)
        catalog_lower_high(server->world.catalog, "threads", slots, note);
}

/* What this program chooses from itself, beside what the workers do. */
static void add_own_registries(json_t *catalog)
{
    json_t *registries = json_object_get(catalog, "registries");
    json_object_set_new(registries, "search", search_describe());
    json_object_set_new(registries, "prune", prune_describe());
    json_object_set_new(registries, "stop", stop_describe());
}

static void runs_added(void *context, int64_t job, int64_t first_run, int count)
{
    const struct world *world = context;
    owners_add_runs(world->owners, job, first_run, count);
}

static struct data_facts find_data(void *context, int64_t team, const char *name)
{
    const struct world *world = context;
    const struct data_view view = {world->datasets, team};
    return api_data_facts((void *)(uintptr_t)&view, name);
}

static int read_catalog(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    AUTO_FREE char *text = NULL;
    struct error trouble;
    if (spawn_output(server->program, "--describe", DESCRIBE_MS, &text, err) < 0)
        return -1;
    if (json_read(text, strlen(text), &world->catalog, &trouble) < 0)
        return error_of(err, ERROR_INTERNAL, "\"%s --describe\" printed no catalogue: %s",
                        server->program, trouble.sentence);
    if (json_integer_at(world->catalog, "protocol", 0) != SWEEPD_PROTOCOL)
        return error_of(err, ERROR_INTERNAL, "\"%s\" speaks another protocol than this server's %d",
                        server->program, SWEEPD_PROTOCOL);
    limit_threads(server);
    add_own_registries(world->catalog);
    world->catalog_text = json_dumps(world->catalog, JSON_COMPACT);
    const json_t *numeric = json_object_get(world->catalog, "numeric");
    log_line("worker %s: OpenBLAS %s with %s kernels", server->program,
             json_text_at(numeric, "openblas", "?"), json_text_at(numeric, "core", "?"));
    return 0;
}

/* --- putting together
 * ------------------------------------------------------------------------------ */

static void know_dataset(void *context, const struct known_dataset *dataset)
{
    dataset_know(context, dataset);
}

static int open_store(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    const struct config *config = &server->config;
    const struct store_options options = {
        .folder = server->data,
        .mailbox_commands = (int)config->mailbox,
        .ballast_mib = (int)config->ballast_mib,
    };
    world->datasets = json_object();
    world->making = json_object();
    if (store_open(world->loop, &options, &world->store, err) < 0)
        return -1;
    if (store_load_datasets(world->store, know_dataset, world->datasets, err) < 0 ||
        owners_load(world->store, &world->owners, err) < 0 ||
        auth_open(world->store, server->data, &world->auth, err) < 0)
        return -1;
    events_set_audience(world->events, access_audience, world);
    data_files_sweep(world);
    return 0;
}

static void team_told(void *context, int64_t id, const struct team *team)
{
    if (team)
        conductor_set_team(context, team);
    else
        conductor_remove_team(context, id);
}

static int open_conductor(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    const struct conductor_options options = {
        .program = server->program,
        .runs = world->runs,
        .cache = world->cache,
        .metrics = json_object_get(world->catalog, "metrics"),
        .numeric = json_object_get(world->catalog, "numeric"),
        .catalog = world->catalog,
        .find_data = find_data,
        .runs_added = runs_added,
        .world = world,
        .slots = slots_of(&server->config),
        .lease_ms = server->config.lease_s * 1000,
        .preempt_after_ms = server->config.preempt_after_s * 1000,
    };
    world->conductor =
        conductor_new(world->loop, world->store, world->helpers, world->events, &options);
    auth_watch_teams(world->auth, team_told, world->conductor);
    return conductor_load(world->conductor, err);
}

static void log_refused(void *context, const char *remote, int status, const char *line)
{
    const struct world *world = context;
    if (!world->config->quiet)
        log_line("%s %d %s", remote, status, line);
}

static int open_http(struct server *server, struct error *err)
{
    const struct config *config = &server->config;
    const struct http_options options = {
        .listen = config->listen,
        .tables = api_tables,
        .assets = page_assets(),
        .assets_policy = page_policy,
        .hosts = config->hosts,
        .body_most = config->body_most,
        .upload_most = config->upload_most,
        .upload_folder = server->uploads,
        .connections_most = (int)config->connections,
        .connections_each_most = (int)config->connections_each,
        .streams_most = (int)config->streams,
        .request_deadline_s = (int)config->request_deadline_s,
        .upload_deadline_s = (int)config->upload_deadline_s,
        .stream_age_s = (int)config->stream_age_s,
        .stream_beat_s = (int)config->stream_beat_s,
        .refused = log_refused,
        .proxies = config->proxies,
        .admit = access_admit,
        .inspect = access_inspect,
        .server = &server->world,
    };
    if (http_open(server->world.loop, server->world.helpers, &options, &server->http, err) < 0)
        return -1;
    return admin_invite(server->data, config->listen, http_port(server->http), server->world.auth,
                        err);
}

static void caught_signal(void *context, int number);

static int open_loop(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    if (loop_new(&world->loop, err) < 0 ||
        loop_signal(world->loop, SIGINT, caught_signal, server, err) < 0 ||
        loop_signal(world->loop, SIGTERM, caught_signal, server, err) < 0 ||
        loop_signal(world->loop, SIGHUP, caught_signal, server, err) < 0)
        return -1;
    world->events = events_new(world->loop, (int)server->config.ring);
    return 0;
}

/* Behind a proxy everybody comes from its address, and what it forgets to tell, nobody knows. */
static bool tokens_are_required(const struct config *config)
{
    return strcmp(config->auth, "required") == 0 || config->proxies[0];
}

static int put_together(struct server *server, struct error *err)
{
    struct world *world = &server->world;
    world->config = &server->config;
    world->started_ms = wall_ms();
    server->program = worker_program(server->config.worker);

    world->access = access_new(tokens_are_required(&server->config));
    if (make_folders(server, err) < 0 || open_loop(server, err) < 0 ||
        read_catalog(server, err) < 0 || open_store(server, err) < 0 ||
        check_listen(server, err) < 0 ||
        helpers_new(world->loop, (int)server->config.readers, store_reader_start, store_reader_end,
                    world->store, &world->helpers, err) < 0 ||
        open_conductor(server, err) < 0)
        return -1;
    return open_http(server, err);
}

/* --- stopping
 * ------------------------------------------------------------------------------------------ */

/* Once the workers are gone: until every answer is out and every read is done, or a second is over.
 */
static void settle(void *context)
{
    struct server *server = context;
    const struct world *world = &server->world;
    const bool quiet = helpers_outstanding(world->helpers) == 0 &&
                       (!server->http || http_connection_count(server->http) == 0);

    if (quiet || clock_ms() > server->settle_until_ms)
        loop_stop(world->loop);
    else
        loop_after(world->loop, SETTLE_CHECK_MS, settle, server);
}

static void workers_are_gone(void *context)
{
    struct server *server = context;
    server->settle_until_ms = clock_ms() + SETTLE_MS;
    settle(server);
}

static void caught_signal(void *context, int number)
{
    struct server *server = context;
    if (server->stopping) {
        log_line("signal %d again: ending at once", number);
        _exit(1);
    }
    log_line("signal %d: stopping", number);
    server->stopping = true;
    if (server->http)
        http_close_door(server->http);
    conductor_stop(server->world.conductor, server->config.stop_grace_s * 1000, workers_are_gone,
                   server);
}

static void take_apart(struct server *server)
{
    struct world *world = &server->world;
    progress_free(server->progress);
    if (server->http)
        admin_uninvite(server->data);
    if (world->helpers)
        helpers_stop(world->helpers); /* the last reads and plans; they may send to the store */
    if (world->store)
        store_close(world->store); /* the last callbacks; what they want to read is refused */
    if (server->http)
        http_free(server->http);
    if (world->helpers)
        helpers_free(world->helpers);
    world->helpers = NULL; /* what the conductor gives up below may look for them */
    conductor_free(world->conductor);
    if (world->events)
        events_free(world->events);
    if (world->loop)
        loop_free(world->loop);
    auth_free(world->auth);
    owners_free(world->owners);
    access_free(world->access);
    json_decref(world->datasets);
    json_decref(world->making);
    json_decref(world->catalog);
    free(world->catalog_text);
    free(world->cache);
    free(world->runs);
    free(server->data);
    free(server->uploads);
    free(server->program);
}

/* --- main
 * ------------------------------------------------------------------------------------------------
 */

static int serve(struct server *server)
{
    struct error err;

    if (put_together(server, &err) < 0) {
        log_line("%s", err.sentence);
        return EXIT_FAILURE;
    }
    const char *listen = server->config.listen;
    printf("listening on http://%.*s:%d\n", (int)(strrchr(listen, ':') - listen), listen,
           http_port(server->http));
    fflush(stdout);
    if (server->config.progress)
        server->progress = progress_new(server->world.loop, server->world.events);
    if (server->config.demo && demo_queue(&server->world, &err) < 0)
        log_line("the demo was not queued: %s", err.sentence);
    loop_run(server->world.loop);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct server server;
    struct error err;

    json_object_seed(0);
    signal(SIGPIPE, SIG_IGN);
    umask(
        077); /* teams are held apart, then also from whoever else is on the machine; workers too */
    if (argc > 1 && strcmp(argv[1], "admin") == 0)
        return admin_main(argc - 2, argv + 2);
    if (config_read(argc, argv, &server.config, &err) < 0) {
        fprintf(stderr, "sweepd: %s\n", err.sentence);
        return EXIT_USAGE;
    }
    if (server.config.help || server.config.version) {
        AUTO_FREE char *help = config_help();
        puts(server.config.help ? help : SWEEPD_VERSION);
        return EXIT_SUCCESS;
    }
    const int status = serve(&server);
    take_apart(&server);
    if (status == EXIT_SUCCESS)
        log_line("stopped");
    return status;
}
