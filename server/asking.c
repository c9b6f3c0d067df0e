#include "asking.h"

#include "json.h"
#include "memory.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 10, ANSWER_MOST = 16 * 1024 * 1024 };

static int resolve(const char *address, struct addrinfo **out, struct error *err)
{
    char host[64];
    const char *colon = strrchr(address, ':');
    const bool has_brackets = address[0] == '[';
    const int bytes = colon ? (int)(colon - address) - 2 * has_brackets : 0;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    if (bytes <= 0 || bytes >= (int)sizeof host)
        return error_set(err, "\"%.64s\" is no address", address);
    snprintf(host, sizeof host, "%.*s", bytes, address + has_brackets);
    if (getaddrinfo(host, colon + 1, &hints, out) != 0)
        return error_set(err, "\"%.64s\" is no address", address);
    return 0;
}

static int dial(const char *address, struct error *err)
{
    struct addrinfo *info = NULL;
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    if (resolve(address, &info, err) < 0)
        return -1;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int failed = fd < 0 ? -1 : connect(fd, info->ai_addr, info->ai_addrlen);
    freeaddrinfo(info);
    if (failed) {
        error_errno(err, "reach the server at %s", address);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

static int send_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent <= 0)
            return -1;
        text += sent;
        left -= (size_t)sent;
    }
    return 0;
}

/* All until the server closes, NUL-closed; NULL: it did not come. */
static char *receive_all(int fd)
{
    size_t count = 0, room = 4096;
    char *text = xcalloc(room, 1);
    for (;;) {
        const ssize_t got = recv(fd, text + count, room - count - 1, 0);
        if (got < 0 || count + (size_t)(got > 0 ? got : 0) > ANSWER_MOST)
            break;
        count += (size_t)got;
        text[count] = '\0';
        if (got == 0)
            return text;
        if (count + 1 == room) {
            room *= 2;
            text = xrealloc(text, room, 1);
        }
    }
    free(text);
    return NULL;
}

static char *write_request(const struct question *question)
{
    const char *body = question->body ? question->body : "";
    return xprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%sContent-Length: "
                   "%zu\r\nConnection: close\r\n\r\n%s",
                   question->method, question->target, question->address, question->token,
                   question->body ? "Content-Type: application/json\r\n" : "", strlen(body), body);
}

static int read_answer(const char *text, int *out_status, json_t **out, struct error *err)
{
    const char *body = strstr(text, "\r\n\r\n");
    if (!body || sscanf(text, "HTTP/1.1 %d", out_status) != 1)
        return error_of(err, ERROR_UNAVAILABLE, "the server gave no answer");
    *out = NULL;
    body += 4;
    return *body ? json_read(body, strlen(body), out, err) : 0;
}

int asking(const struct question *question, int *out_status, json_t **out, struct error *err)
{
    AUTO_CLOSE int fd = dial(question->address, err);
    if (fd < 0)
        return -1;
    AUTO_FREE char *request = write_request(question);
    AUTO_FREE char *answer = send_all(fd, request) < 0 ? NULL : receive_all(fd);
    if (!answer)
        return error_errno(err, "ask the server at %s", question->address);
    return read_answer(answer, out_status, out, err);
}
