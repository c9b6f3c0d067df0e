/*
 * A worker that misbehaves as asked, for tests of the conductor: this same program, started again
 * as `NAME --fd=3 …`. What it does with a run is the "act" of its specification:
 *
 *     succeed   a row (step 1), then success
 *
 *     haunt     the first attempt: a row (step 1), then it dies; the second one speaks for the
 *               first as well: a row (step 99), a log line, a checkpoint and a result "failed"
 *               of attempt 1, and success of a run that is not its own; then a row (step 2),
 *               success
 *
 *     freeze    the first attempt says nothing for ever; the next ones succeed
 *
 *     flood     2,000 lines of one row each (steps 1 … 2,000), then success
 *
 *     wait      a row (step 1), then nothing but heartbeats until it is told to stop
 *
 *     dawdle    the same, and then silence for 150 ms before it does
 *
 *     pinned    a log line with the cores it was given, then as wait
 *
 *     die       the process ends
 *
 *     bowl      waits for the "ms" of its specification, then a row (step 1) of valid_loss,
 *               (x - 0.3)^2 with its "x", and success
 *
 *     fail, diverge   the result says so; no row
 */
#ifndef FAKE_WORKER_H
#define FAKE_WORKER_H

#include "json.h"
#include "memory.h"
#include "version.h"
#include "wire.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { FAKE_FD = 3, FAKE_FLOOD_LINES = 2000, FAKE_BEAT_MS = 20, FAKE_DAWDLE_MS = 150 };

static void fake_write(const char *text, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t wrote = write(FAKE_FD, text, bytes);
        if (wrote <= 0)
            _exit(1); /* the server is gone */
        text += wrote;
        bytes -= (size_t)wrote;
    }
}

static void fake_say(enum wire_type type, json_t *body)
{
    size_t bytes;
    AUTO_FREE char *line = wire_text(type, body, &bytes);
    json_decref(body);
    fake_write(line, bytes);
}

static void fake_row(int64_t run, int64_t attempt, int64_t step)
{
    AUTO_FREE char *line = xprintf("{\"type\":\"metrics\",\"run\":%" PRId64 ",\"attempt\":%" PRId64
                                   ",\"wall_ms\":1,\"rows\":[[%" PRId64 ",\"train_loss\",0.5]]}\n",
                                   run, attempt, step);
    fake_write(line, strlen(line));
}

static void fake_result(int64_t run, int64_t attempt, const char *state)
{
    fake_say(WIRE_RESULT, json_pack("{s:I, s:I, s:s, s:i, s:{}}", "run", run, "attempt", attempt,
                                    "state", state, "step", 2, "metrics"));
}

static void fake_bowl(int64_t run, int64_t attempt, const json_t *spec)
{
    const double x = json_number_at(spec, "x", 0) - 0.3;
    AUTO_FREE char *line = xprintf("{\"type\":\"metrics\",\"run\":%" PRId64 ",\"attempt\":%" PRId64
                                   ",\"wall_ms\":1,\"rows\":[[1,\"valid_loss\",%.17g]]}\n",
                                   run, attempt, x * x);
    usleep((useconds_t)json_integer_at(spec, "ms", 0) * 1000);
    fake_write(line, strlen(line));
    fake_result(run, attempt, "succeeded");
}

static void fake_haunt(int64_t run, int64_t attempt)
{
    if (attempt == 1) {
        fake_row(run, 1, 1);
        _exit(1);
    }
    fake_row(run, 1, 99);
    fake_say(WIRE_LOG, json_pack("{s:I, s:i, s:s}", "run", run, "attempt", 1, "text", "boo"));
    fake_say(WIRE_CHECKPOINT, json_pack("{s:I, s:i, s:i}", "run", run, "attempt", 1, "step", 99));
    fake_result(run, 1, "failed");
    fake_result(run + 1, 1, "succeeded");
    fake_row(run, attempt, 2);
}

/* Until it is told to stop, or (true) to go altogether. */
static bool fake_wait(struct wire_reader *reader)
{
    struct pollfd ready = {.fd = FAKE_FD, .events = POLLIN};
    struct wire_message message;
    char *line;
    size_t bytes;

    while (wire_next(reader, &line, &bytes, NULL) == 0)
        if (poll(&ready, 1, FAKE_BEAT_MS) == 0)
            fake_say(WIRE_HEARTBEAT, NULL);
        else if (wire_fill(reader, FAKE_FD, NULL) < 0)
            _exit(1);
    if (wire_decode(line, bytes, &message, NULL) < 0)
        _exit(1);
    const bool leaves = message.type == WIRE_SHUTDOWN;
    wire_message_release(&message);
    return leaves;
}

static void fake_run(const struct wire_message *message, struct wire_reader *reader)
{
    const int64_t run = message->run, attempt = message->attempt;
    const json_t *spec = json_object_get(message->body, "spec");
    const char *act = json_text_at(spec, "act", "");

    fake_say(WIRE_STARTED, json_pack("{s:I, s:I, s:{}, s:i, s:i}", "run", run, "attempt", attempt,
                                     "fingerprint", "resumed", 0, "steps", 2));
    if (strcmp(act, "pinned") == 0) {
        AUTO_FREE char *cores = json_compact(json_object_get(message->body, "cores"));
        fake_say(WIRE_LOG,
                 json_pack("{s:I, s:I, s:s}", "run", run, "attempt", attempt, "text", cores));
    }
    if (strcmp(act, "die") == 0)
        _exit(1);
    while (strcmp(act, "freeze") == 0 && attempt == 1)
        pause();
    if (strcmp(act, "bowl") == 0) {
        fake_bowl(run, attempt, spec);
        return;
    }
    if (strcmp(act, "fail") == 0 || strcmp(act, "diverge") == 0) {
        fake_result(run, attempt, act[0] == 'f' ? "failed" : "diverged");
        return;
    }
    if (strcmp(act, "haunt") == 0)
        fake_haunt(run, attempt);
    else
        fake_row(run, attempt, 1);
    for (int i = 2; strcmp(act, "flood") == 0 && i <= FAKE_FLOOD_LINES; i++)
        fake_row(run, attempt, i);
    if (strcmp(act, "wait") == 0 || strcmp(act, "dawdle") == 0 || strcmp(act, "pinned") == 0) {
        const bool leaves = fake_wait(reader);
        if (strcmp(act, "dawdle") == 0)
            usleep(FAKE_DAWDLE_MS * 1000);
        fake_result(run, attempt, "stopped");
        if (leaves)
            _exit(0);
    } else {
        fake_result(run, attempt, "succeeded");
    }
}

static int fake_worker(void)
{
    struct wire_reader reader;
    wire_reader_init(&reader);
    fake_say(WIRE_HELLO, json_pack("{s:i, s:s, s:s, s:{}, s:{}}", "protocol", SWEEPD_PROTOCOL,
                                   "version", "0", "name", "fake", "catalog", "numeric"));
    while (wire_fill(&reader, FAKE_FD, NULL) >= 0) {
        char *line;
        size_t bytes;
        while (wire_next(&reader, &line, &bytes, NULL) == 1) {
            struct wire_message message;
            if (wire_decode(line, bytes, &message, NULL) < 0 || message.type == WIRE_SHUTDOWN)
                _exit(0);
            if (message.type == WIRE_ASSIGN)
                fake_run(&message, &reader);
            if (message.type == WIRE_ASSIGN || message.type == WIRE_WELCOME)
                fake_say(WIRE_READY, NULL);
            wire_message_release(&message);
        }
    }
    _exit(0);
}

#endif
