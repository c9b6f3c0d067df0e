#include "http/listen.h"

#include "memory.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

struct place {
    char host[64];
    char port[8];
};

/* "[::1]:80" keeps no brackets: getaddrinfo() wants none. */
static int split_address(const char *address, struct place *out, struct error *err)
{
    const char *colon = strrchr(address, ':');
    const char *host = address;
    size_t host_bytes = colon ? (size_t)(colon - address) : 0;
    if (host_bytes >= 2 && host[0] == '[' && host[host_bytes - 1] == ']') {
        host++;
        host_bytes -= 2;
    } else if (colon && memchr(host, ':', host_bytes)) {
        host_bytes = 0; /* an IPv6 address without brackets */
    }
    const size_t port_bytes = colon ? strlen(colon + 1) : 0;
    if (host_bytes == 0 || host_bytes >= sizeof out->host || port_bytes == 0 || port_bytes > 5 ||
        strspn(colon + 1, "0123456789") != port_bytes || atoi(colon + 1) > 65535)
        return error_set(err,
                         "\"%s\" is not an address to listen on, such as 127.0.0.1:8080 or "
                         "[::1]:8080",
                         address);
    snprintf(out->host, sizeof out->host, "%.*s", (int)host_bytes, host);
    snprintf(out->port, sizeof out->port, "%s", colon + 1);
    return 0;
}

static int resolve(const char *address, struct addrinfo **out, struct error *err)
{
    struct place place;
    if (split_address(address, &place, err) < 0)
        return -1;
    const char *host = strcmp(place.host, "localhost") == 0 ? "127.0.0.1" : place.host;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(host, place.port, &hints, out) != 0)
        return error_set(err, "\"%s\" is not an IP address to listen on", place.host);
    return 0;
}

static int bind_and_listen(int fd, const struct addrinfo *info)
{
    const int one = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, info->ai_addr, info->ai_addrlen) < 0)
        return -1;
    return listen(fd, BACKLOG);
}

static int port_of(int fd)
{
    struct sockaddr_storage bound;
    socklen_t bytes = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &bytes) < 0)
        return -1;
    in_port_t port; /* at the same place in both kinds of address */
    memcpy(&port, (const char *)&bound + offsetof(struct sockaddr_in, sin_port), sizeof port);
    return ntohs(port);
}

int listen_open(const char *address, int *out_fd, int *out_port, struct error *err)
{
    struct addrinfo *info = NULL;
    if (resolve(address, &info, err) < 0)
        return -1;
    const int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int failed = fd < 0 ? -1 : bind_and_listen(fd, info);
    freeaddrinfo(info);
    const int port = failed ? -1 : port_of(fd);
    if (port < 0) {
        error_errno(err, "listen on %s", address);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *out_fd = fd;
    *out_port = port;
    return 0;
}

/* --- names --------------------------------------------------------------------------------- */

static size_t count_of(const char *const *names)
{
    size_t count = 0;
    while (names && names[count])
        count++;
    return count;
}

char **listen_names(const char *address, int port, const char *const *further)
{
    static const char *const loopback[] = {"127.0.0.1", "localhost", "[::1]"};
    char **names = xcalloc(2 * (COUNT_OF(loopback) + 1 + count_of(further)) + 1, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(loopback); i++) {
        names[count++] = xprintf("%s:%d", loopback[i], port);
        if (port == 80)
            names[count++] = xstrdup(loopback[i]);
    }
    const char *colon = strrchr(address, ':');
    const int host_bytes = colon ? (int)(colon - address) : 0;
    names[count++] = xprintf("%.*s:%d", host_bytes, address, port);
    if (port == 80)
        names[count++] = xprintf("%.*s", host_bytes, address);
    for (; further && *further; further++) {
        names[count++] = xstrdup(*further);
        names[count++] = xprintf("%s:%d", *further, port);
    }
    return names;
}

void listen_free_names(char **names)
{
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
}
