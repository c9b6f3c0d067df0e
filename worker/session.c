#include "session.h"

#include "alone.h"
#include "checkpoint.h"
#include "cores.h"
#include "describe.h"
#include "environment.h"
#include "files.h"
#include "json.h"
#include "log.h"
#include "math/fingerprint.h"
#include "memory.h"
#include "report.h"
#include "trainer/trainer.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LISTEN_INTERVAL_NS = 1000000, /* between two looks at the descriptor while training */
    HEARTBEAT_MAX_MS = 60000,
    LOCK_WAIT_MS = 10000,
    LOCK_RETRY_MS = 50,
};

struct session {
    int fd;
    struct wire_reader reader;
    struct line_report lines;
    int64_t heartbeat_ns;
    int64_t spoke_ns, listened_ns;
    bool busy;          /* with the run of `lines` */
    bool stop;          /* that run shall stop */
    bool shutdown;      /* and the worker with it */
    const char *folder; /* of that run */
    int64_t kept;       /* of its checkpoints; -1: none */
    char *ended_folder; /* of the last run that succeeded: its checkpoints may go */
};

/* The server is gone: whatever this process still does may collide with the next attempt. */
__attribute__((noreturn)) static void leave(void)
{
    _exit(SESSION_EXIT_LOST);
}

static void say(struct session *session, enum wire_type type, json_t *body)
{
    struct error err;
    if (line_report_send(&session->lines, type, body, &err) < 0)
        log_line("%s", err.sentence);
    session->spoke_ns = monotonic_ns();
    if (session->lines.broken && session->busy)
        leave();
}

static void say_about_run(struct session *session, enum wire_type type, json_t *body)
{
    struct error err;
    if (line_report_about_run(&session->lines, type, body, &err) < 0)
        log_line("%s", err.sentence);
    session->spoke_ns = monotonic_ns();
    if (session->lines.broken)
        leave();
}

/* --- what comes in while a run is trained -------------------------------------------------- */

/* A line that can only come from a server that is broken ends the worker; the run is taken up by
 * another one. */
static void heard(struct session *session, const struct wire_message *message)
{
    const bool ours = message->run == session->lines.run;

    if (message->type == WIRE_STOP) {
        session->stop = session->stop || (ours && message->attempt == session->lines.attempt);
    } else if (message->type == WIRE_KEPT) {
        const int64_t step = json_integer_at(message->body, "step", -1);
        session->kept = ours && step > session->kept ? step : session->kept;
    } else if (message->type == WIRE_SHUTDOWN) {
        session->stop = session->shutdown = true;
    } else {
        log_line("unexpected \"%s\" while busy", wire_names[message->type]);
        leave();
    }
}

static void hear_lines(struct session *session)
{
    struct error err;
    char *line;
    size_t bytes;
    int result;

    while ((result = wire_next(&session->reader, &line, &bytes, &err)) == 1) {
        struct wire_message message;
        if (wire_decode(line, bytes, &message, &err) < 0) {
            result = -1;
            break;
        }
        heard(session, &message);
        wire_message_release(&message);
    }
    if (result < 0) {
        log_line("%s", err.sentence);
        leave();
    }
}

static void listen_now(struct session *session, int64_t now_ns)
{
    struct pollfd ready = {.fd = session->fd, .events = POLLIN};
    session->listened_ns = now_ns;
    hear_lines(session); /* what came in one piece with the assignment */
    while (poll(&ready, 1, 0) > 0) {
        if (wire_fill(&session->reader, session->fd, NULL) < 0)
            leave();
        hear_lines(session);
    }
}

static void stay_in_touch(struct session *session, int64_t now_ns)
{
    line_report_tick(&session->lines, now_ns);
    if (session->lines.broken)
        leave();
    if (session->lines.flushed_ns > session->spoke_ns)
        session->spoke_ns = session->lines.flushed_ns;
    if (now_ns - session->spoke_ns >= session->heartbeat_ns)
        say(session, WIRE_HEARTBEAT, NULL);
    if (now_ns - session->listened_ns >= LISTEN_INTERVAL_NS)
        listen_now(session, now_ns);
}

/* --- the training's report ----------------------------------------------------------------- */

static void on_started(void *context, int64_t resumed, int64_t steps, double earlier_ms)
{
    struct session *session = context;
    session->lines.earlier_ms = earlier_ms;
    say_about_run(session, WIRE_STARTED,
                  json_pack("{s:o, s:I, s:I}", "fingerprint", fingerprint(), "resumed",
                            (json_int_t)resumed, "steps", (json_int_t)steps));
}

static void on_row(void *context, int64_t step, const char *name, double value)
{
    struct session *session = context;
    line_report_row(&session->lines, step, name, value);
}

static void on_log(void *context, const char *text)
{
    say_about_run(context, WIRE_LOG, json_pack("{s:o}", "text", json_text(text)));
}

static void on_checkpoint(void *context, int64_t step)
{
    const struct session *session = context;
    say_about_run(context, WIRE_CHECKPOINT,
                  json_pack("{s:I, s:I}", "step", (json_int_t)step, "bytes",
                            (json_int_t)files_bytes(session->folder, NULL)));
}

static bool on_poll(void *context, int64_t now_ns)
{
    struct session *session = context;
    stay_in_touch(session, now_ns);
    return session->stop;
}

static void on_alive(void *context)
{
    stay_in_touch(context, monotonic_ns());
}

static int64_t on_kept(void *context)
{
    const struct session *session = context;
    return session->kept;
}

/* --- a run --------------------------------------------------------------------------------- */

/* One process at a time works in a run's folder. The lock is the folder's own (flock(), of the open
 * file description: no file is left behind) and goes with the process, so it tells for
 * certain whether an earlier attempt still lives. Answers the descriptor that holds it. */
static int lock_folder(struct session *session, const char *folder, struct error *err)
{
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        return error_errno(err, "make the folder \"%s\"", folder);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int64_t begun_ns = monotonic_ns();
    if (fd < 0)
        return error_errno(err, "open \"%s\"", folder);

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        const int64_t now_ns = monotonic_ns();
        const bool busy = errno == EWOULDBLOCK || errno == EINTR;
        if (!busy || session->stop || now_ns - begun_ns > LOCK_WAIT_MS * INT64_C(1000000)) {
            close(fd);
            return busy ? error_of(err, ERROR_CONFLICT,
                                   "an earlier attempt still holds the lock on \"%s\"", folder)
                        : error_errno(err, "lock \"%s\"", folder);
        }
        stay_in_touch(session, now_ns);
        poll(NULL, 0, LOCK_RETRY_MS);
    }
    return fd;
}

/* The numeric libraries have read the environment when they were loaded: it cannot follow a run. */
static int check_environment(const json_t *spec, struct error *err)
{
    const int threads = (int)json_integer_at(spec, "threads", 1);
    const bool portable = strcmp(json_text_at(spec, "numeric", "native"), "portable") == 0;
    if (environment_is(threads, portable))
        return 0;
    return error_of(err, ERROR_INTERNAL,
                    "this worker was not started for %d thread%s with %s kernels", threads,
                    threads == 1 ? "" : "s", portable ? "portable" : "native");
}

static int train_in(struct session *session, const struct training *training,
                    struct outcome *outcome, struct error *err)
{
    const struct report report = {
        .context = session,
        .started = on_started,
        .row = on_row,
        .log = on_log,
        .checkpoint = on_checkpoint,
        .poll = on_poll,
        .alive = on_alive,
        .kept = on_kept,
    };
    if (check_environment(training->spec, err) < 0)
        return -1;
    AUTO_CLOSE int lock = lock_folder(session, training->folder, err);
    if (lock < 0)
        return -1;
    train(training, &report, outcome);
    return 0;
}

/* The checkpoints of a run that succeeded go, once that is on record. */
static json_t *result_of(const struct outcome *outcome, const char *folder)
{
    const char *goes = outcome->state == OUTCOME_SUCCEEDED ? CHECKPOINT_NAME : NULL;
    return json_pack("{s:s, s:o, s:I, s:O, s:I}", "state", outcome_names[outcome->state], "message",
                     json_text(outcome->message), "step", (json_int_t)outcome->step, "metrics",
                     outcome->metrics, "bytes", (json_int_t)files_bytes(folder, goes));
}

static void forget_ended_run(struct session *session)
{
    if (session->ended_folder)
        checkpoint_remove_after(session->ended_folder, -1);
    free(session->ended_folder);
    session->ended_folder = NULL;
}

static void run_assigned(struct session *session, const struct wire_message *message)
{
    const json_t *body = message->body;
    const struct training training = {
        .spec = json_object_get(body, "spec"),
        .data = json_text_at(body, "data", NULL),
        .cache = json_text_at(body, "cache", "."),
        .folder = json_text_at(body, "folder", "."),
        .run = message->run,
        .attempt = message->attempt,
        .checkpoint = json_integer_at(body, "checkpoint", 0),
        .pause_at = json_number_at(body, "pause_at", 0),
    };
    struct outcome outcome = {.state = OUTCOME_FAILED};
    struct error err;

    cores_take(json_object_get(body, "cores"));
    session->busy = true;
    session->stop = false;
    session->folder = training.folder;
    session->kept = training.checkpoint > 0 ? training.checkpoint : -1;
    line_report_begin(&session->lines, training.run, training.attempt);
    if (train_in(session, &training, &outcome, &err) < 0) {
        snprintf(outcome.message, sizeof outcome.message, "%s", err.sentence);
        outcome.metrics = json_object();
    }
    say_about_run(session, WIRE_RESULT, result_of(&outcome, training.folder));
    if (outcome.state == OUTCOME_SUCCEEDED)
        session->ended_folder = xstrdup(training.folder);
    outcome_release(&outcome);
    session->busy = false;
}

/* --- preparing a data set ------------------------------------------------------------------ */

/* Parsing a big file takes longer than a server waits for a sign of life, and does not come by
 * here: a thread sends heartbeats meanwhile, and notices when the server goes. It is the only one
 * that writes while it lives. */
struct pulse {
    int fd;
    int over[2]; /* a pipe: closing its end stops the thread */
    int interval_ms;
    pthread_t thread;
};

static void *beat(void *context)
{
    static const char line[] = "{\"type\":\"heartbeat\"}\n";
    const struct pulse *pulse = context;
    struct pollfd watched[] = {{.fd = pulse->over[0], .events = POLLIN}, {.fd = pulse->fd}};

    for (;;) {
        const int count = poll(watched, 2, pulse->interval_ms);
        if (watched[0].revents)
            return NULL;
        if (watched[1].revents)
            leave();
        if (count == 0 && write(pulse->fd, line, sizeof line - 1) != sizeof line - 1)
            leave();
    }
}

static void pulse_start(struct pulse *pulse, const struct session *session)
{
    *pulse =
        (struct pulse){.fd = session->fd, .interval_ms = (int)(session->heartbeat_ns / 1000000)};
    if (pipe2(pulse->over, O_CLOEXEC) < 0 ||
        pthread_create(&pulse->thread, NULL, beat, pulse) != 0) {
        log_line("no thread for heartbeats: %s", strerror(errno));
        leave();
    }
}

static void pulse_stop(struct pulse *pulse)
{
    close(pulse->over[1]);
    pthread_join(pulse->thread, NULL);
    close(pulse->over[0]);
}

static void prepare_assigned(struct session *session, const struct wire_message *message)
{
    struct pulse pulse;
    struct error err;

    pulse_start(&pulse, session);
    json_t *line = prepared_line(message->body, json_text_at(message->body, "cache", "."));
    pulse_stop(&pulse);
    if (line_report_send(&session->lines, WIRE_PREPARED, line, &err) < 0)
        say(session, WIRE_PREPARED,
            json_pack("{s:I, s:o, s:s}", "request",
                      (json_int_t)json_integer_at(message->body, "request", 0), "message",
                      json_text(err.sentence), "pointer", ""));
    session->spoke_ns = monotonic_ns();
}

/* --- between runs -------------------------------------------------------------------------- */

static void say_hello(struct session *session)
{
    char name[64];
    char host[40] = "";
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s/%ld", host, (long)getpid());

    json_t *catalog = describe();
    say(session, WIRE_HELLO,
        json_pack("{s:i, s:s, s:s, s:I, s:O, s:o}", "protocol", SWEEPD_PROTOCOL, "version",
                  SWEEPD_VERSION, "name", name, "pid", (json_int_t)getpid(), "numeric",
                  json_object_get(catalog, "numeric"), "catalog", catalog));
}

/* 1: go on; 0: shut down; -1: err says why not. */
static int obey(struct session *session, const struct wire_message *message, struct error *err)
{
    switch (message->type) {
    case WIRE_ASSIGN:
        forget_ended_run(session);
        run_assigned(session, message);
        break;
    case WIRE_PREPARE:
        prepare_assigned(session, message);
        break;
    case WIRE_SHUTDOWN:
        return 0;
    case WIRE_STOP: /* the run was just over */
    case WIRE_KEPT:
        return 1;
    case WIRE_HELLO:
    case WIRE_WELCOME:
    case WIRE_REFUSE:
    case WIRE_READY:
    case WIRE_STARTED:
    case WIRE_METRICS:
    case WIRE_LOG:
    case WIRE_CHECKPOINT:
    case WIRE_RESULT:
    case WIRE_HEARTBEAT:
    case WIRE_PREPARED:
    case WIRE_TYPES:
        return error_of(err, ERROR_MALFORMED, "no server sends \"%s\" now",
                        wire_names[message->type]);
    }
    if (session->shutdown)
        return 0;
    say(session, WIRE_READY, NULL);
    return 1;
}

/* Waits for the next message, with heartbeats. 1: there is one; 0: the server is gone. */
static int next_message(struct session *session, struct wire_message *message, struct error *err)
{
    for (;;) {
        char *line;
        size_t bytes;
        const int result = wire_next(&session->reader, &line, &bytes, err);
        if (result < 0)
            return -1;
        if (result > 0)
            return wire_decode(line, bytes, message, err) < 0 ? -1 : 1;

        struct pollfd ready = {.fd = session->fd, .events = POLLIN};
        const int timeout_ms =
            session->heartbeat_ns > 0 ? (int)(session->heartbeat_ns / 1000000) : -1;
        const int count = poll(&ready, 1, timeout_ms);
        if (count == 0)
            say(session, WIRE_HEARTBEAT, NULL);
        if (session->lines.broken ||
            (count > 0 && wire_fill(&session->reader, session->fd, err) < 0))
            return 0;
    }
}

static enum session_end be_welcomed(struct session *session, struct error *err)
{
    struct wire_message message;
    enum session_end end = SESSION_SHUTDOWN;

    const int result = next_message(session, &message, err);
    if (result < 0)
        return SESSION_BAD_LINE;
    if (result == 0)
        return SESSION_LOST;
    if (message.type == WIRE_WELCOME) {
        const int64_t asked_ms = json_integer_at(message.body, "heartbeat_ms", HEARTBEAT_MAX_MS);
        const int64_t at_most_ms = asked_ms < HEARTBEAT_MAX_MS ? asked_ms : HEARTBEAT_MAX_MS;
        session->heartbeat_ns = (at_most_ms > 1 ? at_most_ms : 1) * 1000000;
    } else if (message.type == WIRE_SHUTDOWN) {
        session->shutdown = true;
    } else if (message.type == WIRE_REFUSE) {
        error_of(err, ERROR_CONFLICT, "the server refuses this worker: %.400s",
                 json_text_at(message.body, "message", ""));
        end = SESSION_REFUSED;
    } else {
        error_of(err, ERROR_MALFORMED, "a server answers \"hello\" with \"welcome\", not \"%s\"",
                 wire_names[message.type]);
        end = SESSION_BAD_LINE;
    }
    wire_message_release(&message);
    return end;
}

static enum session_end serve(struct session *session, struct error *err)
{
    for (;;) {
        struct wire_message message;
        const int result = next_message(session, &message, err);
        if (result < 0)
            return SESSION_BAD_LINE;
        if (result == 0)
            return SESSION_LOST;
        const int obeyed = obey(session, &message, err);
        wire_message_release(&message);
        if (obeyed < 0)
            return SESSION_BAD_LINE;
        if (obeyed == 0)
            return SESSION_SHUTDOWN;
    }
}

enum session_end session_serve(int fd, struct error *err)
{
    struct session session = {.fd = fd};

    wire_reader_init(&session.reader);
    line_report_init(&session.lines, fd);
    say_hello(&session);
    enum session_end end = be_welcomed(&session, err);
    if (end == SESSION_SHUTDOWN && !session.shutdown) {
        say(&session, WIRE_READY, NULL);
        end = serve(&session, err);
    }
    if (end == SESSION_SHUTDOWN)
        forget_ended_run(&session);
    free(session.ended_folder);
    line_report_release(&session.lines);
    wire_reader_release(&session.reader);
    return end;
}
