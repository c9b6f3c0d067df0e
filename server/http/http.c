/*
 * libmicrohttpd in external-epoll mode: its epoll descriptor is watched by the loop, which lets it
 * run whenever that is readable, a connection was resumed, or its timeout is due.
 */
#include "http/inside.h"

#include "http/listen.h"
#include "http/reply.h"
#include "memory.h"

#include <arpa/inet.h>
#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- requests ------------------------------------------------------------------------------ */

static void keep_target(struct exchange *exchange, const char *target)
{
    const size_t bytes = strlen(target) + 1;
    if (bytes > exchange->target_room) {
        exchange->target = xrealloc(exchange->target, 2 * bytes, 1);
        exchange->target_room = 2 * bytes;
    }
    memcpy(exchange->target, target, bytes);
}

/* The request line has been read: the only sight of the target as it came. One that is too long is
 * cut off at once, since libmicrohttpd would choke on its many arguments before it asks us. */
static void *begin_request(void *context, const char *target, struct MHD_Connection *mhd)
{
    const struct http *http = context;
    struct connection *connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (!connection->exchange)
        connection->exchange = exchange_new(connection);
    struct exchange *exchange = connection->exchange;
    exchange_reset(exchange);
    exchange->stage = STAGE_HEAD;
    keep_target(exchange, target);
    connection->deadline_ms = http->now_ms + INT64_C(1000) * http->options.request_deadline_s;

    struct gate_refusal refusal;
    if (gate_check_target(target, &exchange->pass.path_bytes, &refusal) < 0 &&
        refusal.status == 414) {
        struct reply reply = reply_problem(refusal.status, "%s", refusal.sentence);
        respond_raw(connection, &reply);
        reply_release(&reply);
        shutdown(connection->fd, SHUT_RD);
    }
    return connection;
}

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_bytes, const char *value, size_t value_bytes)
{
    (void)kind;
    gate_add_header(context, name, name_bytes, value ? value : "", value_bytes);
    return MHD_YES;
}

/* Nobody knows where the next request begins, or who asks: this connection ends. */
static enum MHD_Result refuse_and_close(struct exchange *exchange, int status, const char *sentence)
{
    exchange->must_close = true;
    exchange_answer(exchange, reply_problem(status, "%s", sentence));
    return respond(exchange);
}

static enum method method_of(enum gate_method method)
{
    switch (method) {
    case GATE_POST:
        return METHOD_POST;
    case GATE_PUT:
        return METHOD_PUT;
    case GATE_PATCH:
        return METHOD_PATCH;
    case GATE_DELETE:
        return METHOD_DELETE;
    case GATE_GET:
    case GATE_HEAD:
    case GATE_OPTIONS:
        break;
    }
    return METHOD_GET;
}

/* The page has paths of its own (/jobs/7): a browser that asks for one gets the page. */
static bool is_page_path(const struct exchange *exchange)
{
    const char *accept = request_header(&exchange->req, MHD_HTTP_HEADER_ACCEPT);
    return strncmp(exchange->req.path, "/api/", 5) != 0 && accept && strstr(accept, "text/html");
}

static enum MHD_Result serve_asset(struct exchange *exchange)
{
    const bool is_read = exchange->pass.method == GATE_GET || exchange->pass.method == GATE_HEAD;
    if (is_read && exchange->pass.length == 0 &&
        (assets_answer(exchange, exchange->req.path) ||
         (is_page_path(exchange) && assets_answer(exchange, "/"))))
        return MHD_YES;
    return body_refuse(exchange,
                       reply_problem(404, "there is nothing at \"%.200s\"", exchange->req.path));
}

static enum MHD_Result refuse_method(struct exchange *exchange, const struct place *place)
{
    struct reply reply =
        exchange->pass.method == GATE_OPTIONS
            ? reply_bytes(204, NULL, NULL, 0)
            : reply_problem(405, "\"%.200s\" takes %s", exchange->req.path, place->allow);
    reply.allow = place->allow;
    return body_refuse(exchange, reply);
}

static void name_real_client(struct exchange *exchange, const struct gate_head *head)
{
    const struct connection *connection = exchange->connection;
    const char *const *proxies = exchange->http->options.proxies;
    const struct gate_field *proto = &head->forwarded_proto;
    /* HTTP/1.0 is what nginx speaks to a server behind it, by default with no further word. */
    exchange->req.is_forwarded = head->is_forwarded || strcmp(head->version, "HTTP/1.0") == 0;
    if (!address_is_proxy(connection->remote, proxies))
        return;
    forwarded_client(connection->remote, head->forwarded_for.text, head->forwarded_for.bytes,
                     proxies, exchange->client);
    exchange->req.remote = exchange->client;
    exchange->req.is_proxied = true;
    exchange->req.is_secure = proto->bytes == 5 && strncasecmp(proto->text, "https", 5) == 0;
}

static enum MHD_Result begin_handling(struct exchange *exchange, const char *method,
                                      const char *version)
{
    const struct http *http = exchange->http;
    struct gate_head head = {.method = method, .target = exchange->target, .version = version};
    struct gate_refusal refusal;
    exchange->method = method;
    MHD_get_connection_values_n(exchange->connection->mhd, MHD_HEADER_KIND, add_header, &head);
    if (gate_check(&head, (const char *const *)http->names, &exchange->pass, &refusal) < 0)
        return refuse_and_close(exchange, refusal.status, refusal.sentence);
    if (http->is_closing)
        return refuse_and_close(exchange, 503, "the server is stopping");

    struct span params[REQUEST_PARAMS_MAX] = {{NULL, 0}};
    const struct place *place =
        router_find(http->router, exchange->target, exchange->pass.path_bytes, params);
    exchange_set_path(exchange, params);
    exchange->req.method = method_of(exchange->pass.method);
    name_real_client(exchange, &head);
    if (!place)
        return serve_asset(exchange);
    exchange->route = exchange->req.route = place->by_method[exchange->req.method];
    if (!exchange->route || exchange->pass.method == GATE_OPTIONS)
        return refuse_method(exchange, place);
    struct reply unwelcome;
    if (http->options.admit && !http->options.admit(&exchange->req, exchange->route, &unwelcome))
        return body_refuse(exchange, unwelcome);
    return body_begin(exchange, &head);
}

/* Called once with the head, then for each stretch of the body, then once with nothing; and again
 * with nothing after each resume. */
static enum MHD_Result handle(void *context, struct MHD_Connection *mhd, const char *url,
                              const char *method, const char *version, const char *bytes,
                              size_t *count, void **request_context)
{
    struct exchange *exchange = ((struct connection *)*request_context)->exchange;
    (void)context;
    (void)mhd;
    (void)url;
    if (exchange->stage == STAGE_HEAD)
        return begin_handling(exchange, method, version);
    if (*count > 0) {
        const size_t taken = *count;
        *count = 0;
        return body_take(exchange, bytes, taken);
    }
    switch (exchange->stage) {
    case STAGE_BODY:
        return body_end(exchange);
    case STAGE_ANSWERED:
        return respond(exchange);
    case STAGE_PARKED: /* woken without an answer: it is not yet time */
        exchange_suspend(exchange);
        return MHD_YES;
    case STAGE_IDLE:
    case STAGE_HEAD:
    case STAGE_SENT:
        break;
    }
    return MHD_NO;
}

static void request_over(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    const struct http *http = context;
    struct connection *connection = *request_context;
    (void)mhd;
    (void)code;
    if (!connection)
        return;
    exchange_reset(connection->exchange);
    connection->deadline_ms =
        http->now_ms + KEEP_ALIVE_MS + INT64_C(1000) * http->options.request_deadline_s;
    if (http->is_closing)
        connection->deadline_ms = http->now_ms;
    *request_context = NULL;
}

/* --- connections --------------------------------------------------------------------------- */

static void name_client(struct connection *connection, const struct sockaddr *address)
{
    char text[ADDRESS_BYTES] = "";
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    address_read(text, strlen(text), connection->remote);
}

static struct connection *open_connection(struct http *http, struct MHD_Connection *mhd)
{
    struct connection *connection = xcalloc(1, sizeof *connection);
    connection->http = http;
    connection->mhd = mhd;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->deadline_ms = http->now_ms + INT64_C(1000) * http->options.request_deadline_s;
    name_client(connection,
                MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    connection->next = http->connections;
    if (connection->next)
        connection->next->previous = connection;
    http->connections = connection;
    http->connection_count++;
    return connection;
}

static void close_connection(struct connection *connection)
{
    struct http *http = connection->http;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        http->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    http->connection_count--;
    exchange_free(connection->exchange);
    free(connection);
}

static void sweep(void *context);

static void connection_changed(void *context, struct MHD_Connection *mhd, void **socket_context,
                               enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = open_connection(http, mhd);
        if (!http->sweep)
            http->sweep = loop_after(http->loop, SWEEP_MS, sweep, http);
    } else {
        close_connection(*socket_context);
        *socket_context = NULL;
    }
}

/* libmicrohttpd 0.9.75 overlooks a hang-up that arrives together with the last bytes: it reads
 * those, takes a short read for the end of readiness, and no further edge comes. Twice in a row,
 * since what it has read but not yet looked at may be a whole request. */
static bool has_hung_up(struct connection *connection)
{
    char byte;
    const struct exchange *exchange = connection->exchange;
    const bool must_hear = !exchange || (exchange->stage <= STAGE_BODY && !exchange->is_suspended);
    const bool is_at_end =
        must_hear && recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    const bool was_at_end = connection->is_at_end;
    connection->is_at_end = is_at_end;
    return is_at_end && was_at_end;
}

/* Whoever sent wrong tokens all the time has waited for his answer. */
static void release_answer(struct exchange *exchange)
{
    exchange->held_until_ms = 0;
    exchange_resume(exchange);
}

/* libmicrohttpd's own timeout is one of inactivity: a byte now and then lives for ever. */
static void sweep_connection(struct connection *connection, int64_t now_ms)
{
    struct exchange *exchange = connection->exchange;
    if (exchange && exchange->stage == STAGE_SENT)
        stream_sweep(exchange);
    if (exchange && exchange->held_until_ms && now_ms >= exchange->held_until_ms)
        release_answer(exchange);
    if (now_ms < connection->deadline_ms && !has_hung_up(connection))
        return;
    connection->deadline_ms = INT64_MAX;
    shutdown(connection->fd, SHUT_RDWR);
    if (exchange && exchange->stage == STAGE_SENT)
        exchange_resume(exchange);
}

static void sweep(void *context)
{
    struct http *http = context;
    http->now_ms = clock_ms();
    for (struct connection *each = http->connections; each; each = each->next)
        sweep_connection(each, http->now_ms);
    http->sweep = http->connections ? loop_after(http->loop, SWEEP_MS, sweep, http) : NULL;
}

/* --- turning ------------------------------------------------------------------------------- */

static void daemon_ready(void *context, uint32_t epoll_events)
{
    struct http *http = context;
    (void)epoll_events;
    http->is_due = true; /* it runs at the beginning of the next turn, once for all reasons */
}

static int64_t run_daemon(void *context)
{
    struct http *http = context;
    http->now_ms = clock_ms();
    if (http->is_due || http->now_ms >= http->next_run_ms) {
        MHD_UNSIGNED_LONG_LONG timeout_ms;
        http->is_due = false;
        MHD_run(http->daemon);
        http->next_run_ms = MHD_get_timeout(http->daemon, &timeout_ms) == MHD_YES
                                ? http->now_ms + (int64_t)timeout_ms
                                : INT64_MAX;
    }
    if (http->is_due)
        return 0;
    return http->next_run_ms == INT64_MAX ? -1 : http->next_run_ms - http->now_ms;
}

/* --- opening and closing ------------------------------------------------------------------- */

static size_t keep_escapes(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text); /* exchange.c decodes, and only what it has to */
}

static void log_nothing(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments; /* clients that hang up are no news */
}

static struct MHD_Daemon *start_daemon(struct http *http, int listen_fd)
{
    const struct http_options *options = &http->options;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        handle, http, MHD_OPTION_EXTERNAL_LOGGER, log_nothing, NULL, MHD_OPTION_LISTEN_SOCKET,
        listen_fd, MHD_OPTION_URI_LOG_CALLBACK, begin_request, http, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, request_over, http,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, http, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_most,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->connections_each_most,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static int start(struct http *http, struct error *err)
{
    int listen_fd;
    if (http->options.upload_folder && upload_clear(http->options.upload_folder, err) < 0)
        return -1;
    if (listen_open(http->options.listen, &listen_fd, &http->port, err) < 0)
        return -1;
    http->names = listen_names(http->options.listen, http->port, http->options.hosts);
    http->daemon = start_daemon(http, listen_fd);
    if (!http->daemon) {
        close(listen_fd);
        return error_of(err, ERROR_INTERNAL, "start libmicrohttpd on %s", http->options.listen);
    }
    return 0;
}

int http_open(struct loop *loop, struct helpers *helpers, const struct http_options *options,
              struct http **out_http, struct error *err)
{
    struct http *http = xcalloc(1, sizeof *http);
    *http = (struct http){.loop = loop,
                          .helpers = helpers,
                          .options = *options,
                          .now_ms = clock_ms(),
                          .is_due = true};
    signal(SIGPIPE, SIG_IGN); /* sendfile() knows no MSG_NOSIGNAL */
    if (start(http, err) < 0) {
        listen_free_names(http->names);
        free(http);
        return -1;
    }
    http->router = router_new(options->tables);
    assets_open(http);
    const int epoll_fd = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    http->watch = loop_watch(loop, epoll_fd, EPOLLIN, daemon_ready, http);
    loop_each_turn(loop, run_daemon, http);
    *out_http = http;
    return 0;
}

int http_port(const struct http *http)
{
    return http->port;
}

int http_connection_count(const struct http *http)
{
    return http->connection_count;
}

/* The handler will answer one day, and must find something to answer to: the exchange goes on
 * without its connection, which gets another. */
static void answer_parked(struct connection *connection)
{
    struct exchange *orphan = connection->exchange;
    struct exchange *heir = exchange_new(connection);
    heir->method = orphan->method;
    heir->is_suspended = orphan->is_suspended;
    keep_target(heir, orphan->target);
    exchange_answer(heir, reply_problem(503, "the server is stopping"));
    connection->exchange = heir;

    struct http *http = orphan->http;
    orphan->connection = NULL;
    orphan->method = "";
    if (orphan->req.remote != orphan->client)
        snprintf(orphan->client, sizeof orphan->client, "%s", orphan->req.remote);
    orphan->req.remote = orphan->client;
    orphan->is_suspended = false;
    orphan->next = http->orphans;
    if (orphan->next)
        orphan->next->previous = orphan;
    http->orphans = orphan;
    exchange_resume(heir);
}

static void close_door_of(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;
    if (!exchange || exchange->stage == STAGE_IDLE)
        connection->deadline_ms = 0;
    else if (exchange->stage == STAGE_PARKED)
        answer_parked(connection);
    else if (exchange->stage == STAGE_SENT && exchange->is_event_stream)
        stream_end(exchange);
}

void http_close_door(struct http *http)
{
    if (http->is_closing)
        return;
    http->is_closing = true;
    const int listen_fd = MHD_quiesce_daemon(http->daemon);
    if (listen_fd >= 0)
        close(listen_fd);
    for (struct connection *each = http->connections; each; each = each->next)
        close_door_of(each);
    loop_cancel(http->sweep);
    sweep(http); /* the idle ones, now */
    http->is_due = true;
}

static void free_orphans(struct http *http)
{
    while (http->orphans) {
        struct exchange *orphan = http->orphans;
        http->orphans = orphan->next;
        exchange_free(orphan);
    }
}

void http_free(struct http *http)
{
    if (!http)
        return;
    for (struct connection *each = http->connections; each; each = each->next)
        if (each->exchange)
            exchange_resume(each->exchange); /* or libmicrohttpd ends the process */
    loop_each_turn(http->loop, NULL, NULL);
    loop_unwatch(http->watch);
    MHD_stop_daemon(http->daemon);
    loop_cancel(http->sweep);
    assert(!http->connections);
    free_orphans(http);
    respond_forget(http);
    assets_close(http);
    router_free(http->router);
    listen_free_names(http->names);
    free(http);
}
