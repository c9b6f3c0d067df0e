#include "support/http_client.h"

#include "memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000 }; /* a sanitizer on a busy machine is slow; what fails waits this long */

/* --- the socket ---------------------------------------------------------------------------- */

struct http_client client_open(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((in_port_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connect(fd, (const struct sockaddr *)&address, sizeof address); /* else nothing is answered */
    return (struct http_client){.fd = fd, .port = port};
}

void client_close(struct http_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->bytes);
    *client = (struct http_client){.fd = -1};
}

void client_send(struct http_client *client, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        const ssize_t sent = send(client->fd, at, count, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        count -= (size_t)sent;
    }
}

void client_send_text(struct http_client *client, const char *text)
{
    client_send(client, text, strlen(text));
}

static char authorization[128]; /* a header line, or nothing */

void client_use_token(const char *token)
{
    authorization[0] = '\0';
    if (token)
        snprintf(authorization, sizeof authorization, "Authorization: Bearer %s\r\n", token);
}

void client_send_request(struct http_client *client, const char *method, const char *target,
                         const char *headers, const void *body, size_t body_bytes)
{
    char length[48] = "";
    if (body)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", body_bytes);
    char *head = xprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s%s%s\r\n", method, target,
                         client->port, authorization, headers ? headers : "", length);
    const size_t head_bytes = strlen(head);
    head = xrealloc(head, head_bytes + body_bytes + 1, 1);
    if (body)
        memcpy(head + head_bytes, body, body_bytes);
    client_send(client, head, head_bytes + (body ? body_bytes : 0));
    free(head);
}

static int now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int)(now.tv_sec % 1000000) * 1000 + (int)(now.tv_nsec / 1000000);
}

/* More bytes into the buffer: 1; 0: the server closed; -1: nothing came in time. */
static int receive(struct http_client *client, int within_ms)
{
    enum { BLOCK = 65536 };
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    if (poll(&ready, 1, within_ms > 0 ? within_ms : 0) <= 0)
        return -1;
    if (client->count + BLOCK + 1 > client->room) {
        client->room = 2 * (client->count + BLOCK + 1);
        client->bytes = xrealloc(client->bytes, client->room, 1);
    }
    const ssize_t got = recv(client->fd, client->bytes + client->count, BLOCK, 0);
    if (got <= 0)
        return 0;
    client->count += (size_t)got;
    client->bytes[client->count] = '\0';
    return 1;
}

static void drop(struct http_client *client, size_t count)
{
    client->count -= count;
    memmove(client->bytes, client->bytes + count, client->count + 1);
}

bool client_sees_end(struct http_client *client, int within_ms)
{
    return client->count == 0 && receive(client, within_ms) == 0;
}

/* --- answers ------------------------------------------------------------------------------- */

/* Bytes up to and with the first `mark`, waited for; 0: the end came first. */
static size_t find(struct http_client *client, const char *mark)
{
    for (;;) {
        const char *at = client->count > 0 ? strstr(client->bytes, mark) : NULL;
        if (at)
            return (size_t)(at - client->bytes) + strlen(mark);
        if (receive(client, WAIT_MS) <= 0)
            return 0;
    }
}

struct http_answer client_read_head(struct http_client *client)
{
    struct http_answer answer = {0};
    const size_t bytes = find(client, "\r\n\r\n");
    if (bytes == 0 || sscanf(client->bytes, "HTTP/1.1 %d", &answer.status) != 1)
        return answer;
    const char *lines = strstr(client->bytes, "\r\n") + 2;
    answer.headers = xstrndup(lines, bytes - 2 - (size_t)(lines - client->bytes));
    answer.body = xcalloc(1, 1);
    drop(client, bytes);
    if (answer.status != 100)
        return answer;
    answer_release(&answer);
    return client_read_head(client);
}

static bool take(struct http_client *client, struct http_answer *answer, size_t count)
{
    while (client->count < count)
        if (receive(client, WAIT_MS) <= 0)
            return false;
    answer->body = xrealloc(answer->body, answer->body_bytes + count + 1, 1);
    if (count > 0)
        memcpy(answer->body + answer->body_bytes, client->bytes, count);
    answer->body_bytes += count;
    answer->body[answer->body_bytes] = '\0';
    if (count > 0)
        drop(client, count);
    return true;
}

/* The next chunk's bytes behind its size line; 0: the last one, or the end. */
static size_t chunk_bytes(struct http_client *client)
{
    const size_t line = find(client, "\r\n");
    if (line == 0)
        return 0;
    const size_t bytes = strtoul(client->bytes, NULL, 16);
    drop(client, line);
    return bytes;
}

static void read_chunks(struct http_client *client, struct http_answer *answer)
{
    for (;;) {
        const size_t bytes = chunk_bytes(client);
        if (bytes > 0 && !take(client, answer, bytes))
            return;
        const size_t line = find(client, "\r\n");
        if (line == 0)
            return;
        drop(client, line);
        if (bytes == 0)
            return;
    }
}

static struct http_answer read_answer(struct http_client *client, bool has_body)
{
    struct http_answer answer = client_read_head(client);
    if (answer.status == 0 || !has_body || answer.status == 204 || answer.status == 304)
        return answer;
    const char *length = answer_header(&answer, "Content-Length");
    if (length)
        take(client, &answer, strtoul(length, NULL, 10));
    else if (answer_header(&answer, "Transfer-Encoding"))
        read_chunks(client, &answer);
    else
        while (receive(client, WAIT_MS) > 0)
            take(client, &answer, client->count);
    return answer;
}

struct http_answer client_read(struct http_client *client)
{
    return read_answer(client, true);
}

void answer_release(struct http_answer *answer)
{
    free(answer->headers);
    free(answer->body);
    *answer = (struct http_answer){0};
}

const char *answer_header(const struct http_answer *answer, const char *name)
{
    static _Thread_local char buffers[8][512];
    static _Thread_local int turn;
    const size_t name_bytes = strlen(name);
    for (const char *at = answer->headers; at && *at;) {
        const size_t line = strcspn(at, "\r");
        if (strncasecmp(at, name, name_bytes) == 0 && at[name_bytes] == ':') {
            char *out = buffers[turn = (turn + 1) % 8];
            const char *value = at + name_bytes + 1 + strspn(at + name_bytes + 1, " ");
            snprintf(out, sizeof buffers[0], "%.*s", (int)(line - (size_t)(value - at)), value);
            return out;
        }
        at += line + strspn(at + line, "\r\n");
    }
    return NULL;
}

struct http_answer http_request(int port, const char *method, const char *target,
                                const char *headers, const char *body)
{
    struct http_client client = client_open(port);
    client_send_request(&client, method, target, headers, body, body ? strlen(body) : 0);
    const struct http_answer answer = read_answer(&client, strcmp(method, "HEAD") != 0);
    client_close(&client);
    return answer;
}

/* --- Server-Sent Events -------------------------------------------------------------------- */

/* Takes the frames of chunks out of the buffer as they come: the text of an event may be spread
 * over many. The stream's text is kept in front of the frames. Answers bytes up to and with the
 * empty line that ends an event; 0: none in time. */
static size_t find_event(struct http_client *client, struct http_answer *text, int within_ms)
{
    const int until_ms = now_ms() + within_ms;
    for (;;) {
        const char *end = strstr(text->body, "\n\n");
        if (end)
            return (size_t)(end - text->body) + 2;
        const char *line = client->count > 0 ? strstr(client->bytes, "\r\n") : NULL;
        const size_t bytes = line ? strtoul(client->bytes, NULL, 16) : 0;
        const size_t head = line ? (size_t)(line - client->bytes) + 2 : 0;
        if (line && bytes == 0)
            return 0;
        if (line && client->count >= head + bytes + 2) {
            drop(client, head);
            take(client, text, bytes);
            drop(client, 2);
        } else if (receive(client, until_ms - now_ms()) <= 0) {
            return 0;
        }
    }
}

/* What was read too much goes back as a chunk of its own. */
static void give_back(struct http_client *client, const char *text)
{
    if (!*text)
        return;
    char *chunk = xprintf("%zx\r\n%s\r\n", strlen(text), text);
    const size_t bytes = strlen(chunk);
    if (client->count + bytes + 1 > client->room) {
        client->room = client->count + bytes + 1;
        client->bytes = xrealloc(client->bytes, client->room, 1);
    }
    memmove(client->bytes + bytes, client->bytes, client->count + 1);
    memcpy(client->bytes, chunk, bytes);
    client->count += bytes;
    free(chunk);
}

static void read_field(struct sse_event *event, const char *line)
{
    if (strncmp(line, "id: ", 4) == 0) {
        snprintf(event->id, sizeof event->id, "%s", line + 4);
    } else if (strncmp(line, "event: ", 7) == 0) {
        snprintf(event->type, sizeof event->type, "%s", line + 7);
    } else if (strncmp(line, "data: ", 6) == 0) {
        free(event->data);
        event->data = xstrdup(line + 6);
    } else if (strncmp(line, "retry: ", 7) == 0) {
        snprintf(event->type, sizeof event->type, "retry");
    } else if (line[0] == ':') {
        snprintf(event->type, sizeof event->type, "comment");
    }
}

bool sse_next(struct http_client *client, struct sse_event *out, int within_ms)
{
    struct http_answer text = {.body = xcalloc(1, 1)};
    *out = (struct sse_event){.type = "message", .data = xcalloc(1, 1)};
    const size_t bytes = find_event(client, &text, within_ms);
    give_back(client, text.body + bytes);
    text.body[bytes] = '\0';
    char *rest = text.body;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        read_field(out, line);
    answer_release(&text);
    if (bytes == 0)
        sse_release(out);
    return bytes > 0;
}

void sse_release(struct sse_event *event)
{
    free(event->data);
    event->data = NULL;
}
